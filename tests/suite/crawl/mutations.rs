//! The list of checks that `tests/mutate` takes out one at a time still fits the source.

use std::path::Path;

#[test]
fn every_check_of_the_list_still_stands_in_the_source() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let list = std::fs::read_to_string(root.join("tests/mutations.toml")).expect("the list");
    let list: toml::Table = list.parse().expect("TOML");
    let mutations = list["mutation"].as_array().expect("a list");
    let mut whats = Vec::new();
    for mutation in mutations {
        let what = mutation["what"].as_str().expect("says what it takes out");
        let more = mutation.get("and").and_then(|and| and.as_array()).into_iter().flatten();
        for edit in std::iter::once(mutation).chain(more) {
            let of = |name: &str| edit[name].as_str().unwrap_or_else(|| panic!("{what}: {name}"));
            let source = std::fs::read_to_string(root.join(of("file"))).unwrap_or_else(|e| panic!("{what}: {}: {e}", of("file")));
            assert_eq!(source.matches(of("text")).count(), 1, "{what}: {:?} in {}", of("text"), of("file"));
            assert_ne!(of("text"), of("by"), "{what} changes nothing");
        }
        whats.push(what);
    }
    assert!(whats.len() > 50, "{} checks are on the list", whats.len());
    let count = whats.len();
    whats.sort_unstable();
    whats.dedup();
    assert_eq!(whats.len(), count, "two are called the same");
}
