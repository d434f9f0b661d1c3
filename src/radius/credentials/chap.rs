//! CHAP: MD5 over identifier, password and challenge (RFC 1994 §4.1, RFC 2865 §5.3 and §5.40). Needs the password in clear.

use super::same_octets;
use md5::{Digest, Md5};

/// The response a peer computes: MD5(identifier, password, challenge). The challenge may have any length.
pub fn chap_response(identifier: u8, password: &[u8], challenge: &[u8]) -> [u8; 16] {
    Md5::new().chain_update([identifier]).chain_update(password).chain_update(challenge).finalize().into()
}

/// Builds the value of CHAP-Password: identifier octet, then the response (RFC 2865 §5.3).
pub fn chap_password(identifier: u8, password: &[u8], challenge: &[u8]) -> [u8; 17] {
    let mut value = [identifier; 17];
    value[1..].copy_from_slice(&chap_response(identifier, password, challenge));
    value
}

/// Whether the value of CHAP-Password proves `password`. `challenge` is the value of CHAP-Challenge, or, when the request carries none, the
/// Request Authenticator. A value that is not 17 octets long proves nothing.
pub fn verify_chap(chap_password: &[u8], challenge: &[u8], password: &[u8]) -> bool {
    match chap_password.split_first() {
        Some((&identifier, response)) if response.len() == 16 => same_octets(&chap_response(identifier, password, challenge), response),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 2865 §7.2: user flopsy, CHAP identifier 22, password arctangent, no CHAP-Challenge.
    const AUTHENTICATOR: [u8; 16] = [0x2a, 0xee, 0x86, 0xf0, 0x8d, 0x0d, 0x55, 0x96, 0x9c, 0xa5, 0x97, 0x8e, 0x0d, 0x33, 0x67, 0xa2];
    const CHAP_PASSWORD: [u8; 17] = [0x16, 0xe9, 0x75, 0x57, 0xc3, 0x16, 0x18, 0x58, 0x95, 0xf2, 0x93, 0xff, 0x63, 0x44, 0x07, 0x72, 0x75];

    #[test]
    fn agrees_with_rfc_2865_section_7_2() {
        assert_eq!(chap_password(22, b"arctangent", &AUTHENTICATOR), CHAP_PASSWORD);
        assert!(verify_chap(&CHAP_PASSWORD, &AUTHENTICATOR, b"arctangent"));
    }

    #[test]
    fn refuses_what_does_not_prove_the_password() {
        assert!(!verify_chap(&CHAP_PASSWORD, &AUTHENTICATOR, b"Arctangent"), "wrong password");
        assert!(!verify_chap(&CHAP_PASSWORD, &AUTHENTICATOR[..15], b"arctangent"), "wrong challenge");
        assert!(!verify_chap(&CHAP_PASSWORD[..16], &AUTHENTICATOR, b"arctangent"), "short value");
        assert!(!verify_chap(&[&CHAP_PASSWORD[..], &[0]].concat(), &AUTHENTICATOR, b"arctangent"), "long value");
        assert!(!verify_chap(&[], &AUTHENTICATOR, b"arctangent"), "empty value");
    }

    #[test]
    fn takes_challenges_of_any_length() {
        for length in [0, 1, 5, 16, 253] {
            let challenge = vec![0xa5; length];
            assert!(verify_chap(&chap_password(1, b"pw", &challenge), &challenge, b"pw"), "{length} octets");
        }
    }
}
