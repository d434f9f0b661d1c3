//! Rows out of and into either database, typed by the declared kind of their columns.

use std::future::poll_fn;

use sqlx::{AssertSqlSafe, Row};

use super::BackupError;
use super::record::{ColumnKind, Table, TableDigest, Value, encode_value};
use super::schema::{insert_text, select_text};
use crate::store::{Conn, ConnRef, StoreError};

/// Bound values in one statement; SQLite allows 32,766, PostgreSQL 65,535, and beyond a few thousand nothing is gained.
const BATCH_VALUES: usize = 4_000;
/// Text and octets in one statement.
const BATCH_OCTETS: usize = 4 << 20;

macro_rules! value_at {
    ($row:expr, $at:expr, $kind:expr) => {
        match $kind {
            ColumnKind::Integer => $row.try_get::<Option<i64>, _>($at).map(|v| v.map_or(Value::Null, Value::Integer)),
            ColumnKind::Text => $row.try_get::<Option<String>, _>($at).map(|v| v.map_or(Value::Null, Value::Text)),
            ColumnKind::Bytes => $row.try_get::<Option<Vec<u8>>, _>($at).map(|v| v.map_or(Value::Null, Value::Bytes)),
            ColumnKind::Boolean => $row.try_get::<Option<bool>, _>($at).map(|v| v.map_or(Value::Null, Value::Boolean)),
            ColumnKind::Float => $row.try_get::<Option<f64>, _>($at).map(|v| v.map_or(Value::Null, Value::Float)),
        }
    };
}

macro_rules! for_each_row {
    ($conn:expr, $sql:expr, $table:expr, $take:expr) => {{
        // fetch() gives rows as the socket or the statement yields them: memory does not grow with the table
        let mut rows = sqlx::query(AssertSqlSafe($sql)).fetch($conn);
        let mut encoded = Vec::new();
        loop {
            let row = match poll_fn(|context| rows.as_mut().poll_next(context)).await {
                None => break Ok(()),
                Some(Err(error)) => break Err(StoreError::from(error).into()),
                Some(Ok(row)) => row,
            };
            encoded.clear();
            let encode = |(at, (name, kind)): (usize, &(String, ColumnKind))| {
                let value = value_at!(row, at, kind).map_err(|error| misfit($table, name, &error))?;
                encode_value(&value, &mut encoded);
                Ok(())
            };
            let taken = $table.columns.iter().enumerate().try_for_each(encode).and_then(|()| $take(&encoded));
            if taken.is_err() {
                break taken;
            }
        }
    }};
}

fn misfit(table: &Table, column: &str, error: &sqlx::Error) -> BackupError {
    StoreError::Unexpected(format!("table {}, column {column}: {error}", table.name)).into()
}

/// Gives each row of a table in its encoded form.
// cross-tenant: a backup is the whole store
pub(super) async fn read_rows(
    conn: &mut Conn,
    table: &Table,
    mut take: impl FnMut(&[u8]) -> Result<(), BackupError>,
) -> Result<TableDigest, BackupError> {
    let sql = select_text(table, conn.is_sqlite());
    let mut digest = TableDigest::default();
    let mut take = |row: &[u8]| {
        digest.add(row);
        take(row)
    };
    match conn.conn_ref() {
        ConnRef::Lite(c) => for_each_row!(c, sql, table, take),
        ConnRef::Pg(c) => for_each_row!(c, sql, table, take),
    }?;
    Ok(digest)
}

macro_rules! insert_values {
    ($conn:expr, $sql:expr, $persistent:expr, $table:expr, $values:expr) => {{
        let mut query = sqlx::query(AssertSqlSafe($sql)).persistent($persistent);
        let kinds = $table.columns.iter().map(|(_, kind)| *kind).cycle();
        for (value, kind) in $values.into_iter().zip(kinds) {
            query = match (value, kind) {
                (Value::Integer(number), _) => query.bind(number),
                (Value::Text(text), _) => query.bind(text),
                (Value::Bytes(octets), _) => query.bind(octets),
                (Value::Boolean(truth), _) => query.bind(truth),
                (Value::Float(number), _) => query.bind(number),
                (Value::Null, ColumnKind::Integer) => query.bind(None::<i64>),
                (Value::Null, ColumnKind::Text) => query.bind(None::<String>),
                (Value::Null, ColumnKind::Bytes) => query.bind(None::<Vec<u8>>),
                (Value::Null, ColumnKind::Boolean) => query.bind(None::<bool>),
                (Value::Null, ColumnKind::Float) => query.bind(None::<f64>),
            };
        }
        query.execute($conn).await.map(|_| ())
    }};
}

/// Collects rows of one table and inserts many with one statement.
pub(super) struct RowInserter {
    table: Table,
    batch_rows: usize,
    values: Vec<Value>,
    octets: usize,
}

impl RowInserter {
    /// For rows whose values stand in the order of the table's columns.
    pub(super) fn new(table: Table) -> Self {
        let batch_rows = (BATCH_VALUES / table.columns.len().max(1)).max(1);
        RowInserter { table, batch_rows, values: Vec::new(), octets: 0 }
    }

    /// The table.
    pub(super) fn table(&self) -> &Table {
        &self.table
    }

    /// Takes a row; inserts when enough are waiting.
    pub(super) async fn add(&mut self, conn: &mut Conn, row: Vec<Value>) -> Result<(), BackupError> {
        for value in &row {
            self.octets += match value {
                Value::Text(text) => text.len(),
                Value::Bytes(octets) => octets.len(),
                _ => 8,
            };
        }
        self.values.extend(row);
        if self.waiting() >= self.batch_rows || self.octets >= BATCH_OCTETS {
            self.flush(conn).await?;
        }
        Ok(())
    }

    fn waiting(&self) -> usize {
        self.values.len() / self.table.columns.len().max(1)
    }

    /// Inserts what is waiting.
    // cross-tenant: a restore is the whole store
    pub(super) async fn flush(&mut self, conn: &mut Conn) -> Result<(), BackupError> {
        let rows = self.waiting();
        if rows == 0 {
            return Ok(());
        }
        let sql = insert_text(&self.table, rows, conn.is_sqlite());
        // only the text of full batches comes again
        let persistent = rows == self.batch_rows;
        let values = std::mem::take(&mut self.values);
        self.octets = 0;
        let inserted = match conn.conn_ref() {
            ConnRef::Lite(c) => insert_values!(c, sql, persistent, self.table, values),
            ConnRef::Pg(c) => insert_values!(c, sql, persistent, self.table, values),
        };
        inserted.map_err(|error| StoreError::from(error).into())
    }
}
