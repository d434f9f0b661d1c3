//! Jobs: what waits, runs and ran, what needs somebody's attention, when kinds run by themselves next; each job on a page of its own.

mod change;
mod events;
mod list;
mod show;
mod words;

use crate::accounts::capability::Capability;
use crate::web::{Guard, Routes};

pub use list::LIST;
pub use words::notices;

/// Whoever may ask for some kind of job, and whoever is shown others'.
pub(super) const VIEW: Guard = Guard::Any(&[Capability::SettingsView, Capability::BulkOperations]);
const EXPORT: Guard = Guard::All(&[Capability::SettingsView, Capability::ReportsExport]);
const RUN: Guard = Guard::Any(&[Capability::SettingsEdit]);

/// Its routes.
pub fn routes() -> Routes {
    list::routes()
        .get("/jobs/{id}", VIEW, show::show)
        .get("/jobs/{id}/rows.csv", VIEW, show::rows_csv)
        .get("/jobs/{id}/events", VIEW, events::send)
        .post("/jobs/{id}/retry", VIEW, change::retry)
        .post("/jobs/{id}/cancel", VIEW, change::cancel)
        .post("/jobs/{id}/dismiss", VIEW, change::dismiss)
}
