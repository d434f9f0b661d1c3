//! SQL of `sign_ins`, `setup_links`, `recovery_codes` and the secrets of `accounts`.

use serde::Serialize;

use crate::accounts::{AccountPath, Scope};
use crate::q;
use crate::store::{Conn, StoreError};
use crate::units::{AccountId, TenantId, UnixMs};

/// What a sign-in is checked against.
#[derive(Debug, Clone, sqlx::FromRow)]
pub(in crate::accounts) struct SecretsRow {
    pub id: i64,
    pub tenant_id: i64,
    pub name: String,
    pub password: Option<String>,
    pub totp_secret: Option<Vec<u8>>,
    pub totp_begun_at: Option<i64>,
    pub totp_at: Option<i64>,
    pub totp_step: i64,
}

/// Accounts with a password that sign in with this name or e-mail address; at most `limit`. Without a tenant those of all tenants.
pub(in crate::accounts) async fn list_secrets(
    conn: &mut Conn,
    tenant: Option<TenantId>,
    key: &str,
    limit: i64,
) -> Result<Vec<SecretsRow>, StoreError> {
    q!(all conn, SecretsRow, "SELECT id, tenant_id, name, password, totp_secret, totp_begun_at, totp_at, totp_step FROM accounts \
        WHERE ($1 = 0 OR tenant_id = $1) AND path <> '' AND password IS NOT NULL AND (name_key = $2 OR email_key = $2) ORDER BY id LIMIT $3",
        tenant.map_or(0, |t| t.0), key, limit)
}

/// The name of the tenant's Super Admin, as long as no account of the tenant has a password.
pub(in crate::accounts) async fn find_first_without_password(conn: &mut Conn, tenant: TenantId) -> Result<Option<String>, StoreError> {
    let row = q!(opt conn, (String,), "SELECT name FROM accounts WHERE tenant_id = $1 AND role = 'super-admin' AND path <> '' \
        AND NOT EXISTS (SELECT 1 FROM accounts a WHERE a.tenant_id = $1 AND a.password IS NOT NULL) ORDER BY id LIMIT 1", tenant.0)?;
    Ok(row.map(|(name,)| name))
}

/// The secrets of one account.
pub(in crate::accounts) async fn find_secrets(conn: &mut Conn, tenant: TenantId, id: AccountId) -> Result<Option<SecretsRow>, StoreError> {
    q!(opt conn, SecretsRow, "SELECT id, tenant_id, name, password, totp_secret, totp_begun_at, totp_at, totp_step FROM accounts WHERE tenant_id = $1 AND id = $2",
        tenant.0, id.0)
}

/// Locks an account until the transaction ends, and reads its secrets.
pub(in crate::accounts) async fn update_lock_secrets(
    conn: &mut Conn,
    tenant: TenantId,
    id: AccountId,
) -> Result<Option<SecretsRow>, StoreError> {
    q!(opt conn, SecretsRow, "UPDATE accounts SET totp_step = totp_step WHERE tenant_id = $1 AND id = $2 \
        RETURNING id, tenant_id, name, password, totp_secret, totp_begun_at, totp_at, totp_step", tenant.0, id.0)
}

/// Sets a password.
pub(in crate::accounts) async fn update_password(
    conn: &mut Conn,
    tenant: TenantId,
    id: AccountId,
    phc: &str,
    now: UnixMs,
) -> Result<u64, StoreError> {
    q!(exec conn, "UPDATE accounts SET password = $3, password_at = $4 WHERE tenant_id = $1 AND id = $2", tenant.0, id.0, phc, now)
}

/// Sets the secret of a second factor that waits to be confirmed, with the instant at which it was shown, or removes the second factor (`None`).
pub(in crate::accounts) async fn update_totp(
    conn: &mut Conn,
    tenant: TenantId,
    id: AccountId,
    begun: Option<(&[u8], UnixMs)>,
) -> Result<u64, StoreError> {
    q!(exec conn, "UPDATE accounts SET totp_secret = $3, totp_begun_at = $4, totp_at = NULL, totp_step = 0 WHERE tenant_id = $1 AND id = $2",
        tenant.0, id.0, begun.map(|(sealed, _)| sealed), begun.map(|(_, at)| at))
}

