//! Usernames: what is one, and under which keys one is looked up.
//!
//! A key is the username with its case folded (unless the tenant tells case apart); a username that is a MAC address in any spelling has
//! the twelve hex digits as its key. A realm (`user@realm`, `DOMAIN\user`) is stripped for lookup only, after the exact name was not found.

use crate::units::Mac;

/// RFC 2865 §5: the value of an attribute has at most 253 octets.
const MAX_USERNAME_OCTETS: usize = 253;
/// Folding may lengthen a letter from two octets to three.
const BUFFER_OCTETS: usize = 512;

/// Why a text is no username.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum UsernameError {
    /// Empty.
    #[error("the username is empty")]
    Empty,
    /// Too long for a User-Name attribute.
    #[error("the username is longer than {MAX_USERNAME_OCTETS} octets")]
    TooLong,
    /// A line end, a tabulator, ...
    #[error("the username holds a control character")]
    ControlCharacter,
    /// Nobody can see those.
    #[error("the username begins or ends with a space")]
    OuterSpace,
}

/// Accepts 1 to 253 octets without control characters and without spaces around.
pub fn check_username(username: &str) -> Result<(), UsernameError> {
    if username.is_empty() {
        Err(UsernameError::Empty)
    } else if username.len() > MAX_USERNAME_OCTETS {
        Err(UsernameError::TooLong)
    } else if username.chars().any(char::is_control) {
        Err(UsernameError::ControlCharacter)
    } else if username.trim() != username {
        Err(UsernameError::OuterSpace)
    } else {
        Ok(())
    }
}

/// Room for a folded username, so that a lookup allocates nothing; reuse it.
#[derive(Debug, Clone)]
pub struct LookupBuffer([u8; BUFFER_OCTETS]);

impl Default for LookupBuffer {
    fn default() -> Self {
        LookupBuffer([0; BUFFER_OCTETS])
    }
}

/// The keys under which a username as sent may be stored, in the order in which to try them: exact, without realm, without domain, without
/// both. Nothing for octets that are no UTF-8 or too long: no customer has such a name.
pub fn lookup_candidates<'a>(username: &'a [u8], case_sensitive: bool, buffer: &'a mut LookupBuffer) -> impl Iterator<Item = &'a str> {
    let text = if username.len() > MAX_USERNAME_OCTETS { "" } else { std::str::from_utf8(username).unwrap_or_default() };
    let (exact, is_mac) = match Mac::parse(text.as_bytes()) {
        Some(mac) => (write_mac(mac, buffer), true),
        None if case_sensitive => (text, false),
        None => (fold(text, buffer), false),
    };
    let realm = exact.rfind('@').filter(|_| !is_mac).filter(|at| *at > 0);
    let domain = exact.find('\\').filter(|_| !is_mac).filter(|at| at + 1 < exact.len()).map(|at| at + 1);
    let both = match (domain, realm) {
        (Some(from), Some(to)) if from < to => Some(&exact[from..to]),
        _ => None,
    };
    [Some(exact), realm.map(|to| &exact[..to]), domain.map(|from| &exact[from..]), both].into_iter().flatten().filter(|key| !key.is_empty())
}

/// The key under which a username is stored: the first candidate.
pub fn lookup_key(username: &str, case_sensitive: bool) -> String {
    lookup_candidates(username.as_bytes(), case_sensitive, &mut LookupBuffer::default()).next().unwrap_or_default().to_owned()
}

/// Lower case, letter by letter (no context, so that a part folds as it does within the whole).
fn fold<'a>(text: &str, buffer: &'a mut LookupBuffer) -> &'a str {
    let mut len = 0;
    if text.is_ascii() {
        let folded = &mut buffer.0[..text.len()];
        folded.copy_from_slice(text.as_bytes());
        folded.make_ascii_lowercase();
        len = text.len();
    } else {
        for letter in text.chars().flat_map(char::to_lowercase) {
            let Some(room) = buffer.0.get_mut(len..len + letter.len_utf8()) else { return "" };
            len += letter.encode_utf8(room).len();
        }
    }
    std::str::from_utf8(&buffer.0[..len]).unwrap_or_default()
}

fn write_mac(mac: Mac, buffer: &mut LookupBuffer) -> &str {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    for (at, octet) in mac.0.iter().enumerate() {
        buffer.0[at * 2] = HEX[usize::from(octet >> 4)];
        buffer.0[at * 2 + 1] = HEX[usize::from(octet & 15)];
    }
    std::str::from_utf8(&buffer.0[..12]).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn candidates(username: &[u8], case_sensitive: bool) -> Vec<String> {
        lookup_candidates(username, case_sensitive, &mut LookupBuffer::default()).map(str::to_owned).collect()
    }

    #[test]
    fn a_username_is_tried_exactly_and_then_without_its_realm() {
        for (username, case_sensitive, wanted) in [
            ("Bob", false, &["bob"][..]),
            ("Bob", true, &["Bob"]),
            ("BOB@Isp.Example", false, &["bob@isp.example", "bob"]),
            ("bob@home@isp", false, &["bob@home@isp", "bob@home"]),
            ("ISP\\Bob", false, &["isp\\bob", "bob"]),
            ("ISP\\Bob", true, &["ISP\\Bob", "Bob"]),
            ("dom\\bob@isp", false, &["dom\\bob@isp", "dom\\bob", "bob@isp", "bob"]),
            ("@isp", false, &["@isp"]),
            ("dom\\", false, &["dom\\"]),
            ("a@b\\c", false, &["a@b\\c", "a", "c"]),
            ("ÉMILE", false, &["émile"]),
            ("AA-BB-CC-DD-EE-0F", false, &["aabbccddee0f"]),
            ("AABB:CCDD:EE0F", true, &["aabbccddee0f"]),
            ("880171234567", false, &["880171234567"]),
            ("", false, &[]),
        ] {
            assert_eq!(candidates(username.as_bytes(), case_sensitive), wanted, "{username}");
        }
        assert!(candidates(b"b\xffb", false).is_empty(), "not UTF-8");
        assert!(candidates(&[b'x'; 254], false).is_empty(), "too long");
    }

    #[test]
    fn usernames_are_checked() {
        for (username, wanted) in [
            ("bob", Ok(())),
            ("bob smith", Ok(())),
            ("", Err(UsernameError::Empty)),
            (" bob", Err(UsernameError::OuterSpace)),
            ("bob\u{a0}", Err(UsernameError::OuterSpace)),
            ("bob\t", Err(UsernameError::ControlCharacter)),
            ("b\u{7f}b", Err(UsernameError::ControlCharacter)),
        ] {
            assert_eq!(check_username(username), wanted, "{username:?}");
        }
        assert_eq!(check_username(&"x".repeat(253)), Ok(()));
        assert_eq!(check_username(&"x".repeat(254)), Err(UsernameError::TooLong));
    }

    proptest! {
        #[test]
        fn any_octets_are_looked_up_without_panic(octets in proptest::collection::vec(any::<u8>(), 0..300), case_sensitive: bool) {
            candidates(&octets, case_sensitive);
        }

        #[test]
        fn the_stored_key_is_found_again_in_any_case(username in "\\PC{1,80}") {
            prop_assume!(check_username(&username).is_ok());
            let key = lookup_key(&username, false);
            prop_assert!(!key.is_empty());
            prop_assert_eq!(&candidates(username.as_bytes(), false)[0], &key);
            if username.is_ascii() {
                prop_assert_eq!(lookup_key(&username.to_ascii_uppercase(), false), key);
            }
        }
    }
}
