//! "Did you mean": the nearest of a few words.

/// The word nearest to `given` in single-letter edits, if it is near enough to be what was meant.
pub fn nearest<'w>(given: &str, words: impl IntoIterator<Item = &'w str>) -> Option<&'w str> {
    let tolerance = (given.chars().count() / 3).max(2);
    let scored = words.into_iter().map(|word| (distance(given, word), word));
    scored.filter(|(distance, _)| *distance <= tolerance).min_by_key(|(distance, _)| *distance).map(|(_, word)| word)
}

/// Levenshtein distance, one row at a time.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, letter) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, other) in b.iter().enumerate() {
            let replace = diagonal + usize::from(letter != *other);
            diagonal = row[j + 1];
            row[j + 1] = replace.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_word_is_suggested_if_it_is_near() {
        let words = ["radius.auth", "radius.acct", "store.url", "data.folder"];
        for (given, wanted) in [
            ("radius.auht", Some("radius.auth")),
            ("store.uri", Some("store.url")),
            ("data.folders", Some("data.folder")),
            ("colour", None),
            ("", None),
        ] {
            assert_eq!(nearest(given, words), wanted, "{given}");
        }
        assert_eq!(distance("kitten", "sitting"), 3);
    }
}
