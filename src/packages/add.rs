//! Adding a package.

use super::package::{check_name, check_price};
use super::{Package, PackageError, PackageTerms, sql};
use crate::accounts::capability::Capability;
use crate::accounts::{Scope, find_account_by_id};
use crate::store::{AuditEntry, Db, IdMaker};
use crate::units::{AccountId, PackageId, UnixMs};

/// What an administrator says about a new package.
#[derive(Debug, Clone, Default)]
pub struct NewPackage {
    /// Unique in the tenant.
    pub name: String,
    /// What it grants.
    pub terms: PackageTerms,
    /// See [`Package::retail_price_minor`].
    pub retail_price_minor: Option<i64>,
}

/// Adds a package.
pub async fn add_package(
    db: &Db,
    ids: &IdMaker,
    scope: &Scope,
    owner: AccountId,
    new: NewPackage,
    now: UnixMs,
) -> Result<Package, PackageError> {
    scope.require(Capability::PackagesCreate)?;
    check_name(&new.name)?;
    let package = Package {
        id: PackageId(ids.next(now)),
        tenant_id: scope.tenant(),
        owner_id: owner,
        name: new.name,
        terms: new.terms.checked()?,
        retail_price_minor: check_price(new.retail_price_minor)?,
        created_at: now,
        updated_at: now,
    };
    let mut tx = db.begin().await?;
    find_account_by_id(&mut tx, scope, owner).await?.ok_or_else(|| PackageError::UnknownOwner(owner.to_string()))?;
    if !sql::insert_package(&mut tx, scope, &package).await? {
        return Err(PackageError::NameTaken(package.name));
    }
    tx.audit(AuditEntry::new(scope.tenant().0, "package.add", "packages", package.id.0, &package.name).after(&package));
    tx.changed(scope.tenant().0, "packages", package.id.0);
    tx.commit(now).await?;
    Ok(package)
}
