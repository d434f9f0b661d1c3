//! Links that sign in by themselves, once: the demo prints one for each role. Only commands on the server make them.

use super::{Guest, Opened, SignInDesk};
use crate::accounts::change::{self, Whom};
use crate::accounts::sql::LinkRow;
use crate::accounts::{AccountError, Scope, SecretToken, sql, token_hash};
use crate::store::{AuditEntry, Db, IdMaker};
use crate::units::UnixMs;

const LINK_PREFIX: &str = "tgi_";

/// Makes one for an account of the administrator's tenant; older ones of the account are void.
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
    let token = SecretToken::new(LINK_PREFIX);
    let link = LinkRow { hash: &token.hash(), expires_at: now + i64::from(valid_secs) * 1000, signs_in: true };
    sql::insert_link(&mut tx, change.tenant(), account.id, ids.next(now), &link, now).await?;
    tx.audit(
        AuditEntry::new(change.tenant().0, "account.sign-in-link", "accounts", account.id.0, &account.name)
            .note("expires_at", link.expires_at),
    );
    tx.commit(now).await?;
    Ok(token)
}

impl SignInDesk {
    /// Whose such a link is; it stays good.
    pub async fn look_at_sign_in_link(&self, token: &str, now: UnixMs) -> Result<String, AccountError> {
        let mut conn = self.db.read().await?;
        let (tenant, id) = sql::find_link(&mut conn, &token_hash(token), true, now).await?.ok_or(AccountError::LinkVoid)?;
        Ok(sql::find_secrets(&mut conn, tenant, id).await?.ok_or(AccountError::LinkVoid)?.name)
    }

    /// Signs in by such a link, which is used up. An account with a second factor or a suspension is refused.
    pub async fn open_by_link(&self, ids: &IdMaker, token: &str, guest: &Guest, now: UnixMs) -> Result<Opened, AccountError> {
        let mut conn = self.db.read().await?;
        let (tenant, id) = sql::find_link(&mut conn, &token_hash(token), true, now).await?.ok_or(AccountError::LinkVoid)?;
        let account = sql::find_secrets(&mut conn, tenant, id).await?.filter(|a| a.totp_at.is_none()).ok_or(AccountError::LinkVoid)?;
        if sql::find_standing(&mut conn, id, now).await?.is_none_or(|s| s.suspended_by.is_some()) {
            return Err(AccountError::LinkVoid);
        }
        drop(conn);
        let mut tx = self.db_for(id, &account.name, guest).begin().await?;
        sql::update_link(&mut tx, &token_hash(token), now).await?.ok_or(AccountError::LinkVoid)?;
        let opened = self.open(&mut tx, ids, &account, "link", guest, now).await?;
        tx.commit(now).await?;
        Ok(opened)
    }
}
