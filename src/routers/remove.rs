//! Removing a router.

use super::{RouterError, sql};
use crate::accounts::Scope;
use crate::accounts::capability::Capability;
use crate::store::{AuditEntry, Db};
use crate::units::{RouterId, UnixMs};

/// Removes a router with its addresses, what was learned of it, and its counters. Its sessions stay: they are evidence.
pub async fn remove_router(db: &Db, scope: &Scope, name: &str, now: UnixMs) -> Result<RouterId, RouterError> {
    scope.require(Capability::RoutersDelete)?;
    let mut tx = db.begin().await?;
    let row = sql::update_lock_router(&mut tx, scope, name, now).await?.ok_or_else(|| RouterError::Unknown(name.to_owned()))?;
    let id = RouterId(row.id);
    let before = row.into_router(sql::list_addresses(&mut tx, scope, id).await?)?;
    sql::delete_addresses(&mut tx, scope, id).await?;
    sql::delete_learned(&mut tx, scope, id).await?;
    sql::delete_counters(&mut tx, scope, id).await?;
    sql::delete_router(&mut tx, scope, id).await?;
    tx.audit(AuditEntry::new(scope.tenant().0, "router.remove", "routers", id.0, name).before(&before));
    tx.changed(scope.tenant().0, "routers", id.0);
    tx.commit(now).await?;
    Ok(id)
}
