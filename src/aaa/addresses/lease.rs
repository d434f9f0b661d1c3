//! A lease in memory, and what the live sessions say of it.

use std::net::Ipv4Addr;

use crate::aaa::access::simultaneous::Origin;
use crate::sessions::LiveSessions;
use crate::units::UnixMs;

/// An Accept whose session has not begun by then is forgotten, as its place is.
pub(super) const HELD_MS: i64 = 60_000;
/// A session may begin this much before the Accept, by the router's clock.
const CLOCK_SLACK_MS: i64 = 5_000;

/// Who asks for an address.
#[derive(Debug, Clone, Copy)]
pub struct LeaseFor {
    /// Whose.
    pub customer_id: i64,
    /// From which line: the same line again gets the same address even while its old session seems open.
    pub origin: Origin,
}

/// An address that was given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LeaseGranted {
    /// The address.
    pub address: Ipv4Addr,
    /// Place of the newest journal record that says whose it is; `u64::MAX` = there is none yet.
    pub seq: u64,
}

/// Whose an address is, or was last.
#[derive(Debug, Clone, Copy)]
pub(super) struct Held {
    pub customer_id: i64,
    pub origin: Origin,
    /// Since when it is this customer's.
    pub leased_at: UnixMs,
    /// When the newest Accept gave it to him.
    pub given_at: UnixMs,
    /// The instant in that Accept's token; 0 = not known.
    pub issued_at: UnixMs,
    pub seq: u64,
    /// Until when the session may begin.
    pub hold_until: UnixMs,
    /// When its session was seen to be over; 0 = it is held.
    pub gone_at: UnixMs,
    pub session_key: Option<[u8; 16]>,
    /// Whether the store must be told.
    pub is_changed: bool,
}

/// Addresses of one customer, the newest last: nearly always one, which lies in the table itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Addresses {
    One([u32; 1]),
    /// Any other number, if only for a moment.
    Several(Vec<u32>),
}

impl Default for Addresses {
    fn default() -> Addresses {
        Addresses::Several(Vec::new())
    }
}

impl Addresses {
    pub fn as_slice(&self) -> &[u32] {
        match self {
            Addresses::One(one) => one,
            Addresses::Several(several) => several,
        }
    }

    /// Puts an address at the end, also if it is among them already.
    pub fn put_last(&mut self, address: u32) {
        self.remove(address);
        match self {
            Addresses::One([first]) => *self = Addresses::Several(vec![*first, address]),
            Addresses::Several(none) if none.is_empty() => *self = Addresses::One([address]),
            Addresses::Several(several) => several.push(address),
        }
    }

    pub fn remove(&mut self, address: u32) {
        match self {
            Addresses::One([one]) if *one == address => *self = Addresses::default(),
            Addresses::One(_) => {}
            Addresses::Several(several) => several.retain(|a| *a != address),
        }
    }
}

/// What the live sessions say of a lease.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Use {
    /// This session has the address.
    Open([u8; 16]),
    /// The session that had it is over.
    Over,
    /// No session of it is known.
    Unknown,
}

/// What of a lease tells its session, copied so that sessions are looked at without the pool's lock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Claim {
    pub customer_id: i64,
    given_at: UnixMs,
    issued_at: UnixMs,
    hold_until: UnixMs,
    pub gone_at: UnixMs,
}

impl Held {
    /// What tells its session.
    pub fn claim(&self) -> Claim {
        let Held { customer_id, given_at, issued_at, hold_until, gone_at, .. } = *self;
        Claim { customer_id, given_at, issued_at, hold_until, gone_at }
    }
}

impl Claim {
    /// Finds the session of the newest Accept, or another open one of the customer with this address. Sessions of earlier Accepts that are over say nothing.
    pub fn find_use(&self, address: Ipv4Addr, live: &LiveSessions) -> Use {
        let mut found = Use::Unknown;
        live.sessions_of(self.customer_id, |session| {
            let has_address = session.framed_ip() == Some(address);
            let is_of_accept = if self.issued_at != 0 && session.token_issued_at() != 0 {
                session.token_issued_at() == self.issued_at
            } else {
                has_address && session.started_at() >= self.given_at - CLOCK_SLACK_MS
            };
            if session.is_open() {
                if has_address || (is_of_accept && session.framed_ip().is_none()) {
                    found = Use::Open(session.session_key);
                }
            } else if is_of_accept && found == Use::Unknown {
                found = Use::Over;
            }
        });
        found
    }

    /// Whether the address is free as far as its session goes.
    pub fn is_over(&self, seen: Use, now: UnixMs) -> bool {
        match seen {
            Use::Open(_) => false,
            Use::Over => true,
            Use::Unknown => now >= self.hold_until,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_stand_in_the_order_in_which_they_were_given_last() {
        let mut addresses = Addresses::default();
        let mut step = |add: bool, address: u32, wanted: &[u32]| {
            if add {
                addresses.put_last(address)
            } else {
                addresses.remove(address)
            }
            assert_eq!(addresses.as_slice(), wanted, "{address}");
        };
        step(true, 1, &[1]);
        step(true, 1, &[1]);
        step(true, 2, &[1, 2]);
        step(true, 3, &[1, 2, 3]);
        step(true, 1, &[2, 3, 1]);
        step(false, 9, &[2, 3, 1]);
        step(false, 3, &[2, 1]);
        step(false, 1, &[2]);
        step(false, 2, &[]);
        step(false, 2, &[]);
        step(true, 4, &[4]);
        step(false, 5, &[4]);
    }
}
