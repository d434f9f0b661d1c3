//! The queue as runners use it: what may run, whose it is for now, what became of it. A lease is owned by name; every statement of a running job holds only as long
//! as the lease does, so a node that was taken for dead writes nothing.

use serde_json::Value;

use crate::jobs::{JobState, ProgressNow};
use crate::q;
use crate::store::{Conn, StoreError};
use crate::units::{AccountId, JobId, TenantId, UnixMs};

/// A job that this runner has taken.
#[derive(Debug, Clone)]
pub(in crate::jobs) struct Claimed {
    pub id: JobId,
    pub tenant: Option<TenantId>,
    pub owner: Option<AccountId>,
    pub asked_by: String,
    pub kind: String,
    pub arguments: Value,
    /// This attempt's number, from 1.
    pub attempt: i64,
}

type ClaimedRow = (i64, Option<i64>, Option<i64>, String, String, String, i64);

/// Jobs of some kinds, between commas, that may run now, the longest waiting first; none whose lane is taken.
// cross-tenant: a node works for all tenants
pub(in crate::jobs) async fn list_claimable(conn: &mut Conn, kinds: &str, now: UnixMs, limit: i64) -> Result<Vec<JobId>, StoreError> {
    let ids = q!(all conn, (i64,), "SELECT j.id FROM jobs j WHERE j.state = 'queued' AND j.run_at <= $2 AND $1 LIKE ('%,' || j.kind || ',%') \
        AND NOT EXISTS (SELECT 1 FROM jobs r WHERE r.lane = j.lane AND r.state = 'running') ORDER BY j.run_at, j.id LIMIT $3", kinds, now, limit)?;
    Ok(ids.into_iter().map(|(id,)| JobId(id)).collect())
}

/// Takes a job that waits; `None` if another runner was quicker.
// cross-tenant: a node works for all tenants
pub(in crate::jobs) async fn update_claim(
    conn: &mut Conn,
    id: JobId,
    owner: &str,
    now: UnixMs,
    until: UnixMs,
) -> Result<Option<Claimed>, StoreError> {
    let row: Option<ClaimedRow> = q!(opt conn, ClaimedRow, "UPDATE jobs SET state = 'running', lease_owner = $2, leased_until = $4, attempts = attempts + 1, \
        started_at = $3, step = '' WHERE id = $1 AND state = 'queued' AND run_at <= $3 \
        RETURNING id, tenant_id, owner_id, asked_by, kind, arguments, attempts", id.0, owner, now, until)?;
    let Some((id, tenant, owner, asked_by, kind, arguments, attempt)) = row else { return Ok(None) };
    let arguments = serde_json::from_str(&arguments).map_err(|e| StoreError::Unexpected(format!("arguments of job {id}: {e}")))?;
    Ok(Some(Claimed { id: JobId(id), tenant: tenant.map(TenantId), owner: owner.map(AccountId), asked_by, kind, arguments, attempt }))
}

/// Writes how far it is and renews the lease; `None` if it is this runner's no more, else whether its end was asked for.
// cross-tenant: a node works for all tenants
pub(in crate::jobs) async fn update_progress(
    conn: &mut Conn,
    id: JobId,
    owner: &str,
    progress: &ProgressNow,
    until: UnixMs,
) -> Result<Option<bool>, StoreError> {
    let row = q!(opt conn, (Option<i64>,), "UPDATE jobs SET done = $3, total = $4, step = $5, leased_until = $6 \
        WHERE id = $1 AND lease_owner = $2 AND state = 'running' RETURNING cancel_asked_at", id.0, owner, progress.done, progress.total, &progress.step, until)?;
    Ok(row.map(|(asked,)| asked.is_some()))
}

/// The same without writing.
// cross-tenant: a node works for all tenants
pub(in crate::jobs) async fn find_cancel(conn: &mut Conn, id: JobId, owner: &str) -> Result<Option<bool>, StoreError> {
    let row = q!(opt conn, (Option<i64>,), "SELECT cancel_asked_at FROM jobs WHERE id = $1 AND lease_owner = $2 AND state = 'running'", id.0, owner)?;
    Ok(row.map(|(asked,)| asked.is_some()))
}

/// Holds the job for the rest of a transaction; false if it is this runner's no more.
// cross-tenant: a node works for all tenants
pub(in crate::jobs) async fn update_hold(conn: &mut Conn, id: JobId, owner: &str) -> Result<bool, StoreError> {
    let held =
        q!(exec conn, "UPDATE jobs SET lease_owner = lease_owner WHERE id = $1 AND lease_owner = $2 AND state = 'running'", id.0, owner)?;
    Ok(held == 1)
}

