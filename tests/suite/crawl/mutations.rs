//! The list of checks that `tests/mutate` takes out one at a time still fits the source.

use std::collections::BTreeSet;
use std::path::Path;

use toml::{Table, Value};

/// What an edit may look for its text in: the file, or one function of it, up to the next.
fn searched<'s>(source: &'s str, function: Option<&str>) -> Option<&'s str> {
    let Some(name) = function else { return Some(source) };
    let (_, rest) = source.split_once(&format!("fn {name}("))?;
    Some(rest.split("\n}\n").next().unwrap_or(rest).split(" fn ").next().unwrap_or(rest))
}

#[test]
fn every_check_of_the_list_still_stands_in_the_source() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut whats = BTreeSet::new();
    for file in std::fs::read_dir(root.join("tests/mutations")).expect("the list").map(|entry| entry.expect("a file").path()) {
        if file.extension().is_none_or(|extension| extension != "toml") {
            continue;
        }
        let list: Table = std::fs::read_to_string(&file).expect("text").parse().unwrap_or_else(|e| panic!("{}: {e}", file.display()));
        for mutation in list["mutation"].as_array().expect("a list") {
            let of = |edit: &Value, name: &str| edit.get(name).and_then(Value::as_str).map(str::to_owned);
            let what = of(mutation, "what").expect("says what it takes out");
            assert!(of(mutation, "test").is_some_and(|test| test.starts_with("crawl::")), "{what}: which test notices it?");
            let more = mutation.get("and").and_then(Value::as_array).into_iter().flatten();
            for edit in std::iter::once(mutation).chain(more) {
                let must = |name: &str| of(edit, name).unwrap_or_else(|| panic!("{what}: {name}"));
                let (name, text) = (must("file"), must("text"));
                let source = std::fs::read_to_string(root.join(&name)).unwrap_or_else(|e| panic!("{what}: {name}: {e}"));
                let place = searched(&source, of(edit, "in").as_deref()).unwrap_or_else(|| panic!("{what}: no such function in {name}"));
                assert_eq!(place.matches(&text).count(), 1, "{what}: {text:?} in {name}");
                assert_ne!(text, must("by"), "{what} changes nothing");
            }
            assert!(whats.insert(what.clone()), "two are called {what}");
        }
    }
    assert!(whats.len() > 50, "{} checks are on the list", whats.len());
}
