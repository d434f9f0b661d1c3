//! SQL of pools and leases.

use std::net::Ipv4Addr;

use serde::Serialize;

use super::{Pool, parse_ranges, print_ranges};
use crate::accounts::Scope;
use crate::store::{Conn, StoreError};
use crate::units::{AccountId, Mac, TenantId, UnixMs};
use crate::{is_seen, q};

/// Rows of this pool.
macro_rules! pool_is_seen {
    ($pool_id:literal, $from:literal, $to:literal) => {
        concat!(
            "EXISTS (SELECT 1 FROM ip_pools seen WHERE seen.tenant_id = $1 AND seen.id = ",
            $pool_id,
            " AND ",
            is_seen!("seen.owner_id", $from, $to),
            ")"
        )
    };
}

#[derive(sqlx::FromRow)]
struct PoolRow {
    id: i64,
    tenant_id: i64,
    name: String,
    ranges: String,
    router_id: Option<i64>,
    grace_secs: i64,
}

impl PoolRow {
    fn into_pool(self) -> Result<Pool, StoreError> {
        let wrong = |what: String| StoreError::Unexpected(format!("pool {}: {what}", self.name));
        Ok(Pool {
            id: self.id,
            tenant_id: TenantId(self.tenant_id),
            ranges: parse_ranges(&self.ranges).map_err(|e| wrong(e.to_string()))?,
            router_id: self.router_id,
            grace_secs: u32::try_from(self.grace_secs).map_err(|_| wrong("grace time".into()))?,
            name: self.name,
        })
    }
}

/// The pool of this name.
pub(super) async fn find_pool(conn: &mut Conn, scope: &Scope, name: &str) -> Result<Option<Pool>, StoreError> {
    let (from, to) = scope.owners();
    let row = q!(opt conn, PoolRow, concat!("SELECT id, tenant_id, name, ranges, router_id, grace_secs FROM ip_pools WHERE tenant_id = $1 AND name = $2 AND ",
        is_seen!("owner_id", "$3", "$4")), scope.tenant().0, name, from, to)?;
    row.map(PoolRow::into_pool).transpose()
}

/// Whether a pool of the tenant has this name, whoever owns it: names are unique in the tenant.
pub(super) async fn is_name_taken(conn: &mut Conn, scope: &Scope, name: &str) -> Result<bool, StoreError> {
    let (n,) = q!(one conn, (i64,), "SELECT COUNT(*) FROM ip_pools WHERE tenant_id = $1 AND name = $2", scope.tenant().0, name)?;
    Ok(n > 0)
}

/// The pool of this id.
// cross-tenant: the directory follows the feed by row id
pub async fn find_pool_by_id(conn: &mut Conn, id: i64) -> Result<Option<Pool>, StoreError> {
    q!(opt conn, PoolRow, "SELECT id, tenant_id, name, ranges, router_id, grace_secs FROM ip_pools WHERE id = $1", id)?
        .map(PoolRow::into_pool)
        .transpose()
}

/// All pools of the tenant by name, whoever owns them, since addresses are the tenant's; and whether the scope sees each.
pub(super) async fn list_pools_of_tenant(conn: &mut Conn, scope: &Scope) -> Result<Vec<(Pool, bool)>, StoreError> {
    let (from, to) = scope.owners();
    let pools = q!(all conn, PoolRow, "SELECT id, tenant_id, name, ranges, router_id, grace_secs FROM ip_pools WHERE tenant_id = $1 ORDER BY name", scope.tenant().0)?;
    let seen = q!(all conn, (i64,), concat!("SELECT id FROM ip_pools WHERE tenant_id = $1 AND ", is_seen!("owner_id", "$2", "$3")), scope.tenant().0, from, to)?;
    pools
        .into_iter()
        .map(|row| {
            let is_seen = seen.iter().any(|(id,)| *id == row.id);
            Ok((row.into_pool()?, is_seen))
        })
        .collect()
}

