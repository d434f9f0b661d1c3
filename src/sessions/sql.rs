//! All SQL of this room; what reads and writes many rows at once is in `sql/bulk.rs`.

pub(super) mod bulk;
mod closed;
mod history;
mod nodes;
mod now;
mod partitions;

use crate::accounts::Scope;
use crate::store::{Conn, StoreError};
use crate::units::{CustomerId, TenantId, UnixMs};
use crate::{customer_is_seen, q, session_is_seen};

use super::live::LiveSession;
use super::record::RouterLearned;
pub use bulk::BucketSum;
use bulk::{StoredRow, columns};
pub(super) use closed::{
    delete_old_sessions, instant_of, list_closed_by_keys, list_closed_neighbours, list_movable, move_back, move_closed,
};
pub use history::SessionFacts;
pub(super) use history::{
    delete_usage_of, find_session, find_session_facts, list_charged_buckets, list_sessions_of_id, list_undated_days,
    list_usage_of_customer, list_usage_of_session, update_undated_day,
};
pub use nodes::{Node, count_other_nodes, find_node_with_other_key, list_nodes, upsert_node};
pub(super) use nodes::{NodeBatch, delete_node_batches, insert_node_batch, list_node_batches, list_other_positions};
pub(super) use now::{count_begun, count_open};
pub(super) use partitions::{
    create_partition, drop_aside, find_in_default, is_all_before, list_keys_aside, list_partitions, list_set_aside, lock_partitions,
    set_aside,
};

/// Where a journal stands; `None` if the store has never heard of it.
// cross-tenant: journals belong to nodes
pub async fn find_position(conn: &mut Conn, journal_id: i64) -> Result<Option<u64>, StoreError> {
    let row = q!(opt conn, (i64,), "SELECT applied_seq FROM journals WHERE journal_id = $1", journal_id)?;
    Ok(row.map(|(seq,)| seq as u64))
}

/// Makes a journal known, at its beginning; one that is known stays as it is.
// cross-tenant: journals belong to nodes
pub async fn insert_journal(conn: &mut Conn, journal_id: i64, node: &str, now: UnixMs) -> Result<u64, StoreError> {
    q!(exec conn, "INSERT INTO journals (journal_id, node, applied_seq, updated_at) VALUES ($1, $2, 0, $3) ON CONFLICT (journal_id) DO NOTHING",
        journal_id, node, now)
}

/// Moves a journal's position if it is still at `old`; false if another applier was here.
// cross-tenant: journals belong to nodes
pub(super) async fn update_position(conn: &mut Conn, journal_id: i64, old: u64, new: u64, now: UnixMs) -> Result<bool, StoreError> {
    let moved = q!(exec conn, "UPDATE journals SET applied_seq = $3, updated_at = $4 WHERE journal_id = $1 AND applied_seq = $2",
        journal_id, old as i64, new as i64, now)?;
    Ok(moved == 1)
}

/// Notes that a router signs all its requests; false if that is known.
// cross-tenant: a journal holds records of all tenants
pub(super) async fn insert_router_learned(conn: &mut Conn, tenant: TenantId, learned: &RouterLearned) -> Result<bool, StoreError> {
    let n = q!(exec conn, "INSERT INTO router_learned (router_id, address, tenant_id, learned_at) VALUES ($1, $2, $3, $4) \
        ON CONFLICT (router_id, address) DO NOTHING", learned.router_id, learned.address.to_string(), tenant.0, learned.at)?;
    Ok(n == 1)
}

/// A box behind a router entry.
#[derive(Debug)]
pub(super) struct NasInstance {
    pub id: i64,
    pub router_id: i64,
    pub nas_identifier: String,
    pub nas_address: String,
    pub first_seen_at: UnixMs,
}

/// Makes a box known; one that is known stays as it is.
// cross-tenant: a journal holds records of all tenants
pub(super) async fn insert_nas_instance(conn: &mut Conn, tenant: TenantId, nas: &NasInstance) -> Result<u64, StoreError> {
    q!(exec conn, "INSERT INTO nas_instances (id, tenant_id, router_id, nas_identifier, nas_address, first_seen_at) \
        VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (id) DO NOTHING",
        nas.id, tenant.0, nas.router_id, &nas.nas_identifier, &nas.nas_address, nas.first_seen_at)
}

