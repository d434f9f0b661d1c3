//! The session token: what we put into Class, signed, and get back with each accounting packet.
//!
//! It names the customer and the login, whatever the router calls the session. 30 octets: magic, version, issued (48-bit unix ms), nonce, customer, interim,
//! and a 64-bit SipHash-2-4 tag under a key that every node of the store derives alike.

use std::hash::Hasher;

use siphasher::sip::SipHasher24;
use siphasher::sip128::{Hasher128, SipHasher24 as SipHasher24x128};

const MAGIC: u8 = b'T';
const VERSION: u8 = 1;
const SIGNED_OCTETS: usize = 22;
/// Octets of a token on the wire.
pub const TOKEN_OCTETS: usize = SIGNED_OCTETS + 8;

/// What a token says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SessionToken {
    /// When the Accept was given, unix ms.
    pub issued_at: i64,
    /// Distinguishes tokens of one millisecond.
    pub nonce: u32,
    /// Who logged in.
    pub customer_id: i64,
    /// The Acct-Interim-Interval that the Accept carried, seconds.
    pub interim_secs: u16,
}

/// The key that signs tokens and names sessions.
#[derive(Clone)]
pub struct TokenKey {
    key: [u8; 16],
}

impl TokenKey {
    /// A key from derived octets.
    pub fn new(derived: &[u8; 32]) -> TokenKey {
        let mut key = [0; 16];
        key.copy_from_slice(&derived[..16]);
        TokenKey { key }
    }

    /// The token's octets.
    pub fn sign(&self, token: &SessionToken) -> [u8; TOKEN_OCTETS] {
        let mut octets = [0; TOKEN_OCTETS];
        octets[0] = MAGIC;
        octets[1] = VERSION;
        octets[2..8].copy_from_slice(&token.issued_at.to_be_bytes()[2..]);
        octets[8..12].copy_from_slice(&token.nonce.to_be_bytes());
        octets[12..20].copy_from_slice(&token.customer_id.to_be_bytes());
        octets[20..22].copy_from_slice(&token.interim_secs.to_be_bytes());
        let tag = self.tag(&octets[..SIGNED_OCTETS]);
        octets[SIGNED_OCTETS..].copy_from_slice(&tag.to_be_bytes());
        octets
    }

    /// The token in a Class value, if it is ours and untouched.
    pub fn verify(&self, class: &[u8]) -> Option<SessionToken> {
        let octets: &[u8; TOKEN_OCTETS] = class.try_into().ok()?;
        if octets[..2] != [MAGIC, VERSION] || self.tag(&octets[..SIGNED_OCTETS]).to_be_bytes() != octets[SIGNED_OCTETS..] {
            return None;
        }
        let number = |range: std::ops::Range<usize>| octets[range].iter().fold(0u64, |n, o| n << 8 | u64::from(*o));
        Some(SessionToken {
            issued_at: number(2..8) as i64,
            nonce: number(8..12) as u32,
            customer_id: number(12..20) as i64,
            interim_secs: number(20..22) as u16,
        })
    }

    /// Key of a session whose packets carry a token: no matter which router names it, every node computes the same. The instant in front keeps keys near
    /// each other in the store's index.
    pub fn session_key(&self, token: &SessionToken, acct_session_id: &[u8]) -> [u8; 16] {
        let mut hash = SipHasher24x128::new_with_key(&self.key);
        hash.write_u8(1);
        hash.write_u32(token.nonce);
        hash.write_i64(token.customer_id);
        hash.write(acct_session_id);
        key_of(token.issued_at, hash)
    }

    /// Key of a session without a token: NAS instance, Acct-Session-Id, user name and start.
    pub fn natural_key(&self, nas_instance: i64, acct_session_id: &[u8], username: &[u8], started_at: i64) -> [u8; 16] {
        let mut hash = SipHasher24x128::new_with_key(&self.key);
        hash.write_u8(2);
        hash.write_i64(nas_instance);
        hash.write_usize(acct_session_id.len());
        hash.write(acct_session_id);
        hash.write(username);
        hash.write_i64(started_at / 1000);
        key_of(started_at, hash)
    }

    /// Id of a NAS instance: router entry, NAS-Identifier and NAS address.
    pub fn nas_instance(&self, router_id: i64, nas_identifier: &[u8], nas_address: &[u8]) -> i64 {
        let mut hash = SipHasher24::new_with_key(&self.key);
        hash.write_i64(router_id);
        hash.write_usize(nas_identifier.len());
        hash.write(nas_identifier);
        hash.write(nas_address);
        (hash.finish() >> 1) as i64
    }

    fn tag(&self, signed: &[u8]) -> u64 {
        let mut hash = SipHasher24::new_with_key(&self.key);
        hash.write(signed);
        hash.finish()
    }
}

fn key_of(at: i64, hash: SipHasher24x128) -> [u8; 16] {
    let mut key = [0; 16];
    key[..6].copy_from_slice(&at.to_be_bytes()[2..]);
    key[6..].copy_from_slice(&hash.finish128().as_bytes()[..10]);
    key
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_comes_back_whole_and_no_changed_one_is_believed() {
        let key = TokenKey::new(&[7; 32]);
        let token = SessionToken { issued_at: 1_800_000_000_123, nonce: 9, customer_id: 1 << 60, interim_secs: 287 };
        let octets = key.sign(&token);
        assert_eq!(key.verify(&octets), Some(token));
        for i in 0..octets.len() {
            let mut changed = octets;
            changed[i] ^= 1;
            assert_eq!(key.verify(&changed), None, "octet {i}");
        }
        assert_eq!(key.verify(&octets[..29]), None);
        assert_eq!(TokenKey::new(&[8; 32]).verify(&octets), None);
    }
}
