//! Who has this username, phone, code or address already: a line for the form in which it is being typed. Of a customer whom one is not shown it says "taken" and
//! nothing else, and of a phone, which several may have, nothing at all.

use askama::Template;
use axum::response::Response;

use super::{create, find};
use crate::customers::finding::CustomerLine;
use crate::customers::{Unique, find_taken};
use crate::units::CustomerId;
use crate::web::{Id, Problem, Query, Shell, Signed, html};

#[derive(Template)]
#[template(path = "panel/customers/taken.html")]
struct Part {
    shell: Shell,
    /// What only one may have, if somebody has it.
    unique: Option<Unique>,
    /// Who has it, as far as one is shown them.
    lines: Vec<CustomerLine>,
}

/// `GET /customers/new/taken`.
pub(super) async fn for_new(who: Signed, query: Query) -> Result<Response, Problem> {
    part(&who, &query, None).await
}

/// `GET /customers/{id}/taken`.
pub(super) async fn for_one(who: Signed, Id(id): Id, query: Query) -> Result<Response, Problem> {
    let customer = find(&who, id).await?;
    part(&who, &query, Some(customer.id)).await
}

async fn part(who: &Signed, query: &Query, other_than: Option<CustomerId>) -> Result<Response, Problem> {
    let shell = who.shell("customer-new");
    let (field, value) = (query.get("field"), query.get("value"));
    if field == "phone" {
        let mut lines = create::alike(who, &query.ascii("value")).await?;
        lines.retain(|line| Some(CustomerId(line.id)) != other_than);
        return html(&Part { shell, unique: None, lines });
    }
    let Some(unique) = field.parse::<Unique>().ok().filter(|_| !value.is_empty()) else {
        return html(&Part { shell, unique: None, lines: Vec::new() });
    };
    let found = find_taken(&mut who.site.db.read().await?, who.scope(), &who.tenant, unique, value, other_than).await?;
    html(&Part { shell, unique: found.is_some().then_some(unique), lines: found.flatten().into_iter().collect() })
}
