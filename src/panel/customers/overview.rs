//! One customer: what he is, and what may be done with him.

use askama::Template;
use axum::response::Response;

use super::list::names_of;
use super::{DISCONNECT, EDIT, MOST_OWNERS, SECRETS, called, find, frame, list_owners};
use crate::accounts::capability::Capability;
use crate::customers::tags::list_tags_of;
use crate::customers::zones::list_zones;
use crate::customers::{Customer, HoldKind, find_customer_by_id, list_top_ups};
use crate::packages::{find_package_by_id, print_octets, print_rate};
use crate::web::list::Cell;
use crate::web::object::Object;
use crate::web::{Complaints, Form, Id, Problem, Shell, Signed, html, refill};

/// What whoever looks may do, for buttons; the use cases ask again.
#[derive(Clone, Copy)]
struct Allowed {
    edit: bool,
    suspend: bool,
    activate: bool,
    disconnect: bool,
    secrets: bool,
}

#[derive(Template)]
#[template(path = "panel/customers/overview.html")]
struct Page {
    shell: Shell,
    object: Object,
    form: Form,
    complaints: Complaints,
    id: i64,
    facts: Vec<(String, Cell)>,
    limits: Vec<(String, Cell)>,
    top_ups: Vec<(String, String, String)>,
    note: String,
    tags: Vec<String>,
    packages: Vec<(String, String)>,
    owners: Vec<(String, String)>,
    is_closed: bool,
    is_held: bool,
    is_online: bool,
    expires: bool,
    has_next: bool,
    can: Allowed,
}

pub(super) async fn show(who: Signed, Id(id): Id) -> Result<Response, Problem> {
    let customer = find(&who, id).await?;
    html(&page(&who, customer, Form::default(), Complaints::default()).await?)
}

/// The page again, with what is wrong with one of its forms.
pub(super) async fn again(who: &Signed, id: i64, form: Form, complaints: Complaints) -> Result<Response, Problem> {
    let customer = find(who, id).await?;
    refill(&page(who, customer, form, complaints).await?)
}

async fn page(who: &Signed, customer: Customer, form: Form, complaints: Complaints) -> Result<impl Template, Problem> {
    let shell = who.shell("menu-customers").titled(called(&customer));
    let frame = frame(who, &shell, &customer).await?;
    let scope = who.scope();
    let can = Allowed {
        edit: EDIT.lets(scope),
        suspend: scope.may(Capability::CustomersSuspend),
        activate: scope.may(Capability::CustomersActivate),
        disconnect: DISCONNECT.lets(scope),
        secrets: SECRETS.lets(scope) && scope.require_himself().is_ok(),
    };
    let mut conn = who.site.db.read().await?;
    let tags = list_tags_of(&mut conn, scope, customer.id).await?;
    let zone = list_zones(&mut conn, scope).await?.into_iter().find(|zone| Some(zone.id) == customer.zone_id).map(|zone| zone.name);
    let top_ups = list_top_ups(&mut conn, scope, customer.id).await?;
    let next = match customer.next_package_id {
        Some(next) => find_package_by_id(&mut conn, next).await?.map(|package| package.name),
        None => None,
    };
    let parent = match customer.parent_id {
        Some(parent) => find_customer_by_id(&mut conn, scope, parent).await?.map(|parent| called(&parent)),
        None => None,
    };
    let mut packages = Vec::new();
    let mut owners = Vec::new();
    if can.edit {
        packages = names_of(who, &mut conn, Some("package")).await?.into_iter().map(|name| (name.clone(), name)).collect();
        let others = list_owners(who, &mut conn, MOST_OWNERS).await?.into_iter().filter(|account| account.id != customer.owner_id);
        owners = others.map(|account| (account.id.to_string(), account.name)).collect();
    }
    drop(conn);
    let top_up = |t: &crate::customers::TopUp| {
        (print_octets(t.bought.octets), shell.when(t.bought_at), t.bought.expires_at.map_or_else(|| shell.t("never"), |at| shell.when(at)))
    };
    Ok(Page {
        facts: facts(&shell, &customer, &frame.owner, zone, parent),
        limits: limits(&shell, &customer, &frame.package, next),
        top_ups: top_ups.iter().map(top_up).collect(),
        form,
        complaints,
        id: customer.id.0,
        note: customer.note.clone(),
        tags,
        packages,
        owners,
        is_closed: customer.closed_at.is_some(),
        is_held: customer.hold.kind() != HoldKind::None,
        is_online: frame.online.is_some(),
        expires: customer.expires_at.is_some(),
        has_next: customer.next_package_id.is_some(),
        can,
        object: frame.object,
        shell,
    })
}

