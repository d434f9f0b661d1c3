//! The walled garden of a tenant, encoded once: what an Accept carries for those who may reach the payment page and nothing else.

use super::package::RateText;
use crate::aaa::reply::mikrotik::{self, PackageAttributes};
use crate::accounts::WalledGarden;
use crate::packages::{PerDirection, RateLimit};

/// See the head of the file.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct WalledReply {
    /// Rate limit and address list as RADIUS attributes.
    pub attributes: Box<[u8]>,
    /// Framed-Pool; empty = the customer's usual address.
    pub pool: Box<str>,
    /// The rate.
    pub rate: RateText,
    /// Session-Timeout.
    pub session_secs: u32,
    /// Acct-Interim-Interval.
    pub interim_secs: u16,
}

impl WalledReply {
    /// Encodes a tenant's garden.
    pub fn new(garden: &WalledGarden) -> WalledReply {
        let rate = PerDirection { download: Some(garden.download), upload: Some(garden.upload) };
        let rate = RateText::new(&RateLimit { rate, ..RateLimit::default() });
        let attributes = PackageAttributes { rate_limit: Some(&rate.text), address_list: Some(&garden.address_list), ..Default::default() };
        WalledReply {
            attributes: mikrotik::encode(&attributes),
            pool: garden.pool.as_str().into(),
            session_secs: garden.session_secs,
            interim_secs: garden.interim_secs.min(u32::from(u16::MAX)) as u16,
            rate,
        }
    }
}
