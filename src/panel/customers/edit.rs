//! Changing a customer: all of his fields.

use askama::Template;
use axum::response::Response;

use super::fields::{self, Choices, Named};
use super::own_terms::{self, nameable_routers};
use super::{called, find, parent, zone_name};
use crate::customers::zones::list_zones;
use crate::customers::{Customer, set_customer_by_id};
use crate::packages::list_package_ids;
use crate::web::{Complaints, Form, Id, Problem, Shell, Signed, Version, conflict, differences, go, html, refill};

#[derive(Template)]
#[template(path = "panel/customers/edit.html")]
struct Page {
    shell: Shell,
    form: Form,
    complaints: Complaints,
    id: i64,
    choices: Choices,
    version: Version,
}

/// The page's form as he is now, and what can be chosen.
async fn present(who: &Signed, shell: &Shell, customer: &Customer) -> Result<(Form, Choices), Problem> {
    let mut conn = who.site.db.read().await?;
    let packages = list_package_ids(&mut conn, who.scope()).await.unwrap_or_default();
    let zones = list_zones(&mut conn, who.scope()).await?;
    let package = packages.iter().find(|(_, id)| *id == customer.package_id).map(|(name, _)| name.clone());
    let package = match package {
        Some(name) => name,
        None => crate::packages::find_package_by_id(&mut conn, customer.package_id).await?.map(|p| p.name).unwrap_or_default(),
    };
    let zone = zone_name(&zones, customer);
    let parent = parent(who, &mut conn, customer).await?.map(|parent| parent.username).unwrap_or_default();
    let routers = nameable_routers(who, &mut conn, &customer.limits).await?;
    let mut names: Vec<String> = packages.into_iter().map(|(name, _)| name).collect();
    if !names.contains(&package) {
        names.push(package.clone());
    }
    let form = fields::as_form(shell, customer, &Named { package, zone, parent }, &routers);
    Ok((form, Choices::new(shell, names, zones.into_iter().map(|zone| zone.name).collect(), &customer.limits, routers)))
}

pub(super) async fn show(who: Signed, Id(id): Id) -> Result<Response, Problem> {
    let customer = find(&who, id).await?;
    let shell = who.shell("customer-edit").titled(called(&customer));
    let (form, choices) = present(&who, &shell, &customer).await?;
    html(&Page { form, complaints: Complaints::default(), id, choices, version: Version::of(&customer), shell })
}

pub(super) async fn change(who: Signed, Id(id): Id, form: Form) -> Result<Response, Problem> {
    let customer = find(&who, id).await?;
    let shell = who.shell("customer-edit").titled(called(&customer));
    let version = Version::of(&customer);
    let (now, choices) = present(&who, &shell, &customer).await?;
    if !version.is_in(&form) {
        let found = differences(&shell, &[&fields::FIELDS[..], &own_terms::FIELDS].concat(), &now, &form);
        return conflict(shell, found, version, &form, &format!("/customers/{id}"));
    }
    let mut complaints = Complaints::default();
    let mut changes = fields::read(&form, &who.tenant.zone(), &choices.routers, &mut complaints).changes;
    // a parent whom he does not see stays whom he is
    if form.has("parent") && form.text("parent") != now.text("parent") {
        changes.parent_id = Some(fields::read_parent(&who, &form, &mut complaints).await?);
    }
    own_terms::keep_untouched(&mut changes, &customer, &now, &form);
    // the same package again is no purchase, and an expiry that was not touched stays to the millisecond
    changes.package = changes.package.filter(|name| name != now.text("package"));
    changes.expires_at = changes.expires_at.filter(|_| form.text("expires") != now.text("expires"));
    changes.since = Some(customer.updated_at);
    if complaints.is_empty() {
        match set_customer_by_id(
            &who.db(),
            who.scope(),
            &who.tenant,
            customer.id,
            &changes,
            &|line: &str| who.site.check_reply(line),
            who.now(),
        )
        .await
        {
            Ok(_) => {
                who.site.counts.forget(who.scope());
                return Ok(go(&format!("/customers/{id}?said=customer-changed"), &[]));
            }
            Err(error) => complaints = fields::complaint(error)?,
        }
    }
    refill(&Page { form, complaints, id, choices, version, shell })
}
