//! RADIUS packets for tests: requests built attribute by attribute, replies checked (RFC 2865 §3, RFC 2866 §3, RFC 3579 §3.2).

use hmac::{Hmac, KeyInit, Mac};
use md5::{Digest, Md5};

/// Packet codes.
pub mod code {
    pub const ACCESS_REQUEST: u8 = 1;
    pub const ACCESS_ACCEPT: u8 = 2;
    pub const ACCESS_REJECT: u8 = 3;
    pub const ACCOUNTING_REQUEST: u8 = 4;
    pub const ACCOUNTING_RESPONSE: u8 = 5;
    pub const STATUS_SERVER: u8 = 12;
    pub const DISCONNECT_REQUEST: u8 = 40;
    pub const COA_REQUEST: u8 = 43;
}

/// Attribute types.
pub mod attr {
    pub const USER_NAME: u8 = 1;
    pub const USER_PASSWORD: u8 = 2;
    pub const CHAP_PASSWORD: u8 = 3;
    pub const NAS_IP_ADDRESS: u8 = 4;
    pub const CLASS: u8 = 25;
    pub const VENDOR_SPECIFIC: u8 = 26;
    pub const CALLING_STATION_ID: u8 = 31;
    pub const NAS_IDENTIFIER: u8 = 32;
    pub const PROXY_STATE: u8 = 33;
    pub const ACCT_STATUS_TYPE: u8 = 40;
    pub const ACCT_INPUT_OCTETS: u8 = 42;
    pub const ACCT_OUTPUT_OCTETS: u8 = 43;
    pub const ACCT_SESSION_ID: u8 = 44;
    pub const ACCT_SESSION_TIME: u8 = 46;
    pub const ACCT_TERMINATE_CAUSE: u8 = 49;
    pub const CHAP_CHALLENGE: u8 = 60;
    pub const MESSAGE_AUTHENTICATOR: u8 = 80;
}

/// Values of Acct-Status-Type.
pub mod status {
    pub const START: u32 = 1;
    pub const STOP: u32 = 2;
    pub const INTERIM: u32 = 3;
}

/// A request under construction.
#[derive(Clone)]
pub struct Packet {
    pub code: u8,
    pub id: u8,
    /// The Request Authenticator of an Access-Request or Status-Server; computed for accounting.
    pub authenticator: [u8; 16],
    /// Type and value, in order.
    pub attributes: Vec<(u8, Vec<u8>)>,
    /// Octets after the last attribute, for malformed packets; covered by Length and signature.
    pub tail: Vec<u8>,
}

impl Packet {
    /// A packet without attributes; identifier and authenticator are random.
    pub fn new(code: u8) -> Self {
        let random: [u8; 17] = rand::random();
        Self { code, id: random[16], authenticator: random[..16].try_into().expect("16 octets"), attributes: Vec::new(), tail: Vec::new() }
    }

    /// An Access-Request of `user`, as a router sends it, still without a credential.
    pub fn access(user: &str) -> Self {
        Self::new(code::ACCESS_REQUEST)
            .with(attr::USER_NAME, user.as_bytes())
            .with(attr::NAS_IP_ADDRESS, &[127, 0, 0, 1])
            .with(attr::NAS_IDENTIFIER, b"rw01")
    }

    /// An Access-Request with PAP under [`super::SECRET`].
    pub fn pap(user: &str, password: &str) -> Self {
        Self::access(user).with_pap(password, super::SECRET)
    }

    /// An Accounting-Request; `octets` is what the customer sent and received.
    pub fn accounting(status: u32, user: &str, session: &str, octets: u32) -> Self {
        Self::new(code::ACCOUNTING_REQUEST)
            .with(attr::ACCT_STATUS_TYPE, &status.to_be_bytes())
            .with(attr::ACCT_SESSION_ID, session.as_bytes())
            .with(attr::USER_NAME, user.as_bytes())
            .with(attr::NAS_IP_ADDRESS, &[127, 0, 0, 1])
            .with(attr::NAS_IDENTIFIER, b"rw01")
            .with(attr::CALLING_STATION_ID, b"02:00:00:00:00:01")
            .with(attr::ACCT_INPUT_OCTETS, &octets.to_be_bytes())
            .with(attr::ACCT_OUTPUT_OCTETS, &octets.to_be_bytes())
            .with(attr::ACCT_SESSION_TIME, &60u32.to_be_bytes())
    }

