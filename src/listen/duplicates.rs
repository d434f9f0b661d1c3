//! The duplicate cache (RFC 5080 section 2.2.2): the same request again gets the same octets again; a new authenticator under the same name is a new request.
//!
//! One per worker and without locks: the kernel sends one source address and port always to the same worker. A ring of fixed capacity, oldest out first.

use std::collections::VecDeque;
use std::hash::Hasher;
use std::net::SocketAddr;

use hashbrown::HashTable;
use siphasher::sip::SipHasher13;

use crate::units::UnixMs;

/// When a kept reply may be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ready {
    /// At once.
    Now,
    /// Not before this instant: the reply is being held back and will leave by itself.
    At(UnixMs),
    /// When the journal has made this sequence durable: the reply leaves by itself then.
    Durable(u64),
}

/// What the cache knows of an arriving request.
#[derive(Debug, PartialEq, Eq)]
pub enum Lookup<'a> {
    /// Never seen, or seen with another authenticator.
    New,
    /// Seen: here is its reply.
    Known {
        /// The reply's octets.
        reply: &'a [u8],
        /// When it may be sent.
        ready: Ready,
    },
}

struct Entry {
    hash: u64,
    peer: SocketAddr,
    id: u8,
    authenticator: [u8; 16],
    at: UnixMs,
    ready: Ready,
    /// Place of the reply in the ring's octets, counted from the beginning of time.
    start: u64,
    octets: u16,
}

/// Overhead counted per entry besides the reply itself: entry and its share of the index.
const ENTRY_OCTETS: usize = std::mem::size_of::<Entry>() + 8;

/// Replies of the last seconds.
pub struct Duplicates {
    keep_ms: i64,
    budget_octets: usize,
    key: (u64, u64),
    entries: VecDeque<Entry>,
    /// Number of the entry at the front of `entries`, counted from the beginning of time.
    first: u64,
    index: HashTable<u64>,
    /// Replies, one after the other; `base` is the place of its first octet.
    octets: VecDeque<u8>,
    base: u64,
    scratch: Vec<u8>,
}

impl Duplicates {
    /// Keeps replies for `keep_ms` within `budget_octets`.
    pub fn new(keep_ms: i64, budget_octets: usize) -> Duplicates {
        use std::hash::BuildHasher;
        let state = std::hash::RandomState::new();
        Duplicates {
            keep_ms,
            budget_octets,
            key: (state.hash_one(1), state.hash_one(2)),
            entries: VecDeque::new(),
            first: 0,
            index: HashTable::new(),
            octets: VecDeque::new(),
            base: 0,
            scratch: Vec::new(),
        }
    }

