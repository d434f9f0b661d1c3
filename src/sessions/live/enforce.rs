//! What enforcement asks of live sessions and tells them: who is online, what a router acknowledged, and that it does not have a session any more.

use super::table::PARTS;
use super::{LiveSession, LiveSessions, is_named};
use crate::sessions::grant::Granted;
use crate::sessions::record::Record;
use crate::units::UnixMs;

/// A session's names: in memory and in the store.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct SessionName {
    /// By which box.
    pub nas_instance: i64,
    /// Its name in the store.
    pub session_key: [u8; 16],
    /// Acct-Session-Id.
    pub acct_session_id: Box<[u8]>,
}

/// A session at a glance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sighting {
    /// Its name in the store.
    pub session_key: [u8; 16],
    /// Whose; 0 = not known.
    pub customer_id: i64,
    /// Whether it is open.
    pub is_open: bool,
}

impl SessionName {
    fn is_of(&self, session: &LiveSession) -> bool {
        session.session_key == self.session_key && is_named(session, self.nas_instance, &self.acct_session_id)
    }
}

impl LiveSession {
    /// Its names.
    pub fn name(&self) -> SessionName {
        SessionName { nas_instance: self.nas().nas_instance, session_key: self.session_key, acct_session_id: self.acct_session_id().into() }
    }

    /// The record of its end by inference.
    pub(super) fn ended(&self, terminate_cause: u32) -> Record<'_> {
        Record::Ended {
            tenant_id: self.nas().tenant_id,
            nas_instance: self.nas().nas_instance,
            session_key: self.session_key,
            terminate_cause,
            last_event_at: self.last_event_at(),
            acct_session_id: self.acct_session_id(),
        }
    }

    /// At a glance.
    pub(super) fn sighting(&self) -> Sighting {
        Sighting { session_key: self.session_key, customer_id: self.customer_id, is_open: self.is_open() }
    }
}

impl LiveSessions {
    /// Runs `with` on a session, open or not; `None` if it is not in memory (any more).
    pub fn with_session<T>(&self, name: &SessionName, with: impl FnOnce(&LiveSession) -> T) -> Option<T> {
        let hash = self.table.name(name.nas_instance, &name.acct_session_id);
        self.table.read(hash).find(hash, |s| name.is_of(s)).map(|session| with(session))
    }

    fn with_session_mut<T>(&self, name: &SessionName, with: impl FnOnce(&mut LiveSession) -> T) -> Option<T> {
        let hash = self.table.name(name.nas_instance, &name.acct_session_id);
        self.table.write(hash).find_mut(hash, |s| name.is_of(s)).map(|session| with(session))
    }

    /// Every open session of a customer, also one that has been silent for long.
    pub fn open_sessions(&self, customer_id: i64, mut each: impl FnMut(&LiveSession)) {
        self.sessions_of(customer_id, |session| {
            if session.is_open() {
                each(session);
            }
        });
    }

    /// Parts of [`LiveSessions::each_of_part`].
    pub const PARTS: usize = PARTS;

    /// Every session in memory, open or not, of the customers in one of [`LiveSessions::PARTS`] parts, in no order.
    pub fn each_of_part(&self, part: usize, each: impl FnMut(&LiveSession)) {
        self.table.for_each_of_part(part, each);
    }

    /// The open session of an Acct-Session-Id, or every open one of a user name, by walking all: for what a person asks.
    pub fn find_open(&self, tenant_id: i64, id_or_username: &[u8]) -> Vec<SessionName> {
        let is_meant = |s: &LiveSession| s.acct_session_id() == id_or_username || s.username().eq_ignore_ascii_case(id_or_username);
        let mut found = Vec::new();
        self.table.for_each(|session| {
            if session.nas().tenant_id == tenant_id && session.is_open() && is_meant(session) {
                found.push(session.name());
            }
        });
        found
    }

    /// Customers of a tenant who hold an address now, by walking all: for what a person asks.
    pub fn find_by_address(&self, tenant_id: i64, address: std::net::Ipv4Addr) -> Vec<i64> {
        let mut found = Vec::new();
        self.table.for_each(|session| {
            if session.framed_ip() == Some(address) && session.nas().tenant_id == tenant_id && session.is_open() && session.customer_id != 0
            {
                found.push(session.customer_id);
            }
        });
        found
    }

    /// Notes what the router was told in all. False if the session is not in memory.
    pub fn set_granted(&self, name: &SessionName, granted: Granted) -> bool {
        self.with_session_mut(name, |session| session.set_granted(granted)).is_some()
    }

    /// Closes a session that its router says it does not have, unless it was heard of since `asked_at`. An interim opens it again. Returns whether it is closed.
    pub fn end_gone<E>(
        &self,
        name: &SessionName,
        terminate_cause: u32,
        asked_at: UnixMs,
        append: impl FnOnce(&Record<'_>) -> Result<u64, E>,
    ) -> Result<bool, E> {
        let close = |session: &mut LiveSession| {
            if !session.is_open() {
                return Ok(true);
            }
            if session.heard_at >= asked_at {
                return Ok(false);
            }
            append(&session.ended(terminate_cause))?;
            self.infer_end(session, terminate_cause);
            Ok(true)
        };
        self.with_session_mut(name, close).unwrap_or(Ok(true))
    }
}
