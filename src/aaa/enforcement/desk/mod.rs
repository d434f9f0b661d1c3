//! The desk where wants become actions: one action per session at a time, each followed until it is over. No clock, no thread, no socket of its own.

mod follow;
mod sweep;

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use super::Append;
use super::action::{Action, ActionKind, ActionState};
use super::change::Change;
use super::order::{CoaSender, Kick};
use super::reason::Reason;
use super::row::ActionRow;
use super::standing::{Assessed, assess_customer};
use super::status::Status;
use super::timers::Timers;
use super::wanted::{Books, SessionFacts, Want, look_again_at, wanted};
use super::ways::Ways;
use crate::aaa::access::Access;
use crate::sessions::{LiveSession, SessionName};
use crate::units::UnixMs;
use sweep::Sweep;

/// A customer whose instant stays in the past (his time online is known as of the last report) is looked at again after this.
const LEAST_PAUSE_MS: i64 = 1_000;
/// Interims are expected this often where nothing is known, seconds.
const DEFAULT_INTERIM_SECS: u16 = 300;

/// What the desk looks at and acts on.
pub struct World {
    /// The books: routers, packages, customers, what they used; and who is online.
    pub access: Arc<Access>,
    /// How routers are reached.
    pub ways: Arc<Ways>,
    /// Writes the record of a closed session into the journal.
    pub append: Append,
    /// Speaks with routers.
    pub sender: Arc<dyn CoaSender>,
    /// The fallback, if there is one.
    pub kick: Option<Arc<dyn Kick>>,
}

/// See the head of this file.
pub struct Desk {
    world: World,
    status: Arc<Status>,
    timers: Timers,
    /// By session key.
    actions: HashMap<[u8; 16], Action>,
    sessions: HashMap<u64, [u8; 16]>,
    due: BTreeSet<(UnixMs, u64)>,
    /// Routers that left a request unanswered, and nothing answered since.
    silent: HashSet<i64>,
    serial: u64,
    sweep: Option<Sweep>,
    changed: Vec<ActionRow>,
    /// Routers on which another node enforces.
    foreign: Arc<HashSet<i64>>,
}

/// A live session as the desk needs it, copied so that no lock is held while it is judged.
struct Open {
    name: SessionName,
    tenant_id: i64,
    router_id: i64,
    username: Box<[u8]>,
    facts: SessionFacts,
}

impl Open {
    fn of(s: &LiveSession) -> Open {
        Open { name: s.name(), tenant_id: s.nas().tenant_id, router_id: s.router_id(), username: s.username().into(), facts: facts(s) }
    }
}

fn facts(s: &LiveSession) -> SessionFacts {
    let tally = s.tally();
    SessionFacts {
        granted: s.granted(),
        started_at: tally.started_at,
        octets_in: tally.octets_in,
        octets_out: tally.octets_out,
        interim_secs: s.interim_secs(),
    }
}

impl Desk {
    /// Nothing to do yet.
    pub fn new(world: World, status: Arc<Status>) -> Desk {
        Desk {
            world,
            status,
            timers: Timers::default(),
            actions: HashMap::new(),
            sessions: HashMap::new(),
            due: BTreeSet::new(),
            silent: HashSet::new(),
            serial: 0,
            sweep: None,
            changed: Vec::new(),
            foreign: Arc::default(),
        }
    }

    /// When the next instant or try is due.
    pub fn next_at(&self) -> UnixMs {
        let next = self.due.first().map_or(UnixMs::MAX, |(at, _)| *at);
        next.min(self.timers.next_at().unwrap_or(UnixMs::MAX))
    }

    /// Actions that changed since the last call, for the store.
    pub fn take_changed(&mut self) -> Vec<ActionRow> {
        std::mem::take(&mut self.changed)
    }

    /// Leaves sessions of these routers to another node.
    pub fn set_foreign(&mut self, routers: Arc<HashSet<i64>>) {
        self.foreign = routers;
    }

    /// How many customers have an instant.
    pub fn timers(&self) -> usize {
        self.timers.len()
    }

    /// Does what is due now: instants of customers, tries of actions, a part of a sweep.
    pub fn step(&mut self, now: UnixMs) {
        while let Some(customer_id) = self.timers.pop(now) {
            self.recheck(customer_id, true, now);
        }
        while let Some((at, serial)) = self.due.first().copied().filter(|(at, _)| *at <= now) {
            self.due.remove(&(at, serial));
            self.try_action(serial, now);
        }
        self.sweep_on(now);
    }

