//! All SQL of this room: reading what the directory holds, writing counters, unknown sources and decisions.

use std::net::IpAddr;

use sqlx::postgres::PgRow;
use sqlx::sqlite::SqliteRow;
use sqlx::{ColumnIndex, Decode, Row, Type};

use super::decision_store::DecisionRow;
use super::policy::UsageDay;
use super::unknown::UnknownRow;
use crate::accounts::Scope;
use crate::routers::RouterCounters;
use crate::sessions::Amounts;
use crate::store::{Conn, ConnRef, StoreError};
use crate::units::{CustomerId, Mac, TenantId, UnixMs, printable};
use crate::{customer_is_seen, q};

/// A customer as the loader reads it, borrowed from the driver's row.
#[derive(Debug, Clone, Copy)]
pub(super) struct CustomerRow<'r> {
    pub id: i64,
    pub tenant_id: i64,
    pub owner_id: i64,
    pub package_id: i64,
    pub expires_at: Option<i64>,
    pub simultaneous_sessions: Option<i64>,
    /// Hold, connection type and fixed address, separated by spaces.
    pub kind: &'r str,
    pub username: &'r str,
    /// Sealed.
    pub password: &'r [u8],
    /// Pool, framed and delegated IPv6 prefix, then reply attributes, separated by line ends; few customers have any of them.
    pub extras: Option<&'r str>,
    /// Terms of his own, see [`super::directory`]'s `own_terms`; few customers have any.
    pub terms: Option<&'r str>,
}

/// A page of customers or of devices, in the driver's own rows: values are borrowed from them, not copied.
pub(super) enum Page {
    Lite(Vec<SqliteRow>),
    Pg(Vec<PgRow>),
}

// Few columns, since SQLite's driver copies each value by an allocation of its own; what is rare or short travels together.
macro_rules! select_customers {
    ($rest:literal) => {
        concat!(
            "SELECT id, tenant_id, owner_id, package_id, expires_at, simultaneous_sessions, \
             hold || ' ' || connection_type || ' ' || COALESCE(static_ipv4, ''), username, password, \
             CASE WHEN reply_attributes = '' AND framed_pool IS NULL AND framed_ipv6_prefix IS NULL AND delegated_ipv6_prefix IS NULL THEN NULL \
             ELSE COALESCE(framed_pool, '') || '\n' || COALESCE(framed_ipv6_prefix, '') || '\n' || COALESCE(delegated_ipv6_prefix, '') || '\n' \
             || reply_attributes END, \
             CASE WHEN limits IS NULL AND own_rate IS NULL AND first_login_secs IS NULL AND period_started_at IS NULL AND package_since_at IS NULL \
             AND closed_at IS NULL THEN NULL \
             ELSE COALESCE(CAST(closed_at AS TEXT), '') || ' ' || COALESCE(CAST(activated_at AS TEXT), '') || ' ' \
             || COALESCE(CAST(first_login_secs AS TEXT), '') || ' ' || COALESCE(CAST(period_started_at AS TEXT), '') || ' ' \
             || COALESCE(CAST(package_since_at AS TEXT), '') || ' ' || COALESCE(CAST(own_rate_until AS TEXT), '') || '\n' \
             || COALESCE(own_rate, '') || '\n' || COALESCE(limits, '') END FROM customers ",
            $rest
        )
    };
}

/// Customers after an id, in id order.
// cross-tenant: the directory serves every tenant
pub(super) async fn list_customers_after(conn: &mut Conn, after: i64, limit: i64) -> Result<Page, StoreError> {
    fetch(conn, select_customers!("WHERE id > $1 AND id <= $2 ORDER BY id LIMIT $3"), after, i64::MAX, Some(limit)).await
}

/// These customers, those that exist, in id order.
// cross-tenant: the directory follows the feed by row id
pub(super) async fn list_customers_of(conn: &mut Conn, ids: &[i64]) -> Result<Page, StoreError> {
    fetch_of(
        conn,
        select_customers!("WHERE id IN (SELECT value FROM json_each($1)) ORDER BY id"),
        select_customers!("WHERE id = ANY($1) ORDER BY id"),
        ids,
    )
    .await
}

