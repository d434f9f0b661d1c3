//! Where live sessions lie: a table in shards, found by what the router calls them, and an index by customer. An entry is a pointer, and the name is read from the
//! session behind it, so that a place costs nine octets.
//!
//! Lock order: a session's shard before the index. Shards are read with `read_recursive`, so that who looks at a session may look at another one.

use std::hash::{BuildHasher, Hasher};

use hashbrown::{DefaultHashBuilder, HashTable};
use parking_lot::{RwLock, RwLockReadGuard, RwLockWriteGuard};
use siphasher::sip::SipHasher13;

use super::LiveSession;

/// Parts of the table, each with a lock.
const SHARDS: usize = 64;
/// Parts of the index.
pub(super) const PARTS: usize = 64;

/// A keyed hash of NAS instance and Acct-Session-Id.
pub(super) type NameHash = u64;

/// Sessions by the hash of their name.
pub(super) type Shard = HashTable<Box<LiveSession>>;

/// A customer has a session of this name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Reference {
    pub customer_id: i64,
    pub name: NameHash,
}

/// See the head of the file.
pub(super) struct Table {
    shards: Vec<RwLock<Shard>>,
    by_customer: Vec<RwLock<HashTable<Reference>>>,
    /// Routers choose names, so an outsider must not be able to make them collide.
    name_key: (u64, u64),
    id_key: DefaultHashBuilder,
}

impl Default for Table {
    fn default() -> Table {
        let state = std::hash::RandomState::new();
        Table {
            shards: (0..SHARDS).map(|_| RwLock::default()).collect(),
            by_customer: (0..PARTS).map(|_| RwLock::default()).collect(),
            name_key: (state.hash_one(1), state.hash_one(2)),
            id_key: DefaultHashBuilder::default(),
        }
    }
}

/// Bits of a hash that choose neither a bucket nor its tag.
fn middle(hash: u64) -> usize {
    (hash >> 40) as usize
}

impl Table {
    /// Hash of a name.
    pub fn name(&self, nas_instance: i64, acct_session_id: &[u8]) -> NameHash {
        let mut hash = SipHasher13::new_with_keys(self.name_key.0, self.name_key.1);
        hash.write_i64(nas_instance);
        hash.write(acct_session_id);
        hash.finish()
    }

    /// Hash of a session's name.
    pub fn name_of(&self, session: &LiveSession) -> NameHash {
        self.name(session.nas().nas_instance, session.acct_session_id())
    }

    /// The shard of a name, to look into.
    pub fn read(&self, name: NameHash) -> RwLockReadGuard<'_, Shard> {
        self.shards[middle(name) % SHARDS].read_recursive()
    }

    /// The shard of a name, to change.
    pub fn write(&self, name: NameHash) -> RwLockWriteGuard<'_, Shard> {
        self.shards[middle(name) % SHARDS].write()
    }

    /// Puts a session into its shard, which has none of this name.
    pub fn insert(&self, shard: &mut Shard, name: NameHash, session: LiveSession) {
        shard.insert_unique(name, Box::new(session), |s| self.name_of(s));
    }

    /// Looks at every session.
    pub fn for_each(&self, mut see: impl FnMut(&LiveSession)) {
        for shard in &self.shards {
            shard.read_recursive().iter().for_each(|session| see(session));
        }
    }

    /// Changes every session.
    pub fn for_each_mut(&self, mut change: impl FnMut(&mut LiveSession)) {
        for shard in &self.shards {
            shard.write().iter_mut().for_each(|session| change(session));
        }
    }

    /// Forgets everything.
    pub fn clear(&self) {
        self.shards.iter().for_each(|shard| *shard.write() = HashTable::new());
        self.by_customer.iter().for_each(|part| *part.write() = HashTable::new());
    }

    /// Notes that a customer has a session of this name.
    pub fn refer(&self, customer_id: i64, name: NameHash) {
        let (hash, reference) = (self.id_key.hash_one(customer_id), Reference { customer_id, name });
        let mut part = self.by_customer[middle(hash) % PARTS].write();
        if part.find(hash, |known| *known == reference).is_none() {
            part.insert_unique(hash, reference, |known| self.id_key.hash_one(known.customer_id));
        }
    }

    /// The customer has it no more.
    pub fn unrefer(&self, customer_id: i64, name: NameHash) {
        let (hash, reference) = (self.id_key.hash_one(customer_id), Reference { customer_id, name });
        if let Ok(entry) = self.by_customer[middle(hash) % PARTS].write().find_entry(hash, |known| *known == reference) {
            entry.remove();
        }
    }

    /// Looks at every session of a customer.
    pub fn for_each_of(&self, customer_id: i64, mut see: impl FnMut(&LiveSession)) {
        let hash = self.id_key.hash_one(customer_id);
        let (mut first, mut more) = (None, Vec::new());
        {
            let part = self.by_customer[middle(hash) % PARTS].read_recursive();
            for reference in part.iter_hash(hash).filter(|known| known.customer_id == customer_id) {
                // Nearly always one, for which nothing is allocated.
                match first {
                    None => first = Some(*reference),
                    Some(_) => more.push(*reference),
                }
            }
        }
        for reference in first.iter().chain(&more) {
            if let Some(session) = self.find(&self.read(reference.name), reference) {
                see(session);
            }
        }
    }

    /// Looks at every session of the customers in one of [`PARTS`] parts. Shard by shard: a lock for each session would make each wait for memory alone.
    pub fn for_each_of_part(&self, part: usize, mut see: impl FnMut(&LiveSession)) {
        let mut references: Vec<Reference> = self.by_customer[part].read_recursive().iter().copied().collect();
        references.sort_unstable_by_key(|reference| middle(reference.name) % SHARDS);
        for of_shard in references.chunk_by(|a, b| middle(a.name) % SHARDS == middle(b.name) % SHARDS) {
            let shard = self.read(of_shard[0].name);
            of_shard.iter().filter_map(|reference| self.find(&shard, reference)).for_each(&mut see);
        }
    }

    fn find<'s>(&self, shard: &'s Shard, reference: &Reference) -> Option<&'s LiveSession> {
        let is_it = |s: &LiveSession| s.customer_id == reference.customer_id && self.name_of(s) == reference.name;
        shard.find(reference.name, |s| is_it(s)).map(|session| &**session)
    }

    /// Places of the sessions and of the index that are taken.
    #[cfg(test)]
    pub fn len(&self) -> usize {
        self.shards.iter().map(|s| s.read().len()).sum::<usize>() + self.by_customer.iter().map(|p| p.read().len()).sum::<usize>()
    }
}
