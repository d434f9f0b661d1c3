//! Kinds of attribute values and the flags of an attribute: RFC 8044 §3, with the names that dictionaries use for them.

/// How the octets of a value are read. RFC 8044 §3; the names in brackets are the dictionary's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DataType {
    /// UTF-8 text (`string`, `text`).
    Text,
    /// Any octets (`octets`), of a fixed count when given (`octets[16]`).
    Octets(Option<u16>),
    /// Four octets, `ipaddr`.
    Ipv4Address,
    /// Sixteen octets, `ipv6addr`.
    Ipv6Address,
    /// IPv4 or IPv6 address by length, `combo-ip`.
    AnyAddress,
    /// Reserved octet, prefix length, four octets: `ipv4prefix`.
    Ipv4Prefix,
    /// Reserved octet, prefix length, up to sixteen octets: `ipv6prefix`.
    Ipv6Prefix,
    /// Eight octets, `ifid`.
    InterfaceId,
    /// Six octets, `ether`.
    Ethernet,
    /// One octet, `byte`.
    Byte,
    /// Two octets, `short`.
    Short,
    /// Four octets, `integer`, `enum`.
    Integer,
    /// Eight octets, `integer64`.
    Integer64,
    /// Four octets, two's complement, `signed`.
    Signed,
    /// Four octets, seconds since 1970 UTC, `date`, `time`.
    Date,
    /// Ascend's binary filter, kept as octets, `abinary`.
    AscendFilter,
    /// Contains attributes of one octet type and one octet length, `tlv`.
    Tlv,
    /// Vendor-Specific, `vsa`.
    VendorSpecific,
    /// RFC 6929 §2.1: one octet of extended type, then the value, `extended`.
    Extended,
    /// RFC 6929 §2.2: extended type, flags, then the value, possibly in several attributes, `long-extended`.
    LongExtended,
    /// RFC 6929 §2.4: vendor, one octet of type, then the value, `evs`.
    ExtendedVendorSpecific,
}

impl DataType {
    /// The type of that dictionary name: RFC 8044's, FreeRADIUS 3's or FreeRADIUS 4's. Where RFC 8044 and FreeRADIUS
    /// disagree (`string`), FreeRADIUS wins, because these files are in its syntax.
    pub fn from_name(name: &str) -> Option<DataType> {
        let name = name.to_ascii_lowercase();
        if let Some(count) = name.strip_prefix("octets[").and_then(|rest| rest.strip_suffix(']')) {
            return count.parse().ok().filter(|count| *count > 0).map(|count| DataType::Octets(Some(count)));
        }
        Some(match name.as_str() {
            "string" | "text" => DataType::Text,
            "octets" | "concat" => DataType::Octets(None),
            "ipaddr" | "ipv4addr" => DataType::Ipv4Address,
            "ipv6addr" => DataType::Ipv6Address,
            "combo-ip" => DataType::AnyAddress,
            "ipv4prefix" => DataType::Ipv4Prefix,
            "ipv6prefix" => DataType::Ipv6Prefix,
            "ifid" => DataType::InterfaceId,
            "ether" => DataType::Ethernet,
            "byte" | "uint8" | "bool" => DataType::Byte,
            "short" | "uint16" => DataType::Short,
            "integer" | "enum" | "uint32" | "time_delta" => DataType::Integer,
            "integer64" | "uint64" => DataType::Integer64,
            "signed" | "int32" => DataType::Signed,
            "date" | "time" => DataType::Date,
            "abinary" => DataType::AscendFilter,
            "tlv" => DataType::Tlv,
            "vsa" => DataType::VendorSpecific,
            "extended" => DataType::Extended,
            "long-extended" | "long_extended" => DataType::LongExtended,
            "evs" => DataType::ExtendedVendorSpecific,
            _ => return None,
        })
    }

    /// The dictionary's name of the type.
    pub fn name(self) -> &'static str {
        match self {
            DataType::Text => "string",
            DataType::Octets(_) => "octets",
            DataType::Ipv4Address => "ipaddr",
            DataType::Ipv6Address => "ipv6addr",
            DataType::AnyAddress => "combo-ip",
            DataType::Ipv4Prefix => "ipv4prefix",
            DataType::Ipv6Prefix => "ipv6prefix",
            DataType::InterfaceId => "ifid",
            DataType::Ethernet => "ether",
            DataType::Byte => "byte",
            DataType::Short => "short",
            DataType::Integer => "integer",
            DataType::Integer64 => "integer64",
            DataType::Signed => "signed",
            DataType::Date => "date",
            DataType::AscendFilter => "abinary",
            DataType::Tlv => "tlv",
            DataType::VendorSpecific => "vsa",
            DataType::Extended => "extended",
            DataType::LongExtended => "long-extended",
            DataType::ExtendedVendorSpecific => "evs",
        }
    }

    /// Largest number that the type holds, when it is an unsigned number that may have named values.
    pub fn largest_number(self) -> Option<u64> {
        match self {
            DataType::Byte => Some(u64::from(u8::MAX)),
            DataType::Short => Some(u64::from(u16::MAX)),
            DataType::Integer | DataType::Date => Some(u64::from(u32::MAX)),
            DataType::Integer64 => Some(u64::MAX),
            _ => None,
        }
    }

    /// Whether other attributes are inside.
    pub fn is_container(self) -> bool {
        use DataType::{Extended, ExtendedVendorSpecific, LongExtended, Tlv, VendorSpecific};
        matches!(self, Tlv | VendorSpecific | Extended | LongExtended | ExtendedVendorSpecific)
    }
}

/// How a value is hidden on the wire: the dictionary's `encrypt=` flag.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Encryption {
    /// Plain.
    #[default]
    None,
    /// `encrypt=1`: RFC 2865 §5.2, padded to blocks of 16 octets.
    UserPassword,
    /// `encrypt=2`: RFC 2868 §3.5 and RFC 2548 §2.4.2, with salt and an inner length.
    TunnelPassword,
    /// `encrypt=3`: Ascend-Send-Secret, one block.
    AscendSecret,
}

/// What a dictionary line says about an attribute beside its type.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Flags {
    /// The value starts with a tag octet, RFC 2868 §3.
    pub has_tag: bool,
    /// How the value is hidden.
    pub encryption: Encryption,
    /// Attributes of this type next to each other are one value, RFC 3579 §3.1.
    pub concat: bool,
    /// Each attribute holds several values of fixed length.
    pub array: bool,
}
