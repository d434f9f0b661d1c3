//! What is done to a customer by one button.

use axum::response::Response;

use super::{find, overview};
use crate::aaa::enforcement::ask_disconnect;
use crate::customers::tags::{parse_tags, set_tags};
use crate::customers::{CustomerChanges, CustomerError, Hold, HoldKind, set_customer_by_id};
use crate::units::{AccountId, CustomerId, DAY_MS};
use crate::web::{Complaints, Form, Id, Problem, Signed, go};

/// Longest extension at once, in days.
const MOST_DAYS: i64 = 3_660;

fn back(id: i64, said: &str) -> Response {
    go(&format!("/customers/{id}?said={said}"), &[])
}

/// Changes him; what is wrong with the form is said at `field`.
async fn change(who: &Signed, id: i64, form: Form, field: &'static str, changes: CustomerChanges, said: &str) -> Result<Response, Problem> {
    find(who, id).await?;
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
        Ok(_) => {
            who.site.counts.forget(who.scope());
            Ok(back(id, said))
        }
        Err(error @ (CustomerError::BadField(_) | CustomerError::UnknownPackage(_))) => {
            overview::again(who, id, form, Complaints::about(field, error.to_string())).await
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

pub(super) async fn note(who: Signed, Id(id): Id, form: Form) -> Result<Response, Problem> {
    let note = Some(form.raw("note").trim().to_owned());
    change(&who, id, form, "note", CustomerChanges { note, ..CustomerChanges::default() }, "customer-note-kept").await
}

pub(super) async fn tags(who: Signed, Id(id): Id, form: Form) -> Result<Response, Problem> {
    find(&who, id).await?;
    match parse_tags(form.text("tags")) {
        Ok(tags) => {
            set_tags(&who.db(), who.scope(), CustomerId(id), &tags, who.now()).await?;
            Ok(back(id, "customer-tags-kept"))
        }
        Err(error) => overview::again(&who, id, form, Complaints::about("tags", error.to_string())).await,
    }
}

pub(super) async fn disconnect(who: Signed, Id(id): Id, _: Form) -> Result<Response, Problem> {
    let customer = find(&who, id).await?;
    let ended = ask_disconnect(&who.db(), &*who.ids()?, who.scope(), &customer.username, who.now()).await?;
    Ok(back(id, if ended.is_empty() { "customer-not-online" } else { "customer-disconnected" }))
}
