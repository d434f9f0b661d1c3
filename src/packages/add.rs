//! Adding a package.

use super::package::check_name;
use super::{Package, PackageError, PackageTerms, sql};
use crate::store::{AuditEntry, Db, IdMaker};
use crate::units::{AccountId, PackageId, TenantId, UnixMs};

/// What an administrator says about a new package.
#[derive(Debug, Clone, Default)]
pub struct NewPackage {
    /// Unique in the tenant.
    pub name: String,
    /// What it grants.
    pub terms: PackageTerms,
}

/// Adds a package.
pub async fn add_package(
    db: &Db,
    ids: &IdMaker,
    tenant: TenantId,
    owner: AccountId,
    new: NewPackage,
    now: UnixMs,
) -> Result<Package, PackageError> {
    check_name(&new.name)?;
    let package = Package {
        id: PackageId(ids.next(now)),
        tenant_id: tenant,
        owner_id: owner,
        name: new.name,
        terms: new.terms.checked()?,
        created_at: now,
        updated_at: now,
    };
    let mut tx = db.begin().await?;
    if !sql::insert_package(&mut tx, tenant, &package).await? {
        return Err(PackageError::NameTaken(package.name));
    }
    tx.audit(AuditEntry::new(tenant.0, "package.add", "packages", package.id.0, &package.name).after(&package));
    tx.changed(tenant.0, "packages", package.id.0);
    tx.commit(now).await?;
    Ok(package)
}
