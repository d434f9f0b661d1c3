//! What enforcement counts, for metrics and for whoever must know whether a session has an action.

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use dashmap::DashSet;

use super::action::{ActionKind, ActionState, Outcome};

const KINDS: usize = 3;
const STATES: usize = ActionState::ALL.len();

/// Counters and gauges.
#[derive(Debug, Default)]
pub struct Status {
    /// Sessions with an unfinished action.
    pub watched: DashSet<[u8; 16]>,
    /// Requests handed to the sender.
    pub sent: AtomicU64,
    /// Of these, acknowledged.
    pub acks: AtomicU64,
    /// Refused.
    pub naks: AtomicU64,
    /// Never answered.
    pub timeouts: AtomicU64,
    /// Not sent, because their router is silent or cannot be sent to.
    pub unsent: AtomicU64,
    /// Customers with an instant near enough to be kept at which they are looked at.
    pub timers: AtomicI64,
    /// How long the last whole sweep took, its parts together, microseconds.
    pub sweep_us: AtomicU64,
    /// Actions that changed and are not in the store yet.
    pub unsaved: AtomicI64,
    now: [[AtomicI64; STATES]; KINDS],
    over: [[AtomicU64; STATES]; KINDS],
}

impl Status {
    /// Adds one.
    pub fn count(counter: &AtomicU64) {
        counter.fetch_add(1, Ordering::Relaxed);
    }

    /// Counts an answer.
    pub(super) fn note(&self, outcome: Outcome) {
        Status::count(match outcome {
            Outcome::Ack => &self.acks,
            Outcome::Nak(_) => &self.naks,
            Outcome::Timeout => &self.timeouts,
            Outcome::Silent | Outcome::Unsendable => &self.unsent,
        });
    }

    pub(super) fn enter(&self, kind: ActionKind, state: ActionState) {
        self.now[kind as usize][state as usize].fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn leave(&self, kind: ActionKind, state: ActionState) {
        self.now[kind as usize][state as usize].fetch_sub(1, Ordering::Relaxed);
    }

    pub(super) fn finish(&self, kind: ActionKind, state: ActionState) {
        Status::count(&self.over[kind as usize][state as usize]);
    }

    /// Unfinished actions of a kind in a state.
    pub fn unfinished(&self, kind: ActionKind, state: ActionState) -> i64 {
        self.now[kind as usize][state as usize].load(Ordering::Relaxed)
    }

    /// Actions of a kind that ended in a state.
    pub fn finished(&self, kind: ActionKind, state: ActionState) -> u64 {
        self.over[kind as usize][state as usize].load(Ordering::Relaxed)
    }
}
