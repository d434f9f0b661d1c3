//! RADIUS packets as the generator needs them: templates with known offsets, authenticators, reply checks.
//!
//! Written apart from the server's codec on purpose, so that the two check each other. Sources: RFC 2865 §3 and §5.2,
//! RFC 2866 §3, RFC 3579 §3.2 (Message-Authenticator).

use md5::{Digest, Md5};

/// Packet codes (RFC 2865 §4, RFC 2866 §4, RFC 5997 §3).
pub const ACCESS_REQUEST: u8 = 1;
pub const ACCESS_ACCEPT: u8 = 2;
pub const ACCESS_REJECT: u8 = 3;
pub const ACCOUNTING_REQUEST: u8 = 4;
pub const ACCOUNTING_RESPONSE: u8 = 5;
pub const STATUS_SERVER: u8 = 12;

/// Attribute type of Message-Authenticator.
pub const MESSAGE_AUTHENTICATOR: u8 = 80;

/// A packet being laid out; offsets of values stay valid, so that copies can be patched.
pub struct Layout {
    /// The packet so far, header included.
    pub octets: Vec<u8>,
}

impl Layout {
    /// An empty packet of this code.
    pub fn new(code: u8) -> Self {
        let mut octets = vec![0; 20];
        octets[0] = code;
        octets[3] = 20;
        Layout { octets }
    }

    /// Appends an attribute; returns the offset of its value.
    pub fn push(&mut self, kind: u8, value: &[u8]) -> usize {
        assert!(value.len() <= 253, "an attribute value fits its length octet");
        self.octets.extend([kind, value.len() as u8 + 2]);
        self.octets.extend(value);
        set_length(&mut self.octets);
        self.octets.len() - value.len()
    }

    /// Appends a 32-bit attribute; returns the offset of its value.
    pub fn push_u32(&mut self, kind: u8, value: u32) -> usize {
        self.push(kind, &value.to_be_bytes())
    }

    /// Appends one attribute of a vendor (RFC 2865 §5.26); returns the offset of its value.
    pub fn push_vendor(&mut self, vendor: u32, kind: u8, value: &[u8]) -> usize {
        let mut inner = vendor.to_be_bytes().to_vec();
        inner.extend([kind, value.len() as u8 + 2]);
        inner.extend(value);
        self.push(26, &inner) + 6
    }
}

/// Writes the length field from the slice's length.
pub fn set_length(packet: &mut [u8]) {
    let length = packet.len() as u16;
    packet[2..4].copy_from_slice(&length.to_be_bytes());
}

/// The attributes of a packet as (type, value); ends at the first malformed one.
pub fn attributes(packet: &[u8]) -> impl Iterator<Item = (u8, &[u8])> {
    let mut at = 20;
    std::iter::from_fn(move || {
        let length = usize::from(*packet.get(at + 1)?);
        let value = packet.get(at + 2..at + length.max(2))?;
        let kind = packet[at];
        if length < 2 {
            return None;
        }
        at += length;
        Some((kind, value))
    })
}

/// What the check of a reply's authenticators found.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Check {
    /// The Response Authenticator and, if there is one, the Message-Authenticator are right.
    Good {
        /// Whether the reply carried a Message-Authenticator.
        message_authenticator: bool,
    },
    /// A wrong length, Response Authenticator or Message-Authenticator.
    Bad,
}

/// A shared secret with its hash states computed once.
pub struct Secret {
    plain: Vec<u8>,
    start: Md5,
    inner: Md5,
    outer: Md5,
}

impl Secret {
    /// From the secret's text, at most 64 octets.
    pub fn new(plain: &[u8]) -> Self {
        assert!(plain.len() <= 64, "a secret over 64 octets would have to be hashed first (RFC 2104 §2)");
        let mut key = [0u8; 64];
        key[..plain.len()].copy_from_slice(plain);
        Secret {
            plain: plain.to_vec(),
            start: Md5::new().chain_update(plain),
            inner: Md5::new().chain_update(key.map(|octet| octet ^ 0x36)),
            outer: Md5::new().chain_update(key.map(|octet| octet ^ 0x5c)),
        }
    }

