//! To whom customers belong.

use crate::accounts::Scope;
use crate::accounts::capability::Capability;
use crate::store::{Conn, Statement, StoreError};
use crate::units::CustomerId;
use crate::{is_seen, q};

/// To whom he belongs, whether the scope sees either or not: a ring of them would be one for everybody.
pub(in crate::customers) async fn find_parent(conn: &mut Conn, scope: &Scope, id: CustomerId) -> Result<Option<CustomerId>, StoreError> {
    let found = q!(opt conn, (Option<i64>,), "SELECT parent_id FROM customers WHERE tenant_id = $1 AND id = $2", scope.tenant().0, id.0)?;
    Ok(found.and_then(|(parent,)| parent).map(CustomerId))
}

/// How many belong to him, of those whom the scope sees, in the zones in which it does.
pub(in crate::customers) async fn count_belonging(conn: &mut Conn, scope: &Scope, id: CustomerId) -> Result<i64, StoreError> {
    let (from, to) = scope.owners();
    let mut statement = Statement::new();
    statement.keep_number(scope.tenant().0).keep_text(from).keep_text(to);
    statement
        .push(concat!(
            "SELECT COUNT(*) FROM customers c WHERE c.tenant_id + 0 = $1 AND ",
            is_seen!("c.owner_id", "$2", "$3"),
            " AND c.parent_id = "
        ))
        .number(id.0);
    if let Some(zones) = scope.zones(Capability::CustomersView).filter(|zones| !zones.is_empty()) {
        statement.push(" AND c.zone_id IN (").numbers(zones).push(")");
    }
    let rows: Vec<(i64,)> = statement.fetch(conn).await?;
    Ok(rows.first().map_or(0, |(n,)| *n))
}

/// Nobody belongs to him any more, whoever owns them.
pub(in crate::customers) async fn update_forget_parent(conn: &mut Conn, scope: &Scope, id: CustomerId) -> Result<u64, StoreError> {
    q!(exec conn, "UPDATE customers SET parent_id = NULL WHERE tenant_id = $1 AND parent_id = $2", scope.tenant().0, id.0)
}
