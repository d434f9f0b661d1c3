//! Enforcement and the store: actions are written beside their sending, taken up again after a restart, and removed when they are old. Routers are told whether or
//! not the store answers.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwapOption;
use tokio::sync::watch;

use super::enforcer::Enforcer;
use super::lease::{Leases, adopt_sessions};
use super::row::{ActionRow, read_granted};
use super::sql;
use crate::aaa::directory::Directory;
use crate::sessions::{LiveSessions, SessionName};
use crate::store::{Db, IdMaker, StoreError};
use crate::units::{TenantId, UnixMs};

const WRITE_EVERY: Duration = Duration::from_millis(200);
/// How long the desk waits for what was under way before this start.
const FIRST_READ: Duration = Duration::from_secs(5);
const LEASE_EVERY_MS: i64 = 5_000;
const PRUNE_EVERY_MS: i64 = 3_600_000;
/// Rows per transaction, so that the applier does not wait long for its turn.
const ROWS_AT_ONCE: usize = 500;
const PAGE: i64 = 2_000;
const PRUNED_AT_ONCE: i64 = 10_000;

/// Keeps actions in the store.
pub struct Keeper {
    db: Db,
    enforcer: Arc<Enforcer>,
    directory: Arc<Directory>,
    live: Arc<LiveSessions>,
    ids: Arc<ArcSwapOption<IdMaker>>,
    /// Ids by serial of unfinished actions.
    known: HashMap<u64, i64>,
    leases: Leases,
    leased_at: UnixMs,
    pruned_at: UnixMs,
    retention_ms: i64,
    has_loaded: bool,
}

impl Keeper {
    /// A keeper; `ids` is filled as soon as this process has a slot, `node` is unique among the nodes of the store.
    pub fn new(
        db: Db,
        enforcer: Arc<Enforcer>,
        directory: Arc<Directory>,
        live: Arc<LiveSessions>,
        ids: Arc<ArcSwapOption<IdMaker>>,
        node: String,
        retention_ms: i64,
    ) -> Keeper {
        let leases = Leases::new(node);
        Keeper {
            db,
            enforcer,
            directory,
            live,
            ids,
            known: HashMap::new(),
            leases,
            leased_at: 0,
            pruned_at: 0,
            retention_ms,
            has_loaded: false,
        }
    }

    /// Keeps until told to stop, then writes what is left. `clock` gives unix ms.
    pub async fn run(mut self, clock: fn() -> UnixMs, mut stop: watch::Receiver<bool>) {
        if tokio::time::timeout(FIRST_READ, self.step(clock())).await.is_err() {
            tracing::warn!("the store does not answer: what was under way is taken up when it does");
        }
        self.enforcer.begin();
        let mut tick = tokio::time::interval(WRITE_EVERY);
        tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            let stopping = tokio::select! {
                _ = tick.tick() => false,
                changed = stop.changed() => changed.is_err() || *stop.borrow(),
            };
            if let Err(error) = self.step(clock()).await {
                tracing::debug!(%error, "actions are kept in memory until the store answers");
            }
            if stopping {
                return;
            }
        }
    }

    /// One round.
    pub async fn step(&mut self, now: UnixMs) -> Result<(), StoreError> {
        if !self.has_loaded {
            self.load().await?;
            self.has_loaded = true;
            // What was begun again meanwhile gets the ids of the rows that were read, before it is written.
            return Ok(());
        }
        self.read_written().await?;
        let is_new = !self.db.is_sqlite() && self.leases.has_new(&self.directory, |id| self.enforcer.is_foreign(id), now);
        if is_new || now - self.leased_at >= LEASE_EVERY_MS {
            self.lease(now).await?;
            self.leased_at = now;
        }
        self.write(now).await?;
        if now - self.pruned_at >= PRUNE_EVERY_MS {
            self.pruned_at = now;
            let mut tx = self.db.begin().await?;
            sql::delete_finished(&mut tx, now - self.retention_ms, PRUNED_AT_ONCE).await?;
            tx.commit(now).await?;
        }
        Ok(())
    }

    /// What routers were told before this start, and what was under way.
    async fn load(&self) -> Result<(), StoreError> {
        let mut conn = self.db.read().await?;
        let mut after = 0;
        loop {
            let page = sql::list_told(&mut conn, after, PAGE).await?;
            let Some(last) = page.last() else { break };
            after = last.0;
            for (_, nas_instance, session_key, acct_session_id, octets) in page {
                let (Ok(session_key), Some(granted)) = (session_key.try_into(), read_granted(&octets)) else { continue };
                let name = SessionName { nas_instance, session_key, acct_session_id: acct_session_id.into_bytes().into() };
                self.live.set_granted(&name, granted);
            }
        }
        self.load_unfinished(|_| true).await
    }

    async fn load_unfinished(&self, is_meant: impl Fn(i64) -> bool) -> Result<(), StoreError> {
        let mut conn = self.db.read().await?;
        let mut after = 0;
        loop {
            let mut page = sql::list_unfinished(&mut conn, after, i64::MAX, PAGE).await?;
            let Some(last) = page.last() else { return Ok(()) };
            after = last.id;
            page.retain(|action| is_meant(action.router_id) && !self.enforcer.is_foreign(action.router_id));
            self.enforcer.take_up(page);
        }
    }

    /// Actions that commands wrote.
    async fn read_written(&self) -> Result<(), StoreError> {
        for id in self.enforcer.take_written() {
            let mut found = sql::list_unfinished(&mut self.db.read().await?, id - 1, id, 1).await?;
            found.retain(|action| !self.enforcer.is_foreign(action.router_id));
            self.enforcer.take_up(found);
        }
        Ok(())
    }

    async fn write(&mut self, now: UnixMs) -> Result<(), StoreError> {
        let Some(ids) = self.ids.load_full() else { return Ok(()) };
        let mut rows = self.enforcer.take_rows();
        while !rows.is_empty() {
            let some = rows.split_off(rows.len().saturating_sub(ROWS_AT_ONCE));
            if let Err(error) = self.write_some(&some, &ids, now).await {
                rows.extend(some);
                self.enforcer.put_back(rows);
                return Err(error);
            }
        }
        self.enforcer.put_back(rows);
        Ok(())
    }

    async fn write_some(&mut self, rows: &[ActionRow], ids: &IdMaker, now: UnixMs) -> Result<(), StoreError> {
        let mut tx = self.db.begin().await?;
        for row in rows {
            let id = row.id.unwrap_or_else(|| *self.known.entry(row.serial).or_insert_with(|| ids.next(now)));
            sql::upsert_action(&mut tx, TenantId(row.tenant_id), id, row).await?;
        }
        tx.commit(now).await?;
        for row in rows.iter().filter(|row| row.state.is_over()) {
            self.known.remove(&row.serial);
        }
        Ok(())
    }

    async fn lease(&mut self, now: UnixMs) -> Result<(), StoreError> {
        let round = self.leases.round(&self.db, &self.directory, now).await?;
        self.enforcer.set_foreign(round.foreign);
        if !round.heard.is_empty() {
            self.load_unfinished(|id| round.heard.contains(&id)).await?;
        }
        for router_id in round.taken {
            let customers = adopt_sessions(&self.db, &self.live, router_id).await?;
            tracing::warn!(router_id, customers = customers.len(), "a router was taken over from a node that is gone");
            self.load_unfinished(|id| id == router_id).await?;
            customers.into_iter().for_each(|customer_id| self.enforcer.recheck(customer_id));
        }
        Ok(())
    }
}

#[cfg(test)]
#[path = "keeper_tests.rs"]
mod tests;
