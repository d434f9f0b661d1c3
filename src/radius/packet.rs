//! Reading a packet where it lies: one pass over the attributes, no allocation, borrowed values.

use super::{HEADER_OCTETS, MAX_PACKET_OCTETS};

/// More attributes than this make a packet suspect; FreeRADIUS caps at the same number.
const MAX_ATTRIBUTES: usize = 200;
const VENDOR_SPECIFIC: u8 = 26;
const MESSAGE_AUTHENTICATOR: u8 = 80;

/// Why a datagram is no RADIUS packet; such datagrams are discarded without an answer (RFC 2865 section 3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Malformed {
    /// Fewer octets than a header.
    #[error("{0} octets are fewer than the header's 20")]
    Short(usize),
    /// The length field is below 20.
    #[error("octet 2: the length field says {0}, less than the header's 20")]
    LengthTooSmall(u16),
    /// The length field is beyond what arrived.
    #[error("octet 2: the length field says {length}, but only {arrived} octets arrived")]
    LengthBeyondDatagram {
        /// What the field says.
        length: u16,
        /// What arrived.
        arrived: usize,
    },
    /// More than 4096 octets.
    #[error("octet 2: longer than 4096 octets")]
    TooLong,
    /// An attribute of type 0.
    #[error("octet {0}: an attribute of type 0")]
    TypeZero(usize),
    /// An attribute's length is 0 or 1, or only its type fits.
    #[error("octet {0}: the attribute's length is below 2")]
    AttributeLength(usize),
    /// An attribute ends beyond the packet.
    #[error("octet {0}: the attribute runs past the end of the packet")]
    AttributeOverrun(usize),
    /// More than 200 attributes.
    #[error("octet {0}: more than 200 attributes")]
    TooManyAttributes(usize),
    /// Two Message-Authenticators, or one that is not 16 octets long (RFC 3579 section 3.2).
    #[error("octet {0}: a second Message-Authenticator, or one that is not 16 octets long")]
    MessageAuthenticator(usize),
}

/// One attribute: its type, its value, and where its value begins in the packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Attribute<'a> {
    /// Attribute type.
    pub kind: u8,
    /// Value, at most 253 octets.
    pub value: &'a [u8],
    /// Offset of the value in the packet.
    pub offset: usize,
}

/// A well-formed packet, borrowed.
#[derive(Clone)]
pub struct PacketView<'a> {
    bytes: &'a [u8],
    /// Offset of the first attribute of each type; 0 = none.
    first: [u16; 256],
}

impl<'a> PacketView<'a> {
    /// Checks and indexes a datagram. Octets beyond the length field are padding and ignored.
    pub fn parse(datagram: &'a [u8]) -> Result<PacketView<'a>, Malformed> {
        if datagram.len() < HEADER_OCTETS {
            return Err(Malformed::Short(datagram.len()));
        }
        if datagram.len() > MAX_PACKET_OCTETS {
            return Err(Malformed::TooLong);
        }
        let length = u16::from_be_bytes([datagram[2], datagram[3]]);
        if usize::from(length) < HEADER_OCTETS {
            return Err(Malformed::LengthTooSmall(length));
        }
        let Some(bytes) = datagram.get(..usize::from(length)) else {
            return Err(Malformed::LengthBeyondDatagram { length, arrived: datagram.len() });
        };
        let mut first = [0u16; 256];
        let mut at = HEADER_OCTETS;
        let mut count = 0;
        while at < bytes.len() {
            let kind = bytes[at];
            if kind == 0 {
                return Err(Malformed::TypeZero(at));
            }
            let octets = bytes.get(at + 1).map_or(0, |l| usize::from(*l));
            if octets < 2 {
                return Err(Malformed::AttributeLength(at));
            }
            if at + octets > bytes.len() {
                return Err(Malformed::AttributeOverrun(at));
            }
            count += 1;
            if count > MAX_ATTRIBUTES {
                return Err(Malformed::TooManyAttributes(at));
            }
            let slot = &mut first[usize::from(kind)];
            if kind == MESSAGE_AUTHENTICATOR && (*slot != 0 || octets != 18) {
                return Err(Malformed::MessageAuthenticator(at));
            }
            if *slot == 0 {
                *slot = at as u16;
            }
            at += octets;
        }
        Ok(PacketView { bytes, first })
    }

    /// The packet's octets, without padding.
    pub fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// Packet code.
    pub fn code(&self) -> u8 {
        self.bytes[0]
    }

    /// Identifier.
    pub fn id(&self) -> u8 {
        self.bytes[1]
    }

    /// Request (or response) authenticator.
    pub fn authenticator(&self) -> &'a [u8; 16] {
        self.bytes[4..20].try_into().expect("parse checked the header")
    }

