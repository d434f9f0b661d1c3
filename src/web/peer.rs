//! Whose request it is: the other end of the connection, or the client that trusted proxies name.

use std::net::{IpAddr, SocketAddr};

use axum::http::HeaderValue;
use ipnet::IpNet;

/// The other end of the connection. Every request carries it as an extension.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Peer {
    /// Its address: the client's, or that of the last proxy.
    pub ip: IpAddr,
    /// Whether the connection is encrypted.
    pub is_tls: bool,
}

/// The client behind the trusted proxies: the lines of X-Forwarded-For are read from the right as long as whoever wrote the entry is trusted. What a
/// client itself put there stands further left and is not reached. An entry that is no address ends the walk at the proxy that passed it on.
pub fn client_ip<'h>(peer: IpAddr, forwarded_for: impl IntoIterator<Item = &'h HeaderValue>, trusted: &[IpNet]) -> IpAddr {
    let lines: Vec<&HeaderValue> = forwarded_for.into_iter().collect();
    // Several lines are one list (RFC 9110 section 5.2).
    let hops = lines.iter().rev().flat_map(|line| line.as_bytes().rsplit(|octet| *octet == b','));
    let mut client = peer.to_canonical();
    for hop in hops {
        if !is_trusted(client, trusted) {
            break;
        }
        let Some(before) = parse_hop(hop) else { break };
        client = before;
    }
    client
}

/// Whether the client's own connection is encrypted: what a trusted proxy says in X-Forwarded-Proto, else what ours is.
pub fn is_https<'h>(peer: Peer, forwarded_proto: impl IntoIterator<Item = &'h HeaderValue>, trusted: &[IpNet]) -> bool {
    let said = if is_trusted(peer.ip.to_canonical(), trusted) { forwarded_proto.into_iter().last() } else { None };
    match said.and_then(|line| line.as_bytes().rsplit(|octet| *octet == b',').next()) {
        Some(scheme) => scheme.trim_ascii().eq_ignore_ascii_case(b"https"),
        None => peer.is_tls,
    }
}

fn is_trusted(ip: IpAddr, trusted: &[IpNet]) -> bool {
    trusted.iter().any(|net| net.contains(&ip))
}

/// An entry of the header: an address; some proxies add a port, or write IPv6 in brackets.
fn parse_hop(entry: &[u8]) -> Option<IpAddr> {
    let text = std::str::from_utf8(entry).ok()?.trim();
    let bare = text.strip_prefix('[').and_then(|t| t.strip_suffix(']')).unwrap_or(text);
    let ip = bare.parse::<IpAddr>().ok().or_else(|| text.parse::<SocketAddr>().ok().map(|address| address.ip()))?;
    Some(ip.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nets(texts: &[&str]) -> Vec<IpNet> {
        texts.iter().map(|text| text.parse().expect("a network")).collect()
    }

    fn values(lines: &[&str]) -> Vec<HeaderValue> {
        lines.iter().map(|line| HeaderValue::from_bytes(line.as_bytes()).expect("a header value")).collect()
    }

    #[test]
    fn only_trusted_proxies_say_who_the_client_is() {
        let proxies = &["10.0.0.0/8", "fd00::/8"][..];
        for (peer, lines, trusted, wanted) in [
            // Nobody is trusted, or the peer is not: whatever it claims is ignored.
            ("203.0.113.9", &["127.0.0.1"][..], &[][..], "203.0.113.9"),
            ("203.0.113.9", &["127.0.0.1"], proxies, "203.0.113.9"),
            ("203.0.113.9", &["10.0.0.1, 10.0.0.2"], proxies, "203.0.113.9"),
            ("10.0.0.1", &["198.51.100.7"], &[], "10.0.0.1"),
            // A trusted one counts.
            ("10.0.0.1", &[], proxies, "10.0.0.1"),
            ("10.0.0.1", &["198.51.100.7"], proxies, "198.51.100.7"),
            ("fd00::1", &["2001:db8::7"], proxies, "2001:db8::7"),
            // The client had forged an entry; the proxy appended the truth.
            ("10.0.0.1", &["127.0.0.1, 198.51.100.7"], proxies, "198.51.100.7"),
            ("10.0.0.1", &["10.9.9.9, 198.51.100.7"], proxies, "198.51.100.7"),
            // Two proxies in a row, as one line and as two.
            ("10.0.0.1", &["127.0.0.1, 198.51.100.7, 10.0.0.2"], proxies, "198.51.100.7"),
            ("10.0.0.1", &["127.0.0.1", "198.51.100.7", "10.0.0.2"], proxies, "198.51.100.7"),
            ("10.0.0.1", &["127.0.0.1, 198.51.100.7", "10.0.0.2"], proxies, "198.51.100.7"),
            // Everyone named is trusted: the first of them is the client.
            ("10.0.0.1", &["10.0.0.3,10.0.0.2"], proxies, "10.0.0.3"),
            // What is no address ends the walk where it stands.
            ("10.0.0.1", &["198.51.100.7, unknown"], proxies, "10.0.0.1"),
            ("10.0.0.1", &["198.51.100.7, unknown, 10.0.0.2"], proxies, "10.0.0.2"),
            ("10.0.0.1", &["198.51.100.7,"], proxies, "10.0.0.1"),
            ("10.0.0.1", &[""], proxies, "10.0.0.1"),
            ("10.0.0.1", &["198.51.100.7, 10.0.0.256"], proxies, "10.0.0.1"),
            ("10.0.0.1", &["caf\u{e9}"], proxies, "10.0.0.1"),
            // Spellings.
            ("10.0.0.1", &["198.51.100.7:4711"], proxies, "198.51.100.7"),
            ("10.0.0.1", &["[2001:db8::7]:4711"], proxies, "2001:db8::7"),
            ("10.0.0.1", &["[2001:db8::7]"], proxies, "2001:db8::7"),
            ("10.0.0.1", &["  198.51.100.7\t"], proxies, "198.51.100.7"),
            // IPv4 in an IPv6 socket is IPv4.
            ("::ffff:10.0.0.1", &["::ffff:198.51.100.7"], proxies, "198.51.100.7"),
            ("::ffff:203.0.113.9", &["127.0.0.1"], proxies, "203.0.113.9"),
        ] {
            let found = client_ip(peer.parse().expect("an address"), &values(lines), &nets(trusted));
            assert_eq!(found.to_string(), wanted, "{peer} with {lines:?}, trusted {trusted:?}");
        }
    }

    #[test]
    fn only_trusted_proxies_say_that_a_connection_was_encrypted() {
        for (peer, is_tls, lines, wanted) in [
            ("203.0.113.9", false, &["https"][..], false),
            ("203.0.113.9", true, &["http"], true),
            ("10.0.0.1", false, &["https"], true),
            ("10.0.0.1", false, &["HTTPS "], true),
            ("10.0.0.1", false, &[], false),
            ("10.0.0.1", true, &[], true),
            // Between client and proxy it was not.
            ("10.0.0.1", true, &["http"], false),
            // The client's own word stands left of the proxy's.
            ("10.0.0.1", false, &["https, http"], false),
            ("10.0.0.1", false, &["https", "http"], false),
            ("::ffff:10.0.0.1", false, &["http, https"], true),
        ] {
            let peer = Peer { ip: peer.parse().expect("an address"), is_tls };
            assert_eq!(is_https(peer, &values(lines), &nets(&["10.0.0.0/8"])), wanted, "{peer:?} with {lines:?}");
        }
    }
}
