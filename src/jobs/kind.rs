//! A kind of job that this process can run.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use serde_json::Value;

use super::context::JobContext;
use super::{JobFailure, Retry, Schedule, Terms};

/// What the work comes to: a result for people and programs, or why there is none.
pub type Worked = Pin<Box<dyn Future<Output = Result<Value, JobFailure>> + Send>>;
/// Does the work of one job.
pub type Work = Box<dyn Fn(JobContext) -> Worked + Send + Sync>;

/// A line of the table of kinds.
pub struct Kind {
    /// What it is.
    pub terms: &'static Terms,
    /// When it runs by itself.
    pub schedule: Schedule,
    /// What follows a failure.
    pub retry: Retry,
    /// Longest run; what takes longer is stopped and counts as failed.
    pub timeout: Duration,
    /// The work.
    pub work: Work,
}

impl Kind {
    /// A kind that runs when it is asked for, three times at most and half an hour at most.
    pub fn new<F>(terms: &'static Terms, work: impl Fn(JobContext) -> F + Send + Sync + 'static) -> Kind
    where
        F: Future<Output = Result<Value, JobFailure>> + Send + 'static,
    {
        Kind {
            terms,
            schedule: Schedule::None,
            retry: Retry { attempts: 3, first_pause_ms: 60_000 },
            timeout: Duration::from_secs(1800),
            work: Box::new(move |context| Box::pin(work(context))),
        }
    }
}
