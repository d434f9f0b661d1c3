//! What is done to a customer by one button.

use axum::response::Response;

use super::{find, overview, zone_name};
use crate::aaa::enforcement::ask_disconnect;
use crate::customers::tags::{parse_tags, set_tags};
use crate::customers::zones::list_zones;
use crate::customers::{Customer, CustomerChanges, CustomerError, Hold, HoldKind, set_customer_by_id};
use crate::units::{AccountId, CustomerId, DAY_MS};
use crate::web::{Complaints, Form, Id, Problem, Signed, Undo, go};

/// Longest extension at once, in days.
const MOST_DAYS: i64 = 3_660;

fn back(id: i64, said: &str) -> Response {
    go(&format!("/customers/{id}?said={said}"), &[])
}

/// Changes him and goes back to his page.
async fn change(who: &Signed, id: i64, form: Form, field: &'static str, changes: CustomerChanges, said: &str) -> Result<Response, Problem> {
    find(who, id).await?;
    Ok(apply(who, id, form, field, changes).await?.map_or_else(|again| again, |_| back(id, said)))
}

/// The customer as he is afterwards, or the page again, with what is wrong with the form said at `field`.
async fn apply(
    who: &Signed,
    id: i64,
    form: Form,
    field: &'static str,
    changes: CustomerChanges,
) -> Result<Result<Customer, Response>, Problem> {
    let changes = CustomerChanges { reason: form.text("reason").to_owned(), ..changes };
    match set_customer_by_id(
        &who.db(),
        who.scope(),
        &who.tenant,
        CustomerId(id),
        &changes,
        &|line: &str| who.site.check_reply(line),
        who.now(),
    )
    .await
    {
        Ok(after) => {
            who.site.counts.forget(who.scope());
            Ok(Ok(after))
        }
        Err(error @ (CustomerError::BadField(_) | CustomerError::UnknownPackage(_) | CustomerError::UnknownZone(_))) => {
            overview::again(who, id, form, Complaints::about(field, error.to_string())).await.map(Err)
        }
        Err(error) => Err(error.into()),
    }
}

pub(super) async fn suspend(who: Signed, Id(id): Id, form: Form) -> Result<Response, Problem> {
    if form.text("reason").is_empty() {
        let complaints = Complaints::about("reason", who.shell("menu-customers").t("reason-missing"));
        return overview::again(&who, id, form, complaints).await;
    }
    let hold = Some(Hold::new(HoldKind::Suspended, form.text("reason")));
    change(&who, id, form, "reason", CustomerChanges { hold, ..CustomerChanges::default() }, "customer-suspended").await
}

pub(super) async fn disable(who: Signed, Id(id): Id, form: Form) -> Result<Response, Problem> {
    change(&who, id, form, "", CustomerChanges { hold: Some(Hold::Disabled), ..CustomerChanges::default() }, "customer-disabled").await
}

pub(super) async fn close(who: Signed, Id(id): Id, form: Form) -> Result<Response, Problem> {
    change(&who, id, form, "", CustomerChanges { closed: Some(true), ..CustomerChanges::default() }, "customer-closed").await
}

/// Lifts whatever holds him: a suspension, a disabling, having left.
pub(super) async fn activate(who: Signed, Id(id): Id, form: Form) -> Result<Response, Problem> {
    let changes = CustomerChanges { hold: Some(Hold::None), closed: Some(false), ..CustomerChanges::default() };
    change(&who, id, form, "", changes, "customer-activated").await
}

pub(super) async fn extend(who: Signed, Id(id): Id, form: Form) -> Result<Response, Problem> {
    let days = form.text("days").parse::<i64>().ok().filter(|days| (1..=MOST_DAYS).contains(days));
    let wrong = match (days, form.text("reason")) {
        (None, _) => Some(("days", who.shell("menu-customers").t("days-wrong"))),
        (Some(_), "") => Some(("reason", who.shell("menu-customers").t("reason-missing"))),
        _ => None,
    };
    if let Some((field, what)) = wrong {
        return overview::again(&who, id, form, Complaints::about(field, what)).await;
    }
    let extend_secs = days.map(|days| days * DAY_MS / 1000);
    change(&who, id, form, "days", CustomerChanges { extend_secs, ..CustomerChanges::default() }, "customer-extended").await
}

