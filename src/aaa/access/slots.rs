//! Places of customers who may have so many sessions at once: an Accept takes one under a lock, and holds it until its session begins or a minute has passed.
//!
//! Nothing has to be freed by hand: a reservation whose session is in memory no longer counts, because the token names the instant of its Accept, and that
//! instant is made unique among the customer's. Lock order: a shard of the directory, then a shard here, then a meter, then live sessions; nobody takes
//! them the other way.

use std::sync::atomic::{AtomicUsize, Ordering};

use parking_lot::{Mutex, MutexGuard};

use super::simultaneous::{Holder, Origin, Room, room};
use crate::packages::{Simultaneous, WhenUnknown};
use crate::sessions::{LiveSession, LiveSessions};
use crate::units::{FastMap, UnixMs};

const SHARDS: usize = 64;
/// Shards that each call of [`Slots::prune`] looks through, so that all are within a quarter of the time that a reservation counts.
const PRUNED_AT_ONCE: usize = 4;
/// An Accept whose session has not begun by then is forgotten: the router did without it.
const RESERVED_MS: i64 = 60_000;
/// A session may begin this much before the Accept that its router waited for, by the router's own clock.
const CLOCK_SLACK_MS: i64 = 5_000;

#[derive(Debug, Clone, Copy)]
struct Reservation {
    issued_at: UnixMs,
    origin: Origin,
}

impl Reservation {
    /// Whether this is the Accept's own session. Without a token (the router lost Class) it is known by its line.
    fn is_begun_by(&self, session: &LiveSession) -> bool {
        if session.token_issued_at() != 0 {
            return session.token_issued_at() == self.issued_at;
        }
        let same_device = self.origin.mac.is_none() || session.mac() == self.origin.mac;
        session.router_id() == self.origin.router_id && same_device && session.started_at() >= self.issued_at - CLOCK_SLACK_MS
    }
}

#[derive(Debug, Default)]
struct Held {
    reservations: Vec<Reservation>,
    /// Accepts that a later one has replaced before their sessions began: these are ended when they do.
    superseded: Vec<UnixMs>,
}

impl Held {
    /// Whether an Accept of this instant is among them.
    fn has(&self, issued_at: UnixMs) -> bool {
        self.reservations.iter().any(|r| r.issued_at == issued_at) || self.superseded.contains(&issued_at)
    }
}

/// Reservations of all customers.
pub struct Slots {
    shards: Vec<Mutex<FastMap<i64, Held>>>,
    /// How many Accepts are superseded, so that a Start costs nothing while there are none.
    superseded: AtomicUsize,
    /// Where [`Slots::prune`] goes on.
    pruned: AtomicUsize,
}

impl Default for Slots {
    fn default() -> Slots {
        Slots { shards: (0..SHARDS).map(|_| Mutex::default()).collect(), superseded: AtomicUsize::new(0), pruned: AtomicUsize::new(0) }
    }
}

/// A customer's places while one login is decided: nobody else can take one meanwhile.
pub struct Gate<'s> {
    slots: &'s Slots,
    shard: MutexGuard<'s, FastMap<i64, Held>>,
    customer_id: i64,
    origin: Origin,
    /// What holds places, and the session key of each that is a session.
    holders: Vec<Holder>,
    keys: Vec<[u8; 16]>,
    /// Instants of the tokens of his sessions in memory.
    issued: Vec<UnixMs>,
    beside: u16,
    room: Room,
}

