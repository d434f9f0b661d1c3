//! Changing a tenant's settings, with what they mean for its customers' usernames.

use super::{CustomerError, rekey_usernames};
use crate::accounts::{AccountError, Scope, Tenant, TenantChanges, may_set_host_name, may_set_tenant, set_tenant};
use crate::store::Db;
use crate::units::UnixMs;

/// Changes the settings of the scope's tenant, its name among them. Whoever sees only a part of it may not. Its host name is the server's: every visitor's tenant is
/// told by it.
pub async fn set_tenant_settings(db: &Db, scope: &Scope, changes: &TenantChanges, now: UnixMs) -> Result<Tenant, CustomerError> {
    may_set_tenant(scope).map_err(AccountError::from)?;
    if changes.host_name.is_some() {
        may_set_host_name(scope).map_err(AccountError::from)?;
    }
    let mut tx = db.begin().await?;
    let (before, after) = set_tenant(&mut tx, scope.tenant(), changes).await?;
    if before.case_sensitive_usernames != after.case_sensitive_usernames {
        rekey_usernames(&mut tx, &after).await?;
    }
    tx.commit(now).await?;
    Ok(after)
}
