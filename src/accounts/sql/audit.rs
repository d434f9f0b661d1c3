//! SQL that reads the audit log; `store/audit.rs` writes it.

use std::net::IpAddr;

use serde::Serialize;

use crate::accounts::{Scope, account_key};
use crate::store::{Conn, StoreError};
use crate::units::{AccountId, UnixMs};
use crate::{is_seen, q};

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
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AuditFilter {
    /// Verbs that begin so: `customer.` or `customer.set`.
    pub verb_prefix: String,
    /// Who: an account by its present name, or a name as the log has it, such as `cli:root`.
    pub actor: String,
    /// Rows of this table.
    pub kind: String,
    /// This row.
    pub object_id: Option<i64>,
    /// Rows whose name began so when it was done.
    pub object_prefix: String,
    /// Through what, such as `panel`.
    pub source: String,
    /// From this instant on.
    pub since: Option<UnixMs>,
    /// Before this instant.
    pub until: Option<UnixMs>,
}

/// The statement, with what is said twice where it lets an index be used: a condition that may be switched off is none to a planner.
macro_rules! list_audit_sql {
    ($indexed:literal) => {
        concat!(
            "SELECT seq, at, actor_id, actor, on_behalf_of, source, verb, kind, object_id, object, changes, request_id, ip \
        FROM audit_log WHERE tenant_id = $1 AND seq < $2 AND ($3 \
            OR (owner_id IS NULL AND actor_id IN (SELECT id FROM accounts WHERE tenant_id = $1 AND path >= $4 AND path < $5)) \
            OR owner_id IN (SELECT id FROM accounts WHERE tenant_id = $1 AND path >= $4 AND path < $5)) \
        AND substr(verb, 1, $6) = $7 AND ($8 = '' OR actor = $8) AND ($9 = '' OR kind = $9) AND ($10 = 0 OR object_id = $10) AND at >= $11 AND at < $12 \
        AND ($13 = '' OR source = $13) AND substr(object, 1, $14) = $15 AND ($16 = 0 OR actor_id = $16) ",
            $indexed,
            "ORDER BY seq DESC LIMIT $17"
        )
    };
}
const BY_TENANT: &str = list_audit_sql!("");
const BY_OBJECT: &str = list_audit_sql!("AND kind = $9 AND object_id = $10 ");
const BY_ACTOR: &str = list_audit_sql!("AND actor_id = $16 ");

/// Who looked through the acting account's eyes, the newest first: for its holder, whatever else of the log he may read.
pub async fn list_looks_at(conn: &mut Conn, scope: &Scope, limit: i64) -> Result<Vec<AuditRecord>, StoreError> {
    let Some(own) = scope.acting() else { return Ok(Vec::new()) };
    let rows = q!(all conn, AuditRow, "SELECT seq, at, actor_id, actor, on_behalf_of, source, verb, kind, object_id, object, changes, request_id, ip \
        FROM audit_log WHERE tenant_id = $1 AND kind = 'accounts' AND object_id = $2 AND verb = 'impersonation.begin' ORDER BY seq DESC LIMIT $3",
        scope.tenant().0, own.0, limit)?;
    Ok(rows.into_iter().map(into_record).collect())
}

/// What was done to one thing, the newest first, before a number: for whoever sees the thing itself, whatever else of the log he may read. The caller has found it under
/// his scope; what was done while it belonged to somebody whom he does not see stays theirs.
pub async fn list_timeline(
    conn: &mut Conn,
    scope: &Scope,
    kind: &str,
    object_id: i64,
    before: i64,
    limit: i64,
) -> Result<Vec<AuditRecord>, StoreError> {
    let (from, to) = scope.owners();
    let rows = q!(all conn, AuditRow, concat!("SELECT seq, at, actor_id, actor, on_behalf_of, source, verb, kind, object_id, object, changes, request_id, ip \
        FROM audit_log WHERE tenant_id = $1 AND kind = $2 AND object_id = $3 AND seq < $4 AND ", is_seen!("owner_id", "$6", "$7"), " ORDER BY seq DESC LIMIT $5"),
        scope.tenant().0, kind, object_id, before, limit, from, to)?;
    Ok(rows.into_iter().map(into_record).collect())
}

/// Lines that the scope sees, the newest first, before a number, at most `limit`: what was done to accounts of its subtree and to what they own, what these accounts did
/// to things that are nobody's, and for a scope over the whole tenant everything. Not what they did to others' things, before they were moved here.
pub async fn list_audit(
    conn: &mut Conn,
    scope: &Scope,
    filter: &AuditFilter,
    before: i64,
    limit: i64,
) -> Result<Vec<AuditRecord>, StoreError> {
    // an account is found by its id, whatever it was called when it acted
    let actor_id = match filter.actor.as_str() {
        "" => None,
        name => find_actor(conn, scope, name).await?,
    };
    let statement = match (filter.object_id, actor_id) {
        (Some(_), _) if !filter.kind.is_empty() => BY_OBJECT,
        (_, Some(_)) => BY_ACTOR,
        _ => BY_TENANT,
    };
    let (from, to) = scope.subtree();
    let (whole, tenant) = (scope.sees_whole_tenant(), scope.tenant().0);
    let (verb, object) = (filter.verb_prefix.as_str(), filter.object_prefix.as_str());
    let (verb_chars, object_chars) = (verb.chars().count() as i32, object.chars().count() as i32);
    let actor = if actor_id.is_some() { "" } else { filter.actor.as_str() };
    let (since, until) = (filter.since.unwrap_or(0), filter.until.unwrap_or(i64::MAX));
    let (object_id, actor_id) = (filter.object_id.unwrap_or(0), actor_id.unwrap_or(0));
    let rows = q!(all conn, AuditRow, statement, tenant, before, whole, from, to, verb_chars, verb, actor, &filter.kind, object_id, since, until,
        &filter.source, object_chars, object, actor_id, limit)?;
    Ok(rows.into_iter().map(into_record).collect())
}

/// The account of this name, if it is the tenant's. It says nothing by itself: lines are shown as far as the scope sees them.
async fn find_actor(conn: &mut Conn, scope: &Scope, name: &str) -> Result<Option<i64>, StoreError> {
    let row = q!(opt conn, (i64,), "SELECT id FROM accounts WHERE name_key = $2 AND tenant_id = $1", scope.tenant().0, account_key(name))?;
    Ok(row.map(|(id,)| id))
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

/// How SQLite would run each of the statements, for a test.
// cross-tenant: runs none of them
#[cfg(test)]
pub(in crate::accounts) async fn explain_audit(conn: &mut Conn) -> Result<Vec<String>, StoreError> {
    let mut plans = Vec::new();
    const STATEMENTS: [&str; 3] = [
        concat!("EXPLAIN QUERY PLAN ", list_audit_sql!("")),
        concat!("EXPLAIN QUERY PLAN ", list_audit_sql!("AND kind = $9 AND object_id = $10 ")),
        concat!("EXPLAIN QUERY PLAN ", list_audit_sql!("AND actor_id = $16 ")),
    ];
    for statement in STATEMENTS {
        let steps = q!(all conn, (i64, i64, i64, String), statement)?;
        plans.push(steps.into_iter().map(|(_, _, _, step)| step).collect::<Vec<_>>().join("; "));
    }
    Ok(plans)
}
