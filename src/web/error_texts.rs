//! What errors say in other languages. Rooms speak English, to logs, commands and programs alike; a page says the same in its reader's language, by a list of pairs: the
//! English with places for what is filled in, and the other. An error that is not in the list stays English.

use std::sync::LazyLock;

use super::Language;

/// How deep an error may be filled into another.
const DEEPEST: u8 = 3;

/// An error in one other language.
struct Pattern {
    /// The English between the places.
    parts: Vec<&'static str>,
    /// The other, `{1}` for the first place.
    said: &'static str,
}

/// By the codes of the languages.
static PATTERNS: LazyLock<[(&str, Vec<Pattern>); 1]> = LazyLock::new(|| [("bn", read(include_str!("../../locales/bn/errors.txt")))]);

fn read(text: &'static str) -> Vec<Pattern> {
    let lines: Vec<&str> = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')).collect();
    let mut all: Vec<Pattern> = lines.chunks_exact(2).map(|pair| Pattern { parts: pair[0].split("{}").collect(), said: pair[1] }).collect();
    // what is said most exactly is tried first
    all.sort_by_key(|pattern| std::cmp::Reverse(pattern.parts.iter().map(|part| part.len()).sum::<usize>()));
    all
}

impl Pattern {
    /// What stands in the places, if the text is this error.
    fn values<'t>(&self, text: &'t str) -> Option<Vec<&'t str>> {
        let (first, rest) = self.parts.split_first()?;
        let mut text = text.strip_prefix(first)?;
        let Some((last, middle)) = rest.split_last() else { return text.is_empty().then(Vec::new) };
        let mut values = Vec::new();
        for part in middle {
            let (value, after) = text.split_once(part)?;
            values.push(value);
            text = after;
        }
        values.push(text.strip_suffix(last)?);
        Some(values)
    }
}

/// Texts in errors are quoted as the language of the program quotes: it writes the signs that many scripts put on letters as numbers (`\u{9be}`), which people read as
/// letters. What cannot be seen stays a number.
fn readable(text: &str) -> String {
    let (mut said, mut rest) = (String::new(), text);
    while let Some((before, after)) = rest.split_once("\\u{") {
        let number = after.split_once('}').and_then(|(hex, rest)| Some((char::from_u32(u32::from_str_radix(hex, 16).ok()?)?, rest)));
        said += before;
        match number.filter(|(c, _)| c.is_alphanumeric() || is_sign(*c)) {
            Some((c, after)) => {
                said.push(c);
                rest = after;
            }
            None => {
                said += "\\u{";
                rest = after;
            }
        }
    }
    said + rest
}

/// Whether it is a sign on a letter: of the blocks of the scripts of India and of the general ones.
fn is_sign(c: char) -> bool {
    matches!(c, '\u{300}'..='\u{36f}' | '\u{900}'..='\u{dff}')
}

/// An error in a language. It may stand alone as a sentence already, with a capital at its begin and a full stop at its end.
pub(super) fn error_in(language: Language, text: &str) -> String {
    let text = readable(text);
    let text = text.as_str();
    let Some((_, patterns)) = PATTERNS.iter().find(|(code, _)| *code == language.code()) else { return text.to_owned() };
    let (bare, end) = text.strip_suffix('.').map_or((text, ""), |bare| (bare, "।"));
    let mut chars = bare.chars();
    let uncapped: String = chars.next().map(|first| first.to_lowercase().chain(chars).collect()).unwrap_or_default();
    let found = said(patterns, bare, DEEPEST).or_else(|| said(patterns, &uncapped, DEEPEST));
    found.map_or_else(|| text.to_owned(), |said| said + end)
}

fn said(patterns: &[Pattern], text: &str, depth: u8) -> Option<String> {
    let (pattern, values) = patterns.iter().find_map(|pattern| Some((pattern, pattern.values(text)?)))?;
    let (mut said, mut rest) = (String::new(), pattern.said);
    while let Some((before, after)) = rest.split_once('{') {
        let (place, after) = after.split_once('}')?;
        let value = values.get(place.parse::<usize>().ok()?.checked_sub(1)?)?;
        let inner = if depth > 0 { self::said(patterns, value, depth - 1) } else { None };
        said = said + before + &inner.unwrap_or_else(|| (*value).to_owned());
        rest = after;
    }
    said += rest;
    Some(said)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bengali(text: &str) -> String {
        error_in(Language::of("bn").expect("a language"), text)
    }

    #[test]
    fn errors_are_said_with_what_is_filled_in() {
        assert_eq!(bengali("there is no zone \"Mirpur\""), "\"Mirpur\" নামে কোনো জোন নেই");
        assert_eq!(bengali("There is no zone \"Mirpur\"."), "\"Mirpur\" নামে কোনো জোন নেই।", "as a sentence");
        assert_eq!(bengali("the username \"a\" is taken by line 7"), "ইউজারনেম \"a\" আগেই নেওয়া: 7 নম্বর লাইন নিয়েছে", "one in another");
        assert_eq!(
            bengali("there is no package \"x\"; `tollgate package ls` shows those there are"),
            "\"x\" নামে কোনো প্যাকেজ নেই; `tollgate package ls` সবগুলো দেখায়"
        );
        assert_eq!(bengali("the download burst time must be 1 to 60 seconds"), "ডাউনলোড বার্স্ট-সময় 1 থেকে 60 সেকেন্ড");
        assert_eq!(bengali(&format!("there is no zone {:?}", "ঢাকা")), "\"ঢাকা\" নামে কোনো জোন নেই", "signs on letters");
        assert_eq!(error_in(Language::FIRST, &format!("there is no zone {:?}", "ঢাকা\u{7}")), "there is no zone \"ঢাকা\\u{7}\"");
        assert_eq!(bengali("a\\u{zz} \\u{"), "a\\u{zz} \\u{");
        for text in ["nobody has said this", "", "জোন", "the username is"] {
            assert_eq!(bengali(text), text);
        }
        assert_eq!(error_in(Language::FIRST, "there is no zone \"x\""), "there is no zone \"x\"");
    }

    #[test]
    fn each_pair_names_the_same_places() {
        for (code, patterns) in PATTERNS.iter() {
            assert!(patterns.len() > 100, "{code}");
            for pattern in patterns {
                let english = pattern.parts.join("{}");
                for place in 1..10 {
                    let is_named = pattern.said.contains(&format!("{{{place}}}"));
                    assert_eq!(is_named, place < pattern.parts.len(), "{code}: place {place} of {english}");
                }
                assert!(pattern.parts.iter().any(|part| part.chars().any(char::is_alphabetic)), "{code}: {english} is anything");
            }
        }
    }
}
