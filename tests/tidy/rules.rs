//! The rules. Each takes the whole tree and returns its findings, `path:line: what is wrong`.

use super::code::{Source, is_word_at, line_of, tests_begin, words};
use std::collections::HashMap;

/// Ranks of ARCHITECTURE.md: a room may use rooms of a lower rank.
const RANKS: &[(u8, &[&str])] = &[
    (0, &["units", "radius", "rrd"]),
    (1, &["store", "journal", "lists"]),
    (2, &["accounts"]),
    (3, &["routers", "packages"]),
    (4, &["customers"]),
    (5, &["sessions", "billing", "hotspot", "routeros", "graphs", "messages"]),
    (6, &["aaa", "jobs"]),
    (7, &["web"]),
    (8, &["listen", "panel", "self_care", "portal", "api"]),
];
/// Where everything is joined: these may use any room, and no room may use them.
const FREE: &[&str] = &["app", "cli", "config", "demo"];
/// The crate's own roots.
const ROOTS: &[&str] = &["lib", "main"];
/// Rooms that speak HTTP.
const HTTP_ROOMS: &[&str] = &["app", "web", "panel", "self_care", "portal", "api"];
/// Rooms of the data plane, which runs on plain threads.
const THREAD_ROOMS: &[&str] = &["units", "radius", "rrd", "journal", "listen"];
/// Files of `aaa/` on the path of a packet.
const PURE_AAA: &[&str] = &["decide", "access", "grant", "reason", "reject", "reply", "verdict"];
/// Rooms with rows that belong to an account: what a surface can reach of them takes a scope.
const SCOPED_ROOMS: &[&str] = &["routers", "packages", "customers", "sessions", "aaa", "jobs"];
/// Where people come in.
const SURFACES: &[&str] = &["cli", "web", "panel", "self_care", "portal", "api"];
/// Names that say nothing about what is inside.
const EMPTY_NAMES: &[&str] = &["utils", "util", "helpers", "helper", "common", "manager", "misc"];
const LONGEST_FILE: usize = 500;
/// Files that may be longer, each with its reason.
const LONG_FILES: &[(&str, &str)] = &[("src/radius/dictionary/numbers.rs", "a table of RFC numbers, one name per line")];
/// The one place in tests that may sleep: it polls until a condition holds.
const MAY_SLEEP: &str = "tests/suite/harness/wait.rs";

fn rank(room: &str) -> Option<u8> {
    RANKS.iter().find(|(_, rooms)| rooms.contains(&room)).map(|(rank, _)| *rank)
}

fn in_src(tree: &[Source]) -> impl Iterator<Item = &Source> {
    tree.iter().filter(|file| file.path.starts_with("src/"))
}

fn rust(tree: &[Source]) -> impl Iterator<Item = &Source> {
    tree.iter().filter(|file| file.path.ends_with(".rs"))
}

/// Every `crate::room` in the code, also inside `use crate::{a, b::c}`: (octet, room).
fn rooms_named(code: &str) -> Vec<(usize, &str)> {
    let mut found = Vec::new();
    for at in words(code, "crate") {
        let Some(path) = code[at + 5..].strip_prefix("::") else { continue };
        match path.strip_prefix('{') {
            None => found.push((at, first_name(path))),
            Some(group) => found.extend(group_items(group).into_iter().map(|item| (at, first_name(item)))),
        }
    }
    found.retain(|(_, name)| !name.is_empty());
    found
}

fn first_name(path: &str) -> &str {
    let path = path.trim_start();
    &path[..path.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(path.len())]
}

/// The items of a brace group whose opening brace was just passed, split at its own commas.
fn group_items(group: &str) -> Vec<&str> {
    let (mut items, mut begin, mut depth) = (Vec::new(), 0, 0);
    for (at, c) in group.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => {
                items.push(&group[begin..at]);
                break;
            }
            '}' => depth -= 1,
            ',' if depth == 0 => {
                items.push(&group[begin..at]);
                begin = at + 1;
            }
            _ => {}
        }
    }
    items
}

pub fn rooms_use_only_lower_ranks(tree: &[Source]) -> Vec<String> {
    let mut findings = Vec::new();
    for file in in_src(tree) {
        let room = file.room().expect("in src/");
        if FREE.contains(&room) || ROOTS.contains(&room) {
            continue;
        }
        let Some(own) = rank(room) else {
            findings.push(format!("{}:1: the room `{room}` has no rank in tests/tidy.rs", file.path));
            continue;
        };
        let code = file.code();
        for (at, used) in rooms_named(&code) {
            let allowed = match rank(used) {
                _ if used == room => true,
                _ if FREE.contains(&used) => false,
                None => true,
                Some(other) if other == own => (room, used) == ("radius", "units") || (own > 0 && head_names(tree, room, used)),
                Some(other) => other < own,
            };
            if !allowed {
                findings.push(format!("{}:{}: `{room}` must not use `{used}`", file.path, line_of(&code, at)));
            }
        }
        findings.extend(super_chains(file, &code));
    }
    findings
}

