//! Values by data type, RFC 8044 §3. Errors are the reason alone.

use crate::radius::dictionary::{Attribute, DataType, Encryption};
use crate::units::hex;
use serde::Serialize;
use std::net::{Ipv4Addr, Ipv6Addr};

/// A value as JSON has it.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Value {
    /// A value that has children instead.
    Nothing,
    /// Unsigned.
    Number(u64),
    /// Two's complement.
    Signed(i32),
    /// Text, an address, a prefix, or octets as `0x...`.
    Text(String),
    /// Several values in one attribute (`array`).
    Many(Vec<Value>),
}

impl Value {
    /// Octets as text, `0x` first.
    pub fn octets(octets: &[u8]) -> Value {
        Value::Text(format!("0x{}", hex(octets)))
    }

    /// The number, if it is an unsigned one.
    pub fn number(&self) -> Option<u64> {
        if let Value::Number(number) = self { Some(*number) } else { None }
    }
}

/// Splits the tag off, RFC 2868 §3. Text whose first octet is above 0x1F has none; Tunnel-Password always has the octet.
pub(super) fn take_tag<'a>(known: &Attribute, octets: &'a [u8]) -> Result<(Option<u8>, &'a [u8]), String> {
    if !known.flags.has_tag {
        return Ok((None, octets));
    }
    let Some((&first, rest)) = octets.split_first() else { return Ok((None, octets)) };
    if known.data_type == DataType::Integer {
        // The tag stays in place for `read`, which knows that only 24 bits count.
        return if first <= 0x1f { Ok((Some(first), octets)) } else { Err(format!("tag {first} is above 31")) };
    }
    if known.flags.encryption == Encryption::TunnelPassword {
        return Ok(((first <= 0x1f).then_some(first), rest));
    }
    if first <= 0x1f { Ok((Some(first), rest)) } else { Ok((None, octets)) }
}

/// Reads a value, tag and encryption taken off.
pub(super) fn read(known: &Attribute, octets: &[u8]) -> Result<Value, String> {
    if known.flags.array
        && let Some(size) = fixed_size(known.data_type)
        && octets.len() > size
        && octets.len().is_multiple_of(size)
    {
        return octets.chunks(size).map(|part| read_single(known, part)).collect::<Result<_, _>>().map(Value::Many);
    }
    read_single(known, octets)
}

fn read_single(known: &Attribute, octets: &[u8]) -> Result<Value, String> {
    Ok(match known.data_type {
        DataType::Text => Value::Text(std::str::from_utf8(octets).map_err(|_| "the text is not UTF-8")?.to_string()),
        DataType::Octets(Some(count)) if octets.len() != usize::from(count) => return Err(size_error(usize::from(count), octets)),
        DataType::Byte => Value::Number(u64::from(exactly::<1>(octets)?[0])),
        DataType::Short => Value::Number(u64::from(u16::from_be_bytes(exactly(octets)?))),
        DataType::Integer | DataType::Date => {
            let number = u32::from_be_bytes(exactly(octets)?);
            Value::Number(u64::from(if known.flags.has_tag { number & 0x00ff_ffff } else { number }))
        }
        DataType::Integer64 => Value::Number(u64::from_be_bytes(exactly(octets)?)),
        DataType::Signed => Value::Signed(i32::from_be_bytes(exactly(octets)?)),
        DataType::Ipv4Address => Value::Text(Ipv4Addr::from(exactly::<4>(octets)?).to_string()),
        DataType::Ipv6Address => Value::Text(Ipv6Addr::from(exactly::<16>(octets)?).to_string()),
        DataType::AnyAddress => match octets.len() {
            4 => Value::Text(Ipv4Addr::from(exactly::<4>(octets)?).to_string()),
            16 => Value::Text(Ipv6Addr::from(exactly::<16>(octets)?).to_string()),
            length => return Err(format!("{length} octets, an address has 4 or 16")),
        },
        DataType::Ipv4Prefix => ipv4_prefix(octets)?,
        DataType::Ipv6Prefix => ipv6_prefix(octets)?,
        DataType::InterfaceId => {
            let groups = exactly::<8>(octets)?;
            Value::Text(groups.chunks(2).map(hex).collect::<Vec<_>>().join(":"))
        }
        DataType::Ethernet => Value::Text(exactly::<6>(octets)?.map(|octet| format!("{octet:02x}")).join(":")),
        DataType::Octets(_) | DataType::AscendFilter => Value::octets(octets),
        DataType::Tlv | DataType::VendorSpecific | DataType::Extended | DataType::LongExtended | DataType::ExtendedVendorSpecific => {
            Value::octets(octets)
        }
    })
}

