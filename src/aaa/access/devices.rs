//! Which devices a customer may use, and the binding of the first ones. The rule is pure; what was bound and is not yet in the directory is kept here.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};

use parking_lot::Mutex;

use crate::packages::DevicePolicy;
use crate::units::{Mac, UnixMs};

/// After a binding is in the store, the directory follows within this time.
const FOLLOWS_MS: i64 = 5_000;

/// What the rule says of a login's device.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeviceFact {
    /// It may be used.
    Allowed,
    /// It is put on the customer's list by this login.
    Bind(Mac),
    /// It is not on his list.
    NotListed,
    /// It is not on his list, and the portal will ask him.
    NotConfirmed,
}

/// Judges a device. A router that names none (no Calling-Station-Id, or an address as L2TP has it) leaves nothing to compare, and the customer cannot make it
/// leave that out.
pub fn judge_device(policy: DevicePolicy, listed: &[Mac], seen: Option<Mac>) -> DeviceFact {
    let Some(mac) = seen else { return DeviceFact::Allowed };
    if listed.contains(&mac) {
        return DeviceFact::Allowed;
    }
    match policy {
        DevicePolicy::Off => DeviceFact::Allowed,
        DevicePolicy::Listed if listed.is_empty() => DeviceFact::Allowed,
        DevicePolicy::BindFirst(most) if listed.len() < usize::from(most) => DeviceFact::Bind(mac),
        DevicePolicy::AskAtPortal => DeviceFact::NotConfirmed,
        DevicePolicy::Listed | DevicePolicy::Fixed | DevicePolicy::BindFirst(_) => DeviceFact::NotListed,
    }
}

#[derive(Debug, Clone, Copy)]
struct Binding {
    mac: Mac,
    /// Its record in the journal; `u64::MAX` until that has a place.
    seq: u64,
    /// When its record was seen to be in the store; 0 = it is not yet.
    applied_at: UnixMs,
}

/// Devices bound by logins, until the directory knows them.
#[derive(Default)]
pub struct Devices {
    bound: Mutex<HashMap<i64, Vec<Binding>>>,
    /// Customers in `bound`, so that a login costs nothing while there are none.
    waiting: AtomicUsize,
}

impl Devices {
    /// Judges a login's device by a customer's list in the directory and what was bound lately.
    pub fn judge(
        &self,
        policy: DevicePolicy,
        customer_id: i64,
        listed: impl Iterator<Item = Mac> + Clone,
        seen: Option<Mac>,
    ) -> DeviceFact {
        // Nearly every login comes from a device of the list, for which nothing has to be put together.
        if seen.is_none_or(|mac| listed.clone().any(|own| own == mac)) {
            return DeviceFact::Allowed;
        }
        let mut listed: Vec<Mac> = listed.collect();
        self.add_bound(customer_id, &mut listed);
        judge_device(policy, &listed, seen)
    }

    /// Adds what was bound lately to a customer's list.
    fn add_bound(&self, customer_id: i64, listed: &mut Vec<Mac>) {
        if self.waiting.load(Ordering::Acquire) == 0 {
            return;
        }
        if let Some(bindings) = self.bound.lock().get(&customer_id) {
            listed.extend(bindings.iter().map(|b| b.mac));
            listed.sort_unstable();
            listed.dedup();
        }
    }

    /// Binds a device unless logins at the same moment took the last places; `listed` is what the directory has. True if it is the customer's now.
    pub fn bind(&self, customer_id: i64, mac: Mac, most: u8, listed: impl Iterator<Item = Mac>) -> bool {
        let mut all: Vec<Mac> = listed.collect();
        let mut bound = self.bound.lock();
        let bindings = bound.entry(customer_id).or_default();
        all.extend(bindings.iter().map(|b| b.mac));
        all.sort_unstable();
        all.dedup();
        let is_his = if all.contains(&mac) {
            true
        } else if all.len() < usize::from(most) {
            bindings.push(Binding { mac, seq: u64::MAX, applied_at: 0 });
            true
        } else {
            false
        };
        if bindings.is_empty() {
            bound.remove(&customer_id);
        }
        self.waiting.store(bound.len(), Ordering::Release);
        is_his
    }

    /// The binding's record has a place in the journal; also for records found there at start.
    pub fn note(&self, customer_id: i64, mac: Mac, seq: u64) {
        let mut bound = self.bound.lock();
        let bindings = bound.entry(customer_id).or_default();
        match bindings.iter_mut().find(|b| b.mac == mac) {
            Some(binding) => binding.seq = seq,
            None => bindings.push(Binding { mac, seq, applied_at: 0 }),
        }
        self.waiting.store(bound.len(), Ordering::Release);
    }

