//! One pool in memory: which address a login gets.

use std::collections::VecDeque;
use std::net::Ipv4Addr;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};

use parking_lot::Mutex;

use super::lease::{Addresses, Claim, HELD_MS, Held, LeaseFor, LeaseGranted, Use};
use crate::aaa::access::simultaneous::Origin;
use crate::routers::pools::{Lease, LeaseChange, Pool};
use crate::sessions::{Leased, LiveSessions};
use crate::units::{FastMap, TenantId, UnixMs};

/// A full pool is not looked through more often than this for the sake of one login.
const SWEEP_AGAIN_MS: i64 = 1_000;
/// Leases of which a sweep tells the pool at once, so that logins do not wait for long.
const SEEN_AT_ONCE: usize = 1_000;

/// Figures of a pool, for metrics.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PoolFigures {
    /// Its name.
    pub name: String,
    /// Its addresses.
    pub addresses: u64,
    /// Of these, held by a session or a login on its way.
    pub held: u64,
    /// Logins that got none.
    pub exhausted: u64,
    /// When that was last, unix ms; 0 = never.
    pub exhausted_at: UnixMs,
}

/// A pool.
pub struct AddressPool {
    id: i64,
    tenant_id: i64,
    state: Mutex<State>,
    /// Whether some address may never have been leased: then there is room, and nobody need wait to learn it.
    may_be_fresh: AtomicBool,
    exhausted: AtomicU64,
    exhausted_at: AtomicI64,
}

struct State {
    pool: Pool,
    leases: FastMap<u32, Held>,
    /// Addresses of each customer, the newest last.
    of_customer: FastMap<i64, Addresses>,
    /// The next address that was perhaps never leased: range and number in it.
    fresh: (usize, u64),
    /// Addresses whose sessions are over with the instant of that, the longest first. An entry counts only while its lease still says that instant.
    idle: VecDeque<(u32, UnixMs)>,
    held: usize,
    swept_at: UnixMs,
}

impl AddressPool {
    /// A pool with the store's leases, the longest unused first.
    pub(super) fn new(pool: &Pool, leases: &[Lease], now: UnixMs) -> AddressPool {
        let mut state = State {
            pool: pool.clone(),
            leases: FastMap::with_capacity_and_hasher(leases.len(), Default::default()),
            of_customer: FastMap::default(),
            fresh: (0, 0),
            idle: VecDeque::new(),
            held: 0,
            swept_at: 0,
        };
        leases.iter().for_each(|lease| state.restore(lease, 0, now));
        let (exhausted, exhausted_at) = (AtomicU64::new(0), AtomicI64::new(0));
        let may_be_fresh = AtomicBool::new(true);
        AddressPool { id: pool.id, tenant_id: pool.tenant_id.0, state: Mutex::new(state), may_be_fresh, exhausted, exhausted_at }
    }

    /// Its id.
    pub fn id(&self) -> i64 {
        self.id
    }

    /// Its tenant.
    pub fn tenant_id(&self) -> i64 {
        self.tenant_id
    }

    /// Figures for metrics.
    pub fn figures(&self) -> PoolFigures {
        let state = self.state.lock();
        PoolFigures {
            name: state.pool.name.clone(),
            addresses: state.pool.size(),
            held: state.held as u64,
            exhausted: self.exhausted.load(Ordering::Relaxed),
            exhausted_at: self.exhausted_at.load(Ordering::Relaxed),
        }
    }

    /// New ranges, name or grace time; whoever holds an address keeps it until his session ends.
    pub(super) fn change(&self, pool: &Pool) {
        let mut state = self.state.lock();
        state.pool = pool.clone();
        // Also what was passed over for being somebody's static address is looked at again.
        state.fresh = (0, 0);
        self.may_be_fresh.store(true, Ordering::Release);
    }

    /// Takes in a lease that the journal told of.
    pub(super) fn restore(&self, leased: &Leased, seq: u64, now: UnixMs) {
        let lease =
            Lease { address: leased.address, customer_id: leased.customer_id, mac: leased.mac, leased_at: leased.at, freed_at: None };
        self.state.lock().restore(&lease, seq, now);
    }

