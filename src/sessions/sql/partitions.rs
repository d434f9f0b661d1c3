//! The monthly partitions of closed sessions on PostgreSQL. All statements here are PostgreSQL's; their texts are made of months only.

use sqlx::AssertSqlSafe;

use super::closed::first_key;
use crate::q;
use crate::sessions::history::Month;
use crate::store::{Conn, ConnRef, StoreError};
use crate::units::{TenantId, UnixMs, hex};

/// A partition is made and set aside while nobody holds it; who reads for long is not waited for, since everyone else would wait behind.
const LOCK_TIMEOUT: &str = "SELECT set_config('lock_timeout', '1s', true)";
/// Names the lock of those who make and remove partitions.
const ADVISORY_LOCK: i64 = 0x746f_6c6c_6861;
/// What a month's table is called once it is set aside.
const ASIDE: &str = "old_closed_sessions_";
const PARTITION: &str = "closed_sessions_";

/// Takes the right to make and remove partitions until the transaction ends; false if another node has it.
// cross-tenant: the schema is the server's own
pub(in crate::sessions) async fn lock_partitions(conn: &mut Conn) -> Result<bool, StoreError> {
    let (taken,): (bool,) = q!(one conn, (bool,), "SELECT pg_try_advisory_xact_lock($1)", ADVISORY_LOCK)?;
    if taken {
        q!(exec conn, LOCK_TIMEOUT)?;
    }
    Ok(taken)
}

/// Months that have a partition, in order.
// cross-tenant: the schema is the server's own
pub(in crate::sessions) async fn list_partitions(conn: &mut Conn) -> Result<Vec<Month>, StoreError> {
    list_months(conn, PARTITION).await
}

/// Months whose tables are set aside, in order: to be emptied of their usage and dropped.
// cross-tenant: the schema is the server's own
pub(in crate::sessions) async fn list_set_aside(conn: &mut Conn) -> Result<Vec<Month>, StoreError> {
    list_months(conn, ASIDE).await
}

// cross-tenant: the schema is the server's own
async fn list_months(conn: &mut Conn, prefix: &str) -> Result<Vec<Month>, StoreError> {
    let names = q!(all conn, (String,), "SELECT CAST(tablename AS TEXT) FROM pg_tables WHERE schemaname = current_schema() AND starts_with(tablename, $1) \
        ORDER BY tablename", prefix)?;
    Ok(names.into_iter().filter_map(|(name,)| Month::parse(&name[prefix.len()..])).collect())
}

/// A session that the default partition holds although it began between these instants, by its name: the earliest.
// cross-tenant: the schema is the server's own
pub(in crate::sessions) async fn find_in_default(
    conn: &mut Conn,
    tenant: TenantId,
    from: UnixMs,
    to: UnixMs,
) -> Result<Option<Vec<u8>>, StoreError> {
    let found = q!(opt conn, (Vec<u8>,), "SELECT session_key FROM closed_sessions_default WHERE tenant_id = $1 AND session_key >= $2 AND session_key < $3 \
        ORDER BY session_key LIMIT 1", tenant.0, &first_key(from)[..], &first_key(to)[..])?;
    Ok(found.map(|(key,)| key))
}

/// Makes a month's partition, with what the default one has of it.
// cross-tenant: the schema is the server's own
pub(in crate::sessions) async fn create_partition(conn: &mut Conn, month: Month) -> Result<(), StoreError> {
    let (from, to) = (bound(month.begins_at()), bound(month.next().begins_at()));
    for text in [
        format!("CREATE TABLE {PARTITION}{month} (LIKE closed_sessions INCLUDING ALL)"),
        format!(
            "WITH theirs AS (DELETE FROM closed_sessions_default WHERE session_key >= {from} AND session_key < {to} RETURNING *) \
             INSERT INTO {PARTITION}{month} SELECT * FROM theirs"
        ),
        format!("ALTER TABLE closed_sessions ATTACH PARTITION {PARTITION}{month} FOR VALUES FROM ({from}) TO ({to})"),
    ] {
        execute(conn, text).await?;
    }
    Ok(())
}

/// Whether no session of a month's partition ended at or after an instant.
// cross-tenant: a partition holds all tenants
pub(in crate::sessions) async fn is_all_before(conn: &mut Conn, month: Month, before: UnixMs) -> Result<bool, StoreError> {
    let ConnRef::Pg(c) = conn.conn_ref() else { return Ok(false) };
    let text = format!("SELECT NOT EXISTS (SELECT 1 FROM {PARTITION}{month} WHERE ended_at >= $1)");
    let (is_all,): (bool,) = sqlx::query_as(AssertSqlSafe(text)).bind(before).fetch_one(c).await?;
    Ok(is_all)
}

/// Takes a month out of what is read, as a table of its own.
// cross-tenant: a partition holds all tenants
pub(in crate::sessions) async fn set_aside(conn: &mut Conn, month: Month) -> Result<(), StoreError> {
    execute(conn, format!("ALTER TABLE closed_sessions DETACH PARTITION {PARTITION}{month}")).await?;
    execute(conn, format!("ALTER TABLE {PARTITION}{month} RENAME TO {ASIDE}{month}")).await
}

/// Tenants and names of the sessions of a month that is set aside, after one of them, in order, at most `limit`.
// cross-tenant: a partition holds all tenants
pub(in crate::sessions) async fn list_keys_aside(
    conn: &mut Conn,
    month: Month,
    after: &(i64, Vec<u8>),
    limit: i64,
) -> Result<Vec<(i64, Vec<u8>)>, StoreError> {
    let ConnRef::Pg(c) = conn.conn_ref() else { return Ok(Vec::new()) };
    let text = format!(
        "SELECT tenant_id, session_key FROM {ASIDE}{month} WHERE (tenant_id, session_key) > ($1, $2) ORDER BY tenant_id, session_key LIMIT $3"
    );
    Ok(sqlx::query_as(AssertSqlSafe(text)).bind(after.0).bind(&after.1[..]).bind(limit).fetch_all(c).await?)
}

/// Drops a month that is set aside.
// cross-tenant: a partition holds all tenants
pub(in crate::sessions) async fn drop_aside(conn: &mut Conn, month: Month) -> Result<(), StoreError> {
    execute(conn, format!("DROP TABLE IF EXISTS {ASIDE}{month}")).await
}

fn bound(at: UnixMs) -> String {
    format!("'\\x{}'", hex(&first_key(at)[..6]))
}

// cross-tenant: the schema is the server's own
async fn execute(conn: &mut Conn, text: String) -> Result<(), StoreError> {
    if let ConnRef::Pg(c) = conn.conn_ref() {
        sqlx::query(AssertSqlSafe(text)).execute(c).await?;
    }
    Ok(())
}
