//! Changing an account: its fields, its role, suspension, menu groups.

use super::account::{check_account_name, check_email, check_text};
use super::capability::{Capability, Menu};
use super::change::{self, Change, Whom};
use super::role::Role;
use super::{Account, AccountError, Denial, Scope, may_create, may_stand_below, sql};
use crate::store::{AuditEntry, Db, Tx};
use crate::units::{AccountId, TenantId, UnixMs};

/// What to change; `None` leaves a field as it is.
#[derive(Debug, Clone, Default)]
pub struct AccountChanges {
    /// New name for signing in.
    pub name: Option<String>,
    /// New e-mail address; `Some(None)` removes it.
    pub email: Option<Option<String>>,
    /// For people.
    pub full_name: Option<String>,
    /// For people.
    pub phone: Option<String>,
    /// Another role. What the account above could not have made is refused, also where accounts below would not fit any more.
    pub role: Option<Role>,
    /// Menu groups that are switched off.
    pub disabled_menus: Option<Vec<Menu>>,
    /// When the account was last changed as whoever asks has seen it; a later change refuses this one. `None` changes it whatever it is.
    pub since: Option<UnixMs>,
}

/// Changes an account below the one that acts; open sign-ins follow at once.
pub async fn set_account(
    db: &Db,
    scope: &Scope,
    whom: impl Into<Whom<'_>>,
    changes: &AccountChanges,
    now: UnixMs,
) -> Result<Account, AccountError> {
    let mut tx = db.begin().await?;
    let change = change::begin(&mut tx, scope, now).await?;
    let before = change.managed(&mut tx, whom, Capability::AccountsEdit).await?;
    if changes.since.is_some_and(|seen| seen != before.updated_at) {
        return Err(AccountError::Outdated);
    }
    let mut after = before.clone();
    apply_fields(&mut after, changes)?;
    if let Some(menus) = &changes.disabled_menus {
        // what stands behind a menu group may only be given by somebody who holds it
        let back = before.disabled_menus.iter().filter(|m| !menus.contains(m));
        if let Some(missing) = back.flat_map(|m| m.capabilities().iter()).find(|c| !change.scope.may(*c)) {
            return Err(Denial::NotHeld(missing).into());
        }
        after.disabled_menus.clone_from(menus);
        after.disabled_menus.sort_unstable();
        after.disabled_menus.dedup();
    }
    if let Some(role) = changes.role.filter(|r| *r != before.role) {
        check_new_role(&mut tx, &change, &before, role).await?;
        after.role = role;
    }
    write(&mut tx, &change, &before, &after, "account.set", now).await?;
    tx.commit(now).await?;
    Ok(after)
}

/// Changes what an account may say of itself: its full name, phone number and e-mail address.
pub async fn set_own_account(db: &Db, scope: &Scope, changes: &AccountChanges, now: UnixMs) -> Result<Account, AccountError> {
    scope.require_himself()?;
    let own = AccountChanges { name: None, role: None, disabled_menus: None, ..changes.clone() };
    let mut tx = db.begin().await?;
    let change = change::begin(&mut tx, scope, now).await?;
    let before = own_account(&mut tx, &change.scope).await?;
    let mut after = before.clone();
    apply_fields(&mut after, &own)?;
    write(&mut tx, &change, &before, &after, "account.set-own", now).await?;
    tx.commit(now).await?;
    Ok(after)
}

/// The account that acts.
pub(super) async fn own_account(tx: &mut Tx, scope: &Scope) -> Result<Account, AccountError> {
    let id = scope.acting.ok_or(AccountError::NotSignedIn("the command line is no account"))?;
    let whole = Scope::administrator(scope.tenant);
    sql::find_account_by_id(tx, &whole, id).await?.ok_or_else(|| AccountError::UnknownAccount(scope.name.clone()))
}

/// Suspends an account: nobody of its subtree can sign in or act, and open sign-ins end.
pub async fn suspend_account(
    db: &Db,
    scope: &Scope,
    whom: impl Into<Whom<'_>>,
    reason: &str,
    now: UnixMs,
) -> Result<Account, AccountError> {
    let reason = check_text("reason", reason)?;
    let mut tx = db.begin().await?;
    let change = change::begin(&mut tx, scope, now).await?;
    let before = change.managed(&mut tx, whom, Capability::AccountsSuspend).await?;
    let after =
        Account { suspended_at: Some(before.suspended_at.unwrap_or(now)), suspended_reason: reason, is_suspended: true, ..before.clone() };
    write(&mut tx, &change, &before, &after, "account.suspend", now).await?;
    sql::end_sign_ins_below(&mut tx, &change.scope, &before.path, "suspended", now).await?;
    tx.commit(now).await?;
    Ok(after)
}

/// Lifts a suspension. Accounts below that were suspended by themselves stay so, and everybody signs in anew.
pub async fn restore_account(db: &Db, scope: &Scope, whom: impl Into<Whom<'_>>, now: UnixMs) -> Result<Account, AccountError> {
    let mut tx = db.begin().await?;
    let change = change::begin(&mut tx, scope, now).await?;
    let before = change.managed(&mut tx, whom, Capability::AccountsSuspend).await?;
    let lifted = Account { suspended_at: None, suspended_reason: String::new(), ..before.clone() };
    write(&mut tx, &change, &before, &lifted, "account.restore", now).await?;
    // an account above may be suspended still
    let after = change.account(&mut tx, before.id).await?;
    tx.commit(now).await?;
    Ok(after)
}

