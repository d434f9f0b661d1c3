//! Customers: the list, one customer with what is done to him, adding.

mod list;

use crate::accounts::capability::Capability;
use crate::web::{Guard, Routes};

pub use list::LIST;

/// Who sees customers.
pub const VIEW: Guard = Guard::Any(&[Capability::CustomersView]);
const EXPORT: Guard = Guard::All(&[Capability::CustomersView, Capability::ReportsExport]);

/// Its routes.
pub fn routes() -> Routes {
    Routes::new().get("/customers", VIEW, list::show).get("/customers.csv", EXPORT, list::send)
}
