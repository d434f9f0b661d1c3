//! Where a router's packets come from: one address or a prefix.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr};
use std::str::FromStr;

use ipnet::IpNet;

/// An address (a prefix of full length) or a prefix without host bits; an IPv4-mapped IPv6 address is its IPv4 address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RouterAddress(IpNet);

/// Why a text names no router address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RouterAddressError {
    /// Neither an address nor a prefix.
    #[error("{0:?} is not an IP address or prefix: write 192.0.2.1, 2001:db8::1 or 192.0.2.0/24")]
    NotAnAddress(String),
    /// Bits right of the prefix length.
    #[error("{text:?} has bits set beyond its prefix length: write {network}, or the address without a length")]
    HostBits {
        /// As given.
        text: String,
        /// The prefix it lies in.
        network: String,
    },
    /// Nothing can come from there.
    #[error("{0:?} cannot be the source of a packet")]
    Unusable(String),
}

impl RouterAddress {
    /// The prefix.
    pub fn net(self) -> IpNet {
        self.0
    }

    /// The address, if this is a single one; prefix entries do not learn.
    pub fn single(self) -> Option<IpAddr> {
        (self.0.prefix_len() == self.0.max_prefix_len()).then(|| self.0.addr())
    }

    /// Whether packets from this address are meant.
    pub fn contains(self, source: IpAddr) -> bool {
        self.0.contains(&source.to_canonical())
    }
}

impl FromStr for RouterAddress {
    type Err = RouterAddressError;
    fn from_str(text: &str) -> Result<Self, RouterAddressError> {
        let text = text.trim();
        let not_one = || RouterAddressError::NotAnAddress(text.to_owned());
        let net = match text.parse::<IpAddr>() {
            Ok(address) => IpNet::from(address.to_canonical()),
            Err(_) => text.parse::<IpNet>().map_err(|_| not_one())?,
        };
        if net.addr() != net.network() {
            return Err(RouterAddressError::HostBits { text: text.to_owned(), network: net.trunc().to_string() });
        }
        let unusable = net.addr().is_multicast()
            || (net.addr().is_unspecified() && net.prefix_len() == net.max_prefix_len())
            || net.addr() == IpAddr::from([255, 255, 255, 255]);
        // a mapped prefix would never match: sources are compared in their canonical form
        let mapped =
            matches!(net, IpNet::V6(n) if n.prefix_len() >= 96 && n.addr() != Ipv6Addr::UNSPECIFIED && n.addr().to_ipv4_mapped().is_some());
        if unusable || mapped {
            return Err(RouterAddressError::Unusable(text.to_owned()));
        }
        Ok(RouterAddress(net))
    }
}

impl fmt::Display for RouterAddress {
    /// The canonical text, the form the database keeps: `192.0.2.1`, `192.0.2.0/24`, `2001:db8::1`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.single() {
            Some(address) => address.fmt(f),
            None => self.0.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_and_prefixes_have_one_canonical_text() {
        for (text, canonical, single) in [
            ("192.0.2.1", "192.0.2.1", true),
            (" 192.0.2.1/32 ", "192.0.2.1", true),
            ("192.0.2.0/24", "192.0.2.0/24", false),
            ("0.0.0.0/0", "0.0.0.0/0", false),
            ("2001:DB8:0::1", "2001:db8::1", true),
            ("2001:db8::/32", "2001:db8::/32", false),
            ("::ffff:192.0.2.9", "192.0.2.9", true),
        ] {
            let address: RouterAddress = text.parse().expect(text);
            assert_eq!(address.to_string(), canonical);
            assert_eq!(address.single().is_some(), single, "{text}");
            assert_eq!(canonical.parse(), Ok(address), "the canonical text reads back");
        }
    }

    #[test]
    fn host_bits_and_nonsense_are_refused() {
        let refused = "10.0.0.1/24".parse::<RouterAddress>().expect_err("host bits");
        assert!(refused.to_string().contains("10.0.0.0/24"), "{refused}");
        for text in [
            "",
            "10.0.0",
            "10.0.0.0/33",
            "router",
            "224.0.0.1",
            "0.0.0.0",
            "::",
            "255.255.255.255",
            "1.2.3.4:1812",
            "fe80::1%eth0",
            "::ffff:10.0.0.0/104",
        ] {
            assert!(text.parse::<RouterAddress>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_mapped_source_matches_its_ipv4_prefix() {
        let prefix: RouterAddress = "192.0.2.0/24".parse().expect("a prefix");
        assert!(prefix.contains("::ffff:192.0.2.77".parse().expect("an address")));
        assert!(!prefix.contains("192.0.3.1".parse().expect("an address")));
    }
}
