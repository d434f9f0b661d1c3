//! What a definition does to what is already known. Within one layer a contradiction is an error; a later layer (the
//! administrator's files) replaces what an earlier one (the embedded files) said.

use super::statement::Format;
use super::{Attribute, DataType, Dictionary, Flags, VENDOR_SPECIFIC, ValueNumber, Vendor};
use std::collections::{BTreeMap, HashMap};

/// Most attributes that a dictionary may have: FreeRADIUS's complete set has about 12,000.
const MOST_ATTRIBUTES: usize = 100_000;
/// Longest path of numbers: vendor, extended type and five levels of TLV.
const LONGEST_OID: usize = 8;

impl Dictionary {
    /// Takes in an attribute, or another name of one.
    pub(super) fn define(&mut self, name: &str, oid: Vec<u32>, data_type: DataType, flags: Flags, layer: u8) -> Result<(), String> {
        self.check_place(&oid)?;
        let key = name.to_ascii_lowercase();
        let named = self.by_name.get(&key).copied();
        let placed = self.by_oid.get(&oid).copied();
        if let Some(index) = named
            && placed != Some(index)
        {
            let known = &self.attributes[index];
            if known.layer == layer {
                return Err(format!("{name} is already attribute {}", dotted(&known.oid)));
            }
            self.forget_name(index, &key);
        }
        match placed {
            Some(index) => self.refine(index, data_type, flags, layer)?,
            None if self.attributes.len() >= MOST_ATTRIBUTES => return Err(format!("more than {MOST_ATTRIBUTES} attributes")),
            None => {
                let (names_of_values, numbers_of_values) = (BTreeMap::new(), HashMap::new());
                self.by_oid.insert(oid.clone(), self.attributes.len());
                self.attributes.push(Attribute {
                    name: name.to_string(),
                    oid,
                    data_type,
                    flags,
                    names_of_values,
                    numbers_of_values,
                    layer,
                });
            }
        }
        let index = placed.unwrap_or(self.attributes.len() - 1);
        self.by_name.insert(key, index);
        Ok(())
    }

    /// An attribute is defined once more: the same again is fine, a later layer may change it.
    fn refine(&mut self, index: usize, data_type: DataType, flags: Flags, layer: u8) -> Result<(), String> {
        let known = &mut self.attributes[index];
        if (known.data_type, known.flags) != (data_type, flags) {
            if known.layer == layer {
                let what = known.data_type.name();
                return Err(format!(
                    "attribute {} is already {} ({what}), with another type or other flags",
                    dotted(&known.oid),
                    known.name
                ));
            }
            known.data_type = data_type;
            known.flags = flags;
        }
        known.layer = layer;
        Ok(())
    }

    /// A later layer gives a name to another attribute. An attribute that loses the name it is printed by goes altogether.
    fn forget_name(&mut self, index: usize, key: &str) {
        self.by_name.remove(key);
        if self.attributes[index].name.eq_ignore_ascii_case(key) {
            self.by_oid.remove(&self.attributes[index].oid);
            self.by_name.retain(|_, other| *other != index);
        }
    }

    /// Another name of an attribute that is known.
    pub(super) fn define_alias(&mut self, name: &str, target: &str, layer: u8) -> Result<(), String> {
        let index = self.by_name.get(&target.to_ascii_lowercase()).copied().ok_or_else(|| format!("unknown attribute {target}"))?;
        let key = name.to_ascii_lowercase();
        if let Some(&named) = self.by_name.get(&key)
            && named != index
        {
            let known = &self.attributes[named];
            if known.layer == layer {
                return Err(format!("{name} is already attribute {}", dotted(&known.oid)));
            }
            self.forget_name(named, &key);
        }
        self.by_name.insert(key, index);
        Ok(())
    }

