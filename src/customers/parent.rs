//! To whom a customer belongs, as a branch does to a firm.

use super::{CustomerError, find_customer_by_id, sql};
use crate::accounts::Scope;
use crate::accounts::capability::Capability;
use crate::store::Conn;
use crate::units::CustomerId;

/// So many stand above one another at most: more is a mistake, and each is a look into the store.
const MOST_ABOVE: usize = 16;

/// How many customers belong to this one, of those whom the scope sees.
pub async fn count_belonging(conn: &mut Conn, scope: &Scope, id: CustomerId) -> Result<i64, CustomerError> {
    scope.require_in_some_zone(Capability::CustomersView)?;
    Ok(sql::count_belonging(conn, scope, id).await?)
}

/// A customer belongs only to one whom the scope sees, and never to himself, however long the way there.
pub(super) async fn check_parent(conn: &mut Conn, scope: &Scope, id: CustomerId, parent: CustomerId) -> Result<(), CustomerError> {
    let found = find_customer_by_id(conn, scope, parent).await?.ok_or_else(|| CustomerError::Unknown(parent.to_string()))?;
    let refused = || CustomerError::BadParent(found.username.clone());
    let mut above = Some(parent);
    for _ in 0..MOST_ABOVE {
        match above {
            None => return Ok(()),
            Some(one) if one == id => return Err(refused()),
            Some(one) => above = sql::find_parent(conn, scope, one).await?,
        }
    }
    Err(refused())
}
