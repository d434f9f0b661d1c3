//! To whom customers belong.

use crate::accounts::Scope;
use crate::q;
use crate::store::{Conn, StoreError};
use crate::units::CustomerId;

/// To whom he belongs, whether the scope sees either or not: a ring of them would be one for everybody.
pub(in crate::customers) async fn find_parent(conn: &mut Conn, scope: &Scope, id: CustomerId) -> Result<Option<CustomerId>, StoreError> {
    let found = q!(opt conn, (Option<i64>,), "SELECT parent_id FROM customers WHERE tenant_id = $1 AND id = $2", scope.tenant().0, id.0)?;
    Ok(found.and_then(|(parent,)| parent).map(CustomerId))
}

/// Nobody belongs to him any more, whoever owns them.
pub(in crate::customers) async fn update_forget_parent(conn: &mut Conn, scope: &Scope, id: CustomerId) -> Result<u64, StoreError> {
    q!(exec conn, "UPDATE customers SET parent_id = NULL WHERE tenant_id = $1 AND parent_id = $2", scope.tenant().0, id.0)
}