    /// Appends an attribute.
    pub fn with(mut self, kind: u8, value: &[u8]) -> Self {
        self.attributes.push((kind, value.to_vec()));
        self
    }

    /// Appends a vendor's attribute (RFC 2865 §5.26).
    pub fn with_vendor(self, vendor: u32, kind: u8, value: &[u8]) -> Self {
        let length = u8::try_from(value.len() + 2).expect("short");
        let inner = [&vendor.to_be_bytes()[..], &[kind, length], value].concat();
        self.with(attr::VENDOR_SPECIFIC, &inner)
    }

    /// Removes every attribute of this type.
    pub fn without(mut self, kind: u8) -> Self {
        self.attributes.retain(|(k, _)| *k != kind);
        self
    }

    /// Appends User-Password, hidden (RFC 2865 §5.2).
    pub fn with_pap(self, password: &str, secret: &str) -> Self {
        let hidden = hide(password.as_bytes(), secret, &self.authenticator);
        self.with(attr::USER_PASSWORD, &hidden)
    }

    /// Appends CHAP-Password and, with `Some`, CHAP-Challenge (RFC 2865 §2.2).
    pub fn with_chap(self, password: &str, challenge: Option<&[u8]>) -> Self {
        let value = Md5::digest([&[7], password.as_bytes(), challenge.unwrap_or(&self.authenticator)].concat());
        let packet = self.with(attr::CHAP_PASSWORD, &[&[7], value.as_slice()].concat());
        match challenge {
            Some(challenge) => packet.with(attr::CHAP_CHALLENGE, challenge),
            None => packet,
        }
    }

    /// Appends Message-Authenticator; [`Packet::sign`] fills it in.
    pub fn with_message_authenticator(self) -> Self {
        self.with(attr::MESSAGE_AUTHENTICATOR, &[0; 16])
    }

    /// The datagram, signed as its code asks.
    pub fn sign(&self, secret: &str) -> Vec<u8> {
        let mut bytes = vec![self.code, self.id, 0, 0];
        let computed = matches!(self.code, code::ACCOUNTING_REQUEST | code::DISCONNECT_REQUEST | code::COA_REQUEST);
        bytes.extend(if computed { [0; 16] } else { self.authenticator });
        let mut mac_at = None;
        for (kind, value) in &self.attributes {
            // A Message-Authenticator of other than zeros was put in on purpose.
            if *kind == attr::MESSAGE_AUTHENTICATOR && *value == [0; 16] {
                mac_at = Some(bytes.len() + 2);
            }
            bytes.push(*kind);
            bytes.push(u8::try_from(value.len() + 2).expect("at most 253 octets of value"));
            bytes.extend(value);
        }
        bytes.extend(&self.tail);
        let length = u16::try_from(bytes.len()).expect("a RADIUS packet").to_be_bytes();
        bytes[2..4].copy_from_slice(&length);
        if let Some(at) = mac_at {
            let mac = hmac_md5(secret, &bytes);
            bytes[at..at + 16].copy_from_slice(&mac);
        }
        if computed {
            let authenticator = Md5::digest([&bytes, secret.as_bytes()].concat());
            bytes[4..20].copy_from_slice(&authenticator);
        }
        bytes
    }
}

/// Hides a password (RFC 2865 §5.2), padded to the next 16 octets.
pub fn hide(password: &[u8], secret: &str, authenticator: &[u8; 16]) -> Vec<u8> {
    let mut padded = password.to_vec();
    padded.resize(password.len().next_multiple_of(16).max(16), 0);
    let mut last = authenticator.to_vec();
    for block in padded.chunks_mut(16) {
        let pad = Md5::digest([secret.as_bytes(), &last].concat());
        block.iter_mut().zip(pad.iter()).for_each(|(octet, pad)| *octet ^= pad);
        last = block.to_vec();
    }
    padded
}

