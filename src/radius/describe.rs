//! One packet as a tree that a person or a program can read: for `decode`, traces and tests, not for the data plane.
//!
//! A packet that breaks RFC 2865 §3 or §5 is [`Malformed`]. An attribute that is whole but whose value is wrong (RFC 6929
//! §2.8, "invalid attribute") is kept as raw octets with the reason. [`value`] reads values, [`hiding`] needs the secret,
//! [`containers`] opens Vendor-Specific, extended attributes and TLVs.

mod containers;
mod hiding;
mod value;

use crate::radius::dictionary::{Attribute, DataType, Dictionary, Encryption};
use crate::units::hex;
use serde::Serialize;
pub use value::Value;

/// Octets before the first attribute, RFC 2865 §3.
const HEADER_OCTETS: usize = 20;
/// Largest packet, RFC 2865 §3.
const LARGEST_PACKET_OCTETS: usize = 4096;
/// Type of Message-Authenticator, RFC 3579 §3.2.
const MESSAGE_AUTHENTICATOR: u8 = 80;

/// A packet that every receiver must drop: what is wrong at which octet, counted from 0.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, thiserror::Error)]
#[error("octet {offset}: {reason}")]
pub struct Malformed {
    /// First octet that is wrong.
    pub offset: usize,
    /// What is wrong with it.
    pub reason: String,
}

/// Outcome of checking a keyed digest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Check {
    /// It is what the secret makes of the packet.
    Valid,
    /// It is not, or it is there twice or with a wrong length.
    Invalid,
    /// The packet has none.
    Absent,
    /// The secret, or for a response the request's authenticator, was not given.
    Unchecked,
}

/// A whole packet.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PacketDescription {
    /// Name of the code, `Unknown-Code-99` where there is none.
    pub code: String,
    /// Code as a number.
    pub code_number: u8,
    /// Identifier.
    pub id: u8,
    /// Length field: octets of header and attributes.
    pub length: u16,
    /// Authenticator, 32 hexadecimal digits.
    pub authenticator: String,
    /// Response Authenticator or that of accounting and CoA requests; none where it is random (Access-Request, Status-Server).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub authenticator_check: Option<Check>,
    /// Message-Authenticator, RFC 3579 §3.2.
    pub message_authenticator: Check,
    /// Octets of the datagram after Length, which are ignored.
    #[serde(skip_serializing_if = "is_zero")]
    pub padding_octets: usize,
    /// In the order of the packet; several attributes of one Vendor-Specific follow each other.
    pub attributes: Vec<AttributeDescription>,
}

/// One attribute.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct AttributeDescription {
    /// Dictionary name, else `Attr-231`, `Vendor-9999-Attr-5` or `Attr-241.7`.
    pub name: String,
    /// Number in its space: the vendor's for a vendor's attribute, the extended type for an extended one.
    #[serde(rename = "type")]
    pub number: u32,
    /// Private enterprise number of the vendor.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vendor: Option<u32>,
    /// Name of the vendor, when the dictionary knows it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vendor_name: Option<String>,
    /// Path of numbers, for attributes inside others (extended ones, children of TLVs).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub oid: Option<String>,
    /// Dictionary name of the data type.
    pub data_type: &'static str,
    /// Tag, RFC 2868 §3; 0 stands for no tunnel in particular.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tag: Option<u8>,
    /// The value by its type; octets as `0x...`. Null for a TLV, which has children.
    pub value: Value,
    /// Name of a numeric value.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value_name: Option<String>,
    /// The value in words where `value` alone is hard to read: a date, printable octets.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// For values that travel hidden: whether they were decrypted here.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decrypted: Option<bool>,
    /// Attributes that were joined into this one, when more than one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fragments: Option<usize>,
    /// Attributes inside.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub children: Vec<AttributeDescription>,
    /// The value's octets as on the wire (tag and encryption included; fragments joined), in hexadecimal.
    pub raw: String,
    /// Place of the innermost value's header in the packet, from 0.
    pub offset: usize,
    /// Why the value is not what the dictionary says; it is then given as octets.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub invalid: Option<String>,
}

