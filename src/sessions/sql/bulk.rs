//! Statements over many sessions at once. The dialects differ in how a statement takes a table of values: SQLite takes `VALUES` with bound values, in lots whose
//! sizes are powers of two so that few statement texts exist and stay prepared; PostgreSQL takes one array per column.

mod sums;
mod update;

pub use sums::{BucketSum, Want, list_bucket_sums, list_tallies};
pub use update::{UsageRow, update_counters, update_details, update_ends, upsert_usage};

use hashbrown::HashSet;
use sqlx::{QueryBuilder, Sqlite};

use super::closed::list_closed_by_keys;
use crate::sessions::tally::{Tally, flag};
use crate::store::{Conn, ConnRef, StoreError};
use crate::units::UnixMs;

/// Tenant and session key: what names a row.
pub type RowKey = (i64, [u8; 16]);

/// SQLite takes at most 32,766 bound values in a statement; a new session has 23.
const LARGEST_LOT: usize = 1024;
/// Starts that are nearer than this may be one start, blurred by a lost packet.
pub const NEIGHBOUR_MS: i64 = 120_000;

macro_rules! columns {
    () => {
        "s.tenant_id, s.session_key, s.nas_instance, s.router_id, s.customer_id, s.acct_session_id, s.username, s.mac, s.framed_ip, \
          s.started_at, s.last_event_at, s.ended_at, s.terminate_cause, s.session_secs, s.octets_in, s.octets_out, s.uncharged_in, \
         s.uncharged_out, s.uncharged_secs, s.flags"
    };
}
pub(in crate::sessions) use columns;

/// A session as the database gives it.
#[derive(sqlx::FromRow)]
pub struct StoredRow {
    tenant_id: i64,
    session_key: Vec<u8>,
    nas_instance: i64,
    router_id: i64,
    customer_id: Option<i64>,
    acct_session_id: String,
    username: String,
    mac: String,
    framed_ip: String,
    started_at: i64,
    last_event_at: i64,
    ended_at: Option<i64>,
    terminate_cause: i64,
    session_secs: i64,
    octets_in: i64,
    octets_out: i64,
    uncharged_in: i64,
    uncharged_out: i64,
    uncharged_secs: i64,
    flags: i64,
}

/// A session's row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionRow {
    pub tenant_id: i64,
    pub session_key: [u8; 16],
    pub nas_instance: i64,
    pub router_id: i64,
    pub customer_id: Option<i64>,
    pub acct_session_id: String,
    pub username: String,
    /// Twelve hex digits or empty.
    pub mac: String,
    /// Written with a new row and never read again: empty in a row that was stored.
    pub called_station: String,
    /// As `called_station`.
    pub nas_port_id: String,
    pub framed_ip: String,
    pub tally: Tally,
}

impl SessionRow {
    pub fn key(&self) -> RowKey {
        (self.tenant_id, self.session_key)
    }

    fn ended_at(&self) -> Option<i64> {
        (!self.tally.is_open()).then_some(self.tally.ended_at)
    }
}

impl StoredRow {
    pub fn into_row(self) -> Result<SessionRow, StoreError> {
        let wrong = |what: &str| StoreError::Unexpected(format!("a session with {what}"));
        let octets = |n: i64| u64::try_from(n).map_err(|_| wrong("a negative counter"));
        let small = |n: i64| u32::try_from(n).map_err(|_| wrong("a number out of its range"));
        let tally = Tally {
            started_at: self.started_at,
            last_event_at: self.last_event_at,
            ended_at: self.ended_at.unwrap_or(0),
            terminate_cause: small(self.terminate_cause)?,
            session_secs: small(self.session_secs)?,
            octets_in: octets(self.octets_in)?,
            octets_out: octets(self.octets_out)?,
            uncharged_in: octets(self.uncharged_in)?,
            uncharged_out: octets(self.uncharged_out)?,
            uncharged_secs: small(self.uncharged_secs)?,
            flags: u16::try_from(self.flags).map_err(|_| wrong("unknown flags"))?,
        };
        Ok(SessionRow {
            tenant_id: self.tenant_id,
            session_key: self.session_key.try_into().map_err(|_| wrong("a key of another length"))?,
            nas_instance: self.nas_instance,
            router_id: self.router_id,
            customer_id: self.customer_id,
            acct_session_id: self.acct_session_id,
            username: self.username,
            mac: self.mac,
            called_station: String::new(),
            nas_port_id: String::new(),
            framed_ip: self.framed_ip,
            tally,
        })
    }
}

