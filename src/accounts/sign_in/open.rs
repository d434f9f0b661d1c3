//! From a name and a password to an open sign-in.

use super::{Guest, Opened, SIGN_IN_PREFIX, SignInDesk, Step, TICKET_PREFIX, TOTP_PLACE};
use crate::accounts::sql::{SecretsRow, SignInRow};
use crate::accounts::{AccountError, SecretToken, account_key, sql, token_hash, totp};
use crate::store::{AuditEntry, IdMaker, StoreError, Tx};
use crate::units::{AccountId, TenantId, UnixMs};

/// Where no host name tells the tenant, so many tenants may have an account of the same name; the password tells which is meant.
const MOST_CANDIDATES: i64 = 4;
const USER_AGENT_CHARS: usize = 200;

impl SignInDesk {
    /// Checks name (or e-mail address) and password. `tenant` is the one that the host name tells. Every refusal takes as long and says as little as any other.
    pub async fn sign_in(
        &self,
        ids: &IdMaker,
        tenant: Option<TenantId>,
        name: &str,
        password: &str,
        guest: &Guest,
        now: UnixMs,
    ) -> Result<Step, AccountError> {
        let (tenant, name) = self.tenant_of(tenant, name).await?;
        let key = account_key(name);
        // by what was typed, the same for names that there are and names that there are not
        let attempt = self.throttle.begin(&key, guest.ip, now).map_err(|wait_secs| AccountError::TooManyAttempts { wait_secs })?;
        match self.judge(ids, tenant, &key, password, guest, now).await {
            Ok(step) => {
                match step {
                    // one failure less, but not forgiven: only the second factor decides
                    Step::SecondFactor(_) => attempt.undecided(),
                    Step::Open(_) => attempt.succeeded(),
                }
                Ok(step)
            }
            Err(AccountError::SignInRefused) => Err(AccountError::SignInRefused),
            Err(not_his_fault) => {
                attempt.undecided();
                Err(not_his_fault)
            }
        }
    }

