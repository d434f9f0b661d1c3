//! Signing in: name and password, then the second factor where there is one; links that sign in by themselves; signing out.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;

use crate::accounts::{AccountError, Opened, Step, find_tenant_by_host};
use crate::web::{Complaints, Form, Guard, Jar, Problem, Query, Routes, Shell, Signed, Site, Visit, go, html, html_with};

/// Its routes.
pub fn routes() -> Routes {
    Routes::new()
        .get("/sign-in", Guard::Open, show)
        .post("/sign-in", Guard::Open, sign_in)
        .get("/sign-in/code", Guard::Open, show_code)
        .post("/sign-in/code", Guard::Open, second_factor)
        .get("/sign-in/link/{token}", Guard::Open, show_link)
        .post("/sign-in/link/{token}", Guard::Open, open_link)
        .post("/sign-out", Guard::SignedIn, sign_out)
}

#[derive(Template)]
#[template(path = "panel/sign_in/password.html")]
struct PasswordPage {
    shell: Shell,
    form: Form,
    complaints: Complaints,
    next: String,
    provider: Option<String>,
}

#[derive(Template)]
#[template(path = "panel/sign_in/code.html")]
struct CodePage {
    shell: Shell,
    complaints: Complaints,
    next: String,
}

#[derive(Template)]
#[template(path = "panel/sign_in/link.html")]
struct LinkPage {
    shell: Shell,
    name: String,
}

/// The name of the tenant that the host name tells, for the heading.
async fn provider(site: &Site, visit: &Visit) -> Result<Option<String>, Problem> {
    Ok(find_tenant_by_host(&mut site.db.read().await?, &visit.host).await?.map(|tenant| tenant.name))
}

async fn show(State(site): State<Arc<Site>>, visit: Visit, query: Query) -> Result<Response, Problem> {
    if let Some(token) = visit.cookies.get(Jar::SignIn)
        && site.desk.check(token, visit.now).await.is_ok()
    {
        return Ok(go(query.get("next"), &[]));
    }
    let shell = Shell::guest(&site, &visit, "sign-in");
    let provider = provider(&site, &visit).await?;
    html(&PasswordPage { shell, form: Form::default(), complaints: Complaints::default(), next: query.get("next").into(), provider })
}

async fn sign_in(State(site): State<Arc<Site>>, visit: Visit, form: Form) -> Result<Response, Problem> {
    let ids = site.ids.load_full().ok_or(Problem::StoreAway)?;
    let tenant = find_tenant_by_host(&mut site.db.read().await?, &visit.host).await?.map(|tenant| tenant.id);
    let step = site.desk.sign_in(&ids, tenant, form.text("name"), form.raw("password"), &visit.as_guest(), visit.now).await;
    match step {
        Ok(Step::Open(opened)) => Ok(enter(&visit, &opened, form.text("next"))),
        Ok(Step::SecondFactor(ticket)) => {
            let to = crate::web::url_with("/sign-in/code", [("next", form.text("next"))]);
            Ok(go(&to, &[visit.cookies.set(Jar::Ticket, ticket.expose())]))
        }
        Err(error) => {
            let shell = Shell::guest(&site, &visit, "sign-in");
            let (status, complaints) = refusal(&shell, error)?;
            let provider = provider(&site, &visit).await?;
            let (next, form) = (form.text("next").to_owned(), form.without(&["password"]));
            html_with(status.status(), &PasswordPage { shell, form, complaints, next, provider })
        }
    }
}

/// What can be said on the form itself. It must not tell whether the name or the password was wrong.
fn refusal(shell: &Shell, error: AccountError) -> Result<(Problem, Complaints), Problem> {
    match error {
        AccountError::SignInRefused => Ok((Problem::Refused(String::new()), Complaints::about("", shell.t("sign-in-refused")))),
        AccountError::TooManyAttempts { wait_secs } => {
            let secs = shell.number(wait_secs);
            Ok((Problem::TooMany(wait_secs), Complaints::about("", shell.t_with("sign-in-wait", "secs", &secs))))
        }
        AccountError::Busy => Ok((Problem::Busy, Complaints::about("", shell.t("sign-in-busy")))),
        other => Err(other.into()),
    }
}

/// A sign-in gets a new token always, so one that was planted beforehand is worth nothing.
fn enter(visit: &Visit, opened: &Opened, next: &str) -> Response {
    let cookies =
        [visit.cookies.set(Jar::SignIn, opened.token.expose()), visit.cookies.remove(Jar::Ticket), visit.cookies.remove(Jar::Guest)];
    go(next, &cookies)
}

async fn show_code(State(site): State<Arc<Site>>, visit: Visit, query: Query) -> Result<Response, Problem> {
    if visit.cookies.get(Jar::Ticket).is_none() {
        return Ok(go("/sign-in", &[]));
    }
    html(&CodePage {
        shell: Shell::guest(&site, &visit, "sign-in-code"),
        complaints: Complaints::default(),
        next: query.get("next").into(),
    })
}

async fn second_factor(State(site): State<Arc<Site>>, visit: Visit, form: Form) -> Result<Response, Problem> {
    let Some(ticket) = visit.cookies.get(Jar::Ticket) else { return Ok(go("/sign-in", &[])) };
    let ids = site.ids.load_full().ok_or(Problem::StoreAway)?;
    match site.desk.second_factor(&ids, ticket, &form.ascii("code"), &visit.as_guest(), visit.now).await {
        Ok(opened) => Ok(enter(&visit, &opened, form.text("next"))),
        Err(error) => {
            let shell = Shell::guest(&site, &visit, "sign-in-code");
            let (status, complaints) = refusal(&shell, error)?;
            html_with(status.status(), &CodePage { shell, complaints, next: form.text("next").to_owned() })
        }
    }
}

async fn show_link(State(site): State<Arc<Site>>, visit: Visit, Path(token): Path<String>) -> Result<Response, Problem> {
    let name = site.desk.look_at_sign_in_link(&token, visit.now).await?;
    html(&LinkPage { shell: Shell::guest(&site, &visit, "sign-in"), name })
}

async fn open_link(State(site): State<Arc<Site>>, visit: Visit, Path(token): Path<String>, _: Form) -> Result<Response, Problem> {
    let ids = site.ids.load_full().ok_or(Problem::StoreAway)?;
    let opened = site.desk.open_by_link(&ids, &token, &visit.as_guest(), visit.now).await?;
    Ok(enter(&visit, &opened, "/"))
}

async fn sign_out(who: Signed, _: Form) -> Result<Response, Problem> {
    who.site.desk.sign_out(&who.principal, &who.visit.as_guest(), who.now()).await?;
    Ok(go("/sign-in?said=signed-out", &[who.visit.cookies.remove(Jar::SignIn)]))
}
