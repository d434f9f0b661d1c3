//! Limits on guessing. Passwords: failures counted per name and address, and per address; never per name alone, so nobody can lock the owner out: he comes from another
//! address, and the slow hash and its queue bound what many addresses together can try. Second factors: also per account from everywhere, since a million codes are
//! few; only somebody who knows the password gets so far. In memory, so that strangers cause no writes.

use std::hash::{BuildHasher, RandomState};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use moka::sync::Cache;
use parking_lot::Mutex;

use crate::units::UnixMs;

/// Failures of one account from one address before it has to wait.
const FREE_FAILURES: u32 = 5;
/// The first wait; each further failure doubles it.
const FIRST_WAIT_MS: i64 = 5_000;
const LONGEST_WAIT_MS: i64 = 900_000;
/// Attempts of one address that failed, whatever the name, within the window.
const FAILURES_PER_ADDRESS: u32 = 60;
/// After so long without a failure the count begins anew.
const WINDOW_MS: i64 = 900_000;
const MOST_COUNTERS: u64 = 200_000;

#[derive(Debug, Clone, Copy, Default)]
struct Failures {
    count: u32,
    last_at: UnixMs,
}

impl Failures {
    fn at(self, now: UnixMs) -> Failures {
        if now - self.last_at > WINDOW_MS { Failures::default() } else { self }
    }

    fn add(self, now: UnixMs) -> Failures {
        Failures { count: self.count + 1, last_at: now }
    }
}

/// See the head of the file.
pub struct SignInThrottle {
    keys: RandomState,
    counters: Cache<u64, Arc<Mutex<Failures>>>,
}

/// An attempt that counts as a failure until it is said to have succeeded.
pub struct Attempt {
    pair: Arc<Mutex<Failures>>,
    address: Arc<Mutex<Failures>>,
}

impl Default for SignInThrottle {
    fn default() -> SignInThrottle {
        let counters =
            Cache::builder().max_capacity(MOST_COUNTERS).time_to_idle(Duration::from_millis(2 * WINDOW_MS.unsigned_abs())).build();
        SignInThrottle { keys: RandomState::new(), counters }
    }
}

impl SignInThrottle {
    /// Begins an attempt, which counts as failed from now on (so that many at once are many); or says how many seconds to wait.
    pub fn begin(&self, who: &str, ip: IpAddr, now: UnixMs) -> Result<Attempt, u64> {
        let ip = network(ip);
        let counter = |key: u64| self.counters.get_with(key, Arc::default);
        let address = counter(self.keys.hash_one(("address", ip)));
        let pair = counter(self.keys.hash_one(("pair", who, ip)));
        {
            let mut one = address.lock();
            let known = one.at(now);
            if known.count >= FAILURES_PER_ADDRESS {
                return Err(secs(known.last_at + WINDOW_MS - now));
            }
            let mut both = pair.lock();
            let failed = both.at(now);
            let wait = wait_ms(failed.count);
            if wait > 0 && now < failed.last_at + wait {
                return Err(secs(failed.last_at + wait - now));
            }
            (*one, *both) = (known.add(now), failed.add(now));
        }
        Ok(Attempt { pair, address })
    }
}

impl SignInThrottle {
    /// Begins an attempt that is counted wherever it comes from.
    pub fn begin_from_anywhere(&self, who: &str, now: UnixMs) -> Result<Attempt, u64> {
        let pair = self.counters.get_with(self.keys.hash_one(("anywhere", who)), Arc::default);
        {
            let mut counted = pair.lock();
            let failed = counted.at(now);
            let wait = wait_ms(failed.count);
            if wait > 0 && now < failed.last_at + wait {
                return Err(secs(failed.last_at + wait - now));
            }
            *counted = failed.add(now);
        }
        Ok(Attempt { pair, address: Arc::default() })
    }
}

impl Attempt {
    /// It was right: what failed before for this account from here is forgiven, and the address has one failure less.
    pub fn succeeded(self) {
        *self.pair.lock() = Failures::default();
        let mut address = self.address.lock();
        address.count = address.count.saturating_sub(1);
    }

