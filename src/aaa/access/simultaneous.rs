//! The rule for several sessions at once: who is online, is there room for one more, and who has to go for it. Pure.

use crate::packages::{Simultaneous, WhenFull};
use crate::sessions::LiveSession;
use crate::units::{Mac, UnixMs};

/// Where and from which device a login comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Origin {
    /// The router entry; 0 = not known, as of a lease from before the start.
    pub router_id: i64,
    /// Its device, if the router saw one.
    pub mac: Option<Mac>,
    /// Hash of Calling-Station-Id, which VPNs fill with the client's address; 0 = there was none.
    pub calling: u64,
}

impl Origin {
    /// Whether both are the same line: a login from there takes the place of an earlier one. A line without a name of its own is like no other.
    pub fn is_same_line(&self, other: &Origin) -> bool {
        let same_router = self.router_id == other.router_id || self.router_id == 0 || other.router_id == 0;
        same_router && ((self.mac.is_some() && self.mac == other.mac) || (self.calling != 0 && self.calling == other.calling))
    }

    /// Whether a session goes on beside a login from here: the same device on the same router only renews its own.
    pub fn stays_beside(&self, session: &LiveSession) -> bool {
        session.router_id() != self.router_id || self.mac.is_none() || session.mac() != self.mac
    }
}

/// What holds one of a customer's places.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Holder {
    /// Where it is online. Of a session `calling` is 0: accounting is compared by its device.
    pub origin: Origin,
    /// Since when.
    pub since: UnixMs,
    /// Whether it is an Accept whose session has not begun yet.
    pub is_reserved: bool,
}

/// Whether there is room.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Room {
    /// How many stay online beside the new one.
    pub staying: u16,
    /// Indexes of those that must be ended for it.
    pub replaced: Vec<usize>,
}

/// Finds out who stays. `allowed` is at least 1; `holders` are the sessions that count and the reservations.
pub fn room(rule: &Simultaneous, allowed: u16, origin: &Origin, holders: &[Holder]) -> Room {
    let mut room = Room::default();
    let mut staying: Vec<usize> = Vec::new();
    for (index, holder) in holders.iter().enumerate() {
        let same_device = origin.mac.is_some() && origin.mac == holder.origin.mac;
        if origin.is_same_line(&holder.origin) {
            // The router itself takes the new one for the old one.
            continue;
        }
        if rule.when_full == WhenFull::SameMacReplaces && same_device {
            room.replaced.push(index);
        } else {
            staying.push(index);
        }
    }
    if rule.when_full == WhenFull::ReplaceOldest && staying.len() >= usize::from(allowed) {
        // Sessions go before reservations, which are younger than any of them that matters.
        staying.sort_by_key(|index| (holders[*index].is_reserved, holders[*index].since));
        let surplus = staying.len() + 1 - usize::from(allowed);
        room.replaced.extend(staying.drain(..surplus));
    }
    room.staying = staying.len().min(usize::from(u16::MAX)) as u16;
    room
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::packages::WhenUnknown;
    use proptest::prelude::*;

    fn origin(router_id: i64, mac: u8) -> Origin {
        Origin { router_id, mac: (mac != 0).then_some(Mac([0, 0, 0, 0, 0, mac])), calling: 0 }
    }

    fn session(router_id: i64, mac: u8, since: UnixMs) -> Holder {
        Holder { origin: origin(router_id, mac), since, is_reserved: false }
    }

    fn reserved(holder: Holder) -> Holder {
        Holder { is_reserved: true, ..holder }
    }

    fn rule(when_full: WhenFull) -> Simultaneous {
        Simultaneous { sessions: 1, when_full, when_unknown: WhenUnknown::DoesNotCount }
    }

    #[test]
    fn who_stays_and_who_goes() {
        use WhenFull::{RefuseNew, ReplaceOldest, SameMacReplaces};
        let old = session(1, 1, 10);
        let new = session(2, 2, 20);
        let cases = [
            ("nobody online", RefuseNew, 1, origin(1, 1), vec![], 0, vec![]),
            ("another device", RefuseNew, 1, origin(1, 9), vec![old], 1, vec![]),
            ("the same line again", RefuseNew, 1, origin(1, 1), vec![old], 0, vec![]),
            ("the same device elsewhere", RefuseNew, 1, origin(2, 1), vec![old], 1, vec![]),
            ("the same device elsewhere", SameMacReplaces, 1, origin(2, 1), vec![old], 0, vec![0]),
            ("another device elsewhere", SameMacReplaces, 1, origin(2, 9), vec![old], 1, vec![]),
            ("the same device beside another", SameMacReplaces, 2, origin(2, 1), vec![old, session(3, 3, 5)], 1, vec![0]),
            ("no device known", SameMacReplaces, 1, origin(2, 0), vec![session(1, 0, 10)], 1, vec![]),
            ("the oldest goes", ReplaceOldest, 2, origin(3, 9), vec![new, old], 1, vec![1]),
            ("the two oldest go", ReplaceOldest, 1, origin(3, 9), vec![new, old], 0, vec![1, 0]),
            ("nobody needs to go", ReplaceOldest, 3, origin(3, 9), vec![new, old], 2, vec![]),
            ("a session before a reservation", ReplaceOldest, 2, origin(3, 9), vec![reserved(old), new], 1, vec![1]),
            ("a reservation if there is nothing else", ReplaceOldest, 1, origin(3, 9), vec![reserved(old)], 0, vec![0]),
        ];
        for (what, when_full, allowed, origin, holders, staying, replaced) in cases {
            assert_eq!(room(&rule(when_full), allowed, &origin, &holders), Room { staying, replaced }, "{what}, {when_full:?}");
        }
    }

    #[test]
    fn a_line_without_a_device_is_known_by_its_calling_station() {
        let l2tp = |calling| Origin { router_id: 1, mac: None, calling };
        assert!(l2tp(7).is_same_line(&l2tp(7)));
        assert!(!l2tp(7).is_same_line(&l2tp(8)));
        assert!(!l2tp(0).is_same_line(&l2tp(0)));
    }

    proptest! {
        #[test]
        fn nobody_is_both_staying_and_replaced_and_replacing_makes_room(
            allowed in 1u16..5,
            holders in proptest::collection::vec((1i64..4, 0u8..4, 0i64..100, any::<bool>()), 0..8),
            at in (1i64..4, 0u8..4),
            policy in 0..3usize,
        ) {
            let holders: Vec<Holder> = holders.into_iter().map(|(r, m, s, reserved)| Holder { is_reserved: reserved, ..session(r, m, s) }).collect();
            let when_full = [WhenFull::RefuseNew, WhenFull::ReplaceOldest, WhenFull::SameMacReplaces][policy];
            let found = room(&rule(when_full), allowed, &origin(at.0, at.1), &holders);
            prop_assert!(usize::from(found.staying) + found.replaced.len() <= holders.len());
            let distinct: std::collections::BTreeSet<_> = found.replaced.iter().collect();
            prop_assert_eq!(distinct.len(), found.replaced.len());
            if when_full == WhenFull::ReplaceOldest {
                prop_assert!(found.staying < allowed, "there is always room");
            }
        }
    }
}
