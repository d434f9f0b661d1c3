//! `job ls|show`.

use super::LsArgs;
use crate::accounts::Scope;
use crate::cli::output::Table;
use crate::cli::{Context, Failure, Globals, output};
use crate::jobs::{
    AttentionValue, JOB_FIELDS, Job, JobError, JobQuery, JobRow, Outcome, ScheduleLine, count_job_rows, find_job, list_attention,
    list_job_rows, list_jobs, list_schedules,
};
use crate::lists::{Filter, Start, as_csv};
use crate::units::{JobId, print_instant};

/// Rows that are read at once.
const BATCH: i64 = 1_000;
/// Rows that are shown unless they are asked for as CSV or JSON.
const SHOWN_ROWS: usize = 50;

pub async fn ls(globals: &Globals, ctx: &Context, scope: &Scope, args: LsArgs) -> Result<(), Failure> {
    let (filter, wrong) = Filter::read(&args.filter(), JOB_FIELDS);
    if let Some(why) = wrong.first() {
        return Err(Failure::usage(why.clone()));
    }
    let query = JobQuery { filter, zone: ctx.tenant().await?.zone(), ..JobQuery::all(ctx.now) };
    let mut conn = ctx.db.read().await?;
    let jobs = list_jobs(&mut conn, scope, &query, Start::First, args.limit).await?;
    let (schedules, attention) = (list_schedules(&mut conn, scope).await?, list_attention(&mut conn, scope, ctx.now).await?);
    if globals.json {
        return output::json(&serde_json::json!({ "jobs": jobs, "schedules": schedules, "attention": attention }));
    }
    for problem in attention {
        let values = problem.values.iter().map(|(name, value)| match value {
            AttentionValue::Text(text) => format!("{name} {text}"),
            AttentionValue::Instant(at) => format!("{name} {}", print_instant(*at)),
        });
        output::note(globals, format!("attention: {} ({})", problem.code, values.collect::<Vec<_>>().join(", ")));
    }
    jobs_table(&jobs, ctx.now).print("no jobs")?;
    if !schedules.is_empty() {
        output::line("")?;
        schedules_table(&schedules).print("")?;
    }
    Ok(())
}

fn jobs_table(jobs: &[Job], now: i64) -> Table {
    let mut table = Table::new(&["id", "kind", "state", "progress", "asked by", "asked at", "took s", "tries", "error"]);
    for job in jobs {
        let took = job.duration_ms(now).map(|ms| (ms / 1000).to_string()).unwrap_or_default();
        table.row(vec![
            job.id.to_string(),
            job.kind.clone(),
            job.state.to_string(),
            progress(job),
            asked_by(job).to_owned(),
            print_instant(job.created_at),
            took,
            job.attempts.to_string(),
            job.error.clone(),
        ]);
    }
    table
}

fn schedules_table(schedules: &[ScheduleLine]) -> Table {
    let mut table = Table::new(&["kind", "runs", "next", "last good"]);
    for line in schedules {
        let last = line.last_good_at.map_or_else(|| "never".to_owned(), print_instant);
        table.row(vec![line.kind.clone(), line.rule.clone(), print_instant(line.next_run_at), last]);
    }
    table
}

fn asked_by(job: &Job) -> &str {
    if job.asked_by.is_empty() { "schedule" } else { &job.asked_by }
}

/// `12 of 90 step`, as far as it is known.
pub fn progress(job: &Job) -> String {
    let done = match job.total {
        Some(total) => format!("{} of {total}", job.done),
        None if job.done > 0 => job.done.to_string(),
        None => String::new(),
    };
    format!("{done} {}", job.step).trim().to_owned()
}

pub async fn show(globals: &Globals, ctx: &Context, scope: &Scope, id: JobId, wants_csv: bool) -> Result<(), Failure> {
    let mut conn = ctx.db.read().await?;
    let job = find_job(&mut conn, scope, id).await?.ok_or(JobError::Unknown(id))?;
    if wants_csv {
        let (mut after, mut head) = (0, Some(&JobRow::HEAD[..]));
        loop {
            let rows = list_job_rows(&mut conn, scope, id, None, after, BATCH).await?;
            let lines: Vec<Vec<String>> = rows.iter().map(|row| row.fields().to_vec()).collect();
            output::raw(&as_csv(head.take(), &lines))?;
            match rows.last() {
                Some(last) if rows.len() as i64 == BATCH => after = last.number,
                _ => return Ok(()),
            }
        }
    }
    let counts = count_job_rows(&mut conn, scope, id).await?;
    if globals.json {
        let counts: serde_json::Map<String, serde_json::Value> = counts.iter().map(|(o, n)| (o.to_string(), (*n).into())).collect();
        return output::json(&serde_json::json!({ "job": job, "rows": counts }));
    }
    facts(&job, ctx.now)?;
    if counts.is_empty() {
        return Ok(());
    }
    let rows = list_job_rows(&mut conn, scope, id, None, 0, SHOWN_ROWS as i64).await?;
    output::line("")?;
    rows_table(&rows).print("")?;
    let all: i64 = counts.iter().map(|(_, count)| count).sum();
    let by: Vec<String> = counts.iter().map(|(outcome, count): &(Outcome, i64)| format!("{count} {outcome}")).collect();
    let more = if all > SHOWN_ROWS as i64 { "; --csv prints all of them" } else { "" };
    output::note(globals, format!("{all} rows: {}{more}", by.join(", ")));
    Ok(())
}

fn facts(job: &Job, now: i64) -> Result<(), Failure> {
    let when = |at: Option<i64>| at.map(print_instant).unwrap_or_default();
    let result = job.result.as_ref().and_then(|result| serde_json::to_string_pretty(result).ok()).unwrap_or_default();
    for (what, value) in [
        ("kind", job.kind.clone()),
        ("state", job.state.to_string()),
        ("progress", progress(job)),
        ("asked by", asked_by(job).to_owned()),
        ("asked at", print_instant(job.created_at)),
        ("started", when(job.started_at)),
        ("ended", when(job.ended_at)),
        ("took", job.duration_ms(now).map(|ms| format!("{} s", ms / 1000)).unwrap_or_default()),
        ("tries", job.attempts.to_string()),
        ("arguments", job.arguments.to_string()),
        ("error", job.error.clone()),
        ("result", result),
    ] {
        if !value.is_empty() {
            output::line(format!("{what:<10} {value}"))?;
        }
    }
    Ok(())
}

fn rows_table(rows: &[JobRow]) -> Table {
    let mut table = Table::new(&["number", "object", "outcome", "detail"]);
    for row in rows {
        table.row(vec![row.number.to_string(), row.object.clone(), row.outcome.to_string(), row.detail.clone()]);
    }
    table
}
