//! MS-CHAP version 1 as RADIUS carries it: MS-CHAP-Challenge and MS-CHAP-Response (RFC 2433, RFC 2548 §2.1).

use super::super::same_octets;
use super::{RESPONSE_OCTETS, Unproven, nt_response};

/// Builds the value of MS-CHAP-Response: identifier, flag "use the NT response", an empty LM part, the NT response (RFC 2548 §2.1.3).
pub fn v1_response(identifier: u8, challenge: &[u8; 8], nt_hash: &[u8; 16]) -> [u8; RESPONSE_OCTETS] {
    let mut value = [0; RESPONSE_OCTETS];
    value[0] = identifier;
    value[1] = 1;
    value[26..].copy_from_slice(&nt_response(challenge, nt_hash));
    value
}

/// Verifies the NT part of MS-CHAP-Response; the LM part is ignored whatever the flags say.
///
/// # Errors
/// [`Unproven::Malformed`] unless the response has 50 and the challenge 8 octets; else [`Unproven::WrongPassword`].
pub fn verify_v1(response: &[u8], challenge: &[u8], nt_hash: &[u8; 16]) -> Result<(), Unproven> {
    let challenge: &[u8; 8] = challenge.try_into().map_err(|_| Unproven::Malformed)?;
    let response: &[u8; RESPONSE_OCTETS] = response.try_into().map_err(|_| Unproven::Malformed)?;
    if same_octets(&nt_response(challenge, nt_hash), &response[26..]) { Ok(()) } else { Err(Unproven::WrongPassword) }
}

#[cfg(test)]
mod tests {
    use super::super::nt_hash;
    use super::*;

    #[test]
    fn verifies_the_nt_part_only() {
        // RFC 2433 B.2.
        let challenge = [0x10, 0x2d, 0xb5, 0xdf, 0x08, 0x5d, 0x30, 0x41];
        let hash = nt_hash("MyPw");
        let mut response = v1_response(9, &challenge, &hash);
        assert_eq!(verify_v1(&response, &challenge, &hash), Ok(()));
        response[1] = 0;
        response[2..26].fill(0x55);
        assert_eq!(verify_v1(&response, &challenge, &hash), Ok(()), "LM part and flags do not matter");
        response[49] ^= 1;
        assert_eq!(verify_v1(&response, &challenge, &hash), Err(Unproven::WrongPassword));
        assert_eq!(verify_v1(&response[..49], &challenge, &hash), Err(Unproven::Malformed));
        assert_eq!(verify_v1(&response, &challenge[..7], &hash), Err(Unproven::Malformed));
    }
}
