//! Live sessions: what is online now, in memory, changed under the same lock that gives each journal record its place.
//!
//! A session lies under the name that the router gives it (NAS instance and Acct-Session-Id). Which session of that name an event belongs to is decided in
//! [`identity`]; what the event changes is [`Tally::apply`]'s business. Every change is in the journal before it is in memory.

mod applied;
mod enforce;
mod identity;
mod remote;
mod restore;
mod session;
mod sweep;
mod table;
mod texts;

pub use enforce::{SessionName, Sighting};
#[cfg(test)]
pub(in crate::sessions) use sweep::REMEMBER_STOPPED_MS;
pub(in crate::sessions) use sweep::matches_boot;

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};

use dashmap::DashMap;
use parking_lot::RwLock;

use super::event::{AccountingEvent, Status};
use super::grant::Granted;
use super::record::{Record, Update};
use super::tally::{Tally, flag};
use super::token::TokenKey;
use crate::units::UnixMs;
pub use applied::Applied;
use identity::Fate;
use remote::RemoteSessions;
use session::Opening;
pub use session::{LiveSession, NasInstance};
use table::{NameHash, Table};

/// Interims are expected this often when nothing else is known.
const DEFAULT_INTERIM_SECS: u16 = 300;
/// The interval of a session that came back without it; its next packet tells.
const UNKNOWN_INTERIM: u16 = 0;

/// Boxes share this many locks.
const GATES: usize = 64;

/// The box that sent an event, and what its router entry says about sessions from before it was added.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NasContext {
    /// Whose router.
    pub tenant_id: i64,
    /// Which entry.
    pub router_id: i64,
    /// Which box behind it.
    pub nas_instance: i64,
    /// When the entry was added, unix ms.
    pub added_at: UnixMs,
    /// Whether sessions that are older than the entry count in full.
    pub adopt_all: bool,
}

/// What became of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Recorded {
    /// Its place in the journal; the answer may leave once that place is durable.
    pub seq: u64,
    /// The session that lies under the event's name now; `None` for an event about a whole box.
    pub session: Option<Sighting>,
}

/// All sessions of this node.
pub struct LiveSessions {
    table: Table,
    /// Boxes that have or had sessions.
    boxes: DashMap<i64, Arc<NasInstance>>,
    /// Sessions of a customer whose place another took before the store had all of them.
    retired: DashMap<i64, Vec<LiveSession>>,
    /// Customers in `retired`, so that a login need not look while there are none.
    retired_customers: AtomicUsize,
    /// Of other nodes.
    remote: RemoteSessions,
    /// Boot digit of MikroTik's ids per NAS instance and service octet, and since when.
    boots: DashMap<(i64, u8), (u8, UnixMs)>,
    open: AtomicI64,
    /// Of these, per NAS instance.
    open_at: DashMap<i64, i64>,
    /// Held for reading while an event of a box is recorded, for writing while its restart is: no event falls between a restart's record and its effect.
    gates: [RwLock<()>; GATES],
    tokens: TokenKey,
}

impl LiveSessions {
    /// No sessions yet.
    pub fn new(tokens: TokenKey) -> LiveSessions {
        LiveSessions {
            table: Table::default(),
            boxes: DashMap::new(),
            retired: DashMap::new(),
            retired_customers: AtomicUsize::new(0),
            remote: RemoteSessions::default(),
            boots: DashMap::new(),
            open: AtomicI64::new(0),
            open_at: DashMap::new(),
            gates: std::array::from_fn(|_| RwLock::new(())),
            tokens,
        }
    }

    /// The key that signs tokens and names sessions.
    pub fn tokens(&self) -> &TokenKey {
        &self.tokens
    }

    /// How many sessions are open.
    pub fn open_count(&self) -> i64 {
        self.open.load(Ordering::Relaxed)
    }

