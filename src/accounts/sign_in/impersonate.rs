//! Looking through another account's eyes ("View as"): downward only, with a reason, for half an hour, and both can read it in the audit log.

use super::check::may_look_through;
use super::{Guest, Impersonation, Principal, SIGN_IN_PREFIX, SignInDesk};
use crate::accounts::account::check_text;
use crate::accounts::change::{self, Whom};
use crate::accounts::{AccountError, SecretToken, sql};
use crate::store::AuditEntry;
use crate::units::UnixMs;

impl SignInDesk {
    /// Begins; the sign-in gets a new token, and the old one is void.
    pub async fn begin_impersonation(
        &self,
        principal: &Principal,
        target: impl Into<Whom<'_>>,
        reason: &str,
        guest: &Guest,
        now: UnixMs,
    ) -> Result<(SecretToken, Impersonation), AccountError> {
        if principal.impersonation.is_some() {
            return Err(AccountError::Impersonation("stop looking through this account's eyes first"));
        }
        let reason = check_text("reason", reason.trim())?;
        if reason.is_empty() {
            return Err(AccountError::Impersonation("say why: the other account's holder will read it"));
        }
        let mut tx = self.db_for(principal.account, &principal.account_name, guest).begin().await?;
        let account = change::find(&mut tx, &principal.scope, target).await?;
        let theirs = sql::find_standing(&mut tx, account.id, now).await?;
        if !theirs.is_some_and(|theirs| may_look_through(&principal.scope, &theirs)) {
            return Err(AccountError::Impersonation(
                "only through the eyes of active accounts below one's own, and only with the capability accounts.impersonate",
            ));
        }
        let until = now + i64::from(self.rules.impersonation_secs) * 1000;
        let token = SecretToken::new(SIGN_IN_PREFIX);
        sql::update_as(&mut tx, principal.home, principal.sign_in_id, Some(account.id), &reason, Some(until)).await?;
        if sql::update_token(&mut tx, principal.home, principal.sign_in_id, &token.hash(), now).await? != 1 {
            return Err(AccountError::NotSignedIn("this sign-in was ended"));
        }
        let entry = AuditEntry::new(account.tenant_id.0, "impersonation.begin", "accounts", account.id.0, &account.name);
        tx.audit(entry.note("reason", &reason).note("until", until));
        tx.commit(now).await?;
        Ok((token, Impersonation { account: account.id, name: account.name, reason, until }))
    }

    /// Ends; the sign-in gets a new token again.
    pub async fn end_impersonation(&self, principal: &Principal, guest: &Guest, now: UnixMs) -> Result<SecretToken, AccountError> {
        let through = principal.impersonation.as_ref().ok_or(AccountError::Impersonation("you look through your own eyes"))?;
        let mut tx = self.db_for(principal.account, &principal.account_name, guest).begin().await?;
        let token = SecretToken::new(SIGN_IN_PREFIX);
        sql::update_as(&mut tx, principal.home, principal.sign_in_id, None, "", None).await?;
        if sql::update_token(&mut tx, principal.home, principal.sign_in_id, &token.hash(), now).await? != 1 {
            return Err(AccountError::NotSignedIn("this sign-in was ended"));
        }
        tx.audit(AuditEntry::new(principal.scope.tenant().0, "impersonation.end", "accounts", through.account.0, &through.name));
        tx.commit(now).await?;
        Ok(token)
    }
}
