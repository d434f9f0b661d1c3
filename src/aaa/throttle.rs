//! Brute-force limits: failed logins counted per device on a router and per user name, without ever locking out a device that did not fail itself.

use std::hash::Hasher;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use moka::sync::Cache;
use siphasher::sip::SipHasher13;

use crate::units::{Mac, UnixMs};

/// Slots of the filter that tells most requests at once that their device has not failed lately.
const FILTER_SLOTS: usize = 1 << 14;

/// Limits of the throttle.
#[derive(Debug, Clone, Copy)]
pub struct ThrottleLimits {
    /// Failures of one device on one router within the window, after which it is refused; 0 for no limit.
    pub per_device: u32,
    /// Failures for one user name within the window, after which devices that failed themselves are refused; 0 for no limit.
    pub per_username: u32,
    /// Length of the window, seconds.
    pub window_secs: u32,
}

impl Default for ThrottleLimits {
    fn default() -> Self {
        ThrottleLimits { per_device: 10, per_username: 50, window_secs: 60 }
    }
}

/// Who tries: a device on a router, hashed, and a user name, which is hashed only when somebody failed.
#[derive(Debug, Clone, Copy)]
pub struct Attempt<'n> {
    device: u64,
    username: &'n [u8],
}

/// Counts failures. Memory is bounded; the oldest counters go first.
pub struct Throttle {
    limits: ThrottleLimits,
    keys: (u64, u64),
    /// Second of the last failure per hash slot of a device.
    last_failure: Vec<AtomicU32>,
    failures: Cache<u64, Arc<AtomicU32>>,
}

impl Throttle {
    /// No failures yet.
    pub fn new(limits: ThrottleLimits) -> Throttle {
        use std::hash::BuildHasher;
        let state = std::hash::RandomState::new();
        let failures = Cache::builder().max_capacity(200_000).time_to_live(Duration::from_secs(u64::from(limits.window_secs))).build();
        let last_failure = (0..FILTER_SLOTS).map(|_| AtomicU32::new(0)).collect();
        Throttle { limits, keys: (state.hash_one(1), state.hash_one(2)), last_failure, failures }
    }

    /// Names an attempt. The device is its MAC, or whatever Calling-Station-Id says (the address of a VPN's client); only without one the user name stands for it.
    pub fn attempt<'n>(&self, router_id: i64, mac: Option<Mac>, calling_station: &[u8], username: &'n [u8]) -> Attempt<'n> {
        let mut hash = self.hasher(2);
        hash.write_i64(router_id);
        match mac {
            Some(mac) => hash.write_u64(mac.as_u64()),
            None if calling_station.is_empty() => hash.write_u64(self.username_hash(username)),
            None => hash.write(calling_station),
        }
        Attempt { device: hash.finish(), username }
    }

    /// Of a name in any case of letters.
    fn username_hash(&self, username: &[u8]) -> u64 {
        let mut hash = self.hasher(1);
        username.iter().for_each(|c| hash.write_u8(c.to_ascii_lowercase()));
        hash.finish()
    }

    fn hasher(&self, kind: u8) -> SipHasher13 {
        let mut hash = SipHasher13::new_with_keys(self.keys.0, self.keys.1);
        hash.write_u8(kind);
        hash
    }

    /// Whether the attempt comes from a device that failed too often, or that failed itself and asks for a name under attack.
    pub fn refuses(&self, attempt: Attempt<'_>, now: UnixMs) -> bool {
        let last = self.slot(attempt).load(Ordering::Relaxed);
        if last == 0 || secs(now).wrapping_sub(last) > self.limits.window_secs {
            return false;
        }
        let count = |key: u64| self.failures.get(&key).map_or(0, |n| n.load(Ordering::Relaxed));
        let device = count(attempt.device);
        let reaches = |failures: u32, limit: u32| limit != 0 && failures >= limit;
        reaches(device, self.limits.per_device)
            || (device > 0 && reaches(count(self.username_hash(attempt.username)), self.limits.per_username))
    }

    /// Counts a failed credential.
    pub fn failed(&self, attempt: Attempt<'_>, now: UnixMs) {
        self.slot(attempt).store(secs(now).max(1), Ordering::Relaxed);
        for key in [attempt.device, self.username_hash(attempt.username)] {
            self.failures.get_with(key, || Arc::new(AtomicU32::new(0))).fetch_add(1, Ordering::Relaxed);
        }
    }

    fn slot(&self, attempt: Attempt<'_>) -> &AtomicU32 {
        &self.last_failure[attempt.device as usize % FILTER_SLOTS]
    }
}

fn secs(now: UnixMs) -> u32 {
    (now / 1000) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: UnixMs = 1_800_000_000_000;

    #[test]
    fn an_attacker_is_refused_and_his_victim_is_not() {
        let throttle = Throttle::new(ThrottleLimits { per_device: 3, per_username: 5, window_secs: 60 });
        let from = |n: u8| throttle.attempt(1, Some(Mac([0, 0, 0, 0, 0, n])), b"", b"Bob");
        for _ in 0..3 {
            assert!(!throttle.refuses(from(1), NOW));
            throttle.failed(from(1), NOW);
        }
        assert!(throttle.refuses(from(1), NOW));
        assert!(!throttle.refuses(from(2), NOW), "another device may still try");
        throttle.failed(from(2), NOW);
        throttle.failed(from(3), NOW);
        assert!(throttle.refuses(from(2), NOW), "it took part in an attack on one name");
        assert!(!throttle.refuses(from(9), NOW), "the victim's own device never failed");
        assert!(!throttle.refuses(throttle.attempt(2, Some(Mac([0, 0, 0, 0, 0, 1])), b"", b"Bob"), NOW), "another router");
        assert!(!throttle.refuses(from(1), NOW + 61_000), "the window passed");
    }

    #[test]
    fn a_limit_of_zero_is_none() {
        let attempt = |throttle: &Throttle| throttle.attempt(1, Some(Mac([1; 6])), b"", b"bob");
        for (per_device, per_username, refused) in [(0, 0, false), (0, 20, true), (20, 0, true), (0, 21, false), (21, 0, false)] {
            let throttle = Throttle::new(ThrottleLimits { per_device, per_username, window_secs: 60 });
            (0..20).for_each(|_| throttle.failed(attempt(&throttle), NOW));
            assert_eq!(throttle.refuses(attempt(&throttle), NOW), refused, "{per_device} per device, {per_username} per name");
        }
    }

    #[test]
    fn without_a_device_the_name_stands_for_it_in_any_case_of_letters() {
        let throttle = Throttle::new(ThrottleLimits { per_device: 1, per_username: 100, window_secs: 60 });
        throttle.failed(throttle.attempt(1, None, b"", b"bob"), NOW);
        assert!(throttle.refuses(throttle.attempt(1, None, b"", b"BOB"), NOW));
        assert!(!throttle.refuses(throttle.attempt(1, None, b"", b"eve"), NOW));
        assert!(!throttle.refuses(throttle.attempt(1, None, b"203.0.113.9", b"bob"), NOW), "a VPN's client elsewhere");
    }
}