pub(super) async fn change_package(who: Signed, Id(id): Id, form: Form) -> Result<Response, Problem> {
    let package = form.filled("package").map(str::to_owned);
    let (changes, said) = match form.text("when") {
        "expiry" => (CustomerChanges { next_package: Some(package), ..CustomerChanges::default() }, "customer-package-waits"),
        _ => (CustomerChanges { package, ..CustomerChanges::default() }, "customer-package-changed"),
    };
    change(&who, id, form, "package", changes, said).await
}

pub(super) async fn transfer(who: Signed, Id(id): Id, form: Form) -> Result<Response, Problem> {
    let owner = form.text("owner").parse().map(AccountId).map_err(|_| Problem::NotFound)?;
    change(&who, id, form, "owner", CustomerChanges { owner: Some(owner), ..CustomerChanges::default() }, "customer-transferred").await
}

/// Keeps a button for the page `path`, which says `said`: it sends these fields to `end` below that page.
pub(super) fn keep_undo(who: &Signed, path: &str, end: &str, said: &str, fields: Vec<(&'static str, String)>) {
    if let Some(by) = who.scope().acting() {
        who.site.undos.put(by, path, said, Undo { action: format!("{path}/{end}"), fields });
    }
}

/// Changes a field at its place, whose name is also the end of its address: the page that says so has a button that puts back what was there, unless somebody changed him since.
async fn change_in_place(
    who: &Signed,
    before: &Customer,
    form: Form,
    (field, was): (&'static str, String),
    changes: CustomerChanges,
    said: &str,
) -> Result<Response, Problem> {
    let since = form.filled("since").and_then(|at| at.parse().ok());
    let after = match apply(who, before.id.0, form, field, CustomerChanges { since, ..changes }).await? {
        Ok(after) => after,
        Err(again) => return Ok(again),
    };
    let path = format!("/customers/{}", before.id);
    if after.updated_at == before.updated_at {
        return Ok(go(&path, &[]));
    }
    let fields = vec![(field, was), ("since", after.updated_at.to_string())];
    keep_undo(who, &path, field, said, fields);
    Ok(back(before.id.0, said))
}

pub(super) async fn note(who: Signed, Id(id): Id, form: Form) -> Result<Response, Problem> {
    let before = find(&who, id).await?;
    let changes = CustomerChanges { note: Some(form.raw("note").trim().replace("\r\n", "\n")), ..CustomerChanges::default() };
    change_in_place(&who, &before, form, ("note", before.note.clone()), changes, "customer-note-kept").await
}

pub(super) async fn zone(who: Signed, Id(id): Id, form: Form) -> Result<Response, Problem> {
    let before = find(&who, id).await?;
    let zones = list_zones(&mut who.site.db.read().await?, who.scope()).await?;
    let was = zone_name(&zones, &before);
    let changes = CustomerChanges { zone: Some(form.filled("zone").map(str::to_owned)), ..CustomerChanges::default() };
    change_in_place(&who, &before, form, ("zone", was), changes, "customer-zone-kept").await
}

pub(super) async fn tags(who: Signed, Id(id): Id, form: Form) -> Result<Response, Problem> {
    find(&who, id).await?;
    let (tags, instead_of) = match (parse_tags(form.text("tags")), form.filled("instead_of").map(parse_tags).transpose()) {
        (Ok(tags), Ok(instead_of)) => (tags, instead_of),
        (Err(error), _) | (_, Err(error)) => return overview::again(&who, id, form, Complaints::about("tags", error.to_string())).await,
    };
    // nothing instead of something is said by a comma
    let said = |tags: &[String]| if tags.is_empty() { ",".to_owned() } else { tags.join(", ") };
    let before = set_tags(&who.db(), who.scope(), CustomerId(id), &tags, instead_of.as_deref(), who.now()).await?;
    who.site.counts.forget(who.scope());
    if before == tags {
        return Ok(go(&format!("/customers/{id}"), &[]));
    }
    let fields = vec![("tags", said(&before)), ("instead_of", said(&tags))];
    keep_undo(&who, &format!("/customers/{id}"), "tags", "customer-tags-kept", fields);
    Ok(back(id, "customer-tags-kept"))
}

pub(super) async fn disconnect(who: Signed, Id(id): Id, _: Form) -> Result<Response, Problem> {
    let customer = find(&who, id).await?;
    let ended = ask_disconnect(&who.db(), &*who.ids()?, who.scope(), &customer.username, who.now()).await?;
    Ok(back(id, if ended.is_empty() { "customer-not-online" } else { "customer-disconnected" }))
}