    /// It could not be judged, for a reason that is not the guest's.
    pub fn undecided(self) {
        for counter in [&self.pair, &self.address] {
            let mut failures = counter.lock();
            failures.count = failures.count.saturating_sub(1);
        }
    }
}

fn wait_ms(failures: u32) -> i64 {
    match failures.checked_sub(FREE_FAILURES) {
        None => 0,
        Some(over) => (FIRST_WAIT_MS << over.min(16)).min(LONGEST_WAIT_MS),
    }
}

fn secs(ms: i64) -> u64 {
    ms.max(0).unsigned_abs().div_ceil(1000).max(1)
}

/// Whoever has an IPv6 address has a /64 of them.
fn network(ip: IpAddr) -> IpAddr {
    match ip.to_canonical() {
        IpAddr::V6(v6) => IpAddr::V6((u128::from(v6) >> 64 << 64).into()),
        v4 => v4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    const NOW: UnixMs = 1_800_000_000_000;

    fn ip(text: &str) -> IpAddr {
        text.parse().expect("an address")
    }

    #[test]
    fn guessing_waits_longer_and_longer_and_locks_nobody_else_out() {
        let throttle = SignInThrottle::default();
        for _ in 0..FREE_FAILURES {
            assert!(throttle.begin("alice", ip("192.0.2.1"), NOW).is_ok());
        }
        assert_eq!(throttle.begin("alice", ip("192.0.2.1"), NOW).err(), Some(5));
        assert!(throttle.begin("alice", ip("192.0.2.2"), NOW).is_ok(), "the owner from elsewhere");
        assert!(throttle.begin("bob", ip("192.0.2.1"), NOW).is_ok(), "somebody else behind the same address");
        assert!(throttle.begin("alice", ip("192.0.2.1"), NOW + 5_000).is_ok());
        assert_eq!(throttle.begin("alice", ip("192.0.2.1"), NOW + 5_001).err(), Some(10), "doubled");
        assert!(throttle.begin("alice", ip("192.0.2.1"), NOW + 5_000 + WINDOW_MS + 1).is_ok(), "forgotten");
    }

    #[test]
    fn a_success_forgives_and_a_busy_server_counts_nothing() {
        let throttle = SignInThrottle::default();
        for _ in 0..20 {
            throttle.begin("alice", ip("192.0.2.1"), NOW).expect("never waits").undecided();
        }
        for _ in 0..3 * FREE_FAILURES {
            for _ in 0..FREE_FAILURES - 1 {
                throttle.begin("alice", ip("192.0.2.1"), NOW).expect("a slip");
            }
            throttle.begin("alice", ip("192.0.2.1"), NOW).expect("then right").succeeded();
            if throttle.counters.get(&throttle.keys.hash_one(("address", ip("192.0.2.1")))).expect("counted").lock().count > 50 {
                break;
            }
        }
    }

    #[test]
    fn codes_are_counted_wherever_they_come_from() {
        let throttle = SignInThrottle::default();
        for _ in 0..FREE_FAILURES {
            assert!(throttle.begin_from_anywhere("second factor 7", NOW).is_ok());
        }
        assert_eq!(throttle.begin_from_anywhere("second factor 7", NOW).err(), Some(5));
        assert!(throttle.begin_from_anywhere("second factor 8", NOW).is_ok());
        throttle.begin_from_anywhere("second factor 7", NOW + 5_000).expect("waited").succeeded();
        assert!(throttle.begin_from_anywhere("second factor 7", NOW + 5_000).is_ok(), "forgiven");
    }

    #[test]
    fn many_names_from_one_address_are_one_guesser() {
        let throttle = SignInThrottle::default();
        let attempt = |n: u32, from: &str| throttle.begin(&format!("name{n}"), ip(from), NOW).err();
        let refused = (0..FAILURES_PER_ADDRESS + 5).filter(|n| attempt(*n, &format!("2001:db8::{n:x}")).is_some()).count();
        assert_eq!(refused, 5, "a /64 is one address");
        assert_eq!(attempt(1000, "2001:db8:0:1::1"), None);
        assert_eq!(network(ip("::ffff:192.0.2.1")), ip("192.0.2.1"));
    }
}
