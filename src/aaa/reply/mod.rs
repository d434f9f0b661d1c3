//! What a reply carries: the grant as attributes that the router understands. One file per vendor.

pub mod mikrotik;

use std::net::Ipv4Addr;

use super::decide::Grant;
use super::directory::{Customer, Package};
use crate::radius::ReplyWriter;
use crate::radius::dictionary::numbers::{ACCT_INTERIM_INTERVAL, CLASS, FRAMED_IP_ADDRESS, FRAMED_POOL, SESSION_TIMEOUT};

/// Writes an Accept's attributes: address or pool, the package's own, time limit, interim interval, token, and what an administrator added.
/// `leased` is an address of one of the server's own pools, which then stands for the pool's name.
pub fn write_accept(
    reply: &mut ReplyWriter<'_>,
    customer: &Customer,
    package: &Package,
    leased: Option<Ipv4Addr>,
    grant: Grant,
    interim_secs: u16,
    token: &[u8],
) {
    if let Some(address) = customer.static_ipv4().or(leased) {
        reply.ipv4(FRAMED_IP_ADDRESS, address);
    } else if !customer.framed_pool().is_empty() {
        reply.octets(FRAMED_POOL, customer.framed_pool());
    } else if let Some(pool) = &package.framed_pool {
        reply.octets(FRAMED_POOL, pool.as_bytes());
    }
    reply.encoded(&package.attributes);
    if let Some(secs) = grant.session_timeout_secs {
        reply.number(SESSION_TIMEOUT, secs);
    }
    reply.number(ACCT_INTERIM_INTERVAL, u32::from(interim_secs)).octets(CLASS, token).encoded(customer.attributes());
}
