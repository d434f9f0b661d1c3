//! Customers in memory: a slab per shard with indexes by hash, one octet string per customer for everything of varying length.

use std::hash::Hasher;
use std::net::Ipv4Addr;

use hashbrown::HashTable;
use parking_lot::RwLock;
use siphasher::sip::SipHasher13;

use super::super::decide::HoldFact;
use crate::units::Mac;

const SHARDS: usize = 64;

/// What the store says of a customer, as the loader passes it in.
#[derive(Debug, Clone, Default)]
pub struct CustomerFields<'a> {
    /// Id.
    pub id: i64,
    /// Tenant.
    pub tenant_id: i64,
    /// Owner account.
    pub owner_id: i64,
    /// Package.
    pub package_id: i64,
    /// Unix ms; `i64::MAX` = never.
    pub expires_at: i64,
    /// 0 none, 1 suspended, 2 disabled.
    pub hold: u8,
    /// Whether a device of his may log in by its address alone (hotspot, dhcp, static, other).
    pub device_login: bool,
    /// 0 = any number.
    pub sessions_allowed: u16,
    /// Fixed address.
    pub static_ipv4: Option<Ipv4Addr>,
    /// As he writes it.
    pub username: &'a [u8],
    /// In clear.
    pub password: &'a [u8],
    /// Devices; empty = any.
    pub macs: &'a [Mac],
    /// Pool of his own.
    pub framed_pool: &'a [u8],
    /// Further reply attributes (IPv6 prefixes and those an administrator wrote), encoded.
    pub attributes: &'a [u8],
    /// Whether `Bob` is not `bob` in his tenant.
    pub case_sensitive: bool,
}

/// One customer; 48 octets and one allocation.
#[derive(Debug)]
pub struct Customer {
    /// Id.
    pub id: i64,
    /// Unix ms; `i64::MAX` = never.
    pub expires_at: i64,
    /// Tenant.
    pub tenant_id: i64,
    /// Owner account.
    pub owner_id: i64,
    /// Package.
    pub package_id: i64,
    static_ipv4: u32,
    /// 0 = any number.
    pub sessions_allowed: u16,
    flags: u8,
    blob: Box<[u8]>,
}

const HOLD_MASK: u8 = 3;
const DEVICE_LOGIN: u8 = 4;
const CASE_SENSITIVE: u8 = 8;

impl Customer {
    fn new(fields: &CustomerFields<'_>) -> Customer {
        let mut blob = Vec::with_capacity(
            8 + fields.username.len() + fields.password.len() + fields.macs.len() * 6 + fields.framed_pool.len() + fields.attributes.len(),
        );
        for part in [fields.username, fields.password, fields.framed_pool] {
            let part = &part[..part.len().min(255)];
            blob.push(part.len() as u8);
            blob.extend_from_slice(part);
        }
        let macs = &fields.macs[..fields.macs.len().min(255)];
        blob.push(macs.len() as u8);
        macs.iter().for_each(|m| blob.extend_from_slice(&m.0));
        blob.extend_from_slice(fields.attributes);
        Customer {
            id: fields.id,
            expires_at: fields.expires_at,
            tenant_id: fields.tenant_id,
            owner_id: fields.owner_id,
            package_id: fields.package_id,
            static_ipv4: fields.static_ipv4.map_or(0, u32::from),
            sessions_allowed: fields.sessions_allowed,
            flags: fields.hold & HOLD_MASK
                | if fields.device_login { DEVICE_LOGIN } else { 0 }
                | if fields.case_sensitive { CASE_SENSITIVE } else { 0 },
            blob: blob.into_boxed_slice(),
        }
    }

    /// The parts of the blob: three strings with a length octet, the MACs, the rest.
    fn part(&self, index: usize) -> &[u8] {
        let mut rest = &self.blob[..];
        for _ in 0..index {
            rest = &rest[1 + usize::from(rest[0])..];
        }
        &rest[1..1 + usize::from(rest[0])]
    }

