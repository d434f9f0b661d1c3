//! Time-based one-time passwords (RFC 6238 over RFC 4226, SHA-1, six digits, 30 seconds: what every authenticator app speaks) and recovery codes.

use hmac::{Hmac, KeyInit, Mac};
use rand::Rng;
use sha1::Sha1;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use crate::units::{AccountId, UnixMs};

const STEP_MS: i64 = 30_000;
/// RFC 6238 section 5.2: one step either way for clocks that differ and codes that travel.
const DRIFT_STEPS: i64 = 1;
/// RFC 4226 section 4, R6: 160 bits.
const SECRET_OCTETS: usize = 20;
const RECOVERY_CODES: usize = 10;
const BASE32: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/// A new secret.
pub fn new_secret() -> Zeroizing<Vec<u8>> {
    let mut secret = Zeroizing::new(vec![0u8; SECRET_OCTETS]);
    rand::rng().fill_bytes(&mut secret);
    secret
}

/// RFC 4226 section 5.3.
fn hotp(secret: &[u8], counter: u64, digits: u32) -> u32 {
    let mut mac = <Hmac<Sha1> as KeyInit>::new_from_slice(secret).expect("HMAC takes keys of any length");
    mac.update(&counter.to_be_bytes());
    let tag = mac.finalize().into_bytes();
    let at = usize::from(tag[19] & 15);
    let number = u32::from_be_bytes([tag[at] & 0x7f, tag[at + 1], tag[at + 2], tag[at + 3]]);
    number % 10u32.pow(digits)
}

/// The step whose code this is: within a step of now, and after the last one that was used, so that no code works twice.
pub fn matching_step(secret: &[u8], code: &str, last_step: i64, now: UnixMs) -> Option<i64> {
    let code: String = code.chars().filter(|c| !c.is_whitespace()).collect();
    if code.len() != 6 || !code.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let here = now.div_euclid(STEP_MS);
    let is_it = |step: i64| bool::from(format!("{:06}", hotp(secret, step.unsigned_abs(), 6)).as_bytes().ct_eq(code.as_bytes()));
    (here - DRIFT_STEPS..=here + DRIFT_STEPS).filter(|step| *step > last_step).find(|step| is_it(*step))
}

/// The text that authenticator apps read from a QR code (Key URI format).
pub fn otpauth_uri(secret: &[u8], issuer: &str, account: &str) -> String {
    let (issuer, account) = (percent(issuer), percent(account));
    format!("otpauth://totp/{issuer}:{account}?secret={}&issuer={issuer}&algorithm=SHA1&digits=6&period=30", base32(secret))
}

fn percent(text: &str) -> String {
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_' | b'~');
    text.bytes().map(|b| if plain(b) { char::from(b).to_string() } else { format!("%{b:02X}") }).collect()
}

/// RFC 4648 section 6, without padding.
pub fn base32(octets: &[u8]) -> String {
    let mut text = String::new();
    let (mut bits, mut count) = (0u32, 0);
    for octet in octets {
        (bits, count) = (bits << 8 | u32::from(*octet), count + 8);
        while count >= 5 {
            count -= 5;
            text.push(char::from(BASE32[(bits >> count & 31) as usize]));
        }
    }
    if count > 0 {
        text.push(char::from(BASE32[(bits << (5 - count) & 31) as usize]));
    }
    text
}

/// Ten codes of 80 bits for when the device is lost, each good once: `ABCD-EFGH-IJKL-MNOP`.
pub fn new_recovery_codes() -> Vec<String> {
    let one = || {
        let mut octets = Zeroizing::new([0u8; 10]);
        rand::rng().fill_bytes(&mut octets[..]);
        let text = base32(&octets[..]);
        text.as_bytes().chunks(4).map(|c| String::from_utf8_lossy(c).into_owned()).collect::<Vec<_>>().join("-")
    };
    (0..RECOVERY_CODES).map(|_| one()).collect()
}

/// What is kept of a recovery code, in whatever way it was typed. Bound to the account, so that equal codes have different hashes.
pub fn recovery_hash(account: AccountId, code: &str) -> Vec<u8> {
    let plain: String = code.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_uppercase()).collect();
    Sha256::new().chain_update(account.0.to_be_bytes()).chain_update(plain.as_bytes()).finalize().to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &[u8] = b"12345678901234567890";

    /// RFC 6238 appendix B, SHA-1: eight digits.
    #[test]
    fn rfc_6238_vectors() {
        for (secs, code) in [
            (59u64, 94_287_082),
            (1_111_111_109, 7_081_804),
            (1_111_111_111, 14_050_471),
            (1_234_567_890, 89_005_924),
            (2_000_000_000, 69_279_037),
            (20_000_000_000, 65_353_130),
        ] {
            assert_eq!(hotp(SECRET, secs / 30, 8), code, "{secs}");
        }
    }

    /// RFC 4226 appendix D.
    #[test]
    fn rfc_4226_vectors() {
        let wanted = [755_224, 287_082, 359_152, 969_429, 338_314, 254_676, 287_922, 162_583, 399_871, 520_489];
        let found: Vec<u32> = (0..10).map(|counter| hotp(SECRET, counter, 6)).collect();
        assert_eq!(found, wanted);
    }

    #[test]
    fn a_code_works_once_and_near_its_time() {
        let now = 1_111_111_111_000;
        let step = now / STEP_MS;
        assert_eq!(matching_step(SECRET, "050471", 0, now), Some(step));
        assert_eq!(matching_step(SECRET, "050 471", 0, now + 30_000), Some(step), "a step late");
        assert_eq!(matching_step(SECRET, "050471", 0, now + 90_000), None, "three steps late");
        assert_eq!(matching_step(SECRET, "050471", step, now), None, "used");
        for bad in ["", "05047", "0504711", "05047a", "٠٥٠٤٧١"] {
            assert_eq!(matching_step(SECRET, bad, 0, now), None, "{bad:?}");
        }
    }

    /// RFC 4648 section 10.
    #[test]
    fn base32_vectors() {
        for (octets, text) in
            [("", ""), ("f", "MY"), ("fo", "MZXQ"), ("foo", "MZXW6"), ("foob", "MZXW6YQ"), ("fooba", "MZXW6YTB"), ("foobar", "MZXW6YTBOI")]
        {
            assert_eq!(base32(octets.as_bytes()), text);
        }
        let uri = otpauth_uri(SECRET, "Net & Co", "a@b.c");
        assert_eq!(
            uri,
            "otpauth://totp/Net%20%26%20Co:a%40b.c?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Net%20%26%20Co&algorithm=SHA1&digits=6&period=30"
        );
    }

    #[test]
    fn recovery_codes_are_read_as_people_type_them() {
        let codes = new_recovery_codes();
        assert_eq!((codes.len(), codes[0].len()), (10, 19));
        let typed = codes[0].to_lowercase().replace('-', " ");
        assert_eq!(recovery_hash(AccountId(1), &codes[0]), recovery_hash(AccountId(1), &typed));
        assert_ne!(recovery_hash(AccountId(1), &codes[0]), recovery_hash(AccountId(2), &codes[0]));
    }
}