    /// Looks a request up.
    pub fn find(&mut self, peer: SocketAddr, id: u8, authenticator: &[u8; 16], now: UnixMs) -> Lookup<'_> {
        let hash = self.hash(peer, id);
        let (entries, first) = (&self.entries, self.first);
        let found = self.index.find(hash, |n| {
            let entry = &entries[(*n - first) as usize];
            entry.peer == peer && entry.id == id
        });
        let Some(entry) = found.map(|n| &self.entries[(*n - first) as usize]) else { return Lookup::New };
        if entry.authenticator != *authenticator || now - entry.at > self.keep_ms {
            return Lookup::New;
        }
        let start = (entry.start - self.base) as usize;
        self.scratch.clear();
        self.scratch.extend(self.octets.range(start..start + usize::from(entry.octets)));
        Lookup::Known { reply: &self.scratch, ready: entry.ready }
    }

    /// Keeps a reply; one kept before for the same sender and identifier is forgotten.
    pub fn keep(&mut self, peer: SocketAddr, id: u8, authenticator: &[u8; 16], reply: &[u8], ready: Ready, now: UnixMs) {
        let hash = self.hash(peer, id);
        let (entries, first) = (&self.entries, self.first);
        let is_same = |n: &u64| {
            let entry = &entries[(*n - first) as usize];
            entry.peer == peer && entry.id == id
        };
        let number = self.first + self.entries.len() as u64;
        match self.index.find_mut(hash, is_same) {
            Some(n) => *n = number,
            None => {
                self.index.insert_unique(hash, number, |n| entries[(*n - first) as usize].hash);
            }
        }
        let start = self.base + self.octets.len() as u64;
        self.octets.extend(reply);
        self.entries.push_back(Entry { hash, peer, id, authenticator: *authenticator, at: now, ready, start, octets: reply.len() as u16 });
        self.drop_old(now);
    }

    fn drop_old(&mut self, now: UnixMs) {
        while let Some(entry) = self.entries.front() {
            let used = self.octets.len() + self.entries.len() * ENTRY_OCTETS;
            if now - entry.at <= self.keep_ms && used <= self.budget_octets {
                break;
            }
            let number = self.first;
            if let Ok(found) = self.index.find_entry(entry.hash, |n| *n == number) {
                found.remove();
            }
            self.octets.drain(..usize::from(entry.octets));
            self.base += u64::from(entry.octets);
            self.entries.pop_front();
            self.first += 1;
        }
    }

    fn hash(&self, peer: SocketAddr, id: u8) -> u64 {
        let mut hash = SipHasher13::new_with_keys(self.key.0, self.key.1);
        match peer {
            SocketAddr::V4(peer) => hash.write_u64(u64::from(u32::from(*peer.ip())) << 24 | u64::from(peer.port()) << 8 | u64::from(id)),
            SocketAddr::V6(peer) => {
                hash.write(&peer.ip().octets());
                hash.write_u32(u32::from(peer.port()) << 8 | u32::from(id));
            }
        }
        hash.finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn peer(port: u16) -> SocketAddr {
        SocketAddr::new("10.0.0.1".parse().expect("an address"), port)
    }

    fn known<'a>(lookup: Lookup<'a>) -> Option<&'a [u8]> {
        match lookup {
            Lookup::Known { reply, .. } => Some(reply),
            Lookup::New => None,
        }
    }

    #[test]
    fn the_same_request_gets_the_same_octets_and_a_new_authenticator_replaces() {
        let mut cache = Duplicates::new(5000, 1 << 20);
        cache.keep(peer(1), 7, &[1; 16], b"first", Ready::Durable(9), 0);
        assert_eq!(cache.find(peer(1), 7, &[1; 16], 4000), Lookup::Known { reply: b"first", ready: Ready::Durable(9) });
        assert_eq!(cache.find(peer(1), 7, &[2; 16], 4000), Lookup::New);
        assert_eq!(cache.find(peer(2), 7, &[1; 16], 4000), Lookup::New);
        assert_eq!(cache.find(peer(1), 8, &[1; 16], 4000), Lookup::New);
        cache.keep(peer(1), 7, &[2; 16], b"second", Ready::Now, 4000);
        assert_eq!(cache.find(peer(1), 7, &[1; 16], 4001), Lookup::New);
        assert_eq!(known(cache.find(peer(1), 7, &[2; 16], 4001)), Some(&b"second"[..]));
        assert_eq!(cache.find(peer(1), 7, &[2; 16], 9001), Lookup::New, "too old");
    }

    #[test]
    fn memory_is_bounded_and_the_oldest_go_first() {
        let mut cache = Duplicates::new(5000, 100_000);
        for n in 0..5000u16 {
            cache.keep(peer(n), 0, &[3; 16], &[n as u8; 100], Ready::Now, i64::from(n) / 10);
            assert!(cache.octets.len() + cache.entries.len() * ENTRY_OCTETS <= 100_000);
        }
        assert_eq!(cache.index.len(), cache.entries.len());
        assert!(known(cache.find(peer(0), 0, &[3; 16], 500)).is_none());
        for n in 4700..5000u16 {
            assert_eq!(known(cache.find(peer(n), 0, &[3; 16], 500)), Some(&[n as u8; 100][..]));
        }
        cache.keep(peer(9), 9, &[1; 16], b"x", Ready::Now, 1_000_000);
        assert_eq!(cache.entries.len(), 1);
    }
}
