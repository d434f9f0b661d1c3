//! Asking for a job: checked, queued, noted in the audit log. A runner takes it within a second.

use serde_json::Value;

use super::sql::{self, NewJob};
use super::{JobError, Place, Terms};
use crate::accounts::{Denial, Scope};
use crate::store::{AuditEntry, Db, IdMaker, Tx};
use crate::units::{JobId, UnixMs};

/// What asking came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asked {
    /// It is in the queue.
    Queued(JobId),
    /// One of its kind waits or runs already, and two make no sense.
    Already(JobId),
}

impl Asked {
    /// The job that waits or runs.
    pub fn id(self) -> JobId {
        match self {
            Asked::Queued(id) | Asked::Already(id) => id,
        }
    }
}

/// Queues a job of a kind in the name of whoever asks. The work will be done with what he holds then, so nobody asks in another's name.
pub async fn ask_job(db: &Db, ids: &IdMaker, scope: &Scope, terms: &Terms, arguments: &Value, now: UnixMs) -> Result<Asked, JobError> {
    let mut tx = db.begin().await?;
    let asked = ask_job_in(&mut tx, db.actor(), ids, scope, terms, arguments, now).await?;
    tx.commit(now).await?;
    Ok(asked)
}

/// The same within a transaction, which the caller commits; `asked_by` is how the audit log names him.
pub(super) async fn ask_job_in(
    tx: &mut Tx,
    asked_by: &str,
    ids: &IdMaker,
    scope: &Scope,
    terms: &Terms,
    arguments: &Value,
    now: UnixMs,
) -> Result<Asked, JobError> {
    scope.require_himself()?;
    scope.require(terms.needs)?;
    let tenant = match terms.place {
        Place::Tenant => Some(scope.tenant()),
        Place::Server if sql::sees_server(tx, scope).await? => None,
        Place::Server => return Err(Denial::NotOfServer.into()),
    };
    let lane = terms.lane(tenant);
    if let Some(lane) = &lane
        && let Some(job) = sql::find_unfinished_in_lane(tx, scope, lane).await?
    {
        // whoever asks again does not want to wait for the next attempt
        if sql::update_run_now(tx, scope, job.id, now).await? > 0 {
            tx.audit(
                AuditEntry::new(scope.tenant().0, "job.ask", "jobs", job.id.0, terms.name).owned_by(job.owner_id.map(|account| account.0)),
            );
        }
        return Ok(Asked::Already(job.id));
    }
    let id = ids.next(now);
    let job = NewJob { id, tenant, owner: scope.acting(), asked_by, kind: terms.name, needs: terms.needs, lane, arguments };
    sql::insert_job(tx, &job, now).await?;
    // the arguments stay with the job: they may name thousands of objects
    let owner = scope.acting().map(|account| account.0);
    tx.audit(AuditEntry::new(scope.tenant().0, "job.ask", "jobs", id, terms.name).owned_by(owner));
    Ok(Asked::Queued(JobId(id)))
}