    fn after_strings(&self) -> &[u8] {
        (0..3).fold(&self.blob[..], |rest, _| &rest[1 + usize::from(rest[0])..])
    }

    /// As he writes it.
    pub fn username(&self) -> &[u8] {
        self.part(0)
    }

    /// In clear.
    pub fn password(&self) -> &[u8] {
        self.part(1)
    }

    /// Pool of his own; empty = the package's.
    pub fn framed_pool(&self) -> &[u8] {
        self.part(2)
    }

    /// His devices; none = any.
    pub fn macs(&self) -> impl Iterator<Item = Mac> + '_ {
        let rest = self.after_strings();
        rest[1..1 + usize::from(rest[0]) * 6].chunks_exact(6).map(|m| Mac([m[0], m[1], m[2], m[3], m[4], m[5]]))
    }

    /// Further reply attributes, encoded.
    pub fn attributes(&self) -> &[u8] {
        let rest = self.after_strings();
        &rest[1 + usize::from(rest[0]) * 6..]
    }

    /// Fixed address.
    pub fn static_ipv4(&self) -> Option<Ipv4Addr> {
        (self.static_ipv4 != 0).then(|| Ipv4Addr::from(self.static_ipv4))
    }

    /// Staff's hold.
    pub fn hold(&self) -> HoldFact {
        match self.flags & HOLD_MASK {
            0 => HoldFact::None,
            1 => HoldFact::Suspended,
            _ => HoldFact::Disabled,
        }
    }

    /// Whether his devices may log in by their address alone.
    pub fn device_login(&self) -> bool {
        self.flags & DEVICE_LOGIN != 0
    }

    fn has_name(&self, tenant_id: i64, name: &[u8]) -> bool {
        self.tenant_id == tenant_id
            && match Mac::parse(name) {
                Some(device) => Mac::parse(self.username()) == Some(device),
                None if self.flags & CASE_SENSITIVE != 0 => self.username() == name,
                None => same_folded(self.username(), name),
            }
    }

    /// The customer as fields again, for the snapshot.
    pub fn fields<'a>(&'a self, macs: &'a mut Vec<Mac>) -> CustomerFields<'a> {
        macs.clear();
        macs.extend(self.macs());
        CustomerFields {
            id: self.id,
            tenant_id: self.tenant_id,
            owner_id: self.owner_id,
            package_id: self.package_id,
            expires_at: self.expires_at,
            hold: self.flags & HOLD_MASK,
            device_login: self.device_login(),
            sessions_allowed: self.sessions_allowed,
            static_ipv4: self.static_ipv4(),
            username: self.username(),
            password: self.password(),
            macs,
            framed_pool: self.framed_pool(),
            attributes: self.attributes(),
            case_sensitive: self.flags & CASE_SENSITIVE != 0,
        }
    }
}

/// Whether two names are the same when the case of letters does not count; beyond ASCII by full lower-casing.
fn same_folded(a: &[u8], b: &[u8]) -> bool {
    if a.is_ascii() || b.is_ascii() {
        return a.eq_ignore_ascii_case(b);
    }
    folded(a).eq(folded(b))
}

/// Lower case, letter by letter, as the keys of the customers room are folded.
fn folded(name: &[u8]) -> impl Iterator<Item = char> + '_ {
    std::str::from_utf8(name).unwrap_or_default().chars().flat_map(char::to_lowercase)
}

#[derive(Default)]
struct Shard {
    slab: Vec<Option<Customer>>,
    free: Vec<u32>,
    by_name: HashTable<u32>,
    /// Devices whose hash falls into this shard, with the place of their customer.
    by_mac: HashTable<(Mac, Place)>,
}

/// Shard and index in its slab.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Place {
    shard: u8,
    index: u32,
}

/// How many customers a device belongs to.
pub enum DeviceOwner<T> {
    /// None.
    None,
    /// One.
    One(T),
    /// Several.
    Several,
}

/// All customers.
pub struct Customers {
    shards: Vec<RwLock<Shard>>,
    /// Places by customer id; only the follower of the feed uses it.
    by_id: parking_lot::Mutex<HashTable<(i64, Place)>>,
    keys: (u64, u64),
}

