//! One customer in memory: fixed fields and one octet string for everything of varying length.

use std::net::Ipv4Addr;

use crate::aaa::decide::HoldFact;
use crate::units::Mac;

/// What the store says of a customer, as the loader passes it in.
#[derive(Debug, Clone, Default)]
pub struct CustomerFields<'a> {
    /// Id.
    pub id: i64,
    /// Tenant.
    pub tenant_id: i64,
    /// Owner account.
    pub owner_id: i64,
    /// Package.
    pub package_id: i64,
    /// Unix ms; `i64::MAX` = never.
    pub expires_at: i64,
    /// 0 none, 1 suspended, 2 disabled.
    pub hold: u8,
    /// Whether a device of his may log in by its address alone (hotspot, dhcp, static, other).
    pub device_login: bool,
    /// 0 = any number.
    pub sessions_allowed: u16,
    /// Fixed address.
    pub static_ipv4: Option<Ipv4Addr>,
    /// As he writes it.
    pub username: &'a [u8],
    /// In clear.
    pub password: &'a [u8],
    /// Devices; empty = any.
    pub macs: &'a [Mac],
    /// Pool of his own.
    pub framed_pool: &'a [u8],
    /// Further reply attributes (IPv6 prefixes and those an administrator wrote), encoded with their operators (see `radius/merge`).
    pub attributes: &'a [u8],
    /// Whether `Bob` is not `bob` in his tenant.
    pub case_sensitive: bool,
    /// Whether he has terms of his own (see [`super::super::TermsTable`]).
    pub has_terms: bool,
    /// Whether he has left.
    pub is_closed: bool,
}

/// One customer; 48 octets and one allocation.
#[derive(Debug)]
pub struct Customer {
    /// Id.
    pub id: i64,
    /// Unix ms; `i64::MAX` = never.
    pub expires_at: i64,
    /// Tenant.
    pub tenant_id: i64,
    /// Owner account.
    pub owner_id: i64,
    /// Package.
    pub package_id: i64,
    static_ipv4: u32,
    /// 0 = any number.
    pub sessions_allowed: u16,
    flags: u8,
    blob: Box<[u8]>,
}

const HOLD_MASK: u8 = 3;
const DEVICE_LOGIN: u8 = 4;
const CASE_SENSITIVE: u8 = 8;
const HAS_TERMS: u8 = 16;
const IS_CLOSED: u8 = 32;

impl Customer {
    pub(super) fn new(fields: &CustomerFields<'_>) -> Customer {
        let mut blob = Vec::with_capacity(
            8 + fields.username.len() + fields.password.len() + fields.macs.len() * 6 + fields.framed_pool.len() + fields.attributes.len(),
        );
        for part in [fields.username, fields.password, fields.framed_pool] {
            let part = &part[..part.len().min(255)];
            blob.push(part.len() as u8);
            blob.extend_from_slice(part);
        }
        let macs = &fields.macs[..fields.macs.len().min(255)];
        blob.push(macs.len() as u8);
        macs.iter().for_each(|m| blob.extend_from_slice(&m.0));
        blob.extend_from_slice(fields.attributes);
        Customer {
            id: fields.id,
            expires_at: fields.expires_at,
            tenant_id: fields.tenant_id,
            owner_id: fields.owner_id,
            package_id: fields.package_id,
            static_ipv4: fields.static_ipv4.map_or(0, u32::from),
            sessions_allowed: fields.sessions_allowed,
            flags: fields.hold & HOLD_MASK
                | if fields.device_login { DEVICE_LOGIN } else { 0 }
                | if fields.case_sensitive { CASE_SENSITIVE } else { 0 }
                | if fields.has_terms { HAS_TERMS } else { 0 }
                | if fields.is_closed { IS_CLOSED } else { 0 },
            blob: blob.into_boxed_slice(),
        }
    }

    /// The parts of the blob: three strings with a length octet, the MACs, the rest.
    fn part(&self, index: usize) -> &[u8] {
        let mut rest = &self.blob[..];
        for _ in 0..index {
            rest = &rest[1 + usize::from(rest[0])..];
        }
        &rest[1..1 + usize::from(rest[0])]
    }

