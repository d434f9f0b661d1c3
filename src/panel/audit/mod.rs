//! The audit log: who changed what, the newest first, with filters; the same as a CSV file.

mod export;
mod filter;
pub(in crate::panel) mod words;

use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;

use crate::accounts::capability::Capability;
use crate::accounts::{AuditRecord, list_audit};
use crate::web::{Complaints, Form, Guard, Problem, Query, Routes, Shell, Signed, html, html_with};

const VIEW: Guard = Guard::Any(&[Capability::AuditView]);
const EXPORT: Guard = Guard::All(&[Capability::AuditView, Capability::ReportsExport]);

/// Its routes.
pub fn routes() -> Routes {
    Routes::new().get("/audit", VIEW, show).get("/audit.csv", EXPORT, export::send)
}

struct Line {
    record: AuditRecord,
    verb: String,
    kind: String,
    source: String,
    /// Where the object's own page is.
    link: Option<String>,
    changes: Vec<words::Change>,
}

#[derive(Template)]
#[template(path = "panel/audit/list.html")]
struct Page {
    shell: Shell,
    form: Form,
    complaints: Complaints,
    verbs: Vec<(String, String)>,
    kinds: Vec<(String, String)>,
    sources: Vec<(String, String)>,
    lines: Vec<Line>,
    is_filtered: bool,
    csv: Option<String>,
    first: Option<String>,
    next: Option<String>,
}

async fn show(who: Signed, query: Query) -> Result<Response, Problem> {
    let rows = i64::from(who.preferences.rows());
    let after = query.parse::<i64>("after");
    let (filter, complaints) = match filter::read(&query, &who.tenant.zone()) {
        Ok(filter) => (Some(filter), Complaints::default()),
        Err(complaints) => (None, complaints),
    };
    let mut records = match &filter {
        Some(filter) => list_audit(&mut who.site.db.read().await?, who.scope(), filter, after.unwrap_or(i64::MAX), rows + 1).await?,
        None => Vec::new(),
    };
    let has_more = records.len() as i64 > rows;
    records.truncate(rows as usize);
    let last = records.last().map(|record| record.seq.to_string()).unwrap_or_default();
    let shell = who.shell("menu-audit");
    let status = if complaints.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let page = Page {
        form: filter::as_form(&query),
        verbs: filter::verb_choices(&shell, query.get("verb")),
        kinds: filter::choices(&shell, "audit-kind", &words::KINDS, query.get("kind")),
        sources: filter::choices(&shell, "audit-source", &words::SOURCES, query.get("source")),
        lines: records.into_iter().map(|record| line(&who, &shell, record)).collect(),
        is_filtered: filter::FIELDS.iter().any(|name| !query.get(name).is_empty()),
        csv: EXPORT.lets(who.scope()).then(|| query.with("/audit.csv", &[("after", "")])),
        first: after.map(|_| query.with("/audit", &[("after", "")])),
        next: has_more.then(|| query.with("/audit", &[("after", &last)])),
        complaints,
        shell,
    };
    if status == StatusCode::OK { html(&page) } else { html_with(status, &page) }
}

fn line(who: &Signed, shell: &Shell, record: AuditRecord) -> Line {
    Line {
        verb: words::in_words(shell, "verb", &record.verb),
        kind: words::in_words(shell, "audit-kind", &record.kind),
        source: words::in_words(shell, "audit-source", &record.source),
        link: words::link(who.scope(), &record),
        changes: words::changes(&record.changes, |at| shell.when(at)),
        record,
    }
}
