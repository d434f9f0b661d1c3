//! The applier: carries journal records into the store, each exactly once.
//!
//! A batch is one transaction: it moves the journal's position by compare-and-set, reads the stored rows that its records speak of, applies the records in order
//! by the rules of the live sessions ([`work`]), and writes each row once. Whatever dies on the way, position and effect are in the store together or not at all.

mod identity;
mod known;
mod pending;
mod places;
mod rows;
mod sink;
mod status;
mod work;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use tokio::sync::watch;

use super::meters::{KEEP_BATCHES_MS, MeterKeeper, Meters, encode_batch};
use super::sql::{NodeBatch, count_other_nodes, find_position, insert_journal, insert_node_batch, update_position};
use crate::journal::{Journal, ReadError, Reader};
use crate::store::{Db, StoreError};
use crate::units::UnixMs;
use known::{KnownRows, StoreState};
use pending::Pending;
use places::{Aliases, Zones};
use rows::{read_rows, write_rows};
pub use sink::{AppliedBatch, AppliedSink, NoSink, StoredSession, UsageAdded};
use status::blames_a_record;
pub use status::{ApplierStatus, ApplyError};
use work::{Work, usage_added};

/// Records per transaction at most, unless told otherwise. Events of the sessions that are online fall on the same pages again and again, so the cost of a
/// transaction grows much slower than its records: who is behind catches up by larger ones.
const BATCH_RECORDS: usize = 32_768;
/// Pause when nothing waits, or little: what arrives meanwhile shares a transaction.
const TICK: Duration = Duration::from_millis(50);
/// From the begin of a transaction of at least [`BUSY_RECORDS`] to the next one, for the same reason. Others wait longer for what a node knows if it is
/// PostgreSQL, which nodes share: a dead one may hide a second of its accounting.
const BUSY_TICK: Duration = Duration::from_millis(1_000);
const BUSY_TICK_SHARED: Duration = Duration::from_millis(500);
const BUSY_RECORDS: usize = 200;
const FIRST_RETRY: Duration = Duration::from_millis(100);
const LONGEST_RETRY: Duration = Duration::from_secs(5);
const PRUNE_EVERY: Duration = Duration::from_secs(10);
/// A row that another node inserts at the same moment is a conflict once; more often, something is wrong with the record.
const MOST_CONFLICTS: u32 = 5;

/// Applies one journal to one store.
pub struct Applier<A: Send + 'static> {
    db: Db,
    journal: Arc<Journal<A>>,
    journal_id: i64,
    node: String,
    sink: Arc<dyn AppliedSink>,
    keep_from: Arc<AtomicU64>,
    batch_records: usize,
    status: Arc<ApplierStatus>,
    /// Where the store is known to stand; `None` = ask it.
    position: Option<u64>,
    reader: Option<Reader>,
    pending: Pending,
    /// When everything that was durable had been read; 0 = not yet.
    all_read_at: UnixMs,
    /// Records per transaction at present: fewer while a poisonous one is looked for.
    limit: usize,
    conflicts: u32,
    zones: Zones,
    aliases: Aliases,
    work: Work,
    known: KnownRows,
    keeper: Option<MeterKeeper>,
}

/// What a step did.
#[derive(Debug, PartialEq, Eq)]
enum Step {
    /// Nothing waits.
    Idle,
    /// So many records were applied.
    Applied(usize),
    /// Try again at once.
    Again,
}

