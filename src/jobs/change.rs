//! What people do with a job: try it again, cancel it, say that its failure was seen.

use super::sql;
use super::{Job, JobError, JobState};
use crate::accounts::capability::Capability;
use crate::accounts::{Denial, Scope};
use crate::store::{AuditEntry, Db, Tx};
use crate::units::{JobId, UnixMs};

/// Whether somebody who sees a job may change it: his own with what asking for it took, others' with `settings.edit`.
pub fn may_change_job(scope: &Scope, job: &Job) -> Result<(), Denial> {
    let is_own = job.owner_id.is_some() && job.owner_id == scope.acting();
    match job.needs {
        Some(needs) if is_own => scope.require(needs),
        _ => scope.require(Capability::SettingsEdit),
    }
}

/// The job, if the scope sees it and may change it.
async fn changeable(tx: &mut Tx, scope: &Scope, id: JobId) -> Result<Job, JobError> {
    let job = sql::find_job(tx, scope, id).await?.ok_or(JobError::Unknown(id))?;
    may_change_job(scope, &job)?;
    Ok(job)
}

fn entry(scope: &Scope, job: &Job, verb: &'static str) -> AuditEntry {
    let tenant = job.tenant_id.unwrap_or(scope.tenant());
    AuditEntry::new(tenant.0, verb, "jobs", job.id.0, &job.kind).owned_by(job.owner_id.or(scope.acting()).map(|account| account.0))
}

/// Tries again what failed or was cancelled, with all its attempts; rows that it has stay. It is done in the name of whoever asked first, so nobody does it through
/// another's eyes.
pub async fn retry_job(db: &Db, scope: &Scope, id: JobId, now: UnixMs) -> Result<(), JobError> {
    let mut tx = db.begin().await?;
    let job = changeable(&mut tx, scope, id).await?;
    scope.require_himself()?;
    if sql::update_again(&mut tx, scope, id, now).await? == 0 {
        return Err(JobError::NotRetriable);
    }
    tx.audit(entry(scope, &job, "job.retry"));
    Ok(tx.commit(now).await?)
}

/// Cancels what waits; what runs is asked to end, which it does at its next step.
pub async fn cancel_job(db: &Db, scope: &Scope, id: JobId, now: UnixMs) -> Result<(), JobError> {
    let mut tx = db.begin().await?;
    let job = changeable(&mut tx, scope, id).await?;
    if job.state.is_over() || sql::update_cancelled(&mut tx, scope, id, now).await? == 0 {
        return Err(JobError::AlreadyOver);
    }
    tx.audit(entry(scope, &job, "job.cancel"));
    Ok(tx.commit(now).await?)
}

/// A failure that was seen needs no more attention.
pub async fn dismiss_job(db: &Db, scope: &Scope, id: JobId, now: UnixMs) -> Result<(), JobError> {
    let mut tx = db.begin().await?;
    let job = changeable(&mut tx, scope, id).await?;
    if job.state != JobState::Failed || sql::update_dismissed(&mut tx, scope, id, now).await? == 0 {
        return Err(JobError::NotFailed);
    }
    tx.audit(entry(scope, &job, "job.dismiss"));
    Ok(tx.commit(now).await?)
}