impl Slots {
    /// Counts who is online beside a login from `origin`. `allowed` is at least 1.
    pub fn enter<'s>(
        &'s self,
        live: &LiveSessions,
        customer_id: i64,
        rule: &Simultaneous,
        allowed: u16,
        origin: Origin,
        now: UnixMs,
    ) -> Gate<'s> {
        let mut shard = self.shards[customer_id as usize % SHARDS].lock();
        let mut held = shard.get_mut(&customer_id);
        if let Some(held) = &mut held {
            held.reservations.retain(|r| now - r.issued_at < RESERVED_MS);
        }
        let (mut holders, mut keys, mut issued, mut beside) = (Vec::new(), Vec::new(), Vec::new(), 0u16);
        live.known_sessions(customer_id, now, |session, is_fresh| {
            if let Some(held) = &mut held {
                held.reservations.retain(|r| !r.is_begun_by(session));
            }
            issued.push(session.token_issued_at());
            beside = beside.saturating_add(u16::from(is_fresh && origin.stays_beside(session)));
            if is_fresh || (rule.when_unknown == WhenUnknown::Counts && session.is_open()) {
                let origin = Origin { router_id: session.router_id(), mac: session.mac(), calling: 0 };
                holders.push(Holder { origin, since: session.started_at(), is_reserved: false });
                keys.push(session.session_key);
            }
        });
        if let Some(held) = held {
            holders.extend(held.reservations.iter().map(|r| Holder { origin: r.origin, since: r.issued_at, is_reserved: true }));
        }
        let room = room(rule, allowed, &origin, &holders);
        Gate { slots: self, shard, customer_id, origin, holders, keys, issued, beside, room }
    }

    /// Whether the session of this Accept must be ended as it begins, because another login has taken its place meanwhile. Asked for each Start with a token.
    pub fn take_superseded(&self, customer_id: i64, issued_at: UnixMs) -> bool {
        if self.superseded.load(Ordering::Acquire) == 0 {
            return false;
        }
        let mut shard = self.shards[customer_id as usize % SHARDS].lock();
        let Some(held) = shard.get_mut(&customer_id) else { return false };
        let before = held.superseded.len();
        held.superseded.retain(|at| *at != issued_at);
        let taken = before - held.superseded.len();
        self.superseded.fetch_sub(taken, Ordering::AcqRel);
        taken > 0
    }

    /// Forgets what is over, of some of the customers who did not come back. To be called every second.
    pub fn prune(&self, now: UnixMs) {
        let from = self.pruned.fetch_add(PRUNED_AT_ONCE, Ordering::Relaxed);
        for number in from..from + PRUNED_AT_ONCE {
            self.shards[number % SHARDS].lock().retain(|_, held| {
                held.reservations.retain(|r| now - r.issued_at < RESERVED_MS);
                let before = held.superseded.len();
                held.superseded.retain(|at| now - at < RESERVED_MS);
                self.superseded.fetch_sub(before - held.superseded.len(), Ordering::AcqRel);
                !held.reservations.is_empty() || !held.superseded.is_empty()
            });
        }
    }
}

impl Gate<'_> {
    /// How many stay online beside the new one.
    pub fn staying(&self) -> u16 {
        self.room.staying
    }

    /// Fresh sessions that stay online beside the new one, whatever the rule says of them.
    pub fn beside(&self) -> u16 {
        self.beside
    }

    /// Takes a place. Returns the instant to put into the token, unique among the customer's, and the keys of the sessions that must be ended for it.
    pub fn take(&mut self, now: UnixMs) -> (UnixMs, Vec<[u8; 16]>) {
        let held = self.shard.entry(self.customer_id).or_default();
        // Also of Accepts that this one makes void: their sessions may be beginning just now.
        let mut issued_at = now;
        while self.issued.contains(&issued_at) || held.has(issued_at) {
            issued_at += 1;
        }
        let sessions = self.keys.len();
        let (replaced, reserved): (Vec<usize>, Vec<usize>) = self.room.replaced.iter().partition(|index| **index < sessions);
        for index in reserved {
            let superseded = self.holders[index];
            held.reservations.retain(|r| r.issued_at != superseded.since);
            held.superseded.push(superseded.since);
            self.slots.superseded.fetch_add(1, Ordering::AcqRel);
        }
        // The same line again: its earlier Accept is not going to be used.
        held.reservations.retain(|r| !self.origin.is_same_line(&r.origin));
        held.reservations.push(Reservation { issued_at, origin: self.origin });
        (issued_at, replaced.into_iter().map(|index| self.keys[index]).collect())
    }
}