/// Reads a packet. `secret` lets hidden values be decrypted and digests be checked; for a response both need the
/// authenticator of its request as well.
pub fn describe(
    dictionary: &Dictionary,
    datagram: &[u8],
    secret: Option<&[u8]>,
    request_authenticator: Option<&[u8; 16]>,
) -> Result<PacketDescription, Malformed> {
    let packet = whole_packet(datagram)?;
    let raw = split(packet)?;
    let own: [u8; 16] = std::array::from_fn(|index| packet[4 + index]);
    let keys = hiding::Keys::of(packet[0], own, secret, request_authenticator.copied());
    let mut reader = Reader { dictionary, keys, attributes: Vec::new() };
    reader.read_all(&raw);
    Ok(PacketDescription {
        code: code_name(packet[0]),
        code_number: packet[0],
        id: packet[1],
        length: packet.len() as u16,
        authenticator: hex(&own),
        authenticator_check: reader.keys.check_authenticator(packet),
        message_authenticator: reader.keys.check_message_authenticator(packet, &raw),
        padding_octets: datagram.len() - packet.len(),
        attributes: reader.attributes,
    })
}

/// Name of a packet code (IANA registry "RADIUS Packet Type Codes").
pub fn code_name(code: u8) -> String {
    let name = match code {
        1 => "Access-Request",
        2 => "Access-Accept",
        3 => "Access-Reject",
        4 => "Accounting-Request",
        5 => "Accounting-Response",
        11 => "Access-Challenge",
        12 => "Status-Server",
        13 => "Status-Client",
        40 => "Disconnect-Request",
        41 => "Disconnect-ACK",
        42 => "Disconnect-NAK",
        43 => "CoA-Request",
        44 => "CoA-ACK",
        45 => "CoA-NAK",
        52 => "Protocol-Error",
        _ => return format!("Unknown-Code-{code}"),
    };
    name.to_string()
}

/// The packet without padding, RFC 2865 §3.
fn whole_packet(datagram: &[u8]) -> Result<&[u8], Malformed> {
    let malformed = |offset, reason: String| Err(Malformed { offset, reason });
    let Some(&[high, low]) = datagram.get(2..4).and_then(|length| length.first_chunk::<2>()) else {
        return malformed(datagram.len(), format!("the datagram ends after {} octets, within the header of 20", datagram.len()));
    };
    let length = usize::from(u16::from_be_bytes([high, low]));
    if datagram.len() < HEADER_OCTETS {
        return malformed(datagram.len(), format!("the datagram ends after {} octets, within the header of 20", datagram.len()));
    }
    if datagram.len() > LARGEST_PACKET_OCTETS {
        return malformed(LARGEST_PACKET_OCTETS, format!("the datagram has {} octets, at most 4096 are allowed", datagram.len()));
    }
    if length < HEADER_OCTETS {
        return malformed(2, format!("Length is {length}, less than the header's 20"));
    }
    datagram.get(..length).map_or_else(|| malformed(2, format!("Length is {length}, but only {} octets arrived", datagram.len())), Ok)
}

/// An attribute of the packet: place of its type octet, type, value.
#[derive(Clone, Copy)]
struct RawAttribute<'a> {
    offset: usize,
    kind: u8,
    value: &'a [u8],
}

/// Splits into attributes, RFC 2865 §5.
fn split(packet: &[u8]) -> Result<Vec<RawAttribute<'_>>, Malformed> {
    let mut attributes = Vec::new();
    let mut offset = HEADER_OCTETS;
    while let Some(&kind) = packet.get(offset) {
        let malformed = |offset, reason: String| Err(Malformed { offset, reason });
        if kind == 0 {
            return malformed(offset, "attribute type 0 does not exist".into());
        }
        let Some(&length) = packet.get(offset + 1) else {
            return malformed(offset, format!("the packet ends after the type octet of attribute {kind}"));
        };
        if length < 2 {
            return malformed(offset + 1, format!("attribute {kind} has length {length}, less than its header's 2"));
        }
        let end = offset + usize::from(length);
        let Some(value) = packet.get(offset + 2..end) else {
            let left = packet.len() - offset;
            return malformed(
                offset + 1,
                format!("attribute {kind} (from octet {offset}) has length {length}, but only {left} octets are left"),
            );
        };
        attributes.push(RawAttribute { offset, kind, value });
        offset = end;
    }
    Ok(attributes)
}

/// Turns raw attributes into descriptions.
struct Reader<'a> {
    dictionary: &'a Dictionary,
    keys: hiding::Keys<'a>,
    attributes: Vec<AttributeDescription>,
}