pub(super) fn rows(stored: Vec<StoredRow>, into: &mut Vec<SessionRow>) -> Result<(), StoreError> {
    stored.into_iter().try_for_each(|row| row.into_row().map(|row| into.push(row)))
}

/// Lots of falling powers of two.
pub(super) fn lots<T>(mut items: &[T]) -> impl Iterator<Item = &[T]> {
    std::iter::from_fn(move || {
        let size = LARGEST_LOT.min(1 << items.len().checked_ilog2()?);
        let (lot, rest) = items.split_at(size);
        items = rest;
        Some(lot)
    })
}

/// A column of values out of rows, as PostgreSQL takes it.
pub(super) fn column<'r, R, T>(rows: &'r [R], value: impl Fn(&'r R) -> T) -> Vec<T> {
    rows.iter().map(value).collect()
}

fn signed(octets: u64) -> i64 {
    i64::try_from(octets).unwrap_or(i64::MAX)
}

/// Makes PostgreSQL look rows up one by one for the rest of the transaction, whatever its statistics say about a table that grew since they were made.
// cross-tenant: about the connection
pub async fn prefer_index_lookups(conn: &mut Conn) -> Result<(), StoreError> {
    if let ConnRef::Pg(c) = conn.conn_ref() {
        let sql = "SELECT set_config('enable_seqscan', 'off', true), set_config('enable_hashjoin', 'off', true), set_config('enable_mergejoin', 'off', true)";
        sqlx::query(sql).execute(c).await?;
    }
    Ok(())
}

macro_rules! by_keys {
    ($lock:literal) => {
        concat!(
            "SELECT ",
            columns!(),
            " FROM UNNEST($1::bigint[], $2::bytea[]) AS w (tenant_id, session_key) \
            JOIN sessions s ON s.tenant_id = w.tenant_id AND s.session_key = w.session_key",
            $lock
        )
    };
}

/// The rows of these keys; those that exist, locked where the database locks rows. Keys in order avoid deadlocks between nodes.
// cross-tenant: a journal holds records of all tenants
pub async fn list_by_keys(conn: &mut Conn, keys: &[RowKey], into: &mut Vec<SessionRow>) -> Result<(), StoreError> {
    rows_of_keys(conn, keys, by_keys!(" ORDER BY s.tenant_id, s.session_key FOR UPDATE OF s"), into).await
}

/// The same, only to look at, moved ones too.
// cross-tenant: a node keeps the sessions of all tenants in memory
pub async fn read_by_keys(conn: &mut Conn, keys: &[RowKey], into: &mut Vec<SessionRow>) -> Result<(), StoreError> {
    let before = into.len();
    rows_of_keys(conn, keys, by_keys!(""), into).await?;
    if into.len() - before < keys.len() {
        let found: HashSet<RowKey> = into[before..].iter().map(SessionRow::key).collect();
        let missing: Vec<RowKey> = keys.iter().filter(|key| !found.contains(*key)).copied().collect();
        list_closed_by_keys(conn, &missing, into).await?;
    }
    Ok(())
}

// cross-tenant: see its callers
async fn rows_of_keys(conn: &mut Conn, keys: &[RowKey], pg: &'static str, into: &mut Vec<SessionRow>) -> Result<(), StoreError> {
    match conn.conn_ref() {
        ConnRef::Lite(c) => {
            for lot in lots(keys) {
                let mut b: QueryBuilder<Sqlite> = QueryBuilder::new("WITH w (tenant_id, session_key) AS (");
                b.push_values(lot, |mut row, (tenant, key)| {
                    row.push_bind(*tenant).push_bind(&key[..]);
                });
                b.push(concat!(
                    ") SELECT ",
                    columns!(),
                    " FROM w CROSS JOIN sessions s WHERE s.tenant_id = w.tenant_id AND s.session_key = w.session_key"
                ));
                rows(b.build_query_as::<StoredRow>().fetch_all(&mut *c).await?, into)?;
            }
        }
        ConnRef::Pg(c) if !keys.is_empty() => {
            let query = sqlx::query_as::<_, StoredRow>(pg).bind(column(keys, |k| k.0)).bind(column(keys, |k| &k.1[..]));
            rows(query.fetch_all(c).await?, into)?;
        }
        ConnRef::Pg(_) => {}
    }
    Ok(())
}

