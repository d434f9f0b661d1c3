//! One's own password and sign-ins.

use askama::Template;
use axum::response::Response;

use super::own;
use crate::accounts::{AccountError, AuditRecord, SignIn, list_looks_at};
use crate::web::{Complaints, Form, Guard, Id, Jar, Problem, Routes, Shell, Signed, go, html, refill};

const MOST_SIGN_INS: i64 = 50;
const MOST_LOOKS: i64 = 20;

/// Its routes.
pub fn routes() -> Routes {
    Routes::new()
        .get("/profile/security", Guard::SignedIn, show)
        .post("/profile/password", Guard::SignedIn, change_password)
        .post("/profile/sign-ins/{id}/revoke", Guard::SignedIn, revoke)
        .post("/profile/sign-ins/revoke-others", Guard::SignedIn, revoke_others)
}

#[derive(Template)]
#[template(path = "panel/profile/security.html")]
struct Page {
    shell: Shell,
    complaints: Complaints,
    name: String,
    has_second_factor: bool,
    codes_left: i64,
    sign_ins: Vec<SignIn>,
    this_one: i64,
    looks: Vec<AuditRecord>,
}

pub(super) async fn page(who: &Signed, complaints: Complaints) -> Result<impl Template, Problem> {
    let account = own(who).await?;
    let desk = &who.site.desk;
    Ok(Page {
        shell: who.shell("security"),
        complaints,
        name: account.name,
        has_second_factor: account.has_second_factor,
        codes_left: desk.count_recovery_codes(&who.principal).await?,
        sign_ins: desk.list_own(&who.principal, MOST_SIGN_INS).await?,
        this_one: who.principal.sign_in_id,
        looks: list_looks_at(&mut who.site.db.read().await?, who.principal.home_scope(), MOST_LOOKS).await?,
    })
}

async fn show(who: Signed) -> Result<Response, Problem> {
    html(&page(&who, Complaints::default()).await?)
}

async fn change_password(who: Signed, form: Form) -> Result<Response, Problem> {
    let (old, new, shell) = (form.raw("old_password"), form.raw("password"), who.shell("security"));
    if new != form.raw("password_again") {
        return refill(&page(&who, Complaints::about("password_again", shell.t("password-differs"))).await?);
    }
    match who.site.desk.change_password(&who.principal, old, new, &who.visit.as_guest(), who.now()).await {
        Ok(token) => Ok(go("/profile/security?said=password-changed", &[who.visit.cookies.set(Jar::SignIn, token.expose())])),
        Err(AccountError::BadPassword(why)) => refill(&page(&who, Complaints::about("password", why)).await?),
        Err(AccountError::SignInRefused) => refill(&page(&who, Complaints::about("old_password", shell.t("password-wrong"))).await?),
        Err(error) => Err(error.into()),
    }
}

async fn revoke(who: Signed, Id(id): Id, _: Form) -> Result<Response, Problem> {
    match who.site.desk.revoke(&who.principal, id, &who.visit.as_guest(), who.now()).await? {
        true => Ok(go("/profile/security?said=sign-in-ended", &[])),
        false => Err(Problem::NotFound),
    }
}

async fn revoke_others(who: Signed, _: Form) -> Result<Response, Problem> {
    who.site.desk.revoke_others(&who.principal, &who.visit.as_guest(), who.now()).await?;
    Ok(go("/profile/security?said=sign-ins-ended", &[]))
}
