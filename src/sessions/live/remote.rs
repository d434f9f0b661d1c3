//! Open sessions of which other nodes take the accounting: enough of them to count a customer's sessions.

use std::sync::atomic::{AtomicUsize, Ordering};

use dashmap::DashMap;
use hashbrown::HashSet;

use super::table::NameHash;
use super::{LiveSession, LiveSessions};
use crate::units::{DAY_MS, UnixMs};

/// By session key; and the keys of each customer.
#[derive(Default)]
pub(in crate::sessions) struct RemoteSessions {
    sessions: DashMap<[u8; 16], Box<LiveSession>>,
    by_customer: DashMap<i64, Vec<[u8; 16]>>,
    /// How many there are, so that a login need not ask every shard.
    count: AtomicUsize,
}

impl RemoteSessions {
    /// How many are known.
    pub fn len(&self) -> usize {
        self.count.load(Ordering::Acquire)
    }

    /// Takes a session as another node stored it; one that ended is forgotten.
    pub fn put(&self, session: LiveSession) {
        let (key, customer_id) = (session.session_key, session.customer_id);
        if !session.is_open() || customer_id == 0 {
            return self.remove(&key);
        }
        let old = self.sessions.insert(key, Box::new(session));
        self.count.fetch_add(usize::from(old.is_none()), Ordering::AcqRel);
        if old.is_none_or(|old| old.customer_id != customer_id) {
            let mut keys = self.by_customer.entry(customer_id).or_default();
            if !keys.contains(&key) {
                keys.push(key);
            }
        }
    }

    /// Forgets one: it ended, or this node hears of it now.
    pub fn remove(&self, key: &[u8; 16]) {
        if let Some((_, old)) = self.sessions.remove(key) {
            self.count.fetch_sub(1, Ordering::AcqRel);
            self.by_customer.remove_if_mut(&old.customer_id, |_, keys| {
                keys.retain(|k| k != key);
                keys.is_empty()
            });
        }
    }

    /// Forgets all, before everything is read again.
    pub fn clear(&self) {
        self.sessions.retain(|_, _| {
            self.count.fetch_sub(1, Ordering::AcqRel);
            false
        });
        self.by_customer.clear();
    }

    /// Forgets those of which nothing was heard for a day.
    pub fn forget_old(&self, now: UnixMs) {
        let old: Vec<[u8; 16]> = self.sessions.iter().filter(|s| now - s.heard_at > DAY_MS).map(|s| *s.key()).collect();
        old.iter().for_each(|key| self.remove(key));
    }

    fn each_of(&self, customer_id: i64, mut each: impl FnMut(&LiveSession)) {
        let Some(keys) = self.by_customer.get(&customer_id).map(|keys| keys.clone()) else { return };
        for key in keys {
            if let Some(session) = self.sessions.get(&key).filter(|s| s.customer_id == customer_id) {
                each(&session);
            }
        }
    }
}

impl LiveSessions {
    /// Names of all sessions in memory.
    pub(in crate::sessions) fn keys(&self) -> HashSet<[u8; 16]> {
        let mut keys = HashSet::new();
        self.table.for_each(|session| {
            keys.insert(session.session_key);
        });
        keys
    }

    /// Sessions that other nodes hold.
    pub(in crate::sessions) fn remote(&self) -> &RemoteSessions {
        &self.remote
    }

    /// Fresh sessions of a customer on other nodes, but for those of which this node knows as much or that it counted itself: `local` are its own, with their
    /// newest events; `UnixMs::MAX` = counted. By the router's name for them: nodes may name one session differently, but a router has not two of one id.
    pub(super) fn fresh_elsewhere(&self, customer_id: i64, now: UnixMs, local: &[(NameHash, UnixMs)], mut each: impl FnMut(&LiveSession)) {
        self.remote.each_of(customer_id, |session| {
            let name = self.table.name_of(session);
            let is_known = |(own, at): &(NameHash, UnixMs)| *own == name && *at >= session.last_event_at();
            if session.is_fresh(now) && !local.iter().any(is_known) {
                each(session);
            }
        });
    }
}
