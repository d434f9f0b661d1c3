//! One customer: what he is, and what may be done with him.

use askama::Template;
use axum::response::Response;

use super::fields::zone_choices;
use super::list::names_of;
use super::own_terms::{self, as_pairs, nameable_routers};
use super::{DISCONNECT, EDIT, MOST_OWNERS, SECRETS, called, find, frame, list_owners, parent, zone_name};
use crate::accounts::capability::Capability;
use crate::customers::tags::list_tags_of;
use crate::customers::zones::list_zones;
use crate::customers::{Customer, HoldKind, count_belonging, list_top_ups};
use crate::lists::quoted;
use crate::packages::{find_package_by_id, print_octets};
use crate::routers::NamedRouter;
use crate::web::list::Cell;
use crate::web::object::Object;
use crate::web::{Complaints, Form, Id, Problem, Shell, Signed, html, refill, url_with};

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
    zone: String,
    /// What he can be put into; empty for whoever may not.
    zones: Vec<(String, String)>,
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
    let zones = list_zones(&mut conn, scope).await?;
    let zone = zone_name(&zones, &customer);
    let top_ups = list_top_ups(&mut conn, scope, customer.id).await?;
    let next = match customer.next_package_id {
        Some(next) => find_package_by_id(&mut conn, next).await?.map(|package| package.name),
        None => None,
    };
    let parent = parent(who, &mut conn, &customer).await?;
    let belonging = count_belonging(&mut conn, scope, customer.id).await?;
    let routers = match customer.limits.places {
        Some(_) => nameable_routers(who, &mut conn, &customer.limits).await?,
        None => Vec::new(),
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
        zones: if can.edit { zone_choices(&shell, zones.into_iter().map(|zone| zone.name).collect()) } else { Vec::new() },
        zone,
        facts: facts(&shell, &customer, &frame.owner, parent.as_ref(), belonging),
        limits: limits(&shell, &customer, &frame.package, next, &routers),
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

fn facts(shell: &Shell, c: &Customer, owner: &str, parent: Option<&Customer>, belonging: i64) -> Vec<(String, Cell)> {
    let contact = &c.contact;
    let address = [&contact.address, &contact.city, &contact.region, &contact.postal_code, &contact.country];
    let address = address.into_iter().filter(|part| !part.is_empty()).cloned().collect::<Vec<_>>().join(", ");
    let mut all = vec![
        (shell.t("column-username"), Cell::code(&c.username)),
        (shell.t("column-phone"), Cell::code(&c.phone)),
        (shell.t("column-email"), Cell::code(&contact.email)),
        (shell.t("column-address"), Cell::text(address)),
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
        all.push((shell.t("belongs-to"), Cell::link(called(parent), format!("/customers/{}", parent.id))));
    }
    if belonging > 0 {
        let list = url_with("/customers", [("q", format!("parent:{}", quoted(&c.code)).as_str())]);
        all.push((shell.t("belong-to-him"), Cell::link(shell.t_count("customers-count", belonging), list)));
    }
    all
}

/// What he has of his own instead of the package's.
fn limits(shell: &Shell, c: &Customer, package: &str, next: Option<String>, routers: &[NamedRouter]) -> Vec<(String, Cell)> {
    let mut all = vec![(shell.t("column-package"), Cell::text(package))];
    all.extend(next.map(|next| (shell.t("package-next"), Cell::state("pending", next))));
    if let Some(n) = c.simultaneous_sessions {
        all.push((shell.t("simultaneous-sessions"), Cell::text(shell.number(i64::from(n)))));
    }
    if let Some(pool) = &c.framed_pool {
        all.push((shell.t("framed-pool"), Cell::code(pool)));
    }
    // several services are fields of one name
    let mut own: Vec<(&str, String)> = Vec::new();
    for (name, value) in as_pairs(shell, c, routers).into_iter().filter(|(_, value)| !value.is_empty()) {
        match own.last_mut() {
            Some((last, values)) if *last == name => *values = format!("{values}; {value}"),
            _ => own.push((name, value)),
        }
    }
    let label = |name: &str| own_terms::FIELDS.iter().find(|(field, _)| *field == name).map_or("", |(_, label)| *label);
    all.extend(own.into_iter().map(|(name, value)| (shell.t(label(name)), Cell::code(value))));
    if !c.reply_attributes.is_empty() {
        all.push((shell.t("reply-attributes"), Cell::code(c.reply_attributes.replace('\n', "; "))));
    }
    all
}
