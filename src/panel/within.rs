//! Looking at a part: lists and figures of one provider or operator, or of one zone, until something else is chosen. What one may see is what it was or less.

use askama::Template;
use axum::response::Response;

use super::customers;
use crate::accounts::capability::Capability;
use crate::customers::zones::list_zones;
use crate::web::{Form, Guard, Jar, Problem, Query, Routes, Shell, Signed, Within, go, html, with_part};

/// Accounts that are offered; others are found by the search.
const MOST: i64 = 500;

/// Its routes.
pub fn routes() -> Routes {
    Routes::new().get("/within", Guard::SignedIn, show).post("/within", Guard::SignedIn, set)
}

#[derive(Template)]
#[template(path = "panel/within.html")]
struct Page {
    shell: Shell,
    here: String,
    /// Value, name, role.
    accounts: Vec<(String, String, String)>,
    zones: Vec<(String, String)>,
}

async fn show(who: Signed, query: Query) -> Result<Response, Problem> {
    let (mut accounts, mut zones) = (Vec::new(), Vec::new());
    let mut conn = who.site.db.read().await?;
    if who.scope().may(Capability::AccountsView) {
        let all = customers::list_owners(&who, &mut conn, MOST).await?;
        let sellers = all.into_iter().filter(|account| Some(account.id) != who.scope().acting());
        accounts = sellers.map(|a| (Within::Account(a.id).to_string(), a.name, who.book().terms(a.role).label)).collect();
    }
    if customers::VIEW.lets(who.scope()) {
        zones = list_zones(&mut conn, who.scope()).await?.into_iter().map(|zone| (Within::Zone(zone.id).to_string(), zone.name)).collect();
    }
    drop(conn);
    let here = query.get("here");
    html(&Page { here: if here.is_empty() { "/".to_owned() } else { here.to_owned() }, shell: who.shell("within"), accounts, zones })
}

async fn set(who: Signed, form: Form) -> Result<Response, Problem> {
    let mut conn = who.site.db.read().await?;
    let part = match form.text("within").parse::<Within>() {
        Ok(part) => part.of(&mut conn, who.scope()).await?.map(|_| part),
        Err(()) => None,
    };
    drop(conn);
    let cookie = match part {
        Some(part) => who.visit.cookies.set(Jar::Within, &part.to_string()),
        None => who.visit.cookies.remove(Jar::Within),
    };
    // the page that was open was one of another list
    let (path, query) = form.text("here").split_once('?').unwrap_or((form.text("here"), ""));
    let here = Query::read(query).with(path, &[("after", ""), ("before", ""), ("said", "")]);
    Ok(go(&with_part(&here, part), &[cookie]))
}
