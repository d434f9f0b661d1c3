//! What a customer used in his present periods: charged octets and seconds, of all his sessions, open ones included.

use std::ops::{Add, AddAssign, Sub};

use crate::packages::{Direction, Period};

/// Charged amounts, seen from the customer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Amounts {
    /// Octets towards the customer.
    pub download: u64,
    /// Octets from the customer.
    pub upload: u64,
    /// Seconds online.
    pub secs: u64,
}

impl Amounts {
    /// Octets of a direction.
    pub fn octets(&self, direction: Direction) -> u64 {
        match direction {
            Direction::Download => self.download,
            Direction::Upload => self.upload,
            Direction::Total => self.download.saturating_add(self.upload),
        }
    }
}

impl Add for Amounts {
    type Output = Amounts;
    fn add(self, other: Amounts) -> Amounts {
        Amounts {
            download: self.download.saturating_add(other.download),
            upload: self.upload.saturating_add(other.upload),
            secs: self.secs.saturating_add(other.secs),
        }
    }
}

impl AddAssign for Amounts {
    fn add_assign(&mut self, other: Amounts) {
        *self = *self + other;
    }
}

impl Sub for Amounts {
    type Output = Amounts;
    /// Never below nothing.
    fn sub(self, other: Amounts) -> Amounts {
        Amounts {
            download: self.download.saturating_sub(other.download),
            upload: self.upload.saturating_sub(other.upload),
            secs: self.secs.saturating_sub(other.secs),
        }
    }
}

/// Amounts of each kind of period, of the one that is running.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Used([Amounts; Period::ALL.len()]);

impl Used {
    /// Of one kind of period.
    pub fn of(&self, period: Period) -> Amounts {
        self.0[period as usize]
    }

    /// To change it.
    pub fn of_mut(&mut self, period: Period) -> &mut Amounts {
        &mut self.0[period as usize]
    }
}