/// Confirms the second factor, by the code of a step that is used up with it.
pub(in crate::accounts) async fn update_totp_confirmed(
    conn: &mut Conn,
    tenant: TenantId,
    id: AccountId,
    step: i64,
    now: UnixMs,
) -> Result<u64, StoreError> {
    q!(exec conn, "UPDATE accounts SET totp_at = $4, totp_step = $3 WHERE tenant_id = $1 AND id = $2", tenant.0, id.0, step, now)
}

/// Uses a step up; false if it or a later one was used already.
pub(in crate::accounts) async fn update_totp_step(conn: &mut Conn, tenant: TenantId, id: AccountId, step: i64) -> Result<bool, StoreError> {
    let n = q!(exec conn, "UPDATE accounts SET totp_step = $3 WHERE tenant_id = $1 AND id = $2 AND totp_step < $3", tenant.0, id.0, step)?;
    Ok(n == 1)
}

/// Replaces the recovery codes.
pub(in crate::accounts) async fn replace_recovery_codes(
    conn: &mut Conn,
    tenant: TenantId,
    id: AccountId,
    hashes: &[Vec<u8>],
) -> Result<(), StoreError> {
    q!(exec conn, "DELETE FROM recovery_codes WHERE tenant_id = $1 AND account_id = $2", tenant.0, id.0)?;
    for hash in hashes {
        q!(exec conn, "INSERT INTO recovery_codes (tenant_id, account_id, code_hash) VALUES ($1, $2, $3)", tenant.0, id.0, hash)?;
    }
    Ok(())
}

/// Uses a recovery code up; false if there is none such, or it was used.
pub(in crate::accounts) async fn update_recovery_code(
    conn: &mut Conn,
    tenant: TenantId,
    id: AccountId,
    hash: &[u8],
    now: UnixMs,
) -> Result<bool, StoreError> {
    let n = q!(exec conn, "UPDATE recovery_codes SET used_at = $4 WHERE tenant_id = $1 AND account_id = $2 AND code_hash = $3 AND used_at IS NULL",
        tenant.0, id.0, hash, now)?;
    Ok(n == 1)
}

/// How many recovery codes are left.
pub(in crate::accounts) async fn count_recovery_codes(conn: &mut Conn, tenant: TenantId, id: AccountId) -> Result<i64, StoreError> {
    let (n,) = q!(one conn, (i64,), "SELECT COUNT(*) FROM recovery_codes WHERE tenant_id = $1 AND account_id = $2 AND used_at IS NULL", tenant.0, id.0)?;
    Ok(n)
}

/// A sign-in as it is checked at each use.
#[derive(Debug, Clone, sqlx::FromRow)]
pub(in crate::accounts) struct SignInRow {
    pub id: i64,
    pub tenant_id: i64,
    pub account_id: i64,
    pub stage: String,
    pub created_at: i64,
    pub seen_at: i64,
    pub expires_at: i64,
    pub ended_at: Option<i64>,
    pub ip: String,
    pub user_agent: String,
    pub as_account_id: Option<i64>,
    pub as_reason: String,
    pub as_until: Option<i64>,
    pub works_in: Option<i64>,
}

