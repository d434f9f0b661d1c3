//! `tollgate job ls|show|run|retry|cancel|dismiss`: work that goes on beside requests.

mod run;
mod show;

use clap::{Args, Subcommand};

use super::context::with_context;
use super::{Failure, Globals, output};
use crate::jobs::{JobState, cancel_job, dismiss_job, retry_job};
use crate::lists::quoted;
use crate::units::JobId;

/// Which action.
#[derive(Debug, Args)]
pub struct JobArgs {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// List jobs, the newest first, and when kinds run by themselves next
    Ls(LsArgs),
    /// Show a job, and what became of each of its objects
    Show {
        /// Its id
        id: i64,
        /// Print the rows as CSV
        #[arg(long)]
        csv: bool,
    },
    /// Run a job and wait for its end: by a running server, else in this process
    Run {
        /// Which kind
        #[arg(value_parser = ["backup"])]
        kind: String,
    },
    /// Try again what failed or was cancelled
    Retry {
        /// Its id
        id: i64,
    },
    /// Cancel a job; a running one ends at its next step
    Cancel {
        /// Its id
        id: i64,
    },
    /// Say that a failure needs no more attention
    Dismiss {
        /// Its id
        id: i64,
    },
}

#[derive(Debug, Args)]
struct LsArgs {
    /// Only of this kind
    #[arg(long, value_name = "KIND", default_value = "")]
    kind: String,
    /// Only in this state
    #[arg(long, value_name = "STATE")]
    state: Option<JobState>,
    /// Only what this filter of the panel's list finds, such as 'state:failed asked:today'
    #[arg(long, value_name = "TEXT", default_value = "")]
    filter: String,
    /// How many at most
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(i64).range(1..=10_000))]
    limit: i64,
}

impl LsArgs {
    /// All that was asked for, as one filter.
    fn filter(&self) -> String {
        let mut text = self.filter.clone();
        if !self.kind.is_empty() {
            text += &format!(" kind:{}", quoted(&self.kind));
        }
        if let Some(state) = self.state {
            text += &format!(" state:{state}");
        }
        text
    }
}

/// Runs it.
pub fn run(globals: &Globals, args: JobArgs) -> Result<(), Failure> {
    with_context(globals, async |ctx| {
        let scope = ctx.scope().await?;
        match args.action {
            Action::Ls(args) => show::ls(globals, ctx, &scope, args).await,
            Action::Show { id, csv } => show::show(globals, ctx, &scope, JobId(id), csv).await,
            Action::Run { kind } => run::run(globals, ctx, &scope, &kind).await,
            Action::Retry { id } => {
                retry_job(&ctx.db, &scope, JobId(id), ctx.now).await?;
                told(globals, id, "queued", "is in the queue again")
            }
            Action::Cancel { id } => {
                cancel_job(&ctx.db, &scope, JobId(id), ctx.now).await?;
                told(globals, id, "cancelled", "is cancelled; if it runs it ends at its next step")
            }
            Action::Dismiss { id } => {
                dismiss_job(&ctx.db, &scope, JobId(id), ctx.now).await?;
                told(globals, id, "dismissed", "needs no more attention")
            }
        }
    })
}

fn told(globals: &Globals, id: i64, done: &str, words: &str) -> Result<(), Failure> {
    if globals.json {
        return output::json(&serde_json::json!({ "id": id.to_string(), "done": done }));
    }
    output::line(format!("Job {id} {words}."))
}
