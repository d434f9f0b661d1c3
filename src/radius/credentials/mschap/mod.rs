//! MS-CHAP: version 1 (RFC 2433), version 2 (RFC 2759), MPPE keys (RFC 3079) and their RADIUS attributes (RFC 2548).
//! Everything starts from the NT hash, so a store may keep that instead of the password. LM responses are never looked at.

mod error;
mod mppe;
mod v1;
mod v2;

pub use error::{MsChapError, write_error};
pub use mppe::{MppeKeys, mppe_keys, mschap_v1_mppe_keys};
pub use v1::{v1_response, verify_v1};
pub use v2::{V2Success, authenticator_response, challenge_hash, user_without_domain, v2_response, verify_v2};

use des::Des;
use des::cipher::{BlockCipherEncrypt, KeyInit};
use md4::{Digest, Md4};

/// Length in octets of MS-CHAP-Response and MS-CHAP2-Response alike (RFC 2548 §2.1.3, §2.3.2).
pub const RESPONSE_OCTETS: usize = 50;

/// Why a response was not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unproven {
    /// The response or the challenge has a length that RFC 2548 does not know.
    #[error("malformed MS-CHAP attributes")]
    Malformed,
    /// The response belongs to another password.
    #[error("wrong password")]
    WrongPassword,
}

/// The NT hash of a password: MD4 over its UTF-16LE form (RFC 2759 §8.3). Characters outside the basic plane become surrogate pairs.
pub fn nt_hash(password: &str) -> [u8; 16] {
    let mut hash = Md4::new();
    for unit in password.encode_utf16() {
        hash.update(unit.to_le_bytes());
    }
    hash.finalize().into()
}

/// The NT hash of password octets: as [`nt_hash`] when they are UTF-8, else each octet is taken as the character of that number
/// (ISO 8859-1), which is what a peer with an 8-bit keyboard hashes.
pub fn nt_hash_of_octets(password: &[u8]) -> [u8; 16] {
    match std::str::from_utf8(password) {
        Ok(text) => nt_hash(text),
        Err(_) => {
            let mut hash = Md4::new();
            for &octet in password {
                hash.update([octet, 0]);
            }
            hash.finalize().into()
        }
    }
}

/// MD4 over the NT hash (RFC 2759 §8.4).
pub fn nt_hash_hash(nt_hash: &[u8; 16]) -> [u8; 16] {
    Md4::digest(nt_hash).into()
}

/// NtChallengeResponse: the challenge encrypted by DES under three keys cut from the NT hash (RFC 2759 §8.5, RFC 2433 A.5).
pub fn nt_response(challenge: &[u8; 8], nt_hash: &[u8; 16]) -> [u8; 24] {
    let mut padded = [0; 21];
    padded[..16].copy_from_slice(nt_hash);
    let mut response = [0; 24];
    for (key, out) in padded.as_chunks::<7>().0.iter().zip(response.as_chunks_mut::<8>().0) {
        let mut block = (*challenge).into();
        Des::new(&spread_key(key).into()).encrypt_block(&mut block);
        *out = block.into();
    }
    response
}

/// Spreads 56 key bits over eight octets, seven each; the lowest bit of an octet is parity, which DES ignores.
fn spread_key(key: &[u8; 7]) -> [u8; 8] {
    let mut bits = [0; 8];
    bits[1..].copy_from_slice(key);
    let bits = u64::from_be_bytes(bits);
    std::array::from_fn(|octet| ((bits >> (49 - 7 * octet)) as u8 & 0x7f) << 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::hex;

    #[test]
    fn nt_hashes_of_the_rfcs() {
        // RFC 2433 B.2 and RFC 2759 §9.2.
        for (password, hash, hash_hash) in [
            ("MyPw", "fc156af7edcd6c0edde3337d427f4eac", None),
            ("clientPass", "44ebba8d5312b8d611474411f56989ae", Some("41c00c584bd2d91c4017a2a12fa59f3f")),
        ] {
            assert_eq!(hex(&nt_hash(password)), hash);
            assert_eq!(nt_hash_of_octets(password.as_bytes()), nt_hash(password));
            if let Some(expected) = hash_hash {
                assert_eq!(hex(&nt_hash_hash(&nt_hash(password))), expected);
            }
        }
        assert_eq!(hex(&nt_hash("")), "31d6cfe0d16ae931b73c59d7e0c089c0", "MD4 of nothing, RFC 1320 A.5");
    }

    #[test]
    fn nt_hash_takes_any_octets() {
        assert_eq!(nt_hash_of_octets("pässwörd".as_bytes()), nt_hash("pässwörd"));
        assert_eq!(nt_hash_of_octets(b"p\xe4ss"), nt_hash("päss"), "ISO 8859-1 octets");
        assert_eq!(nt_hash("\u{1d11e}"), <[u8; 16]>::from(Md4::digest([0x34, 0xd8, 0x1e, 0xdd])), "surrogate pair");
    }

    #[test]
    fn nt_response_of_rfc_2433() {
        let challenge = [0x10, 0x2d, 0xb5, 0xdf, 0x08, 0x5d, 0x30, 0x41];
        assert_eq!(hex(&nt_response(&challenge, &nt_hash("MyPw"))), "4e9d3c8f9cfd385d5bf4d3246791956ca4c351ab409a3d61");
    }

    #[test]
    fn spreads_key_bits() {
        assert_eq!(spread_key(&[0xff; 7]), [0xfe; 8]);
        // RFC 2759 §9.3 shows the parity-adjusted keys of a password block; here one bit in each place.
        assert_eq!(spread_key(&[0x80, 0, 0, 0, 0, 0, 0]), [0x80, 0, 0, 0, 0, 0, 0, 0]);
        assert_eq!(spread_key(&[0x01, 0, 0, 0, 0, 0, 0x01]), [0, 0x80, 0, 0, 0, 0, 0, 0x02]);
    }
}
