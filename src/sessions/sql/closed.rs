//! Sessions that ended long enough ago: moving them out of the table that the applier works on, and back when a late packet speaks of one.

use sqlx::{QueryBuilder, Sqlite};

use super::bulk::{RowKey, SessionRow, StoredRow, Wanted, column, lots, rows};
use crate::q;
use crate::store::{Conn, ConnRef, StoreError};
use crate::units::{TenantId, UnixMs};

/// Every column of both tables.
macro_rules! all_columns {
    () => {
        "tenant_id, session_key, nas_instance, router_id, customer_id, acct_session_id, username, mac, called_station, nas_port_id, framed_ip, started_at, \
         last_event_at, ended_at, end_inferred, terminate_cause, session_secs, octets_in, octets_out, uncharged_in, uncharged_out, uncharged_secs, flags"
    };
}

/// The smallest name that a session can have which begins at an instant, and the names of all earlier ones are below it.
pub(in crate::sessions) fn first_key(at: UnixMs) -> [u8; 16] {
    let mut key = [0; 16];
    key[..6].copy_from_slice(&at.clamp(0, (1 << 48) - 1).to_be_bytes()[2..]);
    key
}

/// The instant with which a name begins.
pub(in crate::sessions) fn instant_of(key: &[u8]) -> UnixMs {
    key.iter().take(6).fold(0, |at, octet| at << 8 | i64::from(*octet))
}

/// Names of a tenant's sessions that began and ended before an instant and are not moved yet, after a name (start with nothing), in order, at most `limit`.
// cross-tenant: retention is the server's own
pub(in crate::sessions) async fn list_movable(
    conn: &mut Conn,
    tenant: TenantId,
    after: &[u8],
    before: UnixMs,
    limit: i64,
) -> Result<Vec<Vec<u8>>, StoreError> {
    let keys = q!(all conn, (Vec<u8>,), "SELECT session_key FROM sessions WHERE tenant_id = $1 AND session_key > $2 AND session_key < $3 AND ended_at < $4 \
        ORDER BY session_key LIMIT $5", tenant.0, after, &first_key(before)[..], before, limit)?;
    Ok(keys.into_iter().map(|(key,)| key).collect())
}

/// Moves a tenant's sessions of names after one up to another that ended before an instant. On PostgreSQL those that an applier works on stay for the next time.
// cross-tenant: retention is the server's own
pub(in crate::sessions) async fn move_closed(
    conn: &mut Conn,
    tenant: TenantId,
    after: &[u8],
    last: &[u8],
    before: UnixMs,
) -> Result<u64, StoreError> {
    match conn.conn_ref() {
        ConnRef::Lite(_) => {
            let moved = q!(exec conn, concat!("INSERT INTO closed_sessions (", all_columns!(), ") SELECT ", all_columns!(), " FROM sessions \
                WHERE tenant_id = $1 AND session_key > $2 AND session_key <= $3 AND ended_at < $4"), tenant.0, after, last, before)?;
            q!(exec conn, "DELETE FROM sessions WHERE tenant_id = $1 AND session_key > $2 AND session_key <= $3 AND ended_at < $4",
                tenant.0, after, last, before)?;
            Ok(moved)
        }
        ConnRef::Pg(c) => {
            let sql = concat!(
                "WITH moved AS (DELETE FROM sessions WHERE tenant_id = $1 AND ended_at < $4 AND session_key IN (SELECT session_key FROM sessions \
                 WHERE tenant_id = $1 AND session_key > $2 AND session_key <= $3 AND ended_at < $4 FOR UPDATE SKIP LOCKED) RETURNING *) \
                 INSERT INTO closed_sessions (",
                all_columns!(),
                ") SELECT ",
                all_columns!(),
                " FROM moved"
            );
            Ok(sqlx::query(sql).bind(tenant.0).bind(after).bind(last).bind(before).execute(c).await?.rows_affected())
        }
    }
}

/// Moves a session back, since something was heard of it.
// cross-tenant: a journal holds records of all tenants
pub(in crate::sessions) async fn move_back(conn: &mut Conn, tenant: TenantId, session_key: &[u8]) -> Result<u64, StoreError> {
    let moved = q!(exec conn, concat!("INSERT INTO sessions (", all_columns!(), ") SELECT ", all_columns!(), " FROM closed_sessions \
        WHERE tenant_id = $1 AND session_key = $2"), tenant.0, session_key)?;
    q!(exec conn, "DELETE FROM closed_sessions WHERE tenant_id = $1 AND session_key = $2", tenant.0, session_key)?;
    Ok(moved)
}