fn hmac_md5(secret: &str, bytes: &[u8]) -> [u8; 16] {
    let mut mac = Hmac::<Md5>::new_from_slice(secret.as_bytes()).expect("any length");
    mac.update(bytes);
    mac.finalize().into_bytes().into()
}

/// A reply whose authenticators were checked.
#[derive(Debug)]
pub struct Reply {
    pub code: u8,
    pub attributes: Vec<(u8, Vec<u8>)>,
}

impl Reply {
    /// Reads a reply to `request` (the datagram as sent) and panics if its identifier, Response Authenticator or
    /// Message-Authenticator is wrong, or if an answer to an Access-Request does not begin with one (CVE-2024-3596).
    pub fn check(reply: &[u8], request: &[u8], secret: &str) -> Self {
        assert!(reply.len() >= 20 && reply.len() == usize::from(u16::from_be_bytes([reply[2], reply[3]])), "length field: {reply:02x?}");
        assert_eq!(reply[1], request[1], "the reply answers another identifier");
        let expected = Md5::digest([&reply[..4], &request[4..20], &reply[20..], secret.as_bytes()].concat());
        assert_eq!(&reply[4..20], expected.as_slice(), "Response Authenticator");
        let attributes = attributes(&reply[20..]);
        if request[0] != code::ACCOUNTING_REQUEST {
            let (kind, value) = attributes.first().expect("a reply with attributes");
            assert_eq!((*kind, value.len()), (attr::MESSAGE_AUTHENTICATOR, 16), "Message-Authenticator must come first");
            let mut zeroed = [&reply[..4], &request[4..20], &reply[20..]].concat();
            zeroed[22..38].fill(0);
            assert_eq!(value[..], hmac_md5(secret, &zeroed), "Message-Authenticator");
        }
        Self { code: reply[0], attributes }
    }

    /// The values of every attribute of this type, in order.
    pub fn all(&self, kind: u8) -> Vec<&[u8]> {
        self.attributes.iter().filter(|(k, _)| *k == kind).map(|(_, value)| value.as_slice()).collect()
    }

    /// The value of a vendor's attribute.
    pub fn vendor(&self, vendor: u32, kind: u8) -> Option<&[u8]> {
        self.all(attr::VENDOR_SPECIFIC)
            .into_iter()
            .find(|value| value[..4] == vendor.to_be_bytes() && value[4] == kind)
            .map(|value| &value[6..])
    }
}

/// Type and value of every attribute, in order; panics on malformed ones.
pub fn attributes(mut bytes: &[u8]) -> Vec<(u8, Vec<u8>)> {
    let mut found = Vec::new();
    while let [kind, length, ..] = *bytes {
        let length = usize::from(length);
        assert!(length >= 2 && length <= bytes.len(), "malformed attribute {kind} in a reply");
        found.push((kind, bytes[2..length].to_vec()));
        bytes = &bytes[length..];
    }
    assert!(bytes.is_empty(), "half an attribute at the end of a reply");
    found
}

/// RFC 2865 §7.1: the hidden password of its example.
#[test]
fn hides_a_password_as_in_rfc_2865() {
    let authenticator = [0x0f, 0x40, 0x3f, 0x94, 0x73, 0x97, 0x80, 0x57, 0xbd, 0x83, 0xd5, 0xcb, 0x98, 0xf4, 0x22, 0x7a];
    let expected = [0x0d, 0xbe, 0x70, 0x8d, 0x93, 0xd4, 0x13, 0xce, 0x31, 0x96, 0xe4, 0x3f, 0x78, 0x2a, 0x0a, 0xee];
    assert_eq!(hide(b"arctangent", "xyzzy5461", &authenticator), expected);
}
