//! Rust source as the checks see it: line by line, with comments and the contents of literals blanked out.

/// One file of the tree: its path from the package's root, and its text.
pub struct Source {
    pub path: String,
    pub text: String,
}

impl Source {
    /// The room that the file belongs to: `src/aaa/decide.rs` and `src/aaa.rs` belong to `aaa`; `None` outside `src/`.
    pub fn room(&self) -> Option<&str> {
        let inside = self.path.strip_prefix("src/")?;
        Some(inside.split('/').next()?.trim_end_matches(".rs"))
    }

    /// How many module names lead to the file: 1 for `src/aaa/mod.rs`, 2 for `src/aaa/decide.rs`.
    pub fn depth(&self) -> usize {
        let inside = self.path.trim_start_matches("src/").trim_end_matches(".rs").trim_end_matches("/mod");
        inside.split('/').count()
    }

    /// The text with comments and the contents of string and character literals replaced by spaces; lines stay where they are.
    pub fn code(&self) -> String {
        blank(&self.text)
    }

    /// [`Source::code`] without the file's `#[cfg(test)] mod`, which by convention comes last.
    pub fn code_without_tests(&self) -> String {
        let code = self.code();
        match tests_begin(&code) {
            Some(at) => code[..at].to_owned(),
            None => code,
        }
    }
}

/// Where the test module of a file begins, in octets. A `mod tests;` that is only declared is not it.
pub fn tests_begin(code: &str) -> Option<usize> {
    code.match_indices("#[cfg(test)]").map(|(at, _)| at).find(|at| {
        let item = code[at + 12..].trim_start();
        let item = ["pub(super) ", "pub(crate) ", "pub "].iter().find_map(|public| item.strip_prefix(public)).unwrap_or(item);
        item.starts_with("mod ") && item.find('{').is_some_and(|brace| !item[..brace].contains(';'))
    })
}

/// The number of the line, from 1, that holds octet `at`.
pub fn line_of(text: &str, at: usize) -> usize {
    text[..at].matches('\n').count() + 1
}

/// Whether `text[at..]` begins with `word` as a whole word.
pub fn is_word_at(text: &str, at: usize, word: &str) -> bool {
    let is_name = |c: char| c.is_alphanumeric() || c == '_';
    text[at..].starts_with(word)
        && !text[..at].chars().next_back().is_some_and(is_name)
        && !text[at + word.len()..].chars().next().is_some_and(is_name)
}

/// Every place where `word` stands as a whole word.
pub fn words<'a>(text: &'a str, word: &'a str) -> impl Iterator<Item = usize> + 'a {
    text.match_indices(word).map(|(at, _)| at).filter(move |at| is_word_at(text, *at, word))
}

fn blank(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while !rest.is_empty() {
        let (kept, blanked) = next_piece(rest, &out);
        out.push_str(&rest[..kept]);
        out.extend(rest[kept..kept + blanked].chars().map(|c| if c == '\n' { '\n' } else { ' ' }));
        rest = &rest[kept + blanked..];
    }
    out
}

/// How many octets at the head of `rest` to keep, and how many after them to blank.
fn next_piece(rest: &str, before: &str) -> (usize, usize) {
    let after_name = before.chars().next_back().is_some_and(|c| c.is_alphanumeric() || c == '_');
    if rest.starts_with("//") {
        return (0, rest.find('\n').unwrap_or(rest.len()));
    }
    if rest.starts_with("/*") {
        return (0, rest.find("*/").map_or(rest.len(), |end| end + 2));
    }
    if let Some(string) = rest.strip_prefix('"') {
        return (1, string_end(string));
    }
    if !after_name && let Some(raw) = rest.strip_prefix('r').or_else(|| rest.strip_prefix("br")) {
        let hashes = raw.chars().take_while(|c| *c == '#').count();
        if raw[hashes..].starts_with('"') {
            let open = rest.len() - raw.len() + hashes + 1;
            let close = format!("\"{}", "#".repeat(hashes));
            return (open, rest[open..].find(&close).unwrap_or(rest.len() - open) + close.len().min(rest.len() - open));
        }
    }
    if let Some(quoted) = rest.strip_prefix('\'')
        && let Some(end) = character_end(quoted)
    {
        return (1, end);
    }
    (rest.chars().next().map_or(0, char::len_utf8), 0)
}

/// Octets up to and including the closing quote of a string whose opening quote was just passed.
fn string_end(string: &str) -> usize {
    let mut escaped = false;
    for (at, c) in string.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return at + 1,
            _ => {}
        }
    }
    string.len()
}

/// The same for a character literal; `None` for a lifetime.
fn character_end(quoted: &str) -> Option<usize> {
    if quoted.starts_with('\\') {
        return quoted[2..].find('\'').map(|end| end + 3);
    }
    let first = quoted.chars().next()?;
    quoted[first.len_utf8()..].starts_with('\'').then_some(first.len_utf8() + 1)
}

#[test]
fn comments_and_literals_are_blanked_and_lines_stay() {
    // `_` stands for a blanked octet.
    let cases = [
        ("let a = 1; // sqlx::x\nb", "let a = 1; __________\nb"),
        ("let a = \"// sqlx\"; b", "let a = \"________; b"),
        ("r#\"a\"b\"# c", "r#\"_____ c"),
        ("'\"' sqlx", "'__ sqlx"),
        ("&'a str", "&'a str"),
        ("'\\'' x", "'___ x"),
        ("/* a\nb */c", "____\n____c"),
        ("\"a\\\"b\" c", "\"_____ c"),
    ];
    for (text, expected) in cases {
        assert_eq!(blank(text), expected.replace('_', " "), "{text}");
    }
}
