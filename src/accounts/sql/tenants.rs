//! SQL of tenants, and the few questions other rooms ask about accounts without a scope.

use crate::accounts::{AccessRules, ROLE_ADMIN, Tenant};
use crate::q;
use crate::store::{Conn, StoreError};
use crate::units::{AccountId, TenantId};

#[derive(sqlx::FromRow)]
struct TenantRow {
    id: i64,
    name: String,
    time_zone: String,
    currency: String,
    case_sensitive_usernames: bool,
    cross_provider_login: bool,
    access_rules: String,
    host_name: Option<String>,
    language: String,
    created_at: i64,
}

impl TenantRow {
    fn into_tenant(row: TenantRow) -> Result<Tenant, StoreError> {
        let broken = |e: serde_json::Error| StoreError::Unexpected(format!("tenant {}: access rules: {e}", row.id));
        Ok(Tenant {
            access_rules: serde_json::from_str(&row.access_rules).map_err(broken)?,
            id: TenantId(row.id),
            name: row.name,
            time_zone: row.time_zone,
            currency: row.currency,
            case_sensitive_usernames: row.case_sensitive_usernames,
            cross_provider_login: row.cross_provider_login,
            host_name: row.host_name,
            language: row.language,
            created_at: row.created_at,
        })
    }
}

fn json(rules: &AccessRules) -> Result<String, StoreError> {
    serde_json::to_string(rules).map_err(|e| StoreError::Unexpected(format!("access rules: {e}")))
}

/// The tenant that has this name, or had it.
// cross-tenant: names are unique on the server; this is how a tenant is chosen
pub async fn find_tenant(conn: &mut Conn, name: &str) -> Result<Option<Tenant>, StoreError> {
    let row = q!(opt conn, TenantRow, "SELECT id, name, time_zone, currency, case_sensitive_usernames, cross_provider_login, access_rules, host_name, language, created_at \
        FROM tenants WHERE id = (SELECT tenant_id FROM tenant_names WHERE name = $1)", name)?;
    row.map(TenantRow::into_tenant).transpose()
}

/// The tenant of this id, for whoever has it from his scope.
pub async fn find_tenant_by_id(conn: &mut Conn, tenant: TenantId) -> Result<Option<Tenant>, StoreError> {
    let row = q!(opt conn, TenantRow, "SELECT id, name, time_zone, currency, case_sensitive_usernames, cross_provider_login, access_rules, host_name, language, created_at \
        FROM tenants WHERE id = $1", tenant.0)?;
    row.map(TenantRow::into_tenant).transpose()
}

/// The tenant whose panel is reached under this host name.
// cross-tenant: this is how a tenant is found
pub async fn find_tenant_by_host(conn: &mut Conn, host_name: &str) -> Result<Option<Tenant>, StoreError> {
    let row = q!(opt conn, TenantRow, "SELECT id, name, time_zone, currency, case_sensitive_usernames, cross_provider_login, access_rules, host_name, language, created_at \
        FROM tenants WHERE host_name = $1", host_name)?;
    row.map(TenantRow::into_tenant).transpose()
}

/// All tenants, by name. A server has few of them.
// cross-tenant: for the administrator and the directory
pub async fn list_tenants(conn: &mut Conn) -> Result<Vec<Tenant>, StoreError> {
    let rows = q!(all conn, TenantRow, "SELECT id, name, time_zone, currency, case_sensitive_usernames, cross_provider_login, access_rules, host_name, language, created_at \
        FROM tenants ORDER BY name")?;
    rows.into_iter().map(TenantRow::into_tenant).collect()
}

/// False if the name is taken.
// cross-tenant: makes the tenant
pub(in crate::accounts) async fn insert_tenant(conn: &mut Conn, tenant: &Tenant) -> Result<bool, StoreError> {
    let n = q!(exec conn, "INSERT INTO tenants (id, name, time_zone, currency, case_sensitive_usernames, cross_provider_login, access_rules, host_name, language, created_at) \
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT (name) DO NOTHING",
        tenant.id.0, &tenant.name, &tenant.time_zone, &tenant.currency, tenant.case_sensitive_usernames, tenant.cross_provider_login,
        json(&tenant.access_rules)?, &tenant.host_name, &tenant.language, tenant.created_at)?;
    Ok(n == 1)
}

/// Makes a name the tenant's, for good; false if it is another's, or was once.
pub(in crate::accounts) async fn insert_tenant_name(conn: &mut Conn, tenant: TenantId, name: &str) -> Result<bool, StoreError> {
    q!(exec conn, "INSERT INTO tenant_names (name, tenant_id) VALUES ($2, $1) ON CONFLICT (name) DO NOTHING", tenant.0, name)?;
    let (holder,) = q!(one conn, (i64,), "SELECT tenant_id FROM tenant_names WHERE name = $1", name)?;
    Ok(holder == tenant.0)
}

/// Locks the tenant's row until the transaction ends, and reads it.
pub(in crate::accounts) async fn update_lock_tenant(conn: &mut Conn, tenant: TenantId) -> Result<Option<Tenant>, StoreError> {
    let row = q!(opt conn, TenantRow, "UPDATE tenants SET name = name WHERE id = $1 \
        RETURNING id, name, time_zone, currency, case_sensitive_usernames, cross_provider_login, access_rules, host_name, language, created_at", tenant.0)?;
    row.map(TenantRow::into_tenant).transpose()
}

/// Writes a tenant's settings.
pub(in crate::accounts) async fn update_tenant(conn: &mut Conn, tenant: &Tenant) -> Result<u64, StoreError> {
    q!(exec conn, "UPDATE tenants SET time_zone = $2, currency = $3, case_sensitive_usernames = $4, cross_provider_login = $5, access_rules = $6, host_name = $7, \
        language = $8, name = $9 WHERE id = $1",
        tenant.id.0, &tenant.time_zone, &tenant.currency, tenant.case_sensitive_usernames, tenant.cross_provider_login,
        json(&tenant.access_rules)?, &tenant.host_name, &tenant.language, &tenant.name)
}

/// The tenant's first provider, which owns what is created without naming an owner.
pub async fn find_owner(conn: &mut Conn, tenant: TenantId) -> Result<Option<AccountId>, StoreError> {
    let row = q!(opt conn, (i64,), "SELECT id FROM accounts WHERE tenant_id = $1 AND role = $2 ORDER BY created_at, id LIMIT 1",
        tenant.0, ROLE_ADMIN)?;
    Ok(row.map(|(id,)| AccountId(id)))
}

/// The account of this name.
pub async fn find_account(conn: &mut Conn, tenant: TenantId, name: &str) -> Result<Option<AccountId>, StoreError> {
    let row = q!(opt conn, (i64,), "SELECT id FROM accounts WHERE tenant_id = $1 AND name = $2", tenant.0, name)?;
    Ok(row.map(|(id,)| AccountId(id)))
}

/// Takes the tenant's accounts for this transaction alone: its row is locked until the end. The number is only what there is to write; nobody reads it.
pub(in crate::accounts) async fn update_lock_accounts(conn: &mut Conn, tenant: TenantId) -> Result<u64, StoreError> {
    q!(exec conn, "UPDATE tenants SET access_epoch = access_epoch + 1 WHERE id = $1", tenant.0)
}
