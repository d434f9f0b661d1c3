//! One action: something that a router must do about a session, from the first try until the network proves it. Pure; `now` is an argument.
//!
//! An acknowledgement is no proof. A Disconnect is proven by the session's end, a change by a later report of the same session. What is not proven in time is
//! tried again with growing pauses, and shown as drift when several tries did not help; drift is tried on at the longest pause until the session ends.

use std::time::Duration;

use super::cause::{Remedy, find_cause};
use super::change::Change;
use super::reason::Reason;
use crate::sessions::SessionName;
use crate::units::{UnixMs, print_instant, words};

/// A Stop must follow an acknowledged Disconnect within this.
const STOP_GRACE_MS: i64 = 60_000;
/// A report that was on its way when the router acknowledged proves nothing.
const REPORT_GRACE_MS: i64 = 1_000;
/// The sender gives an answer, or up, before this.
const SENDING_LIMIT_MS: i64 = 45_000;
/// Tries without success after which it is drift.
const DRIFT_AFTER: u32 = 3;
/// So is what did not succeed for this long.
const DRIFT_AFTER_MS: i64 = 180_000;
/// Pauses before the next try; the last one is used from then on.
const PAUSES: [Duration; 5] =
    [Duration::from_secs(2), Duration::from_secs(8), Duration::from_secs(30), Duration::from_secs(120), Duration::from_secs(300)];
/// A router that answers nothing is asked again after this at the latest.
const LONGEST_SILENCE: Duration = Duration::from_secs(60);
/// Where the network address of a box is not known yet, or its entry is gone, that is looked at again after this.
const NO_WAY_PAUSE_MS: i64 = 10_000;

/// How a router is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ActionKind {
    /// By a CoA-Request.
    Coa,
    /// By a Disconnect-Request.
    Disconnect,
    /// By the router's own interface.
    Kick,
}
words!(ActionKind, "a kind of action", "coa" = Coa, "disconnect" = Disconnect, "kick" = Kick);

/// How far an action is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ActionState {
    /// For its time.
    Waiting,
    /// For the router's answer.
    Sent,
    /// For the proof.
    Acknowledged,
    /// Done: the network shows it.
    Proven,
    /// The books say one thing, the network another, and several tries did not help. It is tried on.
    Drift,
    /// Over: the session ended by itself, or the router no longer has it.
    Gone,
    /// Over: the books no longer want it, or something newer took its place.
    GivenUp,
}
words!(
    ActionState,
    "a state of an action",
    "waiting" = Waiting,
    "sent" = Sent,
    "acknowledged" = Acknowledged,
    "proven" = Proven,
    "drift" = Drift,
    "gone" = Gone,
    "given-up" = GivenUp
);

impl ActionState {
    /// Every state.
    pub const ALL: [ActionState; 7] = [Self::Waiting, Self::Sent, Self::Acknowledged, Self::Proven, Self::Drift, Self::Gone, Self::GivenUp];

    /// Whether nothing will happen any more.
    pub fn is_over(self) -> bool {
        matches!(self, Self::Proven | Self::Gone | Self::GivenUp)
    }
}

/// What came of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Acknowledged.
    Ack,
    /// Refused, with the Error-Cause if there was one.
    Nak(Option<u32>),
    /// No answer to any of the tries.
    Timeout,
    /// Not sent: its router is silent, and another request finds out when it is back.
    Silent,
    /// Not sent: it cannot be.
    Unsendable,
}

/// What the caller must do after an answer, besides keeping the action.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Then {
    /// Nothing.
    Wait,
    /// Note what the router was told.
    Granted,
    /// Close the session: its router does not have it.
    CloseSession,
    /// End the session instead of changing it.
    EndInstead,
}

