//! A small seeded generator (SplitMix64), so that a seed gives the same router on every platform and release. Not for secrets.

/// SplitMix64 by Steele, Lea and Flood (2014).
#[derive(Debug, Clone)]
pub(super) struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number in `0..limit`; 0 if the limit is 0.
    pub fn below(&mut self, limit: u64) -> u64 {
        self.next().checked_rem(limit).unwrap_or(0)
    }

    /// True for this share (0..=1) of the calls.
    pub fn happens(&mut self, share: f64) -> bool {
        // 53 bits are what a double holds exactly.
        share > 0.0 && ((self.next() >> 11) as f64 / (1u64 << 53) as f64) < share
    }

    pub fn octets<const N: usize>(&mut self) -> [u8; N] {
        std::array::from_fn(|_| self.next() as u8)
    }
}

#[cfg(test)]
mod tests {
    use super::Random;

    #[test]
    fn same_seed_same_numbers() {
        // First output for seed 0, from the reference implementation (prng.di.unimi.it/splitmix64.c).
        assert_eq!(Random::new(0).next(), 0xe220_a839_7b1d_cdaf);
        let (mut one, mut other) = (Random::new(7), Random::new(7));
        assert!((0..100).all(|_| one.next() == other.next()));
    }

    #[test]
    fn shares_hold() {
        let mut random = Random::new(1);
        assert!((0..1000).all(|_| !random.happens(0.0)) && (0..1000).all(|_| random.happens(1.0)));
        let hits = (0..10_000).filter(|_| random.happens(0.25)).count();
        assert!((2_300..2_700).contains(&hits), "{hits}");
        assert_eq!(random.below(0), 0);
    }
}
