//! The audit log as a CSV file: exactly what the page's filter shows, all pages of it.

use axum::response::Response;

use super::{EXPORT, filter};
use crate::accounts::{AuditFilter, AuditRecord, list_audit};
use crate::lists::csv_text;
use crate::units::print_instant;
use crate::web::{CsvExport, Problem, Query, Signed, send_csv};

const HEAD: [&str; 12] = ["number", "at", "actor", "as", "verb", "kind", "object_id", "object", "changes", "source", "ip", "request_id"];

/// `GET /audit.csv`.
pub(super) async fn send(who: Signed, query: Query) -> Result<Response, Problem> {
    let filter = filter::read(&query, &who.tenant.zone())
        .map_err(|complaints| Problem::BadRequest(complaints.all().map(|(_, what)| what.clone()).collect::<Vec<_>>().join(" ")))?;
    send_csv(who, EXPORT, "audit.csv", Export { filter, before: i64::MAX }).await
}

struct Export {
    filter: AuditFilter,
    before: i64,
}

impl CsvExport for Export {
    fn head(&self) -> Vec<&'static str> {
        HEAD.to_vec()
    }

    async fn batch(&mut self, who: &Signed, rows: i64) -> Result<Vec<Vec<String>>, Problem> {
        let lines = list_audit(&mut who.site.db.read().await?, who.scope(), &self.filter, self.before, rows).await?;
        self.before = lines.last().map_or(self.before, |line| line.seq);
        Ok(lines.iter().map(row).collect())
    }
}

fn row(line: &AuditRecord) -> Vec<String> {
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