/// Gives the usage of a session whose customer was found late to that customer.
// cross-tenant: a journal holds records of all tenants
pub(super) async fn update_usage_customer(
    conn: &mut Conn,
    tenant: TenantId,
    session_key: &[u8; 16],
    customer_id: i64,
) -> Result<u64, StoreError> {
    q!(exec conn, "UPDATE usage SET customer_id = $3 WHERE tenant_id = $1 AND session_key = $2 AND customer_id IS NULL",
        tenant.0, &session_key[..], customer_id)
}

/// Open sessions after `(nas_instance, session_key)` (start with `(i64::MIN, [0; 16])`), at most `limit`, in that order, as live sessions.
// cross-tenant: a node keeps the sessions of all tenants in memory
pub async fn list_open_sessions(conn: &mut Conn, after: (i64, [u8; 16]), limit: i64) -> Result<Vec<LiveSession>, StoreError> {
    let rows = q!(all conn, StoredRow, concat!("SELECT ", columns!(), " FROM sessions s WHERE s.ended_at IS NULL \
        AND (s.nas_instance, s.session_key) > ($1, $2) ORDER BY s.nas_instance, s.session_key LIMIT $3"), after.0, &after.1[..], limit)?;
    live_sessions(rows)
}

/// The same of one router.
// cross-tenant: a node takes over routers of all tenants
pub async fn list_open_sessions_of_router(
    conn: &mut Conn,
    router_id: i64,
    after: (i64, [u8; 16]),
    limit: i64,
) -> Result<Vec<LiveSession>, StoreError> {
    let rows = q!(all conn, StoredRow, concat!("SELECT ", columns!(), " FROM sessions s WHERE s.ended_at IS NULL AND s.router_id = $4 \
        AND (s.nas_instance, s.session_key) > ($1, $2) ORDER BY s.nas_instance, s.session_key LIMIT $3"), after.0, &after.1[..], limit, router_id)?;
    live_sessions(rows)
}

/// A customer's open sessions, as live sessions.
pub(super) async fn list_open_sessions_of(conn: &mut Conn, scope: &Scope, id: CustomerId) -> Result<Vec<LiveSession>, StoreError> {
    let (from, to) = scope.owners();
    let rows = q!(all conn, StoredRow, concat!("SELECT ", columns!(), " FROM sessions s WHERE s.tenant_id = $1 AND s.customer_id = $2 \
        AND s.ended_at IS NULL AND ", customer_is_seen!("$2", "$3", "$4")), scope.tenant().0, id.0, from, to)?;
    live_sessions(rows)
}

fn live_sessions(rows: Vec<StoredRow>) -> Result<Vec<LiveSession>, StoreError> {
    rows.into_iter().map(|row| Ok(LiveSession::of_row(&row.into_row()?))).collect()
}

/// A session as people see it.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct SessionLine {
    /// Its name, for paging.
    pub session_key: Vec<u8>,
    /// Name of the router entry, or its id if the entry was removed.
    pub router: String,
    /// Acct-Session-Id.
    pub acct_session_id: String,
    /// User-Name as the router sent it.
    pub username: String,
    /// Twelve hex digits or empty.
    pub mac: String,
    /// Framed-IP-Address or empty.
    pub framed_ip: String,
    /// When it began.
    pub started_at: UnixMs,
    /// Its newest event.
    pub last_event_at: UnixMs,
    /// When it ended.
    pub ended_at: Option<UnixMs>,
    /// Acct-Session-Time.
    pub session_secs: i64,
    /// From the customer.
    pub octets_in: i64,
    /// To the customer.
    pub octets_out: i64,
    /// Acct-Terminate-Cause, 0 if none.
    pub terminate_cause: i64,
}

macro_rules! line_columns {
    () => {
        "SELECT s.session_key, COALESCE(r.name, CAST(s.router_id AS TEXT)) AS router, s.acct_session_id, s.username, s.mac, s.framed_ip, s.started_at, \
         s.last_event_at, s.ended_at, s.session_secs, s.octets_in, s.octets_out, s.terminate_cause FROM "
    };
}

/// So many rows of one table that fulfil a condition, in order of their names.
macro_rules! some_of {
    ($table:literal, $condition:expr, $order:literal, $limit:literal) => {
        concat!(
            "SELECT s.tenant_id, s.session_key, s.router_id, s.acct_session_id, s.username, s.mac, s.framed_ip, s.started_at, s.last_event_at, s.ended_at, \
             s.session_secs, s.octets_in, s.octets_out, s.terminate_cause FROM ",
            $table,
            " s WHERE ",
            $condition,
            " ORDER BY s.session_key ",
            $order,
            " LIMIT ",
            $limit
        )
    };
}

