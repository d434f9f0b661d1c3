//! Changing many stored sessions at once, and adding usage.

use sqlx::{QueryBuilder, Sqlite};

use super::{RowKey, SessionRow, column, lots, signed};
use crate::sessions::tally::flag;
use crate::store::{Conn, ConnRef, StoreError};
use crate::units::UnixMs;

/// Which session a row of values `v` means. With the plus signs SQLite cannot turn the lookup round, which it would do for a lot of a thousand: it would walk the
/// whole table and look each session up among the values.
macro_rules! of_key {
    (lite) => {
        " WHERE sessions.tenant_id = +v.tenant_id AND sessions.session_key = +v.session_key"
    };
    (pg) => {
        " WHERE sessions.tenant_id = v.tenant_id AND sessions.session_key = v.session_key"
    };
}

/// What an interim changes: no column of an index, and none that decides whether a row is in a partial one. SQLite takes a row out of such an index and puts it
/// back where a statement so much as names the column.
macro_rules! update_counters {
    ($from:literal, $dialect:ident) => {
        concat!(
            "UPDATE sessions SET last_event_at = v.last_event_at, session_secs = v.session_secs, octets_in = v.octets_in, octets_out = v.octets_out, \
             flags = v.flags FROM ",
            $from,
            of_key!($dialect)
        )
    };
}

macro_rules! update_ends {
    ($from:literal, $dialect:ident) => {
        concat!(
            "UPDATE sessions SET last_event_at = v.last_event_at, ended_at = v.ended_at, end_inferred = (v.flags & 1) <> 0, \
             terminate_cause = v.terminate_cause, session_secs = v.session_secs, octets_in = v.octets_in, octets_out = v.octets_out, flags = v.flags FROM ",
            $from,
            of_key!($dialect)
        )
    };
}
const _: () = assert!(flag::END_INFERRED == 1, "the SQL names it too");

/// The statement for one lot on SQLite; `before` goes in front of it.
fn counters_of_lot(before: &str, lot: &[&SessionRow]) -> QueryBuilder<Sqlite> {
    let mut b = QueryBuilder::new(before);
    b.push("WITH v (tenant_id, session_key, last_event_at, session_secs, octets_in, octets_out, flags) AS (");
    b.push_values(lot, |mut row, s| {
        let t = &s.tally;
        row.push_bind(s.tenant_id).push_bind(&s.session_key[..]).push_bind(t.last_event_at).push_bind(i64::from(t.session_secs));
        row.push_bind(signed(t.octets_in)).push_bind(signed(t.octets_out)).push_bind(i64::from(t.flags));
    });
    b.push(") ").push(update_counters!("v", lite));
    b
}

/// The statement for one lot on SQLite; `before` goes in front of it.
fn ends_of_lot(before: &str, lot: &[&SessionRow]) -> QueryBuilder<Sqlite> {
    let mut b = QueryBuilder::new(before);
    b.push("WITH v (tenant_id, session_key, last_event_at, ended_at, terminate_cause, session_secs, octets_in, octets_out, flags) AS (");
    b.push_values(lot, |mut row, s| {
        let t = &s.tally;
        row.push_bind(s.tenant_id).push_bind(&s.session_key[..]).push_bind(t.last_event_at).push_bind(s.ended_at());
        row.push_bind(i64::from(t.terminate_cause)).push_bind(i64::from(t.session_secs)).push_bind(signed(t.octets_in));
        row.push_bind(signed(t.octets_out)).push_bind(i64::from(t.flags));
    });
    b.push(") ").push(update_ends!("v", lite));
    b
}

/// Writes what events count of sessions that exist and whose end stays as it is.
// cross-tenant: a journal holds records of all tenants
pub async fn update_counters(conn: &mut Conn, changed: &[&SessionRow]) -> Result<(), StoreError> {
    match conn.conn_ref() {
        ConnRef::Lite(c) => {
            for lot in lots(changed) {
                counters_of_lot("", lot).build().execute(&mut *c).await?;
            }
        }
        ConnRef::Pg(c) if !changed.is_empty() => {
            let sql = update_counters!(
                "UNNEST($1::bigint[], $2::bytea[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[], $7::bigint[]) \
                 AS v (tenant_id, session_key, last_event_at, session_secs, octets_in, octets_out, flags)",
                pg
            );
            sqlx::query(sql)
                .bind(column(changed, |s| s.tenant_id))
                .bind(column(changed, |s| &s.session_key[..]))
                .bind(column(changed, |s| s.tally.last_event_at))
                .bind(column(changed, |s| i64::from(s.tally.session_secs)))
                .bind(column(changed, |s| signed(s.tally.octets_in)))
                .bind(column(changed, |s| signed(s.tally.octets_out)))
                .bind(column(changed, |s| i64::from(s.tally.flags)))
                .execute(c)
                .await?;
        }
        ConnRef::Pg(_) => {}
    }
    Ok(())
}

