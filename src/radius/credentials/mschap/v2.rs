//! MS-CHAP version 2 as RADIUS carries it: MS-CHAP-Challenge, MS-CHAP2-Response, MS-CHAP2-Success (RFC 2759, RFC 2548 §2.3).

use super::super::same_octets;
use super::{RESPONSE_OCTETS, Unproven, mppe_keys, nt_hash_hash, nt_response};
use sha1::{Digest, Sha1};

/// What the server returns to a peer that proved its password.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct V2Success {
    /// Value of MS-CHAP2-Success: the peer's identifier octet, then `S=` and 40 upper-case hex digits (RFC 2548 §2.3.3).
    pub success: [u8; 43],
    /// Plain text of MS-MPPE-Send-Key: what the router sends with (RFC 2548 §2.4.2, RFC 3079 §3.4). To be salted.
    pub send_key: [u8; 16],
    /// Plain text of MS-MPPE-Recv-Key. To be salted.
    pub recv_key: [u8; 16],
}

/// The name that enters the challenge hash: what follows the last backslash of `DOMAIN\user`; otherwise the name exactly as sent.
pub fn user_without_domain(user_name: &[u8]) -> &[u8] {
    match user_name.iter().rposition(|&octet| octet == b'\\') {
        Some(backslash) => &user_name[backslash + 1..],
        None => user_name,
    }
}

/// ChallengeHash (RFC 2759 §8.2). A domain prefix of the name is left out.
pub fn challenge_hash(peer_challenge: &[u8; 16], authenticator_challenge: &[u8; 16], user_name: &[u8]) -> [u8; 8] {
    let digest: [u8; 20] = Sha1::new()
        .chain_update(peer_challenge)
        .chain_update(authenticator_challenge)
        .chain_update(user_without_domain(user_name))
        .finalize()
        .into();
    first(&digest)
}

/// Builds the value of MS-CHAP2-Response: identifier, flags 0, peer challenge, 8 reserved octets, NT response (RFC 2548 §2.3.2).
pub fn v2_response(
    identifier: u8,
    authenticator_challenge: &[u8; 16],
    peer_challenge: &[u8; 16],
    user_name: &[u8],
    nt_hash: &[u8; 16],
) -> [u8; RESPONSE_OCTETS] {
    let mut value = [0; RESPONSE_OCTETS];
    value[0] = identifier;
    value[2..18].copy_from_slice(peer_challenge);
    value[26..].copy_from_slice(&nt_response(&challenge_hash(peer_challenge, authenticator_challenge, user_name), nt_hash));
    value
}

/// Verifies MS-CHAP2-Response and computes what the Accept needs. `user_name` is User-Name as the peer sent it, letter case kept.
///
/// # Errors
/// [`Unproven::Malformed`] unless the response has 50 and the challenge 16 octets; else [`Unproven::WrongPassword`].
pub fn verify_v2(response: &[u8], authenticator_challenge: &[u8], user_name: &[u8], nt_hash: &[u8; 16]) -> Result<V2Success, Unproven> {
    let authenticator_challenge: &[u8; 16] = authenticator_challenge.try_into().map_err(|_| Unproven::Malformed)?;
    let response: &[u8; RESPONSE_OCTETS] = response.try_into().map_err(|_| Unproven::Malformed)?;
    let challenge = challenge_hash(&first(&response[2..]), authenticator_challenge, user_name);
    let expected = nt_response(&challenge, nt_hash);
    if !same_octets(&expected, &response[26..]) {
        return Err(Unproven::WrongPassword);
    }
    let hash_hash = nt_hash_hash(nt_hash);
    let keys = mppe_keys(&hash_hash, &expected);
    let mut success = [response[0]; 43];
    success[1..].copy_from_slice(&authenticator_response(&hash_hash, &expected, &challenge));
    Ok(V2Success { success, send_key: keys.send, recv_key: keys.receive })
}

