//! How many sessions there are just now, for the home page. Of a subtree its customers' count, not nobody's: a list of its customers is made once, instead of looking
//! up each session's owner.

use crate::accounts::Scope;
use crate::store::{Conn, StoreError};
use crate::units::UnixMs;
use crate::{q, seen_accounts};

macro_rules! of_seen {
    () => {
        concat!(
            "($2 = '' OR s.customer_id IN (SELECT c.id FROM customers c WHERE c.tenant_id = $1 AND c.owner_id IN ",
            seen_accounts!("$2", "$3"),
            "))"
        )
    };
}

/// Sessions that are open.
pub(in crate::sessions) async fn count_open(conn: &mut Conn, scope: &Scope) -> Result<i64, StoreError> {
    let (from, to) = scope.owners();
    let (count,): (i64,) = q!(one conn, (i64,), concat!("SELECT COUNT(*) FROM sessions s WHERE s.tenant_id = $1 AND s.ended_at IS NULL AND ", of_seen!()),
        scope.tenant().0, from, to)?;
    Ok(count)
}

/// Sessions that began since an instant. Keys begin with nearly the time of the start, so the newest ones are a range of them.
pub(in crate::sessions) async fn count_begun(conn: &mut Conn, scope: &Scope, since: UnixMs) -> Result<i64, StoreError> {
    // a key may be older than the start that it stands for: a token is issued with the login
    const EARLIER_MS: i64 = 60_000;
    let (from, to) = scope.owners();
    let key = key_at(since - EARLIER_MS);
    let (count,): (i64,) = q!(one conn, (i64,), concat!("SELECT (SELECT COUNT(*) FROM sessions s WHERE s.tenant_id = $1 AND s.session_key >= $4 AND s.started_at >= $5 AND ",
        of_seen!(), ") + (SELECT COUNT(*) FROM closed_sessions s WHERE s.tenant_id = $1 AND s.session_key >= $4 AND s.started_at >= $5 AND ", of_seen!(), ")"),
        scope.tenant().0, from, to, &key[..], since)?;
    Ok(count)
}

/// The first of the keys that begin with an instant.
fn key_at(at: UnixMs) -> [u8; 16] {
    let mut key = [0; 16];
    key[..6].copy_from_slice(&at.max(0).to_be_bytes()[2..]);
    key
}
