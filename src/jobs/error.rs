//! Why a job cannot be asked for or changed, and why the work of one failed.

use crate::accounts::{AccountError, Denial};
use crate::customers::CustomerError;
use crate::store::StoreError;
use crate::units::JobId;

/// See the variants; [`JobError::code`] is stable.
#[derive(Debug, thiserror::Error)]
pub enum JobError {
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Not allowed.
    #[error(transparent)]
    Denied(#[from] Denial),
    /// What the job is about does not allow it.
    #[error(transparent)]
    Customer(#[from] CustomerError),
    /// No such job, or none that may be seen.
    #[error("there is no job {0}; `tollgate job ls` shows those there are")]
    Unknown(JobId),
    /// Only what failed or was cancelled is tried again.
    #[error("only a job that failed or was cancelled can be tried again")]
    NotRetriable,
    /// It has ended.
    #[error("this job is over: there is nothing to cancel")]
    AlreadyOver,
    /// Only failures are dismissed.
    #[error("only a failed job can be dismissed")]
    NotFailed,
}

impl JobError {
    /// The stable code of this error.
    pub fn code(&self) -> &'static str {
        match self {
            JobError::Store(_) => "store",
            JobError::Denied(denial) => denial.code(),
            JobError::Customer(e) => e.code(),
            JobError::Unknown(_) => "job-unknown",
            JobError::NotRetriable => "job-not-retriable",
            JobError::AlreadyOver => "job-over",
            JobError::NotFailed => "job-not-failed",
        }
    }
}

/// Why the work of a job did not come to a result.
#[derive(Debug, thiserror::Error)]
pub enum JobFailure {
    /// May work later: a database that does not answer, a full disk.
    #[error("{0}")]
    Again(String),
    /// Would fail in the same way each time.
    #[error("{0}")]
    ForGood(String),
    /// It heard the stop flag and ended.
    #[error("it was stopped")]
    Stopped,
    /// Another node has taken it over: nothing may be written any more.
    #[error("another node has taken this job over")]
    Lost,
}

impl From<StoreError> for JobFailure {
    fn from(error: StoreError) -> JobFailure {
        JobFailure::Again(error.to_string())
    }
}

impl From<AccountError> for JobFailure {
    fn from(error: AccountError) -> JobFailure {
        match error {
            AccountError::Store(e) => e.into(),
            other => JobFailure::ForGood(other.to_string()),
        }
    }
}

impl From<Denial> for JobFailure {
    fn from(denial: Denial) -> JobFailure {
        JobFailure::ForGood(denial.to_string())
    }
}
