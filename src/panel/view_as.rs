//! Looking through another account's eyes, and stopping to. The button stands on that account's page; the banner on every page ends it.

use axum::response::Response;

use crate::accounts::capability::Capability;
use crate::units::AccountId;
use crate::web::{Form, Guard, Id, Jar, Problem, Routes, Signed, go};

/// Its routes.
pub fn routes() -> Routes {
    Routes::new().post("/accounts/{id}/view-as", Guard::Any(&[Capability::AccountsImpersonate]), begin).post(
        "/view-as/stop",
        Guard::SignedIn,
        stop,
    )
}

async fn begin(who: Signed, Id(id): Id, form: Form) -> Result<Response, Problem> {
    let (guest, desk) = (who.visit.as_guest(), &who.site.desk);
    let (token, _) = desk.begin_impersonation(&who.principal, AccountId(id), form.text("reason"), &guest, who.now()).await?;
    Ok(go("/", &[who.visit.cookies.set(Jar::SignIn, token.expose())]))
}

async fn stop(who: Signed, _: Form) -> Result<Response, Problem> {
    let token = who.site.desk.end_impersonation(&who.principal, &who.visit.as_guest(), who.now()).await?;
    Ok(go("/", &[who.visit.cookies.set(Jar::SignIn, token.expose())]))
}
