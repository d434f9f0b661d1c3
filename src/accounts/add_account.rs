//! Adding an account.

use super::account::{check_account_name, check_email, check_text};
use super::role::Role;
use super::set_account::check_is_free;
use super::sql::NewAccountRow;
use super::{Account, AccountError, AccountPath, Denial, Scope, Target, change, may_create, sql};
use crate::store::{AuditEntry, Db, IdMaker, StoreError};
use crate::units::{AccountId, UnixMs};

/// What is said of a new account.
#[derive(Debug, Clone)]
pub struct NewAccount {
    /// For signing in.
    pub name: String,
    /// For signing in.
    pub email: Option<String>,
    /// For people.
    pub full_name: String,
    /// For people.
    pub phone: String,
    /// What it is.
    pub role: Role,
    /// The account above it; `None` for the one that acts. The command line must name one, except for a Developer, who stands alone.
    pub parent: Option<String>,
}

/// Adds an account without a password: a set-up link or `account passwd` gives it one.
pub async fn add_account(db: &Db, ids: &IdMaker, scope: &Scope, new: &NewAccount, now: UnixMs) -> Result<Account, AccountError> {
    let name = check_account_name(&new.name)?;
    let email = new.email.as_deref().map(check_email).transpose()?;
    let (full_name, phone) = (check_text("full name", &new.full_name)?, check_text("phone number", &new.phone)?);
    let mut tx = db.begin().await?;
    let change = change::begin(&mut tx, scope, now).await?;
    let parent = match (new.role, &new.parent) {
        (Role::SuperAdmin, _) => return Err(AccountError::RoleReserved("a Super Admin comes with his tenant: add a tenant")),
        (Role::Developer, None) if scope.acting.is_none() => None,
        (Role::Developer, _) => return Err(Denial::MayNotCreate(Role::Developer).into()),
        (_, Some(parent)) => Some(change.account(&mut tx, parent).await?),
        (_, None) => {
            let own = scope.acting.ok_or(AccountError::RoleReserved("name the account above it"))?;
            sql::find_account_by_id(&mut tx, &Scope { sees: change.scope.own.clone(), ..change.scope.clone() }, own).await?
        }
    };
    if let Some(parent) = &parent {
        let below = Target { path: parent.path.clone(), role: parent.role, level: change.book.level(parent.role) };
        may_create(&change.scope, new.role, change.book.level(new.role), &below)?;
    } else if new.role != Role::Developer {
        return Err(Denial::MayNotCreate(new.role).into());
    }
    let id = AccountId(ids.next(now));
    let path = parent.as_ref().map_or(AccountPath::TOP, |p| p.path.clone()).child(id);
    if path.depth() > super::path::MAX_DEPTH {
        return Err(Denial::WrongParent { role: new.role, parent: parent.map_or(new.role, |p| p.role) }.into());
    }
    check_is_free(&mut tx, change.tenant(), id, &name, email.as_deref()).await?;
    let row = NewAccountRow {
        id,
        parent: parent.map(|p| p.id),
        path,
        name: &name,
        email: email.as_deref(),
        full_name: &full_name,
        phone: &phone,
        role: new.role,
    };
    sql::insert_account(&mut tx, change.tenant(), &row, now).await?;
    let whole = Scope::administrator(change.tenant());
    let account = sql::find_account_by_id(&mut tx, &whole, id).await?;
    let account = account.ok_or_else(|| StoreError::Unexpected("an account that was just added is not there".into()))?;
    tx.audit(AuditEntry::new(change.tenant().0, "account.add", "accounts", id.0, &name).after(&account));
    tx.changed(change.tenant().0, "accounts", id.0);
    tx.commit(now).await?;
    Ok(account)
}
