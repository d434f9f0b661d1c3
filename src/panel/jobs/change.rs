//! What people do with jobs on their pages.

use axum::response::Response;

use crate::jobs::{Asked, ask_job, backup, cancel_job, dismiss_job, retry_job};
use crate::units::JobId;
use crate::web::{Form, Id, Problem, Signed, go};

/// `POST /jobs/backup/run`. One that waits or runs already will do.
pub(super) async fn run_backup(who: Signed, _: Form) -> Result<Response, Problem> {
    let asked = ask_job(&who.db(), &*who.ids()?, who.scope(), &backup::TERMS, &serde_json::json!({}), who.now()).await?;
    Ok(match asked {
        Asked::Queued(id) => go(&format!("/jobs/{id}?said=job-asked"), &[]),
        Asked::Already(id) => go(&format!("/jobs/{id}?said=job-already"), &[]),
    })
}

/// `POST /jobs/{id}/retry`.
pub(super) async fn retry(who: Signed, Id(id): Id, _: Form) -> Result<Response, Problem> {
    retry_job(&who.db(), who.scope(), JobId(id), who.now()).await?;
    Ok(go(&format!("/jobs/{id}?said=job-retried"), &[]))
}

/// `POST /jobs/{id}/cancel`.
pub(super) async fn cancel(who: Signed, Id(id): Id, _: Form) -> Result<Response, Problem> {
    cancel_job(&who.db(), who.scope(), JobId(id), who.now()).await?;
    Ok(go(&format!("/jobs/{id}?said=job-cancelled"), &[]))
}

/// `POST /jobs/{id}/dismiss`.
pub(super) async fn dismiss(who: Signed, Id(id): Id, _: Form) -> Result<Response, Problem> {
    dismiss_job(&who.db(), who.scope(), JobId(id), who.now()).await?;
    Ok(go("/jobs?said=job-dismissed", &[]))
}
