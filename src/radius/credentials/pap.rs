//! PAP: hiding and unhiding User-Password (RFC 2865 §5.2).

use md5::{Digest, Md5};

/// Longest password that User-Password can carry, in octets (RFC 2865 §5.2).
pub const MAX_PASSWORD_OCTETS: usize = 128;
const BLOCK: usize = 16;

/// The password is longer than [`MAX_PASSWORD_OCTETS`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a password may have at most 128 octets")]
pub struct PasswordTooLong;

/// Hides `plain` as the value of User-Password: padded with NULs to 16..=128 octets, a multiple of 16 (RFC 2865 §5.2).
/// An empty password gives one block of hidden NULs, as RouterOS sends for MAC logins.
///
/// # Errors
/// [`PasswordTooLong`] over 128 octets.
pub fn hide_password(plain: &[u8], secret: &[u8], authenticator: &[u8; 16]) -> Result<Vec<u8>, PasswordTooLong> {
    if plain.len() > MAX_PASSWORD_OCTETS {
        return Err(PasswordTooLong);
    }
    let mut hidden = plain.to_vec();
    hidden.resize(plain.len().max(1).next_multiple_of(BLOCK), 0);
    hide_in_place(&mut hidden, secret, authenticator);
    Ok(hidden)
}

/// Hides whole blocks in place with the User-Password method; a last partial block is hidden as far as it goes.
/// Also serves MS-MPPE-Keys of MS-CHAPv1 (RFC 2548 §2.4.1).
pub fn hide_in_place(blocks: &mut [u8], secret: &[u8], authenticator: &[u8; 16]) {
    let keyed = Md5::new_with_prefix(secret);
    let mut previous = *authenticator;
    for block in blocks.chunks_mut(BLOCK) {
        let pad = keyed.clone().chain_update(previous).finalize();
        for (octet, mask) in block.iter_mut().zip(pad) {
            *octet ^= mask;
        }
        previous[..block.len()].copy_from_slice(block);
    }
}

/// Recovers the password from the value of User-Password, without allocating; trailing NULs (the padding) are stripped, nothing else.
/// `None` if the value's length is not 16..=128 octets in steps of 16. A wrong secret cannot be seen here: it gives garbage.
pub fn unhide_password<'a>(
    hidden: &[u8],
    secret: &[u8],
    authenticator: &[u8; 16],
    out: &'a mut [u8; MAX_PASSWORD_OCTETS],
) -> Option<&'a [u8]> {
    if hidden.is_empty() || hidden.len() > MAX_PASSWORD_OCTETS || !hidden.len().is_multiple_of(BLOCK) {
        return None;
    }
    let keyed = Md5::new_with_prefix(secret);
    let mut previous: &[u8] = authenticator;
    for (block, plain) in hidden.chunks_exact(BLOCK).zip(out.chunks_exact_mut(BLOCK)) {
        let pad = keyed.clone().chain_update(previous).finalize();
        for ((octet, mask), target) in block.iter().zip(pad).zip(plain) {
            *target = octet ^ mask;
        }
        previous = block;
    }
    let padded = &out[..hidden.len()];
    let length = padded.iter().rposition(|&octet| octet != 0).map_or(0, |last| last + 1);
    Some(&padded[..length])
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// RFC 2865 §7.1: user nemo, password arctangent, secret xyzzy5461.
    const AUTHENTICATOR: [u8; 16] = [0x0f, 0x40, 0x3f, 0x94, 0x73, 0x97, 0x80, 0x57, 0xbd, 0x83, 0xd5, 0xcb, 0x98, 0xf4, 0x22, 0x7a];
    const HIDDEN: [u8; 16] = [0x0d, 0xbe, 0x70, 0x8d, 0x93, 0xd4, 0x13, 0xce, 0x31, 0x96, 0xe4, 0x3f, 0x78, 0x2a, 0x0a, 0xee];

    #[test]
    fn agrees_with_rfc_2865_section_7_1() {
        assert_eq!(hide_password(b"arctangent", b"xyzzy5461", &AUTHENTICATOR).unwrap(), HIDDEN);
        assert_eq!(unhide_password(&HIDDEN, b"xyzzy5461", &AUTHENTICATOR, &mut [0; 128]), Some(&b"arctangent"[..]));
    }

    #[test]
    fn refuses_lengths_the_rfc_forbids() {
        for length in [0, 1, 15, 17, 31, 127, 129, 144, 253] {
            assert_eq!(unhide_password(&vec![7; length], b"s", &AUTHENTICATOR, &mut [0; 128]), None, "{length} octets");
        }
        assert_eq!(hide_password(&[b'x'; 129], b"s", &AUTHENTICATOR), Err(PasswordTooLong));
    }

    #[test]
    fn pads_to_whole_blocks() {
        for (plain, hidden) in [(0, 16), (1, 16), (16, 16), (17, 32), (128, 128)] {
            assert_eq!(hide_password(&vec![b'x'; plain], b"s", &AUTHENTICATOR).unwrap().len(), hidden, "{plain} octets");
        }
    }

    #[test]
    fn strips_trailing_nuls_only() {
        let hidden = hide_password(b"a\0b \0\0", b"s", &AUTHENTICATOR).unwrap();
        assert_eq!(unhide_password(&hidden, b"s", &AUTHENTICATOR, &mut [0xff; 128]), Some(&b"a\0b "[..]));
    }

    proptest! {
        #[test]
        fn round_trip(plain in proptest::collection::vec(1u8.., 0..=128), secret in proptest::collection::vec(any::<u8>(), 1..40), authenticator: [u8; 16]) {
            let hidden = hide_password(&plain, &secret, &authenticator).unwrap();
            let mut out = [0; 128];
            prop_assert_eq!(unhide_password(&hidden, &secret, &authenticator, &mut out), Some(&plain[..]));
        }
    }
}
