//! The key of a page: the value by which the list is sorted, of its last line, and that line's id.

use std::fmt;
use std::str::FromStr;

/// See the head of the file. As text: `ID~VALUE`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cursor {
    /// The line's id.
    pub id: i64,
    /// Its value, a number in decimal.
    pub value: String,
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}~{}", self.id, self.value)
    }
}

impl FromStr for Cursor {
    type Err = String;
    fn from_str(text: &str) -> Result<Cursor, String> {
        let (id, value) = text.split_once('~').ok_or("not the key of a page")?;
        Ok(Cursor { id: id.parse().map_err(|_| "not the key of a page")?, value: value.to_owned() })
    }
}