impl<A: Send + 'static> Applier<A> {
    /// An applier for the journal that the store knows as `journal_id`. Records after `keep_from` are not pruned even when they are applied (the snapshot
    /// covers those up to there); set it to `u64::MAX` if nothing else needs them. Does not touch store or journal yet.
    pub fn new(
        db: Db,
        journal: Arc<Journal<A>>,
        journal_id: i64,
        node: &str,
        sink: Arc<dyn AppliedSink>,
        keep_from: Arc<AtomicU64>,
    ) -> Applier<A> {
        Applier {
            db,
            journal,
            journal_id,
            node: node.to_owned(),
            sink,
            keep_from,
            batch_records: BATCH_RECORDS,
            status: Arc::default(),
            position: None,
            reader: None,
            pending: Pending::default(),
            all_read_at: 0,
            limit: BATCH_RECORDS,
            conflicts: 0,
            zones: Zones::default(),
            aliases: Aliases::default(),
            work: Work::default(),
            known: KnownRows::default(),
            keeper: None,
        }
    }

    /// Keeps these meters as the store is, as the node with this key file. The sink must tell them what is applied.
    pub fn with_meters(mut self, meters: Arc<Meters>, key_fingerprint: [u8; 16]) -> Applier<A> {
        self.keeper = Some(MeterKeeper::new(meters, self.journal_id, &self.node, key_fingerprint));
        self
    }

    /// Reads the meters, before logins are taken.
    pub async fn read_meters(&mut self) -> Result<(), StoreError> {
        match &mut self.keeper {
            Some(keeper) => keeper.tick(&self.db, unix_ms()).await,
            None => Ok(()),
        }
    }

    /// Takes other numbers of records into one transaction.
    pub fn with_batch_records(mut self, records: usize) -> Applier<A> {
        (self.batch_records, self.limit) = (records.max(1), records.max(1));
        self
    }

    /// Applies until told to stop (or until whoever could tell is gone), waiting out every failure; a batch under way is finished.
    pub async fn run(mut self, mut stop: watch::Receiver<bool>, status: Arc<ApplierStatus>) {
        self.status = status;
        let mut retry = FIRST_RETRY;
        let mut pruned_at = Instant::now();
        let busy_tick = if self.db.is_sqlite() { BUSY_TICK } else { BUSY_TICK_SHARED };
        while !*stop.borrow() {
            let began = Instant::now();
            let stepped = match self.step().await {
                Ok(step) => self.read_meters().await.map(|()| step).map_err(ApplyError::from),
                failed => failed,
            };
            let pause = match stepped {
                Ok(step) => {
                    retry = FIRST_RETRY;
                    self.status.is_failing.store(0, Ordering::Relaxed);
                    let is_busy = step == Step::Again
                        || matches!(step, Step::Applied(_) if self.pending.len() > 0)
                        || step == Step::Applied(self.batch_records);
                    match step {
                        _ if is_busy => Duration::ZERO,
                        Step::Applied(records) if records >= BUSY_RECORDS => busy_tick.saturating_sub(began.elapsed()).max(TICK),
                        _ => TICK,
                    }
                }
                Err(error) => {
                    self.status.is_failing.store(1, Ordering::Relaxed);
                    tracing::warn!(%error, retry_ms = retry.as_millis() as u64, "accounting waits in the journal: the store does not take it");
                    let pause = retry;
                    retry = (retry * 2).min(LONGEST_RETRY);
                    pause
                }
            };
            if pruned_at.elapsed() >= PRUNE_EVERY {
                pruned_at = Instant::now();
                self.prune();
            }
            if !pause.is_zero() {
                tokio::select! {
                    () = tokio::time::sleep(pause) => {}
                    changed = stop.changed() => if changed.is_err() { return },
                }
            }
        }
    }

    /// Applies everything that is durable now and returns how many records that was. Fails at the first failure that only waiting could cure.
    pub async fn apply_all(&mut self) -> Result<u64, ApplyError> {
        let goal = self.journal.durable_seq();
        let mut applied = 0;
        loop {
            match self.step().await? {
                Step::Idle => return Ok(applied),
                Step::Applied(count) => applied += count as u64,
                Step::Again => {}
            }
            if self.position.is_some_and(|position| position >= goal) {
                return Ok(applied);
            }
        }
    }

    /// Frees segments that neither store nor snapshot needs.
    fn prune(&self) {
        let Some(position) = self.position else { return };
        self.journal.prune(position.min(self.keep_from.load(Ordering::Relaxed)), unix_ms());
    }

    async fn step(&mut self) -> Result<Step, ApplyError> {
        let result = self.try_step().await;
        if result.is_err() {
            self.status.errors.fetch_add(1, Ordering::Relaxed);
        }
        result
    }

    async fn try_step(&mut self) -> Result<Step, ApplyError> {
        let position = match self.position {
            Some(position) => position,
            None => self.find_place().await?,
        };
        if self.pending.len() == 0 {
            let (goal, now) = (self.journal.durable_seq(), unix_ms());
            let is_filled = self.fill(position).await?;
            // What came before all was read the last time is not in here, whatever instant its router told.
            let since = self.pending.oldest_at().map_or(now, |at| at.max(self.all_read_at));
            if !is_filled || self.pending.last_seq(self.pending.len()) >= goal {
                self.all_read_at = now;
            }
            self.status.waiting_since_ms.store(if is_filled { since } else { 0 }, Ordering::Relaxed);
            if !is_filled {
                return Ok(Step::Idle);
            }
        }
        let count = self.limit.min(self.pending.len());
        match self.apply_front(position, count).await {
            Ok(true) => {
                self.accept(count);
                Ok(Step::Applied(count))
            }
            Ok(false) => {
                // The answer to our own commit was lost, or another applier was here.
                self.lose_place();
                Ok(Step::Again)
            }
            Err(error) => self.consider(error, position, count).await,
        }
    }

    /// Asks the store where this journal stands, and makes it known there.
    async fn find_place(&mut self) -> Result<u64, ApplyError> {
        let now = unix_ms();
        let found = find_position(&mut self.db.read().await?, self.journal_id).await?;
        let position = match found {
            Some(position) => position,
            None => {
                let mut tx = self.db.begin().await?;
                insert_journal(&mut tx, self.journal_id, &self.node, now).await?;
                let position = find_position(&mut tx, self.journal_id).await?.unwrap_or(0);
                tx.commit(now).await?;
                position
            }
        };
        let last_seq = self.journal.last_seq();
        if position > last_seq {
            tracing::error!(
                position,
                last_seq,
                "the journal ends before what the store has applied: it was lost or exchanged, and is applied from its beginning"
            );
            return self.move_to(position, 0).await;
        }
        self.set_position(position);
        Ok(position)
    }

    /// Moves the position without applying anything. Counters are cumulative, so what is applied again counts once.
    async fn move_to(&mut self, old: u64, new: u64) -> Result<u64, ApplyError> {
        let now = unix_ms();
        let mut tx = self.db.begin().await?;
        let moved = update_position(&mut tx, self.journal_id, old, new, now).await?;
        tx.commit(now).await?;
        if moved {
            self.lose_place();
            self.set_position(new);
            return Ok(new);
        }
        Err(StoreError::Unexpected("another applier moves this journal's position".into()).into())
    }

    fn set_position(&mut self, position: u64) {
        self.position = Some(position);
        self.status.applied_seq.store(position, Ordering::Relaxed);
    }

    fn lose_place(&mut self) {
        self.sink.lost_track();
        self.position = None;
        self.reader = None;
        self.pending.clear();
        self.all_read_at = 0;
        self.known.clear();
    }

    /// Reads the next records; false if there is none.
    async fn fill(&mut self, position: u64) -> Result<bool, ApplyError> {
        if self.journal.durable_seq() <= position {
            return Ok(false);
        }
        match self.read(position) {
            Err(ReadError::Pruned { oldest_seq }) if oldest_seq > position + 1 => {
                tracing::error!(
                    position,
                    oldest_seq,
                    "records that the store has not applied are no longer in the journal; going on with the oldest there is"
                );
                self.move_to(position, oldest_seq - 1).await?;
                Ok(false)
            }
            Err(error) => {
                self.reader = None;
                self.pending.clear();
                Err(error.into())
            }
            Ok(()) => Ok(self.pending.len() > 0),
        }
    }

    fn read(&mut self, position: u64) -> Result<(), ReadError> {
        let reader = match &mut self.reader {
            Some(reader) if reader.next_seq() == position + 1 => reader,
            reader => reader.insert(self.journal.reader(position)?),
        };
        self.pending.fill(reader, self.batch_records)
    }

    /// One transaction over the first `count` waiting records; false if the position was not where it was thought to be.
    async fn apply_front(&mut self, position: u64, count: usize) -> Result<bool, StoreError> {
        let now = unix_ms();
        let mut unreadable = 0;
        let mut records = Vec::with_capacity(count);
        for (seq, record) in self.pending.front(count) {
            match record {
                Ok(record) => records.push(record),
                Err(error) => {
                    unreadable += 1;
                    tracing::error!(seq, %error, "skipped; its octets stay in the journal");
                }
            }
        }
        let mut tx = self.db.begin().await?;
        if !update_position(&mut tx, self.journal_id, position, self.pending.last_seq(count), now).await? {
            return Ok(false);
        }
        self.zones.refresh(&mut tx, &records).await?;
        self.known.hold_while(StoreState::read(&self.db, &mut tx, self.journal_id).await?);
        read_rows(&mut tx, &mut self.work, &mut self.known, &records, &self.aliases, &*self.sink, now).await?;
        for record in &records {
            self.work.apply(record, &self.aliases, &*self.sink, &mut self.zones);
        }
        let usage = usage_added(&write_rows(&mut tx, &mut self.work).await?);
        if !self.db.is_sqlite() && count_other_nodes(&mut tx, self.journal_id, now - KEEP_BATCHES_MS).await? > 0 {
            let payload = encode_batch(&self.work.touched_rows(), &usage);
            let batch = NodeBatch { seq: self.pending.last_seq(count) as i64, after_seq: position as i64, payload };
            insert_node_batch(&mut tx, self.journal_id, &batch, now).await?;
        }
        tx.commit(now).await?;
        self.known.put(self.work.rows());
        self.sink.applied(&AppliedBatch { work: &self.work, usage: &usage });
        self.status.skipped.fetch_add(unreadable, Ordering::Relaxed);
        Ok(true)
    }

    fn accept(&mut self, count: usize) {
        self.set_position(self.pending.last_seq(count));
        self.pending.advance(count);
        if self.pending.len() == 0 {
            let waits = self.position.is_some_and(|position| self.journal.durable_seq() > position);
            self.status.waiting_since_ms.store(if waits { self.all_read_at } else { 0 }, Ordering::Relaxed);
        }
        self.aliases.learn(&self.work.aliases);
        self.status.records.fetch_add(count as u64, Ordering::Relaxed);
        self.limit = (self.limit * 2).min(self.batch_records);
        self.conflicts = 0;
    }

    /// What to do about a batch that failed: read again after a conflict, look for the one record that is to blame, give that one up; else wait.
    async fn consider(&mut self, error: StoreError, position: u64, count: usize) -> Result<Step, ApplyError> {
        let is_conflict = error.unique_violation().is_some();
        if is_conflict && self.conflicts < MOST_CONFLICTS {
            self.conflicts += 1;
            return Ok(Step::Again);
        }
        if !is_conflict && !blames_a_record(&error) {
            return Err(error.into());
        }
        if count > 1 {
            self.limit = count / 2;
            return Ok(Step::Again);
        }
        let seq = self.pending.last_seq(1);
        tracing::error!(seq, %error, "skipped a record that the store refuses; its octets stay in the journal");
        let now = unix_ms();
        let mut tx = self.db.begin().await?;
        let moved = update_position(&mut tx, self.journal_id, position, seq, now).await?;
        tx.commit(now).await?;
        if !moved {
            self.lose_place();
            return Ok(Step::Again);
        }
        self.work.clear();
        self.accept(1);
        self.status.skipped.fetch_add(1, Ordering::Relaxed);
        Ok(Step::Applied(1))
    }
}

fn unix_ms() -> UnixMs {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis() as UnixMs)
}

#[cfg(test)]
mod tests;
