//! MS-CHAPv2 as a client computes it (RFC 2759), for requests and for judging the server's proof.

use super::Packet;
use des::Des;
use des::cipher::{Array, BlockCipherEncrypt, KeyInit};
use md4::{Digest, Md4};
use sha1::Sha1;

/// The vendor Microsoft.
pub const MICROSOFT: u32 = 311;
/// MS-CHAP-Error, in a Reject.
pub const MS_CHAP_ERROR: u8 = 2;
/// MS-CHAP-Challenge.
pub const MS_CHAP_CHALLENGE: u8 = 11;
/// MS-MPPE-Send-Key and MS-MPPE-Recv-Key.
pub const MPPE_KEYS: [u8; 2] = [16, 17];
/// MS-CHAP2-Response.
pub const MS_CHAP2_RESPONSE: u8 = 25;
/// MS-CHAP2-Success, in an Accept: the identifier, then `S=` and 40 hexadecimal digits.
pub const MS_CHAP2_SUCCESS: u8 = 26;

/// One exchange: both challenges and who answers them.
pub struct Exchange<'a> {
    pub user: &'a str,
    pub password: &'a str,
    pub server_challenge: [u8; 16],
    pub peer_challenge: [u8; 16],
}

impl Exchange<'_> {
    /// NtPasswordHash (RFC 2759 §8.3).
    fn password_hash(&self) -> [u8; 16] {
        let utf16: Vec<u8> = self.password.encode_utf16().flat_map(u16::to_le_bytes).collect();
        Md4::digest(&utf16).into()
    }

    /// ChallengeHash (§8.2).
    fn challenge_hash(&self) -> [u8; 8] {
        let hash = Sha1::digest([&self.peer_challenge[..], &self.server_challenge, self.user.as_bytes()].concat());
        hash[..8].try_into().expect("8 of 20 octets")
    }

    /// GenerateNTResponse (§8.1).
    pub fn nt_response(&self) -> [u8; 24] {
        let mut keys = [0; 21];
        keys[..16].copy_from_slice(&self.password_hash());
        let mut response = [0; 24];
        for (key, out) in keys.chunks(7).zip(response.chunks_mut(8)) {
            out.copy_from_slice(&encrypt(key.try_into().expect("7 octets"), self.challenge_hash()));
        }
        response
    }

    /// GenerateAuthenticatorResponse (§8.7): what the server proves that it knows the password with.
    pub fn authenticator_response(&self) -> String {
        let hash_of_hash = Md4::digest(self.password_hash());
        let magic1 = b"Magic server to client signing constant";
        let magic2 = b"Pad to make it do more than one iteration";
        let digest = Sha1::digest([&hash_of_hash, &self.nt_response()[..], magic1].concat());
        let digest = Sha1::digest([&digest[..], &self.challenge_hash(), magic2].concat());
        digest.iter().fold("S=".to_owned(), |text, octet| format!("{text}{octet:02X}"))
    }

    /// The Access-Request (RFC 2548 §2.1.4, §2.3.2) with identifier 1.
    pub fn request(&self) -> Packet {
        let response = [&[1, 0], &self.peer_challenge[..], &[0; 8], &self.nt_response()].concat();
        Packet::access(self.user).with_vendor(MICROSOFT, MS_CHAP_CHALLENGE, &self.server_challenge).with_vendor(
            MICROSOFT,
            MS_CHAP2_RESPONSE,
            &response,
        )
    }
}

/// DES of one block under 56 bits of key, spread over 8 octets; DES ignores the parity bits.
fn encrypt(key: [u8; 7], block: [u8; 8]) -> [u8; 8] {
    let bits = key.iter().fold(0u64, |bits, octet| bits << 8 | u64::from(*octet));
    let spread: [u8; 8] = std::array::from_fn(|at| ((bits >> (49 - 7 * at)) as u8) << 1);
    let mut block = Array::from(block);
    Des::new(&Array::from(spread)).encrypt_block(&mut block);
    block.into()
}

/// RFC 2759 §9.2.
#[test]
fn agrees_with_rfc_2759() {
    let exchange = Exchange {
        user: "User",
        password: "clientPass",
        server_challenge: [0x5b, 0x5d, 0x7c, 0x7d, 0x7b, 0x3f, 0x2f, 0x3e, 0x3c, 0x2c, 0x60, 0x21, 0x32, 0x26, 0x26, 0x28],
        peer_challenge: [0x21, 0x40, 0x23, 0x24, 0x25, 0x5e, 0x26, 0x2a, 0x28, 0x29, 0x5f, 0x2b, 0x3a, 0x33, 0x7c, 0x7e],
    };
    let nt_response = "82309ecd8d708b5ea08faa3981cd83544233114a3d85d6df";
    assert_eq!(exchange.nt_response().iter().map(|octet| format!("{octet:02x}")).collect::<String>(), nt_response);
    assert_eq!(exchange.authenticator_response(), "S=407A5589115FD0D6209F510FE9C04566932CDA56");
}
