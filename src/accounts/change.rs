//! How every change of accounts begins: the tenant's accounts are taken for this transaction alone, and whoever acts is looked at again as he is now.

use super::capability::Capability;
use super::{Account, AccountError, RoleBook, Scope, Target, may_manage, sql};
use crate::store::Tx;
use crate::units::{TenantId, UnixMs};

/// What a change works with: the actor as he is now, and the tenant's roles.
pub(super) struct Change {
    pub scope: Scope,
    pub book: RoleBook,
}

/// Locks the tenant's accounts, so that no two changes can together do what neither may (a circle, a permission passed on while it is taken).
/// What a request was allowed when it began may be gone by now, so the actor's scope is narrowed to what he still is.
pub(super) async fn begin(tx: &mut Tx, scope: &Scope, now: UnixMs) -> Result<Change, AccountError> {
    sql::update_access_epoch(tx, scope.tenant).await?;
    Ok(Change { scope: refreshed(tx, scope, now).await?, book: sql::list_role_book(tx, scope.tenant).await? })
}

async fn refreshed(tx: &mut Tx, scope: &Scope, now: UnixMs) -> Result<Scope, AccountError> {
    let Some(acting) = scope.acting else { return Ok(scope.clone()) };
    let standing = sql::find_standing(tx, acting, now).await?.filter(|s| s.suspended_by.is_none());
    let current = standing.and_then(|s| s.scope_in(scope.tenant)).ok_or(AccountError::NotSignedIn("this account was suspended"))?;
    Ok(Scope { held: current.held.and(&scope.held), is_impersonated: scope.is_impersonated, ..current })
}

impl Change {
    /// The account of this name; what the actor does not see is unknown.
    pub async fn account(&self, tx: &mut Tx, name: &str) -> Result<Account, AccountError> {
        let found = sql::find_account_by_name(tx, &self.scope, name).await?;
        found.ok_or_else(|| AccountError::UnknownAccount(name.to_owned()))
    }

    /// The same, if the actor may do this to it.
    pub async fn managed(&self, tx: &mut Tx, name: &str, capability: Capability) -> Result<Account, AccountError> {
        let account = self.account(tx, name).await?;
        may_manage(&self.scope, &self.target(&account), capability)?;
        Ok(account)
    }

    /// An account as the rules see it.
    pub fn target(&self, account: &Account) -> Target {
        Target { path: account.path.clone(), role: account.role, level: self.book.level(account.role) }
    }

    /// Whose accounts change.
    pub fn tenant(&self) -> TenantId {
        self.scope.tenant
    }
}
