//! Jobs: what waits, runs and ran, what needs somebody's attention, when kinds run by themselves next; each job on a page of its own.

mod change;
mod events;
mod show;
mod words;

use askama::Template;
use axum::response::Response;

pub use self::words::notices;
use self::words::{Notice, state_class};
use crate::accounts::capability::Capability;
use crate::jobs::{
    Job, JobFilter, JobPlace, JobState, ScheduleLine, TERMS, list_attention, list_jobs, list_schedules, may_run_server_jobs,
};
use crate::web::{Complaints, Form, Guard, Problem, Query, Routes, Shell, Signed, html};

/// Whoever may ask for some kind of job, and whoever is shown others'.
pub(super) const VIEW: Guard = Guard::Any(&[Capability::SettingsView, Capability::BulkOperations]);
const RUN: Guard = Guard::Any(&[Capability::SettingsEdit]);

/// Its routes.
pub fn routes() -> Routes {
    Routes::new()
        .get("/jobs", VIEW, list)
        .post("/jobs/backup/run", RUN, change::run_backup)
        .get("/jobs/{id}", VIEW, show::show)
        .get("/jobs/{id}/rows.csv", VIEW, show::rows_csv)
        .get("/jobs/{id}/events", VIEW, events::send)
        .post("/jobs/{id}/retry", VIEW, change::retry)
        .post("/jobs/{id}/cancel", VIEW, change::cancel)
        .post("/jobs/{id}/dismiss", VIEW, change::dismiss)
}

struct Line {
    job: Job,
    kind: String,
    class: &'static str,
    progress: String,
    took: String,
}

struct Schedule {
    line: ScheduleLine,
    kind: String,
}

#[derive(Template)]
#[template(path = "panel/jobs/list.html")]
struct Page {
    shell: Shell,
    form: Form,
    complaints: Complaints,
    kinds: Vec<(String, String)>,
    states: Vec<(String, String)>,
    lines: Vec<Line>,
    notices: Vec<Notice>,
    schedules: Vec<Schedule>,
    may_run: bool,
    is_filtered: bool,
    first: Option<String>,
    next: Option<String>,
}

async fn list(who: Signed, query: Query) -> Result<Response, Problem> {
    let (rows, after) = (i64::from(who.preferences.rows()), query.parse::<JobPlace>("after"));
    let filter = JobFilter { kind: query.get("kind").to_owned(), state: query.parse::<JobState>("state") };
    let mut conn = who.site.db.read().await?;
    let mut jobs = list_jobs(&mut conn, who.scope(), &filter, after.unwrap_or(JobPlace::FIRST), rows + 1).await?;
    let attention = list_attention(&mut conn, who.scope(), who.now()).await?;
    let schedules = list_schedules(&mut conn, who.scope()).await?;
    let may_run = may_run_server_jobs(&mut conn, who.scope()).await?;
    drop(conn);
    let has_more = jobs.len() as i64 > rows;
    jobs.truncate(rows as usize);
    let last = jobs.last().map(|job| JobPlace::from(job).to_string()).unwrap_or_default();
    let shell = who.shell("menu-jobs");
    let kind = |name: &str| words::kind(&shell, name);
    let all = || std::iter::once((String::new(), shell.t("filter-all")));
    html(&Page {
        form: Form::of(&[("kind", query.get("kind")), ("state", query.get("state"))]),
        complaints: Complaints::default(),
        kinds: all().chain(TERMS.iter().map(|terms| (terms.name.to_owned(), kind(terms.name)))).collect(),
        states: all().chain(JobState::ALL.map(|state| (state.to_string(), shell.t2("job-state", state.as_str())))).collect(),
        notices: notices(&shell, attention),
        schedules: schedules.into_iter().map(|line| Schedule { kind: kind(&line.kind), line }).collect(),
        may_run,
        is_filtered: !query.get("kind").is_empty() || !query.get("state").is_empty(),
        first: after.map(|_| query.with("/jobs", &[("after", "")])),
        next: has_more.then(|| query.with("/jobs", &[("after", &last)])),
        lines: jobs.into_iter().map(|job| line(&shell, job)).collect(),
        shell,
    })
}

fn line(shell: &Shell, job: Job) -> Line {
    Line {
        kind: words::kind(shell, &job.kind),
        class: state_class(job.state),
        progress: words::progress(shell, &job),
        took: words::took(shell, &job),
        job,
    }
}
