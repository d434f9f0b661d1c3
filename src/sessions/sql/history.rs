//! Reading one customer's or one session's past, and removing what is old.

use super::bulk::{BucketSum, Want, list_bucket_sums};
use super::{SessionLine, UsageLine, line_columns, of_both, some_of};
use crate::accounts::Scope;
use crate::store::{Conn, StoreError};
use crate::units::{CustomerId, TenantId, UnixMs};
use crate::{customer_is_seen, q, session_is_seen};

/// Removes a session's usage and returns it.
// cross-tenant: retention is the server's own
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
// cross-tenant: the schema's own business
pub(in crate::sessions) async fn update_undated_day(
    conn: &mut Conn,
    tenant: TenantId,
    day: i64,
    begins_at: UnixMs,
) -> Result<u64, StoreError> {
    q!(exec conn, "UPDATE usage SET bucket_at = $3 WHERE tenant_id = $1 AND bucket_at = $2", tenant.0, -day, begins_at)
}

pub(in crate::sessions) async fn list_usage_of_session(
    conn: &mut Conn,
    scope: &Scope,
    session_key: &[u8],
) -> Result<Vec<UsageLine>, StoreError> {
    // Of a session that was removed only its usage is left, which is no longer of a session's name.
    if find_session_facts(conn, scope, session_key).await?.is_none() {
        return Ok(Vec::new());
    }
    q!(all conn, UsageLine, "SELECT session_key, bucket_at, day, charging_class, customer_id, octets_in, octets_out, secs FROM usage \
        WHERE tenant_id = $1 AND session_key = $2 ORDER BY bucket_at, charging_class", scope.tenant().0, session_key)
}

pub(in crate::sessions) async fn list_usage_of_customer(
    conn: &mut Conn,
    scope: &Scope,
    id: CustomerId,
    since: UnixMs,
    limit: i64,
) -> Result<Vec<UsageLine>, StoreError> {
    let (from, to) = scope.owners();
    q!(all conn, UsageLine, concat!("SELECT session_key, bucket_at, day, charging_class, customer_id, octets_in, octets_out, secs FROM usage \
        WHERE tenant_id = $1 AND customer_id = $2 AND bucket_at >= $3 AND ", customer_is_seen!("$2", "$5", "$6"),
        " ORDER BY bucket_at DESC, session_key DESC LIMIT $4"), scope.tenant().0, id.0, since, limit, from, to)
}

pub(in crate::sessions) async fn list_charged_buckets(
    conn: &mut Conn,
    scope: &Scope,
    id: CustomerId,
    since: UnixMs,
) -> Result<Vec<BucketSum>, StoreError> {
    let (from, to) = scope.owners();
    let (is_seen,): (bool,) =
        q!(one conn, (bool,), concat!("SELECT ", customer_is_seen!("$2", "$3", "$4")), scope.tenant().0, id.0, from, to)?;
    if !is_seen {
        return Ok(Vec::new());
    }
    let mut found = list_bucket_sums(conn, &[Want { tenant_id: scope.tenant().0, customer_id: id.0, since }]).await?;
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

pub(in crate::sessions) async fn find_session_facts(
    conn: &mut Conn,
    scope: &Scope,
    session_key: &[u8],
) -> Result<Option<SessionFacts>, StoreError> {
    let (from, to) = scope.owners();
    q!(opt conn, SessionFacts, concat!("SELECT nas_instance, customer_id, uncharged_in, uncharged_out, uncharged_secs, flags FROM sessions s \
        WHERE s.tenant_id = $1 AND s.session_key = $2 AND ", session_is_seen!("s", "$3", "$4"), " UNION ALL \
        SELECT nas_instance, customer_id, uncharged_in, uncharged_out, uncharged_secs, flags FROM closed_sessions s \
        WHERE s.tenant_id = $1 AND s.session_key = $2 AND ", session_is_seen!("s", "$3", "$4")), scope.tenant().0, session_key, from, to)
}

pub(in crate::sessions) async fn find_session(
    conn: &mut Conn,
    scope: &Scope,
    session_key: &[u8],
) -> Result<Option<SessionLine>, StoreError> {
    const FIND: &str = of_both!(concat!("s.tenant_id = $1 AND s.session_key = $2 AND ", session_is_seen!("s", "$3", "$4")), "DESC", "1");
    let (from, to) = scope.owners();
    q!(opt conn, SessionLine, FIND, scope.tenant().0, session_key, from, to)
}

/// By an index of ids in both tables.
pub(in crate::sessions) async fn list_sessions_of_id(
    conn: &mut Conn,
    scope: &Scope,
    acct_session_id: &str,
    limit: i64,
) -> Result<Vec<SessionLine>, StoreError> {
    const LIST: &str =
        of_both!(concat!("s.tenant_id = $1 AND s.acct_session_id = $2 AND ", session_is_seen!("s", "$4", "$5")), "DESC", "$3");
    let (from, to) = scope.owners();
    q!(all conn, SessionLine, LIST, scope.tenant().0, acct_session_id, limit, from, to)
}
