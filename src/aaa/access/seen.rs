//! Devices that logged in, until the store knows. A device is told once an hour, so that a busy login path neither locks nor makes rows.

use std::sync::atomic::{AtomicU64, Ordering};

use parking_lot::Mutex;

use crate::customers::DeviceSeen;
use crate::units::{HOUR_MS, Mac, UnixMs};

/// Devices that wait to be written; more are left out: their next login in another hour tells again.
const MOST_WAITING: usize = 100_000;
/// Lines of the table of devices told lately, 4 MiB: room for 300,000 devices an hour of which hardly any displaces another.
const LINES: usize = 1 << 16;
/// The top bits of a mark choose its line.
const LINE_SHIFT: u32 = 48;
/// Low bits of a place: the hour.
const HOUR_BITS: u32 = 24;
const HOUR_MASK: u64 = (1 << HOUR_BITS) - 1;

/// Places of devices whose marks begin alike, in one cache line: a device has any of them, so that it takes nine at once for one to be told more often than it need
/// be. (With a single place each, half of 100,000 devices would share one, and every login of either would make a row again.)
#[derive(Default)]
#[repr(align(64))]
struct Line([AtomicU64; 8]);

impl Line {
    /// Whether the device of this mark was told in this hour before; it counts as told from now on.
    fn was_told(&self, mark: u64, hour: u64) -> bool {
        let told = mark << HOUR_BITS | hour;
        let (mut own, mut free) = (None, None);
        for place in &self.0 {
            let before = place.load(Ordering::Relaxed);
            if before == told {
                return true;
            }
            if before >> HOUR_BITS == told >> HOUR_BITS {
                own = Some(place);
            } else if before & HOUR_MASK != hour {
                free = Some(place);
            }
        }
        let place = own.or(free).unwrap_or(&self.0[(mark >> 37) as usize % self.0.len()]);
        place.swap(told, Ordering::Relaxed) == told
    }
}

/// See the head of the file.
pub struct SeenDevices {
    /// Which device was told in which hour.
    told: Box<[Line]>,
    waiting: Mutex<Vec<DeviceSeen>>,
}

impl Default for SeenDevices {
    fn default() -> SeenDevices {
        SeenDevices { told: (0..LINES).map(|_| Line::default()).collect(), waiting: Mutex::default() }
    }
}

impl SeenDevices {
    /// Notes a login with a listed device.
    pub fn note(&self, tenant_id: i64, customer_id: i64, mac: Mac, at: UnixMs) {
        let mark = mark(customer_id, mac);
        if self.told[(mark >> LINE_SHIFT) as usize % LINES].was_told(mark, (at / HOUR_MS) as u64 & HOUR_MASK) {
            return;
        }
        let mut waiting = self.waiting.lock();
        if waiting.len() < MOST_WAITING {
            waiting.push(DeviceSeen { tenant_id, customer_id, mac, at });
        }
    }

    /// What waits to be written.
    pub fn take(&self) -> Vec<DeviceSeen> {
        std::mem::take(&mut *self.waiting.lock())
    }

    /// Takes back what could not be written.
    pub fn put_back(&self, unwritten: &[DeviceSeen]) {
        let mut waiting = self.waiting.lock();
        let room = MOST_WAITING.saturating_sub(waiting.len());
        waiting.extend_from_slice(&unwritten[..room.min(unwritten.len())]);
    }
}

/// Mixes both into 64 bits (the finalizer of MurmurHash3). A customer can choose his device; all he gains by a clash is when he was last seen.
fn mark(customer_id: i64, mac: Mac) -> u64 {
    let octets = mac.0.iter().fold(0, |sum, octet| sum << 8 | u64::from(*octet));
    let mut mark = customer_id as u64 ^ octets.rotate_left(16);
    mark = (mark ^ mark >> 33).wrapping_mul(0xff51_afd7_ed55_8ccd);
    mark = (mark ^ mark >> 33).wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    mark ^ mark >> 33
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAC: Mac = Mac([2, 0, 0, 0, 0, 1]);
    const NOW: UnixMs = 500_000 * HOUR_MS;

    #[test]
    fn a_device_is_told_once_an_hour_and_what_was_not_written_waits_on() {
        let seen = SeenDevices::default();
        for at in [NOW, NOW + 1, NOW + HOUR_MS - 1] {
            seen.note(1, 7, MAC, at);
        }
        let first = seen.take();
        assert_eq!(first, [DeviceSeen { tenant_id: 1, customer_id: 7, mac: MAC, at: NOW }]);
        assert!(seen.take().is_empty());
        seen.put_back(&first);
        seen.note(1, 8, MAC, NOW);
        seen.note(1, 7, MAC, NOW + HOUR_MS);
        let whose: Vec<_> = seen.take().into_iter().map(|s| (s.customer_id, s.at - NOW)).collect();
        assert_eq!(whose, [(7, 0), (8, 0), (7, HOUR_MS)]);
    }

    #[test]
    fn many_customers_hardly_disturb_one_another() {
        let seen = SeenDevices::default();
        let login = || (0..100_000).for_each(|id| seen.note(1, id, MAC, NOW));
        login();
        assert_eq!(seen.take().len(), 100_000);
        login();
        assert!(seen.take().len() < 100, "told once");
        (0..100_000).for_each(|id| seen.note(1, id, MAC, NOW + HOUR_MS));
        assert_eq!(seen.take().len(), 100_000, "places of the last hour are taken over");
    }
}
