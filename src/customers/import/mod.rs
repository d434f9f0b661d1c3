//! Importing customers from CSV: every row is checked before the first is written. The command writes all with one transaction; a page keeps the file, shows what would
//! become of each row, and a job writes the good ones.

mod layout;
mod plan;
mod row;
#[cfg(test)]
mod scope_tests;
mod sql;
mod stored;
mod write;

pub use layout::Layout;
pub use plan::{BadRow, ImportError, ImportPlan, PlannedRow, plan_import};
pub use row::COLUMNS;
pub use stored::{
    StoredImport, add_import, delete_old_imports, find_import, give_import_in, list_imports, read_import, remove_import, set_import,
};
pub use write::{Added, write_import};
