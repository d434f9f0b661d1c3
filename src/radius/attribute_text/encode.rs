//! From a written value to octets, by the dictionary's type. Errors are the reason alone; hidden values are never quoted in them.

use super::{EncodedAttribute, Layout, Literal, WriteError};
use crate::radius::dictionary::{Attribute, DataType, Dictionary, Encryption};
use std::net::{Ipv4Addr, Ipv6Addr};

/// Where an attribute belongs in the packet, and what is known of it.
pub(super) struct Target<'a> {
    known: Option<&'a Attribute>,
    vendor: u32,
    number: u8,
    /// What stands before the value: extended type, vendor of an extended attribute.
    prefix: Vec<u8>,
    /// Types of the TLVs around the value, innermost last.
    children: Vec<u8>,
    layout: Layout,
}

impl<'a> Target<'a> {
    pub(super) fn find(dictionary: &'a Dictionary, name: &str) -> Result<Target<'a>, String> {
        let known = dictionary.by_name(name);
        let oid = match known {
            Some(known) => known.oid.clone(),
            None => numbers_in(name).ok_or_else(|| format!("unknown attribute {name}"))?,
        };
        // A number may be written for an attribute that has a name.
        let known = known.or_else(|| dictionary.by_oid(&oid));
        let outer = dictionary.by_oid(&oid[..1]).map(|outer| outer.data_type);
        let octet = |number: u32| u8::try_from(number).map_err(|_| format!("{name} has no place in a packet: {number} is above 255"));
        let octets = |numbers: &[u32]| numbers.iter().map(|&number| octet(number)).collect::<Result<Vec<u8>, String>>();
        let concat = known.is_some_and(|known| known.flags.concat) && oid.len() == 1;
        let mut target = Target { known, vendor: 0, number: 0, prefix: Vec::new(), children: Vec::new(), layout: Layout::Single };
        match (outer, oid.as_slice()) {
            (Some(DataType::VendorSpecific), [_, vendor, number, children @ ..]) => {
                let format = dictionary.vendor(*vendor).map(|vendor| (vendor.type_octets, vendor.length_octets, vendor.continuation));
                if format.is_some_and(|format| format != (1, 1, false)) {
                    return Err(format!("{name}: attributes of this vendor's format cannot be written"));
                }
                (target.vendor, target.number, target.children) = (*vendor, octet(*number)?, octets(children)?);
            }
            (Some(outer @ (DataType::Extended | DataType::LongExtended)), [number, extended, inner @ ..]) => {
                target.number = octet(*number)?;
                target.prefix.push(octet(*extended)?);
                let is_vendor =
                    dictionary.by_oid(&[*number, *extended]).map(|known| known.data_type) == Some(DataType::ExtendedVendorSpecific);
                target.children = match inner {
                    [vendor, number, children @ ..] if is_vendor => {
                        target.prefix.extend(vendor.to_be_bytes());
                        target.prefix.push(octet(*number)?);
                        octets(children)?
                    }
                    children => octets(children)?,
                };
                target.layout = if outer == DataType::LongExtended { Layout::LongExtended } else { Layout::Single };
            }
            (_, [number, children @ ..]) => {
                (target.number, target.children) = (octet(*number)?, octets(children)?);
                target.layout = if concat { Layout::Concat } else { Layout::Single };
            }
            _ => return Err(format!("unknown attribute {name}")),
        }
        if target.number == 0 {
            return Err(format!("{name}: type 0 does not exist"));
        }
        Ok(target)
    }

    /// The dictionary's name.
    pub(super) fn printed_name(&self) -> Option<&str> {
        self.known.map(|known| known.name.as_str())
    }

    pub(super) fn encode(&self, literal: &Literal, tag: Option<u8>) -> Result<EncodedAttribute, String> {
        let encrypt = self.known.map_or(Encryption::None, |known| known.flags.encryption);
        if encrypt != Encryption::None && !(self.prefix.is_empty() && self.children.is_empty()) {
            return Err("hidden values inside other attributes are not supported".into());
        }
        let mut value = match self.known {
            Some(known) => value_of(known, literal)?,
            None => hexadecimal(literal).ok_or("without a dictionary entry, only octets as 0x... can be given")??,
        };
        if value.is_empty() {
            return Err("the value is empty; RADIUS has no empty values".into());
        }
        self.put_tag(tag, encrypt, &mut value)?;
        for child in self.children.iter().rev() {
            let length = u8::try_from(value.len() + 2).map_err(|_| format!("{} octets do not fit into a TLV", value.len()))?;
            value = [&[*child, length], value.as_slice()].concat();
        }
        let data = [self.prefix.as_slice(), value.as_slice()].concat();
        let encoded = EncodedAttribute { vendor: self.vendor, number: self.number, data, encrypt, tag, layout: self.layout };
        let most = encoded.most_octets();
        if encoded.data.len() > most {
            return Err(WriteError::TooLong { octets: encoded.data.len(), most }.to_string());
        }
        Ok(encoded)
    }

    /// RFC 2868 §3: the high octet of a number, an octet before text. Hidden values get theirs when they are encrypted.
    fn put_tag(&self, tag: Option<u8>, encrypt: Encryption, value: &mut Vec<u8>) -> Result<(), String> {
        match self.known.filter(|known| known.flags.has_tag) {
            None if tag.is_some() => Err("this attribute has no tag".into()),
            None => Ok(()),
            Some(known) if known.data_type == DataType::Integer => {
                value[0] = tag.unwrap_or(0);
                Ok(())
            }
            Some(_) if encrypt != Encryption::None => Ok(()),
            Some(_) => {
                // Text whose first octet could be taken for a tag needs one before it.
                if tag.is_some() || value[0] <= 0x1f {
                    value.insert(0, tag.unwrap_or(0));
                }
                Ok(())
            }
        }
    }
}

/// `Attr-231`, `Attr-241.7` or `Vendor-9999-Attr-5`.
fn numbers_in(name: &str) -> Option<Vec<u32>> {
    let rest = name.to_ascii_lowercase();
    if let Some((vendor, number)) = rest.strip_prefix("vendor-").and_then(|rest| rest.split_once("-attr-")) {
        return Some(vec![26, vendor.parse().ok().filter(|vendor| *vendor > 0)?, number.parse().ok()?]);
    }
    let numbers: Vec<u32> = rest.strip_prefix("attr-")?.split('.').map(|part| part.parse().ok()).collect::<Option<_>>()?;
    (numbers.len() <= 8).then_some(numbers)
}

fn value_of(known: &Attribute, literal: &Literal) -> Result<Vec<u8>, String> {
    let text = || std::str::from_utf8(&literal.octets).map_err(|_| "the value is not UTF-8 text".to_string());
    let number = || number_of(known, text()?);
    Ok(match known.data_type {
        DataType::Text => text()?.as_bytes().to_vec(),
        DataType::Octets(count) => {
            let octets = hexadecimal(literal).unwrap_or_else(|| Ok(literal.octets.clone()))?;
            if let Some(count) = count
                && octets.len() != usize::from(count)
            {
                return Err(format!("{} octets instead of {count}", octets.len()));
            }
            octets
        }
        DataType::AscendFilter | DataType::Tlv => hexadecimal(literal).ok_or("only octets as 0x... can be given")??,
        DataType::Byte => vec![number()? as u8],
        DataType::Short => (number()? as u16).to_be_bytes().to_vec(),
        DataType::Integer => (number()? as u32).to_be_bytes().to_vec(),
        DataType::Integer64 => number()?.to_be_bytes().to_vec(),
        DataType::Signed => {
            text()?.parse::<i32>().map_err(|_| wrong(known, "a number between -2147483648 and 2147483647"))?.to_be_bytes().to_vec()
        }
        DataType::Date => date(known, text()?)?.to_be_bytes().to_vec(),
        DataType::Ipv4Address => text()?.parse::<Ipv4Addr>().map_err(|_| wrong(known, "an IPv4 address"))?.octets().to_vec(),
        DataType::Ipv6Address => text()?.parse::<Ipv6Addr>().map_err(|_| wrong(known, "an IPv6 address"))?.octets().to_vec(),
        DataType::AnyAddress => match text()?.parse().map_err(|_| wrong(known, "an IP address"))? {
            std::net::IpAddr::V4(address) => address.octets().to_vec(),
            std::net::IpAddr::V6(address) => address.octets().to_vec(),
        },
        DataType::Ipv4Prefix => ipv4_prefix(known, text()?)?,
        DataType::Ipv6Prefix => ipv6_prefix(known, text()?)?,
        DataType::InterfaceId => groups::<4>(text()?, ':', 4).ok_or_else(|| wrong(known, "an interface id such as 0:0:0:1"))?,
        DataType::Ethernet => groups::<6>(text()?, ':', 2).ok_or_else(|| wrong(known, "a MAC address such as 02:00:00:00:00:01"))?,
        DataType::VendorSpecific | DataType::Extended | DataType::LongExtended | DataType::ExtendedVendorSpecific => {
            return Err(format!("{} contains attributes; name the one inside", known.name));
        }
    })
}

fn wrong(known: &Attribute, expected: &str) -> String {
    format!("{} takes {expected}", known.data_type.name())
}

/// A named value, a decimal number or one as 0x...; checked against the type.
fn number_of(known: &Attribute, text: &str) -> Result<u64, String> {
    if let Some(number) = known.value_number(text) {
        return Ok(number);
    }
    let (digits, radix) = text.strip_prefix("0x").map_or((text, 10), |digits| (digits, 16));
    let only_digits = !digits.is_empty() && digits.chars().all(|digit| digit.is_digit(radix));
    let largest = if known.flags.has_tag { 0x00ff_ffff } else { known.data_type.largest_number().unwrap_or(u64::MAX) };
    if !only_digits {
        let some: Vec<&str> = known.values().take(5).map(|(_, name)| name).collect();
        return Err(match some.is_empty() {
            true => format!("{text:?} is not a number"),
            false => format!("{text:?} is neither a number nor a name such as {}", some.join(", ")),
        });
    }
    let number = u64::from_str_radix(digits, radix).ok().filter(|number| *number <= largest);
    number.ok_or_else(|| format!("{text} is above {largest}"))
}

/// Seconds since 1970, or `2026-11-22T08:00:00Z`.
fn date(known: &Attribute, text: &str) -> Result<u32, String> {
    let seconds = text.parse::<u32>().ok();
    let moment = || text.parse::<jiff::Timestamp>().ok().and_then(|moment| u32::try_from(moment.as_second()).ok());
    seconds.or_else(moment).ok_or_else(|| wrong(known, "seconds since 1970 or a moment such as 2026-11-22T08:00:00Z"))
}

fn ipv4_prefix(known: &Attribute, text: &str) -> Result<Vec<u8>, String> {
    let parts = text.split_once('/').and_then(|(address, length)| Some((address.parse::<Ipv4Addr>().ok()?, length.parse::<u8>().ok()?)));
    let (address, length) = parts.filter(|(_, length)| *length <= 32).ok_or_else(|| wrong(known, "a prefix such as 192.0.2.0/24"))?;
    if u32::from(address).checked_shl(u32::from(length)).unwrap_or(0) != 0 {
        return Err(format!("bits past the prefix length {length} are set"));
    }
    Ok([&[0, length], address.octets().as_slice()].concat())
}

/// RFC 3162 §2.3; only the octets that the length covers are sent.
fn ipv6_prefix(known: &Attribute, text: &str) -> Result<Vec<u8>, String> {
    let parts = text.split_once('/').and_then(|(address, length)| Some((address.parse::<Ipv6Addr>().ok()?, length.parse::<u8>().ok()?)));
    let (address, length) = parts.filter(|(_, length)| *length <= 128).ok_or_else(|| wrong(known, "a prefix such as 2001:db8::/48"))?;
    if u128::from(address).checked_shl(u32::from(length)).unwrap_or(0) != 0 {
        return Err(format!("bits past the prefix length {length} are set"));
    }
    Ok([&[0, length], &address.octets()[..usize::from(length).div_ceil(8)]].concat())
}

/// `N` groups of at most `digits` hexadecimal digits, each as `digits / 2` octets.
fn groups<const N: usize>(text: &str, separator: char, digits: usize) -> Option<Vec<u8>> {
    let parts: Vec<&str> = text.split(separator).collect();
    let mut octets = Vec::new();
    for part in &parts {
        let number = u16::from_str_radix(part, 16).ok().filter(|_| part.len() <= digits && !part.starts_with('+'))?;
        octets.extend_from_slice(&number.to_be_bytes()[2 - digits / 2..]);
    }
    (parts.len() == N).then_some(octets)
}

/// Octets of an unquoted `0x...`; none if it is something else.
fn hexadecimal(literal: &Literal) -> Option<Result<Vec<u8>, String>> {
    let digits = literal.octets.strip_prefix(b"0x").filter(|_| !literal.quoted)?;
    let nibble = |digit: &u8| char::from(*digit).to_digit(16).map(|digit| digit as u8);
    let pair = |pair: &[u8]| if let [high, low] = pair { Some(nibble(high)? << 4 | nibble(low)?) } else { None };
    Some(digits.chunks(2).map(pair).collect::<Option<_>>().ok_or_else(|| "0x must be followed by pairs of hexadecimal digits".to_string()))
}
