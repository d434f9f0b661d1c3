//! Reading customers: pages for people, one with his password for the directory.

use super::{Customer, CustomerError, CustomerPassword, PASSWORD_PLACE, sql};
use crate::store::{Conn, KeyError, Sealer, StoreError};
use crate::units::{CustomerId, PackageId, TenantId};

/// Which customers to list.
#[derive(Debug, Clone, Default)]
pub struct CustomerFilter {
    /// Only those of this package.
    pub package_id: Option<PackageId>,
    /// Only those whose lookup key begins so.
    pub username_prefix: String,
}

/// A customer with his password opened, for the directory.
#[derive(Debug, Clone)]
pub struct CustomerWithPassword {
    /// The customer.
    pub customer: Customer,
    /// His password.
    pub password: CustomerPassword,
}

/// A page of customers in the order of their lookup keys, after `after_key` (empty: from the start).
pub async fn list_customers(
    conn: &mut Conn,
    tenant: TenantId,
    filter: &CustomerFilter,
    after_key: &str,
    limit: i64,
) -> Result<Vec<(String, Customer)>, StoreError> {
    let rows = sql::list_rows(conn, tenant, filter, after_key, limit).await?;
    let (Some(first), Some(last)) = (rows.first(), rows.last()) else { return Ok(Vec::new()) };
    let mut macs = sql::list_macs_between(conn, tenant, &first.username_key, &last.username_key).await?;
    rows.into_iter()
        .map(|row| {
            let macs = macs.remove(&row.id).unwrap_or_default();
            Ok((row.username_key.clone(), row.into_customer(macs)?))
        })
        .collect()
}

/// One customer with his password; `None` if he was removed.
// cross-tenant: the directory follows the feed by row id
pub async fn find_customer_with_password(
    conn: &mut Conn,
    sealer: &Sealer,
    id: CustomerId,
) -> Result<Option<CustomerWithPassword>, CustomerError> {
    let Some(row) = sql::find_row_by_id(conn, id).await? else { return Ok(None) };
    let broken = || KeyError::Broken { place: format!("{PASSWORD_PLACE} of row {id}") };
    let plain = String::from_utf8(sealer.open(PASSWORD_PLACE, id.0, &row.password)?).map_err(|_| broken())?;
    let password = if plain.is_empty() { CustomerPassword::none() } else { CustomerPassword::new(&plain).map_err(|_| broken())? };
    let macs = sql::list_macs(conn, TenantId(row.tenant_id), id).await?;
    Ok(Some(CustomerWithPassword { customer: row.into_customer(macs)?, password }))
}
