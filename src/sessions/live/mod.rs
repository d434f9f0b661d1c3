//! Live sessions: what is online now, in memory, changed under the same lock that gives each journal record its place.
//!
//! A session lies under the name that the router gives it (NAS instance and Acct-Session-Id). Which session of that name an event belongs to is decided in
//! [`identity`]; what the event changes is [`Tally::apply`]'s business. Every change is in the journal before it is in memory.

mod applied;
mod enforce;
mod identity;
mod remote;
mod restore;
mod sweep;

pub use enforce::{SessionName, Sighting};
#[cfg(test)]
pub(in crate::sessions) use sweep::REMEMBER_STOPPED_MS;
pub(in crate::sessions) use sweep::matches_boot;

use std::hash::{BuildHasher, Hasher};
use std::net::Ipv4Addr;
use std::sync::atomic::{AtomicI64, Ordering};

use dashmap::DashMap;
use dashmap::mapref::entry::Entry;
use parking_lot::RwLock;
use siphasher::sip128::{Hasher128, SipHasher13};

use super::event::{AccountingEvent, Status};
use super::grant::Granted;
use super::record::{Record, Update};
use super::tally::{Tally, flag};
use super::token::TokenKey;
use crate::units::{Mac, UnixMs};
pub use applied::Applied;
use identity::Fate;
use remote::RemoteSessions;

/// Interims are expected this often when nothing else is known.
const DEFAULT_INTERIM_SECS: u16 = 300;
/// The interval of a session that came back without it; its next packet tells.
const UNKNOWN_INTERIM: u16 = 0;

/// Boxes share this many locks.
const GATES: usize = 64;

/// Name of a session in memory: a keyed hash of NAS instance and Acct-Session-Id.
type Slot = (u64, u64);

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

/// One session in memory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LiveSession {
    /// Its name in the store.
    pub session_key: [u8; 16],
    /// Whose.
    pub tenant_id: i64,
    /// By which router entry.
    pub router_id: i64,
    /// By which box.
    pub nas_instance: i64,
    /// Whose; 0 = not known.
    pub customer_id: i64,
    /// When its token was issued; 0 = it has none.
    pub token_issued_at: UnixMs,
    /// When its newest packet arrived.
    pub heard_at: UnixMs,
    /// What accounting says.
    pub tally: Tally,
    /// What of it is in the store.
    pub applied: Applied,
    /// What the router was told.
    pub granted: Granted,
    /// Expected interval of interims, seconds.
    pub interim_secs: u16,
    /// The customer's device.
    pub mac: Option<Mac>,
    /// The customer's address.
    pub framed_ip: Option<Ipv4Addr>,
    /// Acct-Session-Id, its length in front, then User-Name.
    texts: Box<[u8]>,
}

impl LiveSession {
    /// Acct-Session-Id.
    pub fn acct_session_id(&self) -> &[u8] {
        &self.texts[1..1 + usize::from(self.texts[0])]
    }

    /// User-Name as the router sent it.
    pub fn username(&self) -> &[u8] {
        &self.texts[1 + usize::from(self.texts[0])..]
    }

    /// Whether it was heard of within two and a half of its interim intervals (and half a minute for the packet's way).
    pub fn is_fresh(&self, now: UnixMs) -> bool {
        let interim_secs = if self.interim_secs == UNKNOWN_INTERIM { DEFAULT_INTERIM_SECS } else { self.interim_secs };
        self.tally.is_open() && now - self.heard_at <= i64::from(interim_secs) * 2_500 + 30_000
    }
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
    sessions: DashMap<Slot, Box<LiveSession>>,
    by_customer: DashMap<i64, Slots>,
    /// Sessions of a customer whose place another took before the store had all of them.
    retired: DashMap<i64, Vec<LiveSession>>,
    /// Of other nodes.
    remote: RemoteSessions,
    /// Boot digit of MikroTik's ids per NAS instance and service octet, and since when.
    boots: DashMap<(i64, u8), (u8, UnixMs)>,
    open: AtomicI64,
    /// Of these, per NAS instance.
    open_at: DashMap<i64, i64>,
    /// Held for reading while an event of a box is recorded, for writing while its restart is: no event falls between a restart's record and its effect.
    gates: [RwLock<()>; GATES],
    slot_key: (u64, u64),
    tokens: TokenKey,
}

