//! Waiting for a condition: never a fixed time.

use std::time::{Duration, Instant};

/// Polls until `condition` gives a value; panics with `what` after `limit`.
pub fn until<T>(what: &str, limit: Duration, mut condition: impl FnMut() -> Option<T>) -> T {
    let began = Instant::now();
    loop {
        if let Some(value) = condition() {
            return value;
        }
        assert!(began.elapsed() < limit, "waited {limit:?} in vain: {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// Long enough for a loaded machine, short enough not to hang: for what normally takes far less than a second.
pub const SOON: Duration = Duration::from_secs(20);
