//! The audit log: who changed what, the newest first; the same as a CSV file.

pub(in crate::panel) mod words;

use askama::Template;
use axum::response::Response;

use crate::accounts::capability::Capability;
use crate::accounts::{AUDIT_FIELDS, AuditQuery, AuditRecord, count_audit, list_audit, list_views};
use crate::lists::{Filter, Slice, Start, csv_text};
use crate::store::StoreError;
use crate::units::print_instant;
use crate::web::list::{COUNT_CAP, Cell, Column, Counts, List, ListPage, ListState, Parts, Row};
use crate::web::{CsvExport, Guard, Markup, Problem, Query, Routes, Shell, Signed, send_csv};

const VIEW: Guard = Guard::Any(&[Capability::AuditView]);
const EXPORT: Guard = Guard::All(&[Capability::AuditView, Capability::ReportsExport]);

/// Its routes.
pub fn routes() -> Routes {
    Routes::new().get("/audit", VIEW, show).get("/audit.csv", EXPORT, send)
}

/// See the head of the file.
pub static LIST: List = List {
    name: "audit",
    path: "/audit",
    csv: Some(("/audit.csv", EXPORT)),
    fields: AUDIT_FIELDS,
    columns: &[
        Column::shown("at").sorted("at"),
        Column::shown("actor"),
        Column::shown("verb"),
        Column::shown("object"),
        Column::shown("changes"),
        Column::shown("source"),
        Column::shown("ip"),
        Column::further("request"),
        Column::further("number"),
    ],
    order: "at",
    descends: true,
    filter: "",
    views: &[
        ("view-all", ""),
        ("view-audit-today", "q=at%3Atoday"),
        ("view-audit-signed-in", "q=verb%3Asign-in.open%2Csign-in.refuse"),
        ("view-audit-eyes", "q=-as%3Anone"),
    ],
};

fn query_of(who: &Signed, state: &ListState, filter: &Filter) -> AuditQuery {
    AuditQuery { filter: filter.clone(), oldest_first: !state.descending, now: who.now(), zone: who.tenant.zone() }
}

async fn count(who: &Signed, state: &ListState, filter: &Filter) -> Result<i64, StoreError> {
    let key = Counts::key(who.scope(), LIST.name, &filter.to_string());
    if let Some(count) = who.site.counts.get(&key) {
        return Ok(count);
    }
    let count = count_audit(&mut who.site.db.read().await?, who.scope(), &query_of(who, state, filter), COUNT_CAP + 1).await?;
    who.site.counts.put(key, count);
    Ok(count)
}

async fn show(who: Signed, query: Query) -> Result<Response, Problem> {
    let state = match ListState::read(&LIST, &query) {
        Ok(state) => state,
        Err(leads_on) => return Ok(*leads_on),
    };
    let (shell, rows) = (who.shell("menu-audit"), who.preferences.rows() as usize);
    let (found, start) = (count(&who, &state, &state.filter).await?, state.start::<i64>());
    let mut conn = who.site.db.read().await?;
    let records = list_audit(&mut conn, who.scope(), &query_of(&who, &state, &state.filter), start, rows as i64 + 1).await?;
    let Slice { lines, has_before, has_after } = Slice::of(records, &start, rows);
    let views = list_views(&mut conn, who.scope(), LIST.name).await?;
    drop(conn);
    let key = |line: Option<&AuditRecord>| line.map(|line| line.seq.to_string());
    let mut parts = Parts {
        before: key(lines.first()).filter(|_| has_before),
        after: key(lines.last()).filter(|_| has_after),
        count: Some((found.min(COUNT_CAP), found > COUNT_CAP)),
        rows: lines.iter().map(|record| row(&who, &shell, &state, record)).collect::<Result<_, _>>()?,
        views,
        ..Parts::default()
    };
    if lines.is_empty() && state.wrong.is_empty() {
        for (at, filter) in state.without_one() {
            let without = count(&who, &state, &filter).await?;
            parts.hidden_by.extend((without > 0).then_some((at, without)));
        }
        parts.first_use = (found == 0 && state.filter.is_empty()).then(|| (shell.t("audit-none"), Vec::new()));
    }
    ListPage::answer(&who, shell, state, parts)
}

/// What was and what is, field by field.
#[derive(Template)]
#[template(path = "panel/audit/changes.html")]
struct Changes<'a> {
    shell: &'a Shell,
    changes: Vec<words::Change>,
}

fn row(who: &Signed, shell: &Shell, state: &ListState, record: &AuditRecord) -> Result<Row, Problem> {
    let cell = |column: &&'static Column| {
        Ok(match column.name {
            "at" => Cell::instant(shell.when_exactly(record.at), ""),
            "actor" if record.on_behalf_of.is_empty() => Cell::text(&record.actor),
            "actor" => Cell::text(&record.actor).noted(shell.t_with("audit-as", "name", &record.on_behalf_of)),
            "verb" => Cell::text(words::in_words(shell, "verb", &record.verb)).titled(&record.verb),
            "object" => {
                let link = words::link(who.scope(), record).unwrap_or_default();
                Cell::link(&record.object, link).noted(words::in_words(shell, "audit-kind", &record.kind))
            }
            "changes" => Cell::markup(Markup::of(&Changes { shell, changes: words::changes(&record.changes, |at| shell.when(at)) })?),
            "source" => Cell::text(words::in_words(shell, "audit-source", &record.source)),
            "ip" => Cell::code(record.ip.map(|ip| ip.to_string()).unwrap_or_default()),
            "request" => Cell::code(&record.request_id),
            _ => Cell::code(record.seq.to_string()),
        })
    };
    let cells = state.columns.iter().map(cell).collect::<Result<_, Problem>>()?;
    Ok(Row { id: record.seq, link: String::new(), class: "", cells })
}

const HEAD: [&str; 12] = ["number", "at", "actor", "as", "verb", "kind", "object_id", "object", "changes", "source", "ip", "request_id"];

/// `GET /audit.csv`: exactly what the filter finds, all pages of it.
async fn send(who: Signed, query: Query) -> Result<Response, Problem> {
    let state = ListState::of_file(&LIST, &query)?;
    let query = query_of(&who, &state, &state.filter);
    send_csv(who, EXPORT, "audit.csv", Export { query, start: Start::First }).await
}

struct Export {
    query: AuditQuery,
    start: Start<i64>,
}

impl CsvExport for Export {
    fn head(&self) -> Vec<&'static str> {
        HEAD.to_vec()
    }

    async fn batch(&mut self, who: &Signed, rows: i64) -> Result<Vec<Vec<String>>, Problem> {
        let lines = list_audit(&mut who.site.db.read().await?, who.scope(), &self.query, self.start, rows).await?;
        self.start = lines.last().map_or(self.start, |line| Start::After(line.seq));
        Ok(lines.iter().map(csv_row).collect())
    }
}

fn csv_row(line: &AuditRecord) -> Vec<String> {
    vec![
        line.seq.to_string(),
        print_instant(line.at),
        csv_text(&line.actor),
        csv_text(&line.on_behalf_of),
        line.verb.clone(),
        line.kind.clone(),
        line.object_id.clone(),
        csv_text(&line.object),
        line.changes.to_string(),
        line.source.clone(),
        line.ip.map(|ip| ip.to_string()).unwrap_or_default(),
        line.request_id.clone(),
    ]
}
