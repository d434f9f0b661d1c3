//! Reading pools and who holds their addresses, for people.

use std::net::Ipv4Addr;

use super::{LeaseLine, Pool, PoolError, PoolSummary, sql};
use crate::accounts::Scope;
use crate::accounts::capability::Capability;
use crate::store::Conn;
use crate::units::{CustomerId, UnixMs};

/// The pool of this name.
pub async fn find_pool(conn: &mut Conn, scope: &Scope, name: &str) -> Result<Option<Pool>, PoolError> {
    scope.require(Capability::PoolsView)?;
    Ok(sql::find_pool(conn, scope, name).await?)
}

/// All pools that the scope sees, by name.
pub async fn list_pool_summaries(conn: &mut Conn, scope: &Scope, now: UnixMs) -> Result<Vec<PoolSummary>, PoolError> {
    scope.require(Capability::PoolsView)?;
    Ok(sql::list_pool_summaries(conn, scope, now).await?)
}

/// Leases of a pool after an address (as text; start with nothing), in text order; only those that are held, if asked so. A customer whom the scope does not see is a number.
pub async fn list_lease_lines(
    conn: &mut Conn,
    scope: &Scope,
    pool_id: i64,
    held: bool,
    after: &str,
    limit: i64,
) -> Result<Vec<LeaseLine>, PoolError> {
    scope.require(Capability::PoolsView)?;
    Ok(sql::list_lease_lines(conn, scope, pool_id, held, after, limit).await?)
}

/// Who else than this customer holds an address of the server's pools: pool and username, if the scope sees both.
pub async fn find_other_holder(
    conn: &mut Conn,
    scope: &Scope,
    address: Ipv4Addr,
    customer: CustomerId,
) -> Result<Option<(String, String)>, PoolError> {
    scope.require(Capability::CustomersView)?;
    Ok(sql::find_other_holder(conn, scope, address, customer.0).await?)
}