/// All pools.
// cross-tenant: the directory serves every tenant
pub async fn list_all_pools(conn: &mut Conn) -> Result<Vec<Pool>, StoreError> {
    q!(all conn, PoolRow, "SELECT id, tenant_id, name, ranges, router_id, grace_secs FROM ip_pools ORDER BY id")?
        .into_iter()
        .map(PoolRow::into_pool)
        .collect()
}

/// False if the name is taken. That the scope sees the owner is checked before.
pub(super) async fn insert_pool(conn: &mut Conn, scope: &Scope, pool: &Pool, owner: AccountId, now: UnixMs) -> Result<bool, StoreError> {
    let n = q!(exec conn, "INSERT INTO ip_pools (id, tenant_id, name, ranges, router_id, grace_secs, created_at, updated_at, owner_id) \
        VALUES ($1, $2, $3, $4, $5, $6, $7, $7, $8) ON CONFLICT DO NOTHING",
        pool.id, scope.tenant().0, &pool.name, print_ranges(&pool.ranges), pool.router_id, i64::from(pool.grace_secs), now, owner.0)?;
    Ok(n == 1)
}

/// Locks the pool's row until the transaction ends, marks it changed, and reads it and its owner.
pub(super) async fn update_lock_pool(
    conn: &mut Conn,
    scope: &Scope,
    name: &str,
    now: UnixMs,
) -> Result<Option<(Pool, Option<i64>)>, StoreError> {
    let (from, to) = scope.owners();
    let locked = q!(opt conn, (i64, Option<i64>), concat!("UPDATE ip_pools SET updated_at = $3 WHERE tenant_id = $1 AND name = $2 AND ",
        is_seen!("owner_id", "$4", "$5"), " RETURNING id, owner_id"), scope.tenant().0, name, now, from, to)?;
    let Some((id, owner)) = locked else { return Ok(None) };
    Ok(find_pool_by_id(conn, id).await?.map(|pool| (pool, owner)))
}

pub(super) async fn update_pool(conn: &mut Conn, scope: &Scope, pool: &Pool) -> Result<u64, StoreError> {
    let (from, to) = scope.owners();
    q!(exec conn, concat!("UPDATE ip_pools SET name = $3, ranges = $4, router_id = $5, grace_secs = $6 WHERE tenant_id = $1 AND id = $2 AND ",
        is_seen!("owner_id", "$7", "$8")),
        scope.tenant().0, pool.id, &pool.name, print_ranges(&pool.ranges), pool.router_id, i64::from(pool.grace_secs), from, to)
}

pub(super) async fn delete_leases(conn: &mut Conn, scope: &Scope, pool_id: i64) -> Result<u64, StoreError> {
    let (from, to) = scope.owners();
    q!(exec conn, concat!("DELETE FROM ip_leases WHERE tenant_id = $1 AND pool_id = $2 AND ", pool_is_seen!("$2", "$3", "$4")),
        scope.tenant().0, pool_id, from, to)
}

pub(super) async fn delete_pool(conn: &mut Conn, scope: &Scope, pool_id: i64) -> Result<u64, StoreError> {
    let (from, to) = scope.owners();
    q!(exec conn, concat!("DELETE FROM ip_pools WHERE tenant_id = $1 AND id = $2 AND ", is_seen!("owner_id", "$3", "$4")),
        scope.tenant().0, pool_id, from, to)
}

/// Whose an address is, or was last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lease {
    /// The address.
    pub address: Ipv4Addr,
    /// Whose.
    pub customer_id: i64,
    /// For which device.
    pub mac: Option<Mac>,
    /// Since when.
    pub leased_at: UnixMs,
    /// When its session was seen to be over; `None` = not yet.
    pub freed_at: Option<UnixMs>,
}

/// Every lease of a pool, in the order in which they ended: those that are held last.
// cross-tenant: the directory serves every tenant
pub async fn list_leases(conn: &mut Conn, pool_id: i64) -> Result<Vec<Lease>, StoreError> {
    let rows = q!(all conn, (String, i64, String, i64, Option<i64>), "SELECT address, customer_id, mac, leased_at, freed_at FROM ip_leases \
        WHERE tenant_id = (SELECT tenant_id FROM ip_pools WHERE id = $1) AND pool_id = $1 \
        ORDER BY CASE WHEN freed_at IS NULL THEN 1 ELSE 0 END, freed_at, leased_at", pool_id)?;
    rows.into_iter()
        .map(|(address, customer_id, mac, leased_at, freed_at)| {
            let address = address.parse().map_err(|_| StoreError::Unexpected(format!("leased address {address:?}")))?;
            Ok(Lease { address, customer_id, mac: Mac::parse(mac.as_bytes()), leased_at, freed_at })
        })
        .collect()
}

