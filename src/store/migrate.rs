//! Migrations, embedded: one set for both databases; a file of the same number in `postgres/` replaces the common one there.

use std::collections::BTreeMap;

use rust_embed::RustEmbed;
use sqlx::migrate::{Migration, MigrationType, Migrator};
use sqlx::{AssertSqlSafe, SqlSafeStr};

use super::db::Pools;
use super::{Conn, ConnRef, Db, StoreError};
use crate::q;

#[derive(RustEmbed)]
#[folder = "migrations/"]
struct Files;

/// Why the store's schema cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SchemaError {
    /// The database could not be asked.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Never migrated.
    #[error("the store has no schema yet: run `tollgate migrate`")]
    Absent,
    /// Older than this program.
    #[error("the store's schema is at version {found}, this program needs {needed}: run `tollgate migrate`")]
    Older {
        /// In the store.
        found: i64,
        /// In this program.
        needed: i64,
    },
    /// Newer than this program.
    #[error("the store's schema is at version {found}, newer than this program ({known}): use the newer program")]
    Newer {
        /// In the store.
        found: i64,
        /// In this program.
        known: i64,
    },
    /// A migration failed.
    #[error("migration: {0}")]
    Migrate(#[from] sqlx::migrate::MigrateError),
}

/// Number and text of each migration, for one of the databases.
fn texts(sqlite: bool) -> BTreeMap<i64, (String, String)> {
    let mut found = BTreeMap::new();
    let mut take = |path: &str, name: &str| {
        let Some((number, rest)) = name.strip_suffix(".sql").and_then(|n| n.split_once('_')) else { return };
        let Ok(number) = number.parse::<i64>() else { return };
        let text = Files::get(path).map(|f| String::from_utf8_lossy(&f.data).into_owned()).unwrap_or_default();
        found.insert(number, (rest.replace('_', " "), text));
    };
    for path in Files::iter().filter(|p| !p.contains('/')) {
        take(&path, &path);
    }
    if !sqlite {
        for path in Files::iter() {
            if let Some(name) = path.strip_prefix("postgres/") {
                take(&path, name);
            }
        }
    }
    found
}

/// Our SQL says BIGINT and BYTEA; SQLite's row id alias needs INTEGER, and its blobs are called BLOB.
fn for_sqlite(text: &str) -> String {
    text.replace("BIGINT PRIMARY KEY", "INTEGER PRIMARY KEY").replace("BYTEA", "BLOB")
}

fn migrator(sqlite: bool) -> Migrator {
    let migrations = texts(sqlite).into_iter().map(|(number, (description, text))| {
        let text = if sqlite { for_sqlite(&text) } else { text };
        Migration::new(number, description.into(), MigrationType::Simple, AssertSqlSafe(text).into_sql_str(), false)
    });
    Migrator::with_migrations(migrations.collect())
}

/// The newest schema version that this program knows.
pub fn schema_version() -> i64 {
    texts(true).keys().next_back().copied().unwrap_or(0)
}

/// Brings the schema up to date. Refuses a store newer than this program.
pub async fn migrate(db: &Db) -> Result<(), SchemaError> {
    match check_schema(db).await {
        Ok(()) => return Ok(()),
        Err(SchemaError::Absent | SchemaError::Older { .. }) => {}
        Err(e) => return Err(e),
    }
    let migrator = migrator(db.is_sqlite());
    match &db.pools {
        Pools::Lite { write, .. } => migrator.run(write).await?,
        Pools::Pg(pool) => migrator.run(pool).await?,
    }
    Ok(())
}

/// Checks that the store's schema is exactly this program's.
// cross-tenant: the schema is the server's own
pub async fn check_schema(db: &Db) -> Result<(), SchemaError> {
    let mut conn = match &db.pools {
        Pools::Lite { write, .. } => Conn::Lite(write.acquire().await.map_err(StoreError::from)?),
        Pools::Pg(_) => db.read().await?,
    };
    if !has_migrations_table(&mut conn).await? {
        return Err(SchemaError::Absent);
    }
    let (found,): (i64,) = q!(one conn, (i64,), "SELECT CAST(COALESCE(MAX(version), 0) AS BIGINT) FROM _sqlx_migrations WHERE success")?;
    let known = schema_version();
    match found {
        0 => Err(SchemaError::Absent),
        n if n < known => Err(SchemaError::Older { found: n, needed: known }),
        n if n > known => Err(SchemaError::Newer { found: n, known }),
        _ => Ok(()),
    }
}

