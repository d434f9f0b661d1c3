//! What runs beside the workers: applier, follower of the change feed, publishers, snapshot, sweeper, jobs, the decision log's thread.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::Receiver;
use std::thread::JoinHandle as ThreadHandle;
use std::time::Duration;

use arc_swap::ArcSwapOption;
use parking_lot::Mutex;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::health::Health;
use super::priority::give_way;
use super::{Parts, identity, job_kinds, metrics, now_ms};
use crate::aaa::decision_store::{DecisionSender, DecisionStore};
use crate::aaa::directory::{FollowStatus, Follower};
use crate::aaa::enforcement::Keeper;
use crate::aaa::explain::DECISIONS_FOLDER;
use crate::aaa::publish::Publisher;
use crate::aaa::snapshot::{self, SnapshotError};
use crate::aaa::unknown::UnknownSources;
use crate::accounts::delete_old_sign_ins;
use crate::config::Config;
use crate::customers::import::delete_old_imports;
use crate::customers::take_next_packages;
use crate::jobs::Runner;
use crate::journal::{JournalState, LocalLog, LogBatch};
use crate::listen::{LogPool, PendingReply};
use crate::sessions::{Applier, HistoryKeeper, Record};
use crate::store::{Db, IdMaker, KeyFile, SlotLease, StoreError, StoreIdentity};

const SNAPSHOT_EVERY: Duration = Duration::from_secs(300);
/// After an hour of failures the journal is not kept for snapshots any more, so that it does not use up its disk budget.
const MOST_FAILURES: u64 = 12;
const HISTORY_EVERY: Duration = Duration::from_secs(600);
/// How long sign-ins and links are kept after their end.
const SIGN_INS_MS: i64 = 90 * crate::units::DAY_MS;
const HISTORY_PAUSE: Duration = Duration::from_millis(250);
const PACKAGES_EVERY: Duration = Duration::from_secs(20);
const PACKAGES_AT_ONCE: i64 = 500;
const SWEEP_EVERY: Duration = Duration::from_secs(30);
const RENEW_EVERY: Duration = Duration::from_secs(20);
/// A follower that has heard nothing for this long has lost its database, milliseconds.
const SILENCE_MS: i64 = 3_000;
const LOG_SEGMENT_OCTETS: u64 = 16 << 20;

/// What the tasks need besides the shared parts.
pub struct Work {
    pub config: Config,
    pub db: Db,
    pub key: KeyFile,
    pub identity: StoreIdentity,
    /// This node's journal, unique among the nodes of the store.
    pub journal_id: i64,
    /// Keeps the directory as the store is.
    pub follower: Follower,
    pub unknown: Arc<UnknownSources>,
    /// Where the workers find the sender of kept decisions, once there is one.
    pub decisions: Arc<ArcSwapOption<DecisionSender>>,
    pub applier: Applier<PendingReply>,
    /// The journal must keep what comes after this position, for the snapshot.
    pub keep_from: Arc<AtomicU64>,
    pub log_receiver: Receiver<LogBatch>,
    /// Filled once the store has given this process a slot.
    pub ids: Arc<ArcSwapOption<IdMaker>>,
}

/// Running tasks.
pub struct Tasks {
    tasks: Vec<JoinHandle<()>>,
    log: ThreadHandle<()>,
    snapshots: Snapshots,
    db: Db,
}

impl Tasks {
    /// Writes the last snapshot.
    pub async fn write_snapshot(&self, parts: &Arc<Parts>) {
        let (snapshots, parts) = (self.snapshots.clone(), parts.clone());
        if tokio::task::spawn_blocking(move || snapshots.write(&parts)).await.is_err() {
            tracing::error!("writing the last snapshot failed");
        }
    }

    /// Waits for all of them and closes the database. Returns the decision log's thread, which works until the last worker has gone.
    pub async fn end(self) -> ThreadHandle<()> {
        for task in self.tasks {
            if task.await.is_err() {
                tracing::error!("a task had panicked");
            }
        }
        self.db.close().await;
        self.log
    }
}

