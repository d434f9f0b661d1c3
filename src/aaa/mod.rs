//! Who may come in, with what: the directory in memory, the decision, the reply, the decision log.
//!
//! Reading order: [`access`] (one Access-Request from credential to verdict), [`decide`] (the checks, in one listed order), [`reply`] (what an Accept carries),
//! [`directory`] (the image of routers, packages and customers), [`addresses`] (the server's own pools), [`enforcement`] (live sessions as the books want them),
//! [`explain`] and [`simulate`] (for people: why, and what if). Owns the tables `actions`, `decisions`, `router_leases`, `router_learned`,
//! `router_counters`, `unknown_sources`.
//! Must not know: HTML; SQL outside its `sql.rs`.

pub mod access;
pub mod addresses;
pub mod decide;
pub mod decision_log;
pub mod decision_store;
pub mod directory;
pub mod enforcement;
pub mod explain;
pub mod metering;
pub mod policy;
pub mod publish;
pub mod reply;
pub mod simulate;
pub mod snapshot;
mod sql;
pub mod throttle;
pub mod unknown;
mod usage;

pub use sql::{JournalPosition, count_packages_and_customers, list_journal_positions, list_router_names};
pub use usage::list_usage_days;
