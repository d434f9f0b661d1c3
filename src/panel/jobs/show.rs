//! The page of one job: how far it is, what came of it, what became of each object. While it is under way the browser loads it again every few seconds.

use std::time::Duration;

use askama::Template;
use axum::response::Response;
use tokio::sync::mpsc;

use super::VIEW;
use super::words::{self, Fact, facts, state_class};
use crate::jobs::{Job, JobRow, JobState, Outcome, count_job_rows, find_job, list_job_rows, may_change_job, rows_as_csv};
use crate::units::JobId;
use crate::web::{CutOff, Id, Problem, Query, Shell, Signed, attachment_in_pieces, html, with_refresh};

const REFRESH_SECS: u32 = 3;
/// Rows of a batch of the file.
const BATCH: i64 = 500;
/// Batches that may wait for the reader, and how long he may take for one.
const WAITING: usize = 2;
const PATIENCE: Duration = Duration::from_secs(60);

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
    took: String,
    arguments: Vec<Fact>,
    result: Vec<Fact>,
    may_change: bool,
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
    let is_over = job.state.is_over();
    let page = Page {
        class: state_class(job.state),
        progress: words::progress(&shell, &job),
        took: job.duration_ms(who.now()).map(words::duration).unwrap_or_default(),
        arguments: facts(&shell, &job.arguments),
        result: job.result.as_ref().map(|result| facts(&shell, result)).unwrap_or_default(),
        may_change: may_change_job(who.scope(), &job).is_ok(),
        choices: choices(&shell, &here, &counts, outcome),
        lines: rows.into_iter().map(|row| Line { class: outcome_class(row.outcome), row }).collect(),
        has_rows: !counts.is_empty(),
        first: after.map(|_| query.with(&here, &[("after", ""), ("said", "")])),
        next: has_more.then(|| query.with(&here, &[("after", &last), ("said", "")])),
        shell,
        job,
    };
    let response = html(&page)?;
    Ok(if is_over { response } else { with_refresh(response, REFRESH_SECS) })
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

/// `GET /jobs/{id}/rows.csv`: all rows, in batches; with each the sign-in and the job are looked at again.
pub(super) async fn rows_csv(who: Signed, Id(id): Id) -> Result<Response, Problem> {
    let mut conn = who.site.db.read().await?;
    find_job(&mut conn, who.scope(), JobId(id)).await?.ok_or(Problem::NotFound)?;
    let first = list_job_rows(&mut conn, who.scope(), JobId(id), None, 0, BATCH).await?;
    drop(conn);
    let (sender, pieces) = mpsc::channel(WAITING);
    tokio::spawn(write(who, JobId(id), first, sender));
    Ok(attachment_in_pieces(&format!("job-{id}.csv"), "text/csv; charset=utf-8", pieces))
}

async fn write(who: Signed, id: JobId, first: Vec<JobRow>, to: mpsc::Sender<Result<String, CutOff>>) {
    let (mut rows, mut has_head) = (Ok(first), false);
    loop {
        let next = match &rows {
            Ok(rows) if rows.len() as i64 == BATCH => rows.last().map(|row| row.number),
            _ => None,
        };
        if let Err(why) = &rows {
            tracing::warn!(account = %who.principal.account_name, "{why}");
        }
        let piece = rows.map(|rows| rows_as_csv(&rows, !has_head));
        has_head = true;
        // whoever reads has gone, or takes too long
        if !matches!(tokio::time::timeout(PATIENCE, to.send(piece)).await, Ok(Ok(()))) {
            return;
        }
        let Some(after) = next else { return };
        rows = next_batch(&who, id, after).await;
    }
}

async fn next_batch(who: &Signed, id: JobId, after: i64) -> Result<Vec<JobRow>, CutOff> {
    let cut_off = |problem: Problem| CutOff(format!("the export of a job's rows was cut off: {}", problem.text_id()));
    let who = who.again(VIEW).await.map_err(cut_off)?;
    let mut conn = who.site.db.read().await.map_err(|error| cut_off(error.into()))?;
    list_job_rows(&mut conn, who.scope(), id, None, after, BATCH).await.map_err(|error| cut_off(error.into()))
}
