//! Changing and removing a package.

use super::package::{check_name, check_price};
use super::{LimitsChanges, Package, PackageError, PackageTerms, PerDirection, sql};
use crate::accounts::Scope;
use crate::accounts::capability::Capability;
use crate::store::{AuditEntry, Db};
use crate::units::{BitRate, PackageId, UnixMs};

/// What to change: the outer `None` leaves a term as it is, `Some(None)` removes it.
#[derive(Debug, Clone, Default)]
pub struct PackageChanges {
    /// New name.
    pub name: Option<String>,
    /// Sustained rates.
    pub rate: PerDirection<Option<Option<BitRate>>>,
    /// Burst rates.
    pub burst: PerDirection<Option<Option<BitRate>>>,
    /// Burst thresholds.
    pub threshold: PerDirection<Option<Option<BitRate>>>,
    /// Burst times in seconds.
    pub burst_secs: PerDirection<Option<Option<u32>>>,
    /// 1 to 8.
    pub priority: Option<Option<u8>>,
    /// Guaranteed rates.
    pub min: PerDirection<Option<Option<BitRate>>>,
    /// Pool on the router.
    pub framed_pool: Option<Option<String>>,
    /// Firewall list.
    pub address_list: Option<Option<String>>,
    /// Longest session, in seconds.
    pub session_timeout_secs: Option<Option<u32>>,
    /// Longest silence, in seconds.
    pub idle_timeout_secs: Option<Option<u32>>,
    /// Between two reports, in seconds.
    pub interim_secs: Option<u32>,
    /// Profile on the router.
    pub mikrotik_group: Option<Option<String>>,
    /// Limits.
    pub limits: LimitsChanges,
    /// What a customer pays for one period, in the smallest unit of the tenant's currency.
    pub retail_price_minor: Option<Option<i64>>,
}

fn put<T: Clone>(term: &mut T, change: &Option<T>) {
    if let Some(new) = change {
        term.clone_from(new);
    }
}

fn put_both<T: Clone>(term: &mut PerDirection<T>, change: &PerDirection<Option<T>>) {
    put(&mut term.download, &change.download);
    put(&mut term.upload, &change.upload);
}

impl PackageChanges {
    /// The terms after the changes, unchecked.
    pub fn apply(&self, mut terms: PackageTerms) -> PackageTerms {
        let limit = &mut terms.rate_limit;
        put_both(&mut limit.rate, &self.rate);
        put_both(&mut limit.burst, &self.burst);
        put_both(&mut limit.threshold, &self.threshold);
        put_both(&mut limit.burst_secs, &self.burst_secs);
        put(&mut limit.priority, &self.priority);
        put_both(&mut limit.min, &self.min);
        put(&mut terms.framed_pool, &self.framed_pool);
        put(&mut terms.address_list, &self.address_list);
        put(&mut terms.session_timeout_secs, &self.session_timeout_secs);
        put(&mut terms.idle_timeout_secs, &self.idle_timeout_secs);
        put(&mut terms.interim_secs, &self.interim_secs);
        put(&mut terms.mikrotik_group, &self.mikrotik_group);
        terms.limits = self.limits.apply(terms.limits);
        terms
    }
}

/// Applies the changes; a running server brings the live sessions of the package in line with them.
pub async fn set_package(db: &Db, scope: &Scope, name: &str, changes: &PackageChanges, now: UnixMs) -> Result<Package, PackageError> {
    scope.require(Capability::PackagesEdit)?;
    let mut tx = db.begin().await?;
    let unknown = || PackageError::Unknown(name.to_owned());
    if !sql::update_lock_package(&mut tx, scope, name, now).await? {
        return Err(unknown());
    }
    let mut package = sql::find_package_to_give(&mut tx, scope, name).await?.ok_or_else(unknown)?;
    let before = package.clone();
    if let Some(new_name) = &changes.name {
        check_name(new_name)?;
        if new_name != name && sql::is_name_taken(&mut tx, scope, new_name).await? {
            return Err(PackageError::NameTaken(new_name.clone()));
        }
        package.name.clone_from(new_name);
    }
    package.terms = changes.apply(package.terms).checked()?;
    put(&mut package.retail_price_minor, &changes.retail_price_minor);
    check_price(package.retail_price_minor)?;
    sql::update_package(&mut tx, scope, &package).await?;
    tx.audit(AuditEntry::new(scope.tenant().0, "package.set", "packages", package.id.0, name).before(&before).after(&package));
    tx.changed(scope.tenant().0, "packages", package.id.0);
    tx.commit(now).await?;
    Ok(package)
}