/// Devices of these customers, in the order of the customers.
// cross-tenant: the directory follows the feed by row id
pub(super) async fn list_macs_of(conn: &mut Conn, ids: &[i64]) -> Result<Page, StoreError> {
    macro_rules! sql {
        ($which:literal) => {
            concat!("SELECT customer_id, mac FROM customer_macs WHERE customer_id ", $which, " ORDER BY customer_id, mac")
        };
    }
    fetch_of(conn, sql!("IN (SELECT value FROM json_each($1))"), sql!("= ANY($1)"), ids).await
}

/// SQLite takes the ids as one JSON array, PostgreSQL as one of its own.
async fn fetch_of(conn: &mut Conn, lite: &'static str, pg: &'static str, ids: &[i64]) -> Result<Page, StoreError> {
    Ok(match conn.conn_ref() {
        ConnRef::Lite(c) => Page::Lite(sqlx::query(lite).bind(format!("{ids:?}")).fetch_all(c).await?),
        ConnRef::Pg(c) => Page::Pg(sqlx::query(pg).bind(ids).fetch_all(c).await?),
    })
}

/// Devices of the customers with `after < id <= last`, in the order of their customers.
// cross-tenant: the directory serves every tenant
pub(super) async fn list_macs_between(conn: &mut Conn, after: i64, last: i64) -> Result<Page, StoreError> {
    const SQL: &str = "SELECT customer_id, mac FROM customer_macs WHERE customer_id > $1 AND customer_id <= $2 ORDER BY customer_id, mac";
    fetch(conn, SQL, after, last, None).await
}

async fn fetch(conn: &mut Conn, sql: &'static str, after: i64, last: i64, limit: Option<i64>) -> Result<Page, StoreError> {
    let page = match conn.conn_ref() {
        ConnRef::Lite(c) => {
            let query = sqlx::query(sql).bind(after).bind(last);
            Page::Lite(if let Some(limit) = limit { query.bind(limit) } else { query }.fetch_all(c).await?)
        }
        ConnRef::Pg(c) => {
            let query = sqlx::query(sql).bind(after).bind(last);
            Page::Pg(if let Some(limit) = limit { query.bind(limit) } else { query }.fetch_all(c).await?)
        }
    };
    Ok(page)
}

impl Page {
    /// How many rows.
    pub fn len(&self) -> usize {
        match self {
            Page::Lite(rows) => rows.len(),
            Page::Pg(rows) => rows.len(),
        }
    }

    /// The row at an index as a customer.
    pub fn customer(&self, index: usize) -> Result<CustomerRow<'_>, StoreError> {
        Ok(match self {
            Page::Lite(rows) => read_customer(&rows[index])?,
            Page::Pg(rows) => read_customer(&rows[index])?,
        })
    }

    /// The row at an index as a device with its customer.
    pub fn mac(&self, index: usize) -> Result<(i64, Mac), StoreError> {
        let (id, text) = match self {
            Page::Lite(rows) => read_mac(&rows[index])?,
            Page::Pg(rows) => read_mac(&rows[index])?,
        };
        Ok((id, Mac::parse(text.as_bytes()).ok_or_else(|| StoreError::Unexpected(format!("MAC address {text:?}")))?))
    }
}

fn read_customer<'r, R>(row: &'r R) -> Result<CustomerRow<'r>, sqlx::Error>
where
    R: Row,
    usize: ColumnIndex<R>,
    i64: Decode<'r, R::Database> + Type<R::Database>,
    &'r str: Decode<'r, R::Database> + Type<R::Database>,
    &'r [u8]: Decode<'r, R::Database> + Type<R::Database>,
{
    Ok(CustomerRow {
        id: row.try_get(0)?,
        tenant_id: row.try_get(1)?,
        owner_id: row.try_get(2)?,
        package_id: row.try_get(3)?,
        expires_at: row.try_get(4)?,
        simultaneous_sessions: row.try_get(5)?,
        kind: row.try_get(6)?,
        username: row.try_get(7)?,
        password: row.try_get(8)?,
        extras: row.try_get(9)?,
        terms: row.try_get(10)?,
    })
}

