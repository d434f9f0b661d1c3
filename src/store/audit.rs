//! What the audit log is told: who changed what, written by the commit of the transaction that changes it. Entries are numbered without gaps in commit
//! order and are never changed or removed (triggers of the database refuse it), so that a missing one is noticed. Reading is `accounts/`'s work.

use std::net::IpAddr;

use serde::Serialize;
use serde_json::{Map, Value, json};

use super::{Conn, StoreError};
use crate::q;
use crate::units::words;

/// Through what a change came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Source {
    /// A page of the panel.
    Panel,
    /// The API.
    Api,
    /// A command of the command line.
    Cli,
    /// A scheduled job.
    Job,
    /// Something that a router said.
    Router,
    /// The program by itself.
    #[default]
    Server,
}
words!(Source, "a source", "panel" = Panel, "api" = Api, "cli" = Cli, "job" = Job, "router" = Router, "server" = Server);

/// In whose name a handle of the store makes changes.
#[derive(Debug, Clone, Default)]
pub struct Origin {
    /// The account that really acts; `None` for the command line, jobs and the program itself.
    pub account_id: Option<i64>,
    /// Its name, or `cli:<unix user>`, `job:<name>`; empty means the program itself.
    pub actor: String,
    /// As whom it acts, if it looks through another account's eyes: id and name.
    pub on_behalf_of: Option<(i64, String)>,
    /// Through what.
    pub source: Source,
    /// Names the request in logs and answers; empty where there is none.
    pub request_id: String,
    /// Where the request came from.
    pub ip: Option<IpAddr>,
}

/// One line of the audit log to be.
#[derive(Debug, Clone)]
pub struct AuditEntry {
    tenant_id: i64,
    verb: &'static str,
    kind: &'static str,
    object_id: i64,
    object: String,
    before: Value,
    after: Value,
    notes: Map<String, Value>,
    owner: Option<i64>,
}

/// Fields whose values never stand in the log, wherever they come from: a last net below rooms that serialise no secrets anyway.
const SECRET_WORDS: [&str; 8] = ["password", "secret", "token", "totp", "hash", "pin", "recovery", "sealed"];
/// Fields that say nothing: they change with every change.
const SILENT: [&str; 1] = ["updated_at"];
/// Longest text of one value, in characters.
const MOST_CHARS: usize = 300;
const HIDDEN: &str = "(hidden)";

impl AuditEntry {
    /// `verb` such as `customer.set`; `kind` is the table; `object` is the name by which people know the row.
    pub fn new(tenant_id: i64, verb: &'static str, kind: &'static str, object_id: i64, object: &str) -> AuditEntry {
        AuditEntry {
            tenant_id,
            verb,
            kind,
            object_id,
            object: object.to_owned(),
            before: Value::Null,
            after: Value::Null,
            notes: Map::new(),
            owner: None,
        }
    }

    /// The row before the change. Only fields that differ are kept.
    pub fn before(mut self, row: &impl Serialize) -> AuditEntry {
        self.before = serde_json::to_value(row).unwrap_or_default();
        self
    }

    /// The row after the change.
    pub fn after(mut self, row: &impl Serialize) -> AuditEntry {
        self.after = serde_json::to_value(row).unwrap_or_default();
        self
    }

    /// Whose data it is, where neither row says so in `owner_id`.
    pub fn owned_by(mut self, account_id: Option<i64>) -> AuditEntry {
        self.owner = account_id;
        self
    }

    /// Something that is no field, such as a reason or a count.
    pub fn note(mut self, name: &str, value: impl Serialize) -> AuditEntry {
        self.notes.insert(name.to_owned(), json!([null, serde_json::to_value(value).unwrap_or_default()]));
        self
    }

    /// A secret that was set; its value is not said.
    pub fn secret(mut self, name: &str) -> AuditEntry {
        self.notes.insert(name.to_owned(), json!([HIDDEN, HIDDEN]));
        self
    }

    /// The account whose data it is, as the row says; who sees that account sees the line.
    fn owner(&self) -> Option<i64> {
        let of = |row: &Value| row.get("owner_id").and_then(Value::as_str).and_then(|id| id.parse().ok());
        match self.kind {
            "accounts" => Some(self.object_id),
            _ => self.owner.or_else(|| of(&self.after)).or_else(|| of(&self.before)),
        }
    }

