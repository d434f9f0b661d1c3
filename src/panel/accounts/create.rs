//! Adding an account below one's own or below another that one sees.

use askama::Template;
use axum::response::Response;

use super::find;
use crate::accounts::{Account, NewAccount, Role, Target, add_account, may_create};
use crate::web::{Complaints, Form, Problem, Query, Shell, Signed, go, html, refill};

#[derive(Template)]
#[template(path = "panel/accounts/new.html")]
struct Page {
    shell: Shell,
    form: Form,
    complaints: Complaints,
    parent: Account,
    roles: Vec<(String, String)>,
}

/// Roles that whoever is signed in may create below an account, in the order of their power.
pub(super) fn roles_below<'a>(who: &'a Signed, parent: &'a Account) -> impl Iterator<Item = Role> + 'a {
    let target = Target { path: parent.path.clone(), role: parent.role, level: who.book().level(parent.role) };
    let fits = move |role: &Role| may_create(who.scope(), *role, who.book().level(*role), &target).is_ok();
    who.book().all().into_iter().map(|terms| terms.role).filter(fits)
}

/// The account that the address names, else one's own.
async fn parent(who: &Signed, id: Option<i64>) -> Result<Account, Problem> {
    find(who, id.or(who.scope().acting().map(|own| own.0)).ok_or(Problem::NotFound)?).await
}

fn page(who: &Signed, parent: Account, form: Form, complaints: Complaints) -> Page {
    let shell = who.shell("account-new");
    let mut roles: Vec<_> = roles_below(who, &parent).map(|role| (role.to_string(), who.book().terms(role).label)).collect();
    if roles.len() > 1 {
        // the first of them is the most powerful: nobody gives that because he did not look
        roles.insert(0, (String::new(), shell.t("role-choose")));
    }
    Page { shell, form, complaints, parent, roles }
}

pub(super) async fn show(who: Signed, query: Query) -> Result<Response, Problem> {
    let parent = parent(&who, query.parse("parent")).await?;
    html(&page(&who, parent, Form::default(), Complaints::default()))
}

pub(super) async fn add(who: Signed, form: Form) -> Result<Response, Problem> {
    let parent = parent(&who, Some(form.text("parent").parse().map_err(|_| Problem::NotFound)?)).await?;
    let mut complaints = Complaints::default();
    if form.text("role").is_empty() {
        complaints.add("role", who.shell("account-new").t("role-missing"));
    }
    let Some(role) = form.parse::<Role>("role", &mut complaints) else { return refill(&page(&who, parent, form, complaints)) };
    let new = NewAccount {
        name: form.text("name").to_owned(),
        email: form.filled("email").map(str::to_owned),
        full_name: form.text("full_name").to_owned(),
        phone: form.ascii("phone").into_owned(),
        role,
        parent: Some(parent.name.clone()),
    };
    match add_account(&who.db(), &*who.ids()?, who.scope(), &new, who.now()).await {
        Ok(account) => Ok(go(&format!("/accounts/{}?said=account-added", account.id), &[])),
        Err(error) => {
            let complaints = super::complaint(error, &new.name)?;
            refill(&page(&who, parent, form, complaints))
        }
    }
}