    /// Compares books and sessions of one customer.
    pub fn recheck(&mut self, customer_id: i64, tell_unknown: bool, now: UnixMs) {
        let mut open: Vec<Open> = Vec::with_capacity(1);
        self.world.access.live.sessions_of(customer_id, |session| {
            if sweep::is_enforced(session) {
                open.push(Open::of(session));
            }
        });
        if open.is_empty() {
            return self.timers.set(customer_id, UnixMs::MAX, now);
        }
        let Some(assessed) = assess_customer(&self.world.access, customer_id, open.len(), now) else {
            if self.world.access.directory.customers.with_id(customer_id, |_| ()).is_none() {
                open.into_iter().for_each(|session| self.want(session, customer_id, Want::Disconnect(Reason::CustomerRemoved), now));
            }
            return;
        };
        let books = books(&assessed, open.len(), tell_unknown);
        let mut again_at = UnixMs::MAX;
        for session in open {
            again_at = again_at.min(look_again_at(&books, &session.facts, now));
            let want = wanted(&books, &session.facts, now);
            // While it is not known what he used, what is under way waits.
            if want != Want::Nothing || !assessed.assessment.is_provisional {
                self.want(session, customer_id, want, now);
            }
        }
        self.look_again(customer_id, again_at, now);
    }

    fn look_again(&mut self, customer_id: i64, at: UnixMs, now: UnixMs) {
        self.timers.set(customer_id, if at == UnixMs::MAX { at } else { at.max(now + LEAST_PAUSE_MS) }, now);
    }

    /// Brings the action of a session in line with what is wanted of it.
    fn want(&mut self, session: Open, customer_id: i64, want: Want, now: UnixMs) {
        if self.foreign.contains(&session.router_id) {
            return;
        }
        let key = session.name.session_key;
        let Some(mut action) = self.actions.get(&key).cloned() else {
            match want {
                Want::Nothing => {}
                Want::Change(change, reason) => self.begin(session, customer_id, ActionKind::Coa, reason, change, now),
                Want::Disconnect(reason) => self.begin(session, customer_id, ActionKind::Disconnect, reason, Change::default(), now),
            }
            return;
        };
        match (want, action.kind) {
            _ if action.is_asked() => {}
            // A change is granted once it is acknowledged, so that nothing more is wanted; its proof may come.
            (Want::Nothing, ActionKind::Coa) if action.state == ActionState::Acknowledged => {}
            (Want::Nothing, _) => {
                action.end(ActionState::GivenUp, "the books no longer want it", now);
                self.keep(action);
            }
            (Want::Disconnect(_), ActionKind::Disconnect | ActionKind::Kick) => {}
            // The router refused the change, so the session ends for it.
            (Want::Change(..), ActionKind::Disconnect | ActionKind::Kick) if action.may_stand_for_a_change() => {}
            (Want::Change(change, _), ActionKind::Coa) if change == action.change && action.state != ActionState::Acknowledged => {}
            (Want::Change(change, reason), ActionKind::Coa) if matches!(action.state, ActionState::Waiting | ActionState::Drift) => {
                // What the router did not answer or take is not asked for sooner because it asks for something else now; a silent router would be flooded.
                (action.change, action.reason, action.updated_at) = (change, reason, now);
                self.keep(action);
            }
            // Its answer shows what the router was told; then it is compared again.
            (Want::Change(..), ActionKind::Coa) if action.state == ActionState::Sent => {}
            (want, _) => {
                action.end(ActionState::GivenUp, "something newer took its place", now);
                self.keep(action);
                self.want(session, customer_id, want, now);
            }
        }
    }

    fn begin(&mut self, session: Open, customer_id: i64, kind: ActionKind, reason: Reason, change: Change, now: UnixMs) {
        self.serial += 1;
        let action = Action {
            serial: self.serial,
            stored_id: None,
            tenant_id: session.tenant_id,
            router_id: session.router_id,
            customer_id,
            session: session.name,
            username: session.username,
            kind,
            reason,
            change,
            state: ActionState::Waiting,
            note: String::new(),
            tries: 0,
            error_cause: None,
            next_at: now,
            created_at: now,
            updated_at: now,
            sent_at: 0,
            acked_at: 0,
            named_by_less: false,
        };
        self.send(action, now);
    }

    /// Ends a session because a login or a person asks for it.
    pub fn disconnect(&mut self, name: &SessionName, reason: Reason, now: UnixMs) {
        let found = self.world.access.live.with_session(name, |s| s.is_open().then(|| (s.customer_id, Open::of(s))));
        let Some(Some((customer_id, session))) = found else { return };
        if let Some(mut action) = self.actions.get(&name.session_key).cloned() {
            if action.kind != ActionKind::Coa {
                return;
            }
            action.end(ActionState::GivenUp, "something newer took its place", now);
            self.keep(action);
        }
        self.begin(session, customer_id, ActionKind::Disconnect, reason, Change::default(), now);
    }
}

fn books(assessed: &Assessed, sessions: usize, tell_unknown: bool) -> Books<'_> {
    Books {
        assessment: &assessed.assessment,
        rate: assessed.rate,
        sessions: sessions as u32,
        session_maximum_secs: assessed.session_maximum_secs,
        tell_unknown,
        login_terms: &assessed.login_terms,
        written_rate: assessed.written_rate.as_deref(),
        are_current: assessed.are_current,
    }
}

#[cfg(test)]
mod tests;