impl Customers {
    /// Nobody yet.
    pub fn new() -> Customers {
        use std::hash::BuildHasher;
        let state = std::hash::RandomState::new();
        Customers {
            shards: (0..SHARDS).map(|_| RwLock::default()).collect(),
            by_id: parking_lot::Mutex::default(),
            keys: (state.hash_one(1), state.hash_one(2)),
        }
    }

    /// Makes room for about this many customers at once, so that loading does not grow tables step by step.
    pub fn reserve(&self, customers: usize) {
        let each = customers / SHARDS + customers / SHARDS / 16 + 8;
        for shard in &self.shards {
            let mut shard = shard.write();
            shard.slab.reserve_exact(each);
            shard.by_name.reserve(each, |_| 0);
        }
        self.by_id.lock().reserve(customers, |(id, _)| self.hash_id(*id));
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.by_id.lock().len()
    }

    /// Whether there is nobody.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Looks a name up (already stripped of its realm, if that is wanted) and runs `with` on its customer under the shard's read lock.
    pub fn with_name<T>(&self, tenant_id: i64, name: &[u8], with: impl FnOnce(&Customer) -> T) -> Option<T> {
        let hash = self.hash_name(tenant_id, name);
        let shard = self.shards[shard_of(hash)].read();
        let index = shard.by_name.find(hash, |i| shard.slab[*i as usize].as_ref().is_some_and(|c| c.has_name(tenant_id, name)))?;
        shard.slab[*index as usize].as_ref().map(with)
    }

    /// Looks the owner of a device up.
    pub fn with_mac<T>(&self, tenant_id: i64, mac: Mac, with: impl FnOnce(&Customer) -> T) -> DeviceOwner<T> {
        let hash = self.hash_mac(mac);
        let places: Vec<Place> = {
            let shard = self.shards[shard_of(hash)].read();
            shard.by_mac.iter_hash(hash).filter(|(m, _)| *m == mac).map(|(_, p)| *p).collect()
        };
        let is_his = |place: &Place| {
            let shard = self.shards[usize::from(place.shard)].read();
            shard
                .slab
                .get(place.index as usize)
                .and_then(Option::as_ref)
                .is_some_and(|c| c.tenant_id == tenant_id && c.device_login() && c.macs().any(|m| m == mac))
        };
        let mut owners = places.iter().filter(|p| is_his(p));
        match (owners.next(), owners.next()) {
            (None, _) => DeviceOwner::None,
            (Some(_), Some(_)) => DeviceOwner::Several,
            (Some(place), None) => {
                let shard = self.shards[usize::from(place.shard)].read();
                shard.slab.get(place.index as usize).and_then(Option::as_ref).map_or(DeviceOwner::None, |c| DeviceOwner::One(with(c)))
            }
        }
    }

    /// Runs `with` on the customer of an id.
    pub fn with_id<T>(&self, id: i64, with: impl FnOnce(&Customer) -> T) -> Option<T> {
        let place = self.by_id.lock().find(self.hash_id(id), |(i, _)| *i == id).map(|(_, p)| *p)?;
        let shard = self.shards[usize::from(place.shard)].read();
        shard.slab.get(place.index as usize)?.as_ref().filter(|c| c.id == id).map(with)
    }

    /// Inserts a customer, or replaces the one of the same id: in one step if his name stays, so that no login of his falls into a gap.
    pub fn put(&self, fields: &CustomerFields<'_>) {
        if !self.replace(fields) {
            self.remove(fields.id);
            self.insert(fields);
        }
    }