    /// Where no host name tells the tenant, `TENANT/NAME` does: each tenant has its `super-admin`.
    async fn tenant_of<'n>(&self, tenant: Option<TenantId>, name: &'n str) -> Result<(Option<TenantId>, &'n str), AccountError> {
        match (tenant, name.rsplit_once('/')) {
            (None, Some((of, name))) => {
                let found = sql::find_tenant(&mut self.db.read().await?, of.trim()).await?;
                // no tenant has this id, so an unknown one costs what a known one does
                Ok((Some(found.map_or(TenantId(-1), |tenant| tenant.id)), name))
            }
            _ => Ok((tenant, name)),
        }
    }

    async fn judge(
        &self,
        ids: &IdMaker,
        tenant: Option<TenantId>,
        key: &str,
        password: &str,
        guest: &Guest,
        now: UnixMs,
    ) -> Result<Step, AccountError> {
        let candidates = sql::list_secrets(&mut self.db.read().await?, tenant, key, MOST_CANDIDATES).await?;
        let Some((account, is_outdated)) = self.find_right(&candidates, password).await? else {
            if let [one] = candidates.as_slice() {
                self.note_refusal(one, "wrong password", guest, now);
            }
            return Err(AccountError::SignInRefused);
        };
        let (id, tenant) = (AccountId(account.id), TenantId(account.tenant_id));
        let standing = sql::find_standing(&mut self.db.read().await?, id, now).await?;
        if standing.is_none_or(|s| s.suspended_by.is_some()) {
            self.note_refusal(&account, "suspended", guest, now);
            return Err(AccountError::SignInRefused);
        }
        let again = if is_outdated { Some(self.hasher.hash(password).await?) } else { None };
        let mut tx = self.db_for(id, &account.name, guest).begin().await?;
        // a password or a second factor that was set while this one was checked is the one that counts
        let current = sql::update_lock_secrets(&mut tx, tenant, id).await?;
        if current.is_none_or(|c| c.password != account.password || c.totp_at != account.totp_at) {
            return Err(AccountError::SignInRefused);
        }
        if let Some(phc) = again {
            sql::update_password(&mut tx, tenant, id, &phc, now).await?;
        }
        if account.totp_at.is_some() {
            let ticket = SecretToken::new(TICKET_PREFIX);
            self.insert(&mut tx, ids, &account, "second-factor", &ticket, guest, now).await?;
            tx.commit(now).await?;
            return Ok(Step::SecondFactor(ticket));
        }
        let opened = self.open(&mut tx, ids, &account, "password", guest, now).await?;
        tx.commit(now).await?;
        Ok(Step::Open(opened))
    }

    /// Checks a code of the authenticator app, or a recovery code, after the password.
    pub async fn second_factor(&self, ids: &IdMaker, ticket: &str, code: &str, guest: &Guest, now: UnixMs) -> Result<Opened, AccountError> {
        let row = sql::find_sign_in(&mut self.db.read().await?, &token_hash(ticket)).await?;
        let row = row.filter(|r| r.stage == "second-factor" && r.ended_at.is_none() && r.expires_at > now);
        let row = row.ok_or(AccountError::NotSignedIn("the time for the second factor is over: begin again"))?;
        let (id, tenant) = (AccountId(row.account_id), TenantId(row.tenant_id));
        let who = format!("second factor {}", row.account_id);
        let too_many = |wait_secs| AccountError::TooManyAttempts { wait_secs };
        let attempt = self.throttle.begin(&who, guest.ip, now).map_err(too_many)?;
        let anywhere = self.throttle.begin_from_anywhere(&who, now).map_err(too_many)?;
        let account = sql::find_secrets(&mut self.db.read().await?, tenant, id).await?;
        let account = account.filter(|a| a.totp_at.is_some()).ok_or(AccountError::NotSignedIn("begin again"))?;
        let standing = sql::find_standing(&mut self.db.read().await?, id, now).await?;
        let is_suspended = standing.is_none_or(|s| s.suspended_by.is_some());
        let mut tx = self.db_for(id, &account.name, guest).begin().await?;
        let by = self.use_code(&mut tx, &account, code, now).await?.filter(|_| !is_suspended);
        let (Some(by), true) = (by, sql::end_sign_in(&mut tx, tenant, id, row.id, "used", now).await?) else {
            drop(tx);
            self.note_refusal(&account, "wrong second factor", guest, now);
            return Err(AccountError::SignInRefused);
        };
        let opened = self.open(&mut tx, ids, &account, by, guest, now).await?;
        tx.commit(now).await?;
        attempt.succeeded();
        anywhere.succeeded();
        Ok(opened)
    }

    /// Uses up a code of an account's second factor and says which kind it was.
    pub(in crate::accounts) async fn use_code(
        &self,
        tx: &mut Tx,
        account: &SecretsRow,
        code: &str,
        now: UnixMs,
    ) -> Result<Option<&'static str>, AccountError> {
        let (id, tenant) = (AccountId(account.id), TenantId(account.tenant_id));
        if let Some(step) = totp::matching_step(&self.totp_secret(account)?, code, account.totp_step, now) {
            return Ok(sql::update_totp_step(tx, tenant, id, step).await?.then_some("second factor"));
        }
        let hash = totp::recovery_hash(id, code);
        Ok(sql::update_recovery_code(tx, tenant, id, &hash, now).await?.then_some("recovery code"))
    }

    pub(in crate::accounts) fn totp_secret(&self, account: &SecretsRow) -> Result<zeroize::Zeroizing<Vec<u8>>, AccountError> {
        let sealed = account.totp_secret.as_deref().unwrap_or_default();
        let opened = self.sealer.open(TOTP_PLACE, account.id, sealed).map_err(|e| StoreError::Unexpected(e.to_string()))?;
        Ok(zeroize::Zeroizing::new(opened))
    }

    /// The one account whose password it is, and whether its hash is outdated. Where there is none, the work is done all the same.
    async fn find_right(&self, candidates: &[SecretsRow], password: &str) -> Result<Option<(SecretsRow, bool)>, AccountError> {
        let mut right = Vec::new();
        if candidates.is_empty() {
            self.hasher.verify(password, None).await?;
        }
        for candidate in candidates {
            let verdict = self.hasher.verify(password, candidate.password.clone()).await?;
            if verdict.is_right {
                right.push((candidate.clone(), verdict.is_outdated));
            }
        }
        // the same name and password in two tenants: nothing tells which is meant, so the host name must
        let found = right.pop();
        Ok(found.filter(|_| right.is_empty()))
    }

    pub(super) async fn open(
        &self,
        tx: &mut Tx,
        ids: &IdMaker,
        account: &SecretsRow,
        by: &str,
        guest: &Guest,
        now: UnixMs,
    ) -> Result<Opened, AccountError> {
        let token = SecretToken::new(SIGN_IN_PREFIX);
        let expires_at = self.insert(tx, ids, account, "open", &token, guest, now).await?;
        let entry = AuditEntry::new(account.tenant_id, "sign-in.open", "accounts", account.id, &account.name);
        tx.audit(entry.note("by", by).note("user_agent", cut(&guest.user_agent)));
        Ok(Opened { token, account: AccountId(account.id), name: account.name.clone(), tenant: TenantId(account.tenant_id), expires_at })
    }

    #[allow(clippy::too_many_arguments)] // one row, field by field
    async fn insert(
        &self,
        tx: &mut Tx,
        ids: &IdMaker,
        account: &SecretsRow,
        stage: &str,
        token: &SecretToken,
        guest: &Guest,
        now: UnixMs,
    ) -> Result<UnixMs, AccountError> {
        let secs = if stage == "open" { self.rules.absolute_secs } else { self.rules.second_factor_secs };
        let row = SignInRow {
            id: ids.next(now),
            tenant_id: account.tenant_id,
            account_id: account.id,
            stage: stage.to_owned(),
            created_at: now,
            seen_at: now,
            expires_at: now + i64::from(secs) * 1000,
            ended_at: None,
            ip: guest.ip.to_string(),
            user_agent: cut(&guest.user_agent),
            as_account_id: None,
            as_reason: String::new(),
            as_until: None,
            works_in: None,
        };
        sql::insert_sign_in(tx, TenantId(account.tenant_id), &row, &token.hash()).await?;
        Ok(row.expires_at)
    }

    /// Writes into the audit log after the answer has gone, so that its time tells nothing; a few at a time, and no more than there is time for.
    fn note_refusal(&self, account: &SecretsRow, why: &'static str, guest: &Guest, now: UnixMs) {
        let Ok(place) = self.refusals.clone().try_acquire_owned() else { return };
        let origin = crate::store::Origin {
            actor: "guest".to_owned(),
            source: crate::store::Source::Panel,
            request_id: guest.request_id.clone(),
            ip: Some(guest.ip),
            ..Default::default()
        };
        let db = self.db.acting_as(origin);
        let entry = AuditEntry::new(account.tenant_id, "sign-in.refuse", "accounts", account.id, &account.name).note("why", why);
        tokio::spawn(async move {
            let written = async {
                let mut tx = db.begin().await?;
                tx.audit(entry);
                tx.commit(now).await
            };
            if let Err(error) = written.await {
                tracing::warn!(%error, "a refused sign-in is not in the audit log");
            }
            drop(place);
        });
    }
}

fn cut(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(USER_AGENT_CHARS).collect()
}