/// Gives an address to a customer, unless the pool was removed or the row is newer. The row is the address's only one, so nobody else can have it too.
// cross-tenant: a node leases to customers of all tenants
pub async fn insert_lease(conn: &mut Conn, tenant: TenantId, pool_id: i64, lease: &Lease) -> Result<u64, StoreError> {
    q!(exec conn, "INSERT INTO ip_leases (tenant_id, pool_id, address, customer_id, mac, leased_at) \
        SELECT tenant_id, id, $3, $4, $5, $6 FROM ip_pools WHERE tenant_id = $1 AND id = $2 \
        ON CONFLICT (tenant_id, pool_id, address) DO UPDATE SET customer_id = excluded.customer_id, mac = excluded.mac, session_key = NULL, \
        leased_at = excluded.leased_at, freed_at = NULL WHERE ip_leases.leased_at <= excluded.leased_at",
        tenant.0, pool_id, lease.address.to_string(), lease.customer_id, lease.mac.map_or(String::new(), |m| m.to_string()), lease.leased_at)
}

/// What the server has seen of a lease since it was last written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LeaseChange {
    /// Whose pool.
    pub tenant_id: TenantId,
    /// Which pool.
    pub pool_id: i64,
    /// Which address.
    pub address: Ipv4Addr,
    /// Of whom; if it is another's meanwhile, nothing is written.
    pub customer_id: i64,
    /// The session that has it, or had it last.
    pub session_key: Option<[u8; 16]>,
    /// When its session was seen to be over; `None` = it is held.
    pub freed_at: Option<UnixMs>,
}

/// Writes what was seen of a lease.
// cross-tenant: a node leases to customers of all tenants
pub async fn update_lease(conn: &mut Conn, tenant: TenantId, change: &LeaseChange) -> Result<u64, StoreError> {
    q!(exec conn, "UPDATE ip_leases SET session_key = COALESCE($5, session_key), freed_at = $6 \
        WHERE tenant_id = $1 AND pool_id = $2 AND address = $3 AND customer_id = $4",
        tenant.0, change.pool_id, change.address.to_string(), change.customer_id, change.session_key.map(|k| k.to_vec()), change.freed_at)
}

/// Notes that a pool had no address for somebody: how often since the server's start, and when last.
// cross-tenant: a node leases to customers of all tenants
pub async fn update_exhausted(conn: &mut Conn, tenant: TenantId, pool_id: i64, times: i64, at: UnixMs) -> Result<u64, StoreError> {
    q!(exec conn, "UPDATE ip_pools SET exhausted = $3, exhausted_at = $4 WHERE tenant_id = $1 AND id = $2", tenant.0, pool_id, times, at)
}

/// A pool with how full it is.
#[derive(Debug, Clone, Serialize)]
pub struct PoolSummary {
    /// The pool.
    #[serde(flatten)]
    pub pool: Pool,
    /// Which account's.
    pub owner_id: AccountId,
    /// Name of its only router.
    pub router: Option<String>,
    /// Its addresses.
    pub addresses: u64,
    /// Of these, held by a session or within their grace time.
    pub held: i64,
    /// How often nobody could get one since the server's start.
    pub exhausted: i64,
    /// When that was last, unix ms; 0 = never.
    pub exhausted_at: UnixMs,
}