/// Open sessions of a box that began at or before an instant.
// cross-tenant: the box names its tenant
pub async fn list_open_of_nas(conn: &mut Conn, nas_instance: i64, at: UnixMs, into: &mut Vec<SessionRow>) -> Result<(), StoreError> {
    macro_rules! sql {
        ($lock:literal) => {
            concat!(
                "SELECT ",
                columns!(),
                " FROM sessions s WHERE s.nas_instance = $1 AND s.ended_at IS NULL AND s.started_at <= $2",
                $lock
            )
        };
    }
    let found = match conn.conn_ref() {
        ConnRef::Lite(c) => sqlx::query_as::<_, StoredRow>(sql!("")).bind(nas_instance).bind(at).fetch_all(c).await?,
        ConnRef::Pg(c) => {
            let sql = sql!(" ORDER BY s.tenant_id, s.session_key FOR UPDATE");
            sqlx::query_as::<_, StoredRow>(sql).bind(nas_instance).bind(at).fetch_all(c).await?
        }
    };
    rows(found, into)
}

/// What a row must be like to be the one that an event without a row of its own means.
#[derive(Debug)]
pub struct Wanted {
    pub tenant_id: i64,
    pub customer_id: Option<i64>,
    pub nas_instance: i64,
    pub acct_session_id: String,
    pub started_at: UnixMs,
}

/// Rows like these, whatever their user name.
// cross-tenant: a journal holds records of all tenants
pub async fn list_neighbours(conn: &mut Conn, wanted: &[Wanted], into: &mut Vec<SessionRow>) -> Result<(), StoreError> {
    // `customer_id IS NOT DISTINCT FROM ..` uses no index, so those without a customer are asked for by themselves.
    let (known, unknown): (Vec<&Wanted>, Vec<&Wanted>) = wanted.iter().partition(|w| w.customer_id.is_some());
    macro_rules! sql {
        ($customer:literal) => {
            concat!(
                " s WHERE s.tenant_id = w.tenant_id AND ",
                $customer,
                " AND s.started_at BETWEEN w.started_at - 120000 AND w.started_at + 120000 \
                AND s.nas_instance = w.nas_instance AND s.acct_session_id = w.acct_session_id"
            )
        };
    }
    let (is_one, is_none) = (sql!("s.customer_id = w.customer_id"), sql!("s.customer_id IS NULL"));
    const { assert!(NEIGHBOUR_MS == 120_000, "the SQL names it too") };
    for (wanted, condition) in [(known, is_one), (unknown, is_none)].into_iter().filter(|(w, _)| !w.is_empty()) {
        match conn.conn_ref() {
            ConnRef::Lite(c) => {
                for lot in lots(&wanted) {
                    let mut b: QueryBuilder<Sqlite> =
                        QueryBuilder::new("WITH w (tenant_id, customer_id, nas_instance, acct_session_id, started_at) AS (");
                    b.push_values(lot, |mut row, w| {
                        row.push_bind(w.tenant_id).push_bind(w.customer_id).push_bind(w.nas_instance);
                        row.push_bind(w.acct_session_id.as_str()).push_bind(w.started_at);
                    });
                    b.push(concat!(") SELECT ", columns!(), " FROM w CROSS JOIN sessions")).push(condition);
                    rows(b.build_query_as::<StoredRow>().fetch_all(&mut *c).await?, into)?;
                }
            }
            ConnRef::Pg(c) => {
                let mut b: QueryBuilder<sqlx::Postgres> = QueryBuilder::new(concat!("SELECT ", columns!(), " FROM UNNEST("));
                b.push_bind(column(&wanted, |w| w.tenant_id)).push("::bigint[], ").push_bind(column(&wanted, |w| w.customer_id));
                b.push("::bigint[], ").push_bind(column(&wanted, |w| w.nas_instance)).push("::bigint[], ");
                b.push_bind(column(&wanted, |w| w.acct_session_id.as_str()))
                    .push("::text[], ")
                    .push_bind(column(&wanted, |w| w.started_at));
                b.push("::bigint[]) AS w (tenant_id, customer_id, nas_instance, acct_session_id, started_at), sessions").push(condition);
                b.push(" ORDER BY s.tenant_id, s.session_key FOR UPDATE OF s");
                rows(b.build_query_as::<StoredRow>().fetch_all(c).await?, into)?;
            }
        }
    }
    Ok(())
}

