//! One database, SQLite or PostgreSQL, behind one set of SQL texts.
//!
//! Owns: connections and transactions ([`Db`], [`Conn`], [`Tx`]), the [`q!`](crate::q) macro, migrations, the change feed,
//! ids and their process slots, sealing under the key file, what the audit log is told (written with the change, read in `accounts/`).
//! Tables: `store_info`, `process_slots`, `feed_head`, `feed`, `audit_head`, `audit_log`.
//! Must not know: the business.

mod audit;
pub mod backup;
mod db;
mod feed;
mod identity;
mod ids;
mod migrate;
mod query;
mod seal;
mod statement;
#[cfg(test)]
pub mod test_db;

pub use audit::{AuditEntry, Origin, Source};
pub use db::{Conn, ConnRef, Db, StoreError, StoreUrl, Tx, WrittenMark};
pub use feed::{FeedChange, FeedHead, find_feed_head, list_feed_after, trim_feed};
pub use identity::{IdentityError, StoreIdentity, check_store_identity, create_private_folder, ensure_store_identity};
pub use ids::{IdMaker, SlotLease};
pub use migrate::{SchemaError, check_schema, migrate, schema_version};
pub use seal::{KeyError, KeyFile, Sealer};
pub use statement::Statement;
