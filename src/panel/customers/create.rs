//! Adding a customer: what a counter needs first, the rest folded away. Somebody who has the same phone already is shown before a second one is made of him.

use askama::Template;
use axum::response::Response;

use super::fields::{self, Choices};
use super::meaning;
use super::own_terms::nameable_routers;
use crate::accounts::{find_account_by_id, find_owner};
use crate::customers::finding::{CustomerLine, CustomerQuery, FIELDS, Start, list_found};
use crate::customers::{CustomerPassword, add_customer, readable_password};
use crate::lists::{Filter, quoted};
use crate::packages::LimitsOverride;
use crate::units::AccountId;
use crate::web::{Complaints, Form, Problem, Shell, Signed, Within, go, html, refill};

/// Digits of a phone that are compared: with or without a country's prefix it is the same one.
const PHONE_DIGITS: usize = 9;

#[derive(Template)]
#[template(path = "panel/customers/new.html")]
struct Page {
    shell: Shell,
    form: Form,
    complaints: Complaints,
    choices: Choices,
    alike: Vec<CustomerLine>,
}

async fn page(who: &Signed, form: Form, complaints: Complaints, alike: Vec<CustomerLine>) -> Result<Page, Problem> {
    let shell = who.shell("customer-new");
    let choices = fields::choices(who, &shell).await?;
    Ok(Page { shell, form, complaints, choices, alike })
}

pub(super) async fn show(who: Signed) -> Result<Response, Problem> {
    let zone = match &who.within {
        Some((Within::Zone(_), name)) => name.as_str(),
        _ => "",
    };
    let form = Form::of(&[("connection", "pppoe"), ("billing", "prepaid"), ("zone", zone)]);
    html(&page(&who, form, Complaints::default(), Vec::new()).await?)
}

/// Customers with this phone.
pub(super) async fn alike(who: &Signed, phone: &str) -> Result<Vec<CustomerLine>, Problem> {
    let digits: String = phone.chars().filter(char::is_ascii_digit).collect();
    if digits.len() < PHONE_DIGITS {
        return Ok(Vec::new());
    }
    let (filter, _) = Filter::read(&format!("phone:{}", quoted(&digits[digits.len() - PHONE_DIGITS..])), FIELDS);
    let meaning = meaning(who);
    let query = CustomerQuery { filter, ..CustomerQuery::default() };
    Ok(list_found(&mut who.site.db.read().await?, who.scope(), &query, &meaning, Start::First, 0, 5).await?)
}

/// To whom a new customer belongs: whoever adds him if he sells, else the provider for whom he works.
pub(super) async fn owner(who: &Signed) -> Result<AccountId, Problem> {
    // who looks at somebody's customers adds to them
    if let Some((Within::Account(id), _)) = who.within {
        return Ok(id);
    }
    let own = who.scope().acting().ok_or(Problem::NotFound)?;
    let mut conn = who.site.db.read().await?;
    let account = find_account_by_id(&mut conn, who.scope(), own).await?.ok_or(Problem::NotFound)?;
    if account.role.may_own_customers() {
        return Ok(own);
    }
    let above = match account.path.parent() {
        Some(above) => find_account_by_id(&mut conn, who.scope(), above).await?,
        None => None,
    };
    match above.filter(|above| above.role.may_own_customers()) {
        Some(above) => Ok(above.id),
        None => find_owner(&mut conn, who.scope().tenant()).await?.ok_or(Problem::NotFound),
    }
}

pub(super) async fn add(who: Signed, form: Form) -> Result<Response, Problem> {
    let mut complaints = Complaints::default();
    let routers = nameable_routers(&who, &mut who.site.db.read().await?, &LimitsOverride::default()).await?;
    let mut said = fields::read(&form, &who.tenant.zone(), &routers, &mut complaints);
    said.changes.parent_id = Some(fields::read_parent(&who, &form, &mut complaints).await?);
    if form.text("package").is_empty() {
        complaints.add("package", who.shell("customer-new").t("package-missing"));
    }
    let password = match form.raw("password") {
        "" => Ok(readable_password()),
        typed => CustomerPassword::new(typed),
    };
    let password = password.map_err(|e| complaints.add("password", e.to_string())).ok();
    let found = if form.has("again") { Vec::new() } else { alike(&who, form.text("phone")).await? };
    let shown = form.without(&["password"]);
    let Some(password) = password.filter(|_| complaints.is_empty() && found.is_empty()) else {
        return refill(&page(&who, shown, complaints, found).await?);
    };
    let (ids, owner) = (who.ids()?, owner(&who).await?);
    let new = said.into_new(password);
    match add_customer(
        &who.db(),
        &ids,
        &who.site.sealer,
        who.scope(),
        &who.tenant,
        owner,
        new,
        &|line: &str| who.site.check_reply(line),
        who.now(),
    )
    .await
    {
        Ok(customer) => {
            who.site.counts.forget(who.scope());
            Ok(go(&format!("/customers/{}?said=customer-added", customer.id), &[]))
        }
        Err(error) => {
            let complaints = fields::complaint(error)?;
            refill(&page(&who, shown, complaints, Vec::new()).await?)
        }
    }
}