/// Starts everything.
pub fn spawn(work: Work, parts: &Arc<Parts>, health: &Arc<Health>, stop: watch::Receiver<bool>) -> std::io::Result<Tasks> {
    let folder = work.config.data.folder.clone();
    let log = start_log(&folder, u64::from(work.config.decision_log.budget_mib) << 20, work.log_receiver, parts.listen.log_pool.clone())?;
    let follow = work.follower.status();
    let key = Arc::new(work.key);
    let node = format!("server, {}, process {}", folder.display(), std::process::id());
    let runner = Runner::new(work.db.clone(), work.ids.clone(), key.clone(), job_kinds(&work.config), &node, now_ms);
    let snapshots = Snapshots {
        folder: folder.clone(),
        key,
        identity: work.identity,
        follow: follow.clone(),
        keep_from: work.keep_from,
        failures: Arc::default(),
        budget_octets: u64::from(work.config.snapshot.budget_mib) << 20,
        writing: Arc::default(),
    };
    let publisher = Publisher::new(parts.access.directory.clone(), work.unknown);
    let retention_ms = i64::from(work.config.decision_log.retention_days) * crate::units::DAY_MS;
    // The first one at once: a database that goes away next minute must not keep the server from starting again.
    let first = (parts.clone(), snapshots.clone());
    let ids = work.ids;
    let keeper = Keeper::new(
        work.db.clone(),
        parts.enforcer.clone(),
        parts.access.directory.clone(),
        parts.access.live.clone(),
        ids.clone(),
        work.journal_id.to_string(),
        retention_ms,
    );
    let history = HistoryKeeper::new(work.db.clone(), i64::from(work.config.history.retention_days) * crate::units::DAY_MS);
    let tasks = vec![
        tokio::spawn(keeper.run(now_ms, stop.clone())),
        tokio::task::spawn_blocking(move || first.1.write(&first.0)),
        tokio::spawn(work.follower.run(now_ms, stop.clone())),
        tokio::spawn(work.applier.run(stop.clone(), parts.applier.clone())),
        tokio::spawn(publisher.run(work.db.clone(), now_ms, stop.clone())),
        tokio::spawn(keep_history(history, work.db.clone(), stop.clone())),
        tokio::spawn(change_packages(work.db.clone(), stop.clone())),
        tokio::spawn(identity::run(work.db.clone(), parts.clone(), stop.clone())),
        tokio::spawn(Arc::new(runner).run(stop.clone())),
        tokio::spawn(keep_decisions(work.db.clone(), work.decisions, ids, retention_ms, stop.clone())),
        tokio::spawn(every(Duration::from_secs(1), stop.clone(), {
            let (parts, health, follow) = (parts.clone(), health.clone(), follow);
            move || watch_over(&parts, &health, &follow)
        })),
        tokio::spawn(every(SWEEP_EVERY, stop.clone(), {
            let parts = parts.clone();
            move || sweep(&parts)
        })),
        tokio::spawn(every(SNAPSHOT_EVERY, stop, {
            let (parts, snapshots) = (parts.clone(), snapshots.clone());
            move || snapshots.write(&parts)
        })),
    ];
    Ok(Tasks { tasks, log, snapshots, db: work.db })
}

/// Runs work at an interval, off the threads that serve others, until the server stops.
async fn every(interval: Duration, mut stop: watch::Receiver<bool>, work: impl Fn() + Send + Sync + 'static) {
    let work = Arc::new(work);
    let mut timer = tokio::time::interval(interval);
    timer.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    timer.tick().await;
    loop {
        tokio::select! {
            _ = stop.changed() => return,
            _ = timer.tick() => {
                let work = work.clone();
                if tokio::task::spawn_blocking(move || work()).await.is_err() {
                    tracing::error!("a regular task had panicked");
                }
            }
        }
    }
}

