//! Rules of the source tree that neither the compiler nor clippy checks; the rules are in `tidy/rules.rs`, and each has bad
//! samples in `tidy/samples.rs`, so that a rule which no longer finds anything is noticed.

#[path = "tidy/code.rs"]
mod code;
#[path = "tidy/documents.rs"]
mod documents;
#[path = "tidy/pages.rs"]
mod pages;
#[path = "tidy/rules.rs"]
mod rules;
#[path = "tidy/samples.rs"]
mod samples;

use code::Source;
use std::path::Path;

/// Makes one test per rule: its samples are judged rightly, and the tree obeys it.
macro_rules! hold {
    ($($rule:ident),* $(,)?) => {
        $(#[test]
        fn $rule() {
            samples::try_out(stringify!($rule), rules::$rule);
            let findings = rules::$rule(&read_tree());
            assert!(findings.is_empty(), "\n{}\n", findings.join("\n"));
        })*
    };
}

hold! {
    rooms_use_only_lower_ranks,
    sql_stays_in_sql_files,
    http_stays_in_surfaces,
    tls_stays_in_app,
    data_plane_runs_on_threads,
    unsafe_stays_in_listen,
    files_are_short,
    names_say_something,
    files_begin_with_their_purpose,
    nothing_is_left_for_later,
    tests_do_not_sleep,
    sql_functions_take_a_tenant,
    sql_of_business_data_takes_a_scope,
    surfaces_ask_use_cases,
    whole_tenants_are_for_commands,
    migrations_are_numbered,
}

fn read_tree() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut tree = Vec::new();
    for folder in ["src", "tests", "bench", "migrations"] {
        read_folder(root, &root.join(folder), &mut tree);
    }
    assert!(tree.iter().any(|file| file.path == "src/lib.rs"), "the tree was not read");
    tree
}

fn read_folder(root: &Path, folder: &Path, tree: &mut Vec<Source>) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    for entry in entries {
        let path = entry.expect("a readable folder").path();
        if path.is_dir() {
            read_folder(root, &path, tree);
        } else if path.extension().is_some_and(|ext| ext == "rs" || ext == "sql") {
            let text = std::fs::read_to_string(&path).expect("UTF-8");
            let path = path.strip_prefix(root).expect("below the root").to_str().expect("UTF-8").to_owned();
            tree.push(Source { path, text });
        }
    }
}
