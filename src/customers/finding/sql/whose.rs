//! Whose customers a statement looks at, and by what the database gets to them. The scope stands in every statement: as the accounts themselves where they are not many, so
//! that a database can judge how many customers they have, else as their part of the tree.

use crate::accounts::Scope;
use crate::accounts::capability::Capability;
use crate::customers::finding::conditions::Look;
use crate::seen_accounts;
use crate::store::{Conn, ConnRef, Statement, StoreError};

/// By whatever index the database likes.
pub const CUSTOMERS: &str = " FROM customers c";
/// Up to so many are gathered and sorted.
pub const FEW: i64 = 1_500;
/// Up to so many accounts are named one by one.
const MOST_NAMED: i64 = 200;

/// See the head of the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Whose {
    /// Whether it is SQLite, which is told by which index to look: it has no statistics.
    pub is_lite: bool,
    /// Whether all of them are few: by their owners nothing takes long, whatever is asked. Asked of SQLite only.
    pub is_few: bool,
    /// The accounts; `None` where the scope sees all or they are many.
    pub owners: Option<Vec<i64>>,
}

impl Whose {
    /// Nothing is asked.
    pub fn of_any(conn: &mut Conn) -> Whose {
        Whose { is_lite: matches!(conn.conn_ref(), ConnRef::Lite(_)), is_few: false, owners: None }
    }

    /// Asks.
    pub async fn find(conn: &mut Conn, scope: &Scope) -> Result<Whose, StoreError> {
        let mut whose = Whose::of_any(conn);
        if scope.sees_whole_tenant() {
            return Ok(whose);
        }
        let (from, to) = scope.owners();
        let mut accounts = Statement::new();
        accounts.keep_number(scope.tenant().0).keep_text(from).keep_text(to);
        accounts.push(concat!("SELECT id FROM ", seen_accounts!("$2", "$3"), " mine LIMIT ")).number(MOST_NAMED + 1);
        let ids: Vec<(i64,)> = accounts.fetch(conn).await?;
        if ids.len() as i64 > MOST_NAMED || ids.is_empty() {
            return Ok(whose);
        }
        whose.owners = Some(ids.into_iter().map(|(id,)| id).collect());
        if !whose.is_lite {
            // PostgreSQL knows by its statistics how many each account has
            return Ok(whose);
        }
        whose.is_few = true;
        let mut customers = Statement::new();
        customers.push("SELECT COUNT(*) FROM (SELECT 1 AS one");
        from_few(&mut customers, scope, Look::Any, &whose);
        customers.push(" LIMIT ").number(FEW + 1).push(") found");
        let counted: Vec<(i64,)> = customers.fetch(conn).await?;
        whose.is_few = counted.first().is_some_and(|(n,)| *n <= FEW);
        Ok(whose)
    }
}

/// `FROM customers c WHERE` with the scope; conditions follow.
pub fn from(statement: &mut Statement, scope: &Scope, whose: &Whose, from_where: &'static str) {
    from_customers(statement, scope, whose, from_where, "c.tenant_id = $1", "c.owner_id");
}

/// The same for few, by the index that their conditions have. A `+` before a column keeps its indexes out.
pub fn from_few(statement: &mut Statement, scope: &Scope, look: Look, whose: &Whose) {
    let (from_where, of_tenant, owner) = match look {
        _ if !whose.is_lite => (CUSTOMERS, "c.tenant_id = $1", "c.owner_id"),
        _ if whose.is_few => (" FROM customers c INDEXED BY customers_by_owner", "+c.tenant_id = $1", "c.owner_id"),
        Look::Words => (" FROM customers c INDEXED BY customers_by_name", "c.tenant_id = $1", "+c.owner_id"),
        Look::Any => (" FROM customers c INDEXED BY customers_by_expiry", "c.tenant_id = $1", "+c.owner_id"),
        Look::Own => (CUSTOMERS, "+c.tenant_id = $1", "+c.owner_id"),
        Look::Tenant => (CUSTOMERS, "c.tenant_id = $1", "+c.owner_id"),
        Look::Online => (
            " FROM (SELECT DISTINCT s.customer_id AS id FROM sessions s INDEXED BY sessions_by_customer WHERE s.tenant_id = $1 AND s.ended_at IS NULL) o \
             CROSS JOIN customers c ON c.id = o.id",
            "+c.tenant_id = $1",
            "+c.owner_id",
        ),
    };
    from_customers(statement, scope, whose, from_where, of_tenant, owner);
}

fn from_customers(
    statement: &mut Statement,
    scope: &Scope,
    whose: &Whose,
    from_where: &'static str,
    of_tenant: &'static str,
    owner: &'static str,
) {
    let (from, to) = scope.owners();
    statement.keep_number(scope.tenant().0).keep_text(from).keep_text(to);
    statement.push(from_where).push(" WHERE ").push(of_tenant);
    match &whose.owners {
        Some(owners) => {
            statement.push(" AND ").push(owner).push(" IN (").numbers(owners.iter().copied()).push(")");
        }
        None if !scope.sees_whole_tenant() => {
            statement.push(" AND ").push(owner).push(concat!(" IN ", seen_accounts!("$2", "$3")));
        }
        None => {}
    }
    // PostgreSQL wants to know the type of every value that is bound
    if scope.sees_whole_tenant() || whose.owners.is_some() {
        statement.push(" AND ($2 = '' OR $3 <> '')");
    }
    match scope.zones(Capability::CustomersView) {
        // without any the use case has refused
        None => {}
        Some(zones) if zones.is_empty() => {}
        Some(zones) => {
            statement.push(" AND c.zone_id IN (").numbers(zones).push(")");
        }
    }
}
