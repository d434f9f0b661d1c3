//! Tokens that only their holder has: 256 random bits, kept as SHA-256. So much chance needs no slow hash.

use std::fmt;

use rand::Rng;
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::units::hex;

/// A new token. It is shown once and never stored or logged.
pub struct SecretToken(Zeroizing<String>);

impl SecretToken {
    /// Random, with a prefix that says what it opens, so that scanners for leaked secrets can find it.
    pub fn new(prefix: &str) -> SecretToken {
        let mut octets = Zeroizing::new([0u8; 32]);
        rand::rng().fill_bytes(&mut octets[..]);
        SecretToken(Zeroizing::new(format!("{prefix}{}", hex(&octets[..]))))
    }

    /// For the one who gets it.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// What is kept of it.
    pub fn hash(&self) -> Vec<u8> {
        token_hash(&self.0)
    }
}

impl fmt::Debug for SecretToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretToken")
    }
}

/// How a token is looked up.
pub fn token_hash(token: &str) -> Vec<u8> {
    Sha256::digest(token.as_bytes()).to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_differ_and_are_found_by_their_hash() {
        let (a, b) = (SecretToken::new("tgs_"), SecretToken::new("tgs_"));
        assert_ne!(a.expose(), b.expose());
        assert_eq!((a.expose().len(), a.hash().len()), (4 + 64, 32));
        assert_eq!(a.hash(), token_hash(a.expose()));
        assert_eq!(format!("{a:?}"), "SecretToken");
    }
}
