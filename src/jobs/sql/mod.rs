//! All SQL of this room: what people see and change, what the runner does, rows, schedules.

mod queue;
mod rows;
mod schedules;
mod seen;

pub(super) use queue::*;
pub(super) use rows::*;
pub use rows::{count_job_rows, list_job_rows};
pub(super) use schedules::*;
pub use schedules::{ScheduleLine, list_schedules};
pub(super) use seen::*;
pub use seen::{count_jobs, find_job, list_jobs};
