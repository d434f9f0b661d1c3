//! What is checked at each use of a sign-in: nothing is remembered between two requests, so a change of role, permission or status acts at the next one, on every
//! node. Four small reads by index.

use super::{Guest, Impersonation, Principal, SignInDesk};
use crate::accounts::capability::{Capability, CapabilitySet};
use crate::accounts::sql::{SignIn, SignInRow};
use crate::accounts::{AccountError, Scope, Standing, Target, find_seen_tenant, may_manage, sql, token_hash};
use crate::store::{AuditEntry, Conn, Origin, Source};
use crate::units::{AccountId, TenantId, UnixMs};

/// How exact [`SignIn::seen_at`] is: a write per minute and sign-in is enough.
const SEEN_EVERY_MS: i64 = 60_000;

impl SignInDesk {
    /// Who this is.
    pub async fn check(&self, token: &str, now: UnixMs) -> Result<Principal, AccountError> {
        let mut conn = self.db.read().await?;
        let row = sql::find_sign_in(&mut conn, &token_hash(token)).await?;
        let row = row.filter(|r| r.stage == "open").ok_or(AccountError::NotSignedIn("there is no such sign-in"))?;
        self.check_times(&row, now)?;
        let found = sql::find_standing_and_book(&mut conn, AccountId(row.account_id), now).await?;
        let (standing, home_book) = found.ok_or(AccountError::NotSignedIn("this account is gone"))?;
        if standing.suspended_by.is_some() {
            return Err(AccountError::NotSignedIn("this account is suspended"));
        }
        let home = standing.scope.tenant();
        // a Developer who is one no more works at home again
        let chosen = row.works_in.and_then(|tenant| standing.scope_in(TenantId(tenant)));
        let own = chosen.unwrap_or_else(|| standing.scope.clone());
        let through = through_eyes(&mut conn, &row, &standing, now).await?;
        let there = through.as_ref().map_or(&own, |(scope, _)| scope).tenant();
        let book = if there == home { home_book } else { sql::list_role_book(&mut conn, there).await? };
        drop(conn);
        let (scope, impersonation) = match (through, row.as_account_id) {
            (Some((scope, i)), _) => (scope, Some(i)),
            (None, None) => (own, None),
            // a request that was meant for the other account's eyes must not be done with one's own power
            (None, Some(target)) => return Err(self.break_off(&row, &standing, AccountId(target), now).await?),
        };
        if now - row.seen_at >= SEEN_EVERY_MS {
            let mut tx = self.db.begin().await?;
            sql::update_seen(&mut tx, TenantId(row.tenant_id), row.id, now).await?;
            tx.commit(now).await?;
        }
        let account_name = standing.scope.name().to_owned();
        Ok(Principal {
            scope,
            own: Scope { is_impersonated: impersonation.is_some(), ..standing.scope },
            sign_in_id: row.id,
            account: AccountId(row.account_id),
            account_name,
            home,
            book,
            impersonation,
        })
    }

    /// Ends a look through another's eyes that has run out or is allowed no more; the next request is one's own.
    async fn break_off(&self, row: &SignInRow, real: &Standing, target: AccountId, now: UnixMs) -> Result<AccountError, AccountError> {
        let (tenant, name) = (TenantId(row.tenant_id), real.scope.name());
        let origin = Origin { account_id: Some(row.account_id), actor: name.to_owned(), source: Source::Panel, ..Origin::default() };
        let mut tx = self.db.acting_as(origin).begin().await?;
        sql::update_as(&mut tx, tenant, row.id, None, "", None).await?;
        let theirs = sql::find_standing(&mut tx, target, now).await?;
        let (of, called) = theirs.map_or((tenant, String::new()), |s| (s.scope.tenant(), s.scope.name().to_owned()));
        tx.audit(AuditEntry::new(of.0, "impersonation.end", "accounts", target.0, &called).note("reason", "ran out"));
        tx.commit(now).await?;
        Ok(AccountError::Impersonation(
            "you see with your own eyes again: the time was over, or it is allowed no more. Nothing was done; open the page once more",
        ))
    }

    fn check_times(&self, row: &SignInRow, now: UnixMs) -> Result<(), AccountError> {
        match row {
            _ if row.ended_at.is_some() => Err(AccountError::NotSignedIn("this sign-in was ended")),
            _ if now >= row.expires_at => Err(AccountError::NotSignedIn("this sign-in has lasted long enough")),
            _ if now >= row.seen_at + i64::from(self.rules.idle_secs) * 1000 => {
                Err(AccountError::NotSignedIn("this sign-in was not used for too long"))
            }
            _ => Ok(()),
        }
    }

