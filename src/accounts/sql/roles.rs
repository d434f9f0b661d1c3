//! SQL of `role_changes` and `account_permissions`.

use crate::accounts::capability::CapabilitySet;
use crate::accounts::{Permission, Role, RoleBook, RoleChange, Scope};
use crate::q;
use crate::store::{Conn, StoreError};
use crate::units::{AccountId, TenantId, UnixMs};

#[derive(sqlx::FromRow)]
struct RoleRow {
    role: String,
    label: Option<String>,
    level: Option<i64>,
    added: String,
    withheld: String,
}

/// The roles as they hold in a tenant.
pub async fn list_role_book(conn: &mut Conn, tenant: TenantId) -> Result<RoleBook, StoreError> {
    let rows = q!(all conn, RoleRow, "SELECT role, label, level, added, withheld FROM role_changes WHERE tenant_id = $1", tenant.0)?;
    let changes = rows.into_iter().filter_map(|row| {
        let change = RoleChange {
            label: row.label,
            level: row.level.and_then(|l| u16::try_from(l).ok()),
            added: CapabilitySet::from_words(&row.added),
            withheld: CapabilitySet::from_words(&row.withheld),
        };
        Some((row.role.parse().ok()?, change))
    });
    Ok(RoleBook::new(changes.collect()))
}

/// Writes what a tenant changed of a role.
pub(in crate::accounts) async fn insert_role_change(
    conn: &mut Conn,
    scope: &Scope,
    role: Role,
    c: &RoleChange,
    now: UnixMs,
) -> Result<u64, StoreError> {
    q!(exec conn, "INSERT INTO role_changes (tenant_id, role, label, level, added, withheld, updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7) \
        ON CONFLICT (tenant_id, role) DO UPDATE SET label = excluded.label, level = excluded.level, added = excluded.added, \
        withheld = excluded.withheld, updated_at = excluded.updated_at",
        scope.tenant().0, role.as_str(), &c.label, c.level.map(i64::from), c.added.to_words(), c.withheld.to_words(), now)
}

#[derive(sqlx::FromRow)]
pub(in crate::accounts) struct PermissionRow {
    pub account_id: i64,
    capability: String,
    resource: String,
    granter_id: Option<i64>,
    granted_by: String,
    granted_at: i64,
    expires_at: Option<i64>,
}

impl PermissionRow {
    /// `None` if this program does not know the capability, which then grants nothing.
    pub fn into_permission(self) -> Option<Permission> {
        Some(Permission {
            capability: self.capability.parse().ok()?,
            resource: self.resource,
            granter: self.granter_id.map(AccountId),
            granted_by: self.granted_by,
            granted_at: self.granted_at,
            expires_at: self.expires_at,
        })
    }
}

/// What an account was given one by one, also what has run out. The caller has found the account under its scope.
pub async fn list_permissions(conn: &mut Conn, scope: &Scope, account: AccountId) -> Result<Vec<Permission>, StoreError> {
    let rows = q!(all conn, PermissionRow, "SELECT account_id, capability, resource, granter_id, granted_by, granted_at, expires_at \
        FROM account_permissions WHERE tenant_id = $1 AND account_id = $2 ORDER BY capability, resource", scope.tenant().0, account.0)?;
    Ok(rows.into_iter().filter_map(PermissionRow::into_permission).collect())
}

/// Gives a permission, or gives it anew.
pub(in crate::accounts) async fn insert_permission(
    conn: &mut Conn,
    scope: &Scope,
    account: AccountId,
    p: &Permission,
) -> Result<u64, StoreError> {
    q!(exec conn, "INSERT INTO account_permissions (tenant_id, account_id, capability, resource, granter_id, granted_by, granted_at, expires_at) \
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (account_id, capability, resource) DO UPDATE SET granter_id = excluded.granter_id, \
        granted_by = excluded.granted_by, granted_at = excluded.granted_at, expires_at = excluded.expires_at",
        scope.tenant().0, account.0, p.capability.as_str(), &p.resource, p.granter.map(|g| g.0), &p.granted_by, p.granted_at, p.expires_at)
}

/// Takes a permission away.
pub(in crate::accounts) async fn delete_permission(
    conn: &mut Conn,
    scope: &Scope,
    account: AccountId,
    p: &Permission,
) -> Result<u64, StoreError> {
    q!(exec conn, "DELETE FROM account_permissions WHERE tenant_id = $1 AND account_id = $2 AND capability = $3 AND resource = $4",
        scope.tenant().0, account.0, p.capability.as_str(), &p.resource)
}
