//! Permissions one by one: giving them with an end, taking them.

use axum::response::Response;

use super::{find, show};
use crate::accounts::capability::{Capability, CapabilitySet, Menu};
use crate::accounts::{AccountError, permit, revoke};
use crate::units::parse_instant;
use crate::web::{Complaints, Form, Id, Problem, Shell, Signed, ascii_digits, go};

/// What somebody holds, by menu group, in words.
pub(super) fn by_group(shell: &Shell, held: CapabilitySet) -> Vec<(String, Vec<String>)> {
    let groups = Menu::ALL.iter().map(|menu| Some(*menu)).chain([None]);
    let words = |group: Option<Menu>| held.iter().filter(|c| c.menu() == group).map(|c| shell.capability(&c)).collect::<Vec<_>>();
    groups
        .map(|group| (shell.t2("menu-group", group.map_or("always", |menu| menu.as_str())), words(group)))
        .filter(|(_, words)| !words.is_empty())
        .collect()
}

/// What whoever is signed in could give to somebody who holds this much.
pub(super) fn permittable(who: &Signed, shell: &Shell, held: CapabilitySet) -> Vec<(String, String)> {
    let mine = who.scope().held().whole().without(held);
    mine.iter().map(|c| (c.as_str().to_owned(), shell.capability(&c))).collect()
}

pub(super) async fn give(who: Signed, Id(id): Id, form: Form) -> Result<Response, Problem> {
    let account = find(&who, id).await?;
    let mut complaints = Complaints::default();
    let capability = form.parse::<Capability>("capability", &mut complaints);
    let until = form.filled("until").map(|text| parse_instant(&ascii_digits(text), &who.tenant.zone())).transpose();
    let until = until.map_err(|why| complaints.add("until", why)).ok().flatten();
    if let Some(capability) = capability.filter(|_| complaints.is_empty()) {
        match permit(&who.db(), who.scope(), account.id, capability, form.text("resource"), until, who.now()).await {
            Ok(_) => return Ok(go(&format!("/accounts/{id}?said=permission-given"), &[])),
            Err(AccountError::BadField(why)) => complaints.add(if until.is_some() { "until" } else { "resource" }, why),
            Err(error) => return Err(error.into()),
        }
    }
    show::again(&who, id, form, complaints).await
}

pub(super) async fn take(who: Signed, Id(id): Id, form: Form) -> Result<Response, Problem> {
    let account = find(&who, id).await?;
    let capability = form.text("capability").parse::<Capability>().map_err(|_| Problem::NotFound)?;
    match revoke(&who.db(), who.scope(), account.id, capability, form.text("resource"), who.now()).await {
        Ok(_) => Ok(go(&format!("/accounts/{id}?said=permission-taken"), &[])),
        Err(AccountError::UnknownPermission { .. }) => Err(Problem::NotFound),
        Err(error) => Err(error.into()),
    }
}