    /// Whether an attribute of this type is present.
    pub fn has(&self, kind: u8) -> bool {
        self.first[usize::from(kind)] != 0
    }

    /// Value of the first attribute of a type.
    pub fn get(&self, kind: u8) -> Option<&'a [u8]> {
        self.first_of(kind).map(|a| a.value)
    }

    /// The first attribute of a type, with its place.
    pub fn first_of(&self, kind: u8) -> Option<Attribute<'a>> {
        match self.first[usize::from(kind)] {
            0 => None,
            at => Some(self.attribute_at(usize::from(at))),
        }
    }

    /// A 32-bit number; an attribute of another size is invalid and counts as absent (RFC 6929 section 2.8).
    pub fn get_u32(&self, kind: u8) -> Option<u32> {
        self.get(kind).and_then(|v| <[u8; 4]>::try_from(v).ok()).map(u32::from_be_bytes)
    }

    /// An IPv4 address; an attribute of another size counts as absent.
    pub fn get_ipv4(&self, kind: u8) -> Option<std::net::Ipv4Addr> {
        self.get_u32(kind).map(std::net::Ipv4Addr::from)
    }

    /// All attributes in their order.
    pub fn attributes(&self) -> impl Iterator<Item = Attribute<'a>> + '_ {
        self.attributes_after(HEADER_OCTETS)
    }

    /// All attributes of a type, in their order.
    pub fn all(&self, kind: u8) -> impl Iterator<Item = Attribute<'a>> + '_ {
        let start = match self.first[usize::from(kind)] {
            0 => self.bytes.len(),
            at => usize::from(at),
        };
        self.attributes_after(start).filter(move |a| a.kind == kind)
    }

    /// Sub-attributes of a vendor, over all Vendor-Specific attributes, several in one included. Inner lengths that do not fit end that one attribute
    /// (it stays raw, RFC 6929 section 2.8); the packet lives.
    pub fn vendor(&self, vendor: u32) -> impl Iterator<Item = Attribute<'a>> + '_ {
        self.all(VENDOR_SPECIFIC).filter(move |a| a.value.len() > 6 && a.value[..4] == vendor.to_be_bytes()).flat_map(|a| VendorParts {
            value: a.value,
            at: 4,
            base: a.offset,
        })
    }

    /// Value of a vendor's first sub-attribute of a type.
    pub fn vendor_get(&self, vendor: u32, kind: u8) -> Option<&'a [u8]> {
        if !self.has(VENDOR_SPECIFIC) {
            return None;
        }
        self.vendor(vendor).find(|a| a.kind == kind).map(|a| a.value)
    }

    fn attributes_after(&self, start: usize) -> impl Iterator<Item = Attribute<'a>> + '_ {
        let mut at = start;
        std::iter::from_fn(move || {
            (at < self.bytes.len()).then(|| {
                let attribute = self.attribute_at(at);
                at += usize::from(self.bytes[at + 1]);
                attribute
            })
        })
    }

    fn attribute_at(&self, at: usize) -> Attribute<'a> {
        let octets = usize::from(self.bytes[at + 1]);
        Attribute { kind: self.bytes[at], value: &self.bytes[at + 2..at + octets], offset: at + 2 }
    }
}

/// Walks the type-length-value triples inside one Vendor-Specific attribute.
struct VendorParts<'a> {
    value: &'a [u8],
    at: usize,
    base: usize,
}

impl<'a> Iterator for VendorParts<'a> {
    type Item = Attribute<'a>;
    fn next(&mut self) -> Option<Attribute<'a>> {
        let rest = self.value.get(self.at..)?;
        let (&[kind, octets], _) = rest.split_first_chunk::<2>()?;
        let value = rest.get(2..usize::from(octets)).filter(|_| octets >= 2)?;
        let offset = self.base + self.at + 2;
        self.at += usize::from(octets);
        Some(Attribute { kind, value, offset })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn packet(attributes: &[u8]) -> Vec<u8> {
        let mut bytes = vec![1, 7, 0, 0];
        bytes.extend([9; 16]);
        bytes.extend(attributes);
        let length = (bytes.len() as u16).to_be_bytes();
        bytes[2..4].copy_from_slice(&length);
        bytes
    }

