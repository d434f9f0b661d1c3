//! All SQL of this room.

use std::collections::HashMap;

use super::{Limits, Package, PackageTerms, PerDirection, RateLimit, Validity};
use crate::accounts::Scope;
use crate::store::{Conn, StoreError};
use crate::units::{AccountId, BitRate, PackageId, TenantId, UnixMs};
use crate::{is_seen, is_seen_or_above, q};

#[derive(sqlx::FromRow)]
struct PackageRow {
    id: i64,
    tenant_id: i64,
    owner_id: i64,
    name: String,
    download_bps: Option<i64>,
    upload_bps: Option<i64>,
    burst_download_bps: Option<i64>,
    burst_upload_bps: Option<i64>,
    burst_threshold_download_bps: Option<i64>,
    burst_threshold_upload_bps: Option<i64>,
    burst_download_secs: Option<i64>,
    burst_upload_secs: Option<i64>,
    priority: Option<i64>,
    min_download_bps: Option<i64>,
    min_upload_bps: Option<i64>,
    framed_pool: Option<String>,
    address_list: Option<String>,
    session_timeout_secs: Option<i64>,
    idle_timeout_secs: Option<i64>,
    interim_secs: i64,
    mikrotik_group: Option<String>,
    limits: String,
    retail_price_minor: Option<i64>,
    created_at: i64,
    updated_at: i64,
}

impl PackageRow {
    fn into_package(self) -> Result<Package, StoreError> {
        let id = self.id;
        let wrong = || StoreError::Unexpected(format!("package {id}: a number out of range"));
        let rate = |bps: Option<i64>| bps.map(u64::try_from).transpose().map(|r| r.map(BitRate)).map_err(|_| wrong());
        let secs = |n: Option<i64>| n.map(u32::try_from).transpose().map_err(|_| wrong());
        let rate_limit = RateLimit {
            rate: PerDirection { download: rate(self.download_bps)?, upload: rate(self.upload_bps)? },
            burst: PerDirection { download: rate(self.burst_download_bps)?, upload: rate(self.burst_upload_bps)? },
            threshold: PerDirection { download: rate(self.burst_threshold_download_bps)?, upload: rate(self.burst_threshold_upload_bps)? },
            burst_secs: PerDirection { download: secs(self.burst_download_secs)?, upload: secs(self.burst_upload_secs)? },
            priority: self.priority.map(u8::try_from).transpose().map_err(|_| wrong())?,
            min: PerDirection { download: rate(self.min_download_bps)?, upload: rate(self.min_upload_bps)? },
        };
        Ok(Package {
            id: PackageId(self.id),
            tenant_id: TenantId(self.tenant_id),
            owner_id: AccountId(self.owner_id),
            name: self.name,
            terms: PackageTerms {
                rate_limit,
                framed_pool: self.framed_pool,
                address_list: self.address_list,
                session_timeout_secs: secs(self.session_timeout_secs)?,
                idle_timeout_secs: secs(self.idle_timeout_secs)?,
                interim_secs: u32::try_from(self.interim_secs).map_err(|_| wrong())?,
                mikrotik_group: self.mikrotik_group,
                limits: serde_json::from_str(&self.limits).map_err(|e| StoreError::Unexpected(format!("package {id}: limits: {e}")))?,
            },
            retail_price_minor: self.retail_price_minor,
            created_at: self.created_at,
            updated_at: self.updated_at,
        })
    }
}

fn bps(rate: Option<BitRate>) -> Option<i64> {
    rate.map(|r| i64::try_from(r.0).unwrap_or(i64::MAX))
}

fn secs(secs: Option<u32>) -> Option<i64> {
    secs.map(i64::from)
}

fn json(limits: &Limits) -> Result<String, StoreError> {
    serde_json::to_string(limits).map_err(|e| StoreError::Unexpected(format!("limits: {e}")))
}

/// What a purchase needs to know of a package.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PackagePurchase {
    /// Its id.
    pub id: PackageId,
    /// How long what is bought lasts, and from when.
    pub validity: Option<Validity>,
}

macro_rules! columns {
    () => {
        "id, tenant_id, owner_id, name, download_bps, upload_bps, burst_download_bps, burst_upload_bps, burst_threshold_download_bps, \
         burst_threshold_upload_bps, burst_download_secs, burst_upload_secs, priority, min_download_bps, min_upload_bps, framed_pool, address_list, \
         session_timeout_secs, idle_timeout_secs, interim_secs, mikrotik_group, limits, retail_price_minor, created_at, updated_at"
    };
}