fn read_mac<'r, R>(row: &'r R) -> Result<(i64, &'r str), sqlx::Error>
where
    R: Row,
    usize: ColumnIndex<R>,
    i64: Decode<'r, R::Database> + Type<R::Database>,
    &'r str: Decode<'r, R::Database> + Type<R::Database>,
{
    Ok((row.try_get(0)?, row.try_get(1)?))
}

/// How many customers there are.
// cross-tenant: the directory serves every tenant
pub(super) async fn count_customers(conn: &mut Conn) -> Result<i64, StoreError> {
    let (count,): (i64,) = q!(one conn, (i64,), "SELECT COUNT(*) FROM customers")?;
    Ok(count)
}

/// Id, parent and role of every account.
// cross-tenant: the directory serves every tenant
pub(super) async fn list_accounts(conn: &mut Conn) -> Result<Vec<(i64, Option<i64>, String)>, StoreError> {
    q!(all conn, (i64, Option<i64>, String), "SELECT id, parent_id, role FROM accounts")
}

/// Writes a router's counters, unless the router was removed meanwhile.
// cross-tenant: a server counts for the routers of all tenants
pub(super) async fn insert_counters(conn: &mut Conn, tenant_id: i64, c: &RouterCounters, now: UnixMs) -> Result<u64, StoreError> {
    q!(exec conn, "INSERT INTO router_counters (router_id, tenant_id, access_requests, accepts, rejects, accounting_requests, bad_authenticator, \
        bad_message_authenticator, missing_message_authenticator, proxy_state_drops, garbled_passwords, clock_skew_secs, last_access_at, \
        last_accounting_at, updated_at, unsigned_requests, repeated_access, repeated_accounting, with_gigawords, without_gigawords, \
        reused_session_ids, sessions_ended, sessions_ended_early) \
        SELECT id, tenant_id, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23 \
        FROM routers WHERE tenant_id = $1 AND id = $2 \
        ON CONFLICT (router_id) DO UPDATE SET access_requests = excluded.access_requests, accepts = excluded.accepts, rejects = excluded.rejects, \
        accounting_requests = excluded.accounting_requests, bad_authenticator = excluded.bad_authenticator, \
        bad_message_authenticator = excluded.bad_message_authenticator, missing_message_authenticator = excluded.missing_message_authenticator, \
        proxy_state_drops = excluded.proxy_state_drops, garbled_passwords = excluded.garbled_passwords, \
        clock_skew_secs = excluded.clock_skew_secs, last_access_at = excluded.last_access_at, last_accounting_at = excluded.last_accounting_at, \
        updated_at = excluded.updated_at, unsigned_requests = excluded.unsigned_requests, repeated_access = excluded.repeated_access, \
        repeated_accounting = excluded.repeated_accounting, with_gigawords = excluded.with_gigawords, without_gigawords = excluded.without_gigawords, \
        reused_session_ids = excluded.reused_session_ids, sessions_ended = excluded.sessions_ended, sessions_ended_early = excluded.sessions_ended_early",
        tenant_id, c.router_id, c.access_requests, c.accepts, c.rejects, c.accounting_requests, c.bad_authenticator, c.bad_message_authenticator,
        c.missing_message_authenticator, c.proxy_state_drops, c.garbled_passwords, c.clock_skew_secs, c.last_access_at, c.last_accounting_at, now,
        c.unsigned_requests, c.repeated_access, c.repeated_accounting, c.with_gigawords, c.without_gigawords, c.reused_session_ids, c.sessions_ended,
        c.sessions_ended_early)
}

/// Adds packets of an address that belongs to no router.
// cross-tenant: an unknown source belongs to nobody
pub(super) async fn insert_unknown_source(conn: &mut Conn, address: IpAddr, row: &UnknownRow) -> Result<u64, StoreError> {
    q!(exec conn, "INSERT INTO unknown_sources (address, first_seen_at, last_seen_at, packets, nas_identifier) VALUES ($1, $2, $3, $4, $5) \
        ON CONFLICT (address) DO UPDATE SET last_seen_at = excluded.last_seen_at, packets = unknown_sources.packets + excluded.packets, \
        nas_identifier = excluded.nas_identifier",
        address.to_string(), row.first_seen_at, row.last_seen_at, row.packets, printable(&row.nas_identifier).into_owned())
}

/// Forgets unknown sources that were last seen before an instant.
// cross-tenant: an unknown source belongs to nobody
pub(super) async fn delete_unknown_sources(conn: &mut Conn, before: UnixMs) -> Result<u64, StoreError> {
    q!(exec conn, "DELETE FROM unknown_sources WHERE last_seen_at < $1", before)
}

/// Writes a decision, or how often it has been repeated by now.
// cross-tenant: a server decides for all tenants
pub(super) async fn insert_decision(conn: &mut Conn, tenant_id: i64, d: &DecisionRow) -> Result<u64, StoreError> {
    q!(exec conn, "INSERT INTO decisions (id, tenant_id, router_id, customer_id, username, mac, reason, first_at, last_at, repeats) \
        VALUES ($2, $1, $3, $4, $5, $6, $7, $8, $9, $10) \
        ON CONFLICT (id) DO UPDATE SET last_at = excluded.last_at, repeats = excluded.repeats",
        tenant_id, d.id, d.router_id, d.customer_id, printable(&d.username).into_owned(), d.mac.map_or(String::new(), |m| m.to_string()),
        d.reason_code(), d.first_at, d.last_at, d.repeats)
}

/// Removes decisions older than an instant, looking at no more than the `limit` that were made first; returns how many.
// cross-tenant: retention is the server's own
pub(super) async fn delete_decisions(conn: &mut Conn, before: UnixMs, limit: i64) -> Result<u64, StoreError> {
    q!(exec conn, "DELETE FROM decisions WHERE last_at < $1 AND id IN (SELECT id FROM decisions ORDER BY id LIMIT $2)", before, limit)
}

/// How far a journal's records are in the store.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct JournalPosition {
    /// Which journal.
    pub journal_id: i64,
    /// The newest record in the store.
    pub applied_seq: i64,
    /// When it got there, unix ms.
    pub updated_at: UnixMs,
}