async fn has_migrations_table(conn: &mut Conn) -> Result<bool, StoreError> {
    let sql = match conn.conn_ref() {
        ConnRef::Lite(_) => "SELECT COUNT(*) FROM sqlite_master WHERE name = '_sqlx_migrations'",
        ConnRef::Pg(_) => {
            "SELECT COUNT(*) FROM information_schema.tables WHERE table_name = '_sqlx_migrations' AND table_schema = current_schema()"
        }
    };
    let (count,): (i64,) = q!(one conn, (i64,), sql)?;
    Ok(count > 0)
}

#[cfg(test)]
mod tests {
    use super::super::test_db::each_empty_database;
    use super::*;

    /// The schema up to a version, as an earlier program left it.
    async fn migrate_to(db: &Db, version: i64) {
        let all = migrator(db.is_sqlite());
        let some: Vec<Migration> = all.iter().filter(|m| m.version <= version).cloned().collect();
        let migrator = Migrator::with_migrations(some);
        match &db.pools {
            Pools::Lite { write, .. } => migrator.run(write).await.expect("migrated"),
            Pools::Pg(pool) => migrator.run(pool).await.expect("migrated"),
        }
    }

    #[tokio::test]
    async fn rows_of_before_become_those_of_now() {
        for fresh in each_empty_database().await {
            migrate_to(&fresh.db, 8).await;
            let mut tx = fresh.db.begin().await.expect("a transaction");
            for (tenant, name, owner) in [(1_000_001i64, "one", 1_000_002i64), (1_000_003, "two", 1_000_004)] {
                q!(exec tx, "INSERT INTO tenants (id, name, time_zone, currency, created_at) VALUES ($1, $2, 'UTC', 'USD', 5)", tenant, name).expect("a tenant");
                q!(exec tx, "INSERT INTO accounts (id, tenant_id, parent_id, name, role, created_at) VALUES ($1, $2, NULL, 'owner', 'admin', 5)", owner, tenant)
                    .expect("an owner");
            }
            tx.commit(5).await.expect("committed");
            migrate_to(&fresh.db, 16).await;
            let mut tx = fresh.db.begin().await.expect("a transaction");
            q!(exec tx, "INSERT INTO packages (id, tenant_id, owner_id, name, interim_secs, created_at, updated_at) VALUES (2, 1000001, 1000002, 'home', 300, 5, 5)")
                .expect("a package");
            q!(exec tx, "INSERT INTO customers (id, tenant_id, owner_id, code, username, username_key, password, package_id, connection_type, billing_type, \
                registered_at, updated_at, name_key) VALUES (3, 1000001, 1000002, 'c', 'u', 'u', $1, 2, 'pppoe', 'prepaid', 5, 5, 'abdur rahim')", &[0u8; 4][..])
                .expect("a customer");
            tx.commit(5).await.expect("committed");
            migrate(&fresh.db).await.expect("the schema");
            let mut conn = fresh.db.read().await.expect("reads");
            if fresh.db.is_sqlite() {
                let found = q!(all conn, (i64,), "SELECT rowid FROM customer_names WHERE customer_names MATCH '\"rahi\"'");
                assert_eq!(found.expect("an index"), [(3,)], "parts of names of before are found");
            }
            type Row = (i64, Option<i64>, String, String, String);
            let rows =
                q!(all conn, Row, "SELECT tenant_id, parent_id, path, name_key, role FROM accounts ORDER BY path").expect("accounts");
            let row = |tenant: i64, parent: Option<i64>, path: &str, name: &str, role: &str| {
                (tenant, parent, path.into(), name.into(), role.into())
            };
            let wanted: [Row; 4] = [
                row(1_000_001, None, "0000000000001000001", "super-admin", "super-admin"),
                row(1_000_001, Some(1_000_001), "00000000000010000010000000000001000002", "owner", "admin"),
                row(1_000_003, None, "0000000000001000003", "super-admin", "super-admin"),
                row(1_000_003, Some(1_000_003), "00000000000010000030000000000001000004", "owner", "admin"),
            ];
            assert_eq!(rows, wanted);
            let names = q!(all conn, (String, i64), "SELECT name, tenant_id FROM tenant_names ORDER BY name").expect("names");
            assert_eq!(names, [("one".to_owned(), 1_000_001), ("two".to_owned(), 1_000_003)], "every name leads to its tenant");
            drop(conn);
            fresh.end().await;
        }
    }
}