/// Whether the head comment of the room says that it uses the other one, in a line such as `//! Uses of its own rank: billing`.
fn head_names(tree: &[Source], room: &str, used: &str) -> bool {
    let head = tree.iter().find(|file| file.path == format!("src/{room}/mod.rs") || file.path == format!("src/{room}.rs"));
    head.is_some_and(|file| {
        file.text.lines().take_while(|line| line.starts_with("//!")).any(|line| {
            let line = line.to_lowercase();
            line.contains("use") && !line.contains("not ") && words(&line, used).next().is_some()
        })
    })
}

/// `super::super::` up to the crate's root would pass the ranks by.
fn super_chains(file: &Source, code: &str) -> Vec<String> {
    let tests = tests_begin(code).unwrap_or(code.len());
    let mut findings = Vec::new();
    for at in words(code, "super").filter(|at| !code[..*at].ends_with("super::")) {
        // None in `pub(super)`; inside the test module one step only leads back to the file.
        let climbed = code[at..].split("::").take_while(|step| *step == "super").count();
        let steps = climbed.saturating_sub(usize::from(at > tests));
        if steps >= file.depth() {
            findings.push(format!("{}:{}: write `crate::` instead of climbing to the root", file.path, line_of(code, at)));
        }
    }
    findings
}

/// Findings for each use of `name::` in files that are not allowed it.
fn crate_only_in(tree: &[Source], name: &str, tests_too: bool, allowed: fn(&Source) -> bool) -> Vec<String> {
    let mut findings = Vec::new();
    for file in in_src(tree).filter(|file| !allowed(file)) {
        let code = if tests_too { file.code() } else { file.code_without_tests() };
        // `store::sqlx` or `crate::tokio` are no crate names; `::tokio` is.
        let own = |at: &usize| code[..*at].ends_with("::") && code[..*at].trim_end_matches("::").ends_with(char::is_alphanumeric);
        for at in words(&code, name).filter(|at| code[at + name.len()..].trim_start().starts_with("::") && !own(at)) {
            findings.push(format!("{}:{}: `{name}` has no place here", file.path, line_of(&code, at)));
        }
    }
    findings
}

pub fn sql_stays_in_sql_files(tree: &[Source]) -> Vec<String> {
    crate_only_in(tree, "sqlx", true, |file| file.room() == Some("store") || is_sql_file(file))
}

fn is_sql_file(file: &Source) -> bool {
    file.path.ends_with("/sql.rs") || file.path.contains("/sql/")
}

pub fn http_stays_in_surfaces(tree: &[Source]) -> Vec<String> {
    crate_only_in(tree, "axum", true, |file| file.room().is_some_and(|room| HTTP_ROOMS.contains(&room)))
}

/// Connections and certificates are the composition root's; surfaces see requests.
pub fn tls_stays_in_app(tree: &[Source]) -> Vec<String> {
    // `hyper::body` is what answers are made of, too
    let crates = ["hyper_util", "rustls", "tokio_rustls", "rcgen", "instant_acme"];
    crates.iter().flat_map(|name| crate_only_in(tree, name, true, |file| file.room() == Some("app"))).collect()
}

pub fn data_plane_runs_on_threads(tree: &[Source]) -> Vec<String> {
    crate_only_in(tree, "tokio", false, |file| {
        let room = file.room().unwrap_or_default();
        let pure_aaa = room == "aaa" && file.path.split('/').skip(2).any(|part| PURE_AAA.iter().any(|name| part.starts_with(name)));
        !THREAD_ROOMS.contains(&room) && !pure_aaa
    })
}

pub fn unsafe_stays_in_listen(tree: &[Source]) -> Vec<String> {
    let mut findings = Vec::new();
    for file in in_src(tree).filter(|file| file.room() != Some("listen")) {
        let code = file.code();
        findings.extend(words(&code, "unsafe").map(|at| format!("{}:{}: `unsafe` belongs to src/listen/", file.path, line_of(&code, at))));
    }
    findings
}