/// How far each journal's records are in the store, the latest first.
// cross-tenant: journals belong to nodes
pub async fn list_journal_positions(conn: &mut Conn) -> Result<Vec<JournalPosition>, StoreError> {
    q!(all conn, JournalPosition, "SELECT journal_id, applied_seq, updated_at FROM journals ORDER BY updated_at DESC")
}

/// How many packages and customers there are on this server.
// cross-tenant: for the administrator's own check
pub async fn count_packages_and_customers(conn: &mut Conn) -> Result<(i64, i64), StoreError> {
    q!(one conn, (i64, i64), "SELECT (SELECT COUNT(*) FROM packages), (SELECT COUNT(*) FROM customers)")
}

/// Names of all routers by id.
// cross-tenant: a trace, which an administrator of the server reads, names the router of each decision
pub async fn list_router_names(conn: &mut Conn) -> Result<Vec<(i64, String)>, StoreError> {
    q!(all conn, (i64, String), "SELECT id, name FROM routers")
}

const LIST_USAGE_DAYS: &str = concat!(
    "SELECT day, CAST(SUM(octets_in) AS BIGINT), CAST(SUM(octets_out) AS BIGINT), CAST(SUM(secs) AS BIGINT) FROM usage \
    WHERE tenant_id = $1 AND customer_id = $2 AND bucket_at >= $3 AND charging_class = 0 AND ",
    customer_is_seen!("$2", "$4", "$5"),
    " GROUP BY day ORDER BY day"
);

/// What a customer was charged per local day in buckets that begin at or after an instant, the oldest first.
pub(super) async fn list_usage_days(conn: &mut Conn, scope: &Scope, id: CustomerId, since: UnixMs) -> Result<Vec<UsageDay>, StoreError> {
    let (from, to) = scope.owners();
    let rows = q!(all conn, (i64, i64, i64, i64), LIST_USAGE_DAYS, scope.tenant().0, id.0, since, from, to)?;
    Ok(rows.into_iter().map(usage_day).collect())
}

/// The same for the directory.
// cross-tenant: a server keeps the top-ups of all tenants
pub(super) async fn list_usage_days_of(
    conn: &mut Conn,
    tenant: TenantId,
    id: CustomerId,
    since: UnixMs,
) -> Result<Vec<UsageDay>, StoreError> {
    let rows = q!(all conn, (i64, i64, i64, i64), LIST_USAGE_DAYS, tenant.0, id.0, since, "", "")?;
    Ok(rows.into_iter().map(usage_day).collect())
}

