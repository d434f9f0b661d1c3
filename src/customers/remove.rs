//! Removing a customer.

use super::devices::{STAFF, remove_macs};
use super::{Customer, CustomerError, lookup_key, sql};
use crate::accounts::capability::Capability;
use crate::accounts::{Scope, Tenant};
use crate::store::{AuditEntry, Db, Tx};
use crate::units::{CustomerId, UnixMs};

/// Removes a customer and his devices. His sessions and usage stay: they are evidence.
pub async fn remove_customer(db: &Db, scope: &Scope, tenant: &Tenant, username: &str, now: UnixMs) -> Result<CustomerId, CustomerError> {
    scope.require(Capability::CustomersDelete)?;
    let mut tx = db.begin().await?;
    let key = lookup_key(username, tenant.case_sensitive_usernames);
    let id = sql::update_lock_customer(&mut tx, scope, &key, now).await?.ok_or_else(|| CustomerError::Unknown(username.to_owned()))?;
    let before = sql::find_customer_by_id(&mut tx, scope, id).await?.ok_or_else(|| CustomerError::Unknown(username.to_owned()))?;
    remove_customer_in(&mut tx, scope, &before, now).await?;
    tx.commit(now).await?;
    Ok(id)
}

/// The same within the caller's transaction, who has asked for the capability.
pub(super) async fn remove_customer_in(tx: &mut Tx, scope: &Scope, customer: &Customer, now: UnixMs) -> Result<(), CustomerError> {
    let id = customer.id;
    sql::delete_top_ups(tx, scope, id).await?;
    sql::delete_tags(tx, scope, id).await?;
    remove_macs(tx, scope, id, STAFF, now).await?;
    sql::update_forget_parent(tx, scope, id).await?;
    sql::delete_customer(tx, scope, id).await?;
    tx.audit(AuditEntry::new(scope.tenant().0, "customer.remove", "customers", id.0, &customer.username).before(customer));
    tx.changed(scope.tenant().0, "customers", id.0);
    Ok(())
}
