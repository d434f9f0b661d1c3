//! Ranges of IPv4 addresses as people write them: a prefix, or the first and the last address.

use std::fmt;
use std::net::Ipv4Addr;
use std::str::FromStr;

use ipnet::Ipv4Net;

/// Addresses from the first to the last, both included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct AddressRange {
    first: u32,
    last: u32,
}

/// The text is no range of addresses that can be handed out.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a range: write 10.0.0.0/24 (its first and last address are left out), 10.0.0.10-10.0.0.99 or 10.0.0.7")]
pub struct RangeError(String);

impl AddressRange {
    /// The first address as a number.
    pub fn first(self) -> u32 {
        self.first
    }

    /// The last address as a number.
    pub fn last(self) -> u32 {
        self.last
    }

    /// How many addresses there are.
    pub fn size(self) -> u64 {
        u64::from(self.last) - u64::from(self.first) + 1
    }

    /// Whether an address is in it.
    pub fn contains(self, address: u32) -> bool {
        (self.first..=self.last).contains(&address)
    }

    /// Whether two ranges share an address.
    pub fn overlaps(self, other: AddressRange) -> bool {
        self.first <= other.last && other.first <= self.last
    }
}

impl FromStr for AddressRange {
    type Err = RangeError;
    fn from_str(text: &str) -> Result<Self, RangeError> {
        let text = text.trim();
        let wrong = || RangeError(text.to_owned());
        let address = |text: &str| text.trim().parse::<Ipv4Addr>().map(u32::from).map_err(|_| wrong());
        let range = if let Some((first, last)) = text.split_once('-') {
            AddressRange { first: address(first)?, last: address(last)? }
        } else if text.contains('/') {
            let net: Ipv4Net = text.parse().map_err(|_| wrong())?;
            if net.addr() != net.network() {
                return Err(wrong());
            }
            let (first, last) = (u32::from(net.network()), u32::from(net.broadcast()));
            // Some clients refuse network and broadcast address; where there is nothing else, they are meant.
            if net.prefix_len() >= 31 { AddressRange { first, last } } else { AddressRange { first: first + 1, last: last - 1 } }
        } else {
            let only = address(text)?;
            AddressRange { first: only, last: only }
        };
        // RouterOS takes 127/8 and 224/3 for "use the profile's pool"; nobody can have 0/8.
        let usable = |n: u32| !matches!(n >> 24, 0 | 127 | 224..=255);
        let is_whole =
            range.first <= range.last && usable(range.first) && usable(range.last) && (range.first >> 24 > 127 || range.last >> 24 < 127);
        is_whole.then_some(range).ok_or_else(wrong)
    }
}

impl fmt::Display for AddressRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [first, last] = [self.first, self.last].map(Ipv4Addr::from);
        if first == last { write!(f, "{first}") } else { write!(f, "{first}-{last}") }
    }
}

/// Ranges separated by commas or spaces; in order, none twice.
pub fn parse_ranges(text: &str) -> Result<Vec<AddressRange>, RangeError> {
    let words = text.split([',', ' ', ';', '\n']).filter(|w| !w.is_empty());
    let mut ranges = words.map(str::parse).collect::<Result<Vec<AddressRange>, _>>()?;
    ranges.sort_unstable();
    ranges.dedup();
    Ok(ranges)
}

/// The form that the store keeps: ranges separated by commas.
pub fn print_ranges(ranges: &[AddressRange]) -> String {
    ranges.iter().map(ToString::to_string).collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_read_and_read_back() {
        for (text, printed, size) in [
            ("10.0.0.0/24", "10.0.0.1-10.0.0.254", 254),
            ("10.0.0.10-10.0.0.99", "10.0.0.10-10.0.0.99", 90),
            ("10.0.0.7", "10.0.0.7", 1),
            ("10.0.0.6/31", "10.0.0.6-10.0.0.7", 2),
            ("10.0.0.6/32", "10.0.0.6", 1),
        ] {
            let range: AddressRange = text.parse().expect(text);
            assert_eq!((range.to_string().as_str(), range.size()), (printed, size));
            assert_eq!(printed.parse(), Ok(range));
        }
        let text = "10.0.1.0/30, 10.0.0.5;10.0.0.5";
        let ranges = parse_ranges(text).expect(text);
        assert_eq!(print_ranges(&ranges), "10.0.0.5,10.0.1.1-10.0.1.2");
        assert_eq!(parse_ranges(&print_ranges(&ranges)), Ok(ranges));
    }

    #[test]
    fn what_cannot_be_handed_out_is_refused() {
        for text in [
            "",
            "10.0.0.1/24",
            "10.0.0.9-10.0.0.1",
            "127.0.0.0/24",
            "0.0.0.0/0",
            "126.0.0.0-128.0.0.1",
            "224.0.0.1",
            "2001:db8::/64",
            "ten",
        ] {
            assert!(text.parse::<AddressRange>().is_err(), "{text}");
        }
    }
}
