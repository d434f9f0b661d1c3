//! Changing and removing a pool.

use super::add::{check_beside_others, find_router_id};
use super::{AddressRange, Pool, PoolError, sql};
use crate::accounts::Scope;
use crate::accounts::capability::Capability;
use crate::store::{AuditEntry, Db};
use crate::units::UnixMs;

/// What to change; what is `None` stays as it is.
#[derive(Debug, Clone, Default)]
pub struct PoolChanges {
    /// New name.
    pub name: Option<String>,
    /// Replaces all ranges. An address that falls out stays with who holds it until his session ends.
    pub ranges: Option<Vec<AddressRange>>,
    /// Ranges to add.
    pub add_ranges: Vec<AddressRange>,
    /// Name of the only router that it serves; the inner `None` = all.
    pub router: Option<Option<String>>,
    /// See [`Pool::grace_secs`].
    pub grace_secs: Option<u32>,
}

/// Applies the changes; a running server follows within a second.
pub async fn set_pool(db: &Db, scope: &Scope, name: &str, changes: PoolChanges, now: UnixMs) -> Result<Pool, PoolError> {
    scope.require(Capability::PoolsEdit)?;
    let mut tx = db.begin().await?;
    let found = sql::update_lock_pool(&mut tx, scope, name, now).await?;
    let (mut pool, owner) = found.ok_or_else(|| PoolError::Unknown(name.to_owned()))?;
    let before = pool.clone();
    if let Some(new_name) = changes.name {
        if new_name != name && sql::is_name_taken(&mut tx, scope, &new_name).await? {
            return Err(PoolError::NameTaken(new_name));
        }
        pool.name = new_name;
    }
    pool.ranges = changes.ranges.unwrap_or(pool.ranges);
    pool.ranges.extend(changes.add_ranges);
    pool.ranges.sort_unstable();
    pool.ranges.dedup();
    if let Some(router) = changes.router {
        pool.router_id = find_router_id(&mut tx, scope, router.as_deref()).await?;
    }
    pool.grace_secs = changes.grace_secs.unwrap_or(pool.grace_secs);
    pool.check()?;
    check_beside_others(&mut tx, scope, &pool).await?;
    sql::update_pool(&mut tx, scope, &pool).await?;
    tx.audit(AuditEntry::new(scope.tenant().0, "pool.set", "ip_pools", pool.id, name).owned_by(owner).before(&before).after(&pool));
    tx.changed(scope.tenant().0, "ip_pools", pool.id);
    tx.commit(now).await?;
    Ok(pool)
}

/// Removes a pool and its leases. Its name is sent as Framed-Pool from then on, so the routers should know it.
pub async fn remove_pool(db: &Db, scope: &Scope, name: &str, now: UnixMs) -> Result<i64, PoolError> {
    scope.require(Capability::PoolsEdit)?;
    let mut tx = db.begin().await?;
    let found = sql::update_lock_pool(&mut tx, scope, name, now).await?;
    let (pool, owner) = found.ok_or_else(|| PoolError::Unknown(name.to_owned()))?;
    // A lease that is written at this very moment may be left behind; nothing reads it without its pool.
    sql::delete_leases(&mut tx, scope, pool.id).await?;
    sql::delete_pool(&mut tx, scope, pool.id).await?;
    tx.audit(AuditEntry::new(scope.tenant().0, "pool.remove", "ip_pools", pool.id, name).owned_by(owner).before(&pool));
    tx.changed(scope.tenant().0, "ip_pools", pool.id);
    tx.commit(now).await?;
    Ok(pool.id)
}
