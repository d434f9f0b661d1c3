//! Customers in memory: a slab per shard with indexes by hash.

mod customer;
mod keys;

pub use customer::{Customer, CustomerFields};

use std::net::Ipv4Addr;

use dashmap::DashMap;
use hashbrown::HashTable;
use parking_lot::RwLock;

use crate::units::{FastHash, Mac};
pub(in crate::aaa) use keys::SHARDS;
use keys::{HashKeys, shard_of};

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
///
/// Shards are read with `read_recursive`, which does not queue behind a waiting writer: a login holds its customer's shard while it asks for his sessions, and
/// an accounting worker holds a session while it asks for its customer. With queueing readers those two and a writer could wait for each other for ever.
pub struct Customers {
    shards: Vec<RwLock<Shard>>,
    /// Places by customer id; only the follower of the feed uses it.
    by_id: parking_lot::Mutex<HashTable<(i64, Place)>>,
    /// Tenant and static address of those who have one: no pool may lease it.
    statics: DashMap<(i64, Ipv4Addr), i64, FastHash>,
    keys: HashKeys,
}

impl Customers {
    /// Nobody yet.
    pub fn new() -> Customers {
        Customers {
            shards: (0..SHARDS).map(|_| RwLock::default()).collect(),
            by_id: parking_lot::Mutex::default(),
            statics: DashMap::default(),
            keys: HashKeys::random(),
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
        self.by_id.lock().reserve(customers, |(id, _)| self.keys.id(*id));
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
        let hash = self.keys.name(tenant_id, name);
        let shard = self.shards[shard_of(hash)].read_recursive();
        let index = shard.by_name.find(hash, |i| shard.slab[*i as usize].as_ref().is_some_and(|c| c.has_name(tenant_id, name)))?;
        shard.slab[*index as usize].as_ref().map(with)
    }

    /// Looks the owner of a device up.
    pub fn with_mac<T>(&self, tenant_id: i64, mac: Mac, with: impl FnOnce(&Customer) -> T) -> DeviceOwner<T> {
        let hash = self.keys.mac(mac);
        let places: Vec<Place> = {
            let shard = self.shards[shard_of(hash)].read_recursive();
            shard.by_mac.iter_hash(hash).filter(|(m, _)| *m == mac).map(|(_, p)| *p).collect()
        };
        let owns = |c: &&Customer| c.tenant_id == tenant_id && c.device_login() && c.macs().any(|m| m == mac);
        let is_his = |place: &Place| {
            let shard = self.shards[usize::from(place.shard)].read_recursive();
            shard.slab.get(place.index as usize).and_then(Option::as_ref).as_ref().is_some_and(owns)
        };
        let mut owners = places.iter().filter(|p| is_his(p));
        match (owners.next(), owners.next()) {
            (None, _) => DeviceOwner::None,
            (Some(_), Some(_)) => DeviceOwner::Several,
            (Some(place), None) => {
                let shard = self.shards[usize::from(place.shard)].read_recursive();
                // Asked again: the place may have changed hands since.
                let owner = shard.slab.get(place.index as usize).and_then(Option::as_ref).filter(owns);
                owner.map_or(DeviceOwner::None, |c| DeviceOwner::One(with(c)))
            }
        }
    }

    /// Runs `with` on the customer of an id.
    pub fn with_id<T>(&self, id: i64, with: impl FnOnce(&Customer) -> T) -> Option<T> {
        let place = self.by_id.lock().find(self.keys.id(id), |(i, _)| *i == id).map(|(_, p)| *p)?;
        let shard = self.shards[usize::from(place.shard)].read_recursive();
        shard.slab.get(place.index as usize)?.as_ref().filter(|c| c.id == id).map(with)
    }

    /// Runs `visit` with the place among `ids` and the customer of each id, `None` where there is none. In the order in which memory has them, so that looking at
    /// many costs little more than reading them.
    pub fn with_ids(&self, ids: &[i64], mut visit: impl FnMut(usize, Option<&Customer>)) {
        let mut places: Vec<(u8, u32, usize)> = Vec::with_capacity(ids.len());
        let mut missing = Vec::new();
        {
            let by_id = self.by_id.lock();
            for (at, id) in ids.iter().enumerate() {
                match by_id.find(self.keys.id(*id), |(i, _)| i == id) {
                    Some((_, place)) => places.push((place.shard, place.index, at)),
                    None => missing.push(at),
                }
            }
        }
        places.sort_unstable();
        for of_shard in places.chunk_by(|a, b| a.0 == b.0) {
            let shard = self.shards[usize::from(of_shard[0].0)].read_recursive();
            // All are fetched before the first is visited, so that they come from memory side by side.
            let find = |(_, index, at): &(u8, u32, usize)| {
                let customer = shard.slab.get(*index as usize).and_then(Option::as_ref);
                (*at, customer.filter(|c| c.id == ids[*at]))
            };
            let found: Vec<_> = of_shard.iter().map(find).collect();
            found.into_iter().for_each(|(at, customer)| visit(at, customer));
        }
        missing.into_iter().for_each(|at| visit(at, None));
    }

    /// Inserts a customer, or replaces the one of the same id: in one step if his name stays, so that no login of his falls into a gap.
    pub fn put(&self, fields: &CustomerFields<'_>) {
        if !self.replace(fields) {
            self.remove(fields.id);
            self.insert(fields);
        }
        if let Some(address) = fields.static_ipv4 {
            self.statics.insert((fields.tenant_id, address), fields.id);
        }
    }

    /// Whether an address is some customer's static one.
    pub fn has_static(&self, tenant_id: i64, address: Ipv4Addr) -> bool {
        self.statics.contains_key(&(tenant_id, address))
    }

    fn forget_static(&self, old: &Customer) {
        if let Some(address) = old.static_ipv4() {
            self.statics.remove_if(&(old.tenant_id, address), |_, owner| *owner == old.id);
        }
    }

    fn replace(&self, fields: &CustomerFields<'_>) -> bool {
        let Some(place) = self.by_id.lock().find(self.keys.id(fields.id), |(i, _)| *i == fields.id).map(|(_, p)| *p) else { return false };
        let old = {
            let mut shard = self.shards[usize::from(place.shard)].write();
            match shard.slab.get_mut(place.index as usize) {
                Some(Some(customer)) if customer.has_name(fields.tenant_id, fields.username) => {
                    std::mem::replace(customer, Customer::new(fields))
                }
                _ => return false,
            }
        };
        self.forget_static(&old);
        let is_kept = |mac: &Mac| fields.macs.contains(mac);
        old.macs().filter(|m| !is_kept(m)).for_each(|mac| self.remove_mac(mac, place));
        let was_there = |mac: &Mac| old.macs().any(|m| m == *mac);
        fields.macs.iter().filter(|m| !was_there(m)).for_each(|mac| self.insert_mac(*mac, place));
        true
    }

    fn insert(&self, fields: &CustomerFields<'_>) {
        let customer = Customer::new(fields);
        let hash = self.keys.name(fields.tenant_id, fields.username);
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
                .insert_unique(hash, index, |i| slab[*i as usize].as_ref().map_or(0, |c| self.keys.name(c.tenant_id, c.username())));
            Place { shard: shard_of(hash) as u8, index }
        };
        fields.macs.iter().for_each(|mac| self.insert_mac(*mac, place));
        let hash = self.keys.id(fields.id);
        self.by_id.lock().insert_unique(hash, (fields.id, place), |(id, _)| self.keys.id(*id));
    }

