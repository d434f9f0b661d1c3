//! Reading customers, for people: pages, one, one with his password, what he bought.

use super::{Customer, CustomerError, CustomerPassword, PASSWORD_PLACE, TopUp, sql};
use crate::accounts::Scope;
use crate::accounts::capability::Capability;
use crate::store::{Conn, KeyError, Sealer};
use crate::units::{CustomerId, PackageId};

/// Which customers to list.
#[derive(Debug, Clone, Default)]
pub struct CustomerFilter {
    /// Only those of this package.
    pub package_id: Option<PackageId>,
    /// Only those whose lookup key begins so.
    pub username_prefix: String,
}

/// A customer with his password opened.
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
    scope: &Scope,
    filter: &CustomerFilter,
    after_key: &str,
    limit: i64,
) -> Result<Vec<(String, Customer)>, CustomerError> {
    scope.require(Capability::CustomersView)?;
    let rows = sql::list_rows(conn, scope, filter, after_key, limit).await?;
    let (Some(first), Some(last)) = (rows.first(), rows.last()) else { return Ok(Vec::new()) };
    let mut macs = sql::list_macs_between(conn, scope, &first.username_key, &last.username_key).await?;
    rows.into_iter()
        .map(|row| {
            let macs = macs.remove(&row.id).unwrap_or_default();
            Ok((row.username_key.clone(), row.into_customer(macs)?))
        })
        .collect()
}

/// The customer with this lookup key.
pub async fn find_customer(conn: &mut Conn, scope: &Scope, key: &str) -> Result<Option<Customer>, CustomerError> {
    scope.require_in_some_zone(Capability::CustomersView)?;
    Ok(sql::find_customer(conn, scope, key).await?.filter(|customer| is_in_zone(scope, customer)))
}

/// The customer of this id; `None` if he was removed.
pub async fn find_customer_by_id(conn: &mut Conn, scope: &Scope, id: CustomerId) -> Result<Option<Customer>, CustomerError> {
    scope.require_in_some_zone(Capability::CustomersView)?;
    Ok(sql::find_customer_by_id(conn, scope, id).await?.filter(|customer| is_in_zone(scope, customer)))
}

/// Whether he is of a zone in which the scope sees customers: else he is as if absent.
fn is_in_zone(scope: &Scope, customer: &Customer) -> bool {
    scope.require_in_zone(Capability::CustomersView, customer.zone_id).is_ok()
}

/// Whether the scope sees customers of some zones only, and he is of none of these. Who sees none at all is refused for that.
pub(super) fn is_kept_from(scope: &Scope, customer: &Customer) -> bool {
    scope.may_in_some_zone(Capability::CustomersView) && !is_in_zone(scope, customer)
}

/// Refuses what may not be done to this customer: a capability may be held for some zones only.
pub(super) async fn require_of(conn: &mut Conn, scope: &Scope, capability: Capability, id: CustomerId) -> Result<(), CustomerError> {
    if scope.may(capability) {
        return Ok(());
    }
    scope.require_in_some_zone(capability)?;
    let customer = sql::find_customer_by_id(conn, scope, id).await?.filter(|customer| is_in_zone(scope, customer));
    let customer = customer.ok_or_else(|| CustomerError::Unknown(id.to_string()))?;
    Ok(scope.require_in_zone(capability, customer.zone_id)?)
}

/// How many customers there are.
pub async fn count_customers(conn: &mut Conn, scope: &Scope) -> Result<i64, CustomerError> {
    scope.require(Capability::CustomersView)?;
    Ok(sql::count_customers(conn, scope).await?)
}

/// What a customer bought on top, the oldest first.
pub async fn list_top_ups(conn: &mut Conn, scope: &Scope, id: CustomerId) -> Result<Vec<TopUp>, CustomerError> {
    require_of(conn, scope, Capability::CustomersView, id).await?;
    Ok(sql::list_top_ups(conn, scope, id).await?)
}

/// One customer with his password, which only those read who may give him another one; `None` if he was removed.
pub async fn find_customer_with_password(
    conn: &mut Conn,
    scope: &Scope,
    sealer: &Sealer,
    id: CustomerId,
) -> Result<Option<CustomerWithPassword>, CustomerError> {
    scope.require(Capability::CustomersEdit)?;
    let Some(row) = sql::find_row_by_id(conn, scope, id).await? else { return Ok(None) };
    let broken = || KeyError::Broken { place: format!("{PASSWORD_PLACE} of row {id}") };
    let plain = String::from_utf8(sealer.open(PASSWORD_PLACE, id.0, &row.password)?).map_err(|_| broken())?;
    let password = if plain.is_empty() { CustomerPassword::none() } else { CustomerPassword::new(&plain).map_err(|_| broken())? };
    let macs = sql::list_macs(conn, scope, id).await?;
    Ok(Some(CustomerWithPassword { customer: row.into_customer(macs)?, password }))
}
