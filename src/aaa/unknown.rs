//! Addresses that send requests and belong to no router: counted in bounded memory, one log line per address and minute.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::net::IpAddr;
use std::sync::atomic::{AtomicU64, Ordering};

use parking_lot::Mutex;

use crate::units::{UnixMs, printable};

/// Addresses kept at once; a flood from forged ones fills this and no more.
const MOST_ADDRESSES: usize = 1_000;
/// An address that was silent this long makes room for a new one.
const FORGET_AFTER_MS: i64 = 10 * 60_000;
const LOG_EVERY_MS: i64 = 60_000;
/// While the table is full, old entries are looked for this often at most.
const SWEEP_EVERY_MS: i64 = 1_000;

/// What is to be added to the store about one address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownRow {
    /// Unix ms.
    pub first_seen_at: UnixMs,
    /// Unix ms.
    pub last_seen_at: UnixMs,
    /// Packets since the last time this was asked.
    pub packets: i64,
    /// NAS-Identifier of its last packet, as sent.
    pub nas_identifier: Box<[u8]>,
}

#[derive(Debug)]
struct Seen {
    row: UnknownRow,
    logged_at: UnixMs,
}

#[derive(Debug, Default)]
struct Table {
    seen: HashMap<IpAddr, Seen>,
    swept_at: UnixMs,
}

/// Filled by the workers, emptied once a second by [`publish`](super::publish).
#[derive(Debug, Default)]
pub struct UnknownSources {
    table: Mutex<Table>,
    packets: AtomicU64,
    overflow: AtomicU64,
}

impl UnknownSources {
    /// Nothing seen.
    pub fn new() -> UnknownSources {
        UnknownSources::default()
    }

    /// Counts a packet of an address that belongs to no router; true when it was logged.
    pub fn note(&self, source: IpAddr, nas_identifier: &[u8], now: UnixMs) -> bool {
        self.packets.fetch_add(1, Ordering::Relaxed);
        let mut table = self.table.lock();
        if table.seen.len() >= MOST_ADDRESSES && !table.seen.contains_key(&source) && !table.make_room(now) {
            self.overflow.fetch_add(1, Ordering::Relaxed);
            return false;
        }
        let seen = match table.seen.entry(source) {
            Entry::Occupied(entry) => entry.into_mut(),
            Entry::Vacant(entry) => {
                let row = UnknownRow { first_seen_at: now, last_seen_at: now, packets: 0, nas_identifier: Box::default() };
                entry.insert(Seen { row, logged_at: now - LOG_EVERY_MS })
            }
        };
        seen.row.packets += 1;
        seen.row.last_seen_at = now;
        if *seen.row.nas_identifier != *nas_identifier {
            seen.row.nas_identifier = nas_identifier.into();
        }
        if now - seen.logged_at < LOG_EVERY_MS {
            return false;
        }
        seen.logged_at = now;
        drop(table);
        tracing::warn!(
            address = %source,
            nas_identifier = %printable(nas_identifier),
            "a request from an address that belongs to no router is ignored; `tollgate router add NAME --address {source} --secret SECRET` adds it"
        );
        true
    }

    /// Packets from unknown addresses since start.
    pub fn packets(&self) -> u64 {
        self.packets.load(Ordering::Relaxed)
    }

    /// Packets of addresses that found no place in the table.
    pub fn overflow(&self) -> u64 {
        self.overflow.load(Ordering::Relaxed)
    }

    /// What came since the last call, for the store.
    pub fn take_changed(&self) -> Vec<(IpAddr, UnknownRow)> {
        let mut table = self.table.lock();
        let changed = table.seen.iter_mut().filter(|(_, seen)| seen.row.packets > 0);
        changed
            .map(|(address, seen)| {
                let row = seen.row.clone();
                seen.row.packets = 0;
                (*address, row)
            })
            .collect()
    }

    /// Gives back what could not be written.
    pub fn put_back(&self, rows: Vec<(IpAddr, UnknownRow)>) {
        let mut table = self.table.lock();
        for (address, row) in rows {
            if let Some(seen) = table.seen.get_mut(&address) {
                seen.row.packets += row.packets;
            } else if table.seen.len() < MOST_ADDRESSES {
                let logged_at = row.last_seen_at;
                table.seen.insert(address, Seen { row, logged_at });
            }
        }
    }
}

impl Table {
    fn make_room(&mut self, now: UnixMs) -> bool {
        if now - self.swept_at < SWEEP_EVERY_MS {
            return false;
        }
        self.swept_at = now;
        self.seen.retain(|_, seen| now - seen.row.last_seen_at < FORGET_AFTER_MS);
        self.seen.len() < MOST_ADDRESSES
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: UnixMs = 1_800_000_000_000;

    fn address(n: u32) -> IpAddr {
        IpAddr::from((n + 1).to_be_bytes())
    }

    #[test]
    fn packets_are_counted_and_one_line_per_address_and_minute_is_logged() {
        let sources = UnknownSources::new();
        assert!(sources.note(address(1), b"box", NOW));
        assert!(!sources.note(address(1), b"box", NOW + 59_999));
        assert!(sources.note(address(2), b"", NOW));
        assert!(sources.note(address(1), b"renamed", NOW + 60_000));
        let mut changed = sources.take_changed();
        changed.sort_by_key(|(a, _)| *a);
        assert_eq!(changed.len(), 2);
        let wanted = UnknownRow { first_seen_at: NOW, last_seen_at: NOW + 60_000, packets: 3, nas_identifier: (*b"renamed").into() };
        assert_eq!(changed[0], (address(1), wanted));
        assert!(sources.take_changed().is_empty(), "nothing new");
        sources.put_back(changed);
        sources.note(address(1), b"renamed", NOW + 61_000);
        assert!(sources.take_changed().iter().any(|(a, row)| *a == address(1) && row.packets == 4));
    }

    #[test]
    fn a_flood_is_bounded_and_old_addresses_make_room() {
        let sources = UnknownSources::new();
        (0..5_000).for_each(|n| {
            sources.note(address(n), b"", NOW);
        });
        assert_eq!(sources.take_changed().len(), MOST_ADDRESSES);
        assert_eq!((sources.packets(), sources.overflow()), (5_000, 4_000));
        assert!(sources.note(address(9_999), b"", NOW + FORGET_AFTER_MS));
        assert_eq!(sources.take_changed().len(), 1);
    }
}
