//! Names, numbers and types of attributes, read from FreeRADIUS-syntax files.
//!
//! [`Dictionary::embedded`] is what is compiled in (`dictionaries/`); [`Dictionary::load_folder`] lays an administrator's
//! files over it. `load` reads files, `statement` reads one line of them, `define` decides what a definition does to what
//! is already known; [`numbers`] has the constants that the code names. Must not know: packets.

mod data_type;
mod define;
mod load;
pub mod numbers;
mod statement;

pub use data_type::{DataType, Encryption, Flags};
use std::collections::{BTreeMap, HashMap};

/// Type of the attribute that carries other vendors' attributes, RFC 2865 §5.26.
const VENDOR_SPECIFIC: u32 = 26;

/// A dictionary file that cannot be used: which, where and why. `line` counts from 1; 0 means the file as a whole.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{file}:{line}: {reason}")]
pub struct DictionaryError {
    /// Path as it was opened, or the name of an embedded file.
    pub file: String,
    /// Line, from 1; 0 when the file could not be read at all.
    pub line: usize,
    /// What is wrong, in words for an administrator.
    pub reason: String,
}

/// One attribute. Its place on the wire is its `oid`: `[1]` for User-Name, `[26, 14988, 8]` for a vendor's attribute,
/// `[241, 4]` for an extended one (RFC 6929), `[241, 26, 9, 1]` for an extended vendor's; children of a TLV add numbers.
#[derive(Debug, Clone)]
pub struct Attribute {
    /// The name that is printed: the first that the dictionary gives.
    pub name: String,
    /// Numbers from the outermost attribute type inwards.
    pub oid: Vec<u32>,
    /// How its octets are read.
    pub data_type: DataType,
    /// Tag, encryption, concatenation.
    pub flags: Flags,
    names_of_values: BTreeMap<u64, String>,
    numbers_of_values: HashMap<String, ValueNumber>,
    layer: u8,
}

#[derive(Debug, Clone, Copy)]
struct ValueNumber {
    number: u64,
    layer: u8,
}

impl Attribute {
    /// Innermost number: what stands in the type octet next to the value.
    pub fn number(&self) -> u32 {
        self.oid.last().copied().unwrap_or(0)
    }

    /// The vendor whose space the attribute lives in, 0 for the standard space.
    pub fn vendor(&self) -> u32 {
        match self.oid.as_slice() {
            [VENDOR_SPECIFIC, vendor, _, ..] => *vendor,
            [241..=246, VENDOR_SPECIFIC, vendor, _, ..] => *vendor,
            _ => 0,
        }
    }

    /// Name of a value, the first that the dictionary gives.
    pub fn value_name(&self, number: u64) -> Option<&str> {
        self.names_of_values.get(&number).map(String::as_str)
    }

    /// Number of a named value; letter case does not matter.
    pub fn value_number(&self, name: &str) -> Option<u64> {
        self.numbers_of_values.get(&name.to_ascii_lowercase()).map(|value| value.number)
    }

    /// All values by number with the name that is printed.
    pub fn values(&self) -> impl Iterator<Item = (u64, &str)> {
        self.names_of_values.iter().map(|(number, name)| (*number, name.as_str()))
    }
}

/// A vendor and how it packs its attributes into Vendor-Specific (RFC 2865 §5.26 recommends one octet each for type and length).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Vendor {
    /// The name that is printed.
    pub name: String,
    /// Private enterprise number (IANA).
    pub number: u32,
    /// Octets of the type field: 1, 2 or 4.
    pub type_octets: u8,
    /// Octets of the length field: 0, 1 or 2. With 0 the value takes the rest.
    pub length_octets: u8,
    /// An octet of flags follows the length (WiMAX).
    pub continuation: bool,
    layer: u8,
}

/// All attributes, values and vendors. Cheap to look up in, meant to be built once and shared.
#[derive(Debug, Clone, Default)]
pub struct Dictionary {
    attributes: Vec<Attribute>,
    by_name: HashMap<String, usize>,
    by_oid: HashMap<Vec<u32>, usize>,
    vendors: HashMap<u32, Vendor>,
    vendors_by_name: HashMap<String, u32>,
}

impl Dictionary {
    /// Looks an attribute up by any of its names; letter case does not matter.
    pub fn by_name(&self, name: &str) -> Option<&Attribute> {
        self.by_name.get(&name.to_ascii_lowercase()).map(|&index| &self.attributes[index])
    }

    /// Looks an attribute up by vendor (0: standard) and type.
    pub fn by_number(&self, vendor: u32, number: u32) -> Option<&Attribute> {
        if vendor == 0 { self.by_oid(&[number]) } else { self.by_oid(&[VENDOR_SPECIFIC, vendor, number]) }
    }

    /// Looks an attribute up by its full path, see [`Attribute::oid`].
    pub fn by_oid(&self, oid: &[u32]) -> Option<&Attribute> {
        self.by_oid.get(oid).map(|&index| &self.attributes[index])
    }

    /// Looks a vendor up by its private enterprise number.
    pub fn vendor(&self, number: u32) -> Option<&Vendor> {
        self.vendors.get(&number)
    }

    /// Looks a vendor up by name; letter case does not matter.
    pub fn vendor_by_name(&self, name: &str) -> Option<&Vendor> {
        self.vendors_by_name.get(&name.to_ascii_lowercase()).and_then(|number| self.vendors.get(number))
    }

    /// All attributes in the order of their definition.
    pub fn attributes(&self) -> impl Iterator<Item = &Attribute> {
        let reachable = |index: &usize| self.by_oid.get(&self.attributes[*index].oid) == Some(index);
        (0..self.attributes.len()).filter(reachable).map(|index| &self.attributes[index])
    }
}

#[cfg(test)]
mod tests;
