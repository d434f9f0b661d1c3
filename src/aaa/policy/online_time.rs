//! What is left of limits on the time online, and when it will be used up.

use super::{Standing, known_spans};
use crate::packages::{Spans, TimeLimit};
use crate::units::UnixMs;

/// Seconds left of one limit.
fn left_secs(standing: &Standing<'_>, limit: &TimeLimit) -> u64 {
    limit.secs.saturating_sub(standing.used.of(limit.per).secs)
}

/// Whether any limit is used up.
pub(super) fn is_used_up(standing: &Standing<'_>) -> bool {
    standing.limits.time.iter().any(|limit| left_secs(standing, limit) == 0)
}

/// When the first of the limits will be used up if all open sessions stay online; [`UnixMs::MAX`] if that never happens. A limit whose period ends before it is
/// used up begins anew there.
pub(super) fn used_up_at(standing: &Standing<'_>, running: &Spans, now: UnixMs) -> UnixMs {
    let ends = standing.limits.time.iter().map(|limit| {
        let end = after(now, left_secs(standing, limit), standing.open_sessions);
        let turn = running.end(limit.per);
        if end <= turn {
            return end;
        }
        let next_turn = known_spans::around(turn, standing.zone).end(limit.per);
        let end = after(turn, limit.secs, standing.open_sessions);
        if end < next_turn { end } else { UnixMs::MAX }
    });
    ends.min().unwrap_or(UnixMs::MAX)
}

/// When so many seconds are used by so many sessions.
fn after(from: UnixMs, secs: u64, sessions: u32) -> UnixMs {
    let ms = i64::try_from(secs).unwrap_or(i64::MAX).saturating_mul(1000) / i64::from(sessions.max(1));
    from.saturating_add(ms)
}
