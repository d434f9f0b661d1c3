//! Setting up, confirming and removing one's own second factor, and recovery codes.

use askama::Template;
use axum::response::Response;
use qrcode::QrCode;
use qrcode::render::svg;

use super::security;
use crate::accounts::AccountError;
use crate::web::{Complaints, Form, Guard, Jar, Problem, Routes, Shell, Signed, go, html, refill, with_cookie};

/// Its routes.
pub fn routes() -> Routes {
    Routes::new()
        .get("/profile/second-factor", Guard::SignedIn, show)
        .post("/profile/second-factor", Guard::SignedIn, begin)
        .post("/profile/second-factor/confirm", Guard::SignedIn, confirm)
        .post("/profile/second-factor/remove", Guard::SignedIn, remove)
        .post("/profile/recovery-codes", Guard::SignedIn, renew_codes)
}

#[derive(Template)]
#[template(path = "panel/profile/second_factor.html")]
struct ConfirmPage {
    shell: Shell,
    complaints: Complaints,
    secret: String,
    qr: String,
}

#[derive(Template)]
#[template(path = "panel/profile/recovery_codes.html")]
struct CodesPage {
    shell: Shell,
    codes: Vec<String>,
}

/// A picture for `src`, black on white whatever the theme.
fn qr(text: &str) -> Result<String, Problem> {
    let code = QrCode::new(text.as_bytes()).map_err(|_| Problem::Internal)?;
    let picture = code.render::<svg::Color>().min_dimensions(200, 200).quiet_zone(true).build();
    Ok(form_urlencoded::byte_serialize(picture.as_bytes()).collect::<String>().replace('+', "%20"))
}

async fn confirm_page(who: &Signed, complaints: Complaints) -> Result<Option<ConfirmPage>, Problem> {
    let issuer = format!("Tollgate {}", who.tenant.name);
    let Some((secret, uri)) = who.site.desk.unconfirmed_second_factor(&who.principal, &issuer, who.now()).await? else { return Ok(None) };
    Ok(Some(ConfirmPage { shell: who.shell("second-factor"), complaints, secret: secret.to_string(), qr: qr(&uri)? }))
}

async fn show(who: Signed) -> Result<Response, Problem> {
    match confirm_page(&who, Complaints::default()).await? {
        Some(page) => html(&page),
        None => Ok(go("/profile/security", &[])),
    }
}

async fn begin(who: Signed, form: Form) -> Result<Response, Problem> {
    let (desk, issuer) = (&who.site.desk, format!("Tollgate {}", who.tenant.name));
    match desk.begin_second_factor(&who.principal, form.raw("password_for_factor"), &issuer, &who.visit.as_guest(), who.now()).await {
        Ok(_) => Ok(go("/profile/second-factor", &[])),
        Err(error) => with_wrong_password(&who, "password_for_factor", error).await,
    }
}

async fn confirm(who: Signed, form: Form) -> Result<Response, Problem> {
    match who.site.desk.confirm_second_factor(&who.principal, &form.ascii("code"), &who.visit.as_guest(), who.now()).await {
        Ok((codes, token)) => {
            let page = html(&CodesPage { shell: who.shell("recovery-codes"), codes })?;
            Ok(with_cookie(page, &who.visit.cookies.set(Jar::SignIn, token.expose())))
        }
        Err(AccountError::SignInRefused) => {
            let complaints = Complaints::about("code", who.shell("second-factor").t("code-wrong"));
            confirm_page(&who, complaints).await?.map_or(Err(Problem::NotFound), |page| refill(&page))
        }
        Err(AccountError::SecondFactorRanOut) => {
            let complaints = Complaints::about("password_for_factor", who.shell("security").t("second-factor-ran-out"));
            refill(&security::page(&who, complaints).await?)
        }
        Err(error) => Err(error.into()),
    }
}

async fn remove(who: Signed, form: Form) -> Result<Response, Problem> {
    let desk = &who.site.desk;
    match desk.remove_second_factor(&who.principal, form.raw("password_for_removal"), &who.visit.as_guest(), who.now()).await {
        Ok(token) => Ok(go("/profile/security?said=second-factor-removed", &[who.visit.cookies.set(Jar::SignIn, token.expose())])),
        Err(error) => with_wrong_password(&who, "password_for_removal", error).await,
    }
}

async fn renew_codes(who: Signed, form: Form) -> Result<Response, Problem> {
    let desk = &who.site.desk;
    match desk.renew_recovery_codes(&who.principal, form.raw("password_for_codes"), &who.visit.as_guest(), who.now()).await {
        Ok(codes) => html(&CodesPage { shell: who.shell("recovery-codes"), codes }),
        Err(error) => with_wrong_password(&who, "password_for_codes", error).await,
    }
}

/// The security page again, with the complaint at the field of this form.
async fn with_wrong_password(who: &Signed, field: &'static str, error: AccountError) -> Result<Response, Problem> {
    match error {
        AccountError::SignInRefused => {
            let complaints = Complaints::about(field, who.shell("security").t("password-wrong"));
            refill(&security::page(who, complaints).await?)
        }
        other => Err(other.into()),
    }
}