fn facts(shell: &Shell, c: &Customer, owner: &str, zone: Option<String>, parent: Option<String>) -> Vec<(String, Cell)> {
    let contact = &c.contact;
    let address = [&contact.address, &contact.city, &contact.region, &contact.postal_code, &contact.country];
    let address = address.into_iter().filter(|part| !part.is_empty()).cloned().collect::<Vec<_>>().join(", ");
    let mut all = vec![
        (shell.t("column-username"), Cell::code(&c.username)),
        (shell.t("column-phone"), Cell::code(&c.phone)),
        (shell.t("column-email"), Cell::code(&contact.email)),
        (shell.t("column-address"), Cell::text(address)),
        (shell.t("column-zone"), Cell::text(zone.unwrap_or_default())),
        (shell.t("column-operator"), Cell::text(owner)),
        (shell.t("column-connection"), Cell::text(shell.t2("value-connection", c.connection_type.as_str()))),
        (shell.t("column-billing"), Cell::text(shell.t2("value-billing", c.billing_type.as_str()))),
        (shell.t("column-device"), Cell::text(&c.device_type)),
        (shell.t("field-static"), Cell::code(c.static_ipv4.map(|a| a.to_string()).unwrap_or_default())),
        (shell.t("column-registered"), Cell::instant(shell.when(c.registered_at), shell.ago(c.registered_at))),
    ];
    let prefixes: Vec<String> = [c.framed_ipv6_prefix, c.delegated_ipv6_prefix].into_iter().flatten().map(|p| p.to_string()).collect();
    if !prefixes.is_empty() {
        all.push((shell.t("ipv6-prefixes"), Cell::code(prefixes.join(" "))));
    }
    if let Some(parent) = parent {
        all.push((shell.t("belongs-to"), Cell::text(parent)));
    }
    all
}

/// What he has of his own instead of the package's.
fn limits(shell: &Shell, c: &Customer, package: &str, next: Option<String>) -> Vec<(String, Cell)> {
    let mut all = vec![(shell.t("column-package"), Cell::text(package))];
    all.extend(next.map(|next| (shell.t("package-next"), Cell::state("pending", next))));
    if let Some(own) = &c.own_rate {
        let until = own.until.map(|at| format!(" ({} {})", shell.t("op-until"), shell.when(at))).unwrap_or_default();
        all.push((shell.t("own-rate"), Cell::text(format!("{}{until}", print_rate(&own.rate)))));
    }
    if let Some(n) = c.simultaneous_sessions {
        all.push((shell.t("simultaneous-sessions"), Cell::text(shell.number(i64::from(n)))));
    }
    if let Some(pool) = &c.framed_pool {
        all.push((shell.t("framed-pool"), Cell::code(pool)));
    }
    let own = serde_json::to_value(c.limits.shown()).unwrap_or_default();
    for (name, value) in own.as_object().into_iter().flatten() {
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        if !value.is_null() && text != "[]" && text != "{}" {
            all.push((name.replace('_', " "), Cell::code(text)));
        }
    }
    if !c.reply_attributes.is_empty() {
        all.push((shell.t("reply-attributes"), Cell::code(c.reply_attributes.replace('\n', "; "))));
    }
    all
}
