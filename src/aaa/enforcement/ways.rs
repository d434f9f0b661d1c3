//! How each box can be reached: the address its accounting comes from, and the address of ours that it sends to. A router entry may be many boxes behind a
//! prefix, and RouterOS takes CoA only from the address it knows as its server.

use std::net::IpAddr;

use dashmap::DashMap;

use crate::aaa::directory::Nas;

/// One box's way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Way {
    /// Its address.
    pub peer: IpAddr,
    /// Ours, as it knows it; `None` = the system's choice.
    pub local: Option<IpAddr>,
}

/// Ways by NAS instance.
#[derive(Debug, Default)]
pub struct Ways {
    ways: DashMap<i64, Way>,
}

impl Ways {
    /// Notes where a verified accounting packet came from and went to.
    pub fn note(&self, nas_instance: i64, way: Way) {
        self.ways.insert(nas_instance, way);
    }

    /// The way to a box: as last seen, else to the one address that its entry has. `None` while neither is known.
    pub fn find(&self, nas_instance: i64, nas: &Nas) -> Option<Way> {
        if let Some(way) = self.ways.get(&nas_instance) {
            return Some(*way);
        }
        match &nas.fields.prefixes[..] {
            [one] if one.prefix_len() == one.max_prefix_len() => Some(Way { peer: one.addr(), local: None }),
            _ => None,
        }
    }
}
