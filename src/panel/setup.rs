//! Set-up links: their holder chooses the first, or a new, password.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;

use crate::accounts::AccountError;
use crate::web::{Complaints, Form, Guard, Problem, Routes, Shell, Site, Visit, go, html, refill};

/// Its routes.
pub fn routes() -> Routes {
    Routes::new().get("/setup/{token}", Guard::Open, show).post("/setup/{token}", Guard::Open, set_up)
}

#[derive(Template)]
#[template(path = "panel/setup/password.html")]
struct Page {
    shell: Shell,
    complaints: Complaints,
    name: String,
}

async fn show(State(site): State<Arc<Site>>, visit: Visit, Path(token): Path<String>) -> Result<Response, Problem> {
    let (_, name) = site.desk.look_at_link(&token, visit.now).await?;
    html(&Page { shell: Shell::guest(&site, &visit, "setup"), complaints: Complaints::default(), name })
}

async fn set_up(State(site): State<Arc<Site>>, visit: Visit, Path(token): Path<String>, form: Form) -> Result<Response, Problem> {
    let (_, name) = site.desk.look_at_link(&token, visit.now).await?;
    let shell = Shell::guest(&site, &visit, "setup");
    if form.raw("password") != form.raw("password_again") {
        let complaints = Complaints::about("password_again", shell.t("password-differs"));
        return refill(&Page { shell, complaints, name });
    }
    match site.desk.use_link(&token, form.raw("password"), &visit.as_guest(), visit.now).await {
        Ok(_) => Ok(go("/sign-in?said=password-set", &[])),
        Err(AccountError::BadPassword(why)) => refill(&Page { shell, complaints: Complaints::about("password", why), name }),
        Err(error) => Err(error.into()),
    }
}
