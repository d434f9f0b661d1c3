//! Sums by kind of period, of those kinds that somebody's limits count: nearly always one or two of five, so that a million meters do not keep a million zeros.

use crate::packages::{Period, PeriodSet};
use crate::sessions::used::Amounts;
use crate::units::{OctetReader, OctetWriter};

/// One kind's sum; 24 octets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Sum {
    download: u64,
    upload: u64,
    secs: u32,
}

/// See the head of the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Sums {
    kinds: PeriodSet,
    /// Of each of them, in the order of [`Period::ALL`].
    sums: Box<[Sum]>,
}

/// Octets in, octets out and seconds of usage, seen from the customer.
pub(super) fn amounts(counts: [u64; 3]) -> Amounts {
    Amounts { download: counts[1], upload: counts[0], secs: counts[2] }
}

impl Sums {
    /// Nothing used yet; other kinds stay at nothing.
    pub fn new(kinds: PeriodSet) -> Sums {
        let sums = Period::ALL.into_iter().filter(|p| kinds.has(*p)).map(|_| Sum::default()).collect();
        Sums { kinds, sums }
    }

    fn place(&self, period: Period) -> Option<usize> {
        let before = self.kinds.bits() & ((1 << period as u8) - 1);
        self.kinds.has(period).then_some(before.count_ones() as usize)
    }

    /// Adds octets in, octets out and seconds.
    pub fn add(&mut self, period: Period, counts: [u64; 3]) {
        let Some(place) = self.place(period) else { return };
        let sum = &mut self.sums[place];
        sum.download = sum.download.saturating_add(counts[1]);
        sum.upload = sum.upload.saturating_add(counts[0]);
        sum.secs = sum.secs.saturating_add(u32::try_from(counts[2]).unwrap_or(u32::MAX));
    }

    /// The sum of a kind.
    pub fn of(&self, period: Period) -> Amounts {
        let sum = self.place(period).map_or(Sum::default(), |place| self.sums[place]);
        Amounts { download: sum.download, upload: sum.upload, secs: u64::from(sum.secs) }
    }

    /// Takes a kind's sum from others.
    pub fn set(&mut self, period: Period, from: &Sums) {
        if let Some(place) = self.place(period) {
            self.sums[place] = from.place(period).map_or(Sum::default(), |place| from.sums[place]);
        }
    }

    /// Begins a kind anew.
    pub fn clear(&mut self, period: Period) {
        if let Some(place) = self.place(period) {
            self.sums[place] = Sum::default();
        }
    }

    /// Appends them for the snapshot: all kinds, those that are not counted as zeros.
    pub fn write(&self, w: &mut OctetWriter<'_>) {
        for period in Period::ALL {
            let sum = self.place(period).map_or(Sum::default(), |place| self.sums[place]);
            w.u64(sum.download).u64(sum.upload).u32(sum.secs);
        }
    }

    /// Reads what [`Sums::write`] wrote for these kinds.
    pub fn read(kinds: PeriodSet, r: &mut OctetReader<'_>) -> Option<Sums> {
        let mut sums = Sums::new(kinds);
        for period in Period::ALL {
            let sum = Sum { download: r.u64()?, upload: r.u64()?, secs: r.u32()? };
            if let Some(place) = sums.place(period) {
                sums.sums[place] = sum;
            }
        }
        Some(sums)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_counted_kinds_are_summed_and_they_do_not_mix() {
        for bits in 0..32 {
            let kinds = PeriodSet::from_bits(bits);
            let mut sums = Sums::new(kinds);
            let counts = |period: Period| [1, 10, 100].map(|n| n + period as u64);
            Period::ALL.into_iter().for_each(|period| sums.add(period, counts(period)));
            for period in Period::ALL {
                assert_eq!(sums.of(period), if kinds.has(period) { amounts(counts(period)) } else { Amounts::default() });
            }
            let mut octets = Vec::new();
            sums.write(&mut OctetWriter(&mut octets));
            assert_eq!(Sums::read(kinds, &mut OctetReader(&octets)), Some(sums.clone()));
            let mut other = Sums::new(kinds);
            other.set(Period::Month, &sums);
            sums.clear(Period::Month);
            assert_eq!((sums.of(Period::Month), other.of(Period::Day)), Default::default());
        }
    }
}