/// Writes the counters and the end of sessions that exist.
// cross-tenant: a journal holds records of all tenants
pub async fn update_ends(conn: &mut Conn, changed: &[&SessionRow]) -> Result<(), StoreError> {
    match conn.conn_ref() {
        ConnRef::Lite(c) => {
            for lot in lots(changed) {
                ends_of_lot("", lot).build().execute(&mut *c).await?;
            }
        }
        ConnRef::Pg(c) if !changed.is_empty() => {
            let sql = update_ends!(
                "UNNEST($1::bigint[], $2::bytea[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[], $7::bigint[], $8::bigint[], $9::bigint[]) \
                 AS v (tenant_id, session_key, last_event_at, ended_at, terminate_cause, session_secs, octets_in, octets_out, flags)",
                pg
            );
            sqlx::query(sql)
                .bind(column(changed, |s| s.tenant_id))
                .bind(column(changed, |s| &s.session_key[..]))
                .bind(column(changed, |s| s.tally.last_event_at))
                .bind(column(changed, |s| s.ended_at()))
                .bind(column(changed, |s| i64::from(s.tally.terminate_cause)))
                .bind(column(changed, |s| i64::from(s.tally.session_secs)))
                .bind(column(changed, |s| signed(s.tally.octets_in)))
                .bind(column(changed, |s| signed(s.tally.octets_out)))
                .bind(column(changed, |s| i64::from(s.tally.flags)))
                .execute(c)
                .await?;
        }
        ConnRef::Pg(_) => {}
    }
    Ok(())
}

macro_rules! update_details {
    ($from:literal, $dialect:ident) => {
        concat!("UPDATE sessions SET customer_id = v.customer_id, mac = v.mac, framed_ip = v.framed_ip FROM ", $from, of_key!($dialect))
    };
}

/// The statement for one lot on SQLite; `before` goes in front of it.
fn details_of_lot(before: &str, lot: &[&SessionRow]) -> QueryBuilder<Sqlite> {
    let mut b = QueryBuilder::new(before);
    b.push("WITH v (tenant_id, session_key, customer_id, mac, framed_ip) AS (");
    b.push_values(lot, |mut row, s| {
        row.push_bind(s.tenant_id).push_bind(&s.session_key[..]).push_bind(s.customer_id);
        row.push_bind(s.mac.as_str()).push_bind(s.framed_ip.as_str());
    });
    b.push(") ").push(update_details!("v", lite));
    b
}

/// Writes customer, device and address of sessions of which these became known or changed.
// cross-tenant: a journal holds records of all tenants
pub async fn update_details(conn: &mut Conn, changed: &[&SessionRow]) -> Result<(), StoreError> {
    match conn.conn_ref() {
        ConnRef::Lite(c) => {
            for lot in lots(changed) {
                details_of_lot("", lot).build().execute(&mut *c).await?;
            }
        }
        ConnRef::Pg(c) if !changed.is_empty() => {
            let sql = update_details!(
                "UNNEST($1::bigint[], $2::bytea[], $3::bigint[], $4::text[], $5::text[]) AS v (tenant_id, session_key, customer_id, mac, framed_ip)",
                pg
            );
            sqlx::query(sql)
                .bind(column(changed, |s| s.tenant_id))
                .bind(column(changed, |s| &s.session_key[..]))
                .bind(column(changed, |s| s.customer_id))
                .bind(column(changed, |s| s.mac.as_str()))
                .bind(column(changed, |s| s.framed_ip.as_str()))
                .execute(c)
                .await?;
        }
        ConnRef::Pg(_) => {}
    }
    Ok(())
}

