//! When to look at a customer again: at most one instant per customer, in order.
//!
//! An ordered set instead of slots per second: it fires to the millisecond, an instant that changes leaves nothing behind, and a customer takes about 60 octets
//! (16 for the entry, 16 for finding it, and the room that both tables keep free). Only instants that are near are kept: the sweep, which looks at everyone online
//! every two minutes, brings the others in time, so that those whose package runs out next year cost nothing.

use std::collections::{BTreeSet, HashMap};

use crate::units::UnixMs;

/// Instants further away than this are left to a sweep; several sweeps long, so that one may be late.
pub const HORIZON_MS: i64 = 600_000;

/// Instants by customer.
#[derive(Debug, Default)]
pub struct Timers {
    due: BTreeSet<(UnixMs, i64)>,
    at: HashMap<i64, UnixMs>,
}

impl Timers {
    /// Sets a customer's instant; `UnixMs::MAX`, or one that is not near, removes it.
    pub fn set(&mut self, customer_id: i64, at: UnixMs, now: UnixMs) {
        let at = if at > now.saturating_add(HORIZON_MS) { UnixMs::MAX } else { at };
        if at == UnixMs::MAX && self.at.is_empty() {
            return;
        }
        let old = if at == UnixMs::MAX { self.at.remove(&customer_id) } else { self.at.insert(customer_id, at) };
        if old == Some(at) {
            return;
        }
        if let Some(old) = old {
            self.due.remove(&(old, customer_id));
        }
        if at != UnixMs::MAX {
            self.due.insert((at, customer_id));
        }
    }

    /// Takes out the next customer whose instant has come.
    pub fn pop(&mut self, now: UnixMs) -> Option<i64> {
        let (at, customer_id) = *self.due.first()?;
        if at > now {
            return None;
        }
        self.due.pop_first();
        self.at.remove(&customer_id);
        Some(customer_id)
    }

    /// The next instant.
    pub fn next_at(&self) -> Option<UnixMs> {
        self.due.first().map(|(at, _)| *at)
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.at.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.at.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_customer_has_one_instant_and_comes_out_when_it_is_due() {
        let mut timers = Timers::default();
        for (customer, at) in [(1, 50), (2, 20), (1, 10), (3, 30), (3, UnixMs::MAX)] {
            timers.set(customer, at, 0);
        }
        assert_eq!((timers.len(), timers.next_at()), (2, Some(10)));
        assert_eq!((timers.pop(9), timers.pop(10), timers.pop(10)), (None, Some(1), None));
        assert_eq!((timers.pop(100), timers.pop(100), timers.is_empty()), (Some(2), None, true));
    }

    #[test]
    fn an_instant_that_is_far_away_takes_no_room_until_it_is_near() {
        let mut timers = Timers::default();
        timers.set(1, HORIZON_MS + 1, 0);
        assert!(timers.is_empty());
        timers.set(1, HORIZON_MS + 1, 1);
        assert_eq!(timers.next_at(), Some(HORIZON_MS + 1));
        timers.set(1, 2 * HORIZON_MS + 2, 1);
        assert_eq!((timers.len(), timers.next_at()), (0, None), "it was put off");
    }

    proptest! {
        #[test]
        fn they_agree_with_a_plain_table(steps in proptest::collection::vec((0i64..20, 0i64..100), 0..200)) {
            let (mut timers, mut plain) = (Timers::default(), HashMap::new());
            for (customer, at) in steps {
                if at == 99 {
                    timers.set(customer, UnixMs::MAX, 0);
                    plain.remove(&customer);
                } else {
                    timers.set(customer, at, 0);
                    plain.insert(customer, at);
                }
            }
            prop_assert_eq!(timers.next_at(), plain.values().min().copied());
            let popped: BTreeSet<i64> = std::iter::from_fn(|| timers.pop(49)).collect();
            let wanted: BTreeSet<i64> = plain.iter().filter(|(_, at)| **at <= 49).map(|(c, _)| *c).collect();
            prop_assert_eq!(popped, wanted);
        }
    }
}
