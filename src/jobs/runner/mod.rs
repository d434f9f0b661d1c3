//! What a node does with the queue: it plans what is due, takes over what a dead node left, takes what may run, and keeps history short. Every step goes through the
//! store, so that any number of nodes do it side by side: a job is taken by a lease, which is renewed while it runs.

mod execute;
mod plan;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwapOption;
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::sql::{self, Claimed};
use super::{JobState, Kind};
use crate::store::{Db, IdMaker, KeyFile, StoreError};
use crate::units::{DAY_MS, HOUR_MS, JobId, UnixMs};

/// How often the queue is looked at.
const TICK: Duration = Duration::from_secs(1);
/// Jobs that a node works on at once: the rest of the machine is the routers'.
const MOST_AT_ONCE: usize = 2;
/// How long a lease holds without renewal. A node whose database was away for so long has lost its jobs.
pub(super) const LEASE_MS: i64 = 60_000;
/// How long what is over is kept.
const HISTORY_MS: i64 = 90 * DAY_MS;
const TRIM_EVERY_MS: i64 = HOUR_MS;
/// Old jobs that one trimming removes, and rows of one transaction.
const TRIM_JOBS: i64 = 200;
const TRIM_ROWS: i64 = 1_000;
/// Jobs that are tried to be taken at once, should others be quicker.
const CANDIDATES: i64 = 8;

/// See the head of the file. One per process.
pub struct Runner {
    db: Db,
    ids: Arc<ArcSwapOption<IdMaker>>,
    key: Arc<KeyFile>,
    kinds: Vec<Kind>,
    /// Their names between commas.
    names: String,
    owner: Arc<str>,
    clock: fn() -> UnixMs,
}

impl Runner {
    /// A runner of some kinds; `node` is what people call this process. Nothing runs as long as `ids` is empty.
    pub fn new(db: Db, ids: Arc<ArcSwapOption<IdMaker>>, key: Arc<KeyFile>, kinds: Vec<Kind>, node: &str, clock: fn() -> UnixMs) -> Runner {
        let names = kinds.iter().fold(String::from(","), |all, kind| format!("{all}{},", kind.terms.name));
        let owner = Arc::from(format!("{node}, {:016x}", rand::random::<u64>()));
        Runner { db, ids, key, kinds, names, owner, clock }
    }

    fn kind(&self, name: &str) -> Option<&Kind> {
        self.kinds.iter().find(|kind| kind.terms.name == name)
    }

    /// Works until told to stop; running jobs then finish a step, or go back into the queue.
    pub async fn run(self: Arc<Runner>, mut stop: watch::Receiver<bool>) {
        let mut running = JoinSet::new();
        let mut tick = tokio::time::interval(TICK);
        tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let (mut is_noted, mut trimmed_at) = (false, 0);
        loop {
            tokio::select! {
                () = told_to_stop(&mut stop) => break,
                Some(_) = running.join_next() => {}
                _ = tick.tick() => {}
            }
            let now = (self.clock)();
            if let Err(error) = self.step(&mut running, &mut is_noted, &stop, now).await {
                tracing::debug!(%error, "jobs are looked at later");
                continue;
            }
            if now - trimmed_at >= TRIM_EVERY_MS {
                trimmed_at = now;
                if let Err(error) = self.trim(now).await {
                    tracing::debug!(%error, "old jobs are removed later");
                }
            }
        }
        // each heard it too
        while running.join_next().await.is_some() {}
    }

    async fn step(
        self: &Arc<Runner>,
        running: &mut JoinSet<()>,
        is_noted: &mut bool,
        stop: &watch::Receiver<bool>,
        now: UnixMs,
    ) -> Result<(), StoreError> {
        let Some(ids) = self.ids.load_full() else { return Ok(()) };
        if !*is_noted {
            self.note_schedules(now).await?;
            *is_noted = true;
        }
        self.plan(&ids, now).await?;
        self.take_over(now).await?;
        while running.len() < MOST_AT_ONCE {
            let Some(claimed) = self.claim(now).await? else { break };
            let (runner, ids, stop) = (self.clone(), ids.clone(), stop.clone());
            running.spawn(async move { runner.execute(claimed, ids, stop).await });
        }
        Ok(())
    }

    /// Takes the job that has waited longest, if there is one for this node.
    pub(super) async fn claim(&self, now: UnixMs) -> Result<Option<Claimed>, StoreError> {
        let candidates = sql::list_claimable(&mut self.db.read().await?, &self.names, now, CANDIDATES).await?;
        for id in candidates {
            if let Some(claimed) = self.claim_one(id, now).await? {
                return Ok(Some(claimed));
            }
        }
        Ok(None)
    }

    /// Takes this job, unless another runner is quicker or its lane is taken.
    pub(super) async fn claim_one(&self, id: JobId, now: UnixMs) -> Result<Option<Claimed>, StoreError> {
        let mut tx = self.db.begin().await?;
        let claimed = match sql::update_claim(&mut tx, id, &self.owner, now, now + LEASE_MS).await {
            Ok(claimed) => claimed,
            // another node took one of the same lane at this instant
            Err(error) if error.unique_violation().is_some() => None,
            Err(error) => return Err(error),
        };
        if claimed.is_some() {
            tx.commit(now).await?;
        }
        Ok(claimed)
    }

    /// Runs one job in this process and waits for its end; false if it is another runner's, or waits for its lane.
    pub async fn run_one(&self, id: JobId) -> Result<bool, StoreError> {
        let Some(ids) = self.ids.load_full() else { return Ok(false) };
        let Some(claimed) = self.claim_one(id, (self.clock)()).await? else { return Ok(false) };
        // nobody tells it to stop; its sender lives as long
        let (_sender, stop) = watch::channel(false);
        self.execute(claimed, ids, stop).await;
        Ok(true)
    }

    /// Jobs whose node died are tried again, like after a failure.
    pub(super) async fn take_over(&self, now: UnixMs) -> Result<(), StoreError> {
        let orphans = sql::list_orphans(&mut self.db.read().await?, now).await?;
        for orphan in orphans {
            let (id, kind, _, attempts, cancelled) = &orphan;
            let Some(kind) = self.kind(kind) else { continue };
            let (state, run_at) = match (cancelled, kind.retry.next(*attempts, now)) {
                (Some(_), _) => (JobState::Cancelled, now),
                (None, Some(at)) => (JobState::Queued, at),
                (None, None) => (JobState::Failed, now),
            };
            let mut tx = self.db.begin().await?;
            let error = "the node that worked on it has died";
            if sql::update_orphan(&mut tx, &orphan, state, run_at, error, now).await? == 1 {
                tx.commit(now).await?;
                tracing::warn!(job = id, kind = kind.terms.name, attempts, %state, "{error}");
            }
        }
        Ok(())
    }

    /// Removes what has been over for longer than history is kept.
    pub(super) async fn trim(&self, now: UnixMs) -> Result<(), StoreError> {
        let old = sql::list_old(&mut self.db.read().await?, now - HISTORY_MS, TRIM_JOBS).await?;
        for id in old {
            loop {
                let mut tx = self.db.begin().await?;
                let more = sql::delete_job_or_rows(&mut tx, id, TRIM_ROWS).await?;
                tx.commit(now).await?;
                if !more {
                    break;
                }
            }
        }
        Ok(())
    }
}

/// Returns when the server was told to stop, or when nobody is left who could tell.
async fn told_to_stop(stop: &mut watch::Receiver<bool>) {
    let _ = stop.wait_for(|stopping| *stopping).await;
}