    /// Whether a login of this customer would get an address, as far as can be told before one is taken. If not, it is counted.
    pub fn has_room(&self, customer_id: i64, live: &LiveSessions, now: UnixMs) -> bool {
        if self.may_be_fresh.load(Ordering::Acquire) {
            return true;
        }
        let may = |state: &mut State| state.of_customer.contains_key(&customer_id) || state.has_fresh() || state.has_idle(now);
        let found = may(&mut self.state.lock()) || (self.sweep_if_due(live, now) && may(&mut self.state.lock()));
        if !found {
            self.note_exhausted(now);
        }
        found
    }

    /// Leases an address: the customer's own if it is free or his line's, else one that was never used, else the one that has been free the longest.
    pub fn lease(&self, holder: &LeaseFor, is_static: impl Fn(Ipv4Addr) -> bool, live: &LiveSessions, now: UnixMs) -> Option<LeaseGranted> {
        let take = |state: &mut State| {
            let own = state.own(holder, &is_static, live, now);
            let address = own.or_else(|| state.take_fresh(&is_static)).or_else(|| state.take_idle(&is_static, now));
            if state.fresh.0 == state.pool.ranges.len() {
                self.may_be_fresh.store(false, Ordering::Release);
            }
            Some(state.give(address?, holder, now))
        };
        let given = take(&mut self.state.lock());
        let given = given.or_else(|| if self.sweep_if_due(live, now) { take(&mut self.state.lock()) } else { None });
        if given.is_none() {
            self.note_exhausted(now);
        }
        given
    }

    fn note_exhausted(&self, now: UnixMs) {
        self.exhausted.fetch_add(1, Ordering::Relaxed);
        if self.exhausted_at.swap(now, Ordering::Relaxed) == 0 {
            tracing::warn!(pool = %self.state.lock().pool.name, "no address is free: logins that need one are rejected");
        }
    }

    /// The instant that went into the Accept's token, by which its session is known.
    pub fn note_issued(&self, address: Ipv4Addr, customer_id: i64, issued_at: UnixMs) {
        if let Some(held) = self.state.lock().leases.get_mut(&u32::from(address)).filter(|h| h.customer_id == customer_id) {
            held.issued_at = issued_at;
        }
    }

    pub(super) fn note_recorded(&self, leased: &Leased, seq: u64) {
        let mut state = self.state.lock();
        if let Some(held) = state.leases.get_mut(&u32::from(leased.address)).filter(|h| h.customer_id == leased.customer_id) {
            held.seq = seq;
        }
    }

    fn sweep_if_due(&self, live: &LiveSessions, now: UnixMs) -> bool {
        let is_due = {
            let mut state = self.state.lock();
            let is_due = now - state.swept_at >= SWEEP_AGAIN_MS;
            if is_due {
                state.swept_at = now;
            }
            is_due
        };
        if is_due {
            self.sweep(live, now);
        }
        is_due
    }

    /// Finds leases whose sessions are over. The live sessions are looked at without the pool's lock, so that logins go on meanwhile.
    pub fn sweep(&self, live: &LiveSessions, now: UnixMs) {
        let (candidates, grace_ms) = {
            let state = self.state.lock();
            let grace_ms = i64::from(state.pool.grace_secs) * 1000;
            let matters = |held: &Held| held.gone_at == 0 || now - held.gone_at <= grace_ms;
            let mut candidates = Vec::with_capacity(state.leases.len());
            candidates.extend(state.leases.iter().filter(|(_, h)| matters(h)).map(|(address, held)| (*address, held.claim())));
            (candidates, grace_ms)
        };
        let mut seen = Vec::with_capacity(SEEN_AT_ONCE);
        for lot in candidates.chunks(SEEN_AT_ONCE) {
            seen.extend(lot.iter().map(|(address, claim)| claim.find_use(Ipv4Addr::from(*address), live)));
            let mut state = self.state.lock();
            lot.iter().zip(seen.drain(..)).for_each(|((address, claim), seen)| state.see(*address, claim, seen, now));
        }
        let mut state = self.state.lock();
        state.swept_at = now;
        state.drop_outside(grace_ms, now);
    }