/// Writes a new sign-in.
pub(in crate::accounts) async fn insert_sign_in(
    conn: &mut Conn,
    tenant: TenantId,
    row: &SignInRow,
    hash: &[u8],
) -> Result<u64, StoreError> {
    q!(exec conn, "INSERT INTO sign_ins (id, tenant_id, account_id, token_hash, stage, created_at, seen_at, expires_at, ip, user_agent) \
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        row.id, tenant.0, row.account_id, hash, &row.stage, row.created_at, row.seen_at, row.expires_at, &row.ip, &row.user_agent)
}

/// The sign-in of a token, whatever its stage.
// cross-tenant: the token says whose it is
pub(in crate::accounts) async fn find_sign_in(conn: &mut Conn, hash: &[u8]) -> Result<Option<SignInRow>, StoreError> {
    q!(opt conn, SignInRow, "SELECT id, tenant_id, account_id, stage, created_at, seen_at, expires_at, ended_at, ip, user_agent, as_account_id, \
        as_reason, as_until, works_in FROM sign_ins WHERE token_hash = $1", hash)
}

/// Sets the tenant in which a sign-in works; `None` for its own.
pub(in crate::accounts) async fn update_works_in(
    conn: &mut Conn,
    tenant: TenantId,
    id: i64,
    works_in: Option<TenantId>,
) -> Result<u64, StoreError> {
    q!(exec conn, "UPDATE sign_ins SET works_in = $3 WHERE tenant_id = $1 AND id = $2", tenant.0, id, works_in.map(|t| t.0))
}

/// Notes that a sign-in was used.
pub(in crate::accounts) async fn update_seen(conn: &mut Conn, tenant: TenantId, id: i64, now: UnixMs) -> Result<u64, StoreError> {
    q!(exec conn, "UPDATE sign_ins SET seen_at = $3 WHERE tenant_id = $1 AND id = $2 AND seen_at < $3", tenant.0, id, now)
}

/// Gives a sign-in another token: whenever its power changes, so that one that leaked before is worth nothing after.
pub(in crate::accounts) async fn update_token(
    conn: &mut Conn,
    tenant: TenantId,
    id: i64,
    hash: &[u8],
    now: UnixMs,
) -> Result<u64, StoreError> {
    q!(exec conn, "UPDATE sign_ins SET token_hash = $3, seen_at = $4 WHERE tenant_id = $1 AND id = $2 AND ended_at IS NULL", tenant.0, id, hash, now)
}

/// Begins or ends looking through another account's eyes.
pub(in crate::accounts) async fn update_as(
    conn: &mut Conn,
    tenant: TenantId,
    id: i64,
    target: Option<AccountId>,
    reason: &str,
    until: Option<UnixMs>,
) -> Result<u64, StoreError> {
    q!(exec conn, "UPDATE sign_ins SET as_account_id = $3, as_reason = $4, as_until = $5 WHERE tenant_id = $1 AND id = $2",
        tenant.0, id, target.map(|t| t.0), reason, until)
}

/// Ends one sign-in; false if it had ended.
pub(in crate::accounts) async fn end_sign_in(
    conn: &mut Conn,
    tenant: TenantId,
    account: AccountId,
    id: i64,
    reason: &str,
    now: UnixMs,
) -> Result<bool, StoreError> {
    let n = q!(exec conn, "UPDATE sign_ins SET ended_at = $4, end_reason = $5 WHERE tenant_id = $1 AND account_id = $2 AND id = $3 AND ended_at IS NULL",
        tenant.0, account.0, id, now, reason)?;
    Ok(n == 1)
}

/// Ends all sign-ins of an account but one (0 for all).
pub(in crate::accounts) async fn end_sign_ins_of(
    conn: &mut Conn,
    tenant: TenantId,
    account: AccountId,
    but: i64,
    reason: &str,
    now: UnixMs,
) -> Result<u64, StoreError> {
    q!(exec conn, "UPDATE sign_ins SET ended_at = $4, end_reason = $5 WHERE tenant_id = $1 AND account_id = $2 AND id <> $3 AND ended_at IS NULL",
        tenant.0, account.0, but, now, reason)
}

/// Ends the open sign-ins of a subtree.
pub(in crate::accounts) async fn end_sign_ins_below(
    conn: &mut Conn,
    scope: &Scope,
    path: &AccountPath,
    reason: &str,
    now: UnixMs,
) -> Result<u64, StoreError> {
    let (from, to) = path.range();
    q!(exec conn, "UPDATE sign_ins SET ended_at = $4, end_reason = $5 WHERE ended_at IS NULL \
        AND account_id IN (SELECT id FROM accounts WHERE tenant_id = $1 AND path >= $2 AND path < $3)", scope.tenant().0, from, to, now, reason)
}

/// A sign-in as its owner and those above him see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, sqlx::FromRow)]
pub struct SignIn {
    /// Names it; no secret.
    #[serde(serialize_with = "as_text")]
    pub id: i64,
    /// When it began.
    pub created_at: UnixMs,
    /// When it was last used, to the minute.
    pub seen_at: UnixMs,
    /// When it ends at the latest.
    pub expires_at: UnixMs,
    /// When it ended.
    pub ended_at: Option<UnixMs>,
    /// Why.
    pub end_reason: String,
    /// Where it began.
    pub ip: String,
    /// With what.
    pub user_agent: String,
}

/// An id that is a string in JSON.
pub(in crate::accounts) fn as_text<S: serde::Serializer>(id: &i64, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(id)
}

/// The sign-ins of an account, the newest first. The caller has found the account under its scope.
pub async fn list_sign_ins(conn: &mut Conn, tenant: TenantId, account: AccountId, limit: i64) -> Result<Vec<SignIn>, StoreError> {
    q!(all conn, SignIn, "SELECT id, created_at, seen_at, expires_at, ended_at, end_reason, ip, user_agent FROM sign_ins \
        WHERE tenant_id = $1 AND account_id = $2 AND stage = 'open' ORDER BY created_at DESC, id DESC LIMIT $3", tenant.0, account.0, limit)
}

/// Forgets sign-ins that ended before an instant.
// cross-tenant: housekeeping of the whole server
pub async fn delete_old_sign_ins(conn: &mut Conn, before: UnixMs) -> Result<u64, StoreError> {
    q!(exec conn, "DELETE FROM setup_links WHERE used_at < $1 OR expires_at < $1", before)?;
    q!(exec conn, "DELETE FROM sign_ins WHERE ended_at < $1 OR expires_at < $1", before)
}

/// A link to be.
pub(in crate::accounts) struct LinkRow<'a> {
    pub hash: &'a [u8],
    pub expires_at: UnixMs,
    /// Whether it signs in by itself, as those of the demo do, instead of asking for a new password.
    pub signs_in: bool,
}

