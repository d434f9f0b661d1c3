//! The token in every form: a keyed digest of the sign-in (or guest cookie) that it was made for, so that no other site can write one. Masked by fresh
//! octets each time, so that compressing a page with it tells nothing about it (BREACH).

use hmac::{Hmac, KeyInit, Mac};
use rand::Rng;
use sha2::Sha256;
use subtle::ConstantTimeEq;

use crate::units::{from_hex, hex};

const OCTETS: usize = 16;

fn digest(key: &[u8; 32], bound_to: &str) -> [u8; OCTETS] {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("any length is a key");
    mac.update(bound_to.as_bytes());
    let full: [u8; 32] = mac.finalize().into_bytes().into();
    std::array::from_fn(|i| full[i])
}

/// A token for forms of whoever holds `bound_to`.
pub fn make(key: &[u8; 32], bound_to: &str) -> String {
    let mut mask = [0u8; OCTETS];
    rand::rng().fill_bytes(&mut mask);
    let digest = digest(key, bound_to);
    let masked: [u8; OCTETS] = std::array::from_fn(|i| digest[i] ^ mask[i]);
    hex(&mask) + &hex(&masked)
}

/// Whether a form's token was made for whoever holds `bound_to`.
pub fn fits(key: &[u8; 32], bound_to: &str, token: &str) -> bool {
    let Some(octets) = unhex(token) else { return false };
    let (mask, masked) = octets.split_at(OCTETS);
    let sent: [u8; OCTETS] = std::array::from_fn(|i| mask[i] ^ masked[i]);
    !bound_to.is_empty() && bool::from(sent.ct_eq(&digest(key, bound_to)))
}

fn unhex(text: &str) -> Option<[u8; 2 * OCTETS]> {
    from_hex(text)?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_fits_its_holder_only_and_never_looks_the_same() {
        let key = [7; 32];
        let (one, other) = (make(&key, "alice"), make(&key, "alice"));
        assert_ne!(one, other);
        assert!(fits(&key, "alice", &one) && fits(&key, "alice", &other));
        for (holder, token) in [("bob", one.as_str()), ("alice", ""), ("alice", "zz"), ("alice", &one[2..]), ("", &make(&key, ""))] {
            assert!(!fits(&key, holder, token), "{holder} {token}");
        }
        assert!(!fits(&[8; 32], "alice", &one));
        assert!(!fits(&key, "alice", &"é".repeat(32)));
    }
}
