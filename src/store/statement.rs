//! A statement put together from parts, for lists whose filter people choose: fixed texts and bound values, never a value inside the text.

use sqlx::postgres::PgRow;
use sqlx::sqlite::SqliteRow;
use sqlx::{AssertSqlSafe, FromRow};

use super::{Conn, ConnRef, StoreError};

/// A value that is bound.
#[derive(Debug, Clone, PartialEq)]
enum Bound {
    Int(i64),
    Text(String),
    Flag(bool),
}

/// See the head of the file.
#[derive(Debug, Clone, Default)]
pub struct Statement {
    text: String,
    values: Vec<Bound>,
}

impl Statement {
    /// Nothing yet.
    pub fn new() -> Statement {
        Statement::default()
    }

    /// Adds a fixed text. It can only be one that stands in the program.
    pub fn push(&mut self, text: &'static str) -> &mut Statement {
        self.text.push_str(text);
        self
    }

    /// Adds the place of a number.
    pub fn number(&mut self, value: i64) -> &mut Statement {
        self.bind(Bound::Int(value))
    }

    /// Adds the place of a text.
    pub fn text(&mut self, value: impl Into<String>) -> &mut Statement {
        self.bind(Bound::Text(value.into()))
    }

    /// Adds places of texts, with commas between them.
    pub fn texts<'a>(&mut self, values: impl IntoIterator<Item = &'a str>) -> &mut Statement {
        for (at, value) in values.into_iter().enumerate() {
            self.push(if at == 0 { "" } else { ", " }).text(value);
        }
        self
    }

    /// Adds places of numbers, with commas between them.
    pub fn numbers(&mut self, values: impl IntoIterator<Item = i64>) -> &mut Statement {
        for (at, value) in values.into_iter().enumerate() {
            self.push(if at == 0 { "" } else { ", " }).number(value);
        }
        self
    }

    /// Binds a text that fixed texts name by its number, such as conditions of a scope.
    pub fn keep_text(&mut self, value: impl Into<String>) -> &mut Statement {
        self.values.push(Bound::Text(value.into()));
        self
    }

    /// The same for a number.
    pub fn keep_number(&mut self, value: i64) -> &mut Statement {
        self.values.push(Bound::Int(value));
        self
    }

    /// The same for what is or is not.
    pub fn keep_flag(&mut self, value: bool) -> &mut Statement {
        self.values.push(Bound::Flag(value));
        self
    }

    fn bind(&mut self, value: Bound) -> &mut Statement {
        self.values.push(value);
        self.text.push_str(&format!("${}", self.values.len()));
        self
    }

    /// The text, for plans in tests.
    #[cfg(test)]
    pub fn as_text(&self) -> &str {
        &self.text
    }

    /// Runs it. PostgreSQL plans it for these very values, since what the best plan is depends on how many rows they match.
    pub async fn fetch<R>(self, conn: &mut Conn) -> Result<Vec<R>, StoreError>
    where
        R: for<'r> FromRow<'r, SqliteRow> + for<'r> FromRow<'r, PgRow> + Send + Unpin,
    {
        let Statement { text, values } = self;
        Ok(match conn.conn_ref() {
            ConnRef::Lite(c) => {
                let mut query = sqlx::query_as::<_, R>(AssertSqlSafe(text));
                for value in values {
                    query = match value {
                        Bound::Int(n) => query.bind(n),
                        Bound::Text(t) => query.bind(t),
                        Bound::Flag(b) => query.bind(b),
                    };
                }
                query.fetch_all(c).await?
            }
            ConnRef::Pg(c) => {
                let mut query = sqlx::query_as::<_, R>(AssertSqlSafe(text)).persistent(false);
                for value in values {
                    query = match value {
                        Bound::Int(n) => query.bind(n),
                        Bound::Text(t) => query.bind(t),
                        Bound::Flag(b) => query.bind(b),
                    };
                }
                query.fetch_all(c).await?
            }
        })
    }
}
