//! Customers: the list, one customer with his tabs and what is done to him, adding and changing.

mod actions;
mod bulk;
mod connect;
mod create;
mod devices;
mod edit;
mod fields;
mod import;
mod list;
mod overview;
mod own_terms;
mod password;
mod sessions;
mod taken;
mod timeline;
mod usage;
mod zones;

use crate::aaa::access::Access;
use crate::accounts::capability::Capability;
use crate::accounts::{Account, AccountFilter, AccountPath, find_account_by_id, list_accounts};
use crate::customers::finding::Meaning;
use crate::customers::zones::Zone;
use crate::customers::{ActiveView, Customer, State, active_view, find_customer_by_id, state};
use crate::packages::find_package_by_id;
use crate::panel::online::{Online, online};
use crate::store::Conn;
use crate::units::CustomerId;
use crate::web::list::Cell;
use crate::web::object::{Object, tabs};
use crate::web::{Guard, Problem, Routes, Shell, Signed};

pub use list::{LIST, state_mark};

/// Who sees customers.
pub const VIEW: Guard = Guard::Any(&[Capability::CustomersView]);
/// Who works on many at once.
pub const BULK: Guard = Guard::All(&[Capability::CustomersView, Capability::BulkOperations]);
const EXPORT: Guard = Guard::All(&[Capability::CustomersView, Capability::ReportsExport]);
const SESSIONS: Guard = Guard::All(&[Capability::CustomersView, Capability::SessionsView]);
/// Who adds customers.
pub const CREATE: Guard = Guard::All(&[Capability::CustomersView, Capability::CustomersCreate]);
const EDIT: Guard = Guard::All(&[Capability::CustomersView, Capability::CustomersEdit]);
const SUSPEND: Guard = Guard::All(&[Capability::CustomersView, Capability::CustomersSuspend]);
const ACTIVATE: Guard = Guard::All(&[Capability::CustomersView, Capability::CustomersActivate]);
const DISCONNECT: Guard = Guard::All(&[Capability::CustomersView, Capability::SessionsDisconnect]);
const SECRETS: Guard = Guard::All(&[Capability::CustomersView, Capability::SensitiveData]);

/// Accounts that a form offers.
const MOST_OWNERS: i64 = 200;

/// Its routes.
pub fn routes() -> Routes {
    Routes::new()
        .get("/customers", VIEW, list::show)
        .get("/customers.csv", EXPORT, list::send)
        .get("/customers/new", CREATE, create::show)
        .post("/customers/new", CREATE, create::add)
        .get("/customers/new/taken", CREATE, taken::for_new)
        .post("/customers/bulk", BULK, bulk::show)
        .post("/customers/bulk/run", BULK, bulk::run)
        .post("/customers/bulk/{id}/undo", BULK, bulk::undo)
        .get("/customers/{id}", VIEW, overview::show)
        .get("/customers/{id}/sessions", SESSIONS, sessions::show)
        .get("/customers/{id}/usage", SESSIONS, usage::show)
        .get("/customers/{id}/connect", SESSIONS, connect::show)
        .get("/customers/{id}/devices", VIEW, devices::show)
        .post("/customers/{id}/devices", EDIT, devices::add)
        .post("/customers/{id}/devices/note", EDIT, devices::note)
        .post("/customers/{id}/devices/remove", EDIT, devices::remove)
        .get("/customers/{id}/timeline", VIEW, timeline::show)
        .get("/customers/{id}/edit", EDIT, edit::show)
        .post("/customers/{id}/edit", EDIT, edit::change)
        .get("/customers/{id}/taken", EDIT, taken::for_one)
        .post("/customers/{id}/suspend", SUSPEND, actions::suspend)
        .post("/customers/{id}/disable", SUSPEND, actions::disable)
        .post("/customers/{id}/close", SUSPEND, actions::close)
        .post("/customers/{id}/activate", ACTIVATE, actions::activate)
        .post("/customers/{id}/extend", EDIT, actions::extend)
        .post("/customers/{id}/package", EDIT, actions::change_package)
        .post("/customers/{id}/transfer", EDIT, actions::transfer)
        .post("/customers/{id}/note", EDIT, actions::note)
        .post("/customers/{id}/zone", EDIT, actions::zone)
        .post("/customers/{id}/tags", EDIT, actions::tags)
        .post("/customers/{id}/disconnect", DISCONNECT, actions::disconnect)
        .post("/customers/{id}/password/show", SECRETS, password::show)
        .post("/customers/{id}/password/reset", SECRETS, password::reset)
        .and(import::routes())
        .and(zones::routes())
}

/// The customer of a path, if the scope sees him: else there is none.
async fn find(who: &Signed, id: i64) -> Result<Customer, Problem> {
    let mut conn = who.site.db.read().await?;
    find_customer_by_id(&mut conn, who.scope(), CustomerId(id)).await?.ok_or(Problem::NotFound)
}

