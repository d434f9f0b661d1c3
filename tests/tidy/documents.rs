//! What documents say of tests is so.

use super::read_tree;

#[test]
fn the_tests_that_security_names_exist() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(root.join("docs/security.md")).expect("the document");
    let tree = read_tree();
    let mut named = 0;
    for row in text.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| item")) {
        let tests = row.trim_end_matches(" |").rsplit(" | ").next().expect("a cell");
        for name in tests.split('`').skip(1).step_by(2).filter(|name| name.contains("::") || name.contains('_')) {
            let last = name.rsplit("::").next().expect("a name");
            // a module's name stands for all its tests, a beginning for those that begin so
            let is_module = tree.iter().any(|file| file.path.ends_with(&format!("/{last}.rs")));
            let is_test = tree.iter().any(|file| file.text.contains(&format!("fn {last}")));
            let is_word = tree.iter().any(|file| file.path.starts_with("tests/suite/crawl/") && file.text.contains(name));
            assert!(is_module || is_test || is_word, "{name}, in {row}");
            named += 1;
        }
        let honest = tests != "–" || row.contains("Not met") || row.contains("none") || row.contains("neither") || row.contains("HSTS");
        assert!(honest, "neither a test nor a reason: {row}");
    }
    assert!(named > 50, "{named} tests are named");
}
