//! Rows of jobs.

use super::seen::{Eyes, job_is_seen};
use crate::accounts::Scope;
use crate::jobs::{JobRow, Outcome};
use crate::q;
use crate::store::{Conn, StoreError};
use crate::units::JobId;

type StoredRow = (i64, Option<i64>, String, String, String);

/// Rows of a job after a number, in its order; only those of an outcome if one is named.
pub async fn list_job_rows(
    conn: &mut Conn,
    scope: &Scope,
    job: JobId,
    outcome: Option<Outcome>,
    after: i64,
    limit: i64,
) -> Result<Vec<JobRow>, StoreError> {
    let (e, word) = (Eyes::of(scope), outcome.map_or("", Outcome::as_str));
    let rows: Vec<StoredRow> = q!(all conn, StoredRow, concat!("SELECT r.number, r.object_id, r.object, r.outcome, r.detail FROM job_rows r JOIN jobs j ON j.id = r.job_id \
        WHERE r.job_id = $8 AND r.number > $9 AND ($10 = '' OR r.outcome = $10) AND ", job_is_seen!(), " ORDER BY r.number LIMIT $11"),
        e.tenant, e.from, &e.to, e.acting, e.sees_others, e.sees_server, e.is_of_server, job.0, after, word, limit)?;
    let read = |(number, object_id, object, outcome, detail): StoredRow| {
        Ok(JobRow { number, object_id, object, outcome: outcome.parse().map_err(StoreError::Unexpected)?, detail })
    };
    rows.into_iter().map(read).collect()
}

/// How many rows there are of each outcome.
pub async fn count_job_rows(conn: &mut Conn, scope: &Scope, job: JobId) -> Result<Vec<(Outcome, i64)>, StoreError> {
    let e = Eyes::of(scope);
    let counts = q!(all conn, (String, i64), concat!("SELECT r.outcome, COUNT(*) FROM job_rows r JOIN jobs j ON j.id = r.job_id WHERE r.job_id = $8 AND ",
        job_is_seen!(), " GROUP BY r.outcome ORDER BY r.outcome"),
        e.tenant, e.from, &e.to, e.acting, e.sees_others, e.sees_server, e.is_of_server, job.0)?;
    counts.into_iter().map(|(word, count)| Ok((word.parse().map_err(StoreError::Unexpected)?, count))).collect()
}

/// Writes rows of the job that runs; a number that an earlier attempt wrote gets the newer outcome.
// cross-tenant: a node works for all tenants
pub(in crate::jobs) async fn upsert_rows(conn: &mut Conn, job: JobId, rows: &[JobRow]) -> Result<(), StoreError> {
    for row in rows {
        q!(exec conn, "INSERT INTO job_rows (job_id, number, object_id, object, outcome, detail) VALUES ($1, $2, $3, $4, $5, $6) \
            ON CONFLICT (job_id, number) DO UPDATE SET object_id = excluded.object_id, object = excluded.object, outcome = excluded.outcome, detail = excluded.detail",
            job.0, row.number, row.object_id, &row.object, row.outcome.as_str(), &row.detail)?;
    }
    Ok(())
}

/// The newest number that an earlier attempt wrote; 0 if there is none.
// cross-tenant: a node works for all tenants
pub(in crate::jobs) async fn find_last_number(conn: &mut Conn, job: JobId) -> Result<i64, StoreError> {
    let (last,): (i64,) = q!(one conn, (i64,), "SELECT CAST(COALESCE(MAX(number), 0) AS BIGINT) FROM job_rows WHERE job_id = $1", job.0)?;
    Ok(last)
}
