//! Giving and taking permissions, and changing what a role means in a tenant.

use super::capability::{Capability, CapabilitySet};
use super::change::Whom;
use super::role::{Role, RoleChange, RoleTerms};
use super::{AccountError, Denial, Permission, Scope, change, may_edit_role, may_permit, may_rename_role, sql};
use crate::store::{AuditEntry, Db};
use crate::units::UnixMs;

const MAX_RESOURCE_CHARS: usize = 64;
const MAX_LABEL_CHARS: usize = 40;

/// Gives an account a capability, for one resource (empty for all) and until an instant (`None` for good). It holds as long as the granter stands above the
/// account and holds it himself.
pub async fn permit(
    db: &Db,
    scope: &Scope,
    whom: impl Into<Whom<'_>>,
    capability: Capability,
    resource: &str,
    expires_at: Option<UnixMs>,
    now: UnixMs,
) -> Result<Permission, AccountError> {
    if resource.chars().count() > MAX_RESOURCE_CHARS || resource.chars().any(|c| c.is_control() || c.is_whitespace()) {
        return Err(AccountError::BadField(format!(
            "a resource has at most {MAX_RESOURCE_CHARS} characters and no spaces, such as zone:5"
        )));
    }
    if expires_at.is_some_and(|at| at <= now) {
        return Err(AccountError::BadField("a permission cannot end in the past".to_owned()));
    }
    // a permission counts by who gave it, so nobody gives one in another's name
    scope.require_himself()?;
    let mut tx = db.begin().await?;
    let change = change::begin(&mut tx, scope, now).await?;
    let account = change.managed(&mut tx, whom, Capability::AccountsPermit).await?;
    may_permit(&change.scope, &change.target(&account), capability, resource)?;
    let permission = Permission {
        capability,
        resource: resource.to_owned(),
        granter: change.scope.acting,
        granted_by: change.scope.name.clone(),
        granted_at: now,
        expires_at,
    };
    sql::insert_permission(&mut tx, &change.scope, account.id, &permission).await?;
    tx.audit(AuditEntry::new(change.tenant().0, "account.permit", "accounts", account.id.0, &account.name).after(&permission));
    tx.changed(change.tenant().0, "accounts", account.id.0);
    tx.commit(now).await?;
    Ok(permission)
}

/// Takes a permission away.
pub async fn revoke(
    db: &Db,
    scope: &Scope,
    whom: impl Into<Whom<'_>>,
    capability: Capability,
    resource: &str,
    now: UnixMs,
) -> Result<Permission, AccountError> {
    let mut tx = db.begin().await?;
    let change = change::begin(&mut tx, scope, now).await?;
    let account = change.managed(&mut tx, whom, Capability::AccountsPermit).await?;
    may_permit(&change.scope, &change.target(&account), capability, resource)?;
    let given = sql::list_permissions(&mut tx, &change.scope, account.id).await?;
    let given = given.into_iter().find(|p| p.capability == capability && p.resource == resource);
    let given = given.ok_or_else(|| AccountError::UnknownPermission {
        account: account.name.clone(),
        capability: capability.to_string(),
        resource: resource.to_owned(),
    })?;
    sql::delete_permission(&mut tx, &change.scope, account.id, &given).await?;
    tx.audit(AuditEntry::new(change.tenant().0, "account.revoke", "accounts", account.id.0, &account.name).before(&given));
    tx.changed(change.tenant().0, "accounts", account.id.0);
    tx.commit(now).await?;
    Ok(given)
}

/// What to change of a role; `None` leaves it as it is.
#[derive(Debug, Clone, Default)]
pub struct RoleChanges {
    /// Its name for people; empty for the program's.
    pub label: Option<String>,
    /// Its level; `Some(None)` for the program's.
    pub level: Option<Option<u16>>,
    /// Held from now on.
    pub add: CapabilitySet,
    /// Not held from now on.
    pub withhold: CapabilitySet,
    /// Forget all earlier changes of capabilities first.
    pub reset: bool,
    /// What the tenant had changed of it when these changes were made; refused as [`AccountError::Outdated`] if that is not so any more.
    pub since: Option<RoleChange>,
}

/// Changes what a role means in the tenant. Nobody changes the capabilities of his own role or of one above it, nor adds what he does not hold.
pub async fn set_role(db: &Db, scope: &Scope, role: Role, changes: &RoleChanges, now: UnixMs) -> Result<RoleTerms, AccountError> {
    let mut tx = db.begin().await?;
    let now_scope = change::begin(&mut tx, scope, now).await?;
    let (scope, book) = (&now_scope.scope, &now_scope.book);
    let only_label = changes.level.is_none() && changes.add.is_empty() && changes.withhold.is_empty() && !changes.reset;
    let may = if only_label { may_rename_role(scope, role, book.level(role)) } else { may_edit_role(scope, book.level(role)) };
    may?;
    let before = book.terms(role);
    let mut change = book.change(role);
    if changes.since.as_ref().is_some_and(|since| *since != change) {
        return Err(AccountError::Outdated);
    }
    if changes.reset {
        (change.added, change.withheld) = (CapabilitySet::EMPTY, CapabilitySet::EMPTY);
    }
    change.added = change.added.or(changes.add).without(changes.withhold);
    change.withheld = change.withheld.or(changes.withhold).without(changes.add);
    if let Some(label) = &changes.label {
        if label.chars().count() > MAX_LABEL_CHARS || label.chars().any(char::is_control) {
            return Err(AccountError::BadRole(format!("a role's name has at most {MAX_LABEL_CHARS} characters")));
        }
        change.label = Some(label.clone()).filter(|l| !l.is_empty());
    }
    if let Some(level) = changes.level {
        change.level = level;
    }
    let changed = book.with(role, change.clone());
    changed.check().map_err(AccountError::BadRole)?;
    if !scope.outranks(changed.level(role)) {
        return Err(Denial::NotLower.into());
    }
    let after = changed.terms(role);
    let (gained, lost) = (after.capabilities.without(before.capabilities), before.capabilities.without(after.capabilities));
    if let Some(missing) = gained.or(lost).iter().find(|c| !scope.may(*c)) {
        return Err(Denial::NotHeld(missing).into());
    }
    sql::insert_role_change(&mut tx, scope, role, &change, now).await?;
    tx.audit(AuditEntry::new(scope.tenant.0, "role.set", "role_changes", 0, role.as_str()).before(&before).after(&after));
    tx.changed(scope.tenant.0, "role_changes", 0);
    tx.commit(now).await?;
    Ok(after)
}
