//! A customer's password before people: shown or made anew, on a slip that can be printed.

use askama::Template;
use axum::response::Response;

use super::{called, find, overview};
use crate::customers::{CustomerPassword, readable_password, reset_password, show_password};
use crate::units::CustomerId;
use crate::web::{Complaints, Form, Id, Problem, Shell, Signed, html};

#[derive(Template)]
#[template(path = "panel/customers/slip.html")]
struct Slip {
    shell: Shell,
    id: i64,
    provider: String,
    name: String,
    code: String,
    username: String,
    password: String,
}

async fn slip(who: &Signed, id: i64, password: &CustomerPassword) -> Result<Response, Problem> {
    let customer = find(who, id).await?;
    html(&Slip {
        shell: who.shell("password-slip"),
        id,
        provider: who.tenant.name.clone(),
        name: called(&customer),
        code: customer.code,
        username: customer.username,
        password: password.plain().to_owned(),
    })
}

pub(super) async fn show(who: Signed, Id(id): Id, _: Form) -> Result<Response, Problem> {
    find(&who, id).await?;
    let password = show_password(&who.db(), &who.site.sealer, who.scope(), CustomerId(id), who.now()).await?;
    slip(&who, id, &password).await
}

/// The password that was typed, else one that is made.
pub(super) async fn reset(who: Signed, Id(id): Id, form: Form) -> Result<Response, Problem> {
    find(&who, id).await?;
    let password = match form.raw("new_password") {
        "" => readable_password(),
        typed => match CustomerPassword::new(typed) {
            Ok(password) => password,
            Err(error) => {
                let complaints = Complaints::about("new_password", error.to_string());
                return overview::again(&who, id, form.without(&["new_password"]), complaints).await;
            }
        },
    };
    reset_password(&who.db(), &who.site.sealer, who.scope(), CustomerId(id), &password, who.now()).await?;
    slip(&who, id, &password).await
}