    #[test]
    fn repeats_keep_their_order_and_padding_is_ignored() {
        let mut bytes = packet(&[33, 3, 1, 1, 3, b'a', 33, 3, 2, 33, 2]);
        bytes.extend([0xff; 5]);
        let view = PacketView::parse(&bytes).expect("well formed");
        assert_eq!(view.bytes().len(), bytes.len() - 5);
        assert_eq!(view.all(33).map(|a| a.value.to_vec()).collect::<Vec<_>>(), [vec![1], vec![2], vec![]]);
        assert_eq!(view.get(1), Some(&b"a"[..]));
        assert_eq!(view.get(2), None);
        assert_eq!(view.attributes().count(), 4);
    }

    #[test]
    fn vendor_attributes_are_found_packed_or_split_and_bad_ones_stay_raw() {
        let view_of = |attributes: &[u8]| packet(attributes);
        let packed = view_of(&[26, 12, 0, 0, 1, 55, 11, 3, 5, 25, 3, 6]);
        let view = PacketView::parse(&packed).expect("well formed");
        assert_eq!(view.vendor_get(311, 11), Some(&[5][..]));
        assert_eq!(view.vendor_get(311, 25), Some(&[6][..]));
        let split = view_of(&[26, 4, 0, 0, 26, 9, 0, 0, 1, 55, 11, 9, 5, 26, 9, 0, 0, 1, 55, 11, 3, 8]);
        let view = PacketView::parse(&split).expect("well formed");
        assert_eq!(view.vendor(311).map(|a| a.value.to_vec()).collect::<Vec<_>>(), [vec![8]]);
        let zero = view_of(&[26, 8, 0, 0, 1, 55, 11, 0]);
        assert_eq!(PacketView::parse(&zero).expect("well formed").vendor(311).count(), 0);
    }

    #[test]
    fn each_malformation_is_named() {
        let mut long = packet(&[]);
        long[2..4].copy_from_slice(&400u16.to_be_bytes());
        let mut small = packet(&[]);
        small[3] = 19;
        let ma = |n: u8| [&[80u8, n][..], &vec![0; usize::from(n) - 2][..]].concat();
        for (bytes, wanted) in [
            (vec![1, 2, 3], Malformed::Short(3)),
            (small, Malformed::LengthTooSmall(19)),
            (long, Malformed::LengthBeyondDatagram { length: 400, arrived: 20 }),
            (vec![1; 4097], Malformed::TooLong),
            (packet(&[0, 3, 1]), Malformed::TypeZero(20)),
            (packet(&[1, 0]), Malformed::AttributeLength(20)),
            (packet(&[1, 1]), Malformed::AttributeLength(20)),
            (packet(&[1, 3, 1, 1]), Malformed::AttributeLength(23)),
            (packet(&[1, 9, 1]), Malformed::AttributeOverrun(20)),
            (packet(&[1, 3, 1].repeat(201)), Malformed::TooManyAttributes(620)),
            (packet(&[ma(18), ma(18)].concat()), Malformed::MessageAuthenticator(38)),
            (packet(&ma(17)), Malformed::MessageAuthenticator(20)),
        ] {
            assert_eq!(PacketView::parse(&bytes).err(), Some(wanted));
        }
        let rows = packet(&[1, 3, 1].repeat(200));
        assert!(PacketView::parse(&rows).is_ok());
    }

    proptest! {
        #[test]
        fn any_octets_are_read_or_refused_and_what_we_read_the_radius_crate_reads(mut bytes in proptest::collection::vec(any::<u8>(), 0..300), fix in any::<bool>()) {
            if fix && bytes.len() >= 20 {
                let length = (bytes.len() as u16).to_be_bytes();
                bytes[2..4].copy_from_slice(&length);
            }
            if let Ok(view) = PacketView::parse(&bytes) {
                let ours: Vec<_> = view.attributes().map(|a| (a.kind, a.value.to_vec())).collect();
                let total: usize = ours.iter().map(|(_, v)| v.len() + 2).sum();
                prop_assert_eq!(total + 20, view.bytes().len());
                view.vendor(311).for_each(drop);
                if let Ok(theirs) = ::radius::core::packet::Packet::decode(view.bytes(), b"s") {
                    for (kind, _) in &ours {
                        let mine: Vec<_> = view.all(*kind).map(|a| a.value.to_vec()).collect();
                        let found: Vec<_> = theirs.lookup_all(*kind).iter().map(|a| a.encode_bytes()).collect();
                        prop_assert_eq!(mine, found);
                    }
                }
            }
        }
    }
}