pub fn files_are_short(tree: &[Source]) -> Vec<String> {
    rust(tree)
        .filter(|file| !LONG_FILES.iter().any(|(path, _)| *path == file.path))
        .map(|file| (file, file.text.lines().count()))
        .filter(|(_, lines)| *lines > LONGEST_FILE)
        .map(|(file, lines)| format!("{}:{lines}: longer than {LONGEST_FILE} lines", file.path))
        .collect()
}

pub fn names_say_something(tree: &[Source]) -> Vec<String> {
    let mut findings = Vec::new();
    for file in rust(tree) {
        let stems = file.path.split('/').map(|part| part.trim_end_matches(".rs"));
        findings.extend(stems.filter(|stem| EMPTY_NAMES.contains(stem)).map(|stem| format!("{}:1: `{stem}` names nothing", file.path)));
        let code = file.code();
        for at in words(&code, "mod") {
            let name = first_name(&code[at + 3..]);
            if EMPTY_NAMES.contains(&name) {
                findings.push(format!("{}:{}: `mod {name}` names nothing", file.path, line_of(&code, at)));
            }
        }
    }
    findings
}

pub fn files_begin_with_their_purpose(tree: &[Source]) -> Vec<String> {
    rust(tree).filter(|file| !file.text.starts_with("//! ")).map(|file| format!("{}:1: must begin with `//!`", file.path)).collect()
}

pub fn nothing_is_left_for_later(tree: &[Source]) -> Vec<String> {
    let marks = [concat!("TO", "DO"), concat!("FIX", "ME"), concat!("#[ign", "ore")];
    let mut findings = Vec::new();
    for file in tree {
        for (number, line) in file.text.lines().enumerate() {
            let found =
                marks.iter().find(|mark| line.match_indices(*mark).any(|(at, _)| mark.starts_with('#') || is_word_at(line, at, mark)));
            findings.extend(found.map(|mark| format!("{}:{}: {mark}", file.path, number + 1)));
        }
    }
    findings
}

pub fn tests_do_not_sleep(tree: &[Source]) -> Vec<String> {
    let mut findings = Vec::new();
    for file in rust(tree).filter(|file| file.path.starts_with("tests/") && file.path != MAY_SLEEP) {
        let code = file.code();
        let calls = words(&code, "sleep").filter(|at| code[at + 5..].starts_with('('));
        findings.extend(calls.map(|at| format!("{}:{}: wait for a condition instead", file.path, line_of(&code, at))));
    }
    findings
}

pub fn sql_functions_take_a_tenant(tree: &[Source]) -> Vec<String> {
    sql_functions_without(in_src(tree), takes_tenant, "takes neither tenant nor Scope after its connection")
}

/// In these rooms a tenant is not enough: who sees the owner sees the row. What serves all owners alike, as the data plane does, says why.
pub fn sql_of_business_data_takes_a_scope(tree: &[Source]) -> Vec<String> {
    let files = in_src(tree).filter(|file| file.room().is_some_and(|room| SCOPED_ROOMS.contains(&room)));
    sql_functions_without(files, takes_scope, "takes no Scope after its connection")
}

/// Findings for each public function of SQL whose signature does not fit and that does not say why.
fn sql_functions_without<'t>(files: impl Iterator<Item = &'t Source>, fits: fn(&str) -> bool, what: &str) -> Vec<String> {
    let mut findings = Vec::new();
    for file in files.filter(|file| is_sql_file(file)) {
        let code = file.code_without_tests();
        for at in words(&code, "async").filter(|at| code[at + 5..].trim_start().starts_with("fn ")) {
            let line_begin = code[..at].rfind('\n').map_or(0, |end| end + 1);
            let is_public = code[line_begin..at].trim_start().starts_with("pub");
            if is_public && !fits(&code[at..]) && !says_cross_tenant(&file.text, line_of(&code, at)) {
                let name = first_name(code[at..].split_once("fn ").expect("just seen").1);
                let line = line_of(&code, at);
                findings.push(format!("{}:{line}: `{name}` {what}; if that is right, say `// cross-tenant: why` above it", file.path));
            }
        }
    }
    findings
}

/// A surface calls use cases, which check what one may do; SQL only looks at whose rows they are.
pub fn surfaces_ask_use_cases(tree: &[Source]) -> Vec<String> {
    let mut findings = Vec::new();
    for file in in_src(tree).filter(|file| file.room().is_some_and(|room| SURFACES.contains(&room))) {
        let code = file.code();
        let named = words(&code, "sql").filter(|at| code[..*at].ends_with("::") || code[at + 3..].starts_with("::"));
        findings.extend(named.map(|at| format!("{}:{}: call a use case instead of SQL", file.path, line_of(&code, at))));
    }
    findings
}

