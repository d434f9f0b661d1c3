//! Following an action: sending it, the router's answer, what accounting shows, and its end.

use std::sync::Arc;

use super::{DEFAULT_INTERIM_SECS, Desk, LEAST_PAUSE_MS, Open, books, facts};
use crate::aaa::directory::Nas;
use crate::aaa::enforcement::Way;
use crate::aaa::enforcement::action::{Action, ActionKind, ActionState, Outcome, Then};
use crate::aaa::enforcement::change::Change;
use crate::aaa::enforcement::order::order;
use crate::aaa::enforcement::reason::Reason;
use crate::aaa::enforcement::row::ActionRow;
use crate::aaa::enforcement::standing::assess_customer;
use crate::aaa::enforcement::status::Status;
use crate::aaa::enforcement::wanted::{Want, wanted};
use crate::sessions::{SessionName, cause};
use crate::units::UnixMs;

impl Desk {
    /// Goes on with an action of the store: after a restart, of a node that died, or that a command wrote.
    pub fn take_up(&mut self, mut action: Action, now: UnixMs) {
        let lives = self.world.access.live.with_session(&action.session, |s| s.is_open());
        self.serial += 1;
        action.serial = self.serial;
        if lives != Some(true) {
            action.ended(now);
            return self.keep(action);
        }
        if let Some(mut present) = self.actions.get(&action.session.session_key).cloned() {
            if present.kind == action.kind && present.stored_id.is_none() {
                // The same, begun again before the store was read: one row tells both.
                (present.stored_id, present.created_at) = (action.stored_id, action.created_at.min(present.created_at));
                return self.keep(present);
            }
            let loser = if present.kind == ActionKind::Coa && action.kind != ActionKind::Coa { &mut present } else { &mut action };
            loser.end(ActionState::GivenUp, "something newer took its place", now);
            let loser = loser.clone();
            self.keep(loser);
            if action.state.is_over() {
                return;
            }
        }
        if action.state == ActionState::Sent {
            // Whoever sent it is not there any more to hear the answer.
            (action.state, action.next_at) = (ActionState::Waiting, now);
        }
        self.keep(action);
    }

    /// An action's time has come.
    pub(super) fn try_action(&mut self, serial: u64, now: UnixMs) {
        let Some(mut action) = self.sessions.get(&serial).and_then(|key| self.actions.get(key)).cloned() else { return };
        let lives = self.world.access.live.with_session(&action.session, |s| s.is_open());
        if lives != Some(true) {
            action.ended(now);
            return self.keep(action);
        }
        if self.foreign.contains(&action.router_id) {
            // The other node goes on with it from the store.
            return self.forget(&action);
        }
        if !action.is_due(now) {
            return self.keep(action);
        }
        // What is asked for is worked out anew: the values count from the session's begin, and the books may have changed.
        let is_wanted = if action.is_asked() { Some(true) } else { self.is_still_wanted(&mut action, now) };
        match is_wanted {
            Some(true) => self.send(action, now),
            Some(false) => {
                action.end(ActionState::GivenUp, "the books no longer want it", now);
                let customer_id = action.customer_id;
                self.keep(action);
                self.recheck(customer_id, true, now);
            }
            None => {
                action.next_at = now + LEAST_PAUSE_MS;
                self.keep(action);
            }
        }
    }

    /// Whether the books want it, as far as is known; `None` = it is not known yet what the customer used.
    fn is_still_wanted(&self, action: &mut Action, now: UnixMs) -> Option<bool> {
        let mut sessions = 0;
        let mut facts_of = None;
        self.world.access.live.open_sessions(action.customer_id, |session| {
            sessions += 1;
            if session.session_key == action.session.session_key {
                facts_of = Some(facts(session));
            }
        });
        let Some(facts) = facts_of else { return Some(false) };
        let Some(assessed) = assess_customer(&self.world.access, action.customer_id, sessions, now) else {
            return Some(action.reason == Reason::CustomerRemoved);
        };
        let is_wanted = match (wanted(&books(&assessed, sessions, true), &facts, now), action.kind) {
            (Want::Nothing, _) if assessed.assessment.is_provisional => return None,
            (Want::Change(change, reason), ActionKind::Coa) => {
                (action.change, action.reason) = (change, reason);
                true
            }
            (Want::Disconnect(_), ActionKind::Disconnect | ActionKind::Kick) => true,
            // A change that the router would not make: the session is ended for it.
            (Want::Change(..), ActionKind::Disconnect | ActionKind::Kick) => action.may_stand_for_a_change(),
            _ => false,
        };
        Some(is_wanted)
    }

    /// Sends an action, or says why it cannot be sent now.
    pub(super) fn send(&mut self, mut action: Action, now: UnixMs) {
        let routers = self.world.access.directory.routers.load();
        let Some(nas) = routers.find(action.router_id).cloned() else {
            action.postpone("its router has no entry any more", now);
            return self.keep(action);
        };
        let Some(way) = self.world.ways.find(action.session.nas_instance, &nas) else {
            action.postpone("the router's address is not known until it speaks", now);
            return self.keep(action);
        };
        if self.kicks(&mut action, &nas, way, now) {
            return self.keep(action);
        }
        action.send(now);
        let order = self.world.access.live.with_session(&action.session, |session| order(&action, session, &nas, way));
        match order {
            Some(order) => {
                self.keep(action);
                Status::count(&self.status.sent);
                self.world.sender.send(order);
            }
            None => {
                action.ended(now);
                self.keep(action);
            }
        }
    }

