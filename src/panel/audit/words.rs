//! The audit log in words: what was done, to what, and what changed.

use serde_json::Value;

use crate::accounts::capability::Capability;
use crate::accounts::{AuditRecord, Scope};
use crate::panel::{jobs, roles};
use crate::web::Shell;

/// Longest value on the page, in characters; the file has all of it.
const MOST_CHARS: usize = 160;

/// The text of a word of the log; the word itself where there is none.
pub fn in_words(shell: &Shell, stem: &str, word: &str) -> String {
    let id = format!("{stem}-{}", word.replace(['.', '_'], "-"));
    shell.language.find(&id, &[]).unwrap_or_else(|| word.to_owned())
}

/// The page of what a line is about, if whoever looks may open it.
pub fn link(scope: &Scope, record: &AuditRecord) -> Option<String> {
    let (may, to) = match record.kind.as_str() {
        "accounts" => (scope.may(Capability::AccountsView), format!("/accounts/{}", record.object_id)),
        "tenants" => (scope.may(Capability::TenantsView), format!("/tenants/{}", record.object_id)),
        "jobs" => (jobs::VIEW.lets(scope), format!("/jobs/{}", record.object_id)),
        "role_changes" => (roles::VIEW.lets(scope), format!("/roles/{}", record.object)),
        _ => return None,
    };
    may.then_some(to)
}

/// One field of a change.
#[derive(Debug, PartialEq, Eq)]
pub struct Change {
    /// Its name.
    pub field: String,
    /// What it was; empty if there was nothing.
    pub before: String,
    /// What it is.
    pub after: String,
}

/// Fields that name the row itself, which the line does already.
const OWN_NAMES: [&str; 3] = ["id", "tenant_id", "created_at"];

/// The fields of a line's changes, instants in words by `when`. What was empty and is so still says nothing: a new row is told by what it has.
pub fn changes(changes: &Value, when: impl Fn(i64) -> String) -> Vec<Change> {
    let Some(fields) = changes.as_object() else { return Vec::new() };
    let said = |field: &str, value: &Value| match value.as_i64() {
        Some(at) if field.ends_with("_at") || field == "until" => when(at),
        _ => plain(value),
    };
    let change = |(field, pair): (&String, &Value)| {
        let (before, after) = (&pair[0], &pair[1]);
        // of two lists only what one of them lacks
        let lists = before.as_array().zip(after.as_array());
        let (before, after) = lists.map_or_else(|| (said(field, before), said(field, after)), |(b, a)| (lacking(b, a), lacking(a, b)));
        Change { field: field.clone(), before, after }
    };
    let is_silent = |change: &Change| OWN_NAMES.contains(&change.field.as_str()) || (change.before.is_empty() && change.after.is_empty());
    fields.iter().map(change).filter(|change| !is_silent(change)).collect()
}

fn lacking(list: &[Value], other: &[Value]) -> String {
    cut(&list.iter().filter(|item| !other.contains(item)).map(plain).collect::<Vec<_>>().join(", "))
}

fn plain(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => cut(text),
        Value::Array(items) => cut(&items.iter().map(plain).collect::<Vec<_>>().join(", ")),
        other => cut(&other.to_string()),
    }
}

fn cut(text: &str) -> String {
    if text.chars().count() > MOST_CHARS { text.chars().take(MOST_CHARS).chain(['…']).collect() } else { text.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::accounts::{AUDIT_KINDS, AUDIT_SOURCES, AUDIT_VERBS};
    use crate::web::Language;
    use serde_json::json;
    use std::path::Path;

    #[test]
    fn changes_say_what_was_and_what_is() {
        let change = |field: &str, before: &str, after: &str| Change { field: field.into(), before: before.into(), after: after.into() };
        let when = |at: i64| format!("at {at}");
        let changes = |value: &Value| changes(value, when);
        let said = changes(&json!({ "phone": ["", "123"], "reason": [null, "unpaid"], "menus": [["a", "b"], ["b", "c"]], "rate": [5, 6] }));
        assert_eq!(said, [change("menus", "a", "c"), change("phone", "", "123"), change("rate", "5", "6"), change("reason", "", "unpaid")]);
        assert_eq!(changes(&json!({ "note": [null, "é".repeat(400)] }))[0].after.chars().count(), MOST_CHARS + 1);
        assert_eq!(changes(&Value::Null), []);
        let new = changes(&json!({ "id": [null, "7"], "email": [null, null], "phone": [null, ""], "expires_at": [null, 5] }));
        assert_eq!(new, [change("expires_at", "", "at 5")]);
    }

    #[test]
    fn every_word_that_the_program_writes_has_a_text() {
        let mut written = Vec::new();
        read_verbs(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut written);
        assert!(written.len() > 20, "the sources were not read: {written:?}");
        for verb in written {
            assert!(AUDIT_VERBS.contains(&verb.as_str()), "{verb} is no verb of this list");
        }
        let has = |stem: &str, word: &str| Language::FIRST.find(&format!("{stem}-{}", word.replace(['.', '_'], "-")), &[]).is_some();
        for (stem, words) in [("verb", AUDIT_VERBS), ("audit-kind", AUDIT_KINDS), ("audit-source", AUDIT_SOURCES)] {
            for word in words {
                assert!(has(stem, word), "{stem} {word} has no text");
            }
        }
    }

    /// The verbs of all entries: the first text in quotes after `AuditEntry::new(` or `entry(`.
    fn read_verbs(folder: &Path, found: &mut Vec<String>) {
        for entry in std::fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                read_verbs(&path, found);
            } else if path.extension().is_some_and(|ext| ext == "rs") && !path.ends_with("store/audit.rs") {
                let text = std::fs::read_to_string(&path).expect("UTF-8");
                let is_new = |at: usize| text[at..].starts_with("AuditEntry::new(");
                for (at, begin) in text.match_indices("AuditEntry::new(").chain(text.match_indices("entry(")) {
                    let call = text[at + begin.len()..].split(';').next().unwrap_or_default();
                    let verb = call.split('"').nth(1).unwrap_or_default();
                    let kind = call.split('"').nth(3).unwrap_or_default();
                    let is_kind = !kind.is_empty() && kind.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
                    let is_word = verb.split_once('.').is_some_and(|(a, b)| !a.is_empty() && !b.is_empty());
                    assert!(!is_new(at) || !is_kind || !is_word || AUDIT_KINDS.contains(&kind), "{kind} is no kind of this list: {verb}");
                    let is_verb = verb.split_once('.').is_some_and(|(a, b)| !a.is_empty() && !b.is_empty() && !b.contains('.'));
                    if is_verb && verb.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'.' || b == b'-') {
                        found.push(verb.to_owned());
                    }
                }
            }
        }
    }
}