/// Gives an account another one above it, with all below it and all they own. Permissions whose granter is not above it any more say nothing.
pub async fn transfer_account(
    db: &Db,
    scope: &Scope,
    whom: impl Into<Whom<'_>>,
    new_parent: impl Into<Whom<'_>>,
    now: UnixMs,
) -> Result<Account, AccountError> {
    let mut tx = db.begin().await?;
    let change = change::begin(&mut tx, scope, now).await?;
    let before = change.managed(&mut tx, whom, Capability::AccountsTransfer).await?;
    let parent = change.account(&mut tx, new_parent).await?;
    if before.path.covers(&parent.path) {
        return Err(AccountError::Circle(before.name));
    }
    may_create(&change.scope, before.role, change.book.level(before.role), &change.target(&parent))?;
    let after = Account { path: parent.path.child(before.id), updated_at: now, ..before.clone() };
    let (_, deepest) = sql::count_subtree(&mut tx, &change.scope, &before.path).await?;
    if parent.path.depth() + 1 + (deepest as usize).saturating_sub(before.path.depth()) > super::path::MAX_DEPTH {
        return Err(Denial::WrongParent { role: before.role, parent: parent.role }.into());
    }
    sql::update_parent(&mut tx, &change.scope, before.id, parent.id, now).await?;
    sql::update_paths(&mut tx, &change.scope, &before.path, &after.path).await?;
    let old_parent = match before.path.parent() {
        Some(id) => sql::find_account_by_id(&mut tx, &Scope::administrator(change.tenant()), id).await?.map(|a| a.name),
        None => None,
    };
    let entry = AuditEntry::new(change.tenant().0, "account.transfer", "accounts", before.id.0, &before.name);
    tx.audit(entry.before(&serde_json::json!({ "parent": old_parent })).after(&serde_json::json!({ "parent": parent.name })));
    tx.changed(change.tenant().0, "accounts", 0);
    tx.commit(now).await?;
    Ok(after)
}

fn apply_fields(account: &mut Account, changes: &AccountChanges) -> Result<(), AccountError> {
    if let Some(name) = &changes.name {
        account.name = check_account_name(name)?;
    }
    if let Some(email) = &changes.email {
        account.email = email.as_deref().map(check_email).transpose()?;
    }
    if let Some(full_name) = &changes.full_name {
        account.full_name = check_text("full name", full_name)?;
    }
    if let Some(phone) = &changes.phone {
        account.phone = check_text("phone number", phone)?;
    }
    Ok(())
}

/// A new role is one that the actor could create there, and under which the accounts below still fit.
async fn check_new_role(tx: &mut Tx, change: &Change, account: &Account, role: Role) -> Result<(), AccountError> {
    let fixed = |r| matches!(r, Role::Developer | Role::SuperAdmin);
    if fixed(role) || fixed(account.role) {
        return Err(AccountError::RoleReserved("Developers and Super Admins keep their role"));
    }
    let whole = Scope::administrator(change.tenant());
    let parent = match account.path.parent() {
        Some(id) => sql::find_account_by_id(tx, &whole, id).await?,
        None => None,
    };
    let parent = parent.ok_or_else(|| AccountError::UnknownAccount(account.name.clone()))?;
    may_create(&change.scope, role, change.book.level(role), &change.target(&parent))?;
    for child in sql::list_children_roles(tx, &change.scope, account.id).await? {
        may_stand_below(child, role)?;
    }
    Ok(())
}

async fn write(
    tx: &mut Tx,
    change: &Change,
    before: &Account,
    after: &Account,
    verb: &'static str,
    now: UnixMs,
) -> Result<(), AccountError> {
    check_is_free(tx, change.tenant(), after.id, &after.name, after.email.as_deref()).await?;
    sql::update_account(tx, &change.scope, after, now).await?;
    tx.audit(AuditEntry::new(change.tenant().0, verb, "accounts", before.id.0, &before.name).before(before).after(after));
    tx.changed(change.tenant().0, "accounts", before.id.0);
    Ok(())
}

/// Refuses a name or an e-mail address that another account of the tenant has; that much everybody learns who names accounts. Looked for beforehand: on PostgreSQL a
/// violated constraint ends the transaction. The tenant's accounts are locked, so nobody comes between.
pub(super) async fn check_is_free(
    tx: &mut Tx,
    tenant: TenantId,
    id: AccountId,
    name: &str,
    email: Option<&str>,
) -> Result<(), AccountError> {
    let whole = Scope::administrator(tenant);
    for wanted in [Some(name), email].into_iter().flatten() {
        if sql::find_account_by_name(tx, &whole, wanted).await?.is_some_and(|holder| holder.id != id) {
            return Err(AccountError::SignInNameTaken(wanted.to_owned()));
        }
    }
    Ok(())
}