    /// Drift of a Disconnect goes to the router's own interface, if there is one.
    fn kicks(&mut self, action: &mut Action, nas: &Arc<Nas>, way: Way, now: UnixMs) -> bool {
        if action.kind == ActionKind::Coa || action.state != ActionState::Drift {
            return false;
        }
        let Some(kick) = &self.world.kick else { return false };
        let taken =
            self.world.access.live.with_session(&action.session, |session| kick.kick(order(action, session, nas, way))) == Some(true);
        if taken {
            action.kind = ActionKind::Kick;
            action.send(now);
        }
        taken
    }

    /// The sender's answer.
    pub fn answered(&mut self, serial: u64, outcome: Outcome, now: UnixMs) {
        let Some(mut action) = self.sessions.get(&serial).and_then(|key| self.actions.get(key)).cloned() else { return };
        self.status.note(outcome);
        let facts = self.world.access.live.with_session(&action.session, facts);
        let interim_secs = facts.map_or(0, |f| f.interim_secs);
        let interim_secs = if interim_secs == 0 { DEFAULT_INTERIM_SECS } else { interim_secs };
        let then = action.answer(outcome, i64::from(interim_secs) * 2_500 + 30_000, now);
        match outcome {
            Outcome::Ack | Outcome::Nak(_) => self.hear_from(action.router_id, now),
            Outcome::Timeout | Outcome::Silent => {
                self.silent.insert(action.router_id);
            }
            Outcome::Unsendable => {}
        }
        if let (Then::Granted, Some(facts)) = (then, facts) {
            self.world.access.live.set_granted(&action.session, action.change.granted_after(&facts.granted, facts.started_at));
        }
        let (customer_id, sent_at, session) = (action.customer_id, action.sent_at, action.session.clone());
        let reason = action.reason;
        let was_acked = action.acked_at > 0 || action.tries > 1;
        self.keep(action);
        match then {
            Then::Wait => {}
            Then::Granted => self.recheck(customer_id, false, now),
            Then::EndInstead => self.disconnect_instead(&session, reason, now),
            Then::CloseSession => self.close(&session, customer_id, sent_at, was_acked, now),
        }
    }

    fn disconnect_instead(&mut self, name: &SessionName, reason: Reason, now: UnixMs) {
        let found = self.world.access.live.with_session(name, |s| s.is_open().then(|| (s.customer_id, Open::of(s))));
        if let Some(Some((customer_id, session))) = found {
            self.begin(session, customer_id, ActionKind::Disconnect, reason, Change::default(), now);
        }
    }

    fn close(&mut self, session: &SessionName, customer_id: i64, sent_at: UnixMs, was_acked: bool, now: UnixMs) {
        let cause = if was_acked { cause::ADMIN_RESET } else { cause::LOST_SERVICE };
        match self.world.access.live.end_gone(session, cause, sent_at, |record| (self.world.append)(record)) {
            Ok(true) => tracing::debug!("a session that its router does not have was closed"),
            Ok(false) => self.recheck(customer_id, false, now),
            Err(reason) => tracing::warn!(%reason, "a session that its router does not have is closed later"),
        }
    }

    /// A router that was silent speaks again: what waits for it is due.
    fn hear_from(&mut self, router_id: i64, now: UnixMs) {
        if !self.silent.remove(&router_id) {
            return;
        }
        let waits =
            |a: &&Action| a.router_id == router_id && matches!(a.state, ActionState::Waiting | ActionState::Drift) && a.next_at > now;
        let waiting: Vec<Action> = self.actions.values().filter(waits).cloned().collect();
        for mut action in waiting {
            action.next_at = now;
            self.keep(action);
        }
    }

    /// Accounting about a session that has an action, or that began or ended.
    pub fn accounted(&mut self, session_key: [u8; 16], customer_id: i64, is_open: bool, recheck: bool, now: UnixMs) {
        if let Some(mut action) = self.actions.get(&session_key).cloned() {
            if !is_open {
                action.ended(now);
                self.keep(action);
            } else if action.reported(now) {
                self.keep(action);
            }
        }
        if recheck && customer_id != 0 {
            self.recheck(customer_id, false, now);
        }
    }

    /// Takes an action out of memory; the store keeps it as it is.
    fn forget(&mut self, action: &Action) {
        let key = action.session.session_key;
        if let Some(old) = self.actions.remove(&key) {
            self.due.remove(&(old.next_at, old.serial));
            self.status.leave(old.kind, old.state);
        }
        self.sessions.remove(&action.serial);
        self.status.watched.remove(&key);
    }

    /// Files an action where its state belongs, and notes it for the store.
    pub(super) fn keep(&mut self, action: Action) {
        let key = action.session.session_key;
        let granted = self.world.access.live.with_session(&action.session, |s| s.granted());
        self.changed.push(ActionRow::of(&action, granted));
        if let Some(old) = self.actions.remove(&key) {
            self.due.remove(&(old.next_at, old.serial));
            if old.serial == action.serial {
                self.status.leave(old.kind, old.state);
            } else {
                // Two actions of one session: the newer one stays.
                self.actions.insert(key, old.clone());
                self.due.insert((old.next_at, old.serial));
                return self.status.finish(action.kind, action.state);
            }
        }
        if action.state.is_over() {
            self.sessions.remove(&action.serial);
            self.status.watched.remove(&key);
            return self.status.finish(action.kind, action.state);
        }
        self.status.enter(action.kind, action.state);
        self.status.watched.insert(key);
        self.due.insert((action.next_at, action.serial));
        self.sessions.insert(action.serial, key);
        self.actions.insert(key, action);
    }
}