/// Removes a package that no customer has.
pub async fn remove_package(db: &Db, scope: &Scope, name: &str, now: UnixMs) -> Result<PackageId, PackageError> {
    scope.require(Capability::PackagesDelete)?;
    let mut tx = db.begin().await?;
    let unknown = || PackageError::Unknown(name.to_owned());
    if !sql::update_lock_package(&mut tx, scope, name, now).await? {
        return Err(unknown());
    }
    let before = sql::find_package_to_give(&mut tx, scope, name).await?.ok_or_else(unknown)?;
    let id = before.id;
    let customers = sql::count_customers_of(&mut tx, scope, id).await?;
    if customers > 0 {
        return Err(PackageError::InUse { name: name.to_owned(), customers });
    }
    sql::delete_package(&mut tx, scope, id).await?;
    tx.audit(AuditEntry::new(scope.tenant().0, "package.remove", "packages", id.0, name).before(&before));
    tx.changed(scope.tenant().0, "packages", id.0);
    tx.commit(now).await?;
    Ok(id)
}

#[cfg(test)]
mod tests {
    use super::super::*;
    use super::*;
    use crate::accounts::ensure_default_tenant;
    use crate::store::test_db::{NOW, each_database};

    #[tokio::test]
    async fn a_package_lives_from_add_to_remove() {
        for fresh in each_database().await {
            let (db, ids) = (&fresh.db, &fresh.ids);
            let (tenant, owner) = ensure_default_tenant(db, ids, "default", NOW).await.expect("a tenant");
            let scope = &Scope::administrator(tenant);
            let mut new = NewPackage { name: "home".into(), ..Default::default() };
            new.terms.rate_limit.rate = PerDirection { download: Some(BitRate(20_000_000)), upload: Some(BitRate(10_000_000)) };
            new.terms.framed_pool = Some("pool1".into());
            let added = add_package(db, ids, scope, owner, new.clone(), NOW).await.expect("added");
            assert_eq!(add_package(db, ids, scope, owner, new.clone(), NOW).await.expect_err("twice").code(), "package-name-taken");
            add_package(db, ids, scope, owner, NewPackage { name: "office".into(), ..Default::default() }, NOW).await.expect("added");

            let changes = PackageChanges {
                priority: Some(Some(4)),
                retail_price_minor: Some(Some(50_000)),
                framed_pool: Some(None),
                session_timeout_secs: Some(Some(3600)),
                rate: PerDirection { download: Some(Some(BitRate(30_000_000))), upload: None },
                ..Default::default()
            };
            let changed = set_package(db, scope, "home", &changes, NOW + 9).await.expect("changed");
            assert_eq!(changed.terms.rate_limit.to_mikrotik().as_deref(), Some("10M/30M 0/0 0/0 0/0 4"));
            assert_eq!((changed.terms.framed_pool.as_deref(), changed.updated_at), (None, NOW + 9));
            assert_eq!(changed.retail_price_minor, Some(50_000));
            let below_nothing = PackageChanges { retail_price_minor: Some(Some(-1)), ..Default::default() };
            assert_eq!(set_package(db, scope, "home", &below_nothing, NOW).await.expect_err("bad").code(), "price-invalid");
            let clash = PackageChanges { name: Some("office".into()), ..Default::default() };
            assert_eq!(set_package(db, scope, "home", &clash, NOW).await.expect_err("clash").code(), "package-name-taken");
            let bad = PackageChanges { priority: Some(Some(9)), ..Default::default() };
            assert_eq!(set_package(db, scope, "home", &bad, NOW).await.expect_err("bad").code(), "rate-limit-invalid");

            let mut conn = db.read().await.expect("a connection");
            assert_eq!(find_package(&mut conn, scope, "home").await.expect("read"), Some(changed.clone()));
            assert_eq!(find_package_by_id(&mut conn, added.id).await.expect("read"), Some(changed.clone()));
            assert_eq!(list_packages(&mut conn, scope, "home", 5).await.expect("read").len(), 1);
            assert_eq!(list_packages_after_id(&mut conn, 0, 5).await.expect("read").len(), 2);
            assert_eq!(list_package_ids(&mut conn, scope).await.expect("read")[0], ("home".to_owned(), added.id));
            assert_eq!(remove_package(db, scope, "home", NOW).await.expect("removed"), added.id);
            assert_eq!(remove_package(db, scope, "home", NOW).await.expect_err("gone").code(), "package-unknown");
            drop(conn);
            fresh.end().await;
        }
    }
}