fn usage_day((day, octets_in, octets_out, secs): (i64, i64, i64, i64)) -> UsageDay {
    let count = |n: i64| u64::try_from(n).unwrap_or(0);
    UsageDay { day, amounts: Amounts { download: count(octets_out), upload: count(octets_in), secs: count(secs) } }
}

#[cfg(test)]
pub mod for_tests {
    //! What tests of this room read back.

    use super::*;

    /// Username, reason, repeats and span of each kept decision.
    // cross-tenant: a test looks at everything
    pub async fn list_decisions(conn: &mut Conn) -> Vec<(String, String, String, i64, i64)> {
        q!(all conn, (String, String, String, i64, i64), "SELECT username, mac, reason, repeats, last_at - first_at FROM decisions ORDER BY id").expect("decisions")
    }

    /// What a customer downloaded on a day, in a session of that day's name.
    pub async fn insert_usage(conn: &mut Conn, tenant_id: i64, customer_id: i64, day: i64, octets: i64) {
        let date = jiff::civil::Date::new((day / 10_000) as i16, (day / 100 % 100) as i8, (day % 100) as i8).expect("a day");
        let begins_at = date.to_zoned(jiff::tz::TimeZone::UTC).expect("a midnight").timestamp().as_millisecond();
        q!(exec conn, "INSERT INTO usage (tenant_id, session_key, bucket_at, day, charging_class, customer_id, octets_in, octets_out, secs) \
            VALUES ($1, $2, $6, $3, 0, $4, 0, $5, 0)", tenant_id, &day.to_be_bytes()[..], day, customer_id, octets, begins_at)
        .expect("usage");
    }

    /// Makes an account under another.
    pub async fn insert_account(conn: &mut Conn, tenant_id: i64, id: i64, parent_id: i64, role: &str) {
        q!(exec conn, "INSERT INTO accounts (id, tenant_id, parent_id, name, role, created_at) VALUES ($1, $2, $3, $4, $5, 0)",
            id, tenant_id, parent_id, id.to_string(), role)
        .expect("an account");
    }

    /// Removes a customer and gives his name to another, gives the first thousand new passwords, and one of them something that does not open.
    // cross-tenant: a test knows its rows
    pub async fn rename_and_seal_anew(conn: &mut Conn, (gone, heir): (i64, i64), broken: i64, sealed: impl Fn(i64) -> Vec<u8>) {
        q!(exec conn, "DELETE FROM customer_macs WHERE customer_id = $1", gone).expect("removed");
        q!(exec conn, "DELETE FROM customers WHERE id = $1", gone).expect("removed");
        q!(exec conn, "UPDATE customers SET username = $2, username_key = $2 WHERE id = $1", heir, format!("customer{gone:010}"))
            .expect("renamed");
        for id in 1..=1_000 {
            let password = if id == broken { b"broken".to_vec() } else { sealed(id) };
            q!(exec conn, "UPDATE customers SET password = $2 WHERE id = $1", id, password).expect("changed");
        }
    }

    /// Fills the store with customers `user0..` of one package, every second one with a device.
    pub async fn insert_many_customers(
        conn: &mut Conn,
        tenant_id: i64,
        owner_id: i64,
        package_id: i64,
        count: i64,
        sealed: impl Fn(i64) -> Vec<u8>,
    ) {
        for id in 1..=count {
            q!(exec conn, "INSERT INTO customers (id, tenant_id, owner_id, code, username, username_key, password, package_id, connection_type, \
                billing_type, registered_at, updated_at) VALUES ($1, $2, $3, $4, $5, $5, $6, $7, 'pppoe', 'prepaid', 0, 0)",
                id, tenant_id, owner_id, id.to_string(), format!("customer{id:010}"), sealed(id), package_id).expect("a customer");
            if id % 2 == 0 {
                q!(exec conn, "INSERT INTO customer_macs (tenant_id, customer_id, mac) VALUES ($1, $2, $3)", tenant_id, id, format!("{id:012x}")).expect("a device");
            }
        }
    }
}
