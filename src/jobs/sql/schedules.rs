//! When kinds run by themselves, and when they last did.

use serde::Serialize;

use super::seen::{Eyes, sees_server};
use crate::accounts::Scope;
use crate::q;
use crate::store::{Conn, StoreError};
use crate::units::UnixMs;

/// A kind that runs by itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, sqlx::FromRow)]
pub struct ScheduleLine {
    /// Which kind.
    pub kind: String,
    /// Its rule, in words.
    pub rule: String,
    /// The usual time from one run to the next, in seconds.
    pub interval_secs: i64,
    /// When it is due next; in the past if no server runs.
    pub next_run_at: UnixMs,
    /// Since when it has this schedule.
    pub since: UnixMs,
    /// When it last ended well.
    pub last_good_at: Option<UnixMs>,
}

/// Schedules that the scope may know of: of its tenant, and the server's for whom they are.
pub async fn list_schedules(conn: &mut Conn, scope: &Scope) -> Result<Vec<ScheduleLine>, StoreError> {
    let (e, server) = (Eyes::of(scope), sees_server(conn, scope).await?);
    q!(all conn, ScheduleLine, "SELECT s.kind, s.rule, s.interval_secs, s.next_run_at, s.since, \
        (SELECT MAX(j.ended_at) FROM jobs j WHERE j.kind = s.kind AND j.state = 'done' AND COALESCE(j.tenant_id, 0) = s.tenant_id) AS last_good_at \
        FROM job_schedules s WHERE (s.tenant_id = $1 AND $2) OR (s.tenant_id = 0 AND $3) ORDER BY s.kind, s.tenant_id",
        e.tenant, e.sees_others && scope.sees_whole_tenant(), server)
}

/// When a kind is due; `None` if nobody has noted it yet.
// cross-tenant: a node works for all tenants
pub(in crate::jobs) async fn find_schedule(conn: &mut Conn, kind: &str, tenant: i64) -> Result<Option<(String, UnixMs)>, StoreError> {
    q!(opt conn, (String, i64), "SELECT rule, next_run_at FROM job_schedules WHERE kind = $1 AND tenant_id = $2", kind, tenant)
}

/// Notes a schedule; one with another rule is replaced, the same rule keeps what it was due at.
// cross-tenant: a node works for all tenants
pub(in crate::jobs) async fn upsert_schedule(
    conn: &mut Conn,
    (kind, tenant): (&str, i64),
    rule: &str,
    interval_secs: i64,
    next: UnixMs,
    now: UnixMs,
) -> Result<u64, StoreError> {
    q!(exec conn, "INSERT INTO job_schedules (kind, tenant_id, rule, interval_secs, next_run_at, since) VALUES ($1, $2, $3, $4, $5, $6) \
        ON CONFLICT (kind, tenant_id) DO UPDATE SET rule = excluded.rule, interval_secs = excluded.interval_secs, next_run_at = excluded.next_run_at, \
        since = excluded.since WHERE job_schedules.rule <> excluded.rule", kind, tenant, rule, interval_secs, next, now)
}

/// Moves a schedule on; false if another node has.
// cross-tenant: a node works for all tenants
pub(in crate::jobs) async fn update_next_run(
    conn: &mut Conn,
    (kind, tenant): (&str, i64),
    was: UnixMs,
    next: UnixMs,
) -> Result<bool, StoreError> {
    let moved = q!(exec conn, "UPDATE job_schedules SET next_run_at = $4 WHERE kind = $1 AND tenant_id = $2 AND next_run_at = $3", kind, tenant, was, next)?;
    Ok(moved == 1)
}

/// Whether one of the lane waits or runs already.
// cross-tenant: a node works for all tenants
pub(in crate::jobs) async fn find_busy_lane(conn: &mut Conn, lane: &str) -> Result<bool, StoreError> {
    let (jobs,): (i64,) = q!(one conn, (i64,), "SELECT COUNT(*) FROM jobs WHERE lane = $1 AND state IN ('queued', 'running')", lane)?;
    Ok(jobs > 0)
}

/// A kind that does not run by itself any more.
// cross-tenant: a node works for all tenants
pub(in crate::jobs) async fn delete_schedules(conn: &mut Conn, kind: &str) -> Result<u64, StoreError> {
    q!(exec conn, "DELETE FROM job_schedules WHERE kind = $1", kind)
}

/// Every tenant with its zone, for kinds that each has.
// cross-tenant: a node works for all tenants
pub(in crate::jobs) async fn list_places(conn: &mut Conn) -> Result<Vec<(i64, String)>, StoreError> {
    q!(all conn, (i64, String), "SELECT id, time_zone FROM tenants ORDER BY id")
}

/// When the store was made; `None` for one without identity.
// cross-tenant: the store is the server's
pub(in crate::jobs) async fn find_store_made_at(conn: &mut Conn) -> Result<Option<UnixMs>, StoreError> {
    Ok(q!(opt conn, (i64,), "SELECT created_at FROM store_info WHERE id = 1")?.map(|(at,)| at))
}
