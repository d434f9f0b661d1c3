//! Decisions that are worth a row in the store: rejects, and the first accept after one. Repeats within a minute are one row with a count.
//!
//! Workers hand them over through a bounded channel and never wait. A task writes once a second; while the database is away it keeps a bounded number
//! and counts what it must drop.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};
use std::time::Duration;

use tokio::sync::{mpsc, watch};

use super::decide::RejectReason;
use super::sql;
use crate::store::{Db, IdMaker, StoreError};
use crate::units::{Mac, UnixMs};

/// Decisions on their way from workers to the task.
const CHANNEL: usize = 16_384;
/// Rows kept in memory: those of the last minute, and those that the database did not take yet.
const MOST_ROWS: usize = 20_000;
/// Rows written in one transaction, so that the accounting applier is not kept waiting.
const ROWS_AT_ONCE: usize = 1_000;
const COLLAPSE_MS: i64 = 60_000;
const RETENTION_EVERY_MS: i64 = 60_000;
const DELETED_AT_ONCE: i64 = 2_000;
/// Slots of the table of last verdicts.
const VERDICT_SLOTS: usize = 1 << 16;

/// A decision for the store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptDecision {
    /// When.
    pub at: UnixMs,
    /// Whose router.
    pub tenant_id: i64,
    /// Which router.
    pub router_id: i64,
    /// Who; 0 = nobody known.
    pub customer_id: i64,
    /// User-Name as sent.
    pub username: Box<[u8]>,
    /// The device.
    pub mac: Option<Mac>,
    /// `None` = accepted after a reject.
    pub reason: Option<RejectReason>,
}

/// A row of `decisions`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct DecisionRow {
    pub id: i64,
    pub tenant_id: i64,
    pub router_id: i64,
    pub customer_id: Option<i64>,
    pub username: Box<[u8]>,
    pub mac: Option<Mac>,
    pub reason: Option<RejectReason>,
    pub first_at: UnixMs,
    pub last_at: UnixMs,
    pub repeats: i64,
}

impl DecisionRow {
    /// The stable code, or `accepted`.
    pub fn reason_code(&self) -> &'static str {
        self.reason.map_or("accepted", RejectReason::code)
    }
}

/// Which names were last rejected, by hash; two names that share a slot may at worst add or miss a row about a change of verdict.
pub struct LastVerdicts {
    rejected: Box<[AtomicU8]>,
}

impl LastVerdicts {
    /// Nobody rejected yet.
    pub fn new() -> LastVerdicts {
        LastVerdicts { rejected: (0..VERDICT_SLOTS).map(|_| AtomicU8::new(0)).collect() }
    }

    /// Notes a verdict for a name ([`name_key`](super::decision_log::name_key)); true if it is worth a row: a reject, or the first accept after one.
    pub fn is_worth_keeping(&self, name_key: u64, is_reject: bool) -> bool {
        let slot = &self.rejected[name_key as usize % VERDICT_SLOTS];
        if is_reject {
            slot.store(1, Ordering::Relaxed);
            return true;
        }
        slot.load(Ordering::Relaxed) == 1 && slot.swap(0, Ordering::Relaxed) == 1
    }
}

impl Default for LastVerdicts {
    fn default() -> Self {
        LastVerdicts::new()
    }
}

/// Counters of this path, for metrics.
#[derive(Debug, Default)]
pub struct DecisionStoreStatus {
    /// Decisions that found the channel or the memory full.
    pub dropped: AtomicU64,
    /// Rows written or updated.
    pub written: AtomicU64,
    /// Attempts to write that failed.
    pub failures: AtomicU64,
}

/// The workers' end.
#[derive(Clone)]
pub struct DecisionSender {
    sender: mpsc::Sender<KeptDecision>,
    status: Arc<DecisionStoreStatus>,
}

