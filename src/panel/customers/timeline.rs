//! What was done to a customer, by whom and through what, the newest first.

use askama::Template;
use axum::response::Response;

use super::{Frame, tab};
use crate::accounts::list_timeline;
use crate::panel::audit::words::{self, Change};
use crate::web::object::Object;
use crate::web::{Id, Problem, Query, Shell, Signed, html};

struct Line {
    when: String,
    exactly: String,
    actor: String,
    verb: String,
    source: String,
    changes: Vec<Change>,
}

#[derive(Template)]
#[template(path = "panel/customers/timeline.html")]
struct Page {
    shell: Shell,
    object: Object,
    lines: Vec<Line>,
    next: Option<String>,
}

pub(super) async fn show(who: Signed, Id(id): Id, query: Query) -> Result<Response, Problem> {
    let (_, shell, Frame { object, .. }) = tab(&who, id).await?;
    let rows = i64::from(who.preferences.rows());
    let before = query.parse::<i64>("before").unwrap_or(i64::MAX);
    let mut records = list_timeline(&mut who.site.db.read().await?, who.scope(), "customers", id, before, rows + 1).await?;
    let has_more = records.len() as i64 > rows;
    records.truncate(rows as usize);
    let next = records.last().filter(|_| has_more).map(|last| format!("/customers/{id}/timeline?before={}", last.seq));
    let lines = records.into_iter().map(|record| Line {
        when: shell.when(record.at),
        exactly: format!("{} · {}", shell.when_exactly(record.at), record.request_id),
        verb: words::in_words(&shell, "verb", &record.verb),
        source: words::in_words(&shell, "audit-source", &record.source),
        changes: words::changes(&record.changes, |at| shell.when(at)),
        actor: match record.on_behalf_of.as_str() {
            "" => record.actor,
            name => format!("{} ({})", record.actor, shell.t_with("audit-as", "name", name)),
        },
    });
    html(&Page { lines: lines.collect(), object, next, shell })
}