    /// Hides or, the operation being its own mirror for one block, shows a password (RFC 2865 §5.2). Pads to 16.
    pub fn hide(&self, password: &[u8], authenticator: &[u8]) -> Vec<u8> {
        let mut hidden = password.to_vec();
        hidden.resize(password.len().div_ceil(16).max(1) * 16, 0);
        let mut before: [u8; 16] = authenticator.try_into().expect("an authenticator has 16 octets");
        for block in hidden.chunks_mut(16) {
            let mask: [u8; 16] = self.start.clone().chain_update(before).finalize().into();
            block.iter_mut().zip(mask).for_each(|(octet, mask)| *octet ^= mask);
            before = (&*block).try_into().expect("blocks have 16 octets");
        }
        hidden
    }

    /// Shows a hidden password in place of `out`; both are multiples of 16 octets.
    pub fn show(&self, hidden: &[u8], authenticator: &[u8], out: &mut [u8]) {
        let mut before = authenticator;
        for (block, out) in hidden.chunks(16).zip(out.chunks_mut(16)) {
            let mask: [u8; 16] = self.start.clone().chain_update(before).finalize().into();
            out.iter_mut().zip(block).zip(mask).for_each(|((out, octet), mask)| *out = octet ^ mask);
            before = block;
        }
    }

    /// HMAC-MD5 over the parts (RFC 2104).
    pub fn mac(&self, parts: &[&[u8]]) -> [u8; 16] {
        let mut inner = self.inner.clone();
        parts.iter().for_each(|part| inner.update(part));
        self.outer.clone().chain_update(inner.finalize()).finalize().into()
    }

    /// Writes the Message-Authenticator whose value lies at `at`, for a packet whose authenticator field is already set.
    pub fn write_mac(&self, packet: &mut [u8], at: usize) {
        packet[at..at + 16].fill(0);
        let mac = self.mac(&[packet]);
        packet[at..at + 16].copy_from_slice(&mac);
    }

    /// Whether the Message-Authenticator at `at` is right, the authenticator field being as it should count.
    pub fn mac_is_right(&self, packet: &[u8], authenticator: &[u8], at: usize) -> bool {
        let mac = self.mac(&[&packet[..4], authenticator, &packet[20..at], &[0; 16], &packet[at + 16..]]);
        mac == packet[at..at + 16]
    }

    /// Signs an accounting request: MD5 over the packet with a zero authenticator, then the secret (RFC 2866 §3).
    pub fn sign_accounting(&self, packet: &mut [u8]) {
        packet[4..20].fill(0);
        let digest = Md5::new().chain_update(&*packet).chain_update(&self.plain).finalize();
        packet[4..20].copy_from_slice(&digest);
    }

    /// Whether an accounting request's authenticator is right.
    pub fn accounting_is_right(&self, packet: &[u8]) -> bool {
        let digest =
            Md5::new().chain_update(&packet[..4]).chain_update([0; 16]).chain_update(&packet[20..]).chain_update(&self.plain).finalize();
        digest[..] == packet[4..20]
    }

    /// Writes the Response Authenticator of a reply (RFC 2865 §3).
    pub fn sign_reply(&self, reply: &mut [u8], request_authenticator: &[u8]) {
        let digest = self.response_authenticator(reply, request_authenticator);
        reply[4..20].copy_from_slice(&digest);
    }

    fn response_authenticator(&self, reply: &[u8], request_authenticator: &[u8]) -> [u8; 16] {
        Md5::new()
            .chain_update(&reply[..4])
            .chain_update(request_authenticator)
            .chain_update(&reply[20..])
            .chain_update(&self.plain)
            .finalize()
            .into()
    }

    /// Checks a reply against the authenticator of the request it answers.
    pub fn check_reply(&self, reply: &[u8], request_authenticator: &[u8]) -> Check {
        if reply.len() < 20 || usize::from(u16::from_be_bytes([reply[2], reply[3]])) != reply.len() {
            return Check::Bad;
        }
        if self.response_authenticator(reply, request_authenticator) != reply[4..20] {
            return Check::Bad;
        }
        let Some((at, length)) = find(reply, MESSAGE_AUTHENTICATOR) else {
            return Check::Good { message_authenticator: false };
        };
        if length != 16 || !self.mac_is_right(reply, request_authenticator, at) {
            return Check::Bad;
        }
        Check::Good { message_authenticator: true }
    }
}

/// Offset and length of the value of the first attribute of this type.
pub fn find(packet: &[u8], wanted: u8) -> Option<(usize, usize)> {
    let mut at = 20;
    while let Some(&length) = packet.get(at + 1) {
        let length = usize::from(length);
        if length < 2 || at + length > packet.len() {
            return None;
        }
        if packet[at] == wanted {
            return Some((at + 2, length - 2));
        }
        at += length;
    }
    None
}
