//! SQL that reads the audit log; `store/audit.rs` writes it.

use std::net::IpAddr;

use serde::Serialize;

use crate::accounts::Scope;
use crate::q;
use crate::store::{Conn, StoreError};
use crate::units::{AccountId, UnixMs};

/// One line of the audit log.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct AuditRecord {
    /// Its number, without gaps over the whole server.
    pub seq: i64,
    /// When.
    pub at: UnixMs,
    /// Who really acted.
    pub actor_id: Option<AccountId>,
    /// His name, or `cli:<unix user>`.
    pub actor: String,
    /// As whom, if he looked through another's eyes; else empty.
    pub on_behalf_of: String,
    /// Through what.
    pub source: String,
    /// What was done, such as `customer.set`.
    pub verb: String,
    /// To a row of which table.
    pub kind: String,
    /// Which row.
    pub object_id: String,
    /// Its name for people.
    pub object: String,
    /// `{"field": [before, after]}`, secrets hidden.
    pub changes: serde_json::Value,
    /// The request.
    pub request_id: String,
    /// Where it came from.
    pub ip: Option<IpAddr>,
}

#[derive(sqlx::FromRow)]
struct AuditRow {
    seq: i64,
    at: i64,
    actor_id: Option<i64>,
    actor: String,
    on_behalf_of: String,
    source: String,
    verb: String,
    kind: String,
    object_id: i64,
    object: String,
    changes: String,
    request_id: String,
    ip: String,
}

/// Which lines to list; empty means all.
#[derive(Debug, Clone, Default)]
pub struct AuditFilter {
    /// Verbs that begin so: `customer.` or `customer.set`.
    pub verb_prefix: String,
    /// Who, by his name in the log.
    pub actor: String,
    /// Rows of this table.
    pub kind: String,
    /// This row.
    pub object_id: Option<i64>,
    /// From this instant on.
    pub since: Option<UnixMs>,
}

/// Lines that the scope sees, the newest first, before a number, at most `limit`: what accounts of its subtree did, what was done to
/// them and to what they own, and for a scope over the whole tenant everything.
pub async fn list_audit(
    conn: &mut Conn,
    scope: &Scope,
    filter: &AuditFilter,
    before: i64,
    limit: i64,
) -> Result<Vec<AuditRecord>, StoreError> {
    let (from, to) = scope.subtree();
    let whole = scope.sees_whole_tenant();
    let prefix = filter.verb_prefix.as_str();
    let rows = q!(all conn, AuditRow, "SELECT seq, at, actor_id, actor, on_behalf_of, source, verb, kind, object_id, object, changes, request_id, ip \
        FROM audit_log WHERE tenant_id = $1 AND seq < $2 AND ($3 \
            OR actor_id IN (SELECT id FROM accounts WHERE tenant_id = $1 AND path >= $4 AND path < $5) \
            OR owner_id IN (SELECT id FROM accounts WHERE tenant_id = $1 AND path >= $4 AND path < $5)) \
        AND substr(verb, 1, $6) = $7 AND ($8 = '' OR actor = $8) AND ($9 = '' OR kind = $9) AND ($10 = 0 OR object_id = $10) AND at >= $11 \
        ORDER BY seq DESC LIMIT $12",
        scope.tenant().0, before, whole, from, to, prefix.len() as i32, prefix, &filter.actor, &filter.kind, filter.object_id.unwrap_or(0),
        filter.since.unwrap_or(0), limit)?;
    Ok(rows.into_iter().map(into_record).collect())
}

fn into_record(row: AuditRow) -> AuditRecord {
    AuditRecord {
        seq: row.seq,
        at: row.at,
        actor_id: row.actor_id.map(AccountId),
        actor: row.actor,
        on_behalf_of: row.on_behalf_of,
        source: row.source,
        verb: row.verb,
        kind: row.kind,
        object_id: row.object_id.to_string(),
        object: row.object,
        changes: serde_json::from_str(&row.changes).unwrap_or_default(),
        request_id: row.request_id,
        ip: row.ip.parse().ok(),
    }
}

/// What nobody may do, for a test.
// cross-tenant: the whole log
#[cfg(test)]
pub(in crate::accounts) async fn try_to_change_the_audit_log(db: &crate::store::Db) -> [Result<u64, StoreError>; 2] {
    let mut tx = db.begin().await.expect("a transaction");
    let removed = q!(exec tx, "DELETE FROM audit_log");
    drop(tx);
    let mut tx = db.begin().await.expect("a transaction");
    [removed, q!(exec tx, "UPDATE audit_log SET actor = 'nobody'")]
}