/// GenerateAuthenticatorResponse (RFC 2759 §8.7): `S=` and 40 upper-case hex digits, by which the server proves that it knows the password.
pub fn authenticator_response(nt_hash_hash: &[u8; 16], nt_response: &[u8; 24], challenge: &[u8; 8]) -> [u8; 42] {
    let inner = Sha1::new()
        .chain_update(nt_hash_hash)
        .chain_update(nt_response)
        .chain_update(b"Magic server to client signing constant")
        .finalize();
    let digest =
        Sha1::new().chain_update(inner).chain_update(challenge).chain_update(b"Pad to make it do more than one iteration").finalize();
    let mut text = *b"S=........................................";
    for (octet, digits) in digest.iter().zip(text[2..].as_chunks_mut::<2>().0) {
        const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
        *digits = [DIGITS[usize::from(octet >> 4)], DIGITS[usize::from(octet & 15)]];
    }
    text
}

/// The first `N` octets of a slice that is known to be long enough.
fn first<const N: usize>(octets: &[u8]) -> [u8; N] {
    *octets.first_chunk().expect("callers pass fixed-size arrays that are longer")
}

#[cfg(test)]
mod tests {
    use super::super::nt_hash;
    use super::*;
    use crate::units::hex;

    /// RFC 2759 §9.2 (and RFC 3079 §3.5.3, which goes on from it).
    const AUTHENTICATOR_CHALLENGE: [u8; 16] =
        [0x5b, 0x5d, 0x7c, 0x7d, 0x7b, 0x3f, 0x2f, 0x3e, 0x3c, 0x2c, 0x60, 0x21, 0x32, 0x26, 0x26, 0x28];
    const PEER_CHALLENGE: [u8; 16] = [0x21, 0x40, 0x23, 0x24, 0x25, 0x5e, 0x26, 0x2a, 0x28, 0x29, 0x5f, 0x2b, 0x3a, 0x33, 0x7c, 0x7e];

    #[test]
    fn agrees_with_rfc_2759_section_9_2() {
        let hash = nt_hash("clientPass");
        assert_eq!(hex(&challenge_hash(&PEER_CHALLENGE, &AUTHENTICATOR_CHALLENGE, b"User")), "d02e4386bce91226");
        let response = v2_response(5, &AUTHENTICATOR_CHALLENGE, &PEER_CHALLENGE, b"User", &hash);
        assert_eq!(hex(&response[26..]), "82309ecd8d708b5ea08faa3981cd83544233114a3d85d6df");
        let success = verify_v2(&response, &AUTHENTICATOR_CHALLENGE, b"User", &hash).expect("proven");
        assert_eq!(&success.success[..], b"\x05S=407A5589115FD0D6209F510FE9C04566932CDA56");
        assert_eq!(hex(&success.send_key), "8b7cdc149b993a1ba118cb153f56dccb", "RFC 3079 §3.5.3, SendStartKey128");
        assert_ne!(success.recv_key, success.send_key);
    }

    #[test]
    fn leaves_out_the_domain_but_keeps_the_letter_case() {
        let hash = nt_hash("clientPass");
        let response = v2_response(5, &AUTHENTICATOR_CHALLENGE, &PEER_CHALLENGE, b"User", &hash);
        for (name, proven) in
            [(&b"BIGCO\\User"[..], true), (b"User", true), (b"user", false), (b"User@bigco", false), (b" User", false), (b"", false)]
        {
            assert_eq!(verify_v2(&response, &AUTHENTICATOR_CHALLENGE, name, &hash).is_ok(), proven, "{}", name.escape_ascii());
        }
    }

    #[test]
    fn tells_malformed_from_wrong() {
        let hash = nt_hash("clientPass");
        let mut response = v2_response(5, &AUTHENTICATOR_CHALLENGE, &PEER_CHALLENGE, b"User", &hash);
        let verdict = |response: &[u8], challenge: &[u8]| verify_v2(response, challenge, b"User", &hash).map(|_| ()).unwrap_err();
        assert_eq!(verdict(&response[..49], &AUTHENTICATOR_CHALLENGE), Unproven::Malformed);
        assert_eq!(verdict(&response, &AUTHENTICATOR_CHALLENGE[..8]), Unproven::Malformed);
        response[49] ^= 1;
        assert_eq!(verdict(&response, &AUTHENTICATOR_CHALLENGE), Unproven::WrongPassword);
    }
}
