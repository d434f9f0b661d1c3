//! Removing a customer.

use super::devices::{STAFF, remove_macs};
use super::{CustomerError, lookup_key, sql};
use crate::accounts::capability::Capability;
use crate::accounts::{Scope, Tenant};
use crate::store::{AuditEntry, Db};
use crate::units::{CustomerId, UnixMs};

/// Removes a customer and his devices. His sessions and usage stay: they are evidence.
pub async fn remove_customer(db: &Db, scope: &Scope, tenant: &Tenant, username: &str, now: UnixMs) -> Result<CustomerId, CustomerError> {
    scope.require(Capability::CustomersDelete)?;
    let mut tx = db.begin().await?;
    let key = lookup_key(username, tenant.case_sensitive_usernames);
    let id = sql::update_lock_customer(&mut tx, scope, &key, now).await?.ok_or_else(|| CustomerError::Unknown(username.to_owned()))?;
    let before = sql::find_customer_by_id(&mut tx, scope, id).await?;
    sql::delete_top_ups(&mut tx, scope, id).await?;
    sql::delete_tags(&mut tx, scope, id).await?;
    remove_macs(&mut tx, scope, id, STAFF, now).await?;
    sql::delete_customer(&mut tx, scope, id).await?;
    let entry = AuditEntry::new(scope.tenant().0, "customer.remove", "customers", id.0, username);
    tx.audit(before.iter().fold(entry, AuditEntry::before));
    tx.changed(scope.tenant().0, "customers", id.0);
    tx.commit(now).await?;
    Ok(id)
}