fn watch_over(parts: &Parts, health: &Health, follow: &FollowStatus) {
    let answers = follow.lag_ms(now_ms()).is_some_and(|silence| silence < SILENCE_MS);
    if health.store_reachable.swap(answers, Ordering::AcqRel) != answers {
        if answers {
            tracing::info!("the database answers again");
        } else {
            tracing::error!("the database does not answer: logins and accounting go on from memory and journal");
        }
    }
    let stalled = match parts.listen.journal.health().state {
        JournalState::Ok => None,
        JournalState::Stalled { reason, .. } => Some(reason),
    };
    if health.journal_stalled.swap(stalled.is_some(), Ordering::AcqRel) != stalled.is_some() {
        match stalled {
            Some(reason) => tracing::error!(%reason, "the journal cannot be written: accounting is not acknowledged until it can"),
            None => tracing::info!("the journal is written again"),
        }
    }
    metrics::publish(parts, health, follow);
}

fn sweep(parts: &Parts) {
    let journal = &parts.listen.journal;
    let append = |record: &Record<'_>| journal.append(record.kind(), |out| record.write(out), None);
    match parts.access.live.sweep(now_ms(), append) {
        Ok(0) => {}
        Ok(ended) => tracing::info!(ended, "sessions went silent and were closed at their last sign of life"),
        Err(error) => tracing::warn!(%error, "silent sessions are closed later"),
    }
}

/// Writes snapshots of directory and live sessions.
#[derive(Clone)]
struct Snapshots {
    folder: PathBuf,
    key: Arc<KeyFile>,
    identity: StoreIdentity,
    follow: Arc<FollowStatus>,
    keep_from: Arc<AtomicU64>,
    /// In a row.
    failures: Arc<AtomicU64>,
    budget_octets: u64,
    /// Two at a time would write into the same file.
    writing: Arc<Mutex<()>>,
}

impl Snapshots {
    fn write(&self, parts: &Parts) {
        let _alone = self.writing.lock();
        // Positions first: what changes while the snapshot is written is followed or replayed again, which changes nothing.
        let position = snapshot::SnapshotPosition {
            feed_seq: self.follow.position.load(Ordering::Acquire),
            journal_seq: parts.listen.journal.durable_seq(),
            written_at: now_ms(),
        };
        let (directory, meters) = (&parts.access.directory, &parts.meters);
        match snapshot::write(&self.folder, &self.identity, &self.key, position, directory, meters, self.budget_octets) {
            Ok(written) => {
                self.keep_from.store(position.journal_seq, Ordering::Release);
                self.failures.store(0, Ordering::Release);
                tracing::debug!(octets = written.octets, customers = written.customers, "snapshot written");
            }
            Err(error @ SnapshotError::TooLarge { .. }) => {
                // Without this the journal would be kept back to the last snapshot that fitted, until its disk budget is used up.
                let removed = std::fs::remove_file(self.folder.join(snapshot::FILE_NAME));
                self.keep_from.store(u64::MAX, Ordering::Release);
                tracing::error!(%error, removed = removed.is_ok(), "no snapshot is kept: a start without database is not possible");
            }
            Err(error) => {
                let failures = self.failures.fetch_add(1, Ordering::AcqRel) + 1;
                tracing::error!(%error, failures, "no snapshot could be written: a start without database would use the one before");
                if failures == MOST_FAILURES {
                    self.keep_from.store(u64::MAX, Ordering::Release);
                    tracing::error!("the journal is no longer kept for the last snapshot: a start without database is not possible");
                }
            }
        }
    }
}

/// Moves and removes ended sessions, a few at a time with pauses, so that nobody waits for it.
async fn keep_history(mut keeper: HistoryKeeper, db: Db, mut stop: watch::Receiver<bool>) {
    loop {
        let more = match keeper.step(now_ms()).await {
            Ok(more) => more,
            Err(error) => {
                tracing::debug!(%error, "ended sessions are moved and removed later");
                false
            }
        };
        if !more && let Err(error) = forget_sign_ins(&db).await {
            tracing::debug!(%error, "sign-ins of long ago are removed later");
        }
        tokio::select! {
            _ = stop.changed() => return,
            () = tokio::time::sleep(if more { HISTORY_PAUSE } else { HISTORY_EVERY }) => {}
        }
    }
}

