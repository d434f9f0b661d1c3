//! What tables there are, asked of the database itself, and how their columns are read on both.

use sqlx::AssertSqlSafe;

use super::BackupError;
use super::record::{ColumnKind, Table};
use crate::q;
use crate::store::{Conn, ConnRef, StoreError};

/// Left out: the migrations' own record (the schema version stands in the header); leases and feed rows, which only mean something to processes
/// that run now; the index of parts of names, which rows bring with them. Partitions are read and written by the table they are of, and months that were set aside to be dropped are gone already.
const LEFT_OUT: [&str; 3] = ["_sqlx_migrations", "process_slots", "feed"];

const SQLITE_COLUMNS: &str = "SELECT m.name, p.name, p.type FROM sqlite_master m JOIN pragma_table_info(m.name) p \
    WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite\\_%' ESCAPE '\\' AND m.name NOT LIKE 'customer\\_names%' ESCAPE '\\' ORDER BY m.name, p.cid";
const POSTGRES_COLUMNS: &str = "SELECT CAST(c.table_name AS TEXT), CAST(c.column_name AS TEXT), CAST(c.data_type AS TEXT) \
    FROM information_schema.columns c JOIN information_schema.tables t ON t.table_schema = c.table_schema AND t.table_name = c.table_name \
    WHERE c.table_schema = current_schema() AND t.table_type = 'BASE TABLE' AND c.is_generated = 'NEVER' \
    AND NOT starts_with(c.table_name, 'old_closed_sessions_') \
    AND NOT EXISTS (SELECT 1 FROM pg_inherits i WHERE i.inhrelid = to_regclass(quote_ident(c.table_schema) || '.' || quote_ident(c.table_name))) \
    ORDER BY CAST(c.table_name AS TEXT) COLLATE \"C\", c.ordinal_position";
const POSTGRES_FOREIGN_KEYS: &str = "SELECT CAST(t.relname AS TEXT), CAST(c.conname AS TEXT), pg_get_constraintdef(c.oid) \
    FROM pg_constraint c JOIN pg_class t ON t.oid = c.conrelid JOIN pg_namespace n ON n.oid = t.relnamespace \
    WHERE c.contype = 'f' AND c.conparentid = 0 AND n.nspname = current_schema() ORDER BY t.relname, c.conname";

/// Every table that an archive holds, by name.
// cross-tenant: a backup is the whole store
pub async fn list_tables(conn: &mut Conn) -> Result<Vec<Table>, BackupError> {
    let sql = if conn.is_sqlite() { SQLITE_COLUMNS } else { POSTGRES_COLUMNS };
    let found = q!(all conn, (String, String, String), sql)?;
    let mut tables: Vec<Table> = Vec::new();
    for (table, column, declared) in found {
        if LEFT_OUT.contains(&table.as_str()) {
            continue;
        }
        let Some(kind) = kind_of(&declared) else {
            return Err(BackupError::ColumnType { table, column, declared });
        };
        match tables.last_mut().filter(|last| last.name == table) {
            Some(last) => last.columns.push((column, kind)),
            None => tables.push(Table { name: table, columns: vec![(column, kind)] }),
        }
    }
    Ok(tables)
}

/// The kind of a declared type of either database.
fn kind_of(declared: &str) -> Option<ColumnKind> {
    Some(match declared.to_ascii_lowercase().as_str() {
        "bigint" | "integer" | "int" | "smallint" => ColumnKind::Integer,
        "text" | "character varying" | "varchar" => ColumnKind::Text,
        "blob" | "bytea" => ColumnKind::Bytes,
        "boolean" => ColumnKind::Boolean,
        "real" | "double precision" => ColumnKind::Float,
        _ => return None,
    })
}

/// A name as it stands in SQL.
pub fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// The text that reads all rows of a table, in no order.
pub fn select_text(table: &Table, sqlite: bool) -> String {
    let columns: Vec<String> = table
        .columns
        .iter()
        .map(|(name, kind)| match kind {
            // narrower types would not decode
            ColumnKind::Integer if !sqlite => format!("CAST({} AS BIGINT)", quoted(name)),
            ColumnKind::Float if !sqlite => format!("CAST({} AS DOUBLE PRECISION)", quoted(name)),
            _ => quoted(name),
        })
        .collect();
    format!("SELECT {} FROM {}", columns.join(", "), quoted(&table.name))
}

/// The text that inserts `rows` rows at once.
pub fn insert_text(table: &Table, rows: usize, sqlite: bool) -> String {
    let names: Vec<String> = table.columns.iter().map(|(name, _)| quoted(name)).collect();
    let width = names.len();
    let row = |row: usize| {
        // SQLite finds a numbered parameter by walking through all of them
        let places: Vec<String> = (1..=width).map(|at| if sqlite { "?".into() } else { format!("${}", row * width + at) }).collect();
        format!("({})", places.join(", "))
    };
    let rows: Vec<String> = (0..rows).map(row).collect();
    format!("INSERT INTO {} ({}) VALUES {}", quoted(&table.name), names.join(", "), rows.join(", "))
}

/// Foreign keys set aside while rows come in any order; the database checks them all at the end.
pub struct ForeignKeysAside {
    add_again: Vec<String>,
}

impl ForeignKeysAside {
    /// SQLite defers them to the commit; PostgreSQL drops them within the transaction (as pg_restore does: self-references and circles hold too, and
    /// checking once is quicker than per row).
    // cross-tenant: the schema is the server's own
    pub async fn set_aside(conn: &mut Conn) -> Result<ForeignKeysAside, StoreError> {
        if conn.is_sqlite() {
            q!(exec conn, "PRAGMA defer_foreign_keys = ON")?;
            return Ok(ForeignKeysAside { add_again: Vec::new() });
        }
        let mut add_again = Vec::new();
        for (table, name, definition) in q!(all conn, (String, String, String), POSTGRES_FOREIGN_KEYS)? {
            let (table, name) = (quoted(&table), quoted(&name));
            execute(conn, format!("ALTER TABLE {table} DROP CONSTRAINT {name}")).await?;
            add_again.push(format!("ALTER TABLE {table} ADD CONSTRAINT {name} {definition}"));
        }
        Ok(ForeignKeysAside { add_again })
    }

    /// Puts them back, which checks every row.
    pub async fn put_back(self, conn: &mut Conn) -> Result<(), StoreError> {
        for text in self.add_again {
            execute(conn, text).await?;
        }
        Ok(())
    }
}

/// Runs a text made of quoted names only.
pub async fn execute(conn: &mut Conn, text: String) -> Result<(), StoreError> {
    match conn.conn_ref() {
        ConnRef::Lite(c) => sqlx::query(AssertSqlSafe(text)).execute(c).await.map(|_| ()),
        ConnRef::Pg(c) => sqlx::query(AssertSqlSafe(text)).execute(c).await.map(|_| ()),
    }
    .map_err(StoreError::from)
}
