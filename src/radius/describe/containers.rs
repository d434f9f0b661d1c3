//! Attributes inside attributes: Vendor-Specific (RFC 2865 §5.26), extended types (RFC 6929 §2) and TLVs (RFC 6929 §2.3).

use super::{AttributeDescription, RawAttribute, Reader, Value};
use crate::radius::dictionary::{DataType, Vendor};

/// A part of a container: place from the container's first octet, number, value.
struct Part<'a> {
    place: usize,
    number: u32,
    value: &'a [u8],
    /// The vendor says that the value goes on in the next attribute (WiMAX).
    is_fragment: bool,
}

impl Reader<'_> {
    /// One type-26 attribute, which may hold several of its vendor. Returns 1: the attributes taken.
    pub(super) fn read_vendor_specific(&mut self, raw: &RawAttribute<'_>) -> usize {
        match self.vendor_parts(raw.value) {
            Err(reason) => {
                let vendor = raw.value.first_chunk::<4>().map(|octets| u32::from_be_bytes(*octets));
                let mut broken = self.broken(raw, reason);
                broken.vendor = vendor;
                broken.vendor_name = vendor.and_then(|vendor| self.dictionary.vendor(vendor)).map(|vendor| vendor.name.clone());
                self.attributes.push(broken);
            }
            Ok((vendor, parts)) => {
                for part in parts {
                    let oid = [26, vendor, part.number];
                    let offset = raw.offset + 2 + part.place;
                    let read = if part.is_fragment {
                        self.unread(&oid, self.dictionary.by_oid(&oid), offset, part.value)
                    } else {
                        self.read_one(&oid, offset, part.value)
                    };
                    self.attributes.push(read);
                }
            }
        }
        1
    }

    fn vendor_parts<'v>(&self, value: &'v [u8]) -> Result<(u32, Vec<Part<'v>>), String> {
        let Some((vendor, inside)) = value.split_first_chunk::<4>().filter(|(_, inside)| !inside.is_empty()) else {
            return Err(format!("{} octets are too few for a vendor and an attribute of it", value.len()));
        };
        let vendor = u32::from_be_bytes(*vendor);
        let format = self.dictionary.vendor(vendor).map_or((1, 1, false), format_of);
        let parts = split_inner(inside, format, 4)?;
        Ok((vendor, parts))
    }

    /// RFC 6929 §2.1. Returns 1: the attributes taken.
    pub(super) fn read_extended(&mut self, raw: &RawAttribute<'_>) -> usize {
        let read = match raw.value {
            [extended, value @ ..] if !value.is_empty() => {
                self.read_extended_value(raw, u32::from(*extended), value).unwrap_or_else(|reason| self.broken(raw, reason))
            }
            _ => self.broken(raw, format!("{} octets are too few for an extended type and a value", raw.value.len())),
        };
        self.attributes.push(read);
        1
    }

    /// RFC 6929 §2.2: fragments follow each other while the More flag is set. Returns the attributes taken.
    pub(super) fn read_long_extended(&mut self, rest: &[RawAttribute<'_>]) -> usize {
        let first = &rest[0];
        match joined(rest) {
            Ok((count, extended, value)) => {
                let read = self.read_extended_value(first, u32::from(extended), &value);
                let mut read = read.unwrap_or_else(|reason| self.broken(first, reason));
                read.fragments = (count > 1).then_some(count);
                self.attributes.push(read);
                count
            }
            Err((count, reason)) => {
                for part in &rest[..count] {
                    let broken = self.broken(part, reason.clone());
                    self.attributes.push(broken);
                }
                count
            }
        }
    }

    fn read_extended_value(&self, raw: &RawAttribute<'_>, extended: u32, value: &[u8]) -> Result<AttributeDescription, String> {
        let oid = [u32::from(raw.kind), extended];
        if self.dictionary.by_oid(&oid).map(|known| known.data_type) != Some(DataType::ExtendedVendorSpecific) {
            return Ok(self.read_one(&oid, raw.offset, value));
        }
        // RFC 6929 §2.4: vendor, one octet of type, at least one of value.
        match value.split_first_chunk::<4>() {
            Some((vendor, [number, value @ ..])) if !value.is_empty() => {
                let oid = [oid[0], oid[1], u32::from_be_bytes(*vendor), u32::from(*number)];
                Ok(self.read_one(&oid, raw.offset, value))
            }
            _ => Err(format!("{} octets are too few for a vendor, a type and a value", value.len())),
        }
    }

    /// Children of a TLV. The dictionary's depth bounds how deep this goes.
    pub(super) fn children(&self, oid: &[u32], offset: usize, octets: &[u8]) -> Result<Vec<AttributeDescription>, String> {
        let child = |part: Part<'_>| {
            let path = [oid, &[part.number]].concat();
            self.read_one(&path, offset + 2 + part.place, part.value)
        };
        Ok(split_inner(octets, (1, 1, false), 0)?.into_iter().map(child).collect())
    }

    /// An attribute whose inside cannot be read, as octets.
    fn broken(&self, raw: &RawAttribute<'_>, reason: String) -> AttributeDescription {
        let oid = [u32::from(raw.kind)];
        let mut broken = self.unread(&oid, self.dictionary.by_oid(&oid), raw.offset, raw.value);
        broken.value = Value::octets(raw.value);
        broken.invalid = Some(reason);
        broken
    }
}