/// Every package that the scope may give, by name, with what a purchase needs of it.
pub async fn list_package_purchases(conn: &mut Conn, scope: &Scope) -> Result<HashMap<String, PackagePurchase>, StoreError> {
    let (from, to) = scope.owners();
    let rows = q!(all conn, (String, i64, String), concat!("SELECT name, id, limits FROM packages WHERE tenant_id = $1 AND ",
        is_seen_or_above!("owner_id", "$2", "$3")), scope.tenant().0, from, to)?;
    rows.into_iter()
        .map(|(name, id, limits)| {
            let limits: Limits = serde_json::from_str(&limits).map_err(|e| StoreError::Unexpected(format!("package {id}: limits: {e}")))?;
            Ok((name, PackagePurchase { id: PackageId(id), validity: limits.validity }))
        })
        .collect()
}

/// The package of this name that the scope may give to a customer: its own, or one of an account above or below it.
pub async fn find_package_to_give(conn: &mut Conn, scope: &Scope, name: &str) -> Result<Option<Package>, StoreError> {
    let (from, to) = scope.owners();
    let row = q!(opt conn, PackageRow, concat!("SELECT ", columns!(), " FROM packages WHERE tenant_id = $1 AND name = $2 AND ",
        is_seen_or_above!("owner_id", "$3", "$4")), scope.tenant().0, name, from, to)?;
    row.map(PackageRow::into_package).transpose()
}

/// Whether a package of the tenant has this name, whoever owns it: names are unique in the tenant.
pub(super) async fn is_name_taken(conn: &mut Conn, scope: &Scope, name: &str) -> Result<bool, StoreError> {
    let (n,) = q!(one conn, (i64,), "SELECT COUNT(*) FROM packages WHERE tenant_id = $1 AND name = $2", scope.tenant().0, name)?;
    Ok(n > 0)
}

/// The package of this id; `None` if it was removed.
// cross-tenant: the directory follows the feed by row id; a customer's own package counts for him whoever owns it
pub async fn find_package_by_id(conn: &mut Conn, id: PackageId) -> Result<Option<Package>, StoreError> {
    let row = q!(opt conn, PackageRow, concat!("SELECT ", columns!(), " FROM packages WHERE id = $1"), id.0)?;
    row.map(PackageRow::into_package).transpose()
}

pub(super) async fn list_packages(conn: &mut Conn, scope: &Scope, after_name: &str, limit: i64) -> Result<Vec<Package>, StoreError> {
    let (from, to) = scope.owners();
    let rows = q!(all conn, PackageRow, concat!("SELECT ", columns!(), " FROM packages WHERE tenant_id = $1 AND name > $2 AND ",
        is_seen_or_above!("owner_id", "$4", "$5"), " ORDER BY name LIMIT $3"), scope.tenant().0, after_name, limit, from, to)?;
    rows.into_iter().map(PackageRow::into_package).collect()
}

/// Packages after an id, in id order.
// cross-tenant: the directory serves every tenant
pub async fn list_packages_after_id(conn: &mut Conn, after: i64, limit: i64) -> Result<Vec<Package>, StoreError> {
    let rows = q!(all conn, PackageRow, concat!("SELECT ", columns!(), " FROM packages WHERE id > $1 ORDER BY id LIMIT $2"), after, limit)?;
    rows.into_iter().map(PackageRow::into_package).collect()
}

pub(super) async fn list_package_ids(conn: &mut Conn, scope: &Scope) -> Result<Vec<(String, PackageId)>, StoreError> {
    let (from, to) = scope.owners();
    let rows = q!(all conn, (String, i64), concat!("SELECT name, id FROM packages WHERE tenant_id = $1 AND ", is_seen_or_above!("owner_id", "$2", "$3"),
        " ORDER BY name"), scope.tenant().0, from, to)?;
    Ok(rows.into_iter().map(|(name, id)| (name, PackageId(id))).collect())
}

