//! What the work of a job gets: what it is to do, the store in its name, and ways to tell how far it is, to hear that it shall end, and to write rows.

use std::sync::Arc;

use serde_json::Value;
use tokio::sync::watch;

use super::sql;
use super::{JobFailure, JobRow, Progress};
use crate::accounts::{Scope, scope_of_asker};
use crate::store::{Db, IdMaker, KeyFile, Sealer, Tx};
use crate::units::{AccountId, JobId, TenantId, UnixMs};

/// Rows of one transaction.
const ROWS_AT_ONCE: usize = 500;

/// Says whether the work shall end: somebody cancelled it, it took too long, or the server stops. Work looks at it between two steps and returns
/// [`JobFailure::Stopped`]; work that does not is broken off a few seconds later.
#[derive(Debug, Clone)]
pub struct StopFlag(watch::Receiver<bool>);

impl StopFlag {
    pub(super) fn new() -> (watch::Sender<bool>, StopFlag) {
        let (sender, receiver) = watch::channel(false);
        (sender, StopFlag(receiver))
    }

    /// Whether it shall end. Nobody who could say so is left after the job was broken off: then too.
    pub fn is_set(&self) -> bool {
        *self.0.borrow() || self.0.has_changed().is_err()
    }

    /// Waits until it shall end.
    pub async fn wait(&self) {
        // an error means that nobody is left to say so
        let _ = self.0.clone().wait_for(|stop| *stop).await;
    }

    /// For steps: an error once it shall end.
    pub fn check(&self) -> Result<(), JobFailure> {
        if self.is_set() { Err(JobFailure::Stopped) } else { Ok(()) }
    }
}

/// See the head of the file.
#[derive(Clone)]
pub struct JobContext {
    /// Which job.
    pub id: JobId,
    /// Whose; `None` for the server's own.
    pub tenant: Option<TenantId>,
    /// Who asked; `None` where it was a schedule or whoever runs commands.
    pub asker: Option<AccountId>,
    /// What it is to do.
    pub arguments: Value,
    /// This attempt's number, from 1. Work that can be begun again looks at [`JobContext::last_row`] first.
    pub attempt: i64,
    /// The store, changed in the name of whoever asked, by a job.
    pub db: Db,
    /// Ids for new rows.
    pub ids: Arc<IdMaker>,
    /// The key under which the store is sealed.
    pub key: Arc<KeyFile>,
    /// Where it tells how far it is.
    pub progress: Progress,
    /// Where it hears that it shall end.
    pub stop: StopFlag,
    /// The clock.
    pub clock: fn() -> UnixMs,
    pub(super) lease_owner: Arc<str>,
}

impl JobContext {
    /// The time.
    pub fn now(&self) -> UnixMs {
        (self.clock)()
    }

    /// Seals and opens secrets of rows.
    pub fn sealer(&self) -> Sealer {
        self.key.sealer()
    }

    /// What whoever asked may see and do by now, for use cases: a permission that was taken meanwhile is gone here too. Only for a tenant's jobs.
    pub async fn scope(&self) -> Result<Scope, JobFailure> {
        let tenant = self.tenant.ok_or_else(|| JobFailure::ForGood("this job belongs to no tenant".into()))?;
        let found = scope_of_asker(&mut self.db.read().await?, tenant, self.asker, self.now()).await?;
        found.ok_or_else(|| JobFailure::ForGood("whoever asked for it is suspended or gone".into()))
    }

    /// The newest row that an earlier attempt wrote; 0 if there is none.
    pub async fn last_row(&self) -> Result<i64, JobFailure> {
        Ok(sql::find_last_number(&mut self.db.read().await?, self.id).await?)
    }

    /// Writes rows in lots, each with its own transaction.
    pub async fn add_rows(&self, rows: &[JobRow]) -> Result<(), JobFailure> {
        for lot in rows.chunks(ROWS_AT_ONCE) {
            let mut tx = self.db.begin().await?;
            self.add_rows_in(&mut tx, lot).await?;
            tx.commit(self.now()).await?;
        }
        Ok(())
    }

    /// Writes rows within a transaction that changes their objects too: both happen, or neither, and nothing if another node has taken the job over.
    pub async fn add_rows_in(&self, tx: &mut Tx, rows: &[JobRow]) -> Result<(), JobFailure> {
        if !sql::update_hold(tx, self.id, &self.lease_owner).await? {
            return Err(JobFailure::Lost);
        }
        Ok(sql::upsert_rows(tx, self.id, rows).await?)
    }
}
