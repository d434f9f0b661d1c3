//! Tenants of the server: all of them for a Developer, one's own for anybody else. A Developer adds them and works in them.

use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;

use super::settings::{RuleLine, rule_lines};
use super::zones::ZONES;
use crate::accounts::capability::Capability;
use crate::accounts::{AccountError, NewTenant, Tenant, find_seen_tenant, list_seen_tenants, may_add_tenant, open_tenant};
use crate::units::{TenantId, UnixMs};
use crate::web::{Complaints, Form, Guard, Id, LANGUAGES, Problem, Routes, Shell, Signed, go, html, html_with, refill};

const VIEW: Guard = Guard::Any(&[Capability::TenantsView]);
const CREATE: Guard = Guard::Any(&[Capability::TenantsCreate]);
const ENTER: Guard = Guard::Any(&[Capability::PlatformView]);

/// Its routes.
pub fn routes() -> Routes {
    Routes::new()
        .get("/tenants", VIEW, list)
        .get("/tenants/new", CREATE, show_new)
        .post("/tenants/new", CREATE, add)
        .get("/tenants/{id}", VIEW, show)
        .post("/tenants/{id}/enter", ENTER, enter)
        .post("/tenants/leave", ENTER, leave)
}

#[derive(Template)]
#[template(path = "panel/tenants/list.html")]
struct ListPage {
    shell: Shell,
    tenants: Vec<Tenant>,
    here: TenantId,
    home: TenantId,
    may_add: bool,
    is_abroad: bool,
}

fn is_abroad(who: &Signed) -> bool {
    who.principal.home != who.tenant.id && who.principal.impersonation.is_none()
}

/// Whether he can choose in which tenant he works.
fn may_enter(who: &Signed) -> bool {
    ENTER.lets(who.scope()) && who.scope().sees_all_tenants()
}

async fn list(who: Signed) -> Result<Response, Problem> {
    let tenants = list_seen_tenants(&mut who.site.db.read().await?, who.scope()).await?;
    html(&ListPage {
        shell: who.shell("menu-tenants"),
        tenants,
        here: who.tenant.id,
        home: who.principal.home,
        may_add: may_add_tenant(who.scope()).is_ok(),
        is_abroad: is_abroad(&who) && may_enter(&who),
    })
}

#[derive(Template)]
#[template(path = "panel/tenants/show.html")]
struct ShowPage {
    shell: Shell,
    tenant: Tenant,
    language: &'static str,
    rules: Vec<RuleLine>,
    is_here: bool,
    is_abroad: bool,
    may_enter: bool,
    may_see_settings: bool,
}

async fn show(who: Signed, Id(id): Id) -> Result<Response, Problem> {
    let tenant = find_seen_tenant(&mut who.site.db.read().await?, who.scope(), TenantId(id)).await?.ok_or(Problem::NotFound)?;
    let shell = who.shell("menu-tenants").titled(&tenant.name);
    let is_here = tenant.id == who.tenant.id;
    html(&ShowPage {
        language: LANGUAGES.iter().find(|(code, _, _)| *code == tenant.language).map_or("", |(_, name, _)| name),
        rules: rule_lines(&shell, &tenant.access_rules),
        is_here,
        is_abroad: is_here && is_abroad(&who) && may_enter(&who),
        may_enter: !is_here && may_enter(&who),
        may_see_settings: is_here && who.scope().may(Capability::SettingsView),
        shell,
        tenant,
    })
}

#[derive(Template)]
#[template(path = "panel/tenants/new.html")]
struct NewPage {
    shell: Shell,
    form: Form,
    complaints: Complaints,
    zones: &'static [String],
}

#[derive(Template)]
#[template(path = "panel/tenants/opened.html")]
struct OpenedPage {
    shell: Shell,
    tenant: Tenant,
    link: String,
    expires_at: UnixMs,
}

fn new_page(who: &Signed, form: Form, complaints: Complaints) -> NewPage {
    NewPage { shell: who.shell("tenant-new"), form, complaints, zones: &ZONES }
}

async fn show_new(who: Signed) -> Result<Response, Problem> {
    may_add_tenant(who.scope())?;
    html(&new_page(&who, Form::of(&[("time_zone", &who.tenant.time_zone), ("currency", &who.tenant.currency)]), Complaints::default()))
}

/// The link for the new Super Admin is shown on the page that answers, once.
async fn add(who: Signed, form: Form) -> Result<Response, Problem> {
    let new = NewTenant {
        name: form.text("name").to_owned(),
        time_zone: form.text("time_zone").to_owned(),
        currency: form.text("currency").to_owned(),
    };
    match open_tenant(&who.db(), &*who.ids()?, who.scope(), &new, who.now()).await {
        Ok((tenant, token, expires_at)) => {
            let link = format!("{}/setup/{}", who.visit.origin, token.expose());
            html(&OpenedPage { shell: who.shell("tenant-opened"), tenant, link, expires_at })
        }
        Err(error @ (AccountError::BadName(_) | AccountError::NameTaken(_))) => refused(&who, form, "name", &error),
        Err(error @ AccountError::BadTimeZone(_)) => refused(&who, form, "time_zone", &error),
        Err(error @ AccountError::BadCurrency(_)) => refused(&who, form, "currency", &error),
        Err(AccountError::Denied(denial)) if who.scope().require_himself().is_ok() => {
            html_with(StatusCode::FORBIDDEN, &new_page(&who, form, Complaints::about("", who.denial(denial))))
        }
        Err(error) => Err(error.into()),
    }
}

fn refused(who: &Signed, form: Form, field: &'static str, error: &AccountError) -> Result<Response, Problem> {
    refill(&new_page(who, form, Complaints::about(field, error.to_string())))
}

async fn enter(who: Signed, Id(id): Id, _: Form) -> Result<Response, Problem> {
    let tenant = find_seen_tenant(&mut who.site.db.read().await?, who.scope(), TenantId(id)).await?.ok_or(Problem::NotFound)?;
    who.site.desk.work_in(&who.principal, Some(tenant.id), &who.visit.as_guest(), who.now()).await?;
    Ok(go(&format!("/tenants/{id}?said=tenant-entered"), &[]))
}

async fn leave(who: Signed, _: Form) -> Result<Response, Problem> {
    who.site.desk.work_in(&who.principal, None, &who.visit.as_guest(), who.now()).await?;
    Ok(go("/tenants?said=tenant-left", &[]))
}
