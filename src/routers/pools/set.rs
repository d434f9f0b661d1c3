//! Changing and removing a pool.

use super::add::{check_beside_others, find_router_id};
use super::{AddressRange, Pool, PoolError, sql};
use crate::store::{AuditEntry, Db};
use crate::units::{TenantId, UnixMs};

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
pub async fn set_pool(db: &Db, tenant: TenantId, name: &str, changes: PoolChanges, now: UnixMs) -> Result<Pool, PoolError> {
    let mut tx = db.begin().await?;
    let mut pool = sql::update_lock_pool(&mut tx, tenant, name, now).await?.ok_or_else(|| PoolError::Unknown(name.to_owned()))?;
    let before = pool.clone();
    if let Some(new_name) = changes.name {
        if new_name != name && sql::find_pool(&mut tx, tenant, &new_name).await?.is_some() {
            return Err(PoolError::NameTaken(new_name));
        }
        pool.name = new_name;
    }
    pool.ranges = changes.ranges.unwrap_or(pool.ranges);
    pool.ranges.extend(changes.add_ranges);
    pool.ranges.sort_unstable();
    pool.ranges.dedup();
    if let Some(router) = changes.router {
        pool.router_id = find_router_id(&mut tx, tenant, router.as_deref()).await?;
    }
    pool.grace_secs = changes.grace_secs.unwrap_or(pool.grace_secs);
    pool.check()?;
    check_beside_others(&mut tx, tenant, &pool).await?;
    sql::update_pool(&mut tx, tenant, &pool).await?;
    tx.audit(AuditEntry::new(tenant.0, "pool.set", "ip_pools", pool.id, name).before(&before).after(&pool));
    tx.changed(tenant.0, "ip_pools", pool.id);
    tx.commit(now).await?;
    Ok(pool)
}

/// Removes a pool and its leases. Its name is sent as Framed-Pool from then on, so the routers should know it.
pub async fn remove_pool(db: &Db, tenant: TenantId, name: &str, now: UnixMs) -> Result<i64, PoolError> {
    let mut tx = db.begin().await?;
    let pool = sql::update_lock_pool(&mut tx, tenant, name, now).await?.ok_or_else(|| PoolError::Unknown(name.to_owned()))?;
    sql::delete_pool(&mut tx, tenant, pool.id).await?;
    // A lease that is written at this very moment may be left behind; nothing reads it without its pool.
    sql::delete_leases(&mut tx, tenant, pool.id).await?;
    tx.audit(AuditEntry::new(tenant.0, "pool.remove", "ip_pools", pool.id, name).before(&pool));
    tx.changed(tenant.0, "ip_pools", pool.id);
    tx.commit(now).await?;
    Ok(pool.id)
}
