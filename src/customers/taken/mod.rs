//! What only one customer may have: who has it already, asked when one is stored and while somebody types.

pub(super) mod sql;

use self::sql::{Wanted, find_holder};
use super::finding::{CustomerLine, list_lines_of};
use super::{Customer, CustomerError, lookup_key, parse_static_ipv4};
use crate::accounts::capability::Capability;
use crate::accounts::{Scope, Tenant};
use crate::store::{Conn, StoreError};
use crate::units::CustomerId;

/// A field that only one customer may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unique {
    /// His username, in the tenant.
    Username,
    /// His code, in the tenant.
    Code,
    /// His static address, in the tenant.
    StaticIpv4,
}
crate::units::words!(Unique, "a field that one customer has", "username" = Username, "code" = Code, "static_ipv4" = StaticIpv4);

/// Whether a customer other than `other_than` has this value: `None` if nobody has, else the customer, or nothing of him if the scope is not shown him.
pub async fn find_taken(
    conn: &mut Conn,
    scope: &Scope,
    tenant: &Tenant,
    unique: Unique,
    value: &str,
    other_than: Option<CustomerId>,
) -> Result<Option<Option<CustomerLine>>, CustomerError> {
    match other_than {
        Some(_) => scope.require_in_some_zone(Capability::CustomersEdit)?,
        None => scope.require(Capability::CustomersCreate)?,
    }
    let (key, address);
    let wanted = match unique {
        Unique::Username => {
            key = lookup_key(value, tenant.case_sensitive_usernames);
            Wanted { key: Some(&key), ..Wanted::default() }
        }
        Unique::Code => Wanted { code: Some(value), ..Wanted::default() },
        // what is no address yet, nobody has
        Unique::StaticIpv4 => match parse_static_ipv4(value) {
            Ok(parsed) => {
                address = parsed.to_string();
                Wanted { address: Some(&address), ..Wanted::default() }
            }
            Err(_) => return Ok(None),
        },
    };
    match find_holder(conn, scope, other_than.unwrap_or(CustomerId(0)), &wanted).await? {
        Some(holder) => Ok(Some(list_lines_of(conn, scope, &[holder.id]).await?.pop())),
        None => Ok(None),
    }
}

/// Whether another customer has one of this one's unique fields.
pub(super) async fn is_taken(conn: &mut Conn, scope: &Scope, customer: &Customer, key: &str) -> Result<bool, StoreError> {
    Ok(holder_of(conn, scope, customer, key).await?.is_some())
}

/// Which of the customer's unique fields another one has.
pub(super) async fn what_is_taken(conn: &mut Conn, scope: &Scope, customer: &Customer, key: &str) -> Result<CustomerError, CustomerError> {
    Ok(match holder_of(conn, scope, customer, key).await? {
        Some(other) if other.username_key == key => CustomerError::UsernameTaken(customer.username.clone()),
        Some(other) if other.code == customer.code => CustomerError::CodeTaken(customer.code.clone()),
        Some(other) => CustomerError::StaticIpv4Taken {
            address: customer.static_ipv4.map(|a| a.to_string()).unwrap_or_default(),
            username: other.is_seen.then_some(other.username),
        },
        None => StoreError::Unexpected("a customer was refused as a duplicate of none".into()).into(),
    })
}

pub(super) async fn holder_of(conn: &mut Conn, scope: &Scope, customer: &Customer, key: &str) -> Result<Option<sql::Holder>, StoreError> {
    let address = customer.static_ipv4.map(|a| a.to_string());
    find_holder(conn, scope, customer.id, &Wanted { key: Some(key), code: Some(&customer.code), address: address.as_deref() }).await
}
