//! The rows of a file that cannot be, or were not, imported, as they stand in it, each with why: to be mended and sent again.

use std::collections::BTreeMap;

use axum::response::Response;
use csv::StringRecord;

use super::show::plan;
use crate::customers::import::{find_import, read_import};
use crate::jobs::{Outcome, list_job_rows};
use crate::web::{Id, Problem, Signed, attachment};

/// The last column.
const PROBLEM: &str = "problem";
const BATCH: i64 = 1_000;

/// `GET /customers/import/{id}/failed.csv`. As it was sent: with an apostrophe before what begins like a formula it could not be sent again.
pub(in crate::panel) async fn show(who: Signed, Id(id): Id) -> Result<Response, Problem> {
    let mut conn = who.site.db.read().await?;
    let import = find_import(&mut conn, who.scope(), id).await?.ok_or(Problem::NotFound)?;
    let content = read_import(&mut conn, &who.site.sealer, who.scope(), id).await?.ok_or(Problem::NotFound)?;
    let mut bad = BTreeMap::new();
    if let Some(job) = import.job {
        let mut after = 0;
        loop {
            let rows = list_job_rows(&mut conn, who.scope(), job, Some(Outcome::Failed), after, BATCH).await?;
            let Some(last) = rows.last() else { break };
            after = last.number;
            // a row's number is its line without the header's
            bad.extend(rows.into_iter().map(|row| (row.number as u64 + 1, row.detail)));
        }
    } else {
        drop(conn);
        let plan = plan(&who, &import, &content).await?.map_err(Problem::Refused)?;
        bad.extend(plan.bad.into_iter().map(|row| (row.line, row.reason)));
    }
    let mut out = csv::WriterBuilder::new().flexible(true).delimiter(import.layout.delimiter as u8).from_writer(Vec::new());
    let mut reader = import.layout.reader(&content[..]);
    let mut record = StringRecord::new();
    let mut is_head = true;
    let broken = |e: csv::Error| Problem::Refused(e.to_string());
    while reader.read_record(&mut record).map_err(broken)? {
        let line = record.position().map_or(0, csv::Position::line);
        let why = if is_head { Some(PROBLEM) } else { bad.get(&line).map(String::as_str) };
        if let Some(why) = why {
            out.write_record(record.iter().chain([why])).map_err(broken)?;
        }
        is_head = false;
    }
    let text = out.into_inner().map_err(|_| Problem::Internal)?;
    Ok(attachment("failed-rows.csv", "text/csv; charset=utf-8", String::from_utf8_lossy(&text).into_owned()))
}
