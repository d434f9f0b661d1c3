//! Removing a customer.

use super::devices::{STAFF, remove_macs};
use super::{CustomerError, lookup_key, sql};
use crate::accounts::Tenant;
use crate::store::{AuditEntry, Db};
use crate::units::{CustomerId, UnixMs};

/// Removes a customer and his devices. His sessions and usage stay: they are evidence.
pub async fn remove_customer(db: &Db, tenant: &Tenant, username: &str, now: UnixMs) -> Result<CustomerId, CustomerError> {
    let mut tx = db.begin().await?;
    let key = lookup_key(username, tenant.case_sensitive_usernames);
    let id = sql::update_lock_customer(&mut tx, tenant.id, &key, now).await?.ok_or_else(|| CustomerError::Unknown(username.to_owned()))?;
    let before = sql::find_customer_by_id(&mut tx, id).await?;
    sql::delete_top_ups(&mut tx, tenant.id, id).await?;
    remove_macs(&mut tx, tenant.id, id, STAFF, now).await?;
    sql::delete_customer(&mut tx, tenant.id, id).await?;
    let entry = AuditEntry::new(tenant.id.0, "customer.remove", "customers", id.0, username);
    tx.audit(before.iter().fold(entry, AuditEntry::before));
    tx.changed(tenant.id.0, "customers", id.0);
    tx.commit(now).await?;
    Ok(id)
}