    /// `{"field": [before, after], ...}`.
    fn changes(&self) -> Value {
        let empty = Map::new();
        let fields = |value: &Value| value.as_object().cloned().unwrap_or_else(|| empty.clone());
        let (before, after) = (fields(&self.before), fields(&self.after));
        let mut names: Vec<&String> = before.keys().chain(after.keys()).collect();
        names.sort_unstable();
        names.dedup();
        let mut changes = Map::new();
        for name in names {
            let (from, to) = (before.get(name).unwrap_or(&Value::Null), after.get(name).unwrap_or(&Value::Null));
            if from != to && !SILENT.contains(&name.as_str()) {
                changes.insert(name.clone(), json!([said(name, from), said(name, to)]));
            }
        }
        changes.extend(self.notes.clone());
        Value::Object(changes)
    }
}

/// A value as the log may hold it.
fn said(name: &str, value: &Value) -> Value {
    match value {
        Value::Null => Value::Null,
        _ if SECRET_WORDS.iter().any(|word| name.to_lowercase().contains(word)) => json!(HIDDEN),
        Value::String(text) if text.chars().count() > MOST_CHARS => {
            json!(text.chars().take(MOST_CHARS).chain(['…']).collect::<String>())
        }
        Value::Object(fields) => fields.iter().map(|(name, value)| (name.clone(), said(name, value))).collect(),
        Value::Array(items) => items.iter().map(|item| said(name, item)).collect(),
        other => other.clone(),
    }
}

/// Writes the entries. Numbers come from a row that stays locked until the commit, which only the feed's head follows.
pub(super) async fn publish(conn: &mut Conn, origin: &Origin, entries: &[AuditEntry], now: i64) -> Result<(), StoreError> {
    let count = entries.len() as i64;
    let (last,): (i64,) = q!(one conn, (i64,), "UPDATE audit_head SET seq = seq + $1 WHERE id = 1 RETURNING seq", count)?;
    let actor = if origin.actor.is_empty() { "server" } else { &origin.actor };
    let (behalf_id, behalf) = origin.on_behalf_of.as_ref().map_or((None, ""), |(id, name)| (Some(*id), name));
    let ip = origin.ip.map(|ip| ip.to_string()).unwrap_or_default();
    for (seq, e) in (last - count + 1..).zip(entries) {
        q!(exec conn, "INSERT INTO audit_log (seq, tenant_id, at, actor_id, actor, on_behalf_id, on_behalf_of, source, verb, kind, object_id, object, \
            owner_id, changes, request_id, ip) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)",
            seq, e.tenant_id, now, origin.account_id, actor, behalf_id, behalf, origin.source.as_str(), e.verb, e.kind, e.object_id, &e.object,
            e.owner(), e.changes().to_string(), &origin.request_id, &ip)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_differs_is_kept_and_secrets_are_not() {
        let before = json!({ "name": "a", "rate": 5, "password": "x", "updated_at": 1, "deep": { "secret": "s", "n": 1 } });
        let after = json!({ "name": "a", "rate": 6, "password": "y", "updated_at": 2, "deep": { "secret": "t", "n": 2 }, "new": [1] });
        let entry =
            AuditEntry::new(1, "customer.set", "customers", 2, "bob").before(&before).after(&after).note("reason", "unpaid").secret("pin");
        assert_eq!(
            entry.changes(),
            json!({
                "rate": [5, 6],
                "password": [HIDDEN, HIDDEN],
                "deep": [{ "secret": HIDDEN, "n": 1 }, { "secret": HIDDEN, "n": 2 }],
                "new": [null, [1]],
                "reason": [null, "unpaid"],
                "pin": [HIDDEN, HIDDEN],
            })
        );
        assert!(!entry.changes().to_string().contains("\"x\""));
        let long = AuditEntry::new(1, "a.b", "c", 2, "").after(&json!({ "note": "é".repeat(400) })).changes();
        assert_eq!(long["note"][1].as_str().map(|t| t.chars().count()), Some(MOST_CHARS + 1));
    }
}