/// The same of both tables with their routers' names: each walks an index of its own and stops at the limit.
macro_rules! of_both {
    ($condition:expr, $order:literal, $limit:literal) => {
        concat!(
            line_columns!(),
            "(SELECT * FROM (",
            some_of!("sessions", $condition, $order, $limit),
            ") AS live UNION ALL SELECT * FROM (",
            some_of!("closed_sessions", $condition, $order, $limit),
            ") AS closed) AS s LEFT JOIN routers r ON r.id = s.router_id AND r.tenant_id = s.tenant_id ORDER BY s.session_key ",
            $order,
            " LIMIT ",
            $limit
        )
    };
}

/// The same of the first table alone: what is open is there.
macro_rules! of_live {
    ($condition:expr, $order:literal, $limit:literal) => {
        concat!(
            line_columns!(),
            "sessions s LEFT JOIN routers r ON r.id = s.router_id AND r.tenant_id = s.tenant_id WHERE ",
            $condition,
            " ORDER BY s.session_key ",
            $order,
            " LIMIT ",
            $limit
        )
    };
}

use {line_columns, of_both, some_of};

pub(super) async fn list_sessions_after(
    conn: &mut Conn,
    scope: &Scope,
    after: &[u8],
    since: UnixMs,
    limit: i64,
) -> Result<Vec<SessionLine>, StoreError> {
    const LIST: &str = of_both!(
        concat!("s.tenant_id = $1 AND s.session_key > $2 AND s.last_event_at >= $3 AND ", session_is_seen!("s", "$5", "$6")),
        "ASC",
        "$4"
    );
    let (from, to) = scope.owners();
    q!(all conn, SessionLine, LIST, scope.tenant().0, after, since, limit, from, to)
}

/// The newest sessions below a name; each text walks one index of each table that it reads, and stops at its limit.
mod newest {
    use crate::session_is_seen;

    pub const ALL: &str =
        of_both!(concat!("s.tenant_id = $1 AND s.session_key < $2 AND ", session_is_seen!("s", "$4", "$5")), "DESC", "$3");
    pub const ONLINE: &str = of_live!(
        concat!("s.tenant_id = $1 AND s.session_key < $2 AND s.ended_at IS NULL AND ", session_is_seen!("s", "$4", "$5")),
        "DESC",
        "$3"
    );
    pub const OF_NAME: &str = of_both!(
        concat!("s.tenant_id = $1 AND s.session_key < $2 AND LOWER(s.username) = $6 AND ", session_is_seen!("s", "$4", "$5")),
        "DESC",
        "$3"
    );
    /// By the same index: a name has few sessions, of which the open ones are the newest.
    pub const ONLINE_OF_NAME: &str = of_live!(
        concat!(
            "s.tenant_id = $1 AND s.session_key < $2 AND LOWER(s.username) = $6 AND s.ended_at IS NULL AND ",
            session_is_seen!("s", "$4", "$5")
        ),
        "DESC",
        "$3"
    );
}

/// Above every name of a session: the newest are below it.
pub const NEWEST: [u8; 16] = [0xff; 16];

pub(super) async fn list_newest_sessions(
    conn: &mut Conn,
    scope: &Scope,
    online: bool,
    username: &str,
    before: &[u8],
    limit: i64,
) -> Result<Vec<SessionLine>, StoreError> {
    let (name, tenant, (from, to)) = (username.to_lowercase(), scope.tenant().0, scope.owners());
    match (online, name.is_empty()) {
        (false, true) => q!(all conn, SessionLine, newest::ALL, tenant, before, limit, from, to),
        (true, true) => q!(all conn, SessionLine, newest::ONLINE, tenant, before, limit, from, to),
        (false, false) => q!(all conn, SessionLine, newest::OF_NAME, tenant, before, limit, from, to, &name),
        (true, false) => q!(all conn, SessionLine, newest::ONLINE_OF_NAME, tenant, before, limit, from, to, &name),
    }
}

