//! What enforcement asks of live sessions and tells them: who is online, what a router acknowledged, and that it does not have a session any more.

use super::{LiveSession, LiveSessions};
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

impl LiveSession {
    /// Its names.
    pub fn name(&self) -> SessionName {
        SessionName { nas_instance: self.nas_instance, session_key: self.session_key, acct_session_id: self.acct_session_id().into() }
    }

    /// At a glance.
    pub(super) fn sighting(&self) -> Sighting {
        Sighting { session_key: self.session_key, customer_id: self.customer_id, is_open: self.tally.is_open() }
    }
}

impl LiveSessions {
    /// Runs `with` on a session, open or not; `None` if it is not in memory (any more).
    pub fn with_session<T>(&self, name: &SessionName, with: impl FnOnce(&LiveSession) -> T) -> Option<T> {
        let session = self.sessions.get(&self.slot(name.nas_instance, &name.acct_session_id))?;
        (session.session_key == name.session_key).then(|| with(&session))
    }

    /// Every open session of a customer, also one that has been silent for long.
    pub fn open_sessions(&self, customer_id: i64, mut each: impl FnMut(&LiveSession)) {
        self.sessions_of(customer_id, |session| {
            if session.tally.is_open() {
                each(session);
            }
        });
    }

    /// Everyone of whom there is a session in memory.
    pub fn customers(&self) -> Vec<i64> {
        self.by_customer.iter().map(|entry| *entry.key()).collect()
    }

    /// The open session of an Acct-Session-Id, or every open one of a user name, by walking all: for what a person asks.
    pub fn find_open(&self, tenant_id: i64, id_or_username: &[u8]) -> Vec<SessionName> {
        let is_meant = |s: &LiveSession| s.acct_session_id() == id_or_username || s.username().eq_ignore_ascii_case(id_or_username);
        let open = self.sessions.iter().filter(|s| s.tenant_id == tenant_id && s.tally.is_open() && is_meant(s));
        open.map(|s| s.name()).collect()
    }

    /// Notes what the router was told in all. False if the session is not in memory.
    pub fn set_granted(&self, name: &SessionName, granted: Granted) -> bool {
        let Some(mut session) = self.sessions.get_mut(&self.slot(name.nas_instance, &name.acct_session_id)) else { return false };
        let is_it = session.session_key == name.session_key;
        if is_it {
            session.granted = granted;
        }
        is_it
    }

    /// Closes a session that its router says it does not have, unless it was heard of since `asked_at`. An interim opens it again. Returns whether it is closed.
    pub fn end_gone<E>(
        &self,
        name: &SessionName,
        terminate_cause: u32,
        asked_at: UnixMs,
        append: impl FnOnce(&Record<'_>) -> Result<u64, E>,
    ) -> Result<bool, E> {
        let Some(mut session) = self.sessions.get_mut(&self.slot(name.nas_instance, &name.acct_session_id)) else { return Ok(true) };
        if session.session_key != name.session_key || !session.tally.is_open() {
            return Ok(true);
        }
        if session.heard_at >= asked_at {
            return Ok(false);
        }
        append(&Record::Ended {
            tenant_id: session.tenant_id,
            nas_instance: session.nas_instance,
            session_key: session.session_key,
            terminate_cause,
            last_event_at: session.tally.last_event_at,
            acct_session_id: session.acct_session_id(),
        })?;
        self.infer_end(&mut session, terminate_cause);
        Ok(true)
    }
}
