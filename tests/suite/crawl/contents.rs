//! All that a store holds, as text, to see that a request changed nothing.

use std::collections::BTreeMap;

use sqlx::{AssertSqlSafe, Connection, PgConnection, Row, SqliteConnection};
use tollgate::units::{AccountId, TenantId};

/// Columns that change without anything having been changed, each with its reason.
const RESTLESS: [(&str, &str, &str); 2] = [
    ("sign_ins", "seen_at", "noted once a minute, by whatever page its holder opens"),
    ("process_slots", "leased_until", "a lease of ids is renewed by the clock"),
];
/// Rows that a refusal writes, each with its reason.
const NOTED: [(&str, &str, &str); 2] = [
    ("audit_log", "sign-in.refuse", "a wrong password at the door is noted for the account's owner"),
    ("audit_head", "", "counts those lines"),
];

/// How often PostgreSQL is looked at.
const EVERY: usize = 400;

/// The rows of each table.
type Tables = BTreeMap<String, Vec<String>>;

enum Connected {
    Sqlite(SqliteConnection),
    Postgres(PgConnection),
}

/// A connection of its own to the store, and what it held when last looked at.
pub struct Contents {
    connection: Connected,
    ignores_refusals: bool,
    /// How often it was asked; PostgreSQL, which cannot say cheaply whether anything changed, is looked at every so many times.
    asked: usize,
    version: i64,
    known: Tables,
}

impl Contents {
    /// Of the store as it is now.
    pub async fn of(url: &str) -> Contents {
        let connection = match url.strip_prefix("sqlite:") {
            Some(path) => Connected::Sqlite(SqliteConnection::connect(&format!("sqlite:{path}?mode=ro")).await.expect("opens")),
            None => Connected::Postgres(PgConnection::connect(url).await.expect("connects")),
        };
        let mut contents = Contents { connection, ignores_refusals: false, asked: 0, version: -1, known: Tables::new() };
        contents.version = contents.version().await;
        contents.known = contents.read().await;
        assert!(contents.known["accounts"].len() > 20, "the world is there");
        contents
    }

    /// Lines about refused sign-ins do not count from now on.
    pub fn ignoring_refusals(mut self) -> Contents {
        self.ignores_refusals = true;
        self
    }

    /// Panics, naming table and rows, unless everything is as it was.
    pub async fn are_as_they_were(&mut self, after: &str) {
        self.asked += 1;
        if self.asked.is_multiple_of(EVERY) || matches!(self.connection, Connected::Sqlite(_)) {
            self.are_still(after).await;
        }
    }

    /// The same, whatever database it is: at the end.
    pub async fn are_still(&mut self, after: &str) {
        let version = self.version().await;
        if version == self.version && version >= 0 {
            return;
        }
        let now = self.read().await;
        for (table, rows) in &now {
            let before = &self.known[table];
            if before != rows && !(self.ignores_refusals && self.is_about_refusals(table, rows)) {
                let gone: Vec<_> = before.iter().filter(|row| !rows.contains(row)).collect();
                let new: Vec<_> = rows.iter().filter(|row| !before.contains(row)).collect();
                panic!("{after}: {table} changed\n  gone: {gone:#?}\n  new: {new:#?}");
            }
        }
        (self.version, self.known) = (version, now);
    }

    /// Takes what is there now for what has to stay.
    pub async fn accept(&mut self) {
        self.version = self.version().await;
        self.known = self.read().await;
    }

    /// How many rows there are, and a digest of what they hold.
    pub fn rows(&self) -> (usize, u64) {
        use std::hash::{DefaultHasher, Hash, Hasher};
        let mut hasher = DefaultHasher::new();
        self.known.hash(&mut hasher);
        (self.known.values().map(Vec::len).sum(), hasher.finish())
    }

    fn is_about_refusals(&self, table: &str, rows: &[String]) -> bool {
        let before = &self.known[table];
        let mut new = rows.iter().filter(|row| !before.contains(row));
        NOTED.iter().any(|(noted, word, _)| *noted == table && new.all(|row| row.contains(word)))
    }

