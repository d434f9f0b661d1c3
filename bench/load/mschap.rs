//! MS-CHAPv2 from the client's side (RFC 2759 §8): the response to send and the success text to expect.

use des::Des;
use des::cipher::{Block, BlockCipherEncrypt, KeyInit};
use md4::Md4;
use sha1::{Digest, Sha1};

/// What a client computes for one login.
pub struct Exchange {
    /// The NT-Response, 24 octets.
    pub response: [u8; 24],
    /// The octets that the server's `S=` must spell in upper-case hexadecimal.
    pub success: [u8; 20],
}

/// Computes response and expected success of one login. `user` is the name without a domain.
pub fn exchange(user: &[u8], password: &str, challenge: &[u8; 16], peer_challenge: &[u8; 16]) -> Exchange {
    let utf16: Vec<u8> = password.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let hash: [u8; 16] = Md4::digest(utf16).into();
    let digest = Sha1::new().chain_update(peer_challenge).chain_update(challenge).chain_update(user).finalize();
    let short: [u8; 8] = digest[..8].try_into().expect("SHA-1 has 20 octets");
    let response = challenge_response(&short, &hash);
    let hash_of_hash: [u8; 16] = Md4::digest(hash).into();
    let inner =
        Sha1::new().chain_update(hash_of_hash).chain_update(response).chain_update(b"Magic server to client signing constant").finalize();
    let success =
        Sha1::new().chain_update(inner).chain_update(short).chain_update(b"Pad to make it do more than one iteration").finalize().into();
    Exchange { response, success }
}

fn challenge_response(challenge: &[u8; 8], hash: &[u8; 16]) -> [u8; 24] {
    let mut key = [0u8; 21];
    key[..16].copy_from_slice(hash);
    let mut response = [0u8; 24];
    for (part, out) in key.chunks(7).zip(response.chunks_mut(8)) {
        let cipher = Des::new(&spread(part).into());
        let mut block = Block::<Des>::from(*challenge);
        cipher.encrypt_block(&mut block);
        out.copy_from_slice(&block);
    }
    response
}

/// 56 key bits into 8 octets of 7 bits each; the parity bits are ignored by DES.
fn spread(part: &[u8]) -> [u8; 8] {
    let bits = part.iter().fold(0u64, |bits, octet| (bits << 8) | u64::from(*octet));
    std::array::from_fn(|index| ((bits >> (49 - 7 * index)) as u8) << 1)
}

/// Checks `exchange` against the worked example of RFC 2759 §9.2; called once before MS-CHAPv2 is measured.
pub fn self_check() {
    let challenge = [0x5B, 0x5D, 0x7C, 0x7D, 0x7B, 0x3F, 0x2F, 0x3E, 0x3C, 0x2C, 0x60, 0x21, 0x32, 0x26, 0x26, 0x28];
    let peer = [0x21, 0x40, 0x23, 0x24, 0x25, 0x5E, 0x26, 0x2A, 0x28, 0x29, 0x5F, 0x2B, 0x3A, 0x33, 0x7C, 0x7E];
    let made = exchange(b"User", "clientPass", &challenge, &peer);
    let response = [
        0x82, 0x30, 0x9E, 0xCD, 0x8D, 0x70, 0x8B, 0x5E, 0xA0, 0x8F, 0xAA, 0x39, 0x81, 0xCD, 0x83, 0x54, 0x42, 0x33, 0x11, 0x4A, 0x3D, 0x85,
        0xD6, 0xDF,
    ];
    let success = [0x40, 0x7A, 0x55, 0x89, 0x11, 0x5F, 0xD0, 0xD6, 0x20, 0x9F, 0x51, 0x0F, 0xE9, 0xC0, 0x45, 0x66, 0x93, 0x2C, 0xDA, 0x56];
    assert!(made.response == response && made.success == success, "MS-CHAPv2 agrees with RFC 2759 §9.2");
}