    /// A named value of an attribute that is known.
    pub(super) fn define_value(&mut self, attribute: &str, name: &str, number: u64, layer: u8) -> Result<(), String> {
        let index = self.by_name.get(&attribute.to_ascii_lowercase()).copied().ok_or_else(|| format!("unknown attribute {attribute}"))?;
        let known = &mut self.attributes[index];
        let largest = known.data_type.largest_number();
        let largest = largest.ok_or_else(|| format!("{} is {}: only numbers have named values", known.name, known.data_type.name()))?;
        if number > largest {
            return Err(format!("{number} does not fit {}, which is {}", known.name, known.data_type.name()));
        }
        let key = name.to_ascii_lowercase();
        if let Some(old) = known.numbers_of_values.insert(key, ValueNumber { number, layer })
            && old.number != number
        {
            if old.layer == layer {
                return Err(format!("{name} is already {} of {}", old.number, known.name));
            }
            if known.names_of_values.get(&old.number).is_some_and(|printed| printed.eq_ignore_ascii_case(name)) {
                known.names_of_values.remove(&old.number);
            }
        }
        known.names_of_values.entry(number).or_insert_with(|| name.to_string());
        Ok(())
    }

    /// A vendor, or another name of one.
    pub(super) fn define_vendor(&mut self, name: &str, number: u32, format: Format, layer: u8) -> Result<(), String> {
        let key = name.to_ascii_lowercase();
        if let Some(other) = self.vendor_by_name(name)
            && other.number != number
            && other.layer == layer
        {
            return Err(format!("vendor {name} already has the number {}", other.number));
        }
        let Format { type_octets, length_octets, continuation } = format;
        let fresh = Vendor { name: name.to_string(), number, type_octets, length_octets, continuation, layer };
        let known = self.vendors.entry(number).or_insert_with(|| fresh.clone());
        let same_format = (known.type_octets, known.length_octets, known.continuation) == (type_octets, length_octets, continuation);
        if !same_format && known.layer == layer {
            return Err(format!("vendor {number} is already {} with another format", known.name));
        }
        *known = Vendor { name: std::mem::take(&mut known.name), ..fresh };
        self.vendors_by_name.insert(key, number);
        Ok(())
    }

    /// Whether an attribute may stand at that path: its parents are known and can contain it, and the number fits.
    fn check_place(&self, oid: &[u32]) -> Result<(), String> {
        let Some((&number, parents)) = oid.split_last() else { return Err("no number".into()) };
        if oid.len() > LONGEST_OID {
            return Err(format!("{} is nested deeper than {LONGEST_OID} numbers", dotted(oid)));
        }
        let most = match parents {
            // Above 255 are attributes that a server uses inside itself; they have a name but no place in a packet.
            [] => u32::MAX,
            [VENDOR_SPECIFIC, vendor] => self.largest_type(*vendor)?,
            [outer, VENDOR_SPECIFIC, vendor] if self.type_at(&[*outer, VENDOR_SPECIFIC]) == Some(DataType::ExtendedVendorSpecific) => {
                self.largest_type(*vendor)?.min(255)
            }
            _ => match self.type_at(parents) {
                Some(DataType::Tlv | DataType::Extended | DataType::LongExtended) => 255,
                Some(other) => return Err(format!("attribute {} is {} and contains no others", dotted(parents), other.name())),
                None => return Err(format!("attribute {} is not defined", dotted(parents))),
            },
        };
        if number > most || (number == 0 && parents.is_empty()) {
            return Err(format!("{number} is out of range, at most {most} is possible here"));
        }
        Ok(())
    }

    fn type_at(&self, oid: &[u32]) -> Option<DataType> {
        self.by_oid(oid).map(|attribute| attribute.data_type)
    }

    fn largest_type(&self, vendor: u32) -> Result<u32, String> {
        let vendor = self.vendor(vendor).ok_or_else(|| format!("vendor {vendor} is not defined"))?;
        Ok(u32::MAX >> (32 - 8 * u32::from(vendor.type_octets)))
    }
}

/// `241.26.9.1`
fn dotted(oid: &[u32]) -> String {
    oid.iter().map(u32::to_string).collect::<Vec<_>>().join(".")
}
