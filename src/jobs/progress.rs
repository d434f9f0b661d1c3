//! How far a job is: told by its work as often as it likes, written by the runner a few times per second at most.

use std::sync::Arc;

use parking_lot::Mutex;

/// How far it is at an instant.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ProgressNow {
    /// How much is done, in units of the kind's own.
    pub done: i64,
    /// Of how much, where that is known.
    pub total: Option<i64>,
    /// What it is at, in a few words.
    pub step: String,
}

/// See the head of the file. Cheap to clone and to tell.
#[derive(Debug, Clone, Default)]
pub struct Progress(Arc<Mutex<ProgressNow>>);

impl Progress {
    /// That so much is done.
    pub fn done(&self, done: i64) {
        self.0.lock().done = done;
    }

    /// Of how much.
    pub fn total(&self, total: Option<i64>) {
        self.0.lock().total = total;
    }

    /// What it is at.
    pub fn step(&self, step: impl Into<String>) {
        self.0.lock().step = step.into();
    }

    /// What was told last.
    pub fn now(&self) -> ProgressNow {
        self.0.lock().clone()
    }
}
