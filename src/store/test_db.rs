//! Fresh, migrated databases for tests: SQLite in a temporary folder always, PostgreSQL when `TOLLGATE_TEST_POSTGRES` holds the
//! URL of a database in which others may be created.

use std::sync::atomic::{AtomicU32, Ordering};

use sqlx::{AssertSqlSafe, Connection, PgConnection};

use super::{Db, IdMaker, SlotLease, StoreUrl, migrate};
use crate::units::UnixMs;

/// The instant at which tests happen: 2026-11-14T22:13:20Z.
pub const NOW: UnixMs = 1_794_694_400_000;

static NUMBER: AtomicU32 = AtomicU32::new(0);

/// A database of its own for one test.
pub struct TestDb {
    /// Migrated, otherwise empty.
    pub db: Db,
    /// Ids of slot 7.
    pub ids: IdMaker,
    /// For key files and the like; removed at the end.
    pub folder: tempfile::TempDir,
    drop_by: Option<(String, String)>,
}

/// SQLite, and PostgreSQL if one is named; with the schema of today.
pub async fn each_database() -> Vec<TestDb> {
    let all = each_empty_database().await;
    for fresh in &all {
        migrate(&fresh.db).await.expect("the schema");
    }
    all
}

/// The same without any schema.
pub async fn each_empty_database() -> Vec<TestDb> {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let db = Db::open(&StoreUrl::Sqlite(folder.path().join("test.db"))).await.expect("a SQLite file");
    let mut all = vec![empty(db, folder, None)];
    if let Ok(maintenance) = std::env::var("TOLLGATE_TEST_POSTGRES") {
        let name = format!("tollgate_test_{}_{}", std::process::id(), NUMBER.fetch_add(1, Ordering::Relaxed));
        run(&maintenance, format!("CREATE DATABASE {name}")).await;
        let db = Db::open(&StoreUrl::Postgres(with_database(&maintenance, &name))).await.expect("the new database");
        all.push(empty(db, tempfile::tempdir().expect("a temporary folder"), Some((maintenance, name))));
    }
    all
}

fn empty(db: Db, folder: tempfile::TempDir, drop_by: Option<(String, String)>) -> TestDb {
    TestDb { db, ids: IdMaker::new(SlotLease { slot: 7 }), folder, drop_by }
}

impl TestDb {
    /// Closes and removes the database (a failed test leaves its PostgreSQL database for inspection).
    pub async fn end(self) {
        self.db.close().await;
        if let Some((maintenance, name)) = self.drop_by {
            run(&maintenance, format!("DROP DATABASE {name}")).await;
        }
    }
}

async fn run(url: &str, sql: String) {
    let mut conn = PgConnection::connect(url).await.expect("TOLLGATE_TEST_POSTGRES answers");
    sqlx::query(AssertSqlSafe(sql)).execute(&mut conn).await.expect("the maintenance database lets databases be made");
    conn.close().await.expect("a clean end");
}

/// The same URL with another database name in its path.
fn with_database(url: &str, name: &str) -> String {
    let (front, query) = url.split_once('?').map_or((url, String::new()), |(f, q)| (f, format!("?{q}")));
    let scheme = front.find("://").map_or(0, |at| at + 3);
    let server = front[scheme..].find('/').map_or(front, |at| &front[..scheme + at]);
    format!("{server}/{name}{query}")
}
