//! What is done to an account by one button: suspend, restore, move, set-up link, second factor, sign-ins, API keys.

use askama::Template;
use axum::extract::Path;
use axum::response::Response;

use super::{find, show};
use crate::accounts::{
    AccountError, LINK_SECS, end_sign_ins, make_setup_link, reset_second_factor, restore_account, revoke_api_key, suspend_account,
    transfer_account,
};
use crate::units::UnixMs;
use crate::web::{Complaints, Form, Id, Problem, Shell, Signed, go, html};

fn back(id: i64, said: &str) -> Response {
    go(&format!("/accounts/{id}?said={said}"), &[])
}

pub(super) async fn suspend(who: Signed, Id(id): Id, form: Form) -> Result<Response, Problem> {
    let account = find(&who, id).await?;
    let reason = form.text("reason");
    if reason.is_empty() {
        let complaints = Complaints::about("reason", who.shell("menu-accounts").t("reason-missing"));
        return show::again(&who, id, form, complaints).await;
    }
    match suspend_account(&who.db(), who.scope(), account.id, reason, who.now()).await {
        Ok(_) => Ok(back(id, "account-suspended")),
        Err(AccountError::BadField(why)) => show::again(&who, id, form, Complaints::about("reason", why)).await,
        Err(error) => Err(error.into()),
    }
}

pub(super) async fn restore(who: Signed, Id(id): Id, _: Form) -> Result<Response, Problem> {
    let account = find(&who, id).await?;
    restore_account(&who.db(), who.scope(), account.id, who.now()).await?;
    Ok(back(id, "account-restored"))
}

pub(super) async fn transfer(who: Signed, Id(id): Id, form: Form) -> Result<Response, Problem> {
    let account = find(&who, id).await?;
    let parent = find(&who, form.text("parent").parse().map_err(|_| Problem::NotFound)?).await?;
    match transfer_account(&who.db(), who.scope(), account.id, parent.id, who.now()).await {
        Ok(_) => Ok(back(id, "account-moved")),
        Err(error @ AccountError::Circle(_)) => show::again(&who, id, form, Complaints::about("parent", error.to_string())).await,
        Err(error) => Err(error.into()),
    }
}

#[derive(Template)]
#[template(path = "panel/accounts/setup_link.html")]
struct LinkPage {
    shell: Shell,
    id: i64,
    name: String,
    link: String,
    expires_at: UnixMs,
}

/// The link is shown on the page that answers, once.
pub(super) async fn setup_link(who: Signed, Id(id): Id, _: Form) -> Result<Response, Problem> {
    let account = find(&who, id).await?;
    let ids = who.ids()?;
    let (token, expires_at) = make_setup_link(&who.db(), &ids, who.scope(), account.id, LINK_SECS, who.now()).await?;
    let link = format!("{}/setup/{}", who.visit.origin, token.expose());
    html(&LinkPage { shell: who.shell("setup-link"), id, name: account.name, link, expires_at })
}

pub(super) async fn reset_factor(who: Signed, Id(id): Id, _: Form) -> Result<Response, Problem> {
    let account = find(&who, id).await?;
    reset_second_factor(&who.db(), who.scope(), account.id, who.now()).await?;
    Ok(back(id, "account-factor-reset"))
}

pub(super) async fn end_all_sign_ins(who: Signed, Id(id): Id, _: Form) -> Result<Response, Problem> {
    let account = find(&who, id).await?;
    end_sign_ins(&who.db(), who.scope(), account.id, who.now()).await?;
    Ok(back(id, "account-sign-ins-ended"))
}

pub(super) async fn revoke_key(
    who: Signed,
    path: Result<Path<(i64, i64)>, axum::extract::rejection::PathRejection>,
    _: Form,
) -> Result<Response, Problem> {
    let Ok(Path((id, key))) = path else { return Err(Problem::NotFound) };
    let account = find(&who, id).await?;
    revoke_api_key(&who.db(), who.scope(), account.id, &key.to_string(), who.now()).await?;
    Ok(back(id, "api-key-revoked"))
}