/// The customer to whom he belongs, if whoever asks sees him.
async fn parent(who: &Signed, conn: &mut Conn, customer: &Customer) -> Result<Option<Customer>, Problem> {
    match customer.parent_id {
        Some(id) => Ok(find_customer_by_id(conn, who.scope(), id).await?),
        None => Ok(None),
    }
}

/// The name of the zone that he is in; empty for none.
fn zone_name(zones: &[Zone], customer: &Customer) -> String {
    zones.iter().find(|zone| Some(zone.id) == customer.zone_id).map(|zone| zone.name.clone()).unwrap_or_default()
}

/// The customer of a tab, the page's frame and what stands above the tab.
async fn tab(who: &Signed, id: i64) -> Result<(Customer, Shell, Frame), Problem> {
    let customer = find(who, id).await?;
    let shell = who.shell("menu-customers").titled(called(&customer));
    let frame = frame(who, &shell, &customer).await?;
    Ok((customer, shell, frame))
}

/// What instants and states mean to whoever asks, now.
pub fn meaning(who: &Signed) -> Meaning<'_> {
    Meaning { now: who.now(), zone: who.tenant.zone(), rules: &who.tenant.access_rules }
}

/// Accounts whose customers may be, at most so many, as far as whoever asks sees them.
pub async fn list_owners(who: &Signed, conn: &mut Conn, most: i64) -> Result<Vec<Account>, Problem> {
    let all = list_accounts(conn, who.scope(), &AccountFilter::default(), &AccountPath::TOP, most).await?;
    Ok(all.into_iter().filter(|account| account.role.may_own_customers()).collect())
}

/// What stands above each of his tabs.
struct Frame {
    object: Object,
    online: Option<Online>,
    package: String,
    owner: String,
}

/// His name for people.
fn called(customer: &Customer) -> String {
    if customer.name.is_empty() { customer.username.clone() } else { customer.name.clone() }
}

async fn frame(who: &Signed, shell: &Shell, customer: &Customer) -> Result<Frame, Problem> {
    let mut conn = who.site.db.read().await?;
    let package = find_package_by_id(&mut conn, customer.package_id).await?.map(|p| p.name).unwrap_or_default();
    let owner = find_account_by_id(&mut conn, who.scope(), customer.owner_id).await?.map(|a| a.name).unwrap_or_default();
    drop(conn);
    let access: &Access = &who.site.access;
    let online = online(access, customer.id.0, who.now());
    let facts = customer.facts(&who.tenant.access_rules);
    let (state, view) = (state(facts, who.now()), active_view(facts, who.now(), &who.tenant.zone()));
    let (mark, text) = list::state_mark(state, view);
    let expires = match customer.expires_at {
        Some(at) => Cell::instant(format!("{} · {}", shell.until(at), shell.ago(at)), shell.when_exactly(at)),
        None => Cell::text(shell.t("never")),
    };
    let is_online = match &online {
        Some(o) => Cell::state("ok", format!("{} {}", shell.span(o.for_secs), o.router)),
        None => Cell::state("off", shell.t("offline")),
    };
    let mut strip = vec![
        (shell.t("column-online"), is_online),
        (
            shell.t("column-ip"),
            Cell::code(
                online.as_ref().and_then(|o| o.ip.clone()).or_else(|| customer.static_ipv4.map(|a| a.to_string())).unwrap_or_default(),
            ),
        ),
        (shell.t("column-package"), Cell::text(&package)),
        (shell.t("column-expires"), expires),
        (shell.t("column-phone"), Cell::code(&customer.phone)),
    ];
    if !owner.is_empty() {
        strip.push((shell.t("column-operator"), Cell::text(&owner)));
    }
    let base = format!("/customers/{}", customer.id);
    let mut all = vec![("tab-overview", "")];
    if SESSIONS.lets(who.scope()) {
        all.extend([("tab-connect", "connect"), ("tab-sessions", "sessions"), ("tab-usage", "usage")]);
    }
    all.extend([("tab-devices", "devices"), ("tab-timeline", "timeline")]);
    let banner = match state {
        State::Suspended => Some(("bad", format!("{} {}", shell.t("banner-suspended"), customer.hold.reason()))),
        State::Disabled => Some(("bad", shell.t("banner-disabled"))),
        State::Expired => Some(("warn", shell.t_with("banner-expired", "when", shell.when_if(customer.expires_at)))),
        State::Closed => Some(("", shell.t_with("banner-closed", "when", shell.when_if(customer.closed_at)))),
        State::Active if view == ActiveView::Grace => Some(("warn", shell.t("banner-grace"))),
        State::Active | State::Pending => None,
    };
    let object = Object {
        code: customer.code.clone(),
        state: (mark, shell.t(text)),
        facts: strip,
        tabs: tabs(shell, &base, &all),
        banner,
        primary: EDIT.lets(who.scope()).then(|| (format!("{base}/edit"), shell.t("customer-edit"))),
    };
    Ok(Frame { object, online, package, owner })
}
