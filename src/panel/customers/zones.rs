//! Zones: parts of the provider's area. Each with its customers; those of one's own account and of accounts below it are renamed and removed here.

use askama::Template;
use axum::response::Response;

use super::create::owner;
use super::{EDIT, VIEW};
use crate::accounts::capability::Capability;
use crate::customers::CustomerError;
use crate::customers::zones::{ZoneLine, add_zone, list_zone_lines, remove_zone, rename_zone};
use crate::lists::quoted;
use crate::web::{Complaints, Form, Id, Problem, Routes, Shell, Signed, go, html, refill, url_with};

/// Its routes.
pub fn routes() -> Routes {
    Routes::new()
        .get("/customers/zones", VIEW, show)
        .post("/customers/zones", EDIT, add)
        .post("/customers/zones/{id}/rename", EDIT, rename)
        .post("/customers/zones/{id}/remove", EDIT, remove)
}

#[derive(Template)]
#[template(path = "panel/customers/zones.html")]
struct Page {
    shell: Shell,
    form: Form,
    complaints: Complaints,
    /// Each with where its customers are.
    zones: Vec<(ZoneLine, String)>,
    may_edit: bool,
}

async fn page(who: &Signed, form: Form, complaints: Complaints) -> Result<Page, Problem> {
    let zones = list_zone_lines(&mut who.site.db.read().await?, who.scope()).await?;
    let link = |line: &ZoneLine| url_with("/customers", [("q", format!("-status:closed zone:{}", quoted(&line.zone.name)).as_str())]);
    Ok(Page {
        shell: who.shell("zones"),
        form,
        complaints,
        zones: zones.into_iter().map(|line| (line.clone(), link(&line))).collect(),
        may_edit: who.scope().may(Capability::CustomersEdit),
    })
}

async fn show(who: Signed) -> Result<Response, Problem> {
    html(&page(&who, Form::default(), Complaints::default()).await?)
}

/// The page again if a rule says no.
async fn answer<T>(who: &Signed, form: Form, result: Result<T, CustomerError>, said: &str) -> Result<Response, Problem> {
    match result {
        Ok(_) => {
            who.site.counts.forget(who.scope());
            Ok(go(&format!("/customers/zones?said={said}"), &[]))
        }
        Err(error @ (CustomerError::ZoneTaken(_) | CustomerError::BadField(_))) => {
            refill(&page(who, form, Complaints::about("name", error.to_string())).await?)
        }
        Err(CustomerError::UnknownZone(_)) => Err(Problem::NotFound),
        Err(error) => Err(error.into()),
    }
}

async fn add(who: Signed, form: Form) -> Result<Response, Problem> {
    let owner = owner(&who).await?;
    let added = add_zone(&who.db(), &*who.ids()?, who.scope(), owner, form.text("name"), who.now()).await;
    answer(&who, form, added, "zone-added").await
}

async fn rename(who: Signed, Id(id): Id, form: Form) -> Result<Response, Problem> {
    let renamed = rename_zone(&who.db(), who.scope(), id, form.text("name"), who.now()).await;
    answer(&who, form, renamed, "zone-renamed").await
}

async fn remove(who: Signed, Id(id): Id, form: Form) -> Result<Response, Problem> {
    let removed = remove_zone(&who.db(), who.scope(), id, who.now()).await;
    answer(&who, form, removed, "zone-removed").await
}
