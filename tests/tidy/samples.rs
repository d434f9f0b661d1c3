//! Small trees that the rules must judge: what a bad one is found at, and good ones where nothing is found.

use super::code::Source;

/// (rule, path, text, where it must be found: `path:line`, or "" for nowhere). `path` may be `one + other`, with the texts
/// parted by a line `----`.
type Sample = (&'static str, &'static str, &'static str, &'static str);

const SAMPLES: &[Sample] = &[
    // Ranks: upwards, inside a group, over lines, in a path, to a free room, from an unknown room, by `super`.
    ("rooms_use_only_lower_ranks", "src/store/mod.rs", "use crate::customers::Customer;", "src/store/mod.rs:1"),
    ("rooms_use_only_lower_ranks", "src/aaa/a.rs", "//! x\nuse crate::{store::Db, web::{Page, A}};", "src/aaa/a.rs:2"),
    ("rooms_use_only_lower_ranks", "src/aaa/a.rs", "use crate::{\n    store::{self, Db},\n    panel,\n};", "src/aaa/a.rs:1"),
    ("rooms_use_only_lower_ranks", "src/radius/view.rs", "fn f() { crate::store::open() }", "src/radius/view.rs:1"),
    ("rooms_use_only_lower_ranks", "src/jobs/mod.rs", "use crate::config::Config;", "src/jobs/mod.rs:1"),
    ("rooms_use_only_lower_ranks", "src/cellar/mod.rs", "//! x", "src/cellar/mod.rs:1"),
    ("rooms_use_only_lower_ranks", "src/aaa/a.rs", "use super::super::web::Page;", "src/aaa/a.rs:1"),
    ("rooms_use_only_lower_ranks", "src/units/mac.rs", "use crate::radius::PacketView;", "src/units/mac.rs:1"),
    ("rooms_use_only_lower_ranks", "src/radius/view.rs", "use crate::units::Mac;", ""),
    ("rooms_use_only_lower_ranks", "src/aaa/a.rs", "// use crate::web::Page;\nlet a = \"crate::web\";\nuse crate::aaa::b;", ""),
    ("rooms_use_only_lower_ranks", "src/aaa/mod.rs", "#[cfg(test)]\nmod tests {\n    use super::*;\n}", ""),
    ("rooms_use_only_lower_ranks", "src/aaa/a.rs", "#[cfg(test)]\nmod tests {\n    pub(super) fn f() {}\n}", ""),
    ("rooms_use_only_lower_ranks", "src/app.rs", "use crate::{panel, config};", ""),
    // The same rank: only with the head comment's leave, and "must not use" is no leave.
    (
        "rooms_use_only_lower_ranks",
        "src/hotspot/a.rs + src/hotspot/mod.rs",
        "use crate::billing::x;\n----\n//! Hotspot.",
        "src/hotspot/a.rs:1",
    ),
    (
        "rooms_use_only_lower_ranks",
        "src/hotspot/a.rs + src/hotspot/mod.rs",
        "use crate::billing::x;\n----\n//! It must not use billing.",
        "src/hotspot/a.rs:1",
    ),
    (
        "rooms_use_only_lower_ranks",
        "src/hotspot/a.rs + src/hotspot/mod.rs",
        "use crate::billing::x;\n----\n//! Hotspot.\n//! Uses of its own rank: billing.",
        "",
    ),
    ("sql_stays_in_sql_files", "src/customers/create.rs", "use sqlx::Row;", "src/customers/create.rs:1"),
    ("sql_stays_in_sql_files", "src/customers/create.rs", "fn f() { ::sqlx::query(\"\") }", "src/customers/create.rs:1"),
    ("sql_stays_in_sql_files", "src/customers/sql.rs", "use sqlx::Row;", ""),
    ("sql_stays_in_sql_files", "src/store/db.rs", "use sqlx::Row;", ""),
    ("sql_stays_in_sql_files", "src/customers/create.rs", "// sqlx::Row\nuse crate::store::sqlx::Row;", ""),
    ("http_stays_in_surfaces", "src/aaa/mod.rs", "use axum::Router;", "src/aaa/mod.rs:1"),
    ("http_stays_in_surfaces", "src/app/http.rs", "use axum::Router;", ""),
    ("tls_stays_in_app", "src/panel/mod.rs", "use rustls::ServerConfig;", "src/panel/mod.rs:1"),
    ("tls_stays_in_app", "src/web/mod.rs", "fn f() { hyper_util::rt::x() }", "src/web/mod.rs:1"),
    ("tls_stays_in_app", "src/app/tls/mod.rs", "use rustls::ServerConfig;", ""),
    ("data_plane_runs_on_threads", "src/listen/auth.rs", "fn f() {\n    tokio::spawn(g());\n}", "src/listen/auth.rs:2"),
    ("data_plane_runs_on_threads", "src/journal/segment.rs", "use tokio::fs;", "src/journal/segment.rs:1"),
    ("data_plane_runs_on_threads", "src/aaa/reply/mikrotik.rs", "use tokio::sync::Mutex;", "src/aaa/reply/mikrotik.rs:1"),
    ("data_plane_runs_on_threads", "src/aaa/follow.rs", "use tokio::sync::Notify;", ""),
    ("data_plane_runs_on_threads", "src/listen/auth.rs", "#[cfg(test)]\nmod tests {\n    use tokio::net;\n}", ""),
    // A test module that is only declared here does not end the file.
    (
        "data_plane_runs_on_threads",
        "src/journal/mod.rs",
        "#[cfg(test)]\nmod power_cut_tests;\nuse tokio::fs;\n#[cfg(test)]\nmod tests {\n    use tokio::net;\n}",
        "src/journal/mod.rs:3",
    ),
    ("unsafe_stays_in_listen", "src/store/mod.rs", "fn f() { unsafe { g() } }", "src/store/mod.rs:1"),
    ("unsafe_stays_in_listen", "src/listen/batch.rs", "fn f() { unsafe { g() } }", ""),
    ("unsafe_stays_in_listen", "src/store/mod.rs", "#![deny(unsafe_code)] // unsafe", ""),
    ("names_say_something", "src/billing/utils.rs", "//! x", "src/billing/utils.rs:1"),
    ("names_say_something", "src/helpers/a.rs", "//! x", "src/helpers/a.rs:1"),
    ("names_say_something", "src/billing/mod.rs", "//! x\nmod common;", "src/billing/mod.rs:2"),
    ("names_say_something", "src/billing/commission.rs", "//! helpers", ""),
    ("files_begin_with_their_purpose", "src/billing/tax.rs", "use std::fmt;\n//! Tax.", "src/billing/tax.rs:1"),
    ("files_begin_with_their_purpose", "src/billing/tax.rs", "//! Tax.\nuse std::fmt;", ""),
    ("nothing_is_left_for_later", "src/app.rs", concat!("//! x\n// TO", "DO: finish"), "src/app.rs:2"),
    ("nothing_is_left_for_later", "migrations/0001_a.sql", concat!("-- FIX", "ME"), "migrations/0001_a.sql:1"),
    ("nothing_is_left_for_later", "tests/suite/a.rs", concat!("#[ign", "ore = \"slow\"]"), "tests/suite/a.rs:1"),
    ("nothing_is_left_for_later", "src/app.rs", concat!("const AUTO", "DOC: u8 = 1;"), ""),
    ("tests_do_not_sleep", "tests/suite/a.rs", "fn a() { std::thread::sleep(SECOND) }", "tests/suite/a.rs:1"),
    ("tests_do_not_sleep", "tests/suite/a.rs", "// sleep(1)\nlet sleep = 1;", ""),
    ("sql_functions_take_a_tenant", "src/billing/sql.rs", "pub async fn find(db: &Db, id: i64) {}", "src/billing/sql.rs:1"),
    ("sql_functions_take_a_tenant", "src/billing/sql.rs", "pub(crate) async fn all(db: &Db) {}", "src/billing/sql.rs:1"),
    ("sql_functions_take_a_tenant", "src/billing/sql.rs", "pub async fn f(db: &Db, id: i64, tenant: TenantId) {}", "src/billing/sql.rs:1"),
    ("sql_functions_take_a_tenant", "src/billing/sql.rs", "// cross-tenant:\npub async fn all(db: &Db) {}", "src/billing/sql.rs:2"),
    ("sql_functions_take_a_tenant", "src/billing/sql.rs", "pub async fn f<F: Fn(&T) -> u8>(db: &Db,\n    tenant: TenantId,\n) {}", ""),
    ("sql_functions_take_a_tenant", "src/billing/sql.rs", "pub async fn f(tx: &mut Tx<'_>, scope: &Scope) {}", ""),
    (
        "sql_functions_take_a_tenant",
        "src/billing/sql.rs",
        "/// All.\n// cross-tenant: the applier serves every tenant\n#[must_use]\npub async fn all(db: &Db) {}",
        "",
    ),
    ("sql_functions_take_a_tenant", "src/billing/sql.rs", "async fn shared(db: &Db) {}", ""),
    // A tenant is enough in some rooms only, and a scope stands right after the connection.
    (
        "sql_of_business_data_takes_a_scope",
        "src/routers/sql.rs",
        "pub async fn f(c: &mut Conn, tenant: TenantId) {}",
        "src/routers/sql.rs:1",
    ),
    (
        "sql_of_business_data_takes_a_scope",
        "src/aaa/a/sql.rs",
        "pub(super) async fn f(c: &mut Conn, id: i64, scope: &Scope) {}",
        "src/aaa/a/sql.rs:1",
    ),
    (
        "sql_of_business_data_takes_a_scope",
        "src/sessions/sql/b.rs",
        "// cross-tenant:\npub async fn f(c: &mut Conn) {}",
        "src/sessions/sql/b.rs:2",
    ),
    ("sql_of_business_data_takes_a_scope", "src/packages/sql.rs", "pub(super) async fn f(c: &mut Conn, scope: &Scope) {}", ""),
    (
        "sql_of_business_data_takes_a_scope",
        "src/customers/sql.rs",
        "/// Notes it.\n// cross-tenant: the applier serves every tenant\npub async fn f(c: &mut Conn, tenant: TenantId) {}\nasync fn g(c: &mut Conn) {}",
        "",
    ),
    ("sql_of_business_data_takes_a_scope", "src/store/sql.rs", "pub async fn f(c: &mut Conn, tenant: TenantId) {}", ""),
    ("surfaces_ask_use_cases", "src/panel/a.rs", "use crate::sessions::sql::find_session;", "src/panel/a.rs:1"),
    ("surfaces_ask_use_cases", "src/cli/a.rs", "use crate::sessions::{self, find_session};\n// sessions::sql::x", ""),
    ("surfaces_ask_use_cases", "src/aaa/a.rs", "use crate::sessions::sql::find_session;", ""),
    ("whole_tenants_are_for_commands", "src/aaa/a_tests.rs", "fn f() { Scope::administrator(t) }", ""),
    ("whole_tenants_are_for_commands", "src/panel/a.rs", "fn f() { Scope::administrator(t) }", "src/panel/a.rs:1"),
    ("whole_tenants_are_for_commands", "src/cli/context.rs", "fn f() { Scope::administrator(t) }", ""),
    ("migrations_are_numbered", "migrations/0001_a.sql + migrations/0001_b.sql", "x\n----\nx", "migrations/0001_b.sql:1"),
    ("migrations_are_numbered", "migrations/1_a.sql", "x", "migrations/1_a.sql:1"),
    ("migrations_are_numbered", "migrations/postgres/0007_a.sql", "x", "migrations/postgres/0007_a.sql:1"),
    ("migrations_are_numbered", "migrations/0007_a.sql + migrations/postgres/0007_a.sql", "x\n----\nx", ""),
];

