//! What somebody should look at: no good backup, a kind that does not run when it should, a job that failed and that nobody has dismissed.

use serde::Serialize;

use super::sql::{self, ScheduleLine};
use super::{Job, JobError, backup, may_change_job};
use crate::accounts::Scope;
use crate::store::Conn;
use crate::units::{DAY_MS, HOUR_MS, JobId, UnixMs};

/// How old the newest good backup may be.
const BACKUP_MS: i64 = DAY_MS;
/// What the night's own backup may take longer than the one before without being called missing.
const BACKUP_GRACE_MS: i64 = HOUR_MS;
/// How long a failure is shown if nobody dismisses it.
const FAILED_MS: i64 = 7 * DAY_MS;
/// Failures that are shown at once.
const MOST_FAILED: i64 = 20;

/// A value in the text of a problem.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum AttentionValue {
    /// Words.
    Text(String),
    /// An instant, to be printed in the reader's zone.
    Instant(UnixMs),
}

/// See the head of the file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Attention {
    /// Stable: `backup-never`, `backup-old`, `job-late`, `job-failed`. Surfaces have a text for each.
    pub code: &'static str,
    /// What its text says, by name.
    pub values: Vec<(&'static str, AttentionValue)>,
    /// The page of the panel where it is mended.
    pub link: String,
    /// The failed job.
    pub job: Option<JobId>,
    /// Whether whoever looks may dismiss it.
    pub may_dismiss: bool,
}

/// All that a scope should look at now, the gravest first.
pub async fn list_attention(conn: &mut Conn, scope: &Scope, now: UnixMs) -> Result<Vec<Attention>, JobError> {
    let schedules = sql::list_schedules(conn, scope).await?;
    let mut found = Vec::new();
    if let Some(nightly) = schedules.iter().find(|line| line.kind == backup::TERMS.name) {
        let made_at = sql::find_store_made_at(conn).await?.unwrap_or(now);
        found.extend(missing_backup(made_at, nightly.last_good_at, now));
    }
    found.extend(schedules.iter().filter_map(|line| late(line, now)));
    let undismissed = sql::list_undismissed(conn, scope, now - FAILED_MS, MOST_FAILED).await?;
    found.extend(undismissed.iter().map(|job| Attention { may_dismiss: may_change_job(scope, job).is_ok(), ..failed(job) }));
    Ok(found)
}

fn missing_backup(store_made_at: UnixMs, last_good_at: Option<UnixMs>, now: UnixMs) -> Option<Attention> {
    let (code, since) = match last_good_at {
        Some(at) if now - at > BACKUP_MS + BACKUP_GRACE_MS => ("backup-old", at),
        None if now - store_made_at > BACKUP_MS => ("backup-never", store_made_at),
        _ => return None,
    };
    let link = format!("/jobs?q=kind:{}", backup::TERMS.name);
    Some(Attention { code, values: vec![("since", AttentionValue::Instant(since))], link, job: None, may_dismiss: false })
}

/// Late by more than twice its interval: neither started nor ended well for so long, whatever kept it.
fn late(line: &ScheduleLine, now: UnixMs) -> Option<Attention> {
    let interval = line.interval_secs * 1000;
    let due = line.last_good_at.map_or(line.since, |at| at.max(line.since)) + interval;
    if now - due <= 2 * interval {
        return None;
    }
    let values = vec![("kind", AttentionValue::Text(line.kind.clone())), ("due", AttentionValue::Instant(due))];
    Some(Attention { code: "job-late", values, link: format!("/jobs?q=kind:{}", line.kind), job: None, may_dismiss: false })
}

fn failed(job: &Job) -> Attention {
    let values = vec![
        ("kind", AttentionValue::Text(job.kind.clone())),
        ("at", AttentionValue::Instant(job.ended_at.unwrap_or(job.created_at))),
        ("error", AttentionValue::Text(job.error.clone())),
    ];
    Attention { code: "job-failed", values, link: format!("/jobs/{}", job.id), job: Some(job.id), may_dismiss: false }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: UnixMs = 1_794_694_400_000;

    #[test]
    fn a_backup_is_missed_after_a_day() {
        let code = |made: i64, good: Option<i64>| {
            missing_backup(NOW - made * HOUR_MS, good.map(|hours| NOW - hours * HOUR_MS), NOW).map(|attention| attention.code)
        };
        assert_eq!(code(23, None), None, "a new store has its first night before it");
        assert_eq!(code(25, None), Some("backup-never"));
        assert_eq!((code(900, Some(23)), code(900, Some(25)), code(900, Some(26))), (None, None, Some("backup-old")));
    }

    #[test]
    fn a_schedule_is_late_after_twice_its_interval() {
        let is_late = |since: i64, good: Option<i64>| {
            let line = ScheduleLine {
                kind: "x".into(),
                rule: String::new(),
                interval_secs: 3600,
                next_run_at: NOW,
                since: NOW - since * HOUR_MS,
                last_good_at: good.map(|hours| NOW - hours * HOUR_MS),
            };
            late(&line, NOW).is_some()
        };
        assert!(!is_late(3, None) && is_late(4, None));
        assert!(!is_late(900, Some(3)) && is_late(900, Some(4)));
        assert!(!is_late(1, Some(100)), "a schedule that was off is not late when it is on again");
    }
}
