//! Reading packages, for people. An account reads and gives its own packages, those of the accounts below it and those of the accounts above it; only the first two it changes.

use super::{Package, PackageError, sql};
use crate::accounts::Scope;
use crate::accounts::capability::Capability;
use crate::store::Conn;
use crate::units::PackageId;

/// The package of this name.
pub async fn find_package(conn: &mut Conn, scope: &Scope, name: &str) -> Result<Option<Package>, PackageError> {
    scope.require(Capability::PackagesView)?;
    Ok(sql::find_package_to_give(conn, scope, name).await?)
}

/// A page of packages by name, after `after_name` (empty: from the start).
pub async fn list_packages(conn: &mut Conn, scope: &Scope, after_name: &str, limit: i64) -> Result<Vec<Package>, PackageError> {
    scope.require(Capability::PackagesView)?;
    Ok(sql::list_packages(conn, scope, after_name, limit).await?)
}

/// Name and id of every package.
pub async fn list_package_ids(conn: &mut Conn, scope: &Scope) -> Result<Vec<(String, PackageId)>, PackageError> {
    scope.require(Capability::PackagesView)?;
    Ok(sql::list_package_ids(conn, scope).await?)
}