/// All pools, by name.
pub(super) async fn list_pool_summaries(conn: &mut Conn, scope: &Scope, now: UnixMs) -> Result<Vec<PoolSummary>, StoreError> {
    let (from, to) = scope.owners();
    type Figures = (i64, Option<i64>, Option<String>, i64, i64, i64);
    let figures = q!(all conn, Figures, concat!("SELECT p.id, p.owner_id, r.name, p.exhausted, p.exhausted_at, \
        (SELECT COUNT(*) FROM ip_leases l WHERE l.tenant_id = p.tenant_id AND l.pool_id = p.id \
            AND (l.freed_at IS NULL OR l.freed_at + p.grace_secs * 1000 > $2)) \
        FROM ip_pools p LEFT JOIN routers r ON r.id = p.router_id AND r.tenant_id = p.tenant_id WHERE p.tenant_id = $1 AND ",
        is_seen!("p.owner_id", "$3", "$4"), " ORDER BY p.name"), scope.tenant().0, now, from, &to)?;
    let pools = q!(all conn, PoolRow, concat!("SELECT id, tenant_id, name, ranges, router_id, grace_secs FROM ip_pools WHERE tenant_id = $1 AND ",
        is_seen!("owner_id", "$2", "$3"), " ORDER BY name"), scope.tenant().0, from, &to)?;
    let mut summaries = Vec::with_capacity(pools.len());
    for row in pools {
        let Some((_, owner, router, exhausted, exhausted_at, held)) = figures.iter().find(|f| f.0 == row.id).cloned() else { continue };
        let (pool, owner_id) = (row.into_pool()?, AccountId(owner.unwrap_or(0)));
        summaries.push(PoolSummary { owner_id, router, addresses: pool.size(), held, exhausted, exhausted_at, pool });
    }
    Ok(summaries)
}

/// Who else than this customer holds an address of the server's pools: pool and username.
pub(super) async fn find_other_holder(
    conn: &mut Conn,
    scope: &Scope,
    address: Ipv4Addr,
    customer_id: i64,
) -> Result<Option<(String, String)>, StoreError> {
    let (from, to) = scope.owners();
    q!(opt conn, (String, String), concat!("SELECT p.name, COALESCE(c.username, CAST(l.customer_id AS TEXT)) FROM ip_leases l \
        JOIN ip_pools p ON p.id = l.pool_id AND p.tenant_id = l.tenant_id LEFT JOIN customers c ON c.id = l.customer_id AND c.tenant_id = l.tenant_id \
        WHERE l.tenant_id = $1 AND l.address = $2 AND l.customer_id <> $3 AND l.freed_at IS NULL AND ", is_seen!("p.owner_id", "$4", "$5"),
        " AND ", is_seen!("c.owner_id", "$4", "$5"), " LIMIT 1"), scope.tenant().0, address.to_string(), customer_id, from, to)
}

/// A lease as people see it.
#[derive(Debug, Clone, Serialize, sqlx::FromRow)]
pub struct LeaseLine {
    /// The address.
    pub address: String,
    /// Whose; the number of one who was removed.
    pub username: String,
    /// Twelve hex digits or empty.
    pub mac: String,
    /// Unix ms.
    pub leased_at: UnixMs,
    /// When its session was seen to be over, unix ms; `None` = it is held.
    pub freed_at: Option<UnixMs>,
}

/// Leases of a pool after an address (as text; start with nothing), in text order; only those that are held, if asked so.
pub(super) async fn list_lease_lines(
    conn: &mut Conn,
    scope: &Scope,
    pool_id: i64,
    held: bool,
    after: &str,
    limit: i64,
) -> Result<Vec<LeaseLine>, StoreError> {
    let (from, to) = scope.owners();
    q!(all conn, LeaseLine, concat!("SELECT l.address, COALESCE(c.username, CAST(l.customer_id AS TEXT)) AS username, l.mac, l.leased_at, l.freed_at \
        FROM ip_leases l LEFT JOIN customers c ON c.id = l.customer_id AND c.tenant_id = l.tenant_id AND ", is_seen!("c.owner_id", "$6", "$7"),
        " WHERE l.tenant_id = $1 AND l.pool_id = $2 AND l.address > $3 AND ($4 = FALSE OR l.freed_at IS NULL) AND ", pool_is_seen!("$2", "$6", "$7"),
        " ORDER BY l.address LIMIT $5"), scope.tenant().0, pool_id, after, held, limit, from, to)
}
