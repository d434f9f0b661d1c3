//! Ids made by the program: 41 bits of milliseconds, 10 bits of process slot, 12 bits of sequence.

use parking_lot::Mutex;

use super::{Conn, StoreError};
use crate::q;

/// Milliseconds between the unix epoch and the ids' own (2024-01-01), which keeps 41 bits good until 2093.
const ID_EPOCH_MS: i64 = 1_704_067_200_000;
const SLOTS: i64 = 1024;
/// How long a lease holds without renewal.
const LEASE_MS: i64 = 60_000;

/// A process's hold on one of the 1024 slots; no two living processes share one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SlotLease {
    /// 0..1024.
    pub slot: i64,
}

impl SlotLease {
    /// Takes the first slot that is free or whose lease ran out.
    // cross-tenant: slots belong to processes
    pub async fn take(conn: &mut Conn, owner: &str, now: i64) -> Result<SlotLease, StoreError> {
        for slot in 0..SLOTS {
            let taken = q!(exec conn, "INSERT INTO process_slots (slot, owner, leased_until) VALUES ($1, $2, $3) \
                ON CONFLICT (slot) DO UPDATE SET owner = excluded.owner, leased_until = excluded.leased_until \
                WHERE process_slots.leased_until < $4", slot, owner, now + LEASE_MS, now)?;
            if taken == 1 {
                return Ok(SlotLease { slot });
            }
        }
        Err(StoreError::Unexpected("all 1024 process slots are leased".into()))
    }

    /// Extends the lease; false if another process took the slot meanwhile.
    // cross-tenant: slots belong to processes
    pub async fn renew(self, conn: &mut Conn, owner: &str, now: i64) -> Result<bool, StoreError> {
        let n =
            q!(exec conn, "UPDATE process_slots SET leased_until = $3 WHERE slot = $1 AND owner = $2", self.slot, owner, now + LEASE_MS)?;
        Ok(n == 1)
    }

    /// Gives the slot back (it stays barred until the millisecond after `now`).
    // cross-tenant: slots belong to processes
    pub async fn release(self, conn: &mut Conn, owner: &str, now: i64) -> Result<(), StoreError> {
        q!(exec conn, "UPDATE process_slots SET leased_until = $3 WHERE slot = $1 AND owner = $2", self.slot, owner, now + 1)?;
        Ok(())
    }
}

/// Makes ids in one slot; time never runs backwards within it, even if the clock does.
#[derive(Debug)]
pub struct IdMaker {
    slot: i64,
    last: Mutex<(i64, i64)>,
}

impl IdMaker {
    /// A maker for a leased slot.
    pub fn new(lease: SlotLease) -> IdMaker {
        IdMaker { slot: lease.slot, last: Mutex::new((0, 0)) }
    }

    /// The next id, unique over all processes that hold leases.
    pub fn next(&self, now: i64) -> i64 {
        let mut last = self.last.lock();
        let now = now - ID_EPOCH_MS;
        if now > last.0 {
            *last = (now, 0);
        } else if last.1 < 4095 {
            last.1 += 1;
        } else {
            *last = (last.0 + 1, 0);
        }
        (last.0 << 22) | (self.slot << 12) | last.1
    }

    /// The lowest id of an instant: rows since then have this one or a higher one.
    pub fn first_at(now: i64) -> i64 {
        (now - ID_EPOCH_MS).max(0) << 22
    }

    /// The instant of the newest id, which a burst of ids may push ahead of the clock: release the slot no earlier than this.
    pub fn high_water(&self) -> i64 {
        self.last.lock().0 + ID_EPOCH_MS
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_grow_and_never_repeat_even_when_the_clock_steps_back() {
        let maker = IdMaker::new(SlotLease { slot: 5 });
        let now = ID_EPOCH_MS + 1_000_000;
        let mut previous = 0;
        for i in 0..20_000 {
            let id = maker.next(if i % 3 == 0 { now - 500 } else { now });
            assert!(id > previous);
            assert_eq!((id >> 12) & 1023, 5);
            previous = id;
        }
    }
}
