//! Reading one customer's or one session's past, and removing what is old.

use super::bulk::{BucketSum, Want, list_bucket_sums};
use super::{SessionLine, UsageLine, line_columns, of_both, some_of};
use crate::q;
use crate::store::{Conn, StoreError};
use crate::units::{TenantId, UnixMs};

/// Removes a session's usage and returns it.
pub(in crate::sessions) async fn delete_usage_of(
    conn: &mut Conn,
    tenant: TenantId,
    session_key: &[u8],
) -> Result<Vec<UsageLine>, StoreError> {
    q!(all conn, UsageLine, "DELETE FROM usage WHERE tenant_id = $1 AND session_key = $2 \
        RETURNING session_key, bucket_at, day, charging_class, customer_id, octets_in, octets_out, secs", tenant.0, session_key)
}

/// Tenants and days of usage whose buckets do not say where they begin: from before buckets had a beginning (migration 0005).
// cross-tenant: the schema's own business
pub(in crate::sessions) async fn list_undated_days(conn: &mut Conn) -> Result<Vec<(i64, i64)>, StoreError> {
    q!(all conn, (i64, i64), "SELECT DISTINCT tenant_id, day FROM usage WHERE bucket_at < 0")
}

/// Says where the buckets of such a day begin.
pub(in crate::sessions) async fn update_undated_day(
    conn: &mut Conn,
    tenant: TenantId,
    day: i64,
    begins_at: UnixMs,
) -> Result<u64, StoreError> {
    q!(exec conn, "UPDATE usage SET bucket_at = $3 WHERE tenant_id = $1 AND bucket_at = $2", tenant.0, -day, begins_at)
}

/// A session's usage, in order of its buckets.
pub async fn list_usage_of_session(conn: &mut Conn, tenant: TenantId, session_key: &[u8]) -> Result<Vec<UsageLine>, StoreError> {
    q!(all conn, UsageLine, "SELECT session_key, bucket_at, day, charging_class, customer_id, octets_in, octets_out, secs FROM usage \
        WHERE tenant_id = $1 AND session_key = $2 ORDER BY bucket_at, charging_class", tenant.0, session_key)
}

/// A customer's usage in buckets that begin at or after an instant, the newest first, at most `limit`.
pub async fn list_usage_of_customer(
    conn: &mut Conn,
    tenant: TenantId,
    customer_id: i64,
    since: UnixMs,
    limit: i64,
) -> Result<Vec<UsageLine>, StoreError> {
    q!(all conn, UsageLine, "SELECT session_key, bucket_at, day, charging_class, customer_id, octets_in, octets_out, secs FROM usage \
        WHERE tenant_id = $1 AND customer_id = $2 AND bucket_at >= $3 ORDER BY bucket_at DESC, session_key DESC LIMIT $4",
        tenant.0, customer_id, since, limit)
}

/// What a customer was charged with in each bucket that begins at or after an instant, all his sessions together, oldest first.
pub async fn list_charged_buckets(
    conn: &mut Conn,
    tenant: TenantId,
    customer_id: i64,
    since: UnixMs,
) -> Result<Vec<BucketSum>, StoreError> {
    let mut found = list_bucket_sums(conn, &[Want { tenant_id: tenant.0, customer_id, since }]).await?;
    found.sort_unstable_by_key(|sum| sum.bucket_at);
    Ok(found)
}

/// What of a session's totals is not charged, and what was noticed about it.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct SessionFacts {
    /// The box that it came from.
    pub nas_instance: i64,
    /// Whose, if known.
    pub customer_id: Option<i64>,
    /// Octets from the customer before Tollgate's time.
    pub uncharged_in: i64,
    /// Octets to the customer before Tollgate's time.
    pub uncharged_out: i64,
    /// Seconds before Tollgate's time.
    pub uncharged_secs: i64,
    /// See [`flag`](crate::sessions::flag).
    pub flags: i64,
}

/// The rest of a session's facts.
pub async fn find_session_facts(conn: &mut Conn, tenant: TenantId, session_key: &[u8]) -> Result<Option<SessionFacts>, StoreError> {
    q!(opt conn, SessionFacts, "SELECT nas_instance, customer_id, uncharged_in, uncharged_out, uncharged_secs, flags FROM sessions \
        WHERE tenant_id = $1 AND session_key = $2 UNION ALL \
        SELECT nas_instance, customer_id, uncharged_in, uncharged_out, uncharged_secs, flags FROM closed_sessions \
        WHERE tenant_id = $1 AND session_key = $2", tenant.0, session_key)
}

/// One session.
pub async fn find_session(conn: &mut Conn, tenant: TenantId, session_key: &[u8]) -> Result<Option<SessionLine>, StoreError> {
    q!(opt conn, SessionLine, of_both!("s.tenant_id = $1 AND s.session_key = $2", "DESC", "1"), tenant.0, session_key)
}

/// Sessions of this Acct-Session-Id, the newest first, at most `limit`. Among those of the last day no index helps: it walks back from the newest.
pub async fn list_sessions_of_id(
    conn: &mut Conn,
    tenant: TenantId,
    acct_session_id: &str,
    limit: i64,
) -> Result<Vec<SessionLine>, StoreError> {
    q!(all conn, SessionLine, of_both!("s.tenant_id = $1 AND s.acct_session_id = $2", "DESC", "$3"), tenant.0, acct_session_id, limit)
}
