//! Jobs as people see and change them. One's own are seen by whoever asked; others' of the accounts that one sees, and the server's own, by whoever holds
//! `settings.view`. What is not seen is as if absent.

use serde_json::Value;

use crate::accounts::Scope;
use crate::accounts::capability::Capability;
use crate::jobs::{Job, JobPlace, JobQuery, JobState};
use crate::lists::{Means, Start, push_filter};
use crate::q;
use crate::store::{Conn, Statement, StoreError};
use crate::units::{AccountId, JobId, TenantId, UnixMs};

/// Which rows of `jobs j` a scope sees. `$1` tenant, `$2` and `$3` owners, `$4` who looks, `$5` whether also others', `$6` whether the server's, `$7` whether whatever
/// number of tenants there is.
macro_rules! job_is_seen {
    () => {
        concat!(
            "((j.tenant_id = $1 AND (j.owner_id = $4 OR ($5 AND ",
            $crate::is_seen!("j.owner_id", "$2", "$3"),
            "))) OR (j.tenant_id IS NULL AND $6 AND ($7 OR (SELECT COUNT(*) FROM tenants) = 1)))"
        )
    };
}
pub(super) use job_is_seen;

/// What [`job_is_seen`] is bound to.
pub(super) struct Eyes<'s> {
    pub tenant: i64,
    pub from: &'s str,
    pub to: String,
    pub acting: i64,
    pub sees_others: bool,
    pub sees_server: bool,
    pub is_of_server: bool,
}

