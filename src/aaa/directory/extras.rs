//! What few customers have: a pool, IPv6 prefixes, reply attributes of their own; encoded once, when the customer is loaded.

use std::net::Ipv6Addr;
use std::sync::Arc;

use ipnet::Ipv6Net;

use crate::radius::attribute_text::{self, Operator};
use crate::radius::dictionary::Dictionary;
use crate::radius::dictionary::numbers::CLASS;
use crate::radius::merge;

/// RFC 3162 section 2.3.
const FRAMED_IPV6_PREFIX: u8 = 97;
/// RFC 4818 section 3.
const DELEGATED_IPV6_PREFIX: u8 = 123;
/// Lines that cannot be sent and get a log line of their own; of the rest the administrator learns by mending these.
const LOGGED_LINES: u32 = 20;

/// The texts of the store, empty where there is none.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Extras<'t> {
    pub framed_pool: &'t str,
    pub framed_ipv6_prefix: &'t str,
    pub delegated_ipv6_prefix: &'t str,
    /// Lines of `Name = value`.
    pub reply_attributes: &'t str,
}

impl<'t> Extras<'t> {
    /// Splits the joined column.
    pub fn split(joined: &'t str) -> Extras<'t> {
        let mut parts = joined.splitn(4, '\n');
        let mut part = || parts.next().unwrap_or_default();
        Extras { framed_pool: part(), framed_ipv6_prefix: part(), delegated_ipv6_prefix: part(), reply_attributes: part() }
    }
}

/// Encodes them by a dictionary.
pub(super) struct ExtrasEncoder {
    dictionary: Arc<Dictionary>,
    logged: u32,
}

impl ExtrasEncoder {
    pub fn new(dictionary: Arc<Dictionary>) -> ExtrasEncoder {
        ExtrasEncoder { dictionary, logged: 0 }
    }

    /// Appends the attributes with their operators, as [`merge::items`] reads them. What does not encode (a name that the dictionary lost, a value that must be hidden under the
    /// router's secret) is logged and left out: the customer still gets in.
    pub fn encode(&mut self, customer_id: i64, extras: &Extras<'_>, out: &mut Vec<u8>) {
        for (kind, text) in [(FRAMED_IPV6_PREFIX, extras.framed_ipv6_prefix), (DELEGATED_IPV6_PREFIX, extras.delegated_ipv6_prefix)] {
            match text.parse::<Ipv6Net>() {
                Ok(prefix) => merge::write_item(Operator::Add, &prefix_attribute(kind, prefix), out),
                Err(_) if text.is_empty() => {}
                Err(error) => self.complain(customer_id, text, &error.to_string()),
            }
        }
        for line in extras.reply_attributes.lines().map(str::trim).filter(|line| !line.is_empty()) {
            if let Err(reason) = self.encode_line(line, out) {
                self.complain(customer_id, line, &reason);
            }
        }
    }

    fn encode_line(&self, line: &str, out: &mut Vec<u8>) -> Result<(), String> {
        let (start, mut encoded) = (out.len(), Vec::new());
        for parsed in attribute_text::parse(&self.dictionary, line).map_err(|e| e.reason)? {
            encoded.clear();
            if let Err(error) = parsed.attribute.write_to(&mut encoded) {
                out.truncate(start);
                return Err(error.to_string());
            }
            // Our token in Class stands beside whatever an administrator adds.
            let operator = if encoded.first() == Some(&CLASS) { Operator::Add } else { parsed.operator };
            merge::write_item(operator, &encoded, out);
        }
        Ok(())
    }

    fn complain(&mut self, customer_id: i64, line: &str, reason: &str) {
        self.logged += 1;
        if self.logged <= LOGGED_LINES {
            let name = line.split('=').next().unwrap_or_default().trim();
            tracing::warn!(customer_id, attribute = name, %reason, "a reply attribute cannot be sent and is left out");
        }
    }
}

/// Reserved octet, length in bits, and no more octets of the prefix than it needs.
fn prefix_attribute(kind: u8, prefix: Ipv6Net) -> Vec<u8> {
    let network: Ipv6Addr = prefix.network();
    let octets = usize::from(prefix.prefix_len()).div_ceil(8);
    [&[kind, octets as u8 + 4, 0, prefix.prefix_len()], &network.octets()[..octets]].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn encoded(joined: &str) -> Vec<u8> {
        let mut out = Vec::new();
        let dictionary = Arc::new(Dictionary::embedded());
        ExtrasEncoder::new(dictionary).encode(1, &Extras::split(joined), &mut out);
        out
    }

    #[test]
    fn prefixes_and_lines_become_attributes_and_bad_ones_are_left_out() {
        for (joined, wanted) in [
            ("pool\n\n\n", &[][..]),
            ("\n2001:db8::/32\n\n", &[b'+', 97, 8, 0, 32, 0x20, 0x01, 0x0d, 0xb8]),
            ("\n\n2001:db8:100::/40\n", &[b'+', 123, 9, 0, 40, 0x20, 0x01, 0x0d, 0xb8, 0x01]),
            ("\nnonsense\n\n", &[]),
            (
                "\n\n\nFilter-Id := gold\nNo-Such-Name = 1\nSession-Timeout = 60, Class := 0x07",
                &[b':', 11, 6, b'g', b'o', b'l', b'd', b'=', 27, 6, 0, 0, 0, 60, b'+', 25, 3, 7],
            ),
            ("\n\n\nFilter-Id = \"a, \\\"b\\\" \\\\c\"", &[b'=', 11, 11, b'a', b',', b' ', b'"', b'b', b'"', b' ', b'\\', b'c']),
        ] {
            assert_eq!(encoded(joined), wanted, "{joined:?}");
        }
    }

    #[test]
    fn the_joined_column_splits_where_it_was_joined() {
        assert_eq!(
            Extras::split("p\na/1\nb/2\nX = 1\nY = 2"),
            Extras { framed_pool: "p", framed_ipv6_prefix: "a/1", delegated_ipv6_prefix: "b/2", reply_attributes: "X = 1\nY = 2" }
        );
        assert_eq!(Extras::split(""), Extras::default());
    }
}