/// Slots of one customer: nearly always one.
#[derive(Debug, Clone)]
enum Slots {
    One(Slot),
    Many(Vec<Slot>),
}

impl Slots {
    fn as_slice(&self) -> &[Slot] {
        match self {
            Slots::One(slot) => std::slice::from_ref(slot),
            Slots::Many(slots) => slots,
        }
    }
}

impl LiveSessions {
    /// No sessions yet.
    pub fn new(tokens: TokenKey) -> LiveSessions {
        let state = std::hash::RandomState::new();
        LiveSessions {
            sessions: DashMap::new(),
            by_customer: DashMap::new(),
            retired: DashMap::new(),
            remote: RemoteSessions::default(),
            boots: DashMap::new(),
            open: AtomicI64::new(0),
            open_at: DashMap::new(),
            gates: std::array::from_fn(|_| RwLock::new(())),
            slot_key: (state.hash_one(1), state.hash_one(2)),
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
        let slot = self.slot(nas.nas_instance, event.acct_session_id);
        if !self.sessions.contains_key(&slot) {
            let _alone = self.gate(nas.nas_instance).write();
            self.notice_boot(event, nas, &mut append)?;
        }
        let _together = self.gate(nas.nas_instance).read();
        match self.sessions.entry(slot) {
            Entry::Occupied(mut entry) => match identity::fate(entry.get(), event, &self.tokens) {
                Fate::Same => self.go_on(slot, entry.get_mut(), event, customer, append),
                Fate::Earlier { session_key, started_at } => {
                    let mut update = self.update(event, nas, session_key, started_at, customer().map_or(0, |c| c.0));
                    update.is_past = true;
                    let session = Some(entry.get().sighting());
                    append(&Record::Update(update)).map(|seq| Recorded { seq, session })
                }
                Fate::Later => {
                    let old = entry.get();
                    let replaces = old.tally.is_open().then_some(old.session_key);
                    let (session, seq) = self.open(event, nas, customer, replaces, append)?;
                    let old = std::mem::replace(entry.get_mut(), session);
                    self.forget(&old, slot);
                    self.note(entry.get(), slot);
                    self.retire(*old);
                    Ok(Recorded { seq, session: Some(entry.get().sighting()) })
                }
            },
            Entry::Vacant(entry) => {
                let (session, seq) = self.open(event, nas, customer, None, append)?;
                self.note(&session, slot);
                let sighting = session.sighting();
                entry.insert(session);
                Ok(Recorded { seq, session: Some(sighting) })
            }
        }
    }

    /// Sessions of a customer that were heard of lately, on whichever node; stale ones must not lock anyone out.
    pub fn fresh_sessions(&self, customer_id: i64, now: UnixMs, mut each: impl FnMut(&LiveSession)) {
        let (has_remote, mut local) = (self.remote.len() > 0, Vec::new());
        self.sessions_of(customer_id, |session| {
            let is_fresh = session.is_fresh(now);
            if is_fresh {
                each(session);
            }
            if has_remote {
                let slot = self.slot(session.nas_instance, session.acct_session_id());
                local.push((slot, if is_fresh { UnixMs::MAX } else { session.tally.last_event_at }));
            }
        });
        if has_remote {
            self.fresh_elsewhere(customer_id, now, &local, each);
        }
    }

    /// Every session of a customer that this node has in memory, open or ended lately.
    pub fn sessions_of(&self, customer_id: i64, mut each: impl FnMut(&LiveSession)) {
        let Some(slots) = self.by_customer.get(&customer_id).map(|s| s.value().clone()) else { return };
        for slot in slots.as_slice() {
            if let Some(session) = self.sessions.get(slot).filter(|s| s.customer_id == customer_id) {
                each(&session);
            }
        }
    }

    /// Every session in memory, for tests that compare it with the store.
    #[cfg(test)]
    pub(in crate::sessions) fn each(&self, mut see: impl FnMut(&LiveSession)) {
        self.sessions.iter().for_each(|session| see(&session));
    }

    fn go_on<E>(
        &self,
        slot: Slot,
        session: &mut LiveSession,
        event: &AccountingEvent<'_>,
        customer: impl FnOnce() -> Option<(i64, u16)>,
        mut append: impl FnMut(&Record<'_>) -> Result<u64, E>,
    ) -> Result<Recorded, E> {
        let nas = NasContext {
            tenant_id: session.tenant_id,
            router_id: session.router_id,
            nas_instance: session.nas_instance,
            added_at: 0,
            adopt_all: true,
        };
        // Unknown are the interval after a start without snapshot, and the customer of a session that began before customers were loaded.
        let is_known = session.interim_secs != UNKNOWN_INTERIM && session.customer_id != 0;
        let found = if is_known { None } else { event.token.map(|t| (t.customer_id, t.interim_secs)).or_else(customer) };
        if session.interim_secs == UNKNOWN_INTERIM {
            session.interim_secs = found.map_or(DEFAULT_INTERIM_SECS, |f| f.1);
        }
        if let (0, Some((customer_id, _))) = (session.customer_id, found) {
            session.customer_id = customer_id;
            self.index(customer_id, slot);
        }
        let update = self.update(event, &nas, session.session_key, session.tally.started_at, session.customer_id);
        let seq = append(&Record::Update(update.clone()))?;
        // A session that came back from the store alone does not know what its router was told; the token does, up to the first change.
        if let Some(token) = event.token.filter(|_| !session.granted.is_known()) {
            session.granted = token.granted;
        }
        let was_open = session.tally.is_open();
        session.tally.apply(&update);
        session.heard_at = session.heard_at.max(event.arrived_at);
        session.mac = session.mac.or(event.mac);
        session.framed_ip = event.framed_ip.or(session.framed_ip);
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
    ) -> Result<(Box<LiveSession>, u64), E> {
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
        let session = LiveSession {
            session_key,
            tenant_id: nas.tenant_id,
            router_id: nas.router_id,
            nas_instance: nas.nas_instance,
            customer_id,
            token_issued_at: event.token.map_or(0, |t| t.issued_at),
            heard_at: event.arrived_at,
            applied: Applied::none(started_at),
            tally,
            granted: event.token.map_or(Granted::UNKNOWN, |t| t.granted),
            interim_secs,
            mac: event.mac,
            framed_ip: event.framed_ip,
            texts: texts(event.acct_session_id, event.username),
        };
        Ok((Box::new(session), seq))
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

    fn slot(&self, nas_instance: i64, acct_session_id: &[u8]) -> Slot {
        let mut hash = SipHasher13::new_with_keys(self.slot_key.0, self.slot_key.1);
        hash.write_i64(nas_instance);
        hash.write(acct_session_id);
        let hash = hash.finish128();
        (hash.h1, hash.h2)
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
        let change = i64::from(session.tally.is_open()) - i64::from(was_open);
        if change != 0 {
            self.open.fetch_add(change, Ordering::Relaxed);
            *self.open_at.entry(session.nas_instance).or_insert(0) += change;
        }
    }

    fn infer_end(&self, session: &mut LiveSession, terminate_cause: u32) {
        let was_open = session.tally.is_open();
        session.tally.infer_end(terminate_cause);
        self.recount(session, was_open);
    }

    /// Counts a session that has just come into memory.
    fn note(&self, session: &LiveSession, slot: Slot) {
        self.recount(session, false);
        if session.customer_id != 0 {
            self.index(session.customer_id, slot);
        }
    }

    fn index(&self, customer_id: i64, slot: Slot) {
        let mut slots = self.by_customer.entry(customer_id).or_insert(Slots::One(slot));
        match slots.value_mut() {
            Slots::One(one) if *one == slot => {}
            Slots::One(one) => *slots = Slots::Many(vec![*one, slot]),
            Slots::Many(many) if !many.contains(&slot) => many.push(slot),
            Slots::Many(_) => {}
        }
    }

    /// Uncounts a session that leaves memory.
    fn forget(&self, session: &LiveSession, slot: Slot) {
        if session.tally.is_open() {
            self.open.fetch_sub(1, Ordering::Relaxed);
            *self.open_at.entry(session.nas_instance).or_insert(0) -= 1;
        }
        if session.customer_id == 0 {
            return;
        }
        self.by_customer.remove_if_mut(&session.customer_id, |_, slots| match slots {
            Slots::One(one) => *one == slot,
            Slots::Many(many) => {
                many.retain(|s| *s != slot);
                many.is_empty()
            }
        });
    }
}

fn texts(acct_session_id: &[u8], username: &[u8]) -> Box<[u8]> {
    let id = &acct_session_id[..acct_session_id.len().min(255)];
    [&[id.len() as u8], id, username].concat().into_boxed_slice()
}

#[cfg(test)]
mod tests;