/// The end of a job; false if it is this runner's no more.
// cross-tenant: a node works for all tenants
pub(in crate::jobs) async fn update_ended(
    conn: &mut Conn,
    id: JobId,
    owner: &str,
    (state, result, error): (JobState, Option<&Value>, &str),
    progress: &ProgressNow,
    now: UnixMs,
) -> Result<bool, StoreError> {
    let changed = q!(exec conn, "UPDATE jobs SET state = $3, result = $4, error = $5, done = $6, total = $7, step = '', ended_at = $8, lease_owner = '', \
        leased_until = NULL, cancel_asked_at = NULL WHERE id = $1 AND lease_owner = $2 AND state = 'running'", id.0, owner, state.as_str(),
        result.map(Value::to_string), error, progress.done, progress.total, now)?;
    Ok(changed == 1)
}

/// Back into the queue until an instant; an attempt that the node itself broke off does not count. False if it is this runner's no more.
// cross-tenant: a node works for all tenants
pub(in crate::jobs) async fn update_queued_again(
    conn: &mut Conn,
    id: JobId,
    owner: &str,
    run_at: UnixMs,
    error: &str,
    counts: bool,
) -> Result<bool, StoreError> {
    let uncounted = i64::from(!counts);
    let changed = q!(exec conn, "UPDATE jobs SET state = 'queued', run_at = $3, error = $4, attempts = attempts - $5, step = '', lease_owner = '', \
        leased_until = NULL WHERE id = $1 AND lease_owner = $2 AND state = 'running'", id.0, owner, run_at, error, uncounted)?;
    Ok(changed == 1)
}

/// A running job whose lease ran out: id, kind, lease, attempts, whether its end was asked for.
pub(in crate::jobs) type Orphan = (i64, String, i64, i64, Option<i64>);

/// Jobs whose node died.
// cross-tenant: a node works for all tenants
pub(in crate::jobs) async fn list_orphans(conn: &mut Conn, now: UnixMs) -> Result<Vec<Orphan>, StoreError> {
    q!(all conn, Orphan, "SELECT id, kind, leased_until, attempts, cancel_asked_at FROM jobs WHERE state = 'running' AND leased_until < $1 ORDER BY id", now)
}

/// Settles a job whose node died, unless its lease has changed meanwhile.
// cross-tenant: a node works for all tenants
pub(in crate::jobs) async fn update_orphan(
    conn: &mut Conn,
    orphan: &Orphan,
    state: JobState,
    run_at: UnixMs,
    error: &str,
    now: UnixMs,
) -> Result<u64, StoreError> {
    let ended_at = state.is_over().then_some(now);
    q!(exec conn, "UPDATE jobs SET state = $3, run_at = $4, error = $5, ended_at = $6, step = '', lease_owner = '', leased_until = NULL, cancel_asked_at = NULL \
        WHERE id = $1 AND leased_until = $2 AND state = 'running'", orphan.0, orphan.2, state.as_str(), run_at, error, ended_at)
}

/// Jobs that were over before an instant, the oldest first.
// cross-tenant: retention is the server's own
pub(in crate::jobs) async fn list_old(conn: &mut Conn, before: UnixMs, limit: i64) -> Result<Vec<JobId>, StoreError> {
    let ids = q!(all conn, (i64,), "SELECT id FROM jobs WHERE ended_at < $1 AND state IN ('done', 'failed', 'cancelled') ORDER BY ended_at LIMIT $2", before, limit)?;
    Ok(ids.into_iter().map(|(id,)| JobId(id)).collect())
}

/// Removes a job, or so many of its rows; false once it is gone.
// cross-tenant: retention is the server's own
pub(in crate::jobs) async fn delete_job_or_rows(conn: &mut Conn, id: JobId, rows: i64) -> Result<bool, StoreError> {
    let removed = q!(exec conn, "DELETE FROM job_rows WHERE job_id = $1 AND number IN (SELECT number FROM job_rows WHERE job_id = $1 ORDER BY number LIMIT $2)", id.0, rows)?;
    if removed > 0 {
        return Ok(true);
    }
    q!(exec conn, "DELETE FROM jobs WHERE id = $1 AND state IN ('done', 'failed', 'cancelled')", id.0)?;
    Ok(false)
}
