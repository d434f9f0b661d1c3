//! A shared secret and everything signed with it: authenticators (RFC 2865 section 3, RFC 2866 section 3) and Message-Authenticator (RFC 3579 section 3.2).

use hmac::{Hmac, KeyInit, Mac};
use md5::{Digest, Md5};
use subtle::ConstantTimeEq;

use super::packet::PacketView;

const MESSAGE_AUTHENTICATOR: u8 = 80;
const ZEROS: [u8; 16] = [0; 16];

/// A shared secret with its HMAC key schedule worked out once. Its debug form shows nothing.
#[derive(Clone)]
pub struct Secret {
    octets: Box<[u8]>,
    keyed: Hmac<Md5>,
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret")
    }
}

impl Secret {
    /// A secret of any length.
    pub fn new(octets: &[u8]) -> Secret {
        let keyed = Hmac::<Md5>::new_from_slice(octets).expect("HMAC takes keys of any length");
        Secret { octets: octets.into(), keyed }
    }

    /// The secret itself.
    pub fn octets(&self) -> &[u8] {
        &self.octets
    }

    /// Response Authenticator of a reply whose header and attributes are complete: MD5(code, id, length, request authenticator, attributes, secret).
    pub fn response_authenticator(&self, reply: &[u8], request_authenticator: &[u8; 16]) -> [u8; 16] {
        let mut md5 = Md5::new();
        md5.update(&reply[..4]);
        md5.update(request_authenticator);
        md5.update(&reply[20..]);
        md5.update(&self.octets);
        md5.finalize().into()
    }

    /// Whether an Accounting-Request's (or CoA-Request's) authenticator is right.
    pub fn verifies_request_authenticator(&self, packet: &PacketView<'_>) -> bool {
        let wanted = self.response_authenticator(packet.bytes(), &ZEROS);
        wanted.ct_eq(packet.authenticator()).into()
    }

    /// Message-Authenticator over a packet, with the octets at `offset` taken as zero and `authenticator` in the authenticator field.
    pub fn message_authenticator(&self, packet: &[u8], offset: usize, authenticator: &[u8; 16]) -> [u8; 16] {
        let mut mac = self.keyed.clone();
        mac.update(&packet[..4]);
        mac.update(authenticator);
        mac.update(&packet[20..offset]);
        mac.update(&ZEROS);
        mac.update(&packet[offset + 16..]);
        mac.finalize().into_bytes().into()
    }

    /// Whether a request's Message-Authenticator is right; `None` if it carries none. In accounting and CoA requests it is computed with zeros in the
    /// authenticator field.
    pub fn verifies_message_authenticator(&self, packet: &PacketView<'_>, zero_authenticator: bool) -> Option<bool> {
        let found = packet.first_of(MESSAGE_AUTHENTICATOR)?;
        let authenticator = if zero_authenticator { &ZEROS } else { packet.authenticator() };
        let wanted = self.message_authenticator(packet.bytes(), found.offset, authenticator);
        Some(wanted.ct_eq(found.value).into())
    }
}
