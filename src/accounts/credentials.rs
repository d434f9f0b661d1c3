//! Passwords and second factors of accounts: set by their holders, reset by those above them or on the command line.

use zeroize::Zeroizing;

use super::account::check_text;
use super::capability::Capability;
use super::change::Whom;
use super::set_account::own_account;
use super::sign_in::{Guest, Principal, SIGN_IN_PREFIX, SignInDesk, TOTP_PLACE};
use super::sql::SecretsRow;
use super::{Account, AccountError, PasswordHasher, Scope, SecretToken, change, check_password, sql, token_hash, totp};
use crate::store::{AuditEntry, Db, Tx};
use crate::units::{AccountId, TenantId, UnixMs};

/// How long the secret of a second factor waits to be confirmed: it is shown to whoever has the sign-in, without the password.
const UNCONFIRMED_MS: UnixMs = 15 * 60_000;

fn entry(tenant: TenantId, verb: &'static str, id: AccountId, name: &str) -> AuditEntry {
    AuditEntry::new(tenant.0, verb, "accounts", id.0, name)
}

/// Gives an account below a password; all its sign-ins end and its open set-up links are void.
pub async fn reset_password(
    db: &Db,
    hasher: &PasswordHasher,
    scope: &Scope,
    whom: impl Into<Whom<'_>>,
    password: &str,
    now: UnixMs,
) -> Result<Account, AccountError> {
    scope.require_himself()?;
    check_password(password, "")?;
    let phc = hasher.hash(password).await?;
    let mut tx = db.begin().await?;
    let change = change::begin(&mut tx, scope, now).await?;
    let account = change.managed(&mut tx, whom, Capability::AccountsEdit).await?;
    check_password(password, &account.name)?;
    put_password(&mut tx, change.tenant(), account.id, &phc, 0, now).await?;
    tx.audit(entry(change.tenant(), "account.passwd", account.id, &account.name).secret("password"));
    tx.commit(now).await?;
    Ok(account)
}

async fn put_password(tx: &mut Tx, tenant: TenantId, id: AccountId, phc: &str, but_sign_in: i64, now: UnixMs) -> Result<(), AccountError> {
    sql::update_password(tx, tenant, id, phc, now).await?;
    sql::void_links(tx, tenant, id, now).await?;
    sql::end_sign_ins_of(tx, tenant, id, but_sign_in, "password changed", now).await?;
    Ok(())
}

/// Takes an account's second factor and recovery codes away; all its sign-ins end.
pub async fn reset_second_factor(db: &Db, scope: &Scope, whom: impl Into<Whom<'_>>, now: UnixMs) -> Result<Account, AccountError> {
    scope.require_himself()?;
    let mut tx = db.begin().await?;
    let change = change::begin(&mut tx, scope, now).await?;
    let account = change.managed(&mut tx, whom, Capability::AccountsEdit).await?;
    sql::update_totp(&mut tx, change.tenant(), account.id, None).await?;
    sql::replace_recovery_codes(&mut tx, change.tenant(), account.id, &[]).await?;
    sql::end_sign_ins_of(&mut tx, change.tenant(), account.id, 0, "second factor taken away", now).await?;
    tx.audit(entry(change.tenant(), "account.reset-2fa", account.id, &account.name).secret("second_factor"));
    tx.commit(now).await?;
    Ok(account)
}

/// Ends all sign-ins of an account below; returns how many there were.
pub async fn end_sign_ins(db: &Db, scope: &Scope, whom: impl Into<Whom<'_>>, now: UnixMs) -> Result<u64, AccountError> {
    scope.require_himself()?;
    let mut tx = db.begin().await?;
    let change = change::begin(&mut tx, scope, now).await?;
    let account = change.managed(&mut tx, whom, Capability::AccountsEdit).await?;
    let ended = sql::end_sign_ins_of(&mut tx, change.tenant(), account.id, 0, "revoked", now).await?;
    tx.audit(entry(change.tenant(), "account.end-sign-ins", account.id, &account.name).note("ended", ended));
    tx.commit(now).await?;
    Ok(ended)
}

impl SignInDesk {
    /// Whose a set-up link is, so that a page can greet him; it stays good.
    pub async fn look_at_link(&self, token: &str, now: UnixMs) -> Result<(TenantId, String), AccountError> {
        let mut conn = self.db.read().await?;
        let (tenant, id) = sql::find_link(&mut conn, &token_hash(token), false, now).await?.ok_or(AccountError::LinkVoid)?;
        let account = sql::find_secrets(&mut conn, tenant, id).await?.ok_or(AccountError::LinkVoid)?;
        Ok((tenant, account.name))
    }

