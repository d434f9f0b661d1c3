//! Accounts: the tree, one account with what it holds, adding, changing, permissions, and what is done to it.

mod actions;
mod create;
mod edit;
mod list;
mod permissions;
mod show;

use crate::accounts::capability::Capability;
use crate::accounts::{Account, AccountError, Target, find_account_by_id, may_manage};
use crate::units::AccountId;
use crate::web::{Complaints, Guard, Problem, Routes, Signed};

pub use list::LIST;

const VIEW: Guard = Guard::Any(&[Capability::AccountsView]);
const EXPORT: Guard = Guard::All(&[Capability::AccountsView, Capability::ReportsExport]);
const CREATE: Guard = Guard::Any(&[Capability::AccountsCreate]);
const EDIT: Guard = Guard::Any(&[Capability::AccountsEdit]);
const SUSPEND: Guard = Guard::Any(&[Capability::AccountsSuspend]);
const TRANSFER: Guard = Guard::Any(&[Capability::AccountsTransfer]);
const PERMIT: Guard = Guard::Any(&[Capability::AccountsPermit]);

/// Its routes.
pub fn routes() -> Routes {
    list::routes()
        .get("/accounts/new", CREATE, create::show)
        .post("/accounts/new", CREATE, create::add)
        .get("/accounts/{id}", VIEW, show::show)
        .get("/accounts/{id}/edit", EDIT, edit::show)
        .post("/accounts/{id}/edit", EDIT, edit::change)
        .post("/accounts/{id}/suspend", SUSPEND, actions::suspend)
        .post("/accounts/{id}/restore", SUSPEND, actions::restore)
        .post("/accounts/{id}/transfer", TRANSFER, actions::transfer)
        .post("/accounts/{id}/setup-link", EDIT, actions::setup_link)
        .post("/accounts/{id}/reset-second-factor", EDIT, actions::reset_factor)
        .post("/accounts/{id}/end-sign-ins", EDIT, actions::end_all_sign_ins)
        .post("/accounts/{id}/api-keys/{key}/revoke", EDIT, actions::revoke_key)
        .post("/accounts/{id}/permissions", PERMIT, permissions::give)
        .post("/accounts/{id}/permissions/revoke", PERMIT, permissions::take)
}

/// The account of a path, if the scope sees it: else there is none.
async fn find(who: &Signed, id: i64) -> Result<Account, Problem> {
    let mut conn = who.site.db.read().await?;
    find_account_by_id(&mut conn, who.scope(), AccountId(id)).await?.ok_or(Problem::NotFound)
}

/// Whether whoever is signed in may do this to the account: for buttons. The use cases ask again.
fn may(who: &Signed, account: &Account, capability: Capability) -> bool {
    let target = Target { path: account.path.clone(), role: account.role, level: who.book().level(account.role) };
    may_manage(who.scope(), &target, capability).is_ok()
}

/// What can be said at a field of the form of an account; other errors are pages of their own.
fn complaint(error: AccountError, name: &str) -> Result<Complaints, Problem> {
    let field = match &error {
        AccountError::BadAccountName(_) => "name",
        AccountError::BadEmail(_) => "email",
        AccountError::SignInNameTaken(taken) if taken.eq_ignore_ascii_case(name) => "name",
        AccountError::SignInNameTaken(_) => "email",
        AccountError::RoleReserved(_) => "role",
        AccountError::BadField(_) => "",
        _ => return Err(error.into()),
    };
    Ok(Complaints::about(field, error.to_string()))
}

/// Shape and word of an account's state: the class of its mark, the id of its text.
fn state(account: &Account) -> (&'static str, &'static str) {
    match (account.suspended_at, account.is_suspended, account.has_password) {
        (Some(_), _, _) => ("bad", "account-suspended"),
        (None, true, _) => ("bad", "account-suspended-above"),
        (None, false, false) => ("pending", "account-pending"),
        (None, false, true) => ("ok", "account-active"),
    }
}
