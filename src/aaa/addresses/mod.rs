//! Addresses that the server hands out itself: the pools in memory. Every address is leased under its pool's lock, to one customer at a time.
//!
//! A lease is held from the Accept until its session is over (its Stop, or its end in any other way), then stays the customer's own for the pool's grace time;
//! after that it may go to another, the longest unused first. Nothing tells a pool that a session ended: [`AddressPool::sweep`] looks at the live sessions, so a
//! lost Stop, a restarted router and a silent session free an address alike. The store is written behind: a new owner of an address is in the journal before the
//! reply leaves, the rest (freed, held by which session) follows lazily and is found anew after a crash.

mod lease;
mod pool;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use arc_swap::ArcSwap;
use parking_lot::Mutex;

use crate::routers::pools::{Lease, LeaseChange, Pool};
use crate::sessions::{Leased, LiveSessions};
use crate::units::{FastMap, UnixMs};

pub use lease::{LeaseFor, LeaseGranted};
pub use pool::{AddressPool, PoolFigures};

/// Pools by tenant, then by name (which staff chooses), with the only router that each serves.
type ByName = FastMap<i64, FastMap<Box<[u8]>, (Option<i64>, Arc<AddressPool>)>>;

/// All pools of this node.
#[derive(Default)]
pub struct AddressPools {
    by_name: ArcSwap<ByName>,
    /// Leases of the journal's tail whose pools are not loaded yet.
    early: Mutex<Vec<(Leased, u64)>>,
    /// One change of the table at a time.
    changing: Mutex<()>,
}

impl AddressPools {
    /// The pool of a name that serves a router; `None` means that the name is the router's own business.
    pub fn find(&self, tenant_id: i64, name: &[u8], router_id: i64) -> Option<Arc<AddressPool>> {
        let pools = self.by_name.load();
        let (only, pool) = pools.get(&tenant_id)?.get(name)?;
        only.is_none_or(|router| router == router_id).then(|| pool.clone())
    }

    /// The pool of an id.
    pub fn find_by_id(&self, id: i64) -> Option<Arc<AddressPool>> {
        self.by_name.load().values().flat_map(FastMap::values).find(|(_, pool)| pool.id() == id).map(|(_, pool)| pool.clone())
    }

    /// All of them.
    pub fn all(&self) -> Vec<Arc<AddressPool>> {
        self.by_name.load().values().flat_map(FastMap::values).map(|(_, pool)| pool.clone()).collect()
    }

    /// Puts a pool in, or changes one that is there, whose leases then stay as memory knows them. `leases` are the store's, for one that is new here.
    pub fn put(&self, pool: &Pool, leases: &[Lease], now: UnixMs) {
        let _alone = self.changing.lock();
        let known = self.find_by_id(pool.id);
        if let Some(known) = &known {
            known.change(pool);
        }
        let kept = known.unwrap_or_else(|| {
            let new = Arc::new(AddressPool::new(pool, leases, now));
            self.early.lock().retain(|(leased, seq)| {
                let is_its = leased.pool_id == pool.id;
                if is_its {
                    new.restore(leased, *seq, now);
                }
                !is_its
            });
            new
        });
        let mut by_name = ByName::clone(&self.by_name.load());
        by_name.values_mut().for_each(|pools| pools.retain(|_, (_, other)| other.id() != pool.id));
        by_name.entry(pool.tenant_id.0).or_default().insert(pool.name.as_bytes().into(), (pool.router_id, kept));
        self.by_name.store(Arc::new(by_name));
    }

    /// Whether a pool is in memory, so that its leases need not be read.
    pub fn has(&self, id: i64) -> bool {
        self.find_by_id(id).is_some()
    }

    /// Removes every pool whose id is not wanted. To be called when all that there are have been put in.
    pub fn retain(&self, is_wanted: impl Fn(i64) -> bool) {
        let _alone = self.changing.lock();
        // What is still early is of pools that were removed.
        self.early.lock().clear();
        let mut by_name = ByName::clone(&self.by_name.load());
        by_name.values_mut().for_each(|pools| pools.retain(|_, (_, pool)| is_wanted(pool.id())));
        self.by_name.store(Arc::new(by_name));
    }

    /// Takes a lease in that was found in the journal at start.
    pub fn replay(&self, leased: &Leased, seq: u64, now: UnixMs) {
        match self.find_by_id(leased.pool_id) {
            Some(pool) => pool.restore(leased, seq, now),
            None => self.early.lock().push((*leased, seq)),
        }
    }

    /// A lease's record has a place in the journal.
    pub fn note_recorded(&self, leased: &Leased, seq: u64) {
        if let Some(pool) = self.find_by_id(leased.pool_id) {
            pool.note_recorded(leased, seq);
        }
    }

    /// Looks in all pools whose sessions are over.
    pub fn sweep(&self, live: &LiveSessions, now: UnixMs) {
        for pool in self.all() {
            pool.sweep(live, now);
        }
    }

    /// Changes that could not be written are told again.
    pub fn put_back(&self, changes: &[LeaseChange]) {
        for change in changes {
            if let Some(pool) = self.find_by_id(change.pool_id) {
                pool.put_back(change);
            }
        }
    }

    /// What the store does not know yet, at most `limit`.
    pub fn take_changes(&self, limit: usize) -> Vec<LeaseChange> {
        let mut changes = Vec::new();
        for pool in self.all() {
            pool.take_changes(limit - changes.len(), &mut changes);
            if changes.len() >= limit {
                break;
            }
        }
        changes
    }
}