    fn insert_mac(&self, mac: Mac, place: Place) {
        let hash = self.keys.mac(mac);
        let mut shard = self.shards[shard_of(hash)].write();
        shard.by_mac.insert_unique(hash, (mac, place), |(m, _)| self.keys.mac(*m));
    }

    fn remove_mac(&self, mac: Mac, place: Place) {
        let hash = self.keys.mac(mac);
        let mut shard = self.shards[shard_of(hash)].write();
        if let Ok(entry) = shard.by_mac.find_entry(hash, |(m, p)| *m == mac && *p == place) {
            entry.remove();
        }
    }

    /// Removes a customer; false if there is none of this id.
    pub fn remove(&self, id: i64) -> bool {
        let place = match self.by_id.lock().find_entry(self.keys.id(id), |(i, _)| *i == id) {
            Ok(entry) => entry.remove().0.1,
            Err(_) => return false,
        };
        let customer = {
            let shard = &mut *self.shards[usize::from(place.shard)].write();
            let Some(customer) = shard.slab.get_mut(place.index as usize).and_then(Option::take) else { return false };
            let hash = self.keys.name(customer.tenant_id, customer.username());
            if let Ok(entry) = shard.by_name.find_entry(hash, |i| *i == place.index) {
                entry.remove();
            }
            shard.free.push(place.index);
            customer
        };
        self.forget_static(&customer);
        customer.macs().for_each(|mac| self.remove_mac(mac, place));
        true
    }

    /// Visits everyone of one of the [`SHARDS`], under its read lock.
    pub fn for_each_of(&self, shard: usize, visit: impl FnMut(&Customer)) {
        self.shards[shard].read_recursive().slab.iter().flatten().for_each(visit);
    }
}

impl Default for Customers {
    fn default() -> Self {
        Customers::new()
    }
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
    fn static_addresses_are_known_until_they_are_taken_away() {
        let customers = Customers::new();
        let address = Ipv4Addr::new(10, 0, 0, 1);
        customers.put(&fields(7, b"bob", &[]));
        assert!(customers.has_static(1, address) && !customers.has_static(2, address));
        customers.put(&CustomerFields { static_ipv4: None, ..fields(7, b"bob", &[]) });
        assert!(!customers.has_static(1, address));
        customers.put(&fields(7, b"robert", &[]));
        customers.put(&fields(8, b"eve", &[]));
        customers.remove(7);
        assert!(customers.has_static(1, address), "another has it meanwhile");
        customers.remove(8);
        assert!(!customers.has_static(1, address));
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
