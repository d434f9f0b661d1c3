//! The package that a customer gets when his time runs out: what he has paid for when it is said he keeps to its end, and a renewal before then is already for the other one.
//! It is taken at that moment, or with the change that comes before anybody looked; nothing is sold by it, so no validity begins.

use serde_json::json;

use super::{Customer, sql};
use crate::store::{AuditEntry, Db, StoreError};
use crate::units::{PackageId, UnixMs};

/// Gives him the package that waited, if his time is over; false if there is nothing to do.
pub(super) fn take_next(customer: &mut Customer, now: UnixMs) -> bool {
    let is_past = |at: Option<UnixMs>| at.is_some_and(|at| at <= now);
    let Some(next) = customer.next_package_id.filter(|_| is_past(customer.next_package_at) || is_past(customer.expires_at)) else {
        return false;
    };
    customer.package_id = next;
    customer.package_since_at = Some(now);
    (customer.next_package_id, customer.next_package_at) = (None, None);
    true
}

/// The same for everybody whose time is over, at most `limit` of them; returns how many.
pub async fn take_next_packages(db: &Db, now: UnixMs, limit: i64) -> Result<usize, StoreError> {
    let all = sql::list_due_packages(&mut db.read().await?, now, limit).await?;
    let mut taken = 0;
    for due in &all {
        let mut tx = db.begin().await?;
        // of two nodes that look at once the second finds nothing left
        if sql::update_due_package(&mut tx, due, now).await? == 1 {
            let entry = AuditEntry::new(due.tenant_id, "customer.set", "customers", due.id, &due.username).owned_by(Some(due.owner_id));
            let package = |id: i64, next: Option<i64>| json!({ "package_id": PackageId(id), "next_package_id": next.map(PackageId) });
            tx.audit(entry.before(&package(due.package_id, Some(due.next_package_id))).after(&package(due.next_package_id, None)));
            tx.changed(due.tenant_id, "customers", due.id);
            taken += 1;
        }
        tx.commit(now).await?;
    }
    Ok(taken)
}