    pub(super) fn take_changes(&self, limit: usize, changes: &mut Vec<LeaseChange>) {
        let mut state = self.state.lock();
        for (address, held) in state.leases.iter_mut().filter(|(_, h)| h.is_changed).take(limit) {
            held.is_changed = false;
            changes.push(LeaseChange {
                tenant_id: TenantId(self.tenant_id),
                pool_id: self.id,
                address: Ipv4Addr::from(*address),
                customer_id: held.customer_id,
                session_key: held.session_key,
                freed_at: (held.gone_at != 0).then_some(held.gone_at),
            });
        }
    }

    pub(super) fn put_back(&self, change: &LeaseChange) {
        if let Some(held) = self.state.lock().leases.get_mut(&u32::from(change.address)) {
            held.is_changed = true;
        }
    }

    /// The pool and its leases, for the snapshot.
    pub fn contents(&self) -> (Pool, Vec<Lease>) {
        let state = self.state.lock();
        let lease = |(address, held): (&u32, &Held)| Lease {
            address: Ipv4Addr::from(*address),
            customer_id: held.customer_id,
            mac: held.origin.mac,
            leased_at: held.leased_at,
            freed_at: (held.gone_at != 0).then_some(held.gone_at),
        };
        let mut leases: Vec<Lease> = state.leases.iter().map(lease).collect();
        leases.sort_by_key(|l| l.freed_at.unwrap_or(UnixMs::MAX));
        (state.pool.clone(), leases)
    }
}

impl State {
    fn contains(&self, address: u32) -> bool {
        self.pool.ranges.iter().any(|r| r.contains(address))
    }

    /// Puts a lease in as store or journal have it; an older one changes nothing.
    fn restore(&mut self, lease: &Lease, seq: u64, now: UnixMs) {
        let address = u32::from(lease.address);
        if self.leases.get(&address).is_some_and(|h| h.leased_at > lease.leased_at) {
            return;
        }
        self.forget(address);
        let gone_at = lease.freed_at.unwrap_or(0);
        let origin = Origin { router_id: 0, mac: lease.mac, calling: 0 };
        let held = Held {
            customer_id: lease.customer_id,
            origin,
            leased_at: lease.leased_at,
            given_at: lease.leased_at,
            issued_at: 0,
            seq,
            // Its session may be on the way: nobody else gets the address before that is clear.
            hold_until: now + HELD_MS,
            gone_at,
            session_key: None,
            is_changed: false,
        };
        self.leases.insert(address, held);
        self.of_customer.entry(lease.customer_id).or_default().put_last(address);
        if gone_at == 0 {
            self.held += 1;
        } else {
            self.idle.push_back((address, gone_at));
        }
    }

    fn forget(&mut self, address: u32) {
        let Some(old) = self.leases.remove(&address) else { return };
        self.held -= usize::from(old.gone_at == 0);
        if let Some(addresses) = self.of_customer.get_mut(&old.customer_id) {
            addresses.remove(address);
            if addresses.as_slice().is_empty() {
                self.of_customer.remove(&old.customer_id);
            }
        }
    }

    fn own(&self, holder: &LeaseFor, is_static: &impl Fn(Ipv4Addr) -> bool, live: &LiveSessions, now: UnixMs) -> Option<u32> {
        let addresses = self.of_customer.get(&holder.customer_id)?;
        let may_have = |address: &&u32| {
            let Some(held) = self.leases.get(*address) else { return false };
            let is_over = |claim: Claim| claim.is_over(claim.find_use(Ipv4Addr::from(**address), live), now);
            let is_his = held.gone_at != 0 || held.origin.is_same_line(&holder.origin) || is_over(held.claim());
            is_his && self.contains(**address) && !is_static(Ipv4Addr::from(**address))
        };
        addresses.as_slice().iter().rev().find(may_have).copied()
    }

    fn has_fresh(&mut self) -> bool {
        let before = self.fresh;
        let found = self.take_fresh(&|_| false).is_some();
        if found {
            self.fresh = before;
        }
        found
    }

    fn take_fresh(&mut self, is_static: &impl Fn(Ipv4Addr) -> bool) -> Option<u32> {
        while let Some(range) = self.pool.ranges.get(self.fresh.0) {
            while self.fresh.1 < range.size() {
                let address = range.first() + self.fresh.1 as u32;
                self.fresh.1 += 1;
                if self.leases.contains_key(&address) {
                    continue;
                }
                if is_static(Ipv4Addr::from(address)) {
                    // It may be no longer later.
                    self.idle.push_back((address, 0));
                    continue;
                }
                return Some(address);
            }
            self.fresh = (self.fresh.0 + 1, 0);
        }
        None
    }

