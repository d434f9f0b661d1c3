//! MAC addresses in all the spellings that routers use.

use std::fmt;
use std::str::FromStr;

/// A 48-bit MAC address. Printed as twelve lower-case hex digits, the form the database keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Mac(pub [u8; 6]);

/// The text is not a MAC address in any known spelling.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a MAC address (expected twelve hex digits, with or without separators)")]
pub struct MacError;

impl Mac {
    /// Reads `AA:BB:CC:DD:EE:FF`, `aa-bb-..`, `aabb.ccdd.eeff`, `aabbccddeeff`, `XXXX:XXXX:XXXX` and MikroTik's DHCP client-id form
    /// `1:aa:bb:..` (single digits there may lack their leading zero). No allocation: it runs for each request.
    pub fn parse(text: &[u8]) -> Option<Mac> {
        if let Some(rest) = text.strip_prefix(b"1:")
            && text.len() > 12
            && let Some(mac) = Self::groups_of_octets(rest)
        {
            return Some(mac);
        }
        Self::twelve_digits(text).or_else(|| Self::groups_of_octets(text))
    }

    /// Exactly twelve hex digits, separators anywhere between pairs or quads.
    fn twelve_digits(text: &[u8]) -> Option<Mac> {
        if text.len() > 17 {
            return None;
        }
        let mut octets = [0u8; 6];
        let mut digits = 0;
        for &c in text {
            let value = match c {
                b'0'..=b'9' => c - b'0',
                b'a'..=b'f' => c - b'a' + 10,
                b'A'..=b'F' => c - b'A' + 10,
                b':' | b'-' | b'.' | b' ' if digits % 2 == 0 && digits > 0 && digits < 12 => continue,
                _ => return None,
            };
            if digits == 12 {
                return None;
            }
            octets[digits / 2] = octets[digits / 2] << 4 | value;
            digits += 1;
        }
        (digits == 12).then_some(Mac(octets))
    }

    /// Six colon-separated groups of one or two hex digits.
    fn groups_of_octets(text: &[u8]) -> Option<Mac> {
        let mut octets = [0u8; 6];
        let mut groups = 0;
        for group in text.split(|c| *c == b':') {
            if groups == 6 || group.is_empty() || group.len() > 2 {
                return None;
            }
            octets[groups] = u8::from_str_radix(std::str::from_utf8(group).ok()?, 16).ok()?;
            groups += 1;
        }
        (groups == 6).then_some(Mac(octets))
    }

    /// Whether the address is locally administered, as the random addresses of phones are.
    pub fn is_locally_administered(self) -> bool {
        self.0[0] & 2 != 0
    }

    /// The address as a number, for hashing.
    pub fn as_u64(self) -> u64 {
        self.0.iter().fold(0, |n, o| n << 8 | u64::from(*o))
    }

    /// `AA:BB:CC:DD:EE:FF`, as people and RouterOS write it.
    pub fn with_colons(self) -> String {
        self.0.map(|o| format!("{o:02X}")).join(":")
    }
}

impl FromStr for Mac {
    type Err = MacError;
    fn from_str(text: &str) -> Result<Self, MacError> {
        Mac::parse(text.trim().as_bytes()).ok_or(MacError)
    }
}

impl fmt::Display for Mac {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|o| write!(f, "{o:02x}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_of_one_address_is_that_address() {
        let wanted = Mac([0xaa, 0xbb, 0x0c, 0xdd, 0xee, 0x0f]);
        for text in [
            "AA:BB:0C:DD:EE:0F",
            "aa-bb-0c-dd-ee-0f",
            "aabb0cddee0f",
            "AABB0CDDEE0F",
            "aabb.0cdd.ee0f",
            "AABB:0CDD:EE0F",
            "AABB0C-DDEE0F",
            "1:aa:bb:c:dd:ee:f",
            "1:AA:BB:0C:DD:EE:0F",
            "aa:bb:c:dd:ee:f",
            " AA:BB:0C:DD:EE:0F ",
        ] {
            assert_eq!(text.parse(), Ok(wanted), "{text}");
        }
        assert_eq!(wanted.to_string(), "aabb0cddee0f");
        assert_eq!(wanted.with_colons(), "AA:BB:0C:DD:EE:0F");
    }

    #[test]
    fn what_is_no_address_is_refused() {
        for text in
            ["", "aabb0cddee", "aabb0cddee0f1", "aa:bb:0c:dd:ee", "gg:bb:0c:dd:ee:0f", "a:abb0cddee0f", "1:aa:bb:cc:dd", "::::::", "bob"]
        {
            assert_eq!(text.parse::<Mac>(), Err(MacError), "{text}");
        }
    }

    #[test]
    fn random_addresses_of_phones_are_known() {
        assert!("02:00:00:00:00:01".parse::<Mac>().is_ok_and(Mac::is_locally_administered));
        assert!("48:8f:5a:00:00:01".parse::<Mac>().is_ok_and(|m| !m.is_locally_administered()));
    }
}
