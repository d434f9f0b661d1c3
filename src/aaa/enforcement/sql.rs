//! All SQL of enforcement.

use serde::Serialize;

use super::row::{ActionRow, StoredAction};
use crate::accounts::Scope;
use crate::store::{Conn, StoreError};
use crate::units::{TenantId, UnixMs};
use crate::{is_seen, q, session_is_seen};

const UNFINISHED: &str = "SELECT id, tenant_id, router_id, nas_instance, session_key, COALESCE(customer_id, 0), acct_session_id, username, kind, reason, state, \
    note, tries, next_try_at, created_at, updated_at FROM actions WHERE id > $1 AND id <= $2 \
    AND state IN ('waiting', 'sent', 'acknowledged', 'drift') ORDER BY id LIMIT $3";

type UnfinishedRow = (i64, i64, i64, i64, Vec<u8>, i64, String, String, String, String, String, String, i64, i64, i64, i64);

/// Unfinished actions after an id up to another one, in id order.
// cross-tenant: a server enforces for all tenants
pub(super) async fn list_unfinished(conn: &mut Conn, after: i64, last: i64, limit: i64) -> Result<Vec<StoredAction>, StoreError> {
    let rows: Vec<UnfinishedRow> = q!(all conn, UnfinishedRow, UNFINISHED, after, last, limit)?;
    rows.into_iter()
        .map(|r| {
            Ok(StoredAction {
                id: r.0,
                tenant_id: r.1,
                router_id: r.2,
                nas_instance: r.3,
                session_key: key(&r.4)?,
                customer_id: r.5,
                acct_session_id: r.6,
                username: r.7,
                kind: r.8,
                reason: r.9,
                state: r.10,
                note: r.11,
                tries: u32::try_from(r.12).unwrap_or(0),
                next_try_at: r.13,
                created_at: r.14,
                updated_at: r.15,
            })
        })
        .collect()
}

fn key(octets: &[u8]) -> Result<[u8; 16], StoreError> {
    octets.try_into().map_err(|_| StoreError::Unexpected(format!("a session key of {} octets", octets.len())))
}

/// What routers were told by acknowledged changes of sessions that are open: box, session, Acct-Session-Id and the octets, the oldest first.
// cross-tenant: a server enforces for all tenants
pub(super) async fn list_told(conn: &mut Conn, after: i64, limit: i64) -> Result<Vec<(i64, i64, Vec<u8>, String, Vec<u8>)>, StoreError> {
    q!(all conn, (i64, i64, Vec<u8>, String, Vec<u8>), "SELECT a.id, a.nas_instance, a.session_key, a.acct_session_id, a.granted FROM actions a \
        JOIN sessions s ON s.tenant_id = a.tenant_id AND s.session_key = a.session_key AND s.ended_at IS NULL \
        WHERE a.id > $1 AND a.kind = 'coa' AND LENGTH(a.granted) > 0 ORDER BY a.id LIMIT $2", after, limit)
}

/// Writes an action as it is now.
// cross-tenant: a server enforces for all tenants; a command's actions are about sessions that its scope sees
pub(super) async fn upsert_action(conn: &mut Conn, tenant: TenantId, id: i64, row: &ActionRow) -> Result<u64, StoreError> {
    let customer_id = Some(row.customer_id).filter(|id| *id != 0);
    let proven_at = Some(row.updated_at).filter(|_| row.state == super::ActionState::Proven);
    q!(exec conn, "INSERT INTO actions (id, tenant_id, router_id, nas_instance, session_key, customer_id, acct_session_id, username, kind, reason, wanted, \
        granted, state, note, tries, error_cause, next_try_at, created_at, updated_at, proven_at) \
        VALUES ($2, $1, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20) \
        ON CONFLICT (id) DO UPDATE SET kind = excluded.kind, reason = excluded.reason, wanted = excluded.wanted, granted = excluded.granted, \
        state = excluded.state, note = excluded.note, tries = excluded.tries, error_cause = excluded.error_cause, next_try_at = excluded.next_try_at, \
        updated_at = excluded.updated_at, proven_at = excluded.proven_at",
        tenant.0, id, row.router_id, row.nas_instance, &row.session_key[..], customer_id, &row.acct_session_id, &row.username, row.kind.as_str(),
        row.reason, &row.wanted, &row.granted, row.state.as_str(), &row.note, i64::from(row.tries), row.error_cause.map(i64::from), row.next_try_at,
        row.created_at, row.updated_at, proven_at)
}

/// Removes finished actions last changed before an instant, looking at no more than the `limit` that were made first.
// cross-tenant: retention is the server's own
pub(super) async fn delete_finished(conn: &mut Conn, before: UnixMs, limit: i64) -> Result<u64, StoreError> {
    q!(exec conn, "DELETE FROM actions WHERE updated_at < $1 AND state IN ('proven', 'gone', 'given-up') \
        AND id IN (SELECT id FROM actions ORDER BY id LIMIT $2)", before, limit)
}

/// An open session as a command names it.
#[derive(Debug, Clone, sqlx::FromRow)]
pub(super) struct OpenSession {
    pub session_key: Vec<u8>,
    pub router_id: i64,
    pub nas_instance: i64,
    pub customer_id: Option<i64>,
    pub acct_session_id: String,
    pub username: String,
}

/// Open sessions of an Acct-Session-Id or a user name.
pub(super) async fn list_open(conn: &mut Conn, scope: &Scope, id_or_username: &str) -> Result<Vec<OpenSession>, StoreError> {
    let (from, to) = scope.owners();
    q!(all conn, OpenSession, concat!("SELECT session_key, router_id, nas_instance, customer_id, acct_session_id, username FROM sessions s \
        WHERE s.tenant_id = $1 AND s.ended_at IS NULL AND (s.acct_session_id = $2 OR LOWER(s.username) = LOWER($2)) AND ", session_is_seen!("s", "$3", "$4"),
        " ORDER BY s.session_key"), scope.tenant().0, id_or_username, from, to)
}

