//! Signing in by a link that does so by itself, once.

use super::{Guest, Opened, SignInDesk};
use crate::accounts::{AccountError, sql, token_hash};
use crate::store::IdMaker;
use crate::units::UnixMs;

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
