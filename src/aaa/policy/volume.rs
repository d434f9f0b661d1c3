//! What is left of volume limits.
//!
//! Order of use: the period's own allowance together with what rolled over from the last one, then what was bought on top, the one that expires first first. A
//! top-up adds to every limit of its direction. A hard limit that is used up ends access; a soft one moves the thresholds of fair use and ends nothing.

use super::{Standing, TopUp, VolumeLeft};
use crate::packages::{Direction, VolumeLimit};
use crate::units::UnixMs;

impl VolumeLeft {
    /// The part of a direction.
    pub fn of(&self, direction: Direction) -> Option<u64> {
        match direction {
            Direction::Total => self.total,
            Direction::Download => self.download,
            Direction::Upload => self.upload,
        }
    }

    /// Lowers a direction to at most this many octets.
    pub(super) fn lower(&mut self, direction: Direction, octets: u64) {
        let part = match direction {
            Direction::Total => &mut self.total,
            Direction::Download => &mut self.download,
            Direction::Upload => &mut self.upload,
        };
        *part = Some(part.map_or(octets, |old| old.min(octets)));
    }

    /// The same as a router can be told it: it takes either one limit of both directions together or one of each, so where there is both, the one of both together
    /// holds for each of them.
    pub fn as_told(&self) -> VolumeLeft {
        let least = |of_its_own: Option<u64>| self.total.into_iter().chain(of_its_own).min();
        match (self.download, self.upload) {
            (None, None) => *self,
            (download, upload) => VolumeLeft { total: None, download: least(download), upload: least(upload) },
        }
    }

    /// Whether nothing is limited.
    pub fn is_unlimited(&self) -> bool {
        *self == VolumeLeft::default()
    }
}

/// Octets on top of a limit's own number: what rolled over, and top-ups that hold now.
pub(super) fn on_top(limit: &VolumeLimit, carried: u64, top_ups: &[TopUp], now: UnixMs) -> u64 {
    let holds = |t: &&TopUp| t.direction == limit.direction && t.expires_at > now;
    top_ups.iter().filter(holds).fold(carried, |sum, t| sum.saturating_add(t.octets_left))
}

/// The account of one volume limit in its running period, octets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct VolumeAccount {
    /// What rolled over from the last period, and what expired top-ups gave to this one.
    pub carried: u64,
    /// What top-ups that hold now add.
    pub top_ups: u64,
    /// What was used.
    pub used: u64,
    /// What is left.
    pub left: u64,
}

/// The account of a limit of `standing.limits.volume`, by its place in that list.
pub fn volume_account(standing: &Standing<'_>, index: usize, limit: &VolumeLimit, now: UnixMs) -> VolumeAccount {
    let carried = standing.carried.get(index).copied().unwrap_or(0);
    let allowance = limit.octets.saturating_add(on_top(limit, carried, standing.top_ups, now));
    let used = standing.used.of(limit.per).octets(limit.direction);
    VolumeAccount { carried, top_ups: on_top(limit, 0, standing.top_ups, now), used, left: allowance.saturating_sub(used) }
}

/// What is left of one limit.
fn left(standing: &Standing<'_>, index: usize, limit: &VolumeLimit, now: UnixMs) -> u64 {
    volume_account(standing, index, limit, now).left
}

/// What is left of the hard limits, per direction the least.
pub(super) fn left_of_hard_limits(standing: &Standing<'_>, now: UnixMs) -> VolumeLeft {
    let mut least = VolumeLeft::default();
    for (index, limit) in standing.limits.volume.iter().enumerate().filter(|(_, limit)| !limit.soft) {
        least.lower(limit.direction, left(standing, index, limit, now));
    }
    least
}

/// The next instant at which a top-up that counts is lost; [`UnixMs::MAX`] if none is.
pub(super) fn next_top_up_expiry(standing: &Standing<'_>, now: UnixMs) -> UnixMs {
    let counts = |t: &&TopUp| t.expires_at > now && standing.limits.volume.iter().any(|limit| limit.direction == t.direction);
    standing.top_ups.iter().filter(counts).map(|t| t.expires_at).min().unwrap_or(UnixMs::MAX)
}

/// What the last period of each volume limit left over for the running one, in the order of the limits; `before` is what was used in that last period. Only
/// limits that roll over carry anything, and what was itself carried does not carry on.
pub fn carried(limits: &[VolumeLimit], before: &crate::sessions::Used) -> Vec<u64> {
    let rest = |limit: &VolumeLimit| limit.octets.saturating_sub(before.of(limit.per).octets(limit.direction));
    limits.iter().map(|limit| if limit.rollover { rest(limit) } else { 0 }).collect()
}
