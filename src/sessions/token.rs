//! The session token: what we put into Class, signed, and get back with each accounting packet.
//!
//! It names the customer and the login, whatever the router calls the session, and repeats what the Accept granted, so that whoever takes the session over knows
//! what the router was told. 44 to 68 octets: magic, version, issued (48-bit unix ms), nonce, customer, interim, grant, and a 64-bit SipHash-2-4 tag over
//! these and the tenant, under a key that every node of the store derives alike: a token means nothing on another tenant's router.

use std::hash::Hasher;

use siphasher::sip::SipHasher24;
use siphasher::sip128::{Hasher128, SipHasher24 as SipHasher24x128};

use super::grant::Granted;
use crate::units::OctetReader;

const MAGIC: u8 = b'T';
const VERSION: u8 = 2;
const TAG_OCTETS: usize = 8;

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
    /// What else it carried.
    pub granted: Granted,
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

    /// Writes the token's octets for a router of this tenant into `out`, which is emptied first.
    pub fn sign(&self, tenant_id: i64, token: &SessionToken, out: &mut Vec<u8>) {
        out.clear();
        out.extend_from_slice(&[MAGIC, VERSION]);
        out.extend_from_slice(&token.issued_at.to_be_bytes()[2..]);
        out.extend_from_slice(&token.nonce.to_be_bytes());
        out.extend_from_slice(&token.customer_id.to_be_bytes());
        out.extend_from_slice(&token.interim_secs.to_be_bytes());
        token.granted.write(out);
        let tag = self.tag(tenant_id, out);
        out.extend_from_slice(&tag.to_be_bytes());
    }

    /// The token in a Class value that a router of this tenant sent, if it is ours, for that tenant, and untouched.
    pub fn verify(&self, tenant_id: i64, class: &[u8]) -> Option<SessionToken> {
        let (signed, tag) = class.split_last_chunk::<TAG_OCTETS>()?;
        if signed.get(..2) != Some(&[MAGIC, VERSION]) || self.tag(tenant_id, signed).to_be_bytes() != *tag {
            return None;
        }
        let mut r = OctetReader(&signed[2..]);
        let mut issued_at = [0; 8];
        issued_at[2..].copy_from_slice(&r.array::<6>()?);
        Some(SessionToken {
            issued_at: i64::from_be_bytes(issued_at),
            nonce: u32::from_be_bytes(r.array()?),
            customer_id: i64::from_be_bytes(r.array()?),
            interim_secs: u16::from_be_bytes(r.array()?),
            granted: Granted::read(&mut r).filter(|_| r.0.is_empty())?,
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

    fn tag(&self, tenant_id: i64, signed: &[u8]) -> u64 {
        let mut hash = SipHasher24::new_with_key(&self.key);
        hash.write_i64(tenant_id);
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
    use crate::sessions::grant::VolumeCaps;

    #[test]
    fn a_token_comes_back_whole_and_no_changed_one_is_believed() {
        let key = TokenKey::new(&[7; 32]);
        let caps = VolumeCaps { total: Some(9), ..VolumeCaps::default() };
        let granted = Granted::new(7, 1_800_000_100_000, false, caps);
        let token = SessionToken { issued_at: 1_800_000_000_123, nonce: 9, customer_id: 1 << 60, interim_secs: 287, granted };
        let mut octets = Vec::new();
        key.sign(1, &token, &mut octets);
        assert_eq!(key.verify(1, &octets), Some(token));
        for i in 0..octets.len() {
            let mut changed = octets.clone();
            changed[i] ^= 1;
            assert_eq!(key.verify(1, &changed), None, "octet {i}");
        }
        assert!((0..octets.len()).all(|cut| key.verify(1, &octets[..cut]).is_none()));
        assert_eq!(TokenKey::new(&[8; 32]).verify(1, &octets), None);
        assert_eq!(key.verify(2, &octets), None, "another tenant's router");
    }
}
