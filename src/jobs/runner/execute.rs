//! One job from its lease to its end: the work runs in a task of its own while its progress is written, its lease renewed, and it is listened for whoever wants it to
//! end.

use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use tokio::sync::watch;
use tokio::task::{JoinError, JoinHandle};

use super::{LEASE_MS, Runner, told_to_stop};
use crate::jobs::sql::{self, Claimed};
use crate::jobs::{JobContext, JobFailure, JobState, Kind, Progress, ProgressNow, StopFlag};
use crate::store::{IdMaker, Origin, Source, StoreError};
use crate::units::UnixMs;

/// How often progress is written, if there is any, and it is looked whether somebody cancelled.
const PULSE: Duration = Duration::from_millis(500);
const RENEW_MS: i64 = 15_000;
/// How long work that was told to end may take for its step.
const GRACE: Duration = Duration::from_secs(5);
/// Between two attempts to write how a job ended.
const WRITE_AGAIN: Duration = Duration::from_secs(1);

/// Why work was told to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Why {
    Cancelled,
    TimedOut,
    ServerStops,
}

/// What the store said last.
struct Pulse {
    renewed_at: UnixMs,
    told: ProgressNow,
}

/// How the work ended.
enum End {
    /// By itself.
    Ended(Result<Result<Value, JobFailure>, JoinError>),
    /// It was broken off.
    BrokenOff,
    /// The lease is another's.
    Lost,
}

/// Work does not outlive whoever looks after it.
struct Task(JoinHandle<Result<Value, JobFailure>>);

impl Drop for Task {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Runner {
    pub(in crate::jobs) async fn execute(&self, job: Claimed, ids: Arc<IdMaker>, mut stop: watch::Receiver<bool>) {
        let Some(kind) = self.kind(&job.kind) else { return };
        tracing::info!(job = %job.id, kind = job.kind, attempt = job.attempt, "a job begins");
        let (told, flag) = StopFlag::new();
        let progress = Progress::default();
        let mut task = Task(tokio::spawn((kind.work)(self.context(&job, ids, progress.clone(), flag))));
        let mut pulse = Pulse { renewed_at: (self.clock)(), told: ProgressNow::default() };
        let mut ticks = tokio::time::interval(PULSE);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let (mut deadline, mut why) = (Box::pin(tokio::time::sleep(kind.timeout)), None);
        let end = loop {
            let heard = tokio::select! {
                ended = &mut task.0 => break End::Ended(ended),
                _ = ticks.tick() => match self.beat(&job, &progress, &mut pulse).await {
                    Some(true) => Why::Cancelled,
                    Some(false) => continue,
                    None => break End::Lost,
                },
                () = &mut deadline => match why {
                    None => Why::TimedOut,
                    Some(_) => break End::BrokenOff,
                },
                () = told_to_stop(&mut stop), if why.is_none() => Why::ServerStops,
            };
            if why.is_none() {
                why = Some(heard);
                // the work's task may have ended meanwhile
                let _ = told.send(true);
                deadline = Box::pin(tokio::time::sleep(GRACE));
            }
        };
        drop(task);
        let Some(verdict) = verdict(kind, end, why) else {
            return tracing::warn!(job = %job.id, "another node has taken this job over");
        };
        self.settle(&job, kind, &verdict, &progress.now(), pulse.renewed_at, &stop).await;
    }

    fn context(&self, job: &Claimed, ids: Arc<IdMaker>, progress: Progress, stop: StopFlag) -> JobContext {
        let actor = if job.asked_by.is_empty() { format!("job:{}", job.kind) } else { job.asked_by.clone() };
        let account_id = job.owner.map(|account| account.0);
        let origin = Origin { account_id, actor, source: Source::Job, request_id: job.id.to_string(), ..Origin::default() };
        JobContext {
            id: job.id,
            tenant: job.tenant,
            asker: job.owner,
            arguments: job.arguments.clone(),
            attempt: job.attempt,
            db: self.db.acting_as(origin),
            ids,
            key: self.key.clone(),
            progress,
            stop,
            clock: self.clock,
            lease_owner: self.owner.clone(),
        }
    }

    /// Tells the store how far it is, or asks it alone; whether somebody cancelled. `None` once the job is another's. A store that does not answer keeps nobody from
    /// working until the lease has run out.
    async fn beat(&self, job: &Claimed, progress: &Progress, pulse: &mut Pulse) -> Option<bool> {
        let (now, latest) = ((self.clock)(), progress.now());
        let heard = match latest != pulse.told || now - pulse.renewed_at >= RENEW_MS {
            true => self.write_progress(job, &latest, now).await,
            false => self.is_cancelled(job).await.map(|heard| (heard, pulse.renewed_at)),
        };
        match heard {
            Ok((heard, renewed_at)) => {
                (pulse.renewed_at, pulse.told) = (renewed_at, latest);
                heard
            }
            Err(error) if now - pulse.renewed_at < LEASE_MS => {
                tracing::debug!(%error, job = %job.id, "how far a job is, is written later");
                Some(false)
            }
            Err(_) => None,
        }
    }