/// An action.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Action {
    /// Its number in this process.
    pub serial: u64,
    /// Its id in the store, if it came from there.
    pub stored_id: Option<i64>,
    /// Whose session.
    pub tenant_id: i64,
    /// By which router entry.
    pub router_id: i64,
    /// Whose; 0 = not known.
    pub customer_id: i64,
    /// Which session.
    pub session: SessionName,
    /// User-Name as the router sent it.
    pub username: Box<[u8]>,
    /// How.
    pub kind: ActionKind,
    /// Why.
    pub reason: Reason,
    /// What to change; empty if the session is to end.
    pub change: Change,
    /// How far it is.
    pub state: ActionState,
    /// Why it is there, in words; empty while all goes well.
    pub note: String,
    /// Requests so far, repetitions of the same datagram not counted.
    pub tries: u32,
    /// The router's last Error-Cause.
    pub error_cause: Option<u32>,
    /// When something must happen next.
    pub next_at: UnixMs,
    /// When the books first wanted it.
    pub created_at: UnixMs,
    /// When it last changed.
    pub updated_at: UnixMs,
    /// When the last request was handed to the sender.
    pub sent_at: UnixMs,
    /// When the router acknowledged; 0 = not yet.
    pub acked_at: UnixMs,
    /// Whether the session is named by Acct-Session-Id and User-Name alone.
    pub named_by_less: bool,
}

impl Action {
    /// Whether a login or a person asked for it, so that it stands whatever the books say.
    pub fn is_asked(&self) -> bool {
        matches!(self.reason, Reason::Staff | Reason::Replaced)
    }

    /// Whether a session that is to be ended may be so because its router refused a change.
    pub fn may_stand_for_a_change(&self) -> bool {
        !matches!(self.reason, Reason::Denied(_) | Reason::NewLogin)
    }

    /// A request goes out.
    pub fn send(&mut self, now: UnixMs) {
        self.tries += 1;
        (self.state, self.sent_at, self.updated_at) = (ActionState::Sent, now, now);
        self.next_at = now + SENDING_LIMIT_MS;
    }

    /// It cannot be sent now.
    pub fn postpone(&mut self, why: &str, now: UnixMs) {
        why.clone_into(&mut self.note);
        self.next_at = now + NO_WAY_PAUSE_MS;
        self.updated_at = now;
    }

    /// The router answered, or did not. `proof_ms` is how long the next report may take.
    pub fn answer(&mut self, outcome: Outcome, proof_ms: i64, now: UnixMs) -> Then {
        if self.state != ActionState::Sent {
            return Then::Wait;
        }
        self.updated_at = now;
        match outcome {
            Outcome::Ack => {
                (self.state, self.acked_at, self.error_cause) = (ActionState::Acknowledged, now, None);
                self.note.clear();
                self.next_at = now + if self.kind == ActionKind::Coa { proof_ms } else { STOP_GRACE_MS };
                if self.kind == ActionKind::Coa { Then::Granted } else { Then::Wait }
            }
            Outcome::Nak(cause) => self.refused(cause, now),
            Outcome::Timeout | Outcome::Silent => {
                self.tries -= u32::from(outcome == Outcome::Silent && self.tries > 1);
                self.fail("the router does not answer CoA and Disconnect requests", LONGEST_SILENCE, now);
                Then::Wait
            }
            Outcome::Unsendable => {
                self.fail("the request cannot be sent from this machine to the router's address", LONGEST_SILENCE, now);
                Then::Wait
            }
        }
    }