/// Usage of one session in one bucket.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct UsageLine {
    /// The session's name.
    pub session_key: Vec<u8>,
    /// Where the bucket begins, unix ms.
    pub bucket_at: UnixMs,
    /// Its local day, `yyyymmdd`.
    pub day: i64,
    /// Charging class: 0 charged, 1 in free hours.
    pub charging_class: i64,
    /// Whose, if known.
    pub customer_id: Option<i64>,
    /// From the customer.
    pub octets_in: i64,
    /// To the customer.
    pub octets_out: i64,
    /// Seconds online.
    pub secs: i64,
}

pub(super) async fn list_usage_after(
    conn: &mut Conn,
    scope: &Scope,
    after: (&[u8], i64, i64),
    limit: i64,
) -> Result<Vec<UsageLine>, StoreError> {
    let (from, to) = scope.owners();
    q!(all conn, UsageLine, concat!("SELECT session_key, bucket_at, day, charging_class, customer_id, octets_in, octets_out, secs FROM usage \
        WHERE tenant_id = $1 AND (session_key, bucket_at, charging_class) > ($2, $3, $4) AND ", customer_is_seen!("usage.customer_id", "$6", "$7"),
        " ORDER BY session_key, bucket_at, charging_class LIMIT $5"), scope.tenant().0, after.0, after.1, after.2, limit, from, to)
}

/// A session whose usage rows do not add up to what it is charged.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct UsageMismatch {
    /// The session's name.
    pub session_key: Vec<u8>,
    /// Acct-Session-Id.
    pub acct_session_id: String,
    /// Octets from the customer that count.
    pub charged_in: i64,
    /// Octets to the customer that count.
    pub charged_out: i64,
    /// Seconds that count.
    pub charged_secs: i64,
    /// Sum of the usage rows' octets from the customer.
    pub usage_in: i64,
    /// Sum of their octets to the customer.
    pub usage_out: i64,
    /// Sum of their seconds.
    pub usage_secs: i64,
}

/// How many sessions there are.
pub(super) async fn count_sessions(conn: &mut Conn, scope: &Scope) -> Result<i64, StoreError> {
    let (from, to) = scope.owners();
    let (count,): (i64,) = q!(one conn, (i64,), concat!("SELECT (SELECT COUNT(*) FROM sessions s WHERE s.tenant_id = $1 AND ", session_is_seen!("s", "$2", "$3"),
        ") + (SELECT COUNT(*) FROM closed_sessions s WHERE s.tenant_id = $1 AND ", session_is_seen!("s", "$2", "$3"), ")"), scope.tenant().0, from, to)?;
    Ok(count)
}

