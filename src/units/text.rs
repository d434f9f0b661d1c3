//! Text from the wire made safe to store, log and print.

use std::borrow::Cow;

/// The text of octets that came from outside: valid UTF-8 stays, anything else and every control character becomes `\xNN`. No NUL, no escape sequence and no
/// line break reaches the database, a log or a terminal.
pub fn printable(octets: &[u8]) -> Cow<'_, str> {
    match std::str::from_utf8(octets) {
        Ok(text) if !text.chars().any(char::is_control) => Cow::Borrowed(text),
        _ => Cow::Owned(escape(octets)),
    }
}

/// Every letter in lower case, as it is searched for: what the databases call so differs.
pub fn lower_case(text: &str) -> String {
    text.chars().flat_map(char::to_lowercase).collect()
}

fn escape(octets: &[u8]) -> String {
    let mut text = String::with_capacity(octets.len() + 8);
    for chunk in octets.utf8_chunks() {
        for c in chunk.valid().chars() {
            if c.is_control() {
                c.to_string().bytes().for_each(|b| text.push_str(&format!("\\x{b:02x}")));
            } else {
                text.push(c);
            }
        }
        chunk.invalid().iter().for_each(|b| text.push_str(&format!("\\x{b:02x}")));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::printable;

    #[test]
    fn what_could_harm_a_reader_is_escaped() {
        for (octets, text) in [
            (&b"bob@isp"[..], "bob@isp"),
            ("রহিম".as_bytes(), "রহিম"),
            (b"a\0b", "a\\x00b"),
            (b"\x1b[31mred\n", "\\x1b[31mred\\x0a"),
            (b"\xff\xfeok", "\\xff\\xfeok"),
            ("a\u{85}b".as_bytes(), "a\\xc2\\x85b"),
        ] {
            assert_eq!(printable(octets), text);
        }
    }
}
