//! SQL that reads the audit log; `store/audit.rs` writes it.

use std::net::IpAddr;

use jiff::tz::TimeZone;
use serde::Serialize;

use crate::accounts::{AUDIT_FIELDS, Scope, account_key};
use crate::lists::{Filter, Means, Start, Test, push_filter};
use crate::store::{Conn, Statement, StoreError};
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

/// Which lines to list, and what instants mean.
#[derive(Debug, Clone)]
pub struct AuditQuery {
    /// Which; of [`AUDIT_FIELDS`](crate::accounts::AUDIT_FIELDS).
    pub filter: Filter,
    /// Whether the first come first.
    pub oldest_first: bool,
    /// Now.
    pub now: UnixMs,
    /// The tenant's zone.
    pub zone: TimeZone,
}

impl AuditQuery {
    /// What a text finds, the newest first.
    pub fn read(text: &str, now: UnixMs, zone: TimeZone) -> Result<AuditQuery, String> {
        let (filter, wrong) = Filter::read(text, AUDIT_FIELDS);
        if wrong.is_empty() { Ok(AuditQuery { filter, oldest_first: false, now, zone }) } else { Err(wrong.join("; ")) }
    }
}

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

/// A page of the lines that the scope sees; the key of a page is a line's number. Lines are: what was done to accounts of its subtree and to what they own, what these
/// accounts did to things that are nobody's, and for a scope over the whole tenant everything. Not what they did to others' things, before they were moved here.
pub async fn list_audit(
    conn: &mut Conn,
    scope: &Scope,
    query: &AuditQuery,
    start: Start<i64>,
    limit: i64,
) -> Result<Vec<AuditRecord>, StoreError> {
    let mut statement = Statement::new();
    statement.push("SELECT seq, at, actor_id, actor, on_behalf_of, source, verb, kind, object_id, object, changes, request_id, ip");
    found(&mut statement, conn, scope, query, true).await?;
    let (key, is_back) = start.parts();
    let is_up = query.oldest_first != is_back;
    if let Some(seq) = key {
        statement.push(if is_up { " AND seq > " } else { " AND seq < " }).number(seq);
    }
    statement.push(if is_up { " ORDER BY seq LIMIT " } else { " ORDER BY seq DESC LIMIT " }).number(limit);
    let rows: Vec<AuditRow> = statement.fetch(conn).await?;
    let mut records: Vec<AuditRecord> = rows.into_iter().map(into_record).collect();
    if is_back {
        records.reverse();
    }
    Ok(records)
}

/// How many lines there are, at most `most`.
pub async fn count_audit(conn: &mut Conn, scope: &Scope, query: &AuditQuery, most: i64) -> Result<i64, StoreError> {
    let mut statement = Statement::new();
    statement.push("SELECT COUNT(*) FROM (SELECT 1 AS one");
    found(&mut statement, conn, scope, query, false).await?;
    statement.push(" LIMIT ").number(most).push(") AS lines");
    Ok(statement.fetch::<(i64,)>(conn).await?.first().map_or(0, |(n,)| *n))
}

/// Adds where the lines are that the scope sees and the filter finds.
async fn found(statement: &mut Statement, conn: &mut Conn, scope: &Scope, query: &AuditQuery, walks: bool) -> Result<(), StoreError> {
    let (from, to) = scope.subtree();
    statement.keep_number(scope.tenant().0).keep_text(from).keep_text(to);
    statement.push(" FROM audit_log WHERE tenant_id = $1");
    if !scope.sees_whole_tenant() {
        statement.push(SEEN);
    }
    let (own, plain): (Vec<_>, Vec<_>) = query.filter.conditions.iter().cloned().partition(|c| matches!(c.field.name, "actor" | "id"));
    for condition in &own {
        let Test::OneOf(values) = &condition.test else { continue };
        statement.push(if condition.negated { " AND NOT COALESCE((" } else { " AND (" });
        for (at, value) in values.iter().enumerate() {
            statement.push(if at == 0 { "" } else { " OR " });
            match condition.field.name {
                "actor" => push_actor(statement, find_actor(conn, scope, value).await?, value),
                _ => match value.parse() {
                    Ok(id) => drop(statement.push("object_id = ").number(id)),
                    Err(_) => drop(statement.push("FALSE")),
                },
            }
        }
        statement.push(if condition.negated { "), FALSE)" } else { ")" });
    }
    let plain = Filter { conditions: plain, words: query.filter.words.clone() };
    push_filter(statement, &plain, query.now, &query.zone, |field| means(field, walks), &["LOWER(object)", "LOWER(actor)"]);
    Ok(())
}

/// ` AND` that a line is of the scope's subtree: `$1` tenant, `$2` and `$3` its paths.
const SEEN: &str = " AND ((owner_id IS NULL AND actor_id IN (SELECT id FROM accounts WHERE tenant_id = $1 AND path >= $2 AND path < $3)) \
    OR owner_id IN (SELECT id FROM accounts WHERE tenant_id = $1 AND path >= $2 AND path < $3))";

fn means(field: &str, walks: bool) -> Means {
    match field {
        "verb" => Means::Word("verb"),
        "kind" => Means::Word("kind"),
        "source" => Means::Word("source"),
        "object" => Means::Text("LOWER(object)"),
        "as" => Means::Word("on_behalf_of"),
        "ip" => Means::Word("ip"),
        // a page is walked to in the order of numbers, however many an index of instants has
        _ if walks => Means::Instant("+at"),
        _ => Means::Instant("at"),
    }
}

/// An account is found by its id, whatever it was called when it acted.
fn push_actor(to: &mut Statement, id: Option<i64>, name: &str) {
    match id {
        Some(id) => to.push("actor_id = ").number(id),
        None => to.push("actor = ").text(name),
    };
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

/// How SQLite finds a page, for a test.
#[cfg(test)]
pub(in crate::accounts) async fn explain_audit(conn: &mut Conn, scope: &Scope, query: &AuditQuery) -> Result<String, StoreError> {
    let mut statement = Statement::new();
    statement.push("EXPLAIN QUERY PLAN SELECT seq");
    found(&mut statement, conn, scope, query, true).await?;
    statement.push(" ORDER BY seq DESC LIMIT 51");
    let steps: Vec<(i64, i64, i64, String)> = statement.fetch(conn).await?;
    Ok(steps.into_iter().map(|(_, _, _, step)| step).collect::<Vec<_>>().join("; "))
}