    async fn write_progress(&self, job: &Claimed, progress: &ProgressNow, now: UnixMs) -> Result<(Option<bool>, UnixMs), StoreError> {
        let mut tx = self.db.begin().await?;
        let heard = sql::update_progress(&mut tx, job.id, &self.owner, progress, now + LEASE_MS).await?;
        tx.commit(now).await?;
        Ok((heard, now))
    }

    async fn is_cancelled(&self, job: &Claimed) -> Result<Option<bool>, StoreError> {
        sql::find_cancel(&mut self.db.read().await?, job.id, &self.owner).await
    }

    /// Writes how it ended. With the database away that waits, but not for longer than the lease holds, and a server that stops does not wait.
    async fn settle(
        &self,
        job: &Claimed,
        kind: &Kind,
        verdict: &Verdict,
        progress: &ProgressNow,
        renewed_at: UnixMs,
        stop: &watch::Receiver<bool>,
    ) {
        loop {
            let now = (self.clock)();
            match self.write_end(job, kind, verdict, progress, now).await {
                Ok(true) => return tracing::info!(job = %job.id, kind = job.kind, end = verdict.word(), "a job has ended"),
                Ok(false) => return tracing::warn!(job = %job.id, "another node has taken this job over"),
                Err(error) if now - renewed_at > LEASE_MS || *stop.borrow() => {
                    return tracing::error!(%error, job = %job.id, "how a job ended could not be written: it will be run again");
                }
                Err(error) => tracing::debug!(%error, job = %job.id, "how a job ended is written later"),
            }
            tokio::time::sleep(WRITE_AGAIN).await;
        }
    }

    async fn write_end(
        &self,
        job: &Claimed,
        kind: &Kind,
        verdict: &Verdict,
        progress: &ProgressNow,
        now: UnixMs,
    ) -> Result<bool, StoreError> {
        let (mut tx, owner) = (self.db.begin().await?, &*self.owner);
        let written = match verdict {
            Verdict::Done(result) => sql::update_ended(&mut tx, job.id, owner, (JobState::Done, Some(result), ""), progress, now).await?,
            Verdict::Cancelled => sql::update_ended(&mut tx, job.id, owner, (JobState::Cancelled, None, ""), progress, now).await?,
            Verdict::GivenBack => sql::update_queued_again(&mut tx, job.id, owner, now, "", false).await?,
            Verdict::Failed(text, is_retried) => match kind.retry.next(job.attempt, now).filter(|_| *is_retried) {
                Some(at) => sql::update_queued_again(&mut tx, job.id, owner, at, text, true).await?,
                None => {
                    tracing::error!(job = %job.id, kind = job.kind, attempts = job.attempt, why = text, "a job failed for good");
                    sql::update_ended(&mut tx, job.id, owner, (JobState::Failed, None, text), progress, now).await?
                }
            },
        };
        tx.commit(now).await?;
        Ok(written)
    }
}

/// What becomes of the job; `None` if it is another node's by now.
fn verdict(kind: &Kind, end: End, why: Option<Why>) -> Option<Verdict> {
    Some(match (end, why) {
        (End::Lost, _) | (End::Ended(Ok(Err(JobFailure::Lost))), _) => return None,
        (End::Ended(Ok(Ok(result))), _) => Verdict::Done(result),
        // whatever it came to: nobody wants it any more
        (_, Some(Why::Cancelled)) => Verdict::Cancelled,
        (End::BrokenOff | End::Ended(Ok(Err(JobFailure::Stopped))), Some(Why::ServerStops)) => Verdict::GivenBack,
        (End::BrokenOff | End::Ended(Ok(Err(JobFailure::Stopped))), _) => {
            Verdict::Failed(format!("it took longer than {} s", kind.timeout.as_secs()), true)
        }
        (End::Ended(Ok(Err(JobFailure::Again(text)))), _) => Verdict::Failed(text, true),
        (End::Ended(Ok(Err(JobFailure::ForGood(text)))), _) => Verdict::Failed(text, false),
        (End::Ended(Err(_)), _) => Verdict::Failed("the program made a mistake; its log says which".into(), true),
    })
}

/// What becomes of the job.
enum Verdict {
    Done(Value),
    Cancelled,
    /// The server stops: another node, or this one after its start, goes on.
    GivenBack,
    /// Why, and whether it may be tried again.
    Failed(String, bool),
}

impl Verdict {
    fn word(&self) -> &'static str {
        match self {
            Verdict::Done(_) => "done",
            Verdict::Cancelled => "cancelled",
            Verdict::GivenBack => "given back",
            Verdict::Failed(..) => "failed",
        }
    }
}
