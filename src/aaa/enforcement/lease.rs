//! Which node enforces on which router, on a store that several nodes share: the one whose journal gets the router's accounting. When it dies, its lease runs out
//! and another node takes its routers over, with their open sessions and unfinished actions from the store.

use std::collections::HashSet;
use std::sync::atomic::Ordering;

use super::sql;
use crate::aaa::directory::Directory;
use crate::sessions::LiveSessions;
use crate::sessions::sql::list_open_sessions_of_router;
use crate::store::{Db, StoreError};
use crate::units::{TenantId, UnixMs};

/// A lease that is not renewed runs out after this.
const LEASE_MS: i64 = 15_000;
/// A router that was heard this lately is ours to enforce on.
const HEARD_MS: i64 = 30_000;
const PAGE: i64 = 5_000;

/// This node's part of the routers.
#[derive(Debug)]
pub(super) struct Leases {
    node: String,
    held: HashSet<i64>,
}

/// What a round of leasing found.
#[derive(Debug, Default)]
pub(super) struct Round {
    /// Routers on which another node enforces.
    pub foreign: HashSet<i64>,
    /// Routers that were taken over from a node that died.
    pub taken: Vec<i64>,
    /// Routers that are newly heard here.
    pub heard: Vec<i64>,
}

impl Leases {
    /// Of a node with this name, unique among those of the store.
    pub fn new(node: String) -> Leases {
        Leases { node, held: HashSet::new() }
    }

    /// Whether a router is heard that is neither held here nor by another node: its lease must be in the store before its actions are, or they would be nobody's
    /// should this node die.
    pub fn has_new(&self, directory: &Directory, is_foreign: impl Fn(i64) -> bool, now: UnixMs) -> bool {
        directory.routers.load().all().iter().any(|nas| {
            let heard_at = nas.counters.last_accounting_at.load(Ordering::Relaxed);
            now - heard_at <= HEARD_MS && !self.held.contains(&nas.fields.id) && !is_foreign(nas.fields.id)
        })
    }

    /// Renews what is held, takes what was heard and what others let go.
    pub async fn round(&mut self, db: &Db, directory: &Directory, now: UnixMs) -> Result<Round, StoreError> {
        // Who keeps the store in a file of its own is alone.
        if db.is_sqlite() {
            return Ok(Round::default());
        }
        let mut tx = db.begin().await?;
        let mut round = Round::default();
        for nas in directory.routers.load().all() {
            let (id, heard_at) = (nas.fields.id, nas.counters.last_accounting_at.load(Ordering::Relaxed));
            if now - heard_at <= HEARD_MS || self.held.contains(&id) {
                let is_ours =
                    sql::upsert_lease(&mut tx, TenantId(nas.fields.tenant_id), id, &self.node, heard_at, now, now + LEASE_MS).await?;
                if !is_ours {
                    self.held.remove(&id);
                } else if self.held.insert(id) {
                    round.heard.push(id);
                }
            }
        }
        for (id, tenant_id) in sql::list_orphans(&mut tx, &self.node, now).await? {
            if sql::upsert_lease(&mut tx, TenantId(tenant_id), id, &self.node, 0, now, now + LEASE_MS).await? {
                self.held.insert(id);
                round.taken.push(id);
            }
        }
        round.foreign = sql::list_foreign(&mut tx, &self.node, now).await?.into_iter().map(|(id,)| id).collect();
        tx.commit(now).await?;
        Ok(round)
    }
}

/// Brings a router's open sessions into memory; those that are there stay as they are. Returns whose they are.
pub(super) async fn adopt_sessions(db: &Db, live: &LiveSessions, router_id: i64) -> Result<HashSet<i64>, StoreError> {
    let mut conn = db.read().await?;
    let (mut after, mut customers) = ((i64::MIN, [0; 16]), HashSet::new());
    loop {
        let page = list_open_sessions_of_router(&mut conn, router_id, after, PAGE).await?;
        let Some(last) = page.last() else { return Ok(customers) };
        after = (last.nas().nas_instance, last.session_key);
        for session in page {
            customers.insert(session.customer_id);
            live.restore(session);
        }
    }
}