impl Reader<'_> {
    fn read_all(&mut self, raw: &[RawAttribute<'_>]) {
        let mut rest = raw;
        while let Some(first) = rest.first() {
            let known = self.dictionary.by_number(0, u32::from(first.kind));
            let taken = match known.map(|known| (known.data_type, known.flags.concat)) {
                Some((_, true)) => self.read_joined(rest),
                Some((DataType::VendorSpecific, _)) => self.read_vendor_specific(first),
                Some((DataType::Extended, _)) => self.read_extended(first),
                Some((DataType::LongExtended, _)) => self.read_long_extended(rest),
                _ => {
                    let read = self.read_one(&[u32::from(first.kind)], first.offset, first.value);
                    self.attributes.push(read);
                    1
                }
            };
            rest = &rest[taken..];
        }
    }

    /// Attributes of one type next to each other that carry one value (EAP-Message). Returns how many.
    fn read_joined(&mut self, raw: &[RawAttribute<'_>]) -> usize {
        let count = raw.iter().take_while(|next| next.kind == raw[0].kind).count();
        let value = raw[..count].iter().flat_map(|part| part.value).copied().collect::<Vec<u8>>();
        let mut read = self.read_one(&[u32::from(raw[0].kind)], raw[0].offset, &value);
        read.fragments = (count > 1).then_some(count);
        self.attributes.push(read);
        count
    }

    /// A value at a path of numbers, whether the dictionary knows it or not.
    fn read_one(&self, oid: &[u32], offset: usize, octets: &[u8]) -> AttributeDescription {
        let known = self.dictionary.by_oid(oid);
        let mut read = self.unread(oid, known, offset, octets);
        let Some(known) = known else { return read };
        if known.data_type == DataType::Tlv {
            match self.children(&known.oid, offset, octets) {
                Ok(children) => (read.children, read.value, read.text) = (children, Value::Nothing, None),
                Err(reason) => read.invalid = Some(reason),
            }
            return read;
        }
        if let Err(reason) = self.read_value(known, octets, &mut read) {
            read.invalid = Some(reason);
        }
        read
    }

    /// Name and octets only.
    fn unread(&self, oid: &[u32], known: Option<&Attribute>, offset: usize, octets: &[u8]) -> AttributeDescription {
        let (name, vendor) = self.identity(oid, known);
        let number = oid.last().copied().unwrap_or(0);
        let simple = oid.len() == 1 || (oid[0] == 26 && oid.len() == 3);
        AttributeDescription {
            name,
            number,
            vendor,
            vendor_name: vendor.and_then(|vendor| self.dictionary.vendor(vendor)).map(|vendor| vendor.name.clone()),
            oid: (!simple).then(|| dotted(oid)),
            data_type: known.map_or("octets", |known| known.data_type.name()),
            tag: None,
            value: Value::octets(octets),
            value_name: None,
            text: value::printable(octets),
            decrypted: None,
            fragments: None,
            children: Vec::new(),
            raw: hex(octets),
            offset,
            invalid: None,
        }
    }

    fn identity(&self, oid: &[u32], known: Option<&Attribute>) -> (String, Option<u32>) {
        let (vendor, unknown) = match oid {
            [26, vendor, number] => (Some(*vendor), format!("Vendor-{vendor}-Attr-{number}")),
            [26, vendor, _, ..] | [241..=246, 26, vendor, _, ..] => (Some(*vendor), format!("Attr-{}", dotted(oid))),
            _ => (None, format!("Attr-{}", dotted(oid))),
        };
        (known.map_or(unknown, |known| known.name.clone()), vendor)
    }

    fn read_value(&self, known: &Attribute, octets: &[u8], read: &mut AttributeDescription) -> Result<(), String> {
        let (tag, octets) = value::take_tag(known, octets)?;
        read.tag = tag;
        let opened;
        let octets = match known.flags.encryption {
            Encryption::None => octets,
            encryption => {
                read.decrypted = Some(false);
                read.text = None;
                match self.keys.reveal(encryption, octets)? {
                    Some(plain) => opened = hiding::trimmed(plain, known.data_type),
                    None => return Ok(()),
                }
                read.decrypted = Some(true);
                read.value = Value::octets(&opened);
                opened.as_slice()
            }
        };
        let plain = value::read(known, octets).map_err(|reason| match read.decrypted {
            Some(_) => format!("decrypted, but {reason}: probably another shared secret"),
            None => reason,
        })?;
        read.text = value::in_words(known, octets, &plain);
        read.value_name = plain.number().and_then(|number| known.value_name(number)).map(str::to_string);
        read.value = plain;
        Ok(())
    }
}

fn dotted(oid: &[u32]) -> String {
    oid.iter().map(u32::to_string).collect::<Vec<_>>().join(".")
}

fn is_zero(count: &usize) -> bool {
    *count == 0
}

#[cfg(test)]
mod tests;
