//! Changing a tenant's settings, with what they mean for its customers' usernames.

use super::{CustomerError, rekey_usernames};
use crate::accounts::{AccountError, Scope, Tenant, TenantChanges, find_tenant_by_id, may_name_tenant, may_set_tenant, set_tenant};
use crate::store::Db;
use crate::units::UnixMs;

/// Changes the settings of the scope's tenant. Whoever sees only a part of it may not. Its name and its host name are
/// the server's: commands find a tenant by the one, every visitor's tenant is told by the other.
pub async fn set_tenant_settings(db: &Db, scope: &Scope, changes: &TenantChanges, now: UnixMs) -> Result<Tenant, CustomerError> {
    may_set_tenant(scope).map_err(AccountError::from)?;
    if changes.name.is_some() || changes.host_name.is_some() {
        may_name_tenant(scope).map_err(AccountError::from)?;
    }
    let mut tx = db.begin().await?;
    let tenant = find_tenant_by_id(&mut tx, scope.tenant()).await?;
    let tenant = tenant.ok_or_else(|| AccountError::UnknownTenant(scope.tenant().to_string()))?;
    let (before, after) = set_tenant(&mut tx, &tenant.name, changes).await?;
    if before.case_sensitive_usernames != after.case_sensitive_usernames {
        rekey_usernames(&mut tx, &after).await?;
    }
    tx.commit(now).await?;
    Ok(after)
}
