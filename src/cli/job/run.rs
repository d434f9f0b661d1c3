//! `job run KIND`: queues it and waits. Where a server works on this data folder it takes the job; else this process does.

use std::io::{IsTerminal, Write};
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwapOption;

use super::show::progress;
use crate::accounts::Scope;
use crate::app::{job_kinds, now_ms};
use crate::cli::catch_up::catch_up;
use crate::cli::{Context, Failure, Globals, output};
use crate::jobs::{Asked, Job, JobError, JobState, Runner, TERMS, ask_job, find_job};
use crate::journal::folder_lock;
use crate::store::KeyFile;
use crate::units::{JobId, print_instant};

const POLL: Duration = Duration::from_millis(200);

pub async fn run(globals: &Globals, ctx: &Context, scope: &Scope, kind: &str) -> Result<(), Failure> {
    let terms = TERMS.iter().find(|terms| terms.name == kind).ok_or_else(|| Failure::usage(format!("there is no kind of job {kind:?}")))?;
    let asked = ask_job(&ctx.db, ctx.ids().await?, scope, terms, &serde_json::json!({}), ctx.now).await?;
    if let Asked::Already(id) = asked {
        output::note(globals, format!("job {id} is on its way already"));
    }
    let watched = watch(globals, ctx, scope, asked.id());
    // a server has an applier of its own; without one this process brings the journal into the store first
    let job = if folder_lock::is_held(&ctx.config.data.folder)? {
        watched.await?
    } else {
        catch_up(ctx).await?;
        let runner = runner(ctx).await?;
        let work = async {
            // false: another node of the store has taken it
            runner.run_one(asked.id()).await?;
            Ok::<(), Failure>(())
        };
        tokio::try_join!(work, watched)?.1
    };
    told(globals, &job)
}

/// A runner for this one job.
async fn runner(ctx: &Context) -> Result<Runner, Failure> {
    let key = Arc::new(KeyFile::read(&ctx.config.data.key_file)?);
    let ids = Arc::new(ArcSwapOption::from(Some(ctx.shared_ids().await?)));
    Ok(Runner::new(ctx.db.clone(), ids, key, job_kinds(&ctx.config), "command line", now_ms))
}

/// Waits until the job is over, or has to be tried again later.
async fn watch(globals: &Globals, ctx: &Context, scope: &Scope, id: JobId) -> Result<Job, Failure> {
    let (mut last, is_shown) = (String::new(), !globals.quiet && std::io::stderr().is_terminal());
    loop {
        let job = find_job(&mut ctx.db.read().await?, scope, id).await?.ok_or(JobError::Unknown(id))?;
        let line = format!("{}: {} {}", job.kind, job.state, progress(&job));
        if is_shown && line != last {
            // what is said on the way is not worth failing for
            let mut err = std::io::stderr().lock();
            write!(err, "\r\x1b[K{line}").and_then(|()| err.flush()).unwrap_or_default();
            last = line;
        }
        if job.state.is_over() || (job.state == JobState::Queued && !job.error.is_empty()) {
            if !last.is_empty() {
                write!(std::io::stderr(), "\r\x1b[K").unwrap_or_default();
            }
            return Ok(job);
        }
        tokio::time::sleep(POLL).await;
    }
}

fn told(globals: &Globals, job: &Job) -> Result<(), Failure> {
    if globals.json {
        output::json(job)?;
    }
    match job.state {
        JobState::Done if globals.json => Ok(()),
        JobState::Done => {
            let result = job.result.as_ref().and_then(serde_json::Value::as_object);
            output::line(format!("Job {} is done.", job.id))?;
            for (name, value) in result.into_iter().flatten() {
                let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
                output::line(format!("{name:<10} {value}"))?;
            }
            Ok(())
        }
        JobState::Cancelled => Err(Failure::new(format!("job {} was cancelled", job.id))),
        JobState::Failed => Err(Failure::new(format!("job {} failed: {}", job.id, job.error))),
        _ => Err(Failure::new(format!("job {}: {}; it is tried again at {}", job.id, job.error, print_instant(job.run_at)))),
    }
}