impl DecisionSender {
    /// Hands a decision over; never waits. A full channel drops and counts it.
    pub fn keep(&self, decision: KeptDecision) {
        if self.sender.try_send(decision).is_err() {
            self.status.dropped.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// The writing end: [`DecisionStore::run`] is its task.
pub struct DecisionStore {
    receiver: mpsc::Receiver<KeptDecision>,
    rows: CollapsedRows,
    status: Arc<DecisionStoreStatus>,
    retention_ms: i64,
    pruned_at: UnixMs,
}

impl DecisionStore {
    /// Both ends; rows are deleted `retention_ms` milliseconds after their last repeat.
    pub fn new(ids: Arc<IdMaker>, retention_ms: i64) -> (DecisionSender, DecisionStore) {
        let (sender, receiver) = mpsc::channel(CHANNEL);
        let status = Arc::new(DecisionStoreStatus::default());
        let store = DecisionStore { receiver, rows: CollapsedRows::new(ids), status: status.clone(), retention_ms, pruned_at: 0 };
        (DecisionSender { sender, status }, store)
    }

    /// Counters.
    pub fn status(&self) -> Arc<DecisionStoreStatus> {
        self.status.clone()
    }

    /// Writes once a second until told to stop, then once more. `clock` gives unix ms.
    pub async fn run(mut self, db: Db, clock: fn() -> UnixMs, mut stop: watch::Receiver<bool>) {
        let mut tick = tokio::time::interval(Duration::from_secs(1));
        tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut was_failing = false;
        loop {
            let stopping = tokio::select! {
                _ = tick.tick() => false,
                changed = stop.changed() => changed.is_err() || *stop.borrow(),
            };
            let result = self.step(&db, clock()).await;
            if let Err(error) = &result
                && !was_failing
            {
                tracing::warn!(%error, "decisions cannot be written to the store; they are kept in memory, as many as fit");
            }
            was_failing = result.is_err();
            if stopping {
                return;
            }
        }
    }

    /// Takes what workers sent and writes it; failing that, keeps it for the next time.
    pub async fn step(&mut self, db: &Db, now: UnixMs) -> Result<(), StoreError> {
        while let Ok(decision) = self.receiver.try_recv() {
            if !self.rows.add(decision, now) {
                self.status.dropped.fetch_add(1, Ordering::Relaxed);
            }
        }
        let result = self.write(db, now).await;
        if result.is_err() {
            self.status.failures.fetch_add(1, Ordering::Relaxed);
        }
        self.rows.forget_old(now);
        result
    }

    async fn write(&mut self, db: &Db, now: UnixMs) -> Result<(), StoreError> {
        loop {
            let batch = self.rows.unwritten(ROWS_AT_ONCE);
            if batch.is_empty() {
                break;
            }
            let mut tx = db.begin().await?;
            for row in &batch {
                sql::insert_decision(&mut tx, row.tenant_id, row).await?;
            }
            tx.commit(now).await?;
            self.status.written.fetch_add(batch.len() as u64, Ordering::Relaxed);
            self.rows.written(&batch);
        }
        if now - self.pruned_at >= RETENTION_EVERY_MS {
            self.pruned_at = now;
            self.prune(db, now).await?;
        }
        Ok(())
    }

    async fn prune(&self, db: &Db, now: UnixMs) -> Result<(), StoreError> {
        loop {
            let mut tx = db.begin().await?;
            let deleted = sql::delete_decisions(&mut tx, now - self.retention_ms, DELETED_AT_ONCE).await?;
            tx.commit(now).await?;
            if deleted < DELETED_AT_ONCE as u64 {
                return Ok(());
            }
        }
    }
}

type Key = (i64, Box<[u8]>, Option<Mac>, Option<RejectReason>);

/// The rows of the last minute, and those not written yet.
struct CollapsedRows {
    ids: Arc<IdMaker>,
    /// Rows with whether the store lacks something of them.
    open: HashMap<Key, (DecisionRow, bool)>,
    /// Rows whose minute is over.
    closed: Vec<DecisionRow>,
}

impl CollapsedRows {
    fn new(ids: Arc<IdMaker>) -> CollapsedRows {
        CollapsedRows { ids, open: HashMap::new(), closed: Vec::new() }
    }

    /// Adds a decision to the row of its like, or as a new one; false if there is no room.
    fn add(&mut self, decision: KeptDecision, now: UnixMs) -> bool {
        let key = (decision.router_id, decision.username, decision.mac, decision.reason);
        if let Some((row, dirty)) = self.open.get_mut(&key)
            && (decision.at - row.first_at).abs() < COLLAPSE_MS
        {
            (row.repeats, *dirty) = (row.repeats + 1, true);
            row.last_at = row.last_at.max(decision.at);
            return true;
        }
        if self.open.len() + self.closed.len() >= MOST_ROWS {
            return false;
        }
        let row = DecisionRow {
            id: self.ids.next(now),
            tenant_id: decision.tenant_id,
            router_id: key.0,
            customer_id: (decision.customer_id != 0).then_some(decision.customer_id),
            username: key.1.clone(),
            mac: key.2,
            reason: key.3,
            first_at: decision.at,
            last_at: decision.at,
            repeats: 1,
        };
        if let Some((old, true)) = self.open.insert(key, (row, true)) {
            self.closed.push(old);
        }
        true
    }

    fn unwritten(&self, limit: usize) -> Vec<DecisionRow> {
        let open = self.open.values().filter(|(_, dirty)| *dirty).map(|(row, _)| row);
        self.closed.iter().chain(open).take(limit).cloned().collect()
    }

    fn written(&mut self, rows: &[DecisionRow]) {
        for row in rows {
            let key = (row.router_id, row.username.clone(), row.mac, row.reason);
            if let Some((open, dirty)) = self.open.get_mut(&key).filter(|(open, _)| open.id == row.id) {
                *dirty = *open != *row;
            }
        }
        let first_closed = self.closed.len().min(rows.len());
        self.closed.drain(..first_closed);
    }

    fn forget_old(&mut self, now: UnixMs) {
        self.open.retain(|_, (row, dirty)| *dirty || now - row.first_at < COLLAPSE_MS);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::SlotLease;
    use crate::store::test_db::{NOW, each_database};

    fn decision(at: UnixMs, username: &[u8], reason: Option<RejectReason>) -> KeptDecision {
        KeptDecision { at, tenant_id: 1, router_id: 2, customer_id: 0, username: username.into(), mac: None, reason }
    }

    fn rows() -> CollapsedRows {
        CollapsedRows::new(Arc::new(IdMaker::new(SlotLease { slot: 1 })))
    }

    #[test]
    fn repeats_of_the_same_within_a_minute_are_one_row() {
        let wrong = Some(RejectReason::WrongCredential);
        let mac = Some(Mac([1; 6]));
        let mut rows = rows();
        for d in [
            decision(NOW, b"bob", wrong),
            decision(NOW + 59_999, b"bob", wrong),
            decision(NOW + 1, b"eve", wrong),
            decision(NOW + 2, b"bob", None),
            decision(NOW + 3, b"bob", Some(RejectReason::Expired)),
            KeptDecision { mac, ..decision(NOW + 4, b"bob", wrong) },
            KeptDecision { router_id: 9, ..decision(NOW + 5, b"bob", wrong) },
            decision(NOW + 60_000, b"bob", wrong),
            decision(NOW + 60_001, b"bob", wrong),
        ] {
            assert!(rows.add(d, NOW));
        }
        let mut found: Vec<_> = rows.unwritten(99).into_iter().map(|r| (r.first_at - NOW, r.last_at - NOW, r.repeats)).collect();
        found.sort_unstable();
        let wanted = [(0, 59_999, 2), (1, 1, 1), (2, 2, 1), (3, 3, 1), (4, 4, 1), (5, 5, 1), (60_000, 60_001, 2)];
        assert_eq!(found, wanted);
    }

    #[test]
    fn what_is_written_is_not_written_again_and_a_repeat_meanwhile_is_not_lost() {
        let mut rows = rows();
        rows.add(decision(NOW, b"bob", None), NOW);
        let batch = rows.unwritten(9);
        rows.add(decision(NOW + 1, b"bob", None), NOW);
        rows.written(&batch);
        let batch = rows.unwritten(9);
        assert_eq!(batch[0].repeats, 2);
        rows.written(&batch);
        assert!(rows.unwritten(9).is_empty());
        rows.forget_old(NOW + 59_999);
        assert_eq!(rows.open.len(), 1);
        rows.forget_old(NOW + 60_000);
        assert_eq!(rows.open.len(), 0);
    }

    #[test]
    fn memory_is_bounded() {
        let mut rows = rows();
        let taken = (0..MOST_ROWS + 5).filter(|n| rows.add(decision(NOW, n.to_string().as_bytes(), None), NOW)).count();
        assert_eq!(taken, MOST_ROWS);
        rows.forget_old(NOW + 3_600_000);
        assert_eq!(rows.unwritten(usize::MAX).len(), MOST_ROWS, "nothing unwritten is forgotten");
    }

    #[test]
    fn a_change_of_verdict_is_kept_once() {
        let verdicts = LastVerdicts::new();
        let kept = [false, true, true, false, false, true, false].map(|reject| verdicts.is_worth_keeping(5, reject));
        assert_eq!(kept, [false, true, true, true, false, true, true]);
    }

    #[tokio::test]
    async fn rows_reach_the_store_and_leave_it_after_their_time() {
        for fresh in each_database().await {
            let (sender, mut store) = DecisionStore::new(Arc::new(IdMaker::new(SlotLease { slot: 2 })), 86_400_000);
            sender.keep(KeptDecision { mac: Some(Mac([1; 6])), ..decision(NOW, b"bo\0b", Some(RejectReason::Expired)) });
            store.step(&fresh.db, NOW).await.expect("written");
            sender.keep(KeptDecision { mac: Some(Mac([1; 6])), ..decision(NOW + 500, b"bo\0b", Some(RejectReason::Expired)) });
            sender.keep(decision(NOW + 600, b"bob", None));
            store.step(&fresh.db, NOW + 1_000).await.expect("written");
            let mut conn = fresh.db.read().await.expect("a connection");
            let row =
                |name: &str, mac: &str, reason: &str, repeats, span| (name.to_owned(), mac.to_owned(), reason.to_owned(), repeats, span);
            let wanted = [row("bo\\x00b", "010101010101", "expired", 2, 500), row("bob", "", "accepted", 1, 0)];
            assert_eq!(sql::for_tests::list_decisions(&mut conn).await, wanted);
            store.step(&fresh.db, NOW + 86_400_550).await.expect("pruned");
            assert_eq!(sql::for_tests::list_decisions(&mut conn).await, wanted[1..]);
            drop(conn);
            fresh.end().await;
        }
    }

    #[tokio::test]
    async fn an_outage_is_survived() {
        let fresh = each_database().await.swap_remove(0);
        let (sender, mut store) = DecisionStore::new(Arc::new(IdMaker::new(SlotLease { slot: 2 })), 86_400_000);
        sender.keep(decision(NOW, b"bob", None));
        fresh.db.close().await;
        assert!(store.step(&fresh.db, NOW).await.is_err());
        assert_eq!(store.rows.unwritten(9).len(), 1);
        assert_eq!(store.status().failures.load(Ordering::Relaxed), 1);
    }
}
