//! Adding a pool.

use super::{AddressRange, Pool, PoolError, sql};
use crate::accounts::capability::Capability;
use crate::accounts::{Scope, find_account_by_id};
use crate::routers::find_named_router;
use crate::store::{AuditEntry, Db, IdMaker, Tx};
use crate::units::{AccountId, UnixMs};

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
pub async fn add_pool(db: &Db, ids: &IdMaker, scope: &Scope, owner: AccountId, new: NewPool, now: UnixMs) -> Result<Pool, PoolError> {
    scope.require(Capability::PoolsEdit)?;
    let mut tx = db.begin().await?;
    find_account_by_id(&mut tx, scope, owner).await?.ok_or_else(|| PoolError::UnknownOwner(owner.to_string()))?;
    let router_id = find_router_id(&mut tx, scope, new.router.as_deref()).await?;
    let pool =
        Pool { id: ids.next(now), tenant_id: scope.tenant(), name: new.name, ranges: new.ranges, router_id, grace_secs: new.grace_secs };
    pool.check()?;
    if sql::is_name_taken(&mut tx, scope, &pool.name).await? {
        return Err(PoolError::NameTaken(pool.name));
    }
    check_beside_others(&mut tx, scope, &pool).await?;
    if !sql::insert_pool(&mut tx, scope, &pool, owner, now).await? {
        return Err(PoolError::NameTaken(pool.name));
    }
    tx.audit(AuditEntry::new(scope.tenant().0, "pool.add", "ip_pools", pool.id, &pool.name).owned_by(Some(owner.0)).after(&pool));
    tx.changed(scope.tenant().0, "ip_pools", pool.id);
    tx.commit(now).await?;
    Ok(pool)
}

/// No two pools of the tenant hand out one address, whoever owns them; a pool that the scope does not see is not named.
pub(super) async fn check_beside_others(tx: &mut Tx, scope: &Scope, pool: &Pool) -> Result<(), PoolError> {
    for (other, is_seen) in sql::list_pools_of_tenant(tx, scope).await? {
        pool.check_beside(&other, is_seen)?;
    }
    Ok(())
}

pub(super) async fn find_router_id(tx: &mut Tx, scope: &Scope, name: Option<&str>) -> Result<Option<i64>, PoolError> {
    let Some(name) = name else { return Ok(None) };
    let router = find_named_router(tx, scope, name).await?;
    router.map(|r| Some(r.id)).ok_or_else(|| PoolError::UnknownRouter(name.to_owned()))
}
