//! What the store already has of a live session, and what it knows better: told by the applier after each transaction.

use std::sync::atomic::Ordering;

use dashmap::Entry;

use super::restore::has_token;
use super::{LiveSession, LiveSessions, is_named};
use crate::sessions::applier::StoredSession;
use crate::sessions::tally::Tally;
use crate::units::UnixMs;

/// Charged counters of a session that are in the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Applied {
    /// Octets from the customer.
    pub octets_in: u64,
    /// Octets to the customer.
    pub octets_out: u64,
    /// The newest event that is in the store, unix ms.
    pub at: UnixMs,
    /// Seconds.
    pub secs: u32,
}

impl Applied {
    /// Nothing of a session is in the store.
    pub fn none(started_at: UnixMs) -> Applied {
        Applied { octets_in: 0, octets_out: 0, at: started_at, secs: 0 }
    }

    /// All of it is.
    pub fn all(tally: &Tally) -> Applied {
        let (octets_in, octets_out, secs) = tally.charged();
        Applied { octets_in, octets_out, at: tally.last_event_at, secs: u32::try_from(secs).unwrap_or(u32::MAX) }
    }

    /// What of a session's charged counters is not in the store: octets from the customer, octets to the customer, seconds.
    pub fn rest(&self, tally: &Tally) -> [u64; 3] {
        let (octets_in, octets_out, secs) = tally.charged();
        [octets_in.saturating_sub(self.octets_in), octets_out.saturating_sub(self.octets_out), secs.saturating_sub(u64::from(self.secs))]
    }
}

impl LiveSession {
    /// Takes what is stored, unless more is known to be: another node's word may be older than our own applier's.
    fn take(&mut self, stored: &Tally) {
        let (known, told) = (self.applied(), Applied::all(stored));
        if told.octets_in >= known.octets_in && told.octets_out >= known.octets_out && told.secs >= known.secs && told.at >= known.at {
            self.change_tally(|tally| tally.adopt(stored));
            self.set_applied(told);
        }
    }

    /// Whether the store has everything that counts.
    pub(super) fn is_applied(&self) -> bool {
        self.rest() == [0; 3]
    }
}

/// Whether the store speaks of this session. Without a token two nodes may name one session differently: who missed its Start takes it to begin with the first
/// packet that he heard. But no router has two sessions of one id at a time.
fn is_meant(session: &LiveSession, stored: &StoredSession<'_>) -> bool {
    if session.session_key == stored.told_key {
        return true;
    }
    let told = stored.tally;
    let has_token = session.token_issued_at() != 0 || has_token(&stored.told_key, told);
    !has_token && told.started_at <= session.last_event_at() && session.started_at() <= told.last_event_at
}

impl LiveSessions {
    /// Takes the store's word about a session: how much of it is stored, that its Stop was seen before memory had forgotten it, whose it is.
    pub(in crate::sessions) fn take_stored(&self, stored: &StoredSession<'_>) {
        let name = self.table.name(stored.nas_instance, stored.acct_session_id);
        let is_it = |s: &LiveSession| is_named(s, stored.nas_instance, stored.acct_session_id) && is_meant(s, stored);
        if let Some(session) = self.table.write(name).find_mut(name, |s| is_it(s)) {
            let was_open = session.is_open();
            session.take(stored.tally);
            self.recount(session, was_open);
            if session.customer_id == 0
                && let Some(customer_id) = stored.customer_id
            {
                session.customer_id = customer_id;
                self.table.refer(customer_id, name);
            }
            return;
        }
        let Some(customer_id) = stored.customer_id.filter(|_| self.has_retired()) else { return };
        let is_gone = self.retired.remove_if_mut(&customer_id, |_, sessions| {
            for session in sessions.iter_mut().filter(|s| s.session_key == stored.told_key) {
                session.take(stored.tally);
            }
            sessions.retain(|session| !session.is_applied());
            sessions.is_empty()
        });
        if is_gone.is_some() {
            self.retired_customers.fetch_sub(1, Ordering::AcqRel);
        }
    }

    fn has_retired(&self) -> bool {
        self.retired_customers.load(Ordering::Acquire) > 0
    }

    /// Keeps a session that another took the place of, until the store has all of it.
    pub(super) fn retire(&self, session: LiveSession) {
        if session.customer_id != 0 && !session.is_applied() {
            match self.retired.entry(session.customer_id) {
                Entry::Occupied(mut entry) => entry.get_mut().push(session),
                Entry::Vacant(entry) => {
                    // Counted first: whoever sees it counted may look in vain, but nobody overlooks it.
                    self.retired_customers.fetch_add(1, Ordering::AcqRel);
                    entry.insert(vec![session]);
                }
            }
        }
    }

    /// Every session of a customer in memory, open or not, and those that only wait for the store.
    pub(in crate::sessions) fn each_of_customer(&self, customer_id: i64, mut each: impl FnMut(&LiveSession)) {
        self.sessions_of(customer_id, &mut each);
        if self.has_retired()
            && let Some(retired) = self.retired.get(&customer_id)
        {
            retired.iter().for_each(each);
        }
    }

    /// Tenants and keys of the sessions of which the store is not known to have everything; with `open`, also of those that another node may have seen end.
    pub(in crate::sessions) fn unapplied_keys(&self, open: bool) -> Vec<(i64, [u8; 16])> {
        let mut keys = Vec::new();
        self.table.for_each(|session| {
            if !session.is_applied() || open && session.is_open() {
                keys.push((session.nas().tenant_id, session.session_key));
            }
        });
        keys
    }

    /// Takes the store's word about sessions by their names, for those that it knows under the same name.
    pub(in crate::sessions) fn take_rows(&self, rows: &hashbrown::HashMap<(i64, [u8; 16]), Tally>) {
        self.table.for_each_mut(|session| {
            if let Some(tally) = rows.get(&(session.nas().tenant_id, session.session_key)) {
                let was_open = session.is_open();
                session.take(tally);
                self.recount(session, was_open);
            }
        });
    }
}
