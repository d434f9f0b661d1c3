//! SQL of what customers bought on top.

use crate::accounts::Scope;
use crate::customers::{NewTopUp, TopUp};
use crate::store::{Conn, ConnRef, StoreError};
use crate::units::CustomerId;
use crate::{customer_is_seen, is_seen, q};

#[derive(sqlx::FromRow)]
struct TopUpRow {
    id: i64,
    customer_id: i64,
    direction: String,
    octets: i64,
    bought_at: i64,
    expires_at: Option<i64>,
    note: String,
    created_by: String,
}

impl TopUpRow {
    fn into_top_up(self) -> Result<(CustomerId, TopUp), StoreError> {
        let bought = NewTopUp {
            direction: self.direction.parse().map_err(StoreError::Unexpected)?,
            octets: u64::try_from(self.octets).unwrap_or(0),
            expires_at: self.expires_at,
            note: self.note,
            created_by: self.created_by,
        };
        Ok((CustomerId(self.customer_id), TopUp { id: self.id, bought_at: self.bought_at, bought }))
    }
}

/// What a customer bought on top, the oldest first.
pub(in crate::customers) async fn list_top_ups(conn: &mut Conn, scope: &Scope, id: CustomerId) -> Result<Vec<TopUp>, StoreError> {
    let (from, to) = scope.owners();
    let rows = q!(all conn, TopUpRow, concat!("SELECT id, customer_id, direction, octets, bought_at, expires_at, note, created_by FROM top_ups \
        WHERE tenant_id = $1 AND customer_id = $2 AND ", customer_is_seen!("$2", "$3", "$4"), " ORDER BY bought_at, id"),
        scope.tenant().0, id.0, from, to)?;
    rows.into_iter().map(|row| row.into_top_up().map(|(_, top_up)| top_up)).collect()
}

/// What customers with `first <= id <= last` bought on top, by customer.
// cross-tenant: the directory serves every tenant
pub async fn list_all_top_ups(conn: &mut Conn, first: i64, last: i64) -> Result<Vec<(CustomerId, TopUp)>, StoreError> {
    let rows = q!(all conn, TopUpRow, "SELECT id, customer_id, direction, octets, bought_at, expires_at, note, created_by FROM top_ups \
        WHERE customer_id >= $1 AND customer_id <= $2 ORDER BY customer_id, bought_at, id", first, last)?;
    rows.into_iter().map(TopUpRow::into_top_up).collect()
}

/// The same of these customers.
// cross-tenant: the directory follows the feed by row id
pub async fn list_top_ups_of(conn: &mut Conn, ids: &[i64]) -> Result<Vec<(CustomerId, TopUp)>, StoreError> {
    macro_rules! sql {
        ($which:literal) => {
            concat!(
                "SELECT id, customer_id, direction, octets, bought_at, expires_at, note, created_by FROM top_ups WHERE customer_id ",
                $which,
                " ORDER BY customer_id, bought_at, id"
            )
        };
    }
    let rows: Vec<TopUpRow> = match conn.conn_ref() {
        ConnRef::Lite(c) => sqlx::query_as(sql!("IN (SELECT value FROM json_each($1))")).bind(format!("{ids:?}")).fetch_all(c).await?,
        ConnRef::Pg(c) => sqlx::query_as(sql!("= ANY($1)")).bind(ids).fetch_all(c).await?,
    };
    rows.into_iter().map(TopUpRow::into_top_up).collect()
}

pub(in crate::customers) async fn insert_top_up(conn: &mut Conn, scope: &Scope, id: CustomerId, t: &TopUp) -> Result<u64, StoreError> {
    let (from, to) = scope.owners();
    q!(exec conn, concat!("INSERT INTO top_ups (tenant_id, customer_id, id, direction, octets, bought_at, expires_at, note, created_by) \
        SELECT tenant_id, id, $3, $4, $5, $6, $7, $8, $9 FROM customers WHERE tenant_id = $1 AND id = $2 AND ", is_seen!("owner_id", "$10", "$11")),
        scope.tenant().0, id.0, t.id, t.bought.direction.to_string(), i64::try_from(t.bought.octets).unwrap_or(i64::MAX), t.bought_at,
        t.bought.expires_at, &t.bought.note, &t.bought.created_by, from, to)
}

pub(in crate::customers) async fn delete_top_ups(conn: &mut Conn, scope: &Scope, id: CustomerId) -> Result<u64, StoreError> {
    let (from, to) = scope.owners();
    q!(exec conn, concat!("DELETE FROM top_ups WHERE tenant_id = $1 AND customer_id = $2 AND ", customer_is_seen!("$2", "$3", "$4")),
        scope.tenant().0, id.0, from, to)
}
