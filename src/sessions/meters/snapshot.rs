//! Meters in the snapshot, for a start while the store is away; with it, everything is read again.

use std::sync::atomic::Ordering;

use super::Meters;
use super::meter::Meter;
use crate::sessions::live::LiveSessions;
use crate::units::{OctetReader, UnixMs};

impl Meters {
    /// The sessions that these meters are over.
    pub fn live(&self) -> &LiveSessions {
        &self.live
    }

    /// When the other nodes' changes were last read to their end, unix ms; 0 = there are none.
    pub fn others_read_at(&self) -> UnixMs {
        if self.has_others.load(Ordering::Relaxed) { self.synced_at.load(Ordering::Relaxed) } else { 0 }
    }

    /// Takes that back.
    pub fn set_others_read_at(&self, at: UnixMs) {
        self.has_others.store(at != 0, Ordering::Relaxed);
        self.synced_at.store(at, Ordering::Relaxed);
    }

    /// Hands over each meter as octets. No meter is locked while `write` runs.
    pub fn write_snapshot<E>(&self, mut write: impl FnMut(&[u8]) -> Result<(), E>) -> Result<(), E> {
        let customers: Vec<i64> = self.table.iter().map(|meter| *meter.key()).collect();
        let mut octets = Vec::new();
        for id in customers {
            octets.clear();
            if let Some(meter) = self.table.get(&id) {
                meter.write(id, &mut octets);
            }
            if !octets.is_empty() {
                write(&octets)?;
            }
        }
        Ok(())
    }

    /// Takes back one that [`Meters::write_snapshot`] handed over; `None` if it does not read.
    pub fn read_snapshot(&self, octets: &[u8]) -> Option<()> {
        let mut r = OctetReader(octets);
        let (id, meter) = Meter::read(&mut r)?;
        self.table.insert(id, Box::new(meter));
        r.0.is_empty().then_some(())
    }
}