fn format_of(vendor: &Vendor) -> (usize, usize, bool) {
    (usize::from(vendor.type_octets), usize::from(vendor.length_octets), vendor.continuation)
}

/// Splits a container. `(octets of type, octets of length, flags octet)`; `shift` is added to the places.
fn split_inner(octets: &[u8], format: (usize, usize, bool), shift: usize) -> Result<Vec<Part<'_>>, String> {
    let (type_octets, length_octets, has_flags) = format;
    let header = type_octets + length_octets + usize::from(has_flags);
    let mut parts = Vec::new();
    let mut place = 0;
    while place < octets.len() {
        let left = &octets[place..];
        if left.len() < header {
            return Err(format!("{} octets are left, less than an inner header of {header}", left.len()));
        }
        let number = big_endian(&left[..type_octets]);
        let length = if length_octets == 0 { left.len() } else { big_endian(&left[type_octets..type_octets + length_octets]) as usize };
        if length < header {
            return Err(format!("inner attribute {number} has length {length}, less than its header's {header}"));
        }
        let Some(value) = left.get(header..length) else {
            return Err(format!("inner attribute {number} has length {length}, but only {} octets are left", left.len()));
        };
        let is_fragment = has_flags && left[header - 1] & 0x80 != 0;
        parts.push(Part { place: place + shift, number, value, is_fragment });
        place += length;
    }
    if parts.is_empty() { Err("there is nothing inside".into()) } else { Ok(parts) }
}

fn big_endian(octets: &[u8]) -> u32 {
    octets.iter().fold(0, |number, octet| number << 8 | u32::from(*octet))
}

/// Joins fragments: how many, their extended type, the value. On error: how many belong to the failure, and why.
fn joined(rest: &[RawAttribute<'_>]) -> Result<(usize, u8, Vec<u8>), (usize, String)> {
    let mut value = Vec::new();
    let mut extended = None;
    for (index, part) in rest.iter().enumerate() {
        let continues = index == 0 || (part.kind == rest[0].kind && part.value.first() == extended.as_ref());
        if !continues {
            return Err((index, "the More flag is set, but no further fragment follows".into()));
        }
        let [kind, flags, octets @ ..] = part.value else {
            return Err((index + 1, "too short for an extended type, flags and a value".into()));
        };
        if octets.is_empty() {
            return Err((index + 1, "too short for an extended type, flags and a value".into()));
        }
        extended = Some(*kind);
        value.extend_from_slice(octets);
        if flags & 0x80 == 0 {
            return Ok((index + 1, *kind, value));
        }
        if part.value.len() != 253 {
            return Err((index + 1, "the More flag is set in an attribute shorter than 255 octets".into()));
        }
    }
    Err((rest.len(), "the More flag is set, but no further fragment follows".into()))
}