    /// SQLite counts what other connections commit, so that most looks cost nothing. PostgreSQL has nothing like it.
    async fn version(&mut self) -> i64 {
        match &mut self.connection {
            Connected::Sqlite(conn) => {
                let row = sqlx::query("PRAGMA data_version").fetch_one(conn).await.expect("a number");
                row.get::<i64, _>(0)
            }
            Connected::Postgres(_) => -1,
        }
    }

    async fn read(&mut self) -> Tables {
        let mut tables = Tables::new();
        match &mut self.connection {
            Connected::Sqlite(conn) => {
                let names = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'";
                for table in column(sqlx::query(names).fetch_all(&mut *conn).await.expect("names")) {
                    let columns = format!("SELECT name FROM pragma_table_info('{table}')");
                    let columns = column(sqlx::query(AssertSqlSafe(columns)).fetch_all(&mut *conn).await.expect("columns"));
                    let quoted: Vec<String> =
                        columns.iter().filter(|c| !is_restless(&table, c)).map(|c| format!("quote(\"{c}\")")).collect();
                    let rows = format!("SELECT {} FROM \"{table}\" ORDER BY 1", quoted.join(" || ' ' || "));
                    let rows = column(sqlx::query(AssertSqlSafe(rows)).fetch_all(&mut *conn).await.expect("rows"));
                    tables.insert(table, rows);
                }
            }
            Connected::Postgres(conn) => {
                let names = "SELECT CAST(relname AS TEXT) FROM pg_class WHERE relkind IN ('r', 'p') AND NOT relispartition \
                    AND relnamespace = 'public'::regnamespace";
                let found = sqlx::query(names).fetch_all(&mut *conn).await.expect("names");
                for table in found.iter().map(|row| row.get::<String, _>(0)) {
                    let left_out = RESTLESS.iter().filter(|(t, _, _)| *t == table).map(|(_, c, _)| format!(" - '{c}'")).collect::<String>();
                    let rows = format!("SELECT CAST((to_jsonb(t){left_out}) AS TEXT) FROM \"{table}\" AS t ORDER BY 1");
                    let rows = sqlx::query(AssertSqlSafe(rows)).fetch_all(&mut *conn).await.expect("rows");
                    tables.insert(table, rows.iter().map(|row| row.get::<String, _>(0)).collect());
                }
            }
        }
        tables
    }
}

fn is_restless(table: &str, column: &str) -> bool {
    RESTLESS.iter().any(|(t, c, _)| *t == table && *c == column)
}

fn column(rows: Vec<sqlx::sqlite::SqliteRow>) -> Vec<String> {
    rows.iter().map(|row| row.get::<String, _>(0)).collect()
}

/// Changes the store of a test on SQLite as no request could, such as the clock.
pub async fn run_sql(url: &str, statement: &str) {
    let mut connection = SqliteConnection::connect(url).await.expect("opens");
    let done = sqlx::query(AssertSqlSafe(statement.to_owned())).execute(&mut connection).await.expect("runs");
    assert_eq!(done.rows_affected(), 1, "{statement}");
    connection.close().await.expect("closes");
}

/// Puts so many lines about what an account owns on top of the audit log.
pub async fn fill_audit_log(url: &str, tenant: TenantId, owner: AccountId, lines: u32) {
    let statement = format!(
        "INSERT INTO audit_log (seq, tenant_id, at, actor, on_behalf_of, source, verb, kind, object_id, object, owner_id, changes, request_id, ip) \
        WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {lines}) \
        SELECT 1000000 + i, {tenant}, 0, 'filler', '', 'cli', 'customer.set', 'customers', 1, 'filler', {owner}, '{{}}', '', '' FROM n"
    );
    let mut connection = SqliteConnection::connect(url).await.expect("opens");
    sqlx::query(AssertSqlSafe(statement)).execute(&mut connection).await.expect("runs");
    connection.close().await.expect("closes");
}
