//! The page of one job: how far it is, what came of it, what became of each object. While it is under way a script shows what the job's events tell; without one the
//! browser loads the page again every few seconds.

use askama::Template;
use axum::response::Response;

use super::VIEW;
use super::words::{self, Fact, facts, state_class};
use crate::jobs::{
    BULK, BulkArguments, IMPORT, ImportArguments, Job, JobRow, JobState, Outcome, count_job_rows, find_job, list_job_rows, may_change_job,
};
use crate::panel::customers;
use crate::units::JobId;
use crate::web::{CsvExport, Id, Problem, Query, Shell, Signed, html, send_csv};

/// A way to see the rows: all, or those of one outcome.
struct Choice {
    text: String,
    count: i64,
    link: String,
    is_chosen: bool,
}

struct Line {
    row: JobRow,
    class: &'static str,
}

#[derive(Template)]
#[template(path = "panel/jobs/show.html")]
struct Page {
    shell: Shell,
    class: &'static str,
    progress: String,
    /// The same with places for the numbers.
    progress_text: String,
    took: String,
    arguments: Vec<Fact>,
    result: Vec<Fact>,
    may_change: bool,
    /// Where it is taken back.
    undo: Option<String>,
    /// The rows of an import that failed, to be mended.
    failed: Option<String>,
    choices: Vec<Choice>,
    lines: Vec<Line>,
    has_rows: bool,
    first: Option<String>,
    next: Option<String>,
    job: Job,
}

impl Page {
    fn is_failed(&self) -> bool {
        self.job.state == JobState::Failed
    }

    fn is_queued(&self) -> bool {
        self.job.state == JobState::Queued
    }

    fn is_retriable(&self) -> bool {
        matches!(self.job.state, JobState::Failed | JobState::Cancelled)
    }

    fn can_be_cancelled(&self) -> bool {
        !self.job.state.is_over() && !self.job.is_being_cancelled
    }
}

/// `GET /jobs/{id}`.
pub(super) async fn show(who: Signed, Id(id): Id, query: Query) -> Result<Response, Problem> {
    let (id, page_rows) = (JobId(id), i64::from(who.preferences.rows()));
    let mut conn = who.site.db.read().await?;
    let job = find_job(&mut conn, who.scope(), id).await?.ok_or(Problem::NotFound)?;
    let (outcome, after) = (query.parse::<Outcome>("outcome"), query.parse::<i64>("after"));
    let counts = count_job_rows(&mut conn, who.scope(), id).await?;
    let mut rows = list_job_rows(&mut conn, who.scope(), id, outcome, after.unwrap_or(0), page_rows + 1).await?;
    drop(conn);
    let has_more = rows.len() as i64 > page_rows;
    rows.truncate(page_rows as usize);
    let (last, here) = (rows.last().map(|row| row.number.to_string()).unwrap_or_default(), format!("/jobs/{id}"));
    let shell = who.shell("menu-jobs").titled(words::kind(&who.shell("menu-jobs"), &job.kind));
    if job.state.is_over() && job.kind.starts_with("customers.") {
        // lists that are opened from here tell what it did
        who.site.counts.forget(who.scope());
    }
    let page = Page {
        class: state_class(job.state),
        progress: words::progress(&shell, &job),
        progress_text: words::progress_of(&shell, "#done", "#total"),
        took: words::took(&shell, &job),
        arguments: facts(&shell, &job.arguments),
        result: job.result.as_ref().map(|result| facts(&shell, result)).unwrap_or_default(),
        may_change: may_change_job(who.scope(), &job).is_ok(),
        undo: undo(&who, &job),
        failed: failed(&job, &counts),
        choices: choices(&shell, &here, &counts, outcome),
        lines: rows.into_iter().map(|row| Line { class: outcome_class(row.outcome), row }).collect(),
        has_rows: !counts.is_empty(),
        first: after.map(|_| query.with(&here, &[("after", ""), ("said", "")])),
        next: has_more.then(|| query.with(&here, &[("after", &last), ("said", "")])),
        shell,
        job,
    };
    html(&page)
}

/// Where the work of a job on many customers is taken back, for whoever may, once it is over.
fn undo(who: &Signed, job: &Job) -> Option<String> {
    let arguments = || serde_json::from_value::<BulkArguments>(job.arguments.clone()).ok();
    let can_be_undone = match job.kind.as_str() {
        kind if kind == BULK.name => arguments().is_some_and(|arguments| arguments.what.can_be_undone()),
        kind => kind == IMPORT.name,
    };
    let may = customers::BULK.lets(who.scope()) && who.scope().require_himself().is_ok();
    (may && job.state.is_over() && can_be_undone).then(|| format!("/customers/bulk/{}/undo", job.id))
}

/// Where the failed rows of an import are, as they were sent.
fn failed(job: &Job, counts: &[(Outcome, i64)]) -> Option<String> {
    let arguments = serde_json::from_value::<ImportArguments>(job.arguments.clone()).ok().filter(|_| job.kind == IMPORT.name)?;
    let has = counts.iter().any(|(outcome, count)| *outcome == Outcome::Failed && *count > 0);
    has.then(|| format!("/customers/import/{}/failed.csv", arguments.import))
}

fn outcome_class(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Ok => "ok",
        Outcome::Skipped => "off",
        Outcome::Failed => "bad",
    }
}

fn choices(shell: &Shell, here: &str, counts: &[(Outcome, i64)], chosen: Option<Outcome>) -> Vec<Choice> {
    let all: i64 = counts.iter().map(|(_, count)| count).sum();
    let one = |(outcome, count): &(Outcome, i64)| Choice {
        text: shell.t2("job-outcome", outcome.as_str()),
        count: *count,
        link: format!("{here}?outcome={outcome}"),
        is_chosen: chosen == Some(*outcome),
    };
    let whole = Choice { text: shell.t("filter-all"), count: all, link: here.to_owned(), is_chosen: chosen.is_none() };
    std::iter::once(whole).chain(counts.iter().map(one)).collect()
}

/// `GET /jobs/{id}/rows.csv`: all rows; with each batch the job is looked for again.
pub(super) async fn rows_csv(who: Signed, Id(id): Id) -> Result<Response, Problem> {
    send_csv(who, VIEW, &format!("job-{id}.csv"), Rows { job: JobId(id), after: 0 }).await
}

struct Rows {
    job: JobId,
    after: i64,
}

impl CsvExport for Rows {
    fn head(&self) -> Vec<&'static str> {
        JobRow::HEAD.to_vec()
    }

    async fn batch(&mut self, who: &Signed, rows: i64) -> Result<Vec<Vec<String>>, Problem> {
        let mut conn = who.site.db.read().await?;
        find_job(&mut conn, who.scope(), self.job).await?.ok_or(Problem::NotFound)?;
        let rows = list_job_rows(&mut conn, who.scope(), self.job, None, self.after, rows).await?;
        self.after = rows.last().map_or(self.after, |row| row.number);
        Ok(rows.iter().map(|row| row.fields().to_vec()).collect())
    }
}
