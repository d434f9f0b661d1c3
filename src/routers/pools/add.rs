//! Adding a pool.

use super::{AddressRange, Pool, PoolError, sql};
use crate::store::{AuditEntry, Db, IdMaker, Tx};
use crate::units::{TenantId, UnixMs};

/// What an administrator says about a new pool.
#[derive(Debug, Clone)]
pub struct NewPool {
    /// Unique in the tenant; packages and customers name it as their pool.
    pub name: String,
    /// What it hands out.
    pub ranges: Vec<AddressRange>,
    /// Name of the only router that it serves.
    pub router: Option<String>,
    /// See [`Pool::grace_secs`].
    pub grace_secs: u32,
}

/// Adds a pool; a running server leases from it within a second.
pub async fn add_pool(db: &Db, ids: &IdMaker, tenant: TenantId, new: NewPool, now: UnixMs) -> Result<Pool, PoolError> {
    let mut tx = db.begin().await?;
    let router_id = find_router_id(&mut tx, tenant, new.router.as_deref()).await?;
    let pool = Pool { id: ids.next(now), tenant_id: tenant, name: new.name, ranges: new.ranges, router_id, grace_secs: new.grace_secs };
    pool.check()?;
    if sql::find_pool(&mut tx, tenant, &pool.name).await?.is_some() {
        return Err(PoolError::NameTaken(pool.name));
    }
    check_beside_others(&mut tx, tenant, &pool).await?;
    if !sql::insert_pool(&mut tx, tenant, &pool, now).await? {
        return Err(PoolError::NameTaken(pool.name));
    }
    tx.audit(AuditEntry::new(tenant.0, "pool.add", "ip_pools", pool.id, &pool.name).after(&pool));
    tx.changed(tenant.0, "ip_pools", pool.id);
    tx.commit(now).await?;
    Ok(pool)
}

pub(super) async fn check_beside_others(tx: &mut Tx, tenant: TenantId, pool: &Pool) -> Result<(), PoolError> {
    for other in sql::list_pools(tx, tenant).await? {
        pool.check_beside(&other)?;
    }
    Ok(())
}

pub(super) async fn find_router_id(tx: &mut Tx, tenant: TenantId, name: Option<&str>) -> Result<Option<i64>, PoolError> {
    let Some(name) = name else { return Ok(None) };
    let router = crate::routers::find_router(tx, tenant, name).await?;
    router.map(|r| Some(r.id.0)).ok_or_else(|| PoolError::UnknownRouter(name.to_owned()))
}
