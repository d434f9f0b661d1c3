//! MS-CHAP-Error: the reason a login failed, in the words of RFC 2433 §7 and RFC 2759 §6.

/// Failure codes of RFC 2759 §6. Peers show a text of their own for each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MsChapError {
    /// 646: not at this time of day.
    RestrictedHours,
    /// 647: the account is disabled.
    AccountDisabled,
    /// 648: the password (for us: the subscription) has expired.
    PasswordExpired,
    /// 649: no permission to dial in.
    NoDialInPermission,
    /// 691: unknown user or wrong password.
    AuthenticationFailure,
}

impl MsChapError {
    /// The number after `E=`.
    pub const fn code(self) -> u16 {
        match self {
            Self::RestrictedHours => 646,
            Self::AccountDisabled => 647,
            Self::PasswordExpired => 648,
            Self::NoDialInPermission => 649,
            Self::AuthenticationFailure => 691,
        }
    }
}

/// Room left in a vendor attribute of 253 octets: less vendor id, sub-type and sub-length.
const MAX_VALUE_OCTETS: usize = 247;

/// Writes the value of MS-CHAP-Error into the front of `out`: the peer's identifier octet, then
/// `E=<code> R=0 C=<32 hex digits> V=3 M=<message>` (RFC 2548 §2.1.5, RFC 2759 §6). R=0: no further try on this challenge.
/// Control characters of the message become spaces; it is cut at a character boundary so that the value has at most 247 octets.
/// Returns the octets written.
pub fn write_error(error: MsChapError, identifier: u8, challenge: &[u8; 16], message: &str, out: &mut [u8; MAX_VALUE_OCTETS]) -> usize {
    use std::io::Write;
    let mut rest = &mut out[..];
    let head = (|| {
        rest.write_all(&[identifier])?;
        write!(rest, "E={} R=0 C=", error.code())?;
        for octet in challenge {
            write!(rest, "{octet:02X}")?;
        }
        rest.write_all(b" V=3 M=")
    })();
    debug_assert!(head.is_ok(), "the fixed part is far shorter than the buffer");
    for character in message.chars() {
        let mut encoded = [0; 4];
        let character = if character.is_control() { ' ' } else { character };
        let encoded = character.encode_utf8(&mut encoded).as_bytes();
        if encoded.len() > rest.len() {
            break;
        }
        rest.write_all(encoded).expect("its length was just checked");
    }
    let left = rest.len();
    MAX_VALUE_OCTETS - left
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_the_text_of_rfc_2759() {
        let mut out = [0; MAX_VALUE_OCTETS];
        let challenge = std::array::from_fn(|octet| octet as u8 * 0x11);
        let length = write_error(MsChapError::AuthenticationFailure, 7, &challenge, "wrong\npassword", &mut out);
        assert_eq!(&out[..length], b"\x07E=691 R=0 C=00112233445566778899AABBCCDDEEFF V=3 M=wrong password");
    }

    #[test]
    fn numbers_of_rfc_2759() {
        use MsChapError::*;
        let codes = [RestrictedHours, AccountDisabled, PasswordExpired, NoDialInPermission, AuthenticationFailure].map(MsChapError::code);
        assert_eq!(codes, [646, 647, 648, 649, 691]);
    }

    #[test]
    fn cuts_long_messages_at_a_character() {
        let mut out = [0; MAX_VALUE_OCTETS];
        let length = write_error(MsChapError::PasswordExpired, 1, &[0; 16], &"é".repeat(300), &mut out);
        assert!((246..=247).contains(&length), "{length}");
        assert!(std::str::from_utf8(&out[1..length]).is_ok());
    }
}