    /// The journal did not take the binding's record: it never was.
    pub fn undo(&self, customer_id: i64, mac: Mac) {
        let mut bound = self.bound.lock();
        if let Some(bindings) = bound.get_mut(&customer_id) {
            bindings.retain(|b| b.mac != mac || b.seq != u64::MAX);
            if bindings.is_empty() {
                bound.remove(&customer_id);
            }
        }
        self.waiting.store(bound.len(), Ordering::Release);
    }

    /// Lets go of bindings that the store has decided about; returns them, so that the caller can see who was refused there (another was first).
    pub fn settle(&self, applied_seq: u64, now: UnixMs) -> Vec<(i64, Mac)> {
        let mut settled = Vec::new();
        if self.waiting.load(Ordering::Acquire) == 0 {
            return settled;
        }
        let mut bound = self.bound.lock();
        bound.retain(|customer_id, bindings| {
            bindings.retain_mut(|binding| {
                if binding.seq > applied_seq {
                    return true;
                }
                if binding.applied_at == 0 {
                    binding.applied_at = now;
                }
                let follows = now - binding.applied_at < FOLLOWS_MS;
                if !follows {
                    settled.push((*customer_id, binding.mac));
                }
                follows
            });
            !bindings.is_empty()
        });
        self.waiting.store(bound.len(), Ordering::Release);
        settled
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: Mac = Mac([0, 0, 0, 0, 0, 1]);
    const B: Mac = Mac([0, 0, 0, 0, 0, 2]);
    const C: Mac = Mac([0, 0, 0, 0, 0, 3]);

    #[test]
    fn each_policy_judges_as_it_says() {
        use DeviceFact::{Allowed, Bind, NotConfirmed, NotListed};
        use DevicePolicy::{AskAtPortal, BindFirst, Fixed, Listed, Off};
        let cases: [(DevicePolicy, &[Mac], Option<Mac>, DeviceFact); 17] = [
            (Listed, &[], Some(A), Allowed),
            (Listed, &[A], Some(A), Allowed),
            (Listed, &[A], Some(B), NotListed),
            (Listed, &[A], None, Allowed),
            (Off, &[A], Some(B), Allowed),
            (BindFirst(1), &[], Some(A), Bind(A)),
            (BindFirst(1), &[A], Some(A), Allowed),
            (BindFirst(1), &[A], Some(B), NotListed),
            (BindFirst(2), &[A], Some(B), Bind(B)),
            (BindFirst(2), &[A, B], Some(C), NotListed),
            (BindFirst(1), &[A, B], Some(B), Allowed),
            (BindFirst(0), &[], Some(A), NotListed),
            (BindFirst(1), &[], None, Allowed),
            (AskAtPortal, &[], Some(A), NotConfirmed),
            (AskAtPortal, &[A], Some(A), Allowed),
            (Fixed, &[], Some(A), NotListed),
            (Fixed, &[A], Some(A), Allowed),
        ];
        for (policy, listed, seen, wanted) in cases {
            assert_eq!(judge_device(policy, listed, seen), wanted, "{policy:?} {listed:?} {seen:?}");
        }
    }

    #[test]
    fn of_two_at_once_only_one_gets_the_last_place() {
        let devices = Devices::default();
        assert!(devices.bind(7, A, 1, std::iter::empty()));
        assert!(devices.bind(7, A, 1, std::iter::empty()), "the same one again");
        assert!(!devices.bind(7, B, 1, std::iter::empty()));
        let mut listed = vec![];
        devices.add_bound(7, &mut listed);
        assert_eq!(listed, [A]);
        devices.undo(7, A);
        assert!(devices.bind(7, B, 1, std::iter::empty()), "what was undone never was");
    }

    #[test]
    fn a_binding_is_kept_until_the_store_has_it_and_the_directory_had_time_to_follow() {
        let devices = Devices::default();
        assert!(devices.bind(7, A, 1, std::iter::empty()));
        assert!(devices.settle(u64::MAX - 1, 0).is_empty(), "its record has no place yet");
        devices.note(7, A, 5);
        devices.undo(7, A);
        assert!(devices.settle(4, 1_000).is_empty());
        assert!(devices.settle(5, 2_000).is_empty());
        assert!(devices.settle(5, 2_000 + FOLLOWS_MS - 1).is_empty());
        assert_eq!(devices.settle(5, 2_000 + FOLLOWS_MS), [(7, A)]);
        let mut listed = vec![B];
        devices.add_bound(7, &mut listed);
        assert_eq!(listed, [B]);
    }
}
