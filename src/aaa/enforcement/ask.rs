//! What people ask of enforcement: which actions there are, which routers are silent, and that a session ends.

use super::row::ActionRow;
use super::{ActionLine, sql};
use crate::accounts::Scope;
use crate::accounts::capability::Capability;
use crate::sessions::SessionError;
use crate::store::{Conn, Db, IdMaker, StoreError};
use crate::units::UnixMs;

/// The newest actions about sessions that the scope sees, newest first; of one user name if it is not empty; only drift if that is wanted (also while it is being tried again).
pub async fn list_action_lines(
    conn: &mut Conn,
    scope: &Scope,
    username: &str,
    drift: bool,
    limit: i64,
) -> Result<Vec<ActionLine>, SessionError> {
    scope.require(Capability::SessionsView)?;
    Ok(sql::list_action_lines(conn, scope, username, drift, limit).await?)
}

/// Routers with unfinished actions that they do not answer: name, port and how many.
pub async fn list_coa_silence(conn: &mut Conn, scope: &Scope) -> Result<Vec<(String, i64, i64)>, SessionError> {
    scope.require(Capability::RoutersView)?;
    Ok(sql::list_coa_silence(conn, scope).await?)
}

/// Writes the wish that every open session of an Acct-Session-Id or user name ends; a running server takes it up within a second. Returns the sessions' ids.
pub async fn ask_disconnect(db: &Db, ids: &IdMaker, scope: &Scope, id_or_username: &str, now: UnixMs) -> Result<Vec<String>, SessionError> {
    scope.require(Capability::SessionsDisconnect)?;
    let mut tx = db.begin().await?;
    let sessions = sql::list_open(&mut tx, scope, id_or_username).await?;
    for session in &sessions {
        let id = ids.next(now);
        let row = ActionRow {
            serial: 0,
            id: Some(id),
            tenant_id: scope.tenant().0,
            router_id: session.router_id,
            nas_instance: session.nas_instance,
            session_key: session.session_key[..].try_into().map_err(|_| StoreError::Unexpected("a session key".into()))?,
            customer_id: session.customer_id.unwrap_or(0),
            acct_session_id: session.acct_session_id.clone(),
            username: session.username.clone(),
            kind: super::ActionKind::Disconnect,
            reason: super::Reason::Staff.code(),
            wanted: String::new(),
            granted: Vec::new(),
            state: super::ActionState::Waiting,
            note: String::new(),
            tries: 0,
            error_cause: None,
            next_try_at: now,
            created_at: now,
            updated_at: now,
        };
        sql::upsert_action(&mut tx, scope.tenant(), id, &row).await?;
        tx.changed(scope.tenant().0, "actions", id);
    }
    tx.commit(now).await?;
    Ok(sessions.into_iter().map(|s| s.acct_session_id).collect())
}