/// Gives customers whose time is over the package that waited for it.
async fn change_packages(db: Db, mut stop: watch::Receiver<bool>) {
    let mut tick = tokio::time::interval(PACKAGES_EVERY);
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = tick.tick() => {}
            _ = stop.changed() => return,
        }
        match take_next_packages(&db, now_ms(), PACKAGES_AT_ONCE).await {
            Ok(0) => {}
            Ok(customers) => tracing::info!(customers, "packages were changed at the end of their time"),
            Err(error) => tracing::debug!(%error, "packages are not changed now"),
        }
    }
}

/// Sign-ins and links that are over for three months; the audit log keeps what they were. Files that were sent to be imported go too, since they hold passwords.
async fn forget_sign_ins(db: &Db) -> Result<(), StoreError> {
    let mut tx = db.begin().await?;
    delete_old_sign_ins(&mut tx, now_ms() - SIGN_INS_MS).await?;
    delete_old_imports(&mut tx, now_ms()).await?;
    tx.commit(now_ms()).await
}

/// Leases a slot as soon as the database answers, then keeps rejects and changes of verdict, and the lease.
async fn keep_decisions(
    db: Db,
    decisions: Arc<ArcSwapOption<DecisionSender>>,
    shared_ids: Arc<ArcSwapOption<IdMaker>>,
    retention_ms: i64,
    mut stop: watch::Receiver<bool>,
) {
    let owner = format!("server, process {}, {:08x}", std::process::id(), rand::random::<u32>());
    let lease = loop {
        match take_lease(&db, &owner).await {
            Ok(lease) => break lease,
            Err(error) => tracing::debug!(%error, "no process slot yet"),
        }
        tokio::select! {
            _ = stop.changed() => return,
            () = tokio::time::sleep(Duration::from_secs(2)) => {}
        }
    };
    let ids = Arc::new(IdMaker::new(lease));
    shared_ids.store(Some(ids.clone()));
    let (sender, store) = DecisionStore::new(ids, retention_ms);
    decisions.store(Some(Arc::new(sender)));
    let renewing = renew(db.clone(), lease, owner, stop.clone());
    tokio::join!(store.run(db, now_ms, stop), renewing);
}

async fn take_lease(db: &Db, owner: &str) -> Result<SlotLease, StoreError> {
    let mut tx = db.begin().await?;
    let lease = SlotLease::take(&mut tx, owner, now_ms()).await?;
    tx.commit(now_ms()).await?;
    Ok(lease)
}

async fn renew(db: Db, lease: SlotLease, owner: String, mut stop: watch::Receiver<bool>) {
    loop {
        tokio::select! {
            _ = stop.changed() => return,
            () = tokio::time::sleep(RENEW_EVERY) => {}
        }
        let renewed = async {
            let mut tx = db.begin().await?;
            let held = lease.renew(&mut tx, &owner, now_ms()).await?;
            tx.commit(now_ms()).await?;
            Ok::<bool, StoreError>(held)
        };
        match renewed.await {
            Ok(true) => {}
            Ok(false) => tracing::error!("another process took this one's slot while the database was away; restart to get another"),
            Err(error) => tracing::debug!(%error, "the process slot is renewed later"),
        }
    }
}

/// The decision log's thread: writes what workers hand over. Unsynced: what a crash takes of it is gone.
fn start_log(
    folder: &std::path::Path,
    budget_octets: u64,
    batches: Receiver<LogBatch>,
    pool: Arc<LogPool>,
) -> std::io::Result<ThreadHandle<()>> {
    let mut log = LocalLog::open(&folder.join(DECISIONS_FOLDER), LOG_SEGMENT_OCTETS, budget_octets)?;
    std::thread::Builder::new().name("decisions".into()).spawn(move || {
        give_way();
        for mut batch in batches {
            if let Err(error) = log.write(&mut batch) {
                tracing::warn!(%error, "decisions could not be logged");
            }
            pool.put(batch);
        }
    })
}
