//! One job: what it is, how far it is, what became of it.

use jiff::tz::TimeZone;
use serde::Serialize;
use serde_json::Value;

use super::table::KIND_NAMES;
use crate::accounts::capability::Capability;
use crate::lists::{Field, Filter, Kind};
use crate::units::{AccountId, JobId, TenantId, UnixMs, words};

/// How far a job is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JobState {
    /// Waits for a runner, or for the instant at which it is tried again.
    Queued,
    /// A node works on it.
    Running,
    /// Has a result.
    Done,
    /// Is not tried any more by itself.
    Failed,
    /// Was cancelled before it was done.
    Cancelled,
}
words!(JobState, "a state of a job", "queued" = Queued, "running" = Running, "done" = Done, "failed" = Failed, "cancelled" = Cancelled,);

impl JobState {
    /// All of them.
    pub const ALL: [JobState; 5] = [JobState::Queued, JobState::Running, JobState::Done, JobState::Failed, JobState::Cancelled];

    /// Whether nothing more happens to it by itself.
    pub fn is_over(self) -> bool {
        matches!(self, JobState::Done | JobState::Failed | JobState::Cancelled)
    }
}

/// See the head of the file.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Job {
    /// Its id.
    pub id: JobId,
    /// Whose; `None` for the server's own.
    pub tenant_id: Option<TenantId>,
    /// Who asked; `None` where it was a schedule or whoever runs commands.
    pub owner_id: Option<AccountId>,
    /// Who asked, by name; empty for a schedule.
    pub asked_by: String,
    /// Which kind.
    pub kind: String,
    /// What asking for it took; `None` for a word that this program does not know.
    pub needs: Option<Capability>,
    /// What it was asked to do.
    pub arguments: Value,
    /// How far it is.
    pub state: JobState,
    /// What it is at, in a few words.
    pub step: String,
    /// How much of it is done, in units of the kind's own.
    pub done: i64,
    /// Of how much, where that is known.
    pub total: Option<i64>,
    /// What came of it.
    pub result: Option<Value>,
    /// Why the last attempt failed; empty if it did not.
    pub error: String,
    /// How often it was begun.
    pub attempts: i64,
    /// When it may run; before that it waits.
    pub run_at: UnixMs,
    /// Whether somebody asked for its end while it ran.
    pub is_being_cancelled: bool,
    /// When it was asked for.
    pub created_at: UnixMs,
    /// When the last attempt began.
    pub started_at: Option<UnixMs>,
    /// When it was over.
    pub ended_at: Option<UnixMs>,
    /// When somebody said that its failure needs no more attention.
    pub dismissed_at: Option<UnixMs>,
}

impl Job {
    /// How long the last attempt took, or has taken so far, in milliseconds.
    pub fn duration_ms(&self, now: UnixMs) -> Option<i64> {
        let until = if self.state.is_over() { self.ended_at? } else { now };
        (self.state != JobState::Queued).then_some(())?;
        Some((until - self.started_at?).max(0))
    }
}

/// What jobs can be filtered by, in the order in which a form offers it; a job without `by` was asked for by a schedule.
pub const JOB_FIELDS: &[Field] = &[
    Field::new("kind", Kind::Choice(KIND_NAMES)).said_as("job-kind"),
    Field::new("state", Kind::Choice(JobState::WORDS)).said_as("job-state"),
    Field::new("asked", Kind::Moment),
    Field::lacking("ended", Kind::Moment),
    Field::lacking("by", Kind::Text),
    Field::lacking("error", Kind::Text),
];

/// Which jobs to list, and what instants mean.
#[derive(Debug, Clone)]
pub struct JobQuery {
    /// Which; of [`JOB_FIELDS`].
    pub filter: Filter,
    /// Whether the first come first.
    pub oldest_first: bool,
    /// Now.
    pub now: UnixMs,
    /// The tenant's zone.
    pub zone: TimeZone,
}

impl JobQuery {
    /// All of them, the newest first.
    pub fn all(now: UnixMs) -> JobQuery {
        JobQuery { filter: Filter::default(), oldest_first: false, now, zone: TimeZone::UTC }
    }
}

/// A place in the list: what comes after it is older. Tells nothing but what its holder was shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct JobPlace {
    /// When that job was asked for.
    pub created_at: UnixMs,
    /// Its id.
    pub id: JobId,
}

impl From<&Job> for JobPlace {
    fn from(job: &Job) -> JobPlace {
        JobPlace { created_at: job.created_at, id: job.id }
    }
}

impl std::fmt::Display for JobPlace {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}-{}", self.created_at, self.id)
    }
}

impl std::str::FromStr for JobPlace {
    type Err = String;
    fn from_str(text: &str) -> Result<JobPlace, String> {
        let read =
            || text.split_once('-').and_then(|(at, id)| Some(JobPlace { created_at: at.parse().ok()?, id: JobId(id.parse().ok()?) }));
        read().ok_or_else(|| format!("{text:?} is no place in the list of jobs"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_read_as_they_are_written() {
        let place = JobPlace { created_at: 1_794_694_400_000, id: JobId(272_919_263_918_227_456) };
        assert_eq!(place.to_string().parse(), Ok(place));
        for bad in ["", "7", "x-1", "1-", "1-1.5"] {
            assert!(bad.parse::<JobPlace>().is_err(), "{bad}");
        }
    }
}
