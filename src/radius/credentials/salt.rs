//! Salted encryption of Tunnel-Password (RFC 2868 §3.5) and MS-MPPE-Send-Key / -Recv-Key (RFC 2548 §2.4.2).
//! The text below starts at the salt: a tag octet, if the attribute has one, is the caller's.

use md5::{Digest, Md5};

const BLOCK: usize = 16;
/// Longest plain text: fifteen blocks less the Data-Length octet; more does not fit an attribute.
pub const MAX_PLAIN_OCTETS: usize = 15 * BLOCK - 1;
/// Longest encrypted value: the salt and fifteen blocks.
pub const MAX_SALTED_OCTETS: usize = 2 + 15 * BLOCK;

/// Length in octets of the encrypted value (salt included) of a plain text of `plain_octets`.
pub const fn salted_octets(plain_octets: usize) -> usize {
    2 + (1 + plain_octets).next_multiple_of(BLOCK)
}

/// Encrypts `plain` into the front of `out` as salt, then blocks over Data-Length, plain text and NUL padding; returns the octets written.
/// The salt's highest bit is set here, as the RFCs demand; its other bits must differ between attributes of one packet.
/// `None` if the plain text is over [`MAX_PLAIN_OCTETS`] or `out` is shorter than [`salted_octets`].
pub fn salt_encrypt(plain: &[u8], secret: &[u8], request_authenticator: &[u8; 16], salt: [u8; 2], out: &mut [u8]) -> Option<usize> {
    let data_length = u8::try_from(plain.len()).ok().filter(|_| plain.len() <= MAX_PLAIN_OCTETS)?;
    let length = salted_octets(plain.len());
    let (salt_out, blocks) = out.get_mut(..length)?.split_at_mut(2);
    salt_out.copy_from_slice(&[salt[0] | 0x80, salt[1]]);
    blocks[0] = data_length;
    blocks[1..=plain.len()].copy_from_slice(plain);
    blocks[1 + plain.len()..].fill(0);

    let keyed = Md5::new_with_prefix(secret);
    let mut pad = keyed.clone().chain_update(request_authenticator).chain_update(&*salt_out).finalize();
    for block in blocks.chunks_exact_mut(BLOCK) {
        for (octet, mask) in block.iter_mut().zip(pad) {
            *octet ^= mask;
        }
        pad = keyed.clone().chain_update(&*block).finalize();
    }
    Some(length)
}

/// Decrypts a value that starts with its salt. `None` if its length is no salt plus 1..=15 blocks, or its Data-Length exceeds the blocks,
/// which is also how a wrong secret usually shows.
pub fn salt_decrypt<'a>(salted: &[u8], secret: &[u8], request_authenticator: &[u8; 16], out: &'a mut [u8; 15 * BLOCK]) -> Option<&'a [u8]> {
    let (salt, blocks) = salted.split_at_checked(2)?;
    if blocks.is_empty() || blocks.len() > out.len() || !blocks.len().is_multiple_of(BLOCK) {
        return None;
    }
    let keyed = Md5::new_with_prefix(secret);
    let mut pad = keyed.clone().chain_update(request_authenticator).chain_update(salt).finalize();
    for (block, plain) in blocks.chunks_exact(BLOCK).zip(out.chunks_exact_mut(BLOCK)) {
        for ((octet, mask), target) in block.iter().zip(pad).zip(plain) {
            *target = octet ^ mask;
        }
        pad = keyed.clone().chain_update(block).finalize();
    }
    let (&data_length, text) = out[..blocks.len()].split_first()?;
    text.get(..usize::from(data_length))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const AUTHENTICATOR: [u8; 16] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15];

    /// Step by step after RFC 2868 §3.5: b(1) = MD5(S + R + A), c(1) = p(1) xor b(1), b(2) = MD5(S + c(1)), c(2) = p(2) xor b(2).
    #[test]
    fn follows_the_construction_of_rfc_2868() {
        let plain = b"a tunnel password of two blocks";
        let mut out = [0; 34];
        assert_eq!(salt_encrypt(plain, b"testing123", &AUTHENTICATOR, [0xf0, 0x01], &mut out), Some(34));
        let b1 = Md5::digest([&b"testing123"[..], &AUTHENTICATOR, &[0xf0, 0x01]].concat());
        let b2 = Md5::digest([&b"testing123"[..], &out[2..18]].concat());
        let padded: Vec<u8> = [&[31][..], plain].concat();
        let expected: Vec<u8> = padded.iter().zip(b1.iter().chain(&b2)).map(|(p, b)| p ^ b).collect();
        assert_eq!(out[..2], [0xf0, 0x01]);
        assert_eq!(out[2..], expected);
    }

    #[test]
    fn sets_the_high_bit_of_the_salt_and_needs_room() {
        let mut out = [0; 64];
        assert_eq!(salt_encrypt(b"x", b"s", &AUTHENTICATOR, [0x01, 0x02], &mut out), Some(18));
        assert_eq!(out[..2], [0x81, 0x02]);
        assert_eq!(salt_encrypt(b"x", b"s", &AUTHENTICATOR, [0x81, 0x02], &mut out[..17]), None);
        assert_eq!(salt_encrypt(&[0; 240], b"s", &AUTHENTICATOR, [0x81, 0x02], &mut [0; 300]), None);
    }

    #[test]
    fn refuses_malformed_values() {
        for length in [0, 1, 2, 3, 17, 19, 33, 258] {
            assert_eq!(salt_decrypt(&vec![0x80; length], b"s", &AUTHENTICATOR, &mut [0; 240]), None, "{length} octets");
        }
        let mut value = [0; 18];
        salt_encrypt(&[7; 15], b"s", &AUTHENTICATOR, [0x80, 0], &mut value);
        value[2] ^= 15 ^ 16; // Data-Length 16 in a single block
        assert_eq!(salt_decrypt(&value, b"s", &AUTHENTICATOR, &mut [0; 240]), None);
    }

    proptest! {
        #[test]
        fn round_trip(plain in proptest::collection::vec(any::<u8>(), 0..=MAX_PLAIN_OCTETS), secret: Vec<u8>, authenticator: [u8; 16], salt: [u8; 2]) {
            let mut value = [0; MAX_SALTED_OCTETS];
            let length = salt_encrypt(&plain, &secret, &authenticator, salt, &mut value).unwrap();
            prop_assert_eq!(length, salted_octets(plain.len()));
            let mut out = [0; 240];
            prop_assert_eq!(salt_decrypt(&value[..length], &secret, &authenticator, &mut out), Some(&plain[..]));
        }

        #[test]
        fn never_panics(salted: Vec<u8>, secret: Vec<u8>, authenticator: [u8; 16]) {
            let _ = salt_decrypt(&salted, &secret, &authenticator, &mut [0; 240]);
        }
    }
}
