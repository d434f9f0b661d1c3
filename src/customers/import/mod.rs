//! Importing customers from CSV: every row is checked before the first is written; then all go in with one transaction.

mod plan;
mod row;
mod sql;
mod write;

pub use plan::{BadRow, ImportError, ImportPlan, plan_import};
pub use row::COLUMNS;
pub use write::write_import;