fn fixed_size(data_type: DataType) -> Option<usize> {
    Some(match data_type {
        DataType::Byte => 1,
        DataType::Short => 2,
        DataType::Integer | DataType::Date | DataType::Signed | DataType::Ipv4Address => 4,
        DataType::Integer64 | DataType::InterfaceId => 8,
        DataType::Ipv6Address => 16,
        DataType::Ethernet => 6,
        DataType::Octets(Some(count)) => usize::from(count),
        _ => return None,
    })
}

fn exactly<const N: usize>(octets: &[u8]) -> Result<[u8; N], String> {
    octets.try_into().map_err(|_| size_error(N, octets))
}

fn size_error(expected: usize, octets: &[u8]) -> String {
    format!("{} octets instead of {expected}", octets.len())
}

/// RFC 8044 §3.11.
fn ipv4_prefix(octets: &[u8]) -> Result<Value, String> {
    let [_reserved, length, address @ ..] = exactly::<6>(octets)?;
    if length > 32 {
        return Err(format!("prefix length {length} is above 32"));
    }
    no_bits_past(&address, length)?;
    Ok(Value::Text(format!("{}/{length}", Ipv4Addr::from(address))))
}

/// RFC 3162 §2.3 and RFC 8044 §3.10: trailing octets may be left out, bits past the length must be zero.
fn ipv6_prefix(octets: &[u8]) -> Result<Value, String> {
    let [_reserved, length, given @ ..] = octets else { return Err(format!("{} octets, a prefix has 2 to 18", octets.len())) };
    if given.len() > 16 {
        return Err(format!("{} octets, a prefix has 2 to 18", octets.len()));
    }
    if *length > 128 {
        return Err(format!("prefix length {length} is above 128"));
    }
    if given.len() * 8 < usize::from(*length) {
        return Err(format!("{} octets are too few for prefix length {length}", given.len()));
    }
    no_bits_past(given, *length)?;
    let mut address = [0; 16];
    address[..given.len()].copy_from_slice(given);
    Ok(Value::Text(format!("{}/{length}", Ipv6Addr::from(address))))
}

fn no_bits_past(address: &[u8], length: u8) -> Result<(), String> {
    let length = usize::from(length);
    let is_clean = |(index, octet): (usize, &u8)| octet & (0xffu32 >> length.saturating_sub(index * 8).min(8)) as u8 == 0;
    if address.iter().enumerate().all(is_clean) { Ok(()) } else { Err(format!("bits past the prefix length {length} are set")) }
}

/// Octets that are all printable ASCII.
pub(super) fn printable(octets: &[u8]) -> Option<String> {
    let text = !octets.is_empty() && octets.iter().all(|octet| (b' '..=b'~').contains(octet));
    text.then(|| String::from_utf8_lossy(octets).into_owned())
}

/// What helps to read the value: a date, text within octets. Microsoft puts an identifier before the text of
/// MS-CHAP-Error, MS-CHAP-Domain and MS-CHAP2-Success (RFC 2548 §2.1.5, §2.1.4, §2.3.3).
pub(super) fn in_words(known: &Attribute, octets: &[u8], value: &Value) -> Option<String> {
    match (known.oid.as_slice(), known.data_type) {
        ([26, 311, 2 | 10 | 26], _) => octets.get(1..).and_then(printable),
        (_, DataType::Octets(_)) => printable(octets),
        (_, DataType::Date) => {
            let moment = jiff::Timestamp::from_second(i64::try_from(value.number()?).ok()?);
            moment.ok().map(|moment| moment.to_string())
        }
        _ => None,
    }
}