/// A scope over a whole tenant without an account behind it is for commands on the server; a surface gets its scope from a sign-in or an API key.
pub fn whole_tenants_are_for_commands(tree: &[Source]) -> Vec<String> {
    let mut findings = Vec::new();
    for file in in_src(tree).filter(|file| !matches!(file.room(), Some("accounts" | "cli" | "demo")) && !is_test_file(file)) {
        let code = file.code_without_tests();
        for (at, _) in code.match_indices("Scope::administrator") {
            findings.push(format!("{}:{}: `Scope::administrator` is for commands", file.path, line_of(&code, at)));
        }
    }
    findings
}

/// Whether the whole file is tests: `tests.rs`, `keeper_tests.rs`, `tests/moved.rs`.
fn is_test_file(file: &Source) -> bool {
    file.path.ends_with("/tests.rs") || file.path.ends_with("_tests.rs") || file.path.contains("/tests/")
}

/// Whether the parameter after the connection is a tenant or a scope. `self` may be the connection.
fn takes_tenant(signature: &str) -> bool {
    let (name, kind) = second_parameter(signature);
    name.starts_with("tenant") || words(&kind, "Scope").next().is_some() || words(&kind, "TenantId").next().is_some()
}

/// Whether it is a scope, by reference and by that name.
fn takes_scope(signature: &str) -> bool {
    second_parameter(signature) == ("scope".to_owned(), "&Scope".to_owned())
}

/// Name and type of the second parameter.
fn second_parameter(signature: &str) -> (String, String) {
    // Brackets of the generics may hold parentheses: `fn f<F: Fn(u8)>(..)`.
    let mut angle = 0i32;
    let open = signature.char_indices().find(|(at, c)| {
        match c {
            '<' => angle += 1,
            '>' if !signature[..*at].ends_with('-') => angle -= 1,
            _ => {}
        }
        *c == '(' && angle == 0
    });
    let Some((open, _)) = open else { return Default::default() };
    let parameters = parameters(&signature[open + 1..]);
    let second = parameters.get(1).map_or("", |parameter| parameter.trim());
    let (name, kind) = second.split_once(':').unwrap_or((second, ""));
    (name.trim().trim_start_matches('_').to_owned(), kind.trim().to_owned())
}

fn parameters(list: &str) -> Vec<&str> {
    let (mut found, mut begin, mut depth) = (Vec::new(), 0, 0i32);
    for (at, c) in list.char_indices() {
        match c {
            '(' | '<' | '[' => depth += 1,
            ')' if depth == 0 => {
                found.push(&list[begin..at]);
                break;
            }
            '>' if list[..at].ends_with('-') => {}
            ')' | '>' | ']' => depth -= 1,
            ',' if depth == 0 => {
                found.push(&list[begin..at]);
                begin = at + 1;
            }
            _ => {}
        }
    }
    found
}

/// Whether the comments and attributes directly above the line hold `// cross-tenant: ` and a reason.
fn says_cross_tenant(text: &str, line: usize) -> bool {
    let lines: Vec<&str> = text.lines().collect();
    let above = lines[..line - 1].iter().rev().map(|line| line.trim()).take_while(|line| line.starts_with("//") || line.starts_with("#["));
    above.filter_map(|line| line.split_once("cross-tenant:")).any(|(_, why)| why.trim().len() > 3)
}

pub fn migrations_are_numbered(tree: &[Source]) -> Vec<String> {
    let mut findings = Vec::new();
    let mut seen: HashMap<(&str, &str), &str> = HashMap::new();
    for file in tree.iter().filter(|file| file.path.starts_with("migrations/") && file.path.ends_with(".sql")) {
        let (folder, name) = file.path.rsplit_once('/').expect("in migrations/");
        let number = name.split('_').next().unwrap_or_default();
        if number.len() != 4 || !number.bytes().all(|b| b.is_ascii_digit()) {
            findings.push(format!("{}:1: must be called NNNN_name.sql", file.path));
        } else if let Some(other) = seen.insert((folder, number), &file.path) {
            findings.push(format!("{}:1: has the number of {other}", file.path));
        }
    }
    let replaced = |number: &str| seen.contains_key(&("migrations", number));
    let lonely = seen.iter().filter(|((folder, number), _)| *folder != "migrations" && !replaced(number));
    findings.extend(lonely.map(|(_, path)| format!("{path}:1: replaces no common migration")));
    findings
}
