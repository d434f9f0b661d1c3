//! What needs the shared secret: hidden values and keyed digests. For reading one packet; the data plane has its own code.

use super::{Check, MESSAGE_AUTHENTICATOR, RawAttribute};
use crate::radius::dictionary::{DataType, Encryption};
use hmac::{Hmac, KeyInit, Mac};
use md5::{Digest, Md5};
use subtle::ConstantTimeEq;

/// The secret and the authenticators that go with a packet of one code.
pub(super) struct Keys<'a> {
    secret: Option<&'a [u8]>,
    /// The authenticator that hidden values and Message-Authenticator are made with; none if it is not known.
    authenticator: Option<[u8; 16]>,
    kind: Kind,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Access-Request, Status-Server: the authenticator is random.
    Random,
    /// Accounting, Disconnect and CoA requests: it is a digest over the packet with zeros in its place.
    Digest,
    /// It is a digest over the packet with the request's authenticator in its place.
    Response,
    Unknown,
}

impl<'a> Keys<'a> {
    pub(super) fn of(code: u8, own: [u8; 16], secret: Option<&'a [u8]>, request: Option<[u8; 16]>) -> Keys<'a> {
        let (kind, authenticator) = match code {
            1 | 12 => (Kind::Random, Some(own)),
            // The authenticator is a digest over the hidden values, so they cannot be made with it: zeros stand in (RFC 5176 §2.3, §3.4).
            4 | 40 | 43 => (Kind::Digest, Some([0; 16])),
            2 | 3 | 5 | 11 | 41 | 42 | 44 | 45 | 52 => (Kind::Response, request),
            _ => (Kind::Unknown, None),
        };
        Keys { secret, authenticator, kind }
    }

    /// Request Authenticator (RFC 2866 §3, RFC 5176 §2.3) or Response Authenticator (RFC 2865 §3).
    pub(super) fn check_authenticator(&self, packet: &[u8]) -> Option<Check> {
        if matches!(self.kind, Kind::Random | Kind::Unknown) {
            return None;
        }
        let (Some(secret), Some(authenticator)) = (self.secret, self.authenticator) else { return Some(Check::Unchecked) };
        let expected = md5(&[&packet[..4], &authenticator, &packet[20..], secret]);
        Some(if bool::from(expected[..].ct_eq(&packet[4..20])) { Check::Valid } else { Check::Invalid })
    }

    /// RFC 3579 §3.2; in accounting and CoA requests the authenticator counts as zeros.
    pub(super) fn check_message_authenticator(&self, packet: &[u8], attributes: &[RawAttribute<'_>]) -> Check {
        let mut found = attributes.iter().filter(|attribute| attribute.kind == MESSAGE_AUTHENTICATOR);
        let Some(first) = found.next() else { return Check::Absent };
        if found.next().is_some() || first.value.len() != 16 {
            return Check::Invalid;
        }
        let (Some(secret), Some(authenticator)) = (self.secret, self.authenticator) else { return Check::Unchecked };
        let mut signed = packet.to_vec();
        signed[4..20].copy_from_slice(&authenticator);
        signed[first.offset + 2..first.offset + 18].fill(0);
        let mut mac = Hmac::<Md5>::new_from_slice(secret).expect("HMAC takes keys of any length");
        mac.update(&signed);
        if mac.verify_slice(first.value).is_ok() { Check::Valid } else { Check::Invalid }
    }

    /// Decrypts. None if the secret or the authenticator is missing; an error if the value cannot have been made this way.
    pub(super) fn reveal(&self, encryption: Encryption, octets: &[u8]) -> Result<Option<Vec<u8>>, String> {
        match encryption {
            Encryption::None => return Ok(Some(octets.to_vec())),
            Encryption::UserPassword => {
                if octets.is_empty() || octets.len() > 128 || !octets.len().is_multiple_of(16) {
                    return Err(format!("{} octets, a hidden password has 16 to 128 in blocks of 16", octets.len()));
                }
            }
            Encryption::TunnelPassword => check_salted(octets)?,
            Encryption::AscendSecret => {
                if octets.is_empty() || octets.len() > 16 {
                    return Err(format!("{} octets, a hidden secret has 1 to 16", octets.len()));
                }
            }
        }
        let (Some(secret), Some(authenticator)) = (self.secret, self.authenticator) else { return Ok(None) };
        match encryption {
            Encryption::TunnelPassword => {
                let (salt, hidden) = octets.split_at(2);
                inner(unchain(secret, &[&authenticator, salt], hidden)).map(Some)
            }
            Encryption::AscendSecret => {
                let pad = md5(&[&authenticator, secret]);
                Ok(Some(octets.iter().zip(pad).map(|(hidden, pad)| hidden ^ pad).collect()))
            }
            Encryption::UserPassword | Encryption::None => Ok(Some(unchain(secret, &[&authenticator], octets))),
        }
    }
}

/// Salt and blocks of RFC 2868 §3.5.
fn check_salted(octets: &[u8]) -> Result<(), String> {
    let [salt, _, hidden @ ..] = octets else { return Err(format!("{} octets are too few for a salt", octets.len())) };
    if salt & 0x80 == 0 {
        return Err("the salt's highest bit is not set".into());
    }
    if hidden.is_empty() || !hidden.len().is_multiple_of(16) {
        return Err(format!("{} octets after the salt, not blocks of 16", hidden.len()));
    }
    Ok(())
}

/// The value inside: a length octet, the value, padding.
fn inner(plain: Vec<u8>) -> Result<Vec<u8>, String> {
    let length = usize::from(plain[0]);
    let value = plain.get(1..1 + length).map(<[u8]>::to_vec);
    value.ok_or_else(|| format!("the inner length {length} is above {}: probably another shared secret", plain.len() - 1))
}

/// RFC 2865 §5.2: each block is hidden by MD5 over the secret and the block before it.
fn unchain(secret: &[u8], first: &[&[u8]], hidden: &[u8]) -> Vec<u8> {
    let mut plain = Vec::with_capacity(hidden.len());
    let mut pad = md5(&[&[secret], first].concat());
    for block in hidden.chunks(16) {
        plain.extend(block.iter().zip(pad).map(|(hidden, pad)| hidden ^ pad));
        pad = md5(&[secret, block]);
    }
    plain
}

/// Text is padded with NUL; octets keep theirs, which may belong to a key.
pub(super) fn trimmed(mut plain: Vec<u8>, data_type: DataType) -> Vec<u8> {
    if data_type == DataType::Text {
        let end = plain.iter().rposition(|&octet| octet != 0).map_or(0, |last| last + 1);
        plain.truncate(end);
    }
    plain
}

fn md5(parts: &[&[u8]]) -> [u8; 16] {
    let mut digest = Md5::new();
    parts.iter().for_each(|part| digest.update(part));
    digest.finalize().into()
}
