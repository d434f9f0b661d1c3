//! Reading sessions and usage, for people. A session is seen by who sees its customer; one of nobody's by who sees its router. A customer's usage is seen by who sees him.

use super::sql::{self, BucketSum, SessionFacts, SessionLine, UsageLine};
use super::{LiveSession, SessionError};
use crate::accounts::Scope;
use crate::accounts::capability::Capability;
use crate::store::Conn;
use crate::units::{CustomerId, UnixMs};

/// The newest sessions that are older than one of this name ([`NEWEST`](super::NEWEST) for the first page), newest first; of one user name (whatever its case) if it is not
/// empty.
pub async fn list_newest_sessions(
    conn: &mut Conn,
    scope: &Scope,
    online: bool,
    username: &str,
    before: &[u8],
    limit: i64,
) -> Result<Vec<SessionLine>, SessionError> {
    scope.require(Capability::SessionsView)?;
    Ok(sql::list_newest_sessions(conn, scope, online, username, before, limit).await?)
}

/// Sessions that were heard of since an instant, after a session key (start with nothing), in order of keys, which is nearly that of their starts.
pub async fn list_sessions_after(
    conn: &mut Conn,
    scope: &Scope,
    after: &[u8],
    since: UnixMs,
    limit: i64,
) -> Result<Vec<SessionLine>, SessionError> {
    scope.require(Capability::SessionsView)?;
    Ok(sql::list_sessions_after(conn, scope, after, since, limit).await?)
}

/// One session.
pub async fn find_session(conn: &mut Conn, scope: &Scope, session_key: &[u8]) -> Result<Option<SessionLine>, SessionError> {
    scope.require(Capability::SessionsView)?;
    Ok(sql::find_session(conn, scope, session_key).await?)
}

/// The rest of a session's facts.
pub async fn find_session_facts(conn: &mut Conn, scope: &Scope, session_key: &[u8]) -> Result<Option<SessionFacts>, SessionError> {
    scope.require(Capability::SessionsView)?;
    Ok(sql::find_session_facts(conn, scope, session_key).await?)
}

/// Sessions of this Acct-Session-Id, the newest first, at most `limit`.
pub async fn list_sessions_of_id(
    conn: &mut Conn,
    scope: &Scope,
    acct_session_id: &str,
    limit: i64,
) -> Result<Vec<SessionLine>, SessionError> {
    scope.require(Capability::SessionsView)?;
    Ok(sql::list_sessions_of_id(conn, scope, acct_session_id, limit).await?)
}

/// How many sessions are open just now.
pub async fn count_open_sessions(conn: &mut Conn, scope: &Scope) -> Result<i64, SessionError> {
    scope.require(Capability::SessionsView)?;
    Ok(sql::count_open(conn, scope).await?)
}

/// How many sessions began since an instant of the last hours.
pub async fn count_begun_sessions(conn: &mut Conn, scope: &Scope, since: UnixMs) -> Result<i64, SessionError> {
    scope.require(Capability::SessionsView)?;
    Ok(sql::count_begun(conn, scope, since).await?)
}

/// A customer's open sessions, as live sessions.
pub async fn list_open_sessions_of(conn: &mut Conn, scope: &Scope, id: CustomerId) -> Result<Vec<LiveSession>, SessionError> {
    scope.require(Capability::SessionsView)?;
    Ok(sql::list_open_sessions_of(conn, scope, id).await?)
}

/// Usage after `(session_key, bucket_at, charging_class)`, in that order.
pub async fn list_usage_after(
    conn: &mut Conn,
    scope: &Scope,
    after: (&[u8], i64, i64),
    limit: i64,
) -> Result<Vec<UsageLine>, SessionError> {
    scope.require(Capability::SessionsView)?;
    Ok(sql::list_usage_after(conn, scope, after, limit).await?)
}

/// A session's usage, in order of its buckets.
pub async fn list_usage_of_session(conn: &mut Conn, scope: &Scope, session_key: &[u8]) -> Result<Vec<UsageLine>, SessionError> {
    scope.require(Capability::SessionsView)?;
    Ok(sql::list_usage_of_session(conn, scope, session_key).await?)
}

/// A customer's usage in buckets that begin at or after an instant, the newest first, at most `limit`.
pub async fn list_usage_of_customer(
    conn: &mut Conn,
    scope: &Scope,
    customer: CustomerId,
    since: UnixMs,
    limit: i64,
) -> Result<Vec<UsageLine>, SessionError> {
    scope.require(Capability::SessionsView)?;
    Ok(sql::list_usage_of_customer(conn, scope, customer, since, limit).await?)
}

/// What a customer was charged with in each bucket that begins at or after an instant, all his sessions together, oldest first.
pub async fn list_charged_buckets(
    conn: &mut Conn,
    scope: &Scope,
    customer: CustomerId,
    since: UnixMs,
) -> Result<Vec<BucketSum>, SessionError> {
    scope.require(Capability::SessionsView)?;
    Ok(sql::list_charged_buckets(conn, scope, customer, since).await?)
}