    /// Takes an event in: decides which session it is about, writes the journal record through `append`, and only then changes memory. `customer` finds the
    /// customer of a user name when the event carries no token; `interim_secs` is what that customer's package says.
    pub fn record<E>(
        &self,
        event: &AccountingEvent<'_>,
        nas: &NasContext,
        customer: impl FnOnce() -> Option<(i64, u16)>,
        mut append: impl FnMut(&Record<'_>) -> Result<u64, E>,
    ) -> Result<Recorded, E> {
        if matches!(event.status, Status::On | Status::Off) {
            let _alone = self.gate(nas.nas_instance).write();
            let seq = append(&Record::NasRestarted { nas_instance: nas.nas_instance, at: event.at, only: None })?;
            self.end_all(nas.nas_instance, event.at, None);
            return Ok(Recorded { seq, session: None });
        }
        let name = self.table.name(nas.nas_instance, event.acct_session_id);
        let is_it = |s: &LiveSession| is_named(s, nas.nas_instance, event.acct_session_id);
        if self.table.read(name).find(name, |s| is_it(s)).is_none() {
            let _alone = self.gate(nas.nas_instance).write();
            self.notice_boot(event, nas, &mut append)?;
        }
        let _together = self.gate(nas.nas_instance).read();
        let mut shard = self.table.write(name);
        let Some(known) = shard.find_mut(name, |s| is_it(s)) else {
            let (session, seq) = self.open(event, nas, customer, None, append)?;
            self.note(&session, name);
            let sighting = session.sighting();
            self.table.insert(&mut shard, name, session);
            return Ok(Recorded { seq, session: Some(sighting) });
        };
        match identity::fate(known, event, &self.tokens) {
            Fate::Same => self.go_on(name, known, event, customer, append),
            Fate::Earlier { session_key, started_at } => {
                let mut update = self.update(event, nas, session_key, started_at, customer().map_or(0, |c| c.0));
                update.is_past = true;
                let session = Some(known.sighting());
                append(&Record::Update(update)).map(|seq| Recorded { seq, session })
            }
            Fate::Later => {
                let replaces = known.is_open().then_some(known.session_key);
                let (session, seq) = self.open(event, nas, customer, replaces, append)?;
                self.replace(known, session, name);
                Ok(Recorded { seq, session: Some(known.sighting()) })
            }
        }
    }

    /// Puts a session in the place of an older one of its name.
    fn replace(&self, place: &mut LiveSession, session: LiveSession, name: NameHash) {
        let old = std::mem::replace(place, session);
        self.forget(&old, name);
        self.note(place, name);
        self.retire(old);
    }

    /// Sessions of a customer that were heard of lately, on whichever node; stale ones must not lock anyone out.
    pub fn fresh_sessions(&self, customer_id: i64, now: UnixMs, mut each: impl FnMut(&LiveSession)) {
        self.known_sessions(customer_id, now, |session, is_fresh| {
            if is_fresh {
                each(session);
            }
        });
    }

    /// Every session of a customer that this node has in memory and the fresh ones of other nodes, each with whether it is fresh.
    pub fn known_sessions(&self, customer_id: i64, now: UnixMs, mut each: impl FnMut(&LiveSession, bool)) {
        let (has_remote, mut local) = (self.remote.len() > 0, Vec::new());
        self.sessions_of(customer_id, |session| {
            let is_fresh = session.is_fresh(now);
            each(session, is_fresh);
            if has_remote {
                local.push((self.table.name_of(session), if is_fresh { UnixMs::MAX } else { session.last_event_at() }));
            }
        });
        if has_remote {
            self.fresh_elsewhere(customer_id, now, &local, |session| each(session, true));
        }
    }

    /// Every session of a customer that this node has in memory, open or ended lately.
    pub fn sessions_of(&self, customer_id: i64, each: impl FnMut(&LiveSession)) {
        self.table.for_each_of(customer_id, each);
    }

    /// Every session in memory, for tests that compare it with the store.
    #[cfg(test)]
    pub(in crate::sessions) fn each(&self, see: impl FnMut(&LiveSession)) {
        self.table.for_each(see);
    }

    fn go_on<E>(
        &self,
        name: NameHash,
        session: &mut LiveSession,
        event: &AccountingEvent<'_>,
        customer: impl FnOnce() -> Option<(i64, u16)>,
        mut append: impl FnMut(&Record<'_>) -> Result<u64, E>,
    ) -> Result<Recorded, E> {
        let NasInstance { tenant_id, router_id, nas_instance } = *session.nas();
        let nas = NasContext { tenant_id, router_id, nas_instance, added_at: 0, adopt_all: true };
        // Unknown are the interval after a start without snapshot, and the customer of a session that began before customers were loaded.
        let is_known = session.interim_secs != UNKNOWN_INTERIM && session.customer_id != 0;
        let found = if is_known { None } else { event.token.map(|t| (t.customer_id, t.interim_secs)).or_else(customer) };
        if session.interim_secs == UNKNOWN_INTERIM {
            session.interim_secs = found.map_or(DEFAULT_INTERIM_SECS, |f| f.1);
        }
        if let (0, Some((customer_id, _))) = (session.customer_id, found) {
            session.customer_id = customer_id;
            self.table.refer(customer_id, name);
        }
        let update = self.update(event, &nas, session.session_key, session.started_at(), session.customer_id);
        let seq = append(&Record::Update(update.clone()))?;
        // A session that came back from the store alone does not know what its router was told; the token does, up to the first change.
        if let Some(token) = event.token.filter(|_| !session.granted().is_known()) {
            session.set_granted(token.granted);
        }
        let was_open = session.is_open();
        session.change_tally(|tally| tally.apply(&update));
        session.heard_at = session.heard_at.max(event.arrived_at);
        session.note_line(event.mac, event.framed_ip);
        self.recount(session, was_open);
        Ok(Recorded { seq, session: Some(session.sighting()) })
    }

    fn open<E>(
        &self,
        event: &AccountingEvent<'_>,
        nas: &NasContext,
        customer: impl FnOnce() -> Option<(i64, u16)>,
        replaces: Option<[u8; 16]>,
        mut append: impl FnMut(&Record<'_>) -> Result<u64, E>,
    ) -> Result<(LiveSession, u64), E> {
        let started_at = event.implied_start().unwrap_or(event.at);
        let (customer_id, interim_secs, session_key) = match &event.token {
            Some(token) => (token.customer_id, token.interim_secs, self.tokens.session_key(token, event.acct_session_id)),
            None => {
                let (customer_id, interim_secs) = customer().unwrap_or((0, DEFAULT_INTERIM_SECS));
                let key = self.tokens.natural_key(nas.nas_instance, event.acct_session_id, event.username, started_at);
                (customer_id, interim_secs, key)
            }
        };
        let mut update = self.update(event, nas, session_key, started_at, customer_id);
        update.opens = true;
        update.replaces = replaces;
        update.carried_over = event.status != Status::Start && started_at < nas.added_at && !nas.adopt_all;
        let seq = append(&Record::Update(update.clone()))?;
        let mut tally = Tally::open(started_at);
        if event.status != Status::Start {
            tally.flags |= flag::NO_START;
        }
        tally.apply(&update);
        let session = LiveSession::new(Opening {
            session_key,
            nas: self.shared(NasInstance { tenant_id: nas.tenant_id, router_id: nas.router_id, nas_instance: nas.nas_instance }),
            customer_id,
            has_token: event.token.is_some(),
            heard_at: event.arrived_at,
            tally,
            applied: Applied::none(started_at),
            granted: event.token.map_or(Granted::UNKNOWN, |t| t.granted),
            interim_secs,
            mac: event.mac,
            framed_ip: event.framed_ip,
            acct_session_id: event.acct_session_id,
            username: event.username,
        });
        Ok((session, seq))
    }

    fn update<'a>(
        &self,
        event: &AccountingEvent<'a>,
        nas: &NasContext,
        session_key: [u8; 16],
        started_at: UnixMs,
        customer_id: i64,
    ) -> Update<'a> {
        Update {
            tenant_id: nas.tenant_id,
            router_id: nas.router_id,
            nas_instance: nas.nas_instance,
            customer_id,
            session_key,
            started_at,
            at: event.at,
            status: event.status,
            opens: false,
            carried_over: false,
            is_stray: event.token.is_none() && event.status != Status::Start,
            is_past: false,
            is_local: event.is_local,
            has_gigawords: event.has_gigawords,
            session_secs: event.session_secs,
            octets_in: event.octets_in,
            octets_out: event.octets_out,
            terminate_cause: event.terminate_cause,
            framed_ip: event.framed_ip,
            mac: event.mac,
            replaces: None,
            acct_session_id: event.acct_session_id,
            username: event.username,
            called_station: event.called_station,
            nas_port_id: event.nas_port_id,
        }
    }

    /// A first session with another boot digit means that the router restarted without saying so: its open sessions of that service are gone.
    fn notice_boot<E>(
        &self,
        event: &AccountingEvent<'_>,
        nas: &NasContext,
        append: &mut impl FnMut(&Record<'_>) -> Result<u64, E>,
    ) -> Result<(), E> {
        let Some((service, digit)) = identity::boot_digit(event.acct_session_id) else { return Ok(()) };
        let at = event.implied_start().unwrap_or(event.at);
        let known = self.boots.get(&(nas.nas_instance, service)).map(|b| *b);
        match known {
            Some((old, since)) if old != digit && at > since => {
                append(&Record::NasRestarted { nas_instance: nas.nas_instance, at, only: Some((service, digit)) })?;
                self.end_all(nas.nas_instance, at, Some((service, digit)));
                self.boots.insert((nas.nas_instance, service), (digit, at));
            }
            Some((old, since)) if old == digit && at < since => {
                self.boots.insert((nas.nas_instance, service), (digit, at));
            }
            None => {
                self.boots.insert((nas.nas_instance, service), (digit, at));
            }
            Some(_) => {}
        }
        Ok(())
    }

    /// A box, kept once for all its sessions.
    fn shared(&self, nas: NasInstance) -> Arc<NasInstance> {
        if let Some(known) = self.boxes.get(&nas.nas_instance).filter(|known| ***known == nas) {
            return known.clone();
        }
        let nas = Arc::new(nas);
        self.boxes.insert(nas.nas_instance, nas.clone());
        nas
    }

    fn gate(&self, nas_instance: i64) -> &RwLock<()> {
        &self.gates[nas_instance as usize % GATES]
    }

    /// How many sessions of a NAS instance are open.
    pub fn open_at(&self, nas_instance: i64) -> i64 {
        self.open_at.get(&nas_instance).map_or(0, |open| *open)
    }

    /// Brings the counts up to date after a change of a session that was open or not before it.
    fn recount(&self, session: &LiveSession, was_open: bool) {
        let change = i64::from(session.is_open()) - i64::from(was_open);
        if change != 0 {
            self.open.fetch_add(change, Ordering::Relaxed);
            *self.open_at.entry(session.nas().nas_instance).or_insert(0) += change;
        }
    }

    fn infer_end(&self, session: &mut LiveSession, terminate_cause: u32) {
        let was_open = session.is_open();
        session.change_tally(|tally| tally.infer_end(terminate_cause));
        self.recount(session, was_open);
    }

    /// Counts a session that has just come into memory.
    fn note(&self, session: &LiveSession, name: NameHash) {
        self.recount(session, false);
        if session.customer_id != 0 {
            self.table.refer(session.customer_id, name);
        }
    }

    /// Uncounts a session that leaves memory.
    fn forget(&self, session: &LiveSession, name: NameHash) {
        if session.is_open() {
            self.open.fetch_sub(1, Ordering::Relaxed);
            *self.open_at.entry(session.nas().nas_instance).or_insert(0) -= 1;
        }
        if session.customer_id != 0 {
            self.table.unrefer(session.customer_id, name);
        }
    }
}

/// Whether a router calls this session so.
fn is_named(session: &LiveSession, nas_instance: i64, acct_session_id: &[u8]) -> bool {
    session.nas().nas_instance == nas_instance && session.acct_session_id() == acct_session_id
}

#[cfg(test)]
mod tests;
