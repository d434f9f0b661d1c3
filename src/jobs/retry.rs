//! What follows a failure: another attempt after a pause that doubles, or none. Pure.

use crate::units::{HOUR_MS, UnixMs};

/// No pause is longer.
const LONGEST_PAUSE_MS: i64 = HOUR_MS;

/// See the head of the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retry {
    /// How often it is tried in all, at least once.
    pub attempts: i64,
    /// The pause after the first failure, in milliseconds.
    pub first_pause_ms: i64,
}

impl Retry {
    /// When it is tried again after so many attempts, the last of which ended now; `None` if it is not.
    pub fn next(self, attempts: i64, now: UnixMs) -> Option<UnixMs> {
        if attempts >= self.attempts {
            return None;
        }
        let doubled = u32::try_from(attempts - 1).unwrap_or(0).min(20);
        Some(now + self.first_pause_ms.saturating_mul(1 << doubled).min(LONGEST_PAUSE_MS))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_an_hour_and_end() {
        let retry = Retry { attempts: 9, first_pause_ms: 60_000 };
        let pauses: Vec<Option<i64>> = (1..=9).map(|attempt| retry.next(attempt, 1_000).map(|at| (at - 1_000) / 60_000)).collect();
        assert_eq!(pauses, [Some(1), Some(2), Some(4), Some(8), Some(16), Some(32), Some(60), Some(60), None]);
        assert_eq!(Retry { attempts: 1, first_pause_ms: 1 }.next(1, 0), None);
        assert_eq!(Retry { attempts: 100, first_pause_ms: i64::MAX }.next(80, 0), Some(HOUR_MS));
    }
}
