//! Hashes of what customers are looked up by, under keys of this process, so that nobody outside can choose names that collide.

use std::hash::{BuildHasher, Hasher};

use siphasher::sip::SipHasher13;

use super::customer::folded;
use crate::units::Mac;

pub(in crate::aaa) const SHARDS: usize = 64;

pub(super) struct HashKeys(u64, u64);

impl HashKeys {
    /// Keys by chance.
    pub(super) fn random() -> HashKeys {
        let state = std::hash::RandomState::new();
        HashKeys(state.hash_one(1), state.hash_one(2))
    }

    fn hasher(&self) -> SipHasher13 {
        SipHasher13::new_with_keys(self.0, self.1)
    }

    /// Of a name. Names hash alike whatever the case of their letters; equality looks closer.
    pub(super) fn name(&self, tenant_id: i64, name: &[u8]) -> u64 {
        let mut hash = self.hasher();
        hash.write_i64(tenant_id);
        if let Some(device) = Mac::parse(name) {
            // A name that is a device's address is the same name in every spelling.
            hash.write_u64(device.as_u64());
        } else if name.is_ascii() {
            let mut folded = [0u8; 64];
            for chunk in name.chunks(64) {
                let folded = &mut folded[..chunk.len()];
                folded.copy_from_slice(chunk);
                folded.make_ascii_lowercase();
                hash.write(folded);
            }
        } else {
            folded(name).for_each(|c| hash.write_u32(u32::from(c)));
        }
        hash.finish()
    }

    /// Of a device.
    pub(super) fn mac(&self, mac: Mac) -> u64 {
        let mut hash = self.hasher();
        hash.write_u64(mac.as_u64());
        hash.finish()
    }

    /// Of a customer id.
    pub(super) fn id(&self, id: i64) -> u64 {
        let mut hash = self.hasher();
        hash.write_i64(id);
        hash.finish()
    }
}

/// The table inside a shard uses the top and low bits; the shard is chosen by others.
pub(super) fn shard_of(hash: u64) -> usize {
    (hash >> 40) as usize % SHARDS
}