/// Adds sessions. One that exists already is a unique violation: the batch must be read again.
// cross-tenant: a journal holds records of all tenants
pub async fn insert_sessions(conn: &mut Conn, new: &[&SessionRow]) -> Result<(), StoreError> {
    macro_rules! sql {
        ($more:literal) => {
            concat!(
                "INSERT INTO sessions (tenant_id, session_key, nas_instance, router_id, customer_id, acct_session_id, username, mac, called_station, \
                 nas_port_id, framed_ip, started_at, last_event_at, ended_at, end_inferred, terminate_cause, session_secs, octets_in, octets_out, \
                 uncharged_in, uncharged_out, uncharged_secs, flags) ",
                $more
            )
        };
    }
    match conn.conn_ref() {
        ConnRef::Lite(c) => {
            for lot in lots(new) {
                let mut b: QueryBuilder<Sqlite> = QueryBuilder::new(sql!(""));
                b.push_values(lot, |mut row, s| {
                    let t = &s.tally;
                    row.push_bind(s.tenant_id)
                        .push_bind(&s.session_key[..])
                        .push_bind(s.nas_instance)
                        .push_bind(s.router_id)
                        .push_bind(s.customer_id);
                    row.push_bind(s.acct_session_id.as_str()).push_bind(s.username.as_str()).push_bind(s.mac.as_str());
                    row.push_bind(s.called_station.as_str()).push_bind(s.nas_port_id.as_str()).push_bind(s.framed_ip.as_str());
                    row.push_bind(t.started_at)
                        .push_bind(t.last_event_at)
                        .push_bind(s.ended_at())
                        .push_bind(t.flags & flag::END_INFERRED != 0);
                    row.push_bind(i64::from(t.terminate_cause)).push_bind(i64::from(t.session_secs)).push_bind(signed(t.octets_in));
                    row.push_bind(signed(t.octets_out)).push_bind(signed(t.uncharged_in)).push_bind(signed(t.uncharged_out));
                    row.push_bind(i64::from(t.uncharged_secs)).push_bind(i64::from(t.flags));
                });
                b.build().execute(&mut *c).await?;
            }
        }
        ConnRef::Pg(c) if !new.is_empty() => {
            let sql = sql!(
                "SELECT * FROM UNNEST($1::bigint[], $2::bytea[], $3::bigint[], $4::bigint[], $5::bigint[], $6::text[], $7::text[], $8::text[], $9::text[], \
                 $10::text[], $11::text[], $12::bigint[], $13::bigint[], $14::bigint[], $15::boolean[], $16::bigint[], $17::bigint[], $18::bigint[], \
                 $19::bigint[], $20::bigint[], $21::bigint[], $22::bigint[], $23::bigint[])"
            );
            sqlx::query(sql)
                .bind(column(new, |s| s.tenant_id))
                .bind(column(new, |s| &s.session_key[..]))
                .bind(column(new, |s| s.nas_instance))
                .bind(column(new, |s| s.router_id))
                .bind(column(new, |s| s.customer_id))
                .bind(column(new, |s| s.acct_session_id.as_str()))
                .bind(column(new, |s| s.username.as_str()))
                .bind(column(new, |s| s.mac.as_str()))
                .bind(column(new, |s| s.called_station.as_str()))
                .bind(column(new, |s| s.nas_port_id.as_str()))
                .bind(column(new, |s| s.framed_ip.as_str()))
                .bind(column(new, |s| s.tally.started_at))
                .bind(column(new, |s| s.tally.last_event_at))
                .bind(column(new, |s| s.ended_at()))
                .bind(column(new, |s| s.tally.flags & flag::END_INFERRED != 0))
                .bind(column(new, |s| i64::from(s.tally.terminate_cause)))
                .bind(column(new, |s| i64::from(s.tally.session_secs)))
                .bind(column(new, |s| signed(s.tally.octets_in)))
                .bind(column(new, |s| signed(s.tally.octets_out)))
                .bind(column(new, |s| signed(s.tally.uncharged_in)))
                .bind(column(new, |s| signed(s.tally.uncharged_out)))
                .bind(column(new, |s| i64::from(s.tally.uncharged_secs)))
                .bind(column(new, |s| i64::from(s.tally.flags)))
                .execute(c)
                .await?;
        }
        ConnRef::Pg(_) => {}
    }
    Ok(())
}