    fn refused(&mut self, error_cause: Option<u32>, now: UnixMs) -> Then {
        self.error_cause = error_cause;
        let cause = find_cause(error_cause);
        let remedy = if self.kind == ActionKind::Coa { cause.of_change } else { cause.of_disconnect };
        let longest = PAUSES[PAUSES.len() - 1];
        match remedy {
            Remedy::Removed => {
                self.end(ActionState::Proven, cause.words, now);
                Then::CloseSession
            }
            Remedy::Gone => {
                self.end(ActionState::Gone, cause.words, now);
                Then::CloseSession
            }
            Remedy::EndInstead => {
                self.end(ActionState::GivenUp, cause.words, now);
                Then::EndInstead
            }
            // Several refusals of whatever kind: then only a new login brings the new state.
            Remedy::Retry | Remedy::NameByLess if self.kind == ActionKind::Coa && self.tries >= DRIFT_AFTER => {
                self.end(ActionState::GivenUp, cause.words, now);
                Then::EndInstead
            }
            Remedy::NameByLess => {
                self.named_by_less = true;
                self.fail(cause.words, longest, now);
                Then::Wait
            }
            Remedy::Retry => {
                self.fail(cause.words, longest, now);
                Then::Wait
            }
            Remedy::Hopeless => {
                self.tries = self.tries.max(DRIFT_AFTER);
                self.fail(cause.words, longest, now);
                Then::Wait
            }
        }
    }

    /// The session was reported on, and is open. True if that changed the action.
    pub fn reported(&mut self, now: UnixMs) -> bool {
        let is_later = now - self.acked_at > REPORT_GRACE_MS;
        match (self.state, self.kind) {
            (ActionState::Acknowledged, ActionKind::Coa) if is_later => {
                self.end(ActionState::Proven, "", now);
                true
            }
            (ActionState::Acknowledged, _) if is_later => {
                self.fail("it acknowledged and still reports the session", PAUSES[PAUSES.len() - 1], now);
                true
            }
            _ => false,
        }
    }

    /// The session ended.
    pub fn ended(&mut self, now: UnixMs) {
        match self.kind {
            ActionKind::Coa => self.end(ActionState::Gone, "the session ended", now),
            // Whoever ended it: if it was asked for, that is what was wanted.
            _ if self.tries > 0 => self.end(ActionState::Proven, "", now),
            _ => self.end(ActionState::Gone, "the session ended by itself", now),
        }
    }

    /// Its time has come without the event it waited for. True if a request must go out now.
    pub fn is_due(&mut self, now: UnixMs) -> bool {
        match (self.state, self.kind) {
            (ActionState::Waiting | ActionState::Drift, _) => true,
            (ActionState::Sent, _) => {
                self.fail("no word came from the sender", LONGEST_SILENCE, now);
                false
            }
            (ActionState::Acknowledged, ActionKind::Coa) => {
                // No report since: whether the session lives is for those to find out who watch for silence. What the router was told, it acknowledged.
                self.end(ActionState::GivenUp, "acknowledged, but the session has not reported since", now);
                false
            }
            (ActionState::Acknowledged, _) => {
                self.fail("it acknowledged, but no Stop came", PAUSES[PAUSES.len() - 1], now);
                self.next_at <= now
            }
            _ => false,
        }
    }

    /// It is over.
    pub fn end(&mut self, state: ActionState, note: &str, now: UnixMs) {
        note.clone_into(&mut self.note);
        (self.state, self.updated_at, self.next_at) = (state, now, UnixMs::MAX);
    }

    /// A try did not help: the next one comes after a pause, and after several this is drift.
    fn fail(&mut self, what: &str, longest: Duration, now: UnixMs) {
        let pause = PAUSES[(self.tries.max(1) as usize - 1).min(PAUSES.len() - 1)].min(longest);
        self.next_at = now + pause.as_millis() as i64;
        self.updated_at = now;
        (self.acked_at, self.state) = (0, ActionState::Waiting);
        what.clone_into(&mut self.note);
        if self.tries >= DRIFT_AFTER || now - self.created_at >= DRIFT_AFTER_MS {
            self.state = ActionState::Drift;
            self.note = self.drift_words(what);
        }
    }

    fn drift_words(&self, what: &str) -> String {
        let since = print_instant(self.created_at);
        match self.kind {
            ActionKind::Coa => format!("books want {} since {since}, router has not taken it: {what}", self.change),
            _ => format!("books say {} since {since}, router still has him online: {what}", self.reason.words()),
        }
    }
}

#[cfg(test)]
#[path = "action_tests.rs"]
mod tests;
