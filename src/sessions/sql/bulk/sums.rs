//! Sums of many customers' usage by bucket.

use hashbrown::HashMap;
use sqlx::{QueryBuilder, Sqlite};

use super::{RowKey, column, lots, read_by_keys};
use crate::sessions::tally::Tally;
use crate::store::{Conn, ConnRef, StoreError};
use crate::units::UnixMs;

/// Whose usage is asked for, and since when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Want {
    /// Whose.
    pub tenant_id: i64,
    /// Which customer.
    pub customer_id: i64,
    /// Buckets that begin earlier are left out, unix ms.
    pub since: UnixMs,
}

/// What a customer used in a bucket, all his sessions together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, sqlx::FromRow)]
pub struct BucketSum {
    /// Which customer.
    pub customer_id: i64,
    /// Where the bucket begins, unix ms.
    pub bucket_at: UnixMs,
    /// Octets from the customer.
    pub octets_in: i64,
    /// Octets to the customer.
    pub octets_out: i64,
    /// Seconds online.
    pub secs: i64,
}

macro_rules! sums {
    ($from:literal) => {
        concat!(
            "SELECT u.customer_id, u.bucket_at, CAST(SUM(u.octets_in) AS BIGINT) AS octets_in, CAST(SUM(u.octets_out) AS BIGINT) AS octets_out, \
             CAST(SUM(u.secs) AS BIGINT) AS secs FROM ",
            $from,
            " WHERE u.tenant_id = w.tenant_id AND u.customer_id = w.customer_id AND u.bucket_at >= w.since AND u.charging_class = 0 \
             GROUP BY u.customer_id, u.bucket_at"
        )
    };
}

/// Charged usage of these customers, each since his own instant, by bucket; in no order. No two of `wants` name one customer.
// cross-tenant: a node meters the customers of all tenants
pub async fn list_bucket_sums(conn: &mut Conn, wants: &[Want]) -> Result<Vec<BucketSum>, StoreError> {
    let mut found = Vec::new();
    match conn.conn_ref() {
        ConnRef::Lite(c) => {
            for lot in lots(wants) {
                let mut b: QueryBuilder<Sqlite> = QueryBuilder::new("WITH w (tenant_id, customer_id, since) AS (");
                b.push_values(lot, |mut row, w| {
                    row.push_bind(w.tenant_id).push_bind(w.customer_id).push_bind(w.since);
                });
                b.push(") ").push(sums!("w CROSS JOIN usage u"));
                found.extend(b.build_query_as::<BucketSum>().fetch_all(&mut *c).await?);
            }
        }
        ConnRef::Pg(c) if !wants.is_empty() => {
            let sql = sums!("UNNEST($1::bigint[], $2::bigint[], $3::bigint[]) AS w (tenant_id, customer_id, since) JOIN usage u ON TRUE");
            let query = sqlx::query_as::<_, BucketSum>(sql).bind(column(wants, |w| w.tenant_id)).bind(column(wants, |w| w.customer_id));
            found = query.bind(column(wants, |w| w.since)).fetch_all(c).await?;
        }
        ConnRef::Pg(_) => {}
    }
    Ok(found)
}

/// What is stored of these sessions, where a row of that name is.
// cross-tenant: a node keeps the sessions of all tenants in memory
pub async fn list_tallies(conn: &mut Conn, keys: &[RowKey], into: &mut HashMap<RowKey, Tally>) -> Result<(), StoreError> {
    let mut rows = Vec::new();
    read_by_keys(conn, keys, &mut rows).await?;
    into.extend(rows.into_iter().map(|row| (row.key(), row.tally)));
    Ok(())
}