    fn after_strings(&self) -> &[u8] {
        (0..3).fold(&self.blob[..], |rest, _| &rest[1 + usize::from(rest[0])..])
    }

    /// As he writes it.
    pub fn username(&self) -> &[u8] {
        self.part(0)
    }

    /// In clear.
    pub fn password(&self) -> &[u8] {
        self.part(1)
    }

    /// Pool of his own; empty = the package's.
    pub fn framed_pool(&self) -> &[u8] {
        self.part(2)
    }

    /// His devices; none = any.
    pub fn macs(&self) -> impl Iterator<Item = Mac> + Clone + '_ {
        let rest = self.after_strings();
        rest[1..1 + usize::from(rest[0]) * 6].chunks_exact(6).map(|m| Mac([m[0], m[1], m[2], m[3], m[4], m[5]]))
    }

    /// Further reply attributes, encoded with their operators (see `radius/merge`).
    pub fn attributes(&self) -> &[u8] {
        let rest = self.after_strings();
        &rest[1 + usize::from(rest[0]) * 6..]
    }

    /// Fixed address.
    pub fn static_ipv4(&self) -> Option<Ipv4Addr> {
        (self.static_ipv4 != 0).then(|| Ipv4Addr::from(self.static_ipv4))
    }

    /// Staff's hold.
    pub fn hold(&self) -> HoldFact {
        match self.flags & HOLD_MASK {
            0 => HoldFact::None,
            1 => HoldFact::Suspended,
            _ => HoldFact::Disabled,
        }
    }

    /// Whether his devices may log in by their address alone.
    pub fn device_login(&self) -> bool {
        self.flags & DEVICE_LOGIN != 0
    }

    /// Whether he has terms of his own.
    pub fn has_terms(&self) -> bool {
        self.flags & HAS_TERMS != 0
    }

    /// Whether he has left.
    pub fn is_closed(&self) -> bool {
        self.flags & IS_CLOSED != 0
    }

    /// Whether this is a spelling of his name in his tenant.
    pub(super) fn has_name(&self, tenant_id: i64, name: &[u8]) -> bool {
        self.tenant_id == tenant_id
            && match Mac::parse(name) {
                Some(device) => Mac::parse(self.username()) == Some(device),
                None if self.flags & CASE_SENSITIVE != 0 => self.username() == name,
                None => same_folded(self.username(), name),
            }
    }

    /// The customer as fields again, for the snapshot.
    pub fn fields<'a>(&'a self, macs: &'a mut Vec<Mac>) -> CustomerFields<'a> {
        macs.clear();
        macs.extend(self.macs());
        CustomerFields {
            id: self.id,
            tenant_id: self.tenant_id,
            owner_id: self.owner_id,
            package_id: self.package_id,
            expires_at: self.expires_at,
            hold: self.flags & HOLD_MASK,
            device_login: self.device_login(),
            sessions_allowed: self.sessions_allowed,
            static_ipv4: self.static_ipv4(),
            username: self.username(),
            password: self.password(),
            macs,
            framed_pool: self.framed_pool(),
            attributes: self.attributes(),
            case_sensitive: self.flags & CASE_SENSITIVE != 0,
            has_terms: self.has_terms(),
            is_closed: self.is_closed(),
        }
    }
}

/// Whether two names are the same when the case of letters does not count; beyond ASCII by full lower-casing.
fn same_folded(a: &[u8], b: &[u8]) -> bool {
    if a.is_ascii() || b.is_ascii() {
        return a.eq_ignore_ascii_case(b);
    }
    folded(a).eq(folded(b))
}

/// Lower case, letter by letter, as the keys of the customers room are folded.
pub(super) fn folded(name: &[u8]) -> impl Iterator<Item = char> + '_ {
    std::str::from_utf8(name).unwrap_or_default().chars().flat_map(char::to_lowercase)
}