/// An action as people see it.
#[derive(Debug, Clone, Serialize, sqlx::FromRow)]
pub struct ActionLine {
    /// Its id.
    pub id: i64,
    /// Name of the router entry, or its id if the entry was removed.
    pub router: String,
    /// Acct-Session-Id.
    pub acct_session_id: String,
    /// User-Name.
    pub username: String,
    /// `coa`, `disconnect` or `kick`.
    pub kind: String,
    /// Code of the reason.
    pub reason: String,
    /// What to change.
    pub wanted: String,
    /// How far it is.
    pub state: String,
    /// Why, in words.
    pub note: String,
    /// Requests so far.
    pub tries: i64,
    /// The router's last Error-Cause.
    pub error_cause: Option<i64>,
    /// When something must happen next, unix ms.
    pub next_try_at: UnixMs,
    /// When the books first wanted it, unix ms.
    pub created_at: UnixMs,
    /// When it last changed, unix ms.
    pub updated_at: UnixMs,
    /// When the network proved it, unix ms.
    pub proven_at: Option<UnixMs>,
}

macro_rules! action_lines {
    ($tenant:literal, $condition:literal) => {
        concat!(
            "SELECT a.id, COALESCE(r.name, CAST(a.router_id AS TEXT)) AS router, a.acct_session_id, a.username, a.kind, a.reason, a.wanted, a.state, a.note, \
             a.tries, a.error_cause, a.next_try_at, a.created_at, a.updated_at, a.proven_at FROM actions a \
             LEFT JOIN routers r ON r.id = a.router_id AND r.tenant_id = a.tenant_id WHERE ",
            $tenant,
            " = $1 AND ($2 = '' OR LOWER(a.username) = LOWER($2)) AND ",
            session_is_seen!("a", "$4", "$5"),
            $condition,
            "ORDER BY a.created_at DESC, a.id DESC LIMIT $3"
        )
    };
}

/// The newest actions, newest first; of one user name if it is not empty; only drift if that is wanted (also while it is being tried again).
pub(super) async fn list_action_lines(
    conn: &mut Conn,
    scope: &Scope,
    username: &str,
    drift: bool,
    limit: i64,
) -> Result<Vec<ActionLine>, StoreError> {
    let (from, to) = scope.owners();
    if drift {
        // by the index of the few that are troubled, never by that of all of the tenant's
        let sql = action_lines!(
            "a.tenant_id + 0",
            " AND a.state IN ('waiting', 'sent', 'acknowledged', 'drift') AND a.note <> '' \
             AND a.state <> 'waiting' AND (a.state = 'drift' OR a.note LIKE 'books %') "
        );
        return q!(all conn, ActionLine, sql, scope.tenant().0, username, limit, from, to);
    }
    q!(all conn, ActionLine, action_lines!("a.tenant_id", " "), scope.tenant().0, username, limit, from, to)
}

/// Routers with unfinished actions that they do not answer: name, port and how many.
pub(super) async fn list_coa_silence(conn: &mut Conn, scope: &Scope) -> Result<Vec<(String, i64, i64)>, StoreError> {
    let (from, to) = scope.owners();
    q!(all conn, (String, i64, i64), concat!("SELECT r.name, r.coa_port, COUNT(*) FROM actions a JOIN routers r ON r.id = a.router_id AND r.tenant_id = a.tenant_id \
        WHERE a.tenant_id + 0 = $1 AND a.state IN ('waiting', 'sent', 'acknowledged', 'drift') AND a.note <> '' AND a.state <> 'acknowledged' \
        AND a.note LIKE '%does not answer CoA%' AND ",
        is_seen!("r.owner_id", "$2", "$3"), " GROUP BY r.name, r.coa_port ORDER BY r.name"), scope.tenant().0, from, to)
}

/// Takes or keeps a router's lease; false if another node has it. It is taken from a node that let it run out, or that has not heard of the router while we have.
// cross-tenant: a node enforces for all tenants
pub(super) async fn upsert_lease(
    conn: &mut Conn,
    tenant: TenantId,
    router_id: i64,
    node: &str,
    heard_at: UnixMs,
    now: UnixMs,
    until: UnixMs,
) -> Result<bool, StoreError> {
    let n = q!(exec conn, "INSERT INTO router_leases (router_id, tenant_id, node, leased_until, heard_at) VALUES ($2, $1, $3, $6, $4) \
        ON CONFLICT (router_id) DO UPDATE SET node = excluded.node, leased_until = excluded.leased_until, heard_at = excluded.heard_at \
        WHERE router_leases.node = excluded.node OR router_leases.leased_until < $5 OR router_leases.heard_at < excluded.heard_at - 30000",
        tenant.0, router_id, node, heard_at, now, until)?;
    Ok(n == 1)
}

/// Routers whose lease another node let run out.
// cross-tenant: a node enforces for all tenants
pub(super) async fn list_orphans(conn: &mut Conn, node: &str, now: UnixMs) -> Result<Vec<(i64, i64)>, StoreError> {
    q!(all conn, (i64, i64), "SELECT router_id, tenant_id FROM router_leases WHERE node <> $1 AND leased_until < $2", node, now)
}

/// Routers on which another node enforces now.
// cross-tenant: a node enforces for all tenants
pub(super) async fn list_foreign(conn: &mut Conn, node: &str, now: UnixMs) -> Result<Vec<(i64,)>, StoreError> {
    q!(all conn, (i64,), "SELECT router_id FROM router_leases WHERE node <> $1 AND leased_until >= $2", node, now)
}