/// The rows of these names among the moved ones.
// cross-tenant: a journal holds records of all tenants
pub(in crate::sessions) async fn list_closed_by_keys(
    conn: &mut Conn,
    keys: &[RowKey],
    into: &mut Vec<SessionRow>,
) -> Result<(), StoreError> {
    const FOUND: &str = concat!("SELECT ", super::columns!(), " FROM ");
    match conn.conn_ref() {
        ConnRef::Lite(c) => {
            for lot in lots(keys) {
                let mut b: QueryBuilder<Sqlite> = QueryBuilder::new("WITH w (tenant_id, session_key) AS (");
                b.push_values(lot, |mut row, (tenant, key)| {
                    row.push_bind(*tenant).push_bind(&key[..]);
                });
                b.push(") ").push(FOUND);
                b.push("w CROSS JOIN closed_sessions s WHERE s.tenant_id = w.tenant_id AND s.session_key = w.session_key");
                rows(b.build_query_as::<StoredRow>().fetch_all(&mut *c).await?, into)?;
            }
        }
        ConnRef::Pg(c) if !keys.is_empty() => {
            let sql = concat!(
                "SELECT ",
                super::columns!(),
                " FROM UNNEST($1::bigint[], $2::bytea[]) AS w (tenant_id, session_key) \
                 JOIN closed_sessions s ON s.tenant_id = w.tenant_id AND s.session_key = w.session_key ORDER BY s.tenant_id, s.session_key"
            );
            let query = sqlx::query_as::<_, StoredRow>(sql).bind(column(keys, |k| k.0)).bind(column(keys, |k| &k.1[..]));
            rows(query.fetch_all(c).await?, into)?;
        }
        ConnRef::Pg(_) => {}
    }
    Ok(())
}

/// Rows like this one among the moved ones, whatever their user name.
// cross-tenant: the wanted row names its tenant
pub(in crate::sessions) async fn list_closed_neighbours(
    conn: &mut Conn,
    wanted: &Wanted,
    into: &mut Vec<SessionRow>,
) -> Result<(), StoreError> {
    const { assert!(super::bulk::NEIGHBOUR_MS == 120_000, "the SQL names it too") };
    let found = q!(all conn, StoredRow, concat!("SELECT ", super::columns!(), " FROM closed_sessions s WHERE s.tenant_id = $1 AND s.acct_session_id = $2 \
        AND s.nas_instance = $3 AND s.started_at BETWEEN $4 - 120000 AND $4 + 120000 AND COALESCE(s.customer_id, 0) = $5"),
        wanted.tenant_id, &wanted.acct_session_id, wanted.nas_instance, wanted.started_at, wanted.customer_id.unwrap_or(0))?;
    rows(found, into)
}

macro_rules! delete_old {
    ($table:literal) => {
        concat!(
            "DELETE FROM ",
            $table,
            " WHERE tenant_id = $1 AND ended_at < $2 AND session_key IN (SELECT session_key FROM ",
            $table,
            " WHERE tenant_id = $1 AND session_key < $3 AND ended_at < $2 ORDER BY session_key LIMIT $4) RETURNING session_key"
        )
    };
}

/// Removes a tenant's moved sessions that ended before an instant, at most `limit`, in order of their names; returns these. On PostgreSQL only those that are in no
/// month's partition: a partition goes whole.
// cross-tenant: retention is the server's own
pub(in crate::sessions) async fn delete_old_sessions(
    conn: &mut Conn,
    tenant: TenantId,
    ended_before: UnixMs,
    limit: i64,
) -> Result<Vec<Vec<u8>>, StoreError> {
    let sql = if conn.is_sqlite() { delete_old!("closed_sessions") } else { delete_old!("closed_sessions_default") };
    let keys = q!(all conn, (Vec<u8>,), sql, tenant.0, ended_before, &first_key(ended_before)[..], limit)?;
    Ok(keys.into_iter().map(|(key,)| key).collect())
}
