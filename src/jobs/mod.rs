//! Work that goes on beside requests: what people ask for and what runs by itself at night. One queue in the store, one runner on each node, one table of kinds.
//!
//! Owns: `jobs`, `job_rows`, `job_schedules`. Must not know: HTML, configuration.
//! Uses the room `aaa`, which ends sessions.
//!
//! Reading order: [`Terms`] and [`Kind`] (what a kind of job is), [`Job`] (one of them), [`Schedule`] and [`Retry`] (pure), `table` (all kinds), `ask` and `change` (what
//! people do), `runner` (what the node does), `context` (what the work itself gets), [`attention`](list_attention) (what somebody should look at), [`backup`] (the
//! first kind).
//!
//! A new kind is a file with its [`Terms`] and its work, and a line in [`TERMS`] and in [`kinds`].

mod ask;
mod attention;
pub mod backup;
mod change;
mod context;
mod customers_bulk;
mod customers_import;
mod error;
mod job;
mod kind;
mod look;
mod progress;
mod retry;
mod rows;
mod runner;
mod schedule;
#[cfg(test)]
mod scope_tests;
mod sql;
mod table;
mod terms;

pub use ask::{Asked, ask_job};
pub use attention::{Attention, AttentionValue, list_attention};
pub use change::{cancel_job, dismiss_job, may_change_job, retry_job};
pub use context::{JobContext, StopFlag};
pub use customers_bulk::{BULK, BulkArguments, UNDO, UndoArguments};
pub use customers_import::{IMPORT, ImportArguments, ask_import};
pub use error::{JobError, JobFailure};
pub use job::{JOB_FIELDS, Job, JobPlace, JobQuery, JobState};
pub use kind::{Kind, Work};
pub use look::may_run_server_jobs;
pub use progress::{Progress, ProgressNow};
pub use retry::Retry;
pub use rows::{JobRow, Outcome};
pub use runner::Runner;
pub use schedule::Schedule;
pub use sql::{ScheduleLine, count_job_rows, count_jobs, find_job, list_job_rows, list_jobs, list_schedules};
pub use table::{KindSettings, TERMS, kinds};
pub use terms::{Place, Terms};
