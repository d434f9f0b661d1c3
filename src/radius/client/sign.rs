//! Authenticators of requests and replies: MD5 (RFC 2865 §3, RFC 2866 §3) and Message-Authenticator (RFC 3579 §3.2).

use super::{HEADER_OCTETS, number};
use hmac::{Hmac, KeyInit, Mac};
use md5::{Digest, Md5};
use std::ops::Range;

/// Where the 16 octets of each Message-Authenticator stand in a well-formed packet; `None` in the list means one of another length.
pub(super) fn find_message_authenticators(packet: &[u8]) -> Vec<Option<Range<usize>>> {
    let mut found = Vec::new();
    let mut at = HEADER_OCTETS;
    while let Some(&[kind, length]) = packet.get(at..at + 2) {
        let end = at + usize::from(length).max(2);
        if kind == number::MESSAGE_AUTHENTICATOR {
            found.push((length == 18 && end <= packet.len()).then_some(at + 2..end));
        }
        at = end;
    }
    found
}

/// HMAC-MD5 of the packet with `authenticator` in its header and zeros at `place` (RFC 3579 §3.2).
pub(super) fn message_authenticator(packet: &[u8], authenticator: &[u8; 16], place: Range<usize>, secret: &[u8]) -> [u8; 16] {
    let mut mac = Hmac::<Md5>::new_from_slice(secret).expect("HMAC takes keys of any length");
    mac.update(&packet[..4]);
    mac.update(authenticator);
    mac.update(&packet[HEADER_OCTETS..place.start]);
    mac.update(&[0; 16]);
    mac.update(&packet[place.end..]);
    mac.finalize().into_bytes().into()
}

/// MD5 over header (with `authenticator` in it), attributes and secret: the Response Authenticator when given the request's authenticator,
/// the Request Authenticator of accounting and CoA when given zeros.
pub(super) fn packet_authenticator(packet: &[u8], authenticator: &[u8; 16], secret: &[u8]) -> [u8; 16] {
    Md5::new()
        .chain_update(&packet[..4])
        .chain_update(authenticator)
        .chain_update(&packet[HEADER_OCTETS..])
        .chain_update(secret)
        .finalize()
        .into()
}