    fn has_idle(&mut self, now: UnixMs) -> bool {
        let grace_ms = i64::from(self.pool.grace_secs) * 1000;
        while let Some((address, gone_at)) = self.idle.front().copied() {
            if self.is_idle(address, gone_at) {
                return now - gone_at >= grace_ms;
            }
            self.idle.pop_front();
        }
        false
    }

    fn is_idle(&self, address: u32, gone_at: UnixMs) -> bool {
        self.contains(address) && self.leases.get(&address).map_or(gone_at == 0, |held| held.gone_at == gone_at && gone_at != 0)
    }

    fn take_idle(&mut self, is_static: &impl Fn(Ipv4Addr) -> bool, now: UnixMs) -> Option<u32> {
        for _ in 0..self.idle.len() {
            if !self.has_idle(now) {
                return None;
            }
            let (address, gone_at) = self.idle.pop_front()?;
            if !is_static(Ipv4Addr::from(address)) {
                return Some(address);
            }
            self.idle.push_back((address, gone_at));
        }
        None
    }

    fn give(&mut self, address: u32, holder: &LeaseFor, now: UnixMs) -> LeaseGranted {
        if let Some(seq) = self.give_again(address, holder, now) {
            return LeaseGranted { address: Ipv4Addr::from(address), seq };
        }
        self.forget(address);
        let seq = u64::MAX;
        let held = Held {
            customer_id: holder.customer_id,
            origin: holder.origin,
            leased_at: now,
            given_at: now,
            issued_at: now,
            seq,
            hold_until: now + HELD_MS,
            gone_at: 0,
            session_key: None,
            is_changed: false,
        };
        self.leases.insert(address, held);
        self.of_customer.entry(holder.customer_id).or_default().put_last(address);
        self.held += 1;
        LeaseGranted { address: Ipv4Addr::from(address), seq }
    }

    /// Gives a customer the address that was his last, in its place; returns the place of its record. `None` if it was another's, or nobody's.
    fn give_again(&mut self, address: u32, holder: &LeaseFor, now: UnixMs) -> Option<u64> {
        let held = self.leases.get_mut(&address).filter(|h| h.customer_id == holder.customer_id)?;
        let was_gone = held.gone_at != 0;
        (held.origin, held.given_at, held.issued_at, held.hold_until) = (holder.origin, now, now, now + HELD_MS);
        (held.gone_at, held.session_key) = (0, None);
        held.is_changed |= was_gone;
        self.held += usize::from(was_gone);
        let seq = held.seq;
        if let Some(addresses) = self.of_customer.get_mut(&holder.customer_id) {
            addresses.put_last(address);
        }
        Some(seq)
    }

    /// Notes what was seen of a lease, unless it changed since it was looked at.
    fn see(&mut self, address: u32, before: &Claim, seen: Use, now: UnixMs) {
        let Some(held) = self.leases.get_mut(&address).filter(|held| held.claim() == *before) else { return };
        match seen {
            Use::Open(key) => {
                if held.gone_at != 0 {
                    // A session that was given up came back, and nobody else has its address yet.
                    held.gone_at = 0;
                    held.is_changed = true;
                    self.held += 1;
                }
                if held.session_key != Some(key) {
                    held.session_key = Some(key);
                    held.is_changed = true;
                }
            }
            _ if held.gone_at == 0 && before.is_over(seen, now) => {
                held.gone_at = now;
                held.is_changed = true;
                self.held -= 1;
                self.idle.push_back((address, now));
            }
            _ => {}
        }
    }

    /// Forgets addresses that the pool no longer has, when nobody holds them any more.
    fn drop_outside(&mut self, grace_ms: i64, now: UnixMs) {
        let over = |held: &Held| held.gone_at != 0 && !held.is_changed && now - held.gone_at > grace_ms;
        let outside: Vec<u32> = self.leases.iter().filter(|(a, h)| over(h) && !self.contains(**a)).map(|(a, _)| *a).collect();
        outside.into_iter().for_each(|address| self.forget(address));
    }
}