    /// Sets the password by a set-up link, which is used up. The holder signs in with it afterwards, second factor included.
    pub async fn use_link(&self, token: &str, password: &str, guest: &Guest, now: UnixMs) -> Result<String, AccountError> {
        let (tenant, name) = self.look_at_link(token, now).await?;
        check_password(password, &name)?;
        let phc = self.hasher.hash(password).await?;
        let Some((_, id)) = sql::find_link(&mut self.db.read().await?, &token_hash(token), false, now).await? else {
            return Err(AccountError::LinkVoid);
        };
        let mut tx = self.db_for(id, &name, guest).begin().await?;
        sql::update_link(&mut tx, &token_hash(token), now).await?.ok_or(AccountError::LinkVoid)?;
        put_password(&mut tx, tenant, id, &phc, 0, now).await?;
        tx.audit(entry(tenant, "account.setup", id, &name).secret("password"));
        tx.commit(now).await?;
        Ok(name)
    }

    /// Whether this is the password of whoever is signed in; counted and slowed like a sign-in.
    pub(super) async fn prove_password(
        &self,
        principal: &Principal,
        password: &str,
        guest: &Guest,
        now: UnixMs,
    ) -> Result<(), AccountError> {
        let who = format!("account {}", principal.account.0);
        let attempt = self.throttle.begin(&who, guest.ip, now).map_err(|wait_secs| AccountError::TooManyAttempts { wait_secs })?;
        let secrets = sql::find_secrets(&mut self.db.read().await?, principal.home, principal.account).await?;
        match self.hasher.verify(password, secrets.and_then(|s| s.password)).await {
            Ok(verdict) if verdict.is_right => {
                attempt.succeeded();
                Ok(())
            }
            Ok(_) => Err(AccountError::SignInRefused),
            Err(busy) => {
                attempt.undecided();
                Err(busy)
            }
        }
    }

    /// Changes one's own password; all other sign-ins end, and this one gets a new token: whoever had a copy of the old one is out.
    pub async fn change_password(
        &self,
        principal: &Principal,
        old: &str,
        new: &str,
        guest: &Guest,
        now: UnixMs,
    ) -> Result<SecretToken, AccountError> {
        principal.require_himself()?;
        check_password(new, &principal.account_name)?;
        self.prove_password(principal, old, guest, now).await?;
        let phc = self.hasher.hash(new).await?;
        let mut tx = self.db_for(principal.account, &principal.account_name, guest).begin().await?;
        put_password(&mut tx, principal.home, principal.account, &phc, principal.sign_in_id, now).await?;
        let token = renew_token(&mut tx, principal, now).await?;
        tx.audit(entry(principal.home, "account.change-password", principal.account, &principal.account_name).secret("password"));
        tx.commit(now).await?;
        Ok(token)
    }

    /// Begins to set up a second factor: its secret in base32 and as the text of a QR code. Nothing is asked for until it is confirmed, within a quarter of an hour.
    pub async fn begin_second_factor(
        &self,
        principal: &Principal,
        password: &str,
        issuer: &str,
        guest: &Guest,
        now: UnixMs,
    ) -> Result<(Zeroizing<String>, Zeroizing<String>), AccountError> {
        principal.require_himself()?;
        let issuer = check_text("issuer", issuer)?;
        self.prove_password(principal, password, guest, now).await?;
        let mut tx = self.db_for(principal.account, &principal.account_name, guest).begin().await?;
        let account = own_account(&mut tx, &Scope { tenant: principal.home, ..principal.scope.clone() }).await?;
        if account.has_second_factor {
            return Err(AccountError::SecondFactor("a second factor is set up already: remove it first"));
        }
        let secret = totp::new_secret();
        let sealed = self.sealer.seal(TOTP_PLACE, account.id.0, &secret);
        sql::update_totp(&mut tx, principal.home, account.id, Some((sealed.as_slice(), now))).await?;
        tx.commit(now).await?;
        Ok((Zeroizing::new(totp::base32(&secret)), Zeroizing::new(totp::otpauth_uri(&secret, &issuer, &account.name))))
    }

    /// The second factor that waits to be confirmed: its secret in base32 and as the text of a QR code. One that has waited too long is not shown any more.
    pub async fn unconfirmed_second_factor(
        &self,
        principal: &Principal,
        issuer: &str,
        now: UnixMs,
    ) -> Result<Option<(Zeroizing<String>, Zeroizing<String>)>, AccountError> {
        principal.require_himself()?;
        let secrets = sql::find_secrets(&mut self.db.read().await?, principal.home, principal.account).await?;
        let Some(secrets) = secrets.filter(|s| waits(s) && is_in_time(s, now)) else { return Ok(None) };
        let secret = self.totp_secret(&secrets)?;
        Ok(Some((Zeroizing::new(totp::base32(&secret)), Zeroizing::new(totp::otpauth_uri(&secret, issuer, &secrets.name)))))
    }

