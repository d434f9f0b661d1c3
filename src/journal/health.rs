//! How the journal is doing: whether it acknowledges, how long syncs take, what it holds.

use parking_lot::Mutex;
use std::time::Duration;

const RECENT_SYNCS: usize = 512;

/// Whether records are being made durable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum JournalState {
    /// Records become durable.
    Ok,
    /// Nothing is acknowledged until the cause is gone; it is retried without end.
    Stalled {
        /// What failed, in words.
        reason: String,
        /// Since when, in unix milliseconds.
        since_unix_ms: i64,
    },
}

/// A snapshot for metrics, `doctor` and alarms.
#[derive(Debug, Clone)]
pub struct JournalHealth {
    /// Whether records are being made durable.
    pub state: JournalState,
    /// Size of all segments, in octets.
    pub bytes_on_disk: u64,
    /// How many segments there are.
    pub segments: usize,
    /// Octets appended and not yet durable.
    pub pending_bytes: usize,
    /// Segments given up after a failed write or sync, since the journal was opened.
    pub poisoned: u64,
    /// Appends refused because too much was pending, since the journal was opened.
    pub overfull: u64,
    /// Median of the last 512 syncs.
    pub sync_p50: Duration,
    /// 99th percentile of the last 512 syncs.
    pub sync_p99: Duration,
    /// Slowest of the last 512 syncs.
    pub sync_max: Duration,
    /// Syncs of batches since the journal was opened.
    pub syncs: u64,
}

/// Durations of recent syncs.
#[derive(Default)]
pub(crate) struct SyncTimes {
    ring: Mutex<(Vec<Duration>, u64)>,
}

impl SyncTimes {
    pub fn add(&self, took: Duration) {
        let mut ring = self.ring.lock();
        let at = (ring.1 % RECENT_SYNCS as u64) as usize;
        if ring.0.len() == RECENT_SYNCS {
            ring.0[at] = took;
        } else {
            ring.0.push(took);
        }
        ring.1 += 1;
    }

    /// (p50, p99, max, count of all).
    pub fn summary(&self) -> (Duration, Duration, Duration, u64) {
        let (mut times, count) = self.ring.lock().clone();
        times.sort_unstable();
        let at = |share: usize| times.get((times.len() * share / 100).min(times.len().saturating_sub(1))).copied().unwrap_or_default();
        (at(50), at(99), at(100), count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_of_the_recent_syncs_only() {
        let times = SyncTimes::default();
        assert_eq!(times.summary(), (Duration::ZERO, Duration::ZERO, Duration::ZERO, 0));
        times.add(Duration::from_secs(9));
        for millis in 1..=RECENT_SYNCS as u64 {
            times.add(Duration::from_millis(millis));
        }
        let ms = Duration::from_millis;
        assert_eq!(times.summary(), (ms(257), ms(507), ms(512), 513));
    }
}
