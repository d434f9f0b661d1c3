//! The audit log as a CSV file: exactly what the page's filter shows, all pages of it. It is read and sent in batches, so however long it is it takes the memory of
//! a few of them, and no connection to the database is held while a slow reader is waited for. With every batch the sign-in is looked at again: who may not come to the
//! page any more gets no more lines.

use std::time::Duration;

use axum::response::Response;
use tokio::sync::mpsc;

use super::{EXPORT, filter};
use crate::accounts::{AuditFilter, AuditRecord, list_audit};
use crate::units::print_instant;
use crate::web::{CutOff, Problem, Query, Signed, attachment_in_pieces};

/// Lines of a batch.
const BATCH: i64 = 500;
/// Batches that may wait for the reader.
const WAITING: usize = 2;
/// How long a reader may take for one batch.
const PATIENCE: Duration = Duration::from_secs(60);
const HEAD: [&str; 12] = ["number", "at", "actor", "as", "verb", "kind", "object_id", "object", "changes", "source", "ip", "request_id"];

/// `GET /audit.csv`. The first batch is read before anything is answered, so that a store that is away is told as such.
pub(super) async fn send(who: Signed, query: Query) -> Result<Response, Problem> {
    let filter = filter::read(&query, &who.tenant.zone())
        .map_err(|complaints| Problem::BadRequest(complaints.all().map(|(_, what)| what.clone()).collect::<Vec<_>>().join(" ")))?;
    let first = batch(&who, &filter, i64::MAX).await?;
    let (sender, pieces) = mpsc::channel(WAITING);
    tokio::spawn(write(who, filter, first, sender));
    Ok(attachment_in_pieces("audit.csv", "text/csv; charset=utf-8", pieces))
}

async fn batch(who: &Signed, filter: &AuditFilter, before: i64) -> Result<Vec<AuditRecord>, Problem> {
    Ok(list_audit(&mut who.site.db.read().await?, who.scope(), filter, before, BATCH).await?)
}

/// A batch after the first, for whoever it is by now.
async fn next_batch(who: &Signed, filter: &AuditFilter, before: i64) -> Result<Vec<AuditRecord>, CutOff> {
    let cut_off = |problem: Problem| CutOff(format!("the export of the audit log was cut off: {}", problem.text_id()));
    let who = who.again(EXPORT).await.map_err(cut_off)?;
    batch(&who, filter, before).await.map_err(cut_off)
}

async fn write(who: Signed, filter: AuditFilter, first: Vec<AuditRecord>, to: mpsc::Sender<Result<String, CutOff>>) {
    let (mut lines, mut has_head) = (Ok(first), false);
    loop {
        let next = match &lines {
            Ok(lines) if lines.len() as i64 == BATCH => lines.last().map(|line| line.seq),
            _ => None,
        };
        if let Err(why) = &lines {
            tracing::warn!(account = %who.principal.account_name, "{why}");
        }
        let piece = lines.map(|lines| as_csv(&lines, !has_head));
        has_head = true;
        // whoever reads has gone, or takes too long
        if !matches!(tokio::time::timeout(PATIENCE, to.send(piece)).await, Ok(Ok(()))) {
            return;
        }
        let Some(before) = next else { return };
        lines = next_batch(&who, &filter, before).await;
    }
}

fn as_csv(lines: &[AuditRecord], with_head: bool) -> String {
    let mut csv = csv::Writer::from_writer(Vec::new());
    let head = with_head.then(|| HEAD.map(str::to_owned));
    for row in head.into_iter().chain(lines.iter().map(row)) {
        csv.write_record(&row).expect("memory takes it, and all rows have the same length");
    }
    String::from_utf8(csv.into_inner().expect("memory takes it")).expect("made of texts")
}

fn row(line: &AuditRecord) -> [String; 12] {
    [
        line.seq.to_string(),
        print_instant(line.at),
        text(&line.actor),
        text(&line.on_behalf_of),
        line.verb.clone(),
        line.kind.clone(),
        line.object_id.clone(),
        text(&line.object),
        line.changes.to_string(),
        line.source.clone(),
        line.ip.map(|ip| ip.to_string()).unwrap_or_default(),
        line.request_id.clone(),
    ]
}

/// A text that people chose. A spreadsheet would run one that begins like a formula, so that gets an apostrophe before it.
fn text(text: &str) -> String {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{text}") } else { text.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_quoted_and_no_formula_runs() {
        let line = AuditRecord {
            seq: 7,
            at: 1_798_740_000_000,
            actor_id: None,
            actor: "cli:root".into(),
            on_behalf_of: String::new(),
            source: "cli".into(),
            verb: "customer.set".into(),
            kind: "customers".into(),
            object_id: "5".into(),
            object: "=cmd(\"x\")".into(),
            changes: serde_json::json!({ "note": ["a", "b,c"] }),
            request_id: String::new(),
            ip: None,
        };
        let csv = as_csv(&[line], true);
        let mut reader = csv::Reader::from_reader(csv.as_bytes());
        assert_eq!(reader.headers().expect("a head").iter().collect::<Vec<_>>(), HEAD);
        let row = reader.records().next().expect("a row").expect("reads");
        assert_eq!((&row[1], &row[7], &row[8]), ("2026-12-31T18:00:00Z", "'=cmd(\"x\")", "{\"note\":[\"a\",\"b,c\"]}"));
        assert_eq!(as_csv(&[], false), "");
    }
}