/// False if the name is taken in the tenant. That the scope sees the owner is checked before.
pub(super) async fn insert_package(conn: &mut Conn, scope: &Scope, p: &Package) -> Result<bool, StoreError> {
    let (t, r) = (&p.terms, &p.terms.rate_limit);
    let n = q!(exec conn, "INSERT INTO packages (id, tenant_id, owner_id, name, download_bps, upload_bps, burst_download_bps, burst_upload_bps, \
        burst_threshold_download_bps, burst_threshold_upload_bps, burst_download_secs, burst_upload_secs, priority, min_download_bps, min_upload_bps, framed_pool, \
        address_list, session_timeout_secs, idle_timeout_secs, interim_secs, mikrotik_group, limits, retail_price_minor, created_at, updated_at) \
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25) ON CONFLICT (tenant_id, name) DO NOTHING",
        p.id.0, scope.tenant().0, p.owner_id.0, &p.name, bps(r.rate.download), bps(r.rate.upload), bps(r.burst.download), bps(r.burst.upload),
        bps(r.threshold.download), bps(r.threshold.upload), secs(r.burst_secs.download), secs(r.burst_secs.upload), r.priority.map(i64::from),
        bps(r.min.download), bps(r.min.upload), &t.framed_pool, &t.address_list, secs(t.session_timeout_secs), secs(t.idle_timeout_secs),
        i64::from(t.interim_secs), &t.mikrotik_group, json(&t.limits)?, p.retail_price_minor, p.created_at, p.updated_at)?;
    Ok(n == 1)
}

/// Locks the package's row until the transaction ends and marks it changed; false if there is none.
pub(super) async fn update_lock_package(conn: &mut Conn, scope: &Scope, name: &str, now: UnixMs) -> Result<bool, StoreError> {
    let (from, to) = scope.owners();
    let n = q!(exec conn, concat!("UPDATE packages SET updated_at = $3 WHERE tenant_id = $1 AND name = $2 AND ", is_seen!("owner_id", "$4", "$5")),
        scope.tenant().0, name, now, from, to)?;
    Ok(n == 1)
}

pub(super) async fn update_package(conn: &mut Conn, scope: &Scope, p: &Package) -> Result<u64, StoreError> {
    let (t, r) = (&p.terms, &p.terms.rate_limit);
    let (from, to) = scope.owners();
    q!(exec conn, concat!("UPDATE packages SET name = $3, download_bps = $4, upload_bps = $5, burst_download_bps = $6, burst_upload_bps = $7, \
        burst_threshold_download_bps = $8, burst_threshold_upload_bps = $9, burst_download_secs = $10, burst_upload_secs = $11, priority = $12, \
        min_download_bps = $13, min_upload_bps = $14, framed_pool = $15, address_list = $16, session_timeout_secs = $17, idle_timeout_secs = $18, \
        interim_secs = $19, mikrotik_group = $20, limits = $21, retail_price_minor = $22 WHERE tenant_id = $1 AND id = $2 AND ", is_seen!("owner_id", "$23", "$24")),
        scope.tenant().0, p.id.0, &p.name, bps(r.rate.download), bps(r.rate.upload), bps(r.burst.download), bps(r.burst.upload),
        bps(r.threshold.download), bps(r.threshold.upload), secs(r.burst_secs.download), secs(r.burst_secs.upload), r.priority.map(i64::from),
        bps(r.min.download), bps(r.min.upload), &t.framed_pool, &t.address_list, secs(t.session_timeout_secs), secs(t.idle_timeout_secs),
        i64::from(t.interim_secs), &t.mikrotik_group, json(&t.limits)?, p.retail_price_minor, from, to)
}

/// How many customers of the tenant have the package or get it next, whoever owns them: it cannot go before they have another one.
pub(super) async fn count_customers_of(conn: &mut Conn, scope: &Scope, id: PackageId) -> Result<i64, StoreError> {
    let (n,) = q!(one conn, (i64,), "SELECT COUNT(*) FROM customers WHERE tenant_id = $1 AND (package_id = $2 OR next_package_id = $2)",
        scope.tenant().0, id.0)?;
    Ok(n)
}

pub(super) async fn delete_package(conn: &mut Conn, scope: &Scope, id: PackageId) -> Result<u64, StoreError> {
    let (from, to) = scope.owners();
    q!(exec conn, concat!("DELETE FROM packages WHERE tenant_id = $1 AND id = $2 AND ", is_seen!("owner_id", "$3", "$4")), scope.tenant().0, id.0, from, to)
}