impl<'s> Eyes<'s> {
    pub(super) fn of(scope: &'s Scope) -> Eyes<'s> {
        let ((from, to), sees_others) = (scope.owners(), scope.may(Capability::SettingsView));
        Eyes {
            tenant: scope.tenant().0,
            from,
            to,
            acting: scope.acting().map_or(0, |account| account.0),
            sees_others,
            sees_server: sees_others && scope.sees_whole_tenant(),
            is_of_server: scope.is_of_server(),
        }
    }
}

#[derive(sqlx::FromRow)]
pub(super) struct StoredJob {
    id: i64,
    tenant_id: Option<i64>,
    owner_id: Option<i64>,
    asked_by: String,
    kind: String,
    needs: String,
    arguments: String,
    state: String,
    step: String,
    done: i64,
    total: Option<i64>,
    result: Option<String>,
    error: String,
    attempts: i64,
    run_at: i64,
    cancel_asked_at: Option<i64>,
    created_at: i64,
    started_at: Option<i64>,
    ended_at: Option<i64>,
    dismissed_at: Option<i64>,
}

impl TryFrom<StoredJob> for Job {
    type Error = StoreError;
    fn try_from(row: StoredJob) -> Result<Job, StoreError> {
        let json = |text: &str| serde_json::from_str::<Value>(text).map_err(|e| StoreError::Unexpected(format!("job {}: {e}", row.id)));
        Ok(Job {
            id: JobId(row.id),
            tenant_id: row.tenant_id.map(TenantId),
            owner_id: row.owner_id.map(AccountId),
            needs: row.needs.parse().ok(),
            arguments: json(&row.arguments)?,
            state: row.state.parse::<JobState>().map_err(StoreError::Unexpected)?,
            result: row.result.as_deref().map(json).transpose()?,
            asked_by: row.asked_by,
            kind: row.kind,
            step: row.step,
            done: row.done,
            total: row.total,
            error: row.error,
            attempts: row.attempts,
            run_at: row.run_at,
            is_being_cancelled: row.cancel_asked_at.is_some(),
            created_at: row.created_at,
            started_at: row.started_at,
            ended_at: row.ended_at,
            dismissed_at: row.dismissed_at,
        })
    }
}

macro_rules! jobs_sql {
    ($condition:literal) => {
        concat!(
            "SELECT j.id, j.tenant_id, j.owner_id, j.asked_by, j.kind, j.needs, j.arguments, j.state, j.step, j.done, j.total, j.result, j.error, j.attempts, \
             j.run_at, j.cancel_asked_at, j.created_at, j.started_at, j.ended_at, j.dismissed_at FROM jobs j WHERE ",
            $crate::jobs::sql::seen::job_is_seen!(),
            $condition
        )
    };
}

/// A page of jobs, by when they were asked for.
pub async fn list_jobs(
    conn: &mut Conn,
    scope: &Scope,
    query: &JobQuery,
    start: Start<JobPlace>,
    limit: i64,
) -> Result<Vec<Job>, StoreError> {
    let mut statement = Statement::new();
    statement.push(jobs_sql!(""));
    found(&mut statement, scope, query);
    let (key, is_back) = start.parts();
    let is_up = query.oldest_first != is_back;
    if let Some(place) = key {
        statement.push(if is_up { " AND (j.created_at, j.id) > (" } else { " AND (j.created_at, j.id) < (" });
        statement.number(place.created_at).push(", ").number(place.id.0).push(")");
    }
    statement
        .push(if is_up { " ORDER BY j.created_at, j.id LIMIT " } else { " ORDER BY j.created_at DESC, j.id DESC LIMIT " })
        .number(limit);
    let rows: Vec<StoredJob> = statement.fetch(conn).await?;
    let mut jobs = rows.into_iter().map(Job::try_from).collect::<Result<Vec<_>, _>>()?;
    if is_back {
        jobs.reverse();
    }
    Ok(jobs)
}

/// How many there are, at most `most`.
pub async fn count_jobs(conn: &mut Conn, scope: &Scope, query: &JobQuery, most: i64) -> Result<i64, StoreError> {
    let mut statement = Statement::new();
    statement.push(concat!("SELECT COUNT(*) FROM (SELECT 1 AS one FROM jobs j WHERE ", job_is_seen!()));
    found(&mut statement, scope, query);
    statement.push(" LIMIT ").number(most).push(") AS found");
    Ok(statement.fetch::<(i64,)>(conn).await?.first().map_or(0, |(n,)| *n))
}

/// Binds what [`job_is_seen`] names, and adds what the filter says.
fn found(statement: &mut Statement, scope: &Scope, query: &JobQuery) {
    let e = Eyes::of(scope);
    statement.keep_number(e.tenant).keep_text(e.from).keep_text(e.to).keep_number(e.acting);
    statement.keep_flag(e.sees_others).keep_flag(e.sees_server).keep_flag(e.is_of_server);
    let means = |field: &str| match field {
        "kind" => Means::Word("j.kind"),
        "state" => Means::Word("j.state"),
        "by" => Means::Text("LOWER(j.asked_by)"),
        "error" => Means::Text("LOWER(j.error)"),
        "ended" => Means::Instant("j.ended_at"),
        _ => Means::Instant("j.created_at"),
    };
    push_filter(statement, &query.filter, query.now, &query.zone, means, &["LOWER(j.asked_by)", "LOWER(j.error)", "j.kind"]);
}

/// One job.
pub async fn find_job(conn: &mut Conn, scope: &Scope, id: JobId) -> Result<Option<Job>, StoreError> {
    let e = Eyes::of(scope);
    let row = q!(opt conn, StoredJob, jobs_sql!(" AND j.id = $8"), e.tenant, e.from, &e.to, e.acting, e.sees_others, e.sees_server, e.is_of_server, id.0)?;
    row.map(Job::try_from).transpose()
}

/// The one of a lane that waits or runs, if there is one.
pub async fn find_unfinished_in_lane(conn: &mut Conn, scope: &Scope, lane: &str) -> Result<Option<Job>, StoreError> {
    let e = Eyes::of(scope);
    let row = q!(opt conn, StoredJob, jobs_sql!(" AND j.lane = $8 AND j.state IN ('queued', 'running') ORDER BY j.created_at, j.id LIMIT 1"),
        e.tenant, e.from, &e.to, e.acting, e.sees_others, e.sees_server, e.is_of_server, lane)?;
    row.map(Job::try_from).transpose()
}

/// Those that failed for good since an instant and were not dismissed, the newest first.
pub async fn list_undismissed(conn: &mut Conn, scope: &Scope, since: UnixMs, limit: i64) -> Result<Vec<Job>, StoreError> {
    let e = Eyes::of(scope);
    let rows = q!(all conn, StoredJob, jobs_sql!(" AND j.state = 'failed' AND j.dismissed_at IS NULL AND j.ended_at >= $8 ORDER BY j.ended_at DESC, j.id DESC LIMIT $9"),
        e.tenant, e.from, &e.to, e.acting, e.sees_others, e.sees_server, e.is_of_server, since, limit)?;
    rows.into_iter().map(Job::try_from).collect()
}

/// Whether the server's own jobs are shown to a scope.
pub async fn sees_server(conn: &mut Conn, scope: &Scope) -> Result<bool, StoreError> {
    let e = Eyes::of(scope);
    let (tenants,): (i64,) = q!(one conn, (i64,), "SELECT COUNT(*) FROM tenants")?;
    Ok(e.sees_server && (e.is_of_server || tenants == 1))
}

/// Puts what failed or was cancelled into the queue again, as if it had never been tried.
pub async fn update_again(conn: &mut Conn, scope: &Scope, id: JobId, now: UnixMs) -> Result<u64, StoreError> {
    let e = Eyes::of(scope);
    q!(exec conn, concat!("UPDATE jobs AS j SET state = 'queued', run_at = $9, attempts = 0, error = '', ended_at = NULL, started_at = NULL, dismissed_at = NULL, \
        cancel_asked_at = NULL, lease_owner = '', leased_until = NULL WHERE j.id = $8 AND j.state IN ('failed', 'cancelled') AND ", job_is_seen!()),
        e.tenant, e.from, &e.to, e.acting, e.sees_others, e.sees_server, e.is_of_server, id.0, now)
}

/// What waits for its next attempt may run at once.
pub async fn update_run_now(conn: &mut Conn, scope: &Scope, id: JobId, now: UnixMs) -> Result<u64, StoreError> {
    let e = Eyes::of(scope);
    q!(exec conn, concat!("UPDATE jobs AS j SET run_at = $9, error = '' WHERE j.id = $8 AND j.state = 'queued' AND j.run_at > $9 AND ", job_is_seen!()),
        e.tenant, e.from, &e.to, e.acting, e.sees_others, e.sees_server, e.is_of_server, id.0, now)
}

/// Cancels what waits; what runs is asked to end.
pub async fn update_cancelled(conn: &mut Conn, scope: &Scope, id: JobId, now: UnixMs) -> Result<u64, StoreError> {
    let e = Eyes::of(scope);
    q!(exec conn, concat!("UPDATE jobs AS j SET ended_at = CASE WHEN state = 'queued' THEN CAST($9 AS BIGINT) END, \
        cancel_asked_at = CASE WHEN state = 'running' THEN COALESCE(cancel_asked_at, $9) END, \
        state = CASE WHEN state = 'queued' THEN 'cancelled' ELSE state END WHERE j.id = $8 AND j.state IN ('queued', 'running') AND ", job_is_seen!()),
        e.tenant, e.from, &e.to, e.acting, e.sees_others, e.sees_server, e.is_of_server, id.0, now)
}

/// A failure that needs no more attention.
pub async fn update_dismissed(conn: &mut Conn, scope: &Scope, id: JobId, now: UnixMs) -> Result<u64, StoreError> {
    let e = Eyes::of(scope);
    q!(exec conn, concat!("UPDATE jobs AS j SET dismissed_at = $9 WHERE j.id = $8 AND j.state = 'failed' AND j.dismissed_at IS NULL AND ", job_is_seen!()),
        e.tenant, e.from, &e.to, e.acting, e.sees_others, e.sees_server, e.is_of_server, id.0, now)
}

/// A new job as it is written.
pub(in crate::jobs) struct NewJob<'a> {
    pub id: i64,
    pub tenant: Option<TenantId>,
    pub owner: Option<AccountId>,
    pub asked_by: &'a str,
    pub kind: &'a str,
    pub needs: Capability,
    pub lane: Option<String>,
    pub arguments: &'a Value,
}

/// Queues a job.
// cross-tenant: schedules queue for the server and for any tenant; whose it is when people ask is settled in `ask`
pub(in crate::jobs) async fn insert_job(conn: &mut Conn, job: &NewJob<'_>, now: UnixMs) -> Result<u64, StoreError> {
    q!(exec conn, "INSERT INTO jobs (id, tenant_id, owner_id, asked_by, kind, needs, lane, arguments, state, run_at, created_at) \
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 'queued', $9, $9)", job.id, job.tenant.map(|t| t.0), job.owner.map(|a| a.0), job.asked_by, job.kind,
        job.needs.as_str(), job.lane.as_deref(), job.arguments.to_string(), now)
}
