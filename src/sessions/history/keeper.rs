//! What is done about ended sessions, a little at each step, so that nobody waits for it. Any node may do it; partitions are made and set aside by one at a time.

use std::collections::HashMap;

use super::{AT_ONCE, MOVED_AFTER_MS, Month, fold_usage, remove_old_sessions};
use crate::accounts::list_tenants;
use crate::sessions::sql::{
    create_partition, drop_aside, find_in_default, instant_of, is_all_before, list_keys_aside, list_movable, list_partitions,
    list_set_aside, lock_partitions, move_closed, set_aside,
};
use crate::store::{Db, StoreError};
use crate::units::{TenantId, UnixMs};

/// Sessions moved in one transaction.
const MOVED_AT_ONCE: i64 = 2_000;

/// Keeps the tables of ended sessions.
pub struct HistoryKeeper {
    db: Db,
    retention_ms: i64,
    /// The last session that was looked at, by tenant: those that are open or young are not looked at again and again.
    moved: HashMap<i64, Vec<u8>>,
    /// How far a month's usage is folded.
    folded: HashMap<Month, (i64, Vec<u8>)>,
}

impl HistoryKeeper {
    /// Sessions leave the store this long after their end.
    pub fn new(db: Db, retention_ms: i64) -> HistoryKeeper {
        HistoryKeeper { db, retention_ms, moved: HashMap::new(), folded: HashMap::new() }
    }

    /// Does a little; true if there is more to do now.
    pub async fn step(&mut self, now: UnixMs) -> Result<bool, StoreError> {
        let tenants = list_tenants(&mut self.db.read().await?).await?;
        let mut more = false;
        if !self.db.is_sqlite() {
            let month = Month::of(now);
            self.make_partitions(&[month, month.next()], now).await?;
        }
        for tenant in &tenants {
            more |= self.move_some(tenant.id, now).await?;
        }
        if !self.db.is_sqlite() {
            for tenant in &tenants {
                more |= self.sort_in(tenant.id, now).await?;
            }
            more |= self.remove_months(now).await?;
        }
        for tenant in &tenants {
            let removed = remove_old_sessions(&self.db, tenant.id, now - self.retention_ms, now).await?;
            more |= removed == AT_ONCE as u64;
        }
        Ok(more)
    }

    /// Moves some of a tenant's ended sessions; true if there may be more.
    async fn move_some(&mut self, tenant: TenantId, now: UnixMs) -> Result<bool, StoreError> {
        let before = now - MOVED_AFTER_MS;
        let after = self.moved.remove(&tenant.0).unwrap_or_default();
        let keys = list_movable(&mut self.db.read().await?, tenant, &after, before, MOVED_AT_ONCE).await?;
        let Some(last) = keys.last() else { return Ok(false) };
        if !self.db.is_sqlite() {
            // What is older than anything kept, or of a wrong clock, has its place in the default partition.
            let kept = Month::of(now - self.retention_ms)..=Month::of(now);
            let mut months: Vec<Month> = keys.iter().map(|key| Month::of(instant_of(key))).filter(|month| kept.contains(month)).collect();
            months.dedup();
            if !self.make_partitions(&months, now).await? {
                return Ok(false);
            }
        }
        let mut tx = self.db.begin().await?;
        move_closed(&mut tx, tenant, &after, last, before).await?;
        tx.commit(now).await?;
        let is_full = keys.len() == MOVED_AT_ONCE as usize;
        if is_full {
            self.moved.insert(tenant.0, last.clone());
        }
        Ok(is_full)
    }

    /// Gives a month that lies in the default partition, as all do after a restore, one of its own; true if there was one.
    async fn sort_in(&self, tenant: TenantId, now: UnixMs) -> Result<bool, StoreError> {
        let (first, last) = (Month::of(now - self.retention_ms), Month::of(now));
        let found = find_in_default(&mut self.db.read().await?, tenant, first.begins_at(), last.next().begins_at()).await?;
        match found {
            Some(key) => self.make_partitions(&[Month::of(instant_of(&key))], now).await,
            None => Ok(false),
        }
    }

    /// Makes the partitions of these months that are not there; false if another node is at it.
    async fn make_partitions(&self, months: &[Month], now: UnixMs) -> Result<bool, StoreError> {
        let there = list_partitions(&mut self.db.read().await?).await?;
        for month in months.iter().filter(|month| !there.contains(month)) {
            let mut tx = self.db.begin().await?;
            if !lock_partitions(&mut tx).await? {
                return Ok(false);
            }
            if !list_partitions(&mut tx).await?.contains(month) {
                create_partition(&mut tx, *month).await?;
            }
            tx.commit(now).await?;
        }
        Ok(true)
    }

    /// Sets months aside that are past retention whole, and goes on with those that are: folds their usage, then drops them. True if there is more.
    async fn remove_months(&mut self, now: UnixMs) -> Result<bool, StoreError> {
        let cutoff = now - self.retention_ms;
        let there = list_partitions(&mut self.db.read().await?).await?;
        for month in there.into_iter().filter(|month| month.next().begins_at() <= cutoff) {
            let mut tx = self.db.begin().await?;
            // A session that lasted into a later month keeps its month until that is past, too.
            if lock_partitions(&mut tx).await?
                && list_partitions(&mut tx).await?.contains(&month)
                && is_all_before(&mut tx, month, cutoff).await?
            {
                set_aside(&mut tx, month).await?;
                tx.commit(now).await?;
                tracing::info!(%month, "ended sessions of a month are past retention and go");
            }
        }
        let aside = list_set_aside(&mut self.db.read().await?).await?;
        for month in &aside {
            self.fold_some(*month, now).await?;
        }
        Ok(!aside.is_empty())
    }

    async fn fold_some(&mut self, month: Month, now: UnixMs) -> Result<(), StoreError> {
        let mut tx = self.db.begin().await?;
        if !lock_partitions(&mut tx).await? || !list_set_aside(&mut tx).await?.contains(&month) {
            return Ok(());
        }
        let after = self.folded.get(&month).cloned().unwrap_or((i64::MIN, Vec::new()));
        let keys = list_keys_aside(&mut tx, month, &after, AT_ONCE).await?;
        fold_usage(&mut tx, keys.iter().map(|(tenant_id, key)| (*tenant_id, &key[..]))).await?;
        match keys.last() {
            Some(last) => {
                self.folded.insert(month, last.clone());
            }
            None => {
                drop_aside(&mut tx, month).await?;
                self.folded.remove(&month);
            }
        }
        tx.commit(now).await
    }
}
