//! How every change of accounts begins: the tenant's accounts are taken for this transaction alone, and whoever acts is looked at again as he is now.

use super::capability::Capability;
use super::{Account, AccountError, RoleBook, Scope, Target, may_manage, sql};
use crate::store::{Conn, Tx};
use crate::units::{AccountId, TenantId, UnixMs};

/// How an account is named by whoever asks: by what people type, or by what a page holds.
#[derive(Debug, Clone, Copy)]
pub enum Whom<'a> {
    /// Its name or e-mail address.
    Named(&'a str),
    /// Its id.
    Id(AccountId),
}

impl<'a> From<&'a str> for Whom<'a> {
    fn from(name: &'a str) -> Whom<'a> {
        Whom::Named(name)
    }
}

impl<'a> From<&'a String> for Whom<'a> {
    fn from(name: &'a String) -> Whom<'a> {
        Whom::Named(name)
    }
}

impl From<AccountId> for Whom<'_> {
    fn from(id: AccountId) -> Self {
        Whom::Id(id)
    }
}

/// What a change works with: the actor as he is now, and the tenant's roles.
pub(super) struct Change {
    pub scope: Scope,
    pub book: RoleBook,
}

/// Locks the tenant's accounts, so that no two changes can together do what neither may (a circle, a permission passed on while it is taken).
/// What a request was allowed when it began may be gone by now, so the actor's scope is narrowed to what he still is.
pub(super) async fn begin(tx: &mut Tx, scope: &Scope, now: UnixMs) -> Result<Change, AccountError> {
    sql::update_lock_accounts(tx, scope.tenant).await?;
    Ok(Change { scope: refreshed(tx, scope, now).await?, book: sql::list_role_book(tx, scope.tenant).await? })
}

async fn refreshed(tx: &mut Tx, scope: &Scope, now: UnixMs) -> Result<Scope, AccountError> {
    let Some(acting) = scope.acting else { return Ok(scope.clone()) };
    let standing = sql::find_standing(tx, acting, now).await?.filter(|s| s.suspended_by.is_none());
    let current = standing.and_then(|s| s.scope_in(scope.tenant)).ok_or(AccountError::NotSignedIn("this account was suspended"))?;
    Ok(Scope { held: current.held.and(&scope.held), is_impersonated: scope.is_impersonated, ..current })
}

/// The account that is meant, if the scope sees it.
pub(super) async fn find(conn: &mut Conn, scope: &Scope, whom: impl Into<Whom<'_>>) -> Result<Account, AccountError> {
    let (found, said) = match whom.into() {
        Whom::Named(name) => (sql::find_account_by_name(conn, scope, name).await?, name.to_owned()),
        Whom::Id(id) => (sql::find_account_by_id(conn, scope, id).await?, id.to_string()),
    };
    found.ok_or(AccountError::UnknownAccount(said))
}

impl Change {
    /// The account that is meant; what the actor does not see is unknown.
    pub async fn account(&self, tx: &mut Tx, whom: impl Into<Whom<'_>>) -> Result<Account, AccountError> {
        find(tx, &self.scope, whom).await
    }

    /// The same, if the actor may do this to it.
    pub async fn managed(&self, tx: &mut Tx, whom: impl Into<Whom<'_>>, capability: Capability) -> Result<Account, AccountError> {
        let account = self.account(tx, whom).await?;
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