/// Sessions that disagree with the sum of their usage rows, at most `limit`. Reads the tables whole.
pub(super) async fn list_usage_mismatches(conn: &mut Conn, scope: &Scope, limit: i64) -> Result<Vec<UsageMismatch>, StoreError> {
    let (from, to) = scope.owners();
    q!(all conn, UsageMismatch, concat!(
        "WITH made AS (SELECT session_key, CAST(SUM(octets_in) AS BIGINT) AS usage_in, CAST(SUM(octets_out) AS BIGINT) AS usage_out, \
           CAST(SUM(secs) AS BIGINT) AS usage_secs FROM usage WHERE tenant_id = $1 GROUP BY session_key), \
         charged AS (SELECT session_key, acct_session_id, octets_in - uncharged_in AS charged_in, octets_out - uncharged_out AS charged_out, \
           session_secs - uncharged_secs AS charged_secs FROM sessions s WHERE s.tenant_id = $1 AND ", session_is_seen!("s", "$3", "$4"), " UNION ALL \
           SELECT session_key, acct_session_id, octets_in - uncharged_in, octets_out - uncharged_out, session_secs - uncharged_secs \
           FROM closed_sessions s WHERE s.tenant_id = $1 AND ", session_is_seen!("s", "$3", "$4"), ") \
         SELECT c.session_key, c.acct_session_id, c.charged_in, c.charged_out, c.charged_secs, COALESCE(m.usage_in, 0) AS usage_in, \
           COALESCE(m.usage_out, 0) AS usage_out, COALESCE(m.usage_secs, 0) AS usage_secs \
         FROM charged c LEFT JOIN made m ON m.session_key = c.session_key \
         WHERE c.charged_in <> COALESCE(m.usage_in, 0) OR c.charged_out <> COALESCE(m.usage_out, 0) OR c.charged_secs <> COALESCE(m.usage_secs, 0) \
         LIMIT $2"), scope.tenant().0, limit, from, to)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::ConnRef;
    use crate::store::test_db::each_database;
    use sqlx::AssertSqlSafe;

    /// The plan of a statement as text; PostgreSQL is kept from reading a small table whole, which would say nothing.
    async fn plan(conn: &mut Conn, sql: &str, from: &str) -> String {
        let lines: Vec<String> = match conn.conn_ref() {
            ConnRef::Lite(c) => {
                let sql = AssertSqlSafe(format!("EXPLAIN QUERY PLAN {sql}"));
                let steps: Vec<(i64, i64, i64, String)> = sqlx::query_as(sql).fetch_all(c).await.expect("a plan");
                steps.into_iter().map(|step| step.3).collect()
            }
            ConnRef::Pg(c) => {
                for setting in ["enable_seqscan", "enable_bitmapscan"] {
                    sqlx::query(AssertSqlSafe(format!("SET {setting} = off"))).execute(&mut *c).await.expect("a setting");
                }
                let typed = sql
                    .replace("$6", "'bob'")
                    .replace("$5", "'2'")
                    .replace("$4", from)
                    .replace("$3", "100")
                    .replace("$2", "'\\xff'::bytea")
                    .replace("$1", "1");
                let steps: Vec<(String,)> = sqlx::query_as(AssertSqlSafe(format!("EXPLAIN {typed}"))).fetch_all(c).await.expect("a plan");
                steps.into_iter().map(|step| step.0).collect()
            }
        };
        lines.join("\n")
    }

    /// What each of the two tables is walked by, without a sort of its own. (What the two walks found is sorted, no more than two pages.)
    #[tokio::test]
    async fn lists_walk_an_index_of_just_what_they_show() {
        macro_rules! of_name {
            () => {
                concat!("s.tenant_id = $1 AND s.session_key < $2 AND LOWER(s.username) = $6 AND ", session_is_seen!("s", "$4", "$5"))
            };
        }
        macro_rules! all {
            () => {
                concat!("s.tenant_id = $1 AND s.session_key < $2 AND ", session_is_seen!("s", "$4", "$5"))
            };
        }
        const OF_NAME: (&str, &str) =
            (some_of!("sessions", of_name!(), "DESC", "$3"), some_of!("closed_sessions", of_name!(), "DESC", "$3"));
        const ALL: (&str, &str) = (some_of!("sessions", all!(), "DESC", "$3"), some_of!("closed_sessions", all!(), "DESC", "$3"));
        const OF_ID: &str = some_of!(
            "closed_sessions",
            concat!("s.tenant_id = $1 AND s.acct_session_id = $6 AND ", session_is_seen!("s", "$4", "$5")),
            "DESC",
            "$3"
        );
        assert!(newest::ALL.contains(ALL.0) && newest::ALL.contains(ALL.1));
        assert!(newest::OF_NAME.contains(OF_NAME.0) && newest::OF_NAME.contains(OF_NAME.1));
        for fresh in each_database().await {
            let mut conn = fresh.db.read().await.expect("a connection");
            let is_lite = fresh.db.is_sqlite();
            for (sql, index) in [
                (newest::ONLINE, "sessions_online"),
                (newest::ONLINE_OF_NAME, "sessions_by_username"),
                (OF_NAME.0, "sessions_by_username"),
                (
                    OF_NAME.1,
                    if is_lite { "closed_sessions_by_username" } else { "closed_sessions_default_tenant_id_lower_session_key_idx" },
                ),
                (ALL.0, if is_lite { "sqlite_autoindex_sessions_1" } else { "sessions_pkey" }),
                (ALL.1, if is_lite { "sqlite_autoindex_closed_sessions_1" } else { "closed_sessions_default_pkey" }),
                (OF_ID, if is_lite { "closed_sessions_by_id" } else { "closed_sessions_default_tenant_id_acct_session_id_session_k_idx" }),
            ] {
                // Whole tenant and a part of it: the same walk.
                for from in ["''", "'1'"] {
                    let found = plan(&mut conn, sql, from).await;
                    let is_fit = found.contains(index) || sql == newest::ONLINE_OF_NAME && found.contains("sessions_online");
                    assert!(
                        is_fit && !found.contains("SCAN s\n") && !found.contains("Sort") && !found.contains("TEMP B-TREE"),
                        "{sql}\n{found}"
                    );
                }
            }
            drop(conn);
            fresh.end().await;
        }
    }
}
