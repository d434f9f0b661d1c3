//! placeholder until the listener's branch is merged.
use std::net::IpAddr;

use ipnet::IpNet;

/// The other end of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Peer {
    /// Its address.
    pub ip: IpAddr,
    /// Whether it speaks TLS.
    pub is_tls: bool,
}

/// See the listener's branch.
pub fn client_ip<'a>(peer: IpAddr, _forwarded_for: impl IntoIterator<Item = &'a str>, _trusted: &[IpNet]) -> IpAddr {
    peer.to_canonical()
}

/// See the listener's branch.
pub fn is_https(peer: &Peer, _forwarded_proto: Option<&str>, _trusted: &[IpNet]) -> bool {
    peer.is_tls
}
