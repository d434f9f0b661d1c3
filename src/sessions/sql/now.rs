//! How many sessions there are just now, for the home page. Of a subtree its customers' count, not nobody's.

use crate::accounts::Scope;
use crate::store::{Conn, StoreError};
use crate::units::UnixMs;
use crate::{customer_is_seen, q, seen_accounts};

/// Sessions that are open.
pub(in crate::sessions) async fn count_open(conn: &mut Conn, scope: &Scope) -> Result<i64, StoreError> {
    let (from, to) = scope.owners();
    let has_all = owns_all(conn, scope).await?;
    let (count,): (i64,) = q!(one conn, (i64,), concat!("SELECT COUNT(*) FROM sessions s WHERE s.tenant_id = $1 AND s.ended_at IS NULL AND ($2 = '' \
        OR ($4 AND s.customer_id IS NOT NULL) OR s.customer_id IN (SELECT c.id FROM customers c WHERE c.tenant_id = $1 AND c.owner_id IN ", seen_accounts!("$2", "$3"), "))"),
        scope.tenant().0, from, to, has_all)?;
    Ok(count)
}

/// Whether nobody outside of the scope's subtree has customers: then all of the tenant are its own, which needs no list of them.
async fn owns_all(conn: &mut Conn, scope: &Scope) -> Result<bool, StoreError> {
    let (from, to) = scope.owners();
    let (others,): (i64,) = q!(one conn, (i64,), "SELECT COUNT(*) FROM (SELECT a.id FROM accounts a WHERE a.tenant_id = $1 AND NOT (a.path >= $2 AND a.path < $3) \
        AND EXISTS (SELECT 1 FROM customers c WHERE c.owner_id = a.id) LIMIT 1) AS others", scope.tenant().0, from, to)?;
    Ok(others == 0)
}

/// Sessions that began since an instant. Keys begin with nearly the time of the start, so the newest ones are a range of them.
pub(in crate::sessions) async fn count_begun(conn: &mut Conn, scope: &Scope, since: UnixMs) -> Result<i64, StoreError> {
    // a key may be older than the start that it stands for: a token is issued with the login
    const EARLIER_MS: i64 = 60_000;
    let (from, to) = scope.owners();
    let key = key_at(since - EARLIER_MS);
    // they are few: each is looked up
    let (count,): (i64,) = q!(one conn, (i64,), concat!("SELECT (SELECT COUNT(*) FROM sessions s WHERE s.tenant_id = $1 AND s.session_key >= $4 AND s.started_at >= $5 AND ",
        customer_is_seen!("s.customer_id", "$2", "$3"), ") + (SELECT COUNT(*) FROM closed_sessions s WHERE s.tenant_id = $1 AND s.session_key >= $4 AND s.started_at >= $5 AND ",
        customer_is_seen!("s.customer_id", "$2", "$3"), ")"),
        scope.tenant().0, from, to, &key[..], since)?;
    Ok(count)
}

/// The first of the keys that begin with an instant.
fn key_at(at: UnixMs) -> [u8; 16] {
    let mut key = [0; 16];
    key[..6].copy_from_slice(&at.max(0).to_be_bytes()[2..]);
    key
}
