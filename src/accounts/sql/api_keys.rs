//! SQL of `api_keys` and `api_key_hours`.

use crate::accounts::ApiKey;
use crate::accounts::capability::CapabilitySet;
use crate::q;
use crate::store::{Conn, StoreError};
use crate::units::{AccountId, TenantId, UnixMs};

/// A row of `api_keys`.
#[derive(sqlx::FromRow)]
pub(in crate::accounts) struct ApiKeyRow {
    id: i64,
    tenant_id: i64,
    account_id: i64,
    name: String,
    prefix: String,
    capabilities: String,
    networks: String,
    hourly_limit: i64,
    created_at: i64,
    expires_at: Option<i64>,
    revoked_at: Option<i64>,
    last_used_at: Option<i64>,
    last_ip: String,
}

impl ApiKeyRow {
    /// The row of a key; its tenant is a parameter of whoever writes it.
    pub fn of(key: &ApiKey) -> ApiKeyRow {
        ApiKeyRow {
            id: key.id,
            tenant_id: 0,
            account_id: key.account_id.0,
            name: key.name.clone(),
            prefix: key.prefix.clone(),
            capabilities: key.capabilities.to_words(),
            networks: key.networks.iter().map(ToString::to_string).collect::<Vec<_>>().join(" "),
            hourly_limit: i64::from(key.hourly_limit),
            created_at: key.created_at,
            expires_at: key.expires_at,
            revoked_at: key.revoked_at,
            last_used_at: key.last_used_at,
            last_ip: key.last_ip.clone(),
        }
    }

    fn into_key(row: ApiKeyRow) -> Result<(TenantId, ApiKey), StoreError> {
        let networks: Result<Vec<_>, _> = row.networks.split_whitespace().map(str::parse).collect();
        // a list that does not read must not come to mean "anywhere"
        let networks = networks.map_err(|_| StoreError::Unexpected(format!("API key {}: networks {:?}", row.id, row.networks)))?;
        let key = ApiKey {
            id: row.id,
            account_id: AccountId(row.account_id),
            name: row.name,
            prefix: row.prefix,
            capabilities: CapabilitySet::from_words(&row.capabilities),
            networks,
            hourly_limit: u32::try_from(row.hourly_limit).unwrap_or(0),
            created_at: row.created_at,
            expires_at: row.expires_at,
            revoked_at: row.revoked_at,
            last_used_at: row.last_used_at,
            last_ip: row.last_ip,
        };
        Ok((TenantId(row.tenant_id), key))
    }
}

/// Writes a new key.
pub(in crate::accounts) async fn insert_api_key(
    conn: &mut Conn,
    tenant: TenantId,
    row: &ApiKeyRow,
    hash: &[u8],
) -> Result<u64, StoreError> {
    q!(exec conn, "INSERT INTO api_keys (id, tenant_id, account_id, name, prefix, token_hash, capabilities, networks, hourly_limit, created_at, expires_at) \
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
        row.id, tenant.0, row.account_id, &row.name, &row.prefix, hash, &row.capabilities, &row.networks, row.hourly_limit, row.created_at, row.expires_at)
}

/// The key of a token, with its tenant.
// cross-tenant: the token says whose it is
pub(in crate::accounts) async fn find_api_key(conn: &mut Conn, hash: &[u8]) -> Result<Option<(TenantId, ApiKey)>, StoreError> {
    let row = q!(opt conn, ApiKeyRow, "SELECT id, tenant_id, account_id, name, prefix, capabilities, networks, hourly_limit, created_at, expires_at, revoked_at, \
        last_used_at, last_ip FROM api_keys WHERE token_hash = $1", hash)?;
    row.map(ApiKeyRow::into_key).transpose()
}

/// The keys of an account, the newest first. The caller has found the account under its scope.
pub(in crate::accounts) async fn list_api_keys(conn: &mut Conn, tenant: TenantId, account: AccountId) -> Result<Vec<ApiKey>, StoreError> {
    let rows = q!(all conn, ApiKeyRow, "SELECT id, tenant_id, account_id, name, prefix, capabilities, networks, hourly_limit, created_at, expires_at, revoked_at, \
        last_used_at, last_ip FROM api_keys WHERE tenant_id = $1 AND account_id = $2 ORDER BY created_at DESC, id DESC", tenant.0, account.0)?;
    rows.into_iter().map(|row| ApiKeyRow::into_key(row).map(|(_, key)| key)).collect()
}

/// Revokes a key.
pub(in crate::accounts) async fn revoke_api_key(conn: &mut Conn, tenant: TenantId, id: i64, now: UnixMs) -> Result<u64, StoreError> {
    q!(exec conn, "UPDATE api_keys SET revoked_at = $3 WHERE tenant_id = $1 AND id = $2 AND revoked_at IS NULL", tenant.0, id, now)
}

/// Counts a request of an hour; false if the hour is used up. Hours before are forgotten.
pub(in crate::accounts) async fn count_api_key_use(
    conn: &mut Conn,
    tenant: TenantId,
    id: i64,
    hour: i64,
    limit: i64,
) -> Result<bool, StoreError> {
    let n = q!(exec conn, "INSERT INTO api_key_hours (tenant_id, key_id, hour, used) VALUES ($1, $2, $3, 1) \
        ON CONFLICT (key_id, hour) DO UPDATE SET used = api_key_hours.used + 1 WHERE api_key_hours.used < $4", tenant.0, id, hour, limit)?;
    q!(exec conn, "DELETE FROM api_key_hours WHERE tenant_id = $1 AND key_id = $2 AND hour < $3", tenant.0, id, hour)?;
    Ok(n == 1)
}

/// Notes a use.
pub(in crate::accounts) async fn update_api_key_used(
    conn: &mut Conn,
    tenant: TenantId,
    id: i64,
    ip: &str,
    now: UnixMs,
) -> Result<u64, StoreError> {
    q!(exec conn, "UPDATE api_keys SET last_used_at = $3, last_ip = $4 WHERE tenant_id = $1 AND id = $2", tenant.0, id, now, ip)
}
