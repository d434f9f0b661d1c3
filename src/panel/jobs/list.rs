//! The list of jobs, the newest first: what waits, runs and ran; above it what needs somebody's attention and when kinds run by themselves next. The same as CSV.

use askama::Template;
use axum::response::Response;

use super::words::{self, Notice, notices, state_class};
use super::{EXPORT, RUN, VIEW, change};
use crate::accounts::list_views;
use crate::jobs::{
    JOB_FIELDS, Job, JobPlace, JobQuery, ScheduleLine, count_jobs, list_attention, list_jobs, list_schedules, may_run_server_jobs,
};
use crate::lists::{Filter, Slice, Start, csv_text};
use crate::store::StoreError;
use crate::units::print_instant;
use crate::web::list::{COUNT_CAP, Cell, Column, List, ListPage, ListState, Parts, Row};
use crate::web::{CsvExport, Markup, Problem, Query, Routes, Shell, Signed, send_csv};

/// Its routes.
pub fn routes() -> Routes {
    Routes::new().get("/jobs", VIEW, show).get("/jobs.csv", EXPORT, send).post("/jobs/backup/run", RUN, change::run_backup)
}

/// See the head of the file.
pub static LIST: List = List {
    name: "jobs",
    path: "/jobs",
    csv: Some(("/jobs.csv", EXPORT)),
    fields: JOB_FIELDS,
    columns: &[
        Column::shown("asked").sorted("asked"),
        Column::shown("kind"),
        Column::shown("state"),
        Column { is_number: true, ..Column::shown("progress") },
        Column { is_number: true, ..Column::shown("took") },
        Column::shown("by"),
        Column::shown("error"),
        Column::further("ended"),
        Column { is_number: true, ..Column::further("attempts") },
    ],
    order: "asked",
    descends: true,
    filter: "",
    views: &[
        ("view-all", ""),
        ("view-jobs-unfinished", "q=state%3Aqueued%2Crunning"),
        ("view-jobs-failed", "q=state%3Afailed"),
        ("view-jobs-asked", "q=-by%3Anone"),
    ],
};

fn query_of(who: &Signed, state: &ListState, filter: &Filter) -> JobQuery {
    JobQuery { filter: filter.clone(), oldest_first: !state.descending, now: who.now(), zone: who.tenant.zone() }
}

async fn count(who: &Signed, state: &ListState, filter: &Filter) -> Result<i64, StoreError> {
    count_jobs(&mut who.site.db.read().await?, who.scope(), &query_of(who, state, filter), COUNT_CAP + 1).await
}

async fn show(who: Signed, query: Query) -> Result<Response, Problem> {
    let state = match ListState::read(&LIST, &query) {
        Ok(state) => state,
        Err(leads_on) => return Ok(*leads_on),
    };
    let (shell, rows, start) = (who.shell("menu-jobs"), who.preferences.rows() as usize, state.start::<JobPlace>());
    let found = count(&who, &state, &state.filter).await?;
    let mut conn = who.site.db.read().await?;
    let jobs = list_jobs(&mut conn, who.scope(), &query_of(&who, &state, &state.filter), start, rows as i64 + 1).await?;
    let Slice { lines, has_before, has_after } = Slice::of(jobs, &start, rows);
    let attention = list_attention(&mut conn, who.scope(), who.now()).await?;
    let schedules = list_schedules(&mut conn, who.scope()).await?;
    let may_run = may_run_server_jobs(&mut conn, who.scope()).await?;
    let views = list_views(&mut conn, who.scope(), LIST.name).await?;
    drop(conn);
    let schedules = schedules.into_iter().map(|line| Schedule { kind: words::kind(&shell, &line.kind), line }).collect();
    let key = |job: Option<&Job>| job.map(|job| JobPlace::from(job).to_string());
    let mut parts = Parts {
        above: Some(Markup::of(&Above { shell: &shell, notices: notices(&shell, attention), schedules, may_run })?),
        before: key(lines.first()).filter(|_| has_before),
        after: key(lines.last()).filter(|_| has_after),
        count: Some((found.min(COUNT_CAP), found > COUNT_CAP)),
        rows: lines.iter().map(|job| row(&shell, &state, job)).collect(),
        views,
        ..Parts::default()
    };
    if lines.is_empty() && state.wrong.is_empty() {
        for (at, filter) in state.without_one() {
            let without = count(&who, &state, &filter).await?;
            parts.hidden_by.extend((without > 0).then_some((at, without)));
        }
        parts.first_use = (found == 0 && state.filter.is_empty()).then(|| (shell.t("jobs-none"), Vec::new()));
    }
    ListPage::answer(&who, shell, state, parts)
}

struct Schedule {
    line: ScheduleLine,
    kind: String,
}

/// What stands above the list.
#[derive(Template)]
#[template(path = "panel/jobs/above.html")]
struct Above<'a> {
    shell: &'a Shell,
    notices: Vec<Notice>,
    schedules: Vec<Schedule>,
    may_run: bool,
}

fn row(shell: &Shell, state: &ListState, job: &Job) -> Row {
    let cell = |column: &&'static Column| match column.name {
        "asked" => Cell::instant(shell.when_exactly(job.created_at), ""),
        "kind" => Cell::text(words::kind(shell, &job.kind)),
        "state" => Cell::state(state_class(job.state), shell.t2("job-state", job.state.as_str())),
        "progress" => Cell::text(words::progress(shell, job)),
        "took" => Cell::text(words::took(shell, job)),
        "by" if job.asked_by.is_empty() => Cell { class: "muted", ..Cell::text(shell.t("job-by-schedule")) },
        "by" => Cell::text(&job.asked_by),
        "error" => Cell::long(shell.said(&job.error)),
        "ended" => job.ended_at.map_or_else(Cell::default, |at| Cell::instant(shell.when_exactly(at), "")),
        _ => Cell::text(shell.number(job.attempts)),
    };
    Row { id: job.id.0, link: format!("/jobs/{}", job.id), class: "", cells: state.columns.iter().map(cell).collect() }
}

/// `GET /jobs.csv`: exactly what the filter finds, all pages of it.
async fn send(who: Signed, query: Query) -> Result<Response, Problem> {
    let state = ListState::of_file(&LIST, &query)?;
    let query = query_of(&who, &state, &state.filter);
    send_csv(who, EXPORT, "jobs.csv", Export { query, start: Start::First }).await
}

struct Export {
    query: JobQuery,
    start: Start<JobPlace>,
}

impl CsvExport for Export {
    fn head(&self) -> Vec<&'static str> {
        vec!["id", "kind", "state", "done", "total", "asked_by", "asked_at", "started_at", "ended_at", "attempts", "error"]
    }

    async fn batch(&mut self, who: &Signed, rows: i64) -> Result<Vec<Vec<String>>, Problem> {
        let jobs = list_jobs(&mut who.site.db.read().await?, who.scope(), &self.query, self.start, rows).await?;
        self.start = jobs.last().map_or(self.start, |job| Start::After(JobPlace::from(job)));
        Ok(jobs.iter().map(csv_row).collect())
    }
}

fn csv_row(job: &Job) -> Vec<String> {
    let when = |at: Option<i64>| at.map(print_instant).unwrap_or_default();
    vec![
        job.id.to_string(),
        job.kind.clone(),
        job.state.to_string(),
        job.done.to_string(),
        job.total.map(|total| total.to_string()).unwrap_or_default(),
        csv_text(&job.asked_by),
        print_instant(job.created_at),
        when(job.started_at),
        when(job.ended_at),
        job.attempts.to_string(),
        csv_text(&job.error),
    ]
}
