//! PostgreSQL for tests: statements by `psql`, and servers that a test may stop and start.

use super::skip;
use std::path::Path;
use std::process::Command;
use tempfile::TempDir;

const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/private-postgres");

/// Runs one statement; panics with psql's message when it fails.
pub fn run_sql(url: &str, statement: &str) -> String {
    let output = Command::new("psql").args([url, "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-c", statement]).output().expect("psql");
    assert!(output.status.success(), "{statement}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("UTF-8").trim().to_owned()
}

/// The same server's URL for another database.
pub fn with_database(url: &str, name: &str) -> String {
    let (base, query) = url.split_once('?').map_or((url, None), |(base, query)| (base, Some(query)));
    let scheme_end = base.find("://").expect("a URL") + 3;
    let path = base[scheme_end..].find('/').map_or(base.len(), |at| scheme_end + at);
    let query = query.map_or(String::new(), |query| format!("?{query}"));
    format!("{}/{name}{query}", &base[..path])
}

/// A server of the test's own, stopped when dropped.
pub struct PrivatePostgres {
    folder: TempDir,
    /// The URL of its database `postgres`.
    pub url: String,
}

impl PrivatePostgres {
    /// Creates and starts one; `None`, said loudly, where PostgreSQL is not installed.
    pub fn start_new() -> Option<Self> {
        if !Command::new(SCRIPT).arg("bin").output().is_ok_and(|output| output.status.success()) {
            skip("a test that stops PostgreSQL", "PostgreSQL is not installed");
            return None;
        }
        let folder = tempfile::Builder::new().prefix("tollgate-pg-").tempdir_in("/tmp").expect("a temporary folder");
        open_to_all(folder.path());
        let url = script("start", folder.path());
        Some(Self { folder, url })
    }

    /// Stops it as a crash would: nothing is flushed, connections break.
    pub fn stop(&self) {
        script("stop", self.folder.path());
    }

    /// Starts it again; it recovers what was committed.
    pub fn start(&self) {
        script("start", self.folder.path());
    }
}

impl Drop for PrivatePostgres {
    fn drop(&mut self) {
        self.stop();
    }
}

fn script(verb: &str, folder: &Path) -> String {
    let output = Command::new(SCRIPT).arg(verb).arg(folder).output().expect("tests/support/private-postgres");
    assert!(output.status.success(), "private-postgres {verb}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("UTF-8").trim().to_owned()
}

/// PostgreSQL runs as a user of its own where the test runs as root.
fn open_to_all(folder: &Path) {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(folder, std::fs::Permissions::from_mode(0o755)).expect("our own folder");
}

#[test]
fn replaces_the_database_of_a_url() {
    let cases = [
        ("postgres://postgres@localhost/postgres?host=/a/b", "postgres://postgres@localhost/x?host=/a/b"),
        ("postgres://u:p@h:5432/postgres", "postgres://u:p@h:5432/x"),
        ("postgres://h", "postgres://h/x"),
    ];
    for (url, expected) in cases {
        assert_eq!(with_database(url, "x"), expected);
    }
}
