//! Shared secrets.

use zeroize::Zeroizing;

use super::RouterError;

/// Secrets shorter than this are accepted with a warning: RFC 2865 §3 wants 16 octets at least.
pub const SHORT_SECRET_OCTETS: usize = 16;
/// RouterOS and FreeRADIUS stop at 128 or more; nobody needs more than this.
const MAX_SECRET_OCTETS: usize = 256;

/// A shared secret, wiped from memory when dropped; never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct RouterSecret(Zeroizing<Vec<u8>>);

impl RouterSecret {
    /// Refuses an empty secret, one with control characters (a pasted line end) and one over 256 octets.
    pub fn new(octets: &[u8]) -> Result<RouterSecret, RouterError> {
        if octets.is_empty() {
            return Err(RouterError::BadSecret("the secret is empty"));
        }
        if octets.len() > MAX_SECRET_OCTETS {
            return Err(RouterError::BadSecret("the secret is longer than 256 octets"));
        }
        if octets.iter().any(u8::is_ascii_control) {
            return Err(RouterError::BadSecret("the secret holds a control character, such as a line end"));
        }
        Ok(RouterSecret(Zeroizing::new(octets.to_vec())))
    }

    /// The octets that go into the authenticators.
    pub fn octets(&self) -> &[u8] {
        &self.0
    }

    /// A sentence for the administrator if the secret can be guessed from one captured packet.
    pub fn warning(&self) -> Option<&'static str> {
        (self.0.len() < SHORT_SECRET_OCTETS)
            .then_some("the secret has fewer than 16 octets (RFC 2865 §3): whoever captures one packet can try out short secrets")
    }
}

impl std::fmt::Debug for RouterSecret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("RouterSecret")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_checked_and_never_printed() {
        for (octets, ok, warned) in [
            (&b""[..], false, false),
            (b"testing123", true, true),
            (b"0123456789abcdef", true, false),
            (b"with space inside it", true, false),
            (b"pasted\n", false, false),
            (&[0xff; 257], false, false),
        ] {
            let secret = RouterSecret::new(octets);
            assert_eq!(secret.is_ok(), ok, "{octets:?}");
            if let Ok(secret) = secret {
                assert_eq!(secret.warning().is_some(), warned);
                assert_eq!(format!("{secret:?}"), "RouterSecret");
            }
        }
    }
}