    fn replace(&self, fields: &CustomerFields<'_>) -> bool {
        let Some(place) = self.by_id.lock().find(self.hash_id(fields.id), |(i, _)| *i == fields.id).map(|(_, p)| *p) else { return false };
        let old = {
            let mut shard = self.shards[usize::from(place.shard)].write();
            match shard.slab.get_mut(place.index as usize) {
                Some(Some(customer)) if customer.has_name(fields.tenant_id, fields.username) => {
                    std::mem::replace(customer, Customer::new(fields))
                }
                _ => return false,
            }
        };
        let is_kept = |mac: &Mac| fields.macs.contains(mac);
        old.macs().filter(|m| !is_kept(m)).for_each(|mac| self.remove_mac(mac, place));
        let was_there = |mac: &Mac| old.macs().any(|m| m == *mac);
        fields.macs.iter().filter(|m| !was_there(m)).for_each(|mac| self.insert_mac(*mac, place));
        true
    }

    fn insert(&self, fields: &CustomerFields<'_>) {
        let customer = Customer::new(fields);
        let hash = self.hash_name(fields.tenant_id, fields.username);
        let place = {
            let shard = &mut *self.shards[shard_of(hash)].write();
            let index = match shard.free.pop() {
                Some(index) => {
                    shard.slab[index as usize] = Some(customer);
                    index
                }
                None => {
                    shard.slab.push(Some(customer));
                    (shard.slab.len() - 1) as u32
                }
            };
            let slab = &shard.slab;
            shard
                .by_name
                .insert_unique(hash, index, |i| slab[*i as usize].as_ref().map_or(0, |c| self.hash_name(c.tenant_id, c.username())));
            Place { shard: shard_of(hash) as u8, index }
        };
        fields.macs.iter().for_each(|mac| self.insert_mac(*mac, place));
        let hash = self.hash_id(fields.id);
        self.by_id.lock().insert_unique(hash, (fields.id, place), |(id, _)| self.hash_id(*id));
    }

    fn insert_mac(&self, mac: Mac, place: Place) {
        let hash = self.hash_mac(mac);
        let mut shard = self.shards[shard_of(hash)].write();
        shard.by_mac.insert_unique(hash, (mac, place), |(m, _)| self.hash_mac(*m));
    }

    fn remove_mac(&self, mac: Mac, place: Place) {
        let hash = self.hash_mac(mac);
        let mut shard = self.shards[shard_of(hash)].write();
        if let Ok(entry) = shard.by_mac.find_entry(hash, |(m, p)| *m == mac && *p == place) {
            entry.remove();
        }
    }

    /// Removes a customer; false if there is none of this id.
    pub fn remove(&self, id: i64) -> bool {
        let place = match self.by_id.lock().find_entry(self.hash_id(id), |(i, _)| *i == id) {
            Ok(entry) => entry.remove().0.1,
            Err(_) => return false,
        };
        let customer = {
            let shard = &mut *self.shards[usize::from(place.shard)].write();
            let Some(customer) = shard.slab.get_mut(place.index as usize).and_then(Option::take) else { return false };
            let hash = self.hash_name(customer.tenant_id, customer.username());
            if let Ok(entry) = shard.by_name.find_entry(hash, |i| *i == place.index) {
                entry.remove();
            }
            shard.free.push(place.index);
            customer
        };
        customer.macs().for_each(|mac| self.remove_mac(mac, place));
        true
    }

    /// Visits everyone, shard by shard.
    pub fn for_each(&self, mut visit: impl FnMut(&Customer)) {
        for shard in &self.shards {
            shard.read().slab.iter().flatten().for_each(&mut visit);
        }
    }

    fn hasher(&self) -> SipHasher13 {
        SipHasher13::new_with_keys(self.keys.0, self.keys.1)
    }

