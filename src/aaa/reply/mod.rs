//! What a reply carries: the grant as attributes that the router understands. One file per vendor.

pub mod mikrotik;
mod told;

use std::net::Ipv4Addr;

use super::directory::{Customer, Package, RateText, WalledReply};
use crate::radius::dictionary::numbers::mikrotik::{RATE_LIMIT, VENDOR};
use crate::radius::dictionary::numbers::{ACCT_INTERIM_INTERVAL, CLASS, FRAMED_IP_ADDRESS, FRAMED_POOL, SESSION_TIMEOUT};
use crate::radius::{ReplyWriter, merge};
use crate::sessions::{VolumeCaps, rate_number};

pub use told::{LoginTerms, login_terms, package_terms, told, written_rate};

/// What one login is given.
#[derive(Debug, Clone, Copy)]
pub struct Offer<'o> {
    /// Session-Timeout; `None` = no limit.
    pub session_timeout_secs: Option<u32>,
    /// Acct-Interim-Interval.
    pub interim_secs: u16,
    /// The rate; `None` = the package's, which is among its attributes.
    pub rate: Option<&'o RateText>,
    /// Volume of the session.
    pub caps: VolumeCaps,
    /// An address of one of the server's own pools, which then stands for the pool's name.
    pub leased: Option<Ipv4Addr>,
    /// The walled garden instead of everything else.
    pub walled: Option<&'o WalledReply>,
}

impl Offer<'_> {
    /// Number of the rate that is sent.
    pub fn rate_number(&self, customer: &Customer, package: &Package) -> u32 {
        match (self.walled, written_rate(customer), self.rate) {
            (Some(walled), _, _) => walled.rate.number,
            (None, Some(written), _) => rate_number(written.as_bytes()),
            (None, None, Some(rate)) => rate.number,
            (None, None, None) => package.rate,
        }
    }
}

/// Writes an Accept's attributes: address or pool, rate and the package's own, limits of time and volume, interim interval, token, and what an administrator
/// wrote for him, by its operators. Behind the wall there is nothing of the customer's own: an address list or address of his could be a hole in it.
pub fn write_accept(reply: &mut ReplyWriter<'_>, customer: &Customer, package: &Package, offer: &Offer<'_>, token: &[u8]) {
    match offer.walled {
        Some(walled) if !walled.pool.is_empty() => {
            reply.octets(FRAMED_POOL, walled.pool.as_bytes());
        }
        _ => write_address(reply, customer, package, offer.leased),
    }
    match (offer.walled, offer.rate) {
        (Some(walled), _) => reply.encoded(&walled.attributes),
        (None, None) => reply.encoded(&package.attributes),
        (None, Some(rate)) => reply.vendor(VENDOR, RATE_LIMIT, rate.text.as_bytes()).encoded(&package.plain_attributes),
    };
    if let Some(secs) = offer.session_timeout_secs {
        reply.number(SESSION_TIMEOUT, secs);
    }
    mikrotik::write_caps(reply, &offer.caps);
    reply.number(ACCT_INTERIM_INTERVAL, u32::from(offer.interim_secs)).octets(CLASS, token);
    if offer.walled.is_none() {
        for (operator, attribute) in merge::items(customer.attributes()) {
            reply.merge(operator, attribute);
        }
    }
}

fn write_address(reply: &mut ReplyWriter<'_>, customer: &Customer, package: &Package, leased: Option<Ipv4Addr>) {
    if let Some(address) = customer.static_ipv4().or(leased) {
        reply.ipv4(FRAMED_IP_ADDRESS, address);
    } else if !customer.framed_pool().is_empty() {
        reply.octets(FRAMED_POOL, customer.framed_pool());
    } else if let Some(pool) = &package.framed_pool {
        reply.octets(FRAMED_POOL, pool.as_bytes());
    }
}
