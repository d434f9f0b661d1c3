//! A customer's sessions, the newest first.

use askama::Template;
use axum::response::Response;

use super::{Frame, tab};
use crate::sessions::{NEWEST, SessionLine, list_newest_sessions};
use crate::units::{Mac, from_hex, hex};
use crate::web::object::Object;
use crate::web::{Id, Problem, Query, Shell, Signed, html};

struct Line {
    started: String,
    ended: Option<String>,
    length: String,
    router: String,
    ip: String,
    mac: String,
    down: String,
    up: String,
    cause: i64,
    session_id: String,
}

#[derive(Template)]
#[template(path = "panel/customers/sessions.html")]
struct Page {
    shell: Shell,
    object: Object,
    lines: Vec<Line>,
    first: Option<String>,
    next: Option<String>,
}

pub(super) async fn show(who: Signed, Id(id): Id, query: Query) -> Result<Response, Problem> {
    let (customer, shell, Frame { object, .. }) = tab(&who, id).await?;
    let rows = i64::from(who.preferences.rows());
    let before = from_hex(query.get("before")).filter(|key| !key.is_empty());
    let mut conn = who.site.db.read().await?;
    let start = before.as_deref().unwrap_or(&NEWEST);
    let mut sessions = list_newest_sessions(&mut conn, who.scope(), false, &customer.username, start, rows + 1).await?;
    drop(conn);
    let has_more = sessions.len() as i64 > rows;
    sessions.truncate(rows as usize);
    let base = format!("/customers/{id}/sessions");
    let next = sessions.last().filter(|_| has_more).map(|last| format!("{base}?before={}", hex(&last.session_key)));
    let lines = sessions.iter().map(|session| line(&shell, session, who.now())).collect();
    html(&Page { object, lines, first: before.map(|_| base), next, shell })
}

fn line(shell: &Shell, s: &SessionLine, now: i64) -> Line {
    let secs = s.session_secs.max(if s.ended_at.is_none() { (now - s.started_at) / 1000 } else { 0 });
    Line {
        started: shell.when(s.started_at),
        ended: s.ended_at.map(|at| shell.when(at)),
        length: shell.span(secs),
        router: s.router.clone(),
        ip: s.framed_ip.clone(),
        mac: s.mac.parse::<Mac>().map(|mac| mac.with_colons()).unwrap_or_default(),
        // Acct-Input is what the router took in: the customer's upload
        down: shell.octets(s.octets_out.max(0) as u64),
        up: shell.octets(s.octets_in.max(0) as u64),
        cause: s.terminate_cause,
        session_id: s.acct_session_id.clone(),
    }
}
