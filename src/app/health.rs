//! Whether the server serves, and if not, why: one place that /readyz, the metrics and the log share.

use std::sync::atomic::{AtomicBool, Ordering};

/// What readiness depends on.
#[derive(Debug, Default)]
pub struct Health {
    /// Customers are in memory: logins are decided.
    pub directory_loaded: AtomicBool,
    /// The database answered lately.
    pub store_reachable: AtomicBool,
    /// The journal cannot be written (a full disk, say): accounting is not acknowledged.
    pub journal_stalled: AtomicBool,
    /// The server is on its way down.
    pub stopping: AtomicBool,
}

impl Health {
    /// Why the server is not ready; `None` if it is.
    pub fn not_ready(&self) -> Option<&'static str> {
        if self.stopping.load(Ordering::Acquire) {
            Some("stopping")
        } else if !self.directory_loaded.load(Ordering::Acquire) {
            Some("loading customers")
        } else if self.journal_stalled.load(Ordering::Acquire) {
            Some("the journal cannot be written; accounting is not acknowledged until it can")
        } else if !self.store_reachable.load(Ordering::Acquire) {
            Some("the database does not answer; logins and accounting go on from memory and journal")
        } else {
            None
        }
    }
}
