//! `/go`: one box that finds customers (by name, username, code, the end of a phone, a device or an address), sessions, accounts, packages, routers and pages. A page like any
//! other, so it works without scripts; what is surely meant is opened at once.

use askama::Template;
use axum::response::Response;

use super::customers;
use crate::accounts::capability::Capability;
use crate::accounts::{AccountFilter, AccountPath, list_accounts};
use crate::customers::active_view;
use crate::customers::finding::{CustomerLine, search_customers};
use crate::packages::list_package_ids;
use crate::routers::list_named_routers;
use crate::sessions::list_sessions_of_id;
use crate::web::list::Cell;
use crate::web::{Guard, Problem, Query, Routes, Shell, Signed, ascii_digits, go, html, url_with};

const MOST: i64 = 12;
const MOST_NAMES: i64 = 500;

/// Its routes.
pub fn routes() -> Routes {
    Routes::new().get("/go", Guard::SignedIn, show)
}

struct Line {
    link: String,
    name: String,
    username: String,
    phone: String,
    state: Cell,
    package: String,
    owner: String,
}

#[derive(Template)]
#[template(path = "panel/go.html")]
struct Page {
    shell: Shell,
    text: String,
    customers: Vec<Line>,
    more: Option<String>,
    /// Text, where it leads if it has a page, what it is.
    others: Vec<(String, Option<String>, String)>,
}

/// The same for whoever is still writing: nothing is opened of itself.
#[derive(Template)]
#[template(path = "panel/go_part.html")]
struct Part {
    page: Page,
}

async fn show(who: Signed, query: Query) -> Result<Response, Problem> {
    let text = ascii_digits(query.get("q")).into_owned();
    let shell = who.shell("go");
    let (mut lines, mut is_sure) = (Vec::new(), false);
    if customers::VIEW.lets(who.scope()) && !text.is_empty() {
        let live = &who.site.access.live;
        let online = text.parse().map(|address| live.find_by_address(who.scope().tenant().0, address)).unwrap_or_default();
        let found = search_customers(&mut who.site.db.read().await?, who.scope(), &text, &online, MOST).await?;
        (lines, is_sure) = (found.lines, found.is_sure);
    }
    let others = if text.is_empty() { pages(&who, &shell, "") } else { others(&who, &shell, &text, is_sure).await? };
    if let ([one], true, true, false) = (&lines[..], is_sure, others.is_empty(), query.has("part")) {
        return Ok(go(&format!("/customers/{}", one.id), &[]));
    }
    let more = (lines.len() as i64 == MOST).then(|| url_with("/customers", [("q", text.as_str())]));
    let page = Page { customers: lines.iter().map(|line| self::line(&who, &shell, line)).collect(), more, others, text, shell };
    if query.has("part") { html(&Part { page }) } else { html(&page) }
}

fn line(who: &Signed, shell: &Shell, line: &CustomerLine) -> Line {
    let rules = &who.tenant.access_rules;
    let view = active_view(line.facts(rules), who.now(), &who.tenant.zone());
    let (mark, text) = customers::state_mark(line.state(rules, who.now()), view);
    Line {
        link: format!("/customers/{}", line.id),
        name: if line.name.is_empty() { line.username.clone() } else { line.name.clone() },
        username: line.username.clone(),
        phone: line.phone.clone(),
        state: Cell::state(mark, shell.t(text)),
        package: line.package.clone(),
        owner: line.owner.clone(),
    }
}

/// Acct-Session-Ids of RouterOS are eight hex digits.
fn looks_like_a_session(text: &str) -> bool {
    (8..=32).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_hexdigit())
}

/// Pages whose names hold the text: those of the menu, and the one that adds a customer.
fn pages(who: &Signed, shell: &Shell, text: &str) -> Vec<(String, Option<String>, String)> {
    let mut all: Vec<(String, &str)> = shell.menu.iter().map(|item| (item.text.clone(), item.path)).collect();
    all.extend(customers::CREATE.lets(who.scope()).then(|| (shell.t("customer-new"), "/customers/new")));
    let fitting = all.into_iter().filter(|(name, _)| name.to_lowercase().contains(text));
    fitting.map(|(name, path)| (name, Some(path.to_owned()), shell.t("go-page"))).collect()
}

/// Whatever else the text names. Whoever is surely meant is no session: those are many, and looked through.
async fn others(who: &Signed, shell: &Shell, text: &str, is_sure: bool) -> Result<Vec<(String, Option<String>, String)>, Problem> {
    let lower = text.to_lowercase();
    let mut found = pages(who, shell, &lower);
    let mut conn = who.site.db.read().await?;
    let scope = who.scope();
    if scope.may(Capability::AccountsView) {
        let filter = AccountFilter { text: text.to_owned(), ..AccountFilter::default() };
        for account in list_accounts(&mut conn, scope, &filter, &AccountPath::TOP, MOST).await? {
            found.push((account.name.clone(), Some(format!("/accounts/{}", account.id)), who.book().terms(account.role).label));
        }
    }
    let holds = |name: &str| name.to_lowercase().contains(&lower);
    if customers::VIEW.lets(scope) {
        let packages = list_package_ids(&mut conn, scope).await.unwrap_or_default();
        for (name, _) in packages.into_iter().filter(|(name, _)| holds(name)).take(MOST as usize) {
            let quoted = crate::lists::quoted(&name);
            let link = url_with("/customers", [("q", format!("package:{quoted}").as_str())]);
            found.push((name, Some(link), shell.t("column-package")));
        }
    }
    if !is_sure && scope.may(Capability::SessionsView) && scope.only_zone().is_none() && looks_like_a_session(text) {
        for session in list_sessions_of_id(&mut conn, scope, text, MOST).await? {
            let name = format!("{} · {} · {}", session.acct_session_id, session.username, shell.when(session.started_at));
            let quoted = crate::lists::quoted(&session.username);
            let link = customers::VIEW.lets(scope).then(|| url_with("/customers", [("q", format!("username:{quoted}").as_str())]));
            found.push((name, link, shell.t("go-session")));
        }
    }
    if scope.may(Capability::RoutersView) {
        let routers = list_named_routers(&mut conn, scope, "", MOST_NAMES).await.unwrap_or_default();
        for router in routers.into_iter().filter(|router| holds(&router.name)).take(MOST as usize) {
            let quoted = crate::lists::quoted(&router.name);
            let link = customers::VIEW.lets(scope).then(|| url_with("/customers", [("q", format!("router:{quoted}").as_str())]));
            found.push((router.name, link, shell.t("column-router")));
        }
    }
    Ok(found)
}