    /// Chooses the tenant in which a Developer works from now on, his own with `None`.
    pub async fn work_in(&self, principal: &Principal, tenant: Option<TenantId>, guest: &Guest, now: UnixMs) -> Result<(), AccountError> {
        principal.require_himself()?;
        principal.scope.require(Capability::PlatformView)?;
        let to = tenant.unwrap_or(principal.home);
        let there = find_seen_tenant(&mut self.db.read().await?, &principal.scope, to).await?;
        let name = there.ok_or_else(|| AccountError::UnknownTenant(to.to_string()))?.name;
        let mut tx = self.db_for(principal.account, &principal.account_name, guest).begin().await?;
        sql::update_works_in(&mut tx, principal.home, principal.sign_in_id, tenant).await?;
        tx.audit(AuditEntry::new(to.0, "tenant.enter", "tenants", to.0, &name));
        Ok(tx.commit(now).await?)
    }

    /// Ends one's own sign-in.
    pub async fn sign_out(&self, principal: &Principal, guest: &Guest, now: UnixMs) -> Result<(), AccountError> {
        self.end(principal, principal.sign_in_id, "signed out", guest, now).await.map(|_| ())
    }

    /// Ends another of one's own sign-ins; false if there is none such that is open.
    pub async fn revoke(&self, principal: &Principal, id: i64, guest: &Guest, now: UnixMs) -> Result<bool, AccountError> {
        principal.require_himself()?;
        self.end(principal, id, "revoked", guest, now).await
    }

    /// Ends all of one's own sign-ins but this one; returns how many there were.
    pub async fn revoke_others(&self, principal: &Principal, guest: &Guest, now: UnixMs) -> Result<u64, AccountError> {
        principal.require_himself()?;
        let mut tx = self.db_for(principal.account, &principal.account_name, guest).begin().await?;
        let ended = sql::end_sign_ins_of(&mut tx, principal.home, principal.account, principal.sign_in_id, "revoked", now).await?;
        let entry = AuditEntry::new(principal.home.0, "sign-in.end", "accounts", principal.account.0, &principal.account_name);
        tx.audit(entry.note("reason", "revoked").note("ended", ended));
        tx.commit(now).await?;
        Ok(ended)
    }

    async fn end(&self, principal: &Principal, id: i64, reason: &str, guest: &Guest, now: UnixMs) -> Result<bool, AccountError> {
        let mut tx = self.db_for(principal.account, &principal.account_name, guest).begin().await?;
        let ended = sql::end_sign_in(&mut tx, principal.home, principal.account, id, reason, now).await?;
        if ended {
            let entry = AuditEntry::new(principal.home.0, "sign-in.end", "accounts", principal.account.0, &principal.account_name);
            tx.audit(entry.note("reason", reason));
        }
        tx.commit(now).await?;
        Ok(ended)
    }

    /// One's own sign-ins, the newest first.
    pub async fn list_own(&self, principal: &Principal, limit: i64) -> Result<Vec<SignIn>, AccountError> {
        Ok(sql::list_sign_ins(&mut self.db.read().await?, principal.home, principal.account, limit).await?)
    }
}

/// The scope while somebody looks through another's eyes, as long as he still may: what both hold, without what moves money.
async fn through_eyes(
    conn: &mut Conn,
    row: &SignInRow,
    real: &Standing,
    now: UnixMs,
) -> Result<Option<(Scope, Impersonation)>, AccountError> {
    let (Some(target), Some(until)) = (row.as_account_id, row.as_until.filter(|until| now < *until)) else { return Ok(None) };
    let Some(theirs) = sql::find_standing(conn, AccountId(target), now).await? else { return Ok(None) };
    let Some(real) = real.scope_in(theirs.scope.tenant()) else { return Ok(None) };
    if !may_look_through(&real, &theirs) {
        return Ok(None);
    }
    let money: CapabilitySet = Capability::ALL.iter().copied().filter(|c| c.moves_money() || *c == Capability::ApiKeys).collect();
    let held = theirs.scope.held.and(&real.held).within(CapabilitySet::ALL.without(money));
    let name = theirs.scope.name.clone();
    let impersonation = Impersonation { account: AccountId(target), name, reason: row.as_reason.clone(), until };
    Ok(Some((Scope { held, is_impersonated: true, ..theirs.scope }, impersonation)))
}

/// Downward only, into an account that is not suspended, by somebody who holds the capability.
pub(super) fn may_look_through(real: &Scope, theirs: &Standing) -> bool {
    // where the account itself stands: a Developer's own tree is everything, but nobody looks through a Developer's eyes
    let target = Target {
        path: theirs.scope.own.clone(),
        role: theirs.scope.role.unwrap_or(super::super::Role::Developer),
        level: theirs.scope.level,
    };
    theirs.suspended_by.is_none() && may_manage(real, &target, Capability::AccountsImpersonate).is_ok()
}