    /// Confirms the second factor by a first code and returns recovery codes, which are shown this once, and the sign-in's new token; all other sign-ins end.
    pub async fn confirm_second_factor(
        &self,
        principal: &Principal,
        code: &str,
        guest: &Guest,
        now: UnixMs,
    ) -> Result<(Vec<String>, SecretToken), AccountError> {
        principal.require_himself()?;
        let mut tx = self.db_for(principal.account, &principal.account_name, guest).begin().await?;
        // locked: nobody begins anew between the look at the secret and its confirmation
        let secrets = sql::update_lock_secrets(&mut tx, principal.home, principal.account).await?;
        let secrets = secrets.filter(waits).ok_or(AccountError::SecondFactor("there is no second factor to confirm"))?;
        if !is_in_time(&secrets, now) {
            return Err(AccountError::SecondFactorRanOut);
        }
        let step = totp::matching_step(&self.totp_secret(&secrets)?, code, 0, now).ok_or(AccountError::SignInRefused)?;
        sql::update_totp_confirmed(&mut tx, principal.home, principal.account, step, now).await?;
        let codes = fresh_codes(&mut tx, principal).await?;
        sql::end_sign_ins_of(&mut tx, principal.home, principal.account, principal.sign_in_id, "second factor set up", now).await?;
        let token = renew_token(&mut tx, principal, now).await?;
        tx.audit(entry(principal.home, "account.set-2fa", principal.account, &principal.account_name).secret("second_factor"));
        tx.commit(now).await?;
        Ok((codes, token))
    }

    /// New recovery codes instead of all earlier ones.
    pub async fn renew_recovery_codes(
        &self,
        principal: &Principal,
        password: &str,
        guest: &Guest,
        now: UnixMs,
    ) -> Result<Vec<String>, AccountError> {
        principal.require_himself()?;
        self.prove_password(principal, password, guest, now).await?;
        let mut tx = self.db_for(principal.account, &principal.account_name, guest).begin().await?;
        let codes = fresh_codes(&mut tx, principal).await?;
        tx.audit(entry(principal.home, "account.recovery-codes", principal.account, &principal.account_name).secret("recovery_codes"));
        tx.commit(now).await?;
        Ok(codes)
    }

    /// How many recovery codes are left.
    pub async fn count_recovery_codes(&self, principal: &Principal) -> Result<i64, AccountError> {
        Ok(sql::count_recovery_codes(&mut self.db.read().await?, principal.home, principal.account).await?)
    }

    /// Removes one's own second factor, by the password; all other sign-ins end, and this one gets a new token.
    pub async fn remove_second_factor(
        &self,
        principal: &Principal,
        password: &str,
        guest: &Guest,
        now: UnixMs,
    ) -> Result<SecretToken, AccountError> {
        principal.require_himself()?;
        self.prove_password(principal, password, guest, now).await?;
        let mut tx = self.db_for(principal.account, &principal.account_name, guest).begin().await?;
        sql::update_totp(&mut tx, principal.home, principal.account, None).await?;
        sql::replace_recovery_codes(&mut tx, principal.home, principal.account, &[]).await?;
        sql::end_sign_ins_of(&mut tx, principal.home, principal.account, principal.sign_in_id, "second factor removed", now).await?;
        let token = renew_token(&mut tx, principal, now).await?;
        tx.audit(entry(principal.home, "account.remove-2fa", principal.account, &principal.account_name).secret("second_factor"));
        tx.commit(now).await?;
        Ok(token)
    }
}

/// Whether there is a second factor that was not confirmed yet.
fn waits(secrets: &SecretsRow) -> bool {
    secrets.totp_secret.is_some() && secrets.totp_at.is_none()
}

/// Whether it still may be.
fn is_in_time(secrets: &SecretsRow, now: UnixMs) -> bool {
    secrets.totp_begun_at.is_some_and(|at| now < at + UNCONFIRMED_MS)
}

/// Gives the sign-in at hand a new token; the old one is void.
async fn renew_token(tx: &mut Tx, principal: &Principal, now: UnixMs) -> Result<SecretToken, AccountError> {
    let token = SecretToken::new(SIGN_IN_PREFIX);
    match sql::update_token(tx, principal.home, principal.sign_in_id, &token.hash(), now).await? {
        1 => Ok(token),
        _ => Err(AccountError::NotSignedIn("this sign-in was ended")),
    }
}

async fn fresh_codes(tx: &mut Tx, principal: &Principal) -> Result<Vec<String>, AccountError> {
    let codes = totp::new_recovery_codes();
    let hashes: Vec<Vec<u8>> = codes.iter().map(|code| totp::recovery_hash(principal.account, code)).collect();
    sql::replace_recovery_codes(tx, principal.home, principal.account, &hashes).await?;
    Ok(codes)
}