/// Runs a rule over its samples; panics when one is judged wrongly, or when it has no bad sample.
pub fn try_out(name: &str, rule: fn(&[Source]) -> Vec<String>) {
    let mut bad = 0;
    for (_, paths, texts, expected) in SAMPLES.iter().filter(|sample| sample.0 == name) {
        let pairs = paths.split(" + ").zip(texts.split("\n----\n"));
        let tree: Vec<Source> = pairs.map(|(path, text)| Source { path: path.into(), text: text.into() }).collect();
        check(&rule(&tree), expected, texts);
        bad += usize::from(!expected.is_empty());
    }
    if name == "files_are_short" {
        let long = Source { path: "src/app.rs".into(), text: "x\n".repeat(501) };
        check(&rule(&[long]), "src/app.rs:501", "501 lines");
        check(&rule(&[Source { path: "src/app.rs".into(), text: "x\n".repeat(500) }]), "", "500 lines");
        bad += 1;
    }
    assert!(bad > 0, "the rule {name} has no bad sample");
}

fn check(findings: &[String], expected: &str, sample: &str) {
    match expected {
        "" => assert!(findings.is_empty(), "good sample refused: {sample}\n{findings:?}"),
        at => assert!(findings.iter().any(|finding| finding.starts_with(&format!("{at}:"))), "bad sample passed: {sample}\n{findings:?}"),
    }
}