/// What a session used more in a bucket.
#[derive(Debug)]
pub struct UsageRow {
    pub key: RowKey,
    pub bucket_at: UnixMs,
    pub class: u8,
    pub day: i64,
    pub customer_id: Option<i64>,
    /// Octets in, octets out, seconds.
    pub amounts: [i64; 3],
}

/// Adds usage; no two of `more` are of one session, bucket and class.
// cross-tenant: a journal holds records of all tenants
pub async fn upsert_usage(conn: &mut Conn, more: &[UsageRow]) -> Result<(), StoreError> {
    const INTO: &str =
        "INSERT INTO usage (tenant_id, session_key, bucket_at, charging_class, day, customer_id, octets_in, octets_out, secs) ";
    const ADD: &str = " ON CONFLICT (tenant_id, session_key, bucket_at, charging_class) DO UPDATE SET octets_in = usage.octets_in + excluded.octets_in, \
        octets_out = usage.octets_out + excluded.octets_out, secs = usage.secs + excluded.secs";
    match conn.conn_ref() {
        ConnRef::Lite(c) => {
            for lot in lots(more) {
                let mut b: QueryBuilder<Sqlite> = QueryBuilder::new(INTO);
                b.push_values(lot, |mut row, u| {
                    row.push_bind(u.key.0).push_bind(&u.key.1[..]).push_bind(u.bucket_at).push_bind(i64::from(u.class)).push_bind(u.day);
                    row.push_bind(u.customer_id).push_bind(u.amounts[0]).push_bind(u.amounts[1]).push_bind(u.amounts[2]);
                });
                b.push(ADD);
                b.build().execute(&mut *c).await?;
            }
        }
        ConnRef::Pg(c) if !more.is_empty() => {
            let mut b: QueryBuilder<sqlx::Postgres> = QueryBuilder::new(INTO);
            b.push("SELECT * FROM UNNEST(").push_bind(column(more, |u| u.key.0)).push("::bigint[], ");
            b.push_bind(column(more, |u| &u.key.1[..])).push("::bytea[], ").push_bind(column(more, |u| u.bucket_at)).push("::bigint[], ");
            b.push_bind(column(more, |u| i64::from(u.class))).push("::bigint[], ").push_bind(column(more, |u| u.day)).push("::bigint[], ");
            b.push_bind(column(more, |u| u.customer_id))
                .push("::bigint[], ")
                .push_bind(column(more, |u| u.amounts[0]))
                .push("::bigint[], ");
            b.push_bind(column(more, |u| u.amounts[1])).push("::bigint[], ").push_bind(column(more, |u| u.amounts[2]));
            b.push("::bigint[])").push(ADD);
            b.build().execute(c).await?;
        }
        ConnRef::Pg(_) => {}
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::LARGEST_LOT;
    use super::*;
    use crate::sessions::tally::Tally;
    use crate::store::test_db::each_database;

    #[tokio::test(flavor = "multi_thread")]
    async fn no_lot_is_large_enough_to_make_sqlite_walk_the_table() {
        let row = SessionRow {
            tenant_id: 1,
            session_key: [1; 16],
            nas_instance: 1,
            router_id: 1,
            customer_id: None,
            acct_session_id: String::new(),
            username: String::new(),
            mac: String::new(),
            called_station: String::new(),
            nas_port_id: String::new(),
            framed_ip: String::new(),
            tally: Tally::open(1),
        };
        let lot = vec![&row; LARGEST_LOT];
        for fresh in each_database().await {
            let mut conn = fresh.db.read().await.expect("a connection");
            if let ConnRef::Lite(c) = conn.conn_ref() {
                let plan = "EXPLAIN QUERY PLAN ";
                for mut query in [counters_of_lot(plan, &lot), ends_of_lot(plan, &lot), details_of_lot(plan, &lot)] {
                    let steps: Vec<(i64, i64, i64, String)> = query.build_query_as().fetch_all(&mut *c).await.expect("a plan");
                    let steps: Vec<_> = steps.into_iter().map(|step| step.3).collect();
                    assert!(steps.iter().any(|s| s.starts_with("SEARCH sessions")), "{steps:?}");
                    assert!(!steps.iter().any(|s| s.starts_with("SCAN sessions")), "{steps:?}");
                }
            }
            drop(conn);
            fresh.end().await;
        }
    }
}