    /// Names hash alike whatever the case of their letters; equality looks closer.
    fn hash_name(&self, tenant_id: i64, name: &[u8]) -> u64 {
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

    fn hash_mac(&self, mac: Mac) -> u64 {
        let mut hash = self.hasher();
        hash.write_u64(mac.as_u64());
        hash.finish()
    }

    fn hash_id(&self, id: i64) -> u64 {
        let mut hash = self.hasher();
        hash.write_i64(id);
        hash.finish()
    }
}

impl Default for Customers {
    fn default() -> Self {
        Customers::new()
    }
}

/// The table inside a shard uses the top and low bits; the shard is chosen by others.
fn shard_of(hash: u64) -> usize {
    (hash >> 40) as usize % SHARDS
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields<'a>(id: i64, username: &'a [u8], macs: &'a [Mac]) -> CustomerFields<'a> {
        CustomerFields {
            id,
            tenant_id: 1,
            expires_at: i64::MAX,
            username,
            password: b"pw",
            macs,
            device_login: true,
            framed_pool: b"pool",
            attributes: &[18, 3, b'x'],
            static_ipv4: Some(Ipv4Addr::new(10, 0, 0, 1)),
            ..CustomerFields::default()
        }
    }

    #[test]
    fn a_customer_is_found_by_name_id_and_device_and_reads_back_whole() {
        let customers = Customers::new();
        let macs = [Mac([1, 2, 3, 4, 5, 6]), Mac([1, 2, 3, 4, 5, 7])];
        customers.put(&fields(7, b"Bob", &macs));
        customers
            .with_name(1, b"bOB", |c| {
                assert_eq!(
                    (c.username(), c.password(), c.framed_pool(), c.attributes()),
                    (&b"Bob"[..], &b"pw"[..], &b"pool"[..], &[18u8, 3, b'x'][..])
                );
                assert_eq!(c.macs().collect::<Vec<_>>(), macs);
                assert_eq!(c.static_ipv4(), Some(Ipv4Addr::new(10, 0, 0, 1)));
            })
            .expect("found by name");
        assert!(customers.with_name(2, b"bob", |_| ()).is_none(), "another tenant");
        assert!(matches!(customers.with_mac(1, macs[1], |c| c.id), DeviceOwner::One(7)));
        assert!(matches!(customers.with_mac(2, macs[1], |c| c.id), DeviceOwner::None));
        assert_eq!(customers.with_id(7, |c| c.id), Some(7));
    }

    #[test]
    fn changing_and_removing_leave_no_trace_of_the_old() {
        let customers = Customers::new();
        let (one, two) = ([Mac([1; 6])], [Mac([2; 6])]);
        customers.put(&fields(7, b"bob", &one));
        customers.put(&fields(7, b"BOB", &[one[0], two[0]]));
        assert!(matches!(customers.with_mac(1, two[0], |c| c.username().to_vec()), DeviceOwner::One(name) if name == b"BOB"));
        customers.put(&fields(7, b"robert", &two));
        assert!(customers.with_name(1, b"bob", |_| ()).is_none());
        assert!(matches!(customers.with_mac(1, one[0], |_| ()), DeviceOwner::None));
        customers.put(&fields(8, b"bob", &two));
        assert!(matches!(customers.with_mac(1, two[0], |_| ()), DeviceOwner::Several));
        assert!(customers.remove(7) && !customers.remove(7));
        assert!(matches!(customers.with_mac(1, two[0], |c| c.id), DeviceOwner::One(8)));
        assert_eq!(customers.len(), 1);
    }

    #[test]
    fn case_counts_only_where_the_tenant_says_so_and_not_only_in_ascii() {
        let customers = Customers::new();
        customers.put(&CustomerFields { case_sensitive: true, ..fields(1, b"Bob", &[]) });
        customers.put(&fields(2, "Ärger".as_bytes(), &[]));
        assert!(customers.with_name(1, b"bob", |_| ()).is_none());
        assert!(customers.with_name(1, b"Bob", |_| ()).is_some());
        assert!(customers.with_name(1, "äRGER".as_bytes(), |_| ()).is_some());
    }

    #[test]
    fn many_customers_come_and_go() {
        let customers = Customers::new();
        customers.reserve(5000);
        let name = |i: i64| format!("customer{i}").into_bytes();
        (0..5000).for_each(|i| customers.put(&fields(i, &name(i), &[])));
        (0..5000).step_by(2).for_each(|i| assert!(customers.remove(i)));
        (0..5000).for_each(|i| assert_eq!(customers.with_name(1, &name(i), |c| c.id), (i % 2 == 1).then_some(i)));
    }
}