/// Writes a new link; older ones of its kind and account are void from now on.
pub(in crate::accounts) async fn insert_link(
    conn: &mut Conn,
    tenant: TenantId,
    account: AccountId,
    id: i64,
    link: &LinkRow<'_>,
    now: UnixMs,
) -> Result<u64, StoreError> {
    q!(exec conn, "UPDATE setup_links SET used_at = $3 WHERE tenant_id = $1 AND account_id = $2 AND used_at IS NULL AND signs_in = $4",
        tenant.0, account.0, now, link.signs_in)?;
    q!(exec conn, "INSERT INTO setup_links (id, tenant_id, account_id, token_hash, created_at, expires_at, signs_in) VALUES ($1, $2, $3, $4, $5, $6, $7)",
        id, tenant.0, account.0, link.hash, now, link.expires_at, link.signs_in)
}

/// Makes the account's unused links void.
pub(in crate::accounts) async fn void_links(conn: &mut Conn, tenant: TenantId, account: AccountId, now: UnixMs) -> Result<u64, StoreError> {
    q!(exec conn, "UPDATE setup_links SET used_at = $3 WHERE tenant_id = $1 AND account_id = $2 AND used_at IS NULL", tenant.0, account.0, now)
}

/// Whose an unused link is.
// cross-tenant: the token says whose it is
pub(in crate::accounts) async fn find_link(
    conn: &mut Conn,
    hash: &[u8],
    signs_in: bool,
    now: UnixMs,
) -> Result<Option<(TenantId, AccountId)>, StoreError> {
    let row = q!(opt conn, (i64, i64), "SELECT tenant_id, account_id FROM setup_links WHERE token_hash = $1 AND used_at IS NULL AND expires_at > $2 AND signs_in = $3", hash, now, signs_in)?;
    Ok(row.map(|(tenant, account)| (TenantId(tenant), AccountId(account))))
}

/// Uses a link up; `None` if it was used, ran out or never was.
// cross-tenant: the token says whose it is
pub(in crate::accounts) async fn update_link(
    conn: &mut Conn,
    hash: &[u8],
    now: UnixMs,
) -> Result<Option<(TenantId, AccountId)>, StoreError> {
    let row = q!(opt conn, (i64, i64), "UPDATE setup_links SET used_at = $2 WHERE token_hash = $1 AND used_at IS NULL AND expires_at > $2 \
        RETURNING tenant_id, account_id", hash, now)?;
    Ok(row.map(|(tenant, account)| (TenantId(tenant), AccountId(account))))
}
