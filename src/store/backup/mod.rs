//! The whole store in one file under a passphrase, portable between the two databases.
//!
//! A file is a plain [`Header`] (who, which schema, how the key is derived) and the [records](record) in encrypted
//! [chunks](chunks): the key file, then each table with its column names and kinds, its rows, their number and digest. Tables are
//! found in the schema itself ([`schema`]), so a migration changes nothing here. [`write_backup`] reads one snapshot;
//! [`restore_backup`] inserts everything in one transaction, or nothing. Reading order: [`header`], [`chunks`], [`record`],
//! [`schema`], `rows`, [`write`], [`archive`], [`restore`].

pub mod archive;
pub mod chunks;
pub mod header;
mod new_file;
pub mod record;
pub mod restore;
mod rows;
pub mod schema;
pub mod write;

#[cfg(test)]
mod tests;

use std::io;

pub use archive::{Archive, Contents};
pub use header::{DerivationCost, Header};
pub use new_file::NewFile;
pub use restore::{check_target, restore_backup};
pub use write::write_backup;

use super::{IdentityError, KeyError, KeyFile, SchemaError, StoreError};

/// The passphrase of backups that are made without one: whoever has a copy of the store's key file can open them, and nobody else.
pub fn key_passphrase(key: &KeyFile) -> String {
    crate::units::hex(&key.derive("passphrase of backups"))
}

/// What happens while tables are copied: the table and how many of its rows are through.
pub type OnProgress<'a> = &'a mut dyn FnMut(&str, u64);

/// Counts of what was copied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Copied {
    /// Tables with the number of their rows, by name.
    pub tables: Vec<(String, u64)>,
    /// Rows of all tables.
    pub rows: u64,
    /// Over all rows: equal for equal contents, whichever database and order they were read in. Hexadecimal SHA-256.
    pub sha256: String,
    /// Tables of the source that are none of this program's, left where they were.
    pub left_out: Vec<String>,
}

/// Why a backup was not made or not restored.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// The database could not be asked, or refused a row.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The schema is absent, older or newer.
    #[error(transparent)]
    Schema(#[from] SchemaError),
    /// The key file and the store do not belong together.
    #[error(transparent)]
    Identity(#[from] IdentityError),
    /// The key file cannot be read or written.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The archive cannot be read or written.
    #[error("backup file: {0}")]
    Io(#[from] io::Error),
    /// It does not begin as our archives do.
    #[error("this file is not a Tollgate backup")]
    NotABackup,
    /// A later program wrote it.
    #[error("the backup has format {0}, which this program does not know: use the newer program")]
    Format(u32),
    /// The schema of the archive is not this program's.
    #[error(
        "the backup holds schema version {found} (written by Tollgate {program}), this program has {known}: restore it with that \
         version of the program{}",
        if found < known { ", then run `tollgate migrate` with this one" } else { "" }
    )]
    SchemaVersion {
        /// In the archive.
        found: i64,
        /// In this program.
        known: i64,
        /// Version of the program that wrote the archive.
        program: String,
    },
    /// The header does not open.
    #[error("wrong passphrase (or the first octets of the file were altered)")]
    Passphrase,
    /// A chunk does not open, is missing, or what is in it makes no sense.
    #[error("the backup is damaged at octet {octet}: {what}")]
    Damaged {
        /// Where in the file, in octets.
        octet: u64,
        /// What is wrong.
        what: String,
    },
    /// Whoever asked for it wants it no more.
    #[error("it was stopped")]
    Stopped,
    /// The target holds something already.
    #[error("the place to restore into is in use: {0}")]
    TargetInUse(String),
    /// A column of a type that archives do not carry.
    #[error("table {table}: column {column} has the type {declared}, which backups cannot carry")]
    ColumnType {
        /// Which table.
        table: String,
        /// Which column.
        column: String,
        /// Its declared type.
        declared: String,
    },
    /// What is in the target after restoring is not what the archive says.
    #[error("after restoring, table {table} does not hold what the backup says ({detail}); nothing was changed")]
    Mismatch {
        /// Which table.
        table: String,
        /// The difference.
        detail: String,
    },
}
