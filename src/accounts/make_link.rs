//! Links for accounts, each good once: those with which their holders choose a password, and those that sign in by themselves.

use super::capability::Capability;
use super::change::{self, Whom};
use super::sql::LinkRow;
use super::{AccountError, Scope, SecretToken, sql};
use crate::store::{AuditEntry, Db, IdMaker, Tx};
use crate::units::{AccountId, TenantId, UnixMs};

/// How long a set-up link is good, unless said otherwise.
pub const LINK_SECS: u32 = 86_400;
const LONGEST_LINK_SECS: u32 = 30 * 86_400;

/// What a link does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum LinkKind {
    /// Asks its holder for a new password.
    SetsUp,
    /// Signs in by itself.
    SignsIn,
}

/// A link to be, for an account that the caller may give one to.
pub(super) struct NewLink<'a> {
    pub kind: LinkKind,
    pub tenant: TenantId,
    pub account: AccountId,
    pub name: &'a str,
    pub valid_secs: u32,
}

/// Makes the link, notes it, and returns its token and when it runs out. Older ones of its kind and account are void.
pub(super) async fn insert_link(tx: &mut Tx, ids: &IdMaker, new: &NewLink<'_>, now: UnixMs) -> Result<(SecretToken, UnixMs), AccountError> {
    let (tenant, id, name) = (new.tenant.0, new.account.0, new.name);
    let (prefix, entry) = match new.kind {
        LinkKind::SetsUp => ("tgl_", AuditEntry::new(tenant, "account.setup-link", "accounts", id, name)),
        LinkKind::SignsIn => ("tgi_", AuditEntry::new(tenant, "account.sign-in-link", "accounts", id, name)),
    };
    let (token, expires_at) = (SecretToken::new(prefix), now + i64::from(new.valid_secs) * 1000);
    let row = LinkRow { hash: &token.hash(), expires_at, signs_in: new.kind == LinkKind::SignsIn };
    sql::insert_link(tx, new.tenant, new.account, ids.next(now), &row, now).await?;
    tx.audit(entry.note("expires_at", expires_at));
    Ok((token, expires_at))
}

/// A one-time link with which the holder of an account below chooses a password; older ones are void. Returns the token and when it runs out.
pub async fn make_setup_link(
    db: &Db,
    ids: &IdMaker,
    scope: &Scope,
    whom: impl Into<Whom<'_>>,
    valid_secs: u32,
    now: UnixMs,
) -> Result<(SecretToken, UnixMs), AccountError> {
    scope.require_himself()?;
    if !(60..=LONGEST_LINK_SECS).contains(&valid_secs) {
        return Err(AccountError::BadField("a set-up link is good for a minute to thirty days".to_owned()));
    }
    let mut tx = db.begin().await?;
    let change = change::begin(&mut tx, scope, now).await?;
    let account = change.managed(&mut tx, whom, Capability::AccountsEdit).await?;
    let new = NewLink { kind: LinkKind::SetsUp, tenant: change.tenant(), account: account.id, name: &account.name, valid_secs };
    let made = insert_link(&mut tx, ids, &new, now).await?;
    tx.commit(now).await?;
    Ok(made)
}

/// A link that signs in once, for an account of the administrator's tenant; older ones of the account are void. The demo prints one for each role.
pub async fn make_sign_in_link(
    db: &Db,
    ids: &IdMaker,
    scope: &Scope,
    whom: impl Into<Whom<'_>>,
    valid_secs: u32,
    now: UnixMs,
) -> Result<SecretToken, AccountError> {
    if scope.acting().is_some() {
        return Err(AccountError::RoleReserved("only commands on the server make links that sign in"));
    }
    let mut tx = db.begin().await?;
    let change = change::begin(&mut tx, scope, now).await?;
    let account = change.account(&mut tx, whom).await?;
    let new = NewLink { kind: LinkKind::SignsIn, tenant: change.tenant(), account: account.id, name: &account.name, valid_secs };
    let (token, _) = insert_link(&mut tx, ids, &new, now).await?;
    tx.commit(now).await?;
    Ok(token)
}

/// While no account of the tenant has a password: a link for its Super Admin. A tenant that is not there has none.
pub async fn first_setup_link(db: &Db, ids: &IdMaker, tenant: &str, now: UnixMs) -> Result<Option<SecretToken>, AccountError> {
    let mut conn = db.read().await?;
    let Some(tenant) = sql::find_tenant(&mut conn, tenant).await? else { return Ok(None) };
    let Some(name) = sql::find_first_without_password(&mut conn, tenant.id).await? else { return Ok(None) };
    drop(conn);
    let (token, _) = make_setup_link(db, ids, &Scope::administrator(tenant.id), &name, LINK_SECS, now).await?;
    Ok(Some(token))
}
