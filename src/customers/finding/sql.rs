//! SQL of the list of customers. A page is read in one of two ways, whichever is quicker for how many the filter finds:
//!
//! - *few*: all of them are gathered by whatever index their conditions have, then sorted;
//! - *many*: the index of the order is walked until the page is full, which comes soon since many fit.

use super::conditions::{BEGUN, Compiled, Look};
use super::{COUNT_CAP, Cursor, CustomerLine, CustomerQuery, LineDevices, Order, Start};
use crate::accounts::Scope;
use crate::accounts::capability::Capability;
use crate::store::{Conn, ConnRef, Statement, StoreError};
use crate::units::UnixMs;
use crate::{customer_is_seen, seen_accounts};

/// Up to so many are gathered and sorted.
pub(super) const FEW: i64 = 1_500;

/// `FROM customers c WHERE` with the scope; conditions follow. The scope's accounts are few or its customers are, so both databases may begin with either.
fn from_customers(statement: &mut Statement, scope: &Scope, index: &'static str) {
    from_customers_of(statement, scope, index, "c.tenant_id = $1");
}

/// The same for few, by the index that their conditions have.
fn from_few_customers(statement: &mut Statement, scope: &Scope, look: Look, is_lite: bool) {
    match look {
        Look::Words if is_lite => from_customers_of(statement, scope, " INDEXED BY customers_by_name", "c.tenant_id = $1"),
        Look::Own if is_lite => from_customers_of(statement, scope, "", "+c.tenant_id = $1"),
        _ => from_customers_of(statement, scope, "", "c.tenant_id = $1"),
    }
}

fn from_customers_of(statement: &mut Statement, scope: &Scope, index: &'static str, of_tenant: &'static str) {
    let (from, to) = scope.owners();
    statement.keep_number(scope.tenant().0).keep_text(from).keep_text(to);
    statement.push(" FROM customers c").push(index).push(" WHERE ").push(of_tenant);
    if !scope.sees_whole_tenant() {
        statement.push(concat!(" AND c.owner_id IN ", seen_accounts!("$2", "$3")));
    } else {
        // PostgreSQL wants to know the type of every value that is bound
        statement.push(" AND $2 = '' AND $3 <> ''");
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

pub(super) async fn count_found(conn: &mut Conn, scope: &Scope, compiled: &Compiled) -> Result<i64, StoreError> {
    let mut statement = Statement::new();
    statement.push("SELECT COUNT(*) FROM (SELECT 1 AS one");
    let is_lite = matches!(conn.conn_ref(), ConnRef::Lite(_));
    from_few_customers(&mut statement, scope, compiled.look, is_lite);
    compiled.push(&mut statement);
    statement.push(" LIMIT ").number(COUNT_CAP + 1).push(") found");
    let rows: Vec<(i64,)> = statement.fetch(conn).await?;
    Ok(rows.first().map_or(0, |(n,)| *n))
}

fn key_column(order: Order) -> &'static str {
    match order {
        Order::Name => "c.name_key",
        Order::Username => "c.username_key",
        Order::Expires => "COALESCE(c.expires_at, 9223372036854775807)",
        Order::Registered => "c.registered_at",
    }
}

/// The index that has the order; SQLite, which does not know how many a condition finds, is told to walk it. The one of usernames is the constraint's.
fn index_of(order: Order) -> &'static str {
    match order {
        Order::Name => " INDEXED BY customers_by_name",
        Order::Username => " INDEXED BY sqlite_autoindex_customers_1",
        Order::Expires => " INDEXED BY customers_by_expiry",
        Order::Registered => " INDEXED BY customers_by_registration",
    }
}

fn after_cursor(statement: &mut Statement, key: &'static str, id: &'static str, is_forward: bool, cursor: &Cursor, is_number: bool) {
    statement.push(" AND (").push(key).push(", ").push(id).push(if is_forward { ") > (" } else { ") < (" });
    match is_number {
        true => statement.number(cursor.value.parse().unwrap_or(0)),
        false => statement.text(cursor.value.as_str()),
    };
    statement.push(", ").number(cursor.id).push(")");
}

/// The lines of `page(id, k)`, in no order.
macro_rules! lines {
    () => {
        "SELECT c.id, CAST(page.k AS TEXT) AS k, c.code, c.name, c.phone, c.username, a.name AS owner, p.name AS package, z.name AS zone, c.expires_at, c.hold, \
         c.hold_reason, c.connection_type, c.billing_type, c.device_type, c.static_ipv4, c.registered_at, c.closed_at, \
         (c.first_login_secs IS NOT NULL AND c.activated_at IS NULL) AS is_pending, c.email, c.address, c.city, c.note \
         FROM page JOIN customers c ON c.id = page.id JOIN accounts a ON a.id = c.owner_id JOIN packages p ON p.id = c.package_id \
         LEFT JOIN zones z ON z.id = c.zone_id"
    };
}

/// The ids of the page and their keys, as `page(id, k)`.
fn page(scope: &Scope, query: &CustomerQuery, compiled: &Compiled, start: Start<'_>, is_few: bool, limit: i64, is_lite: bool) -> Statement {
    let key = key_column(query.order);
    let is_number = matches!(query.order, Order::Expires | Order::Registered);
    let (cursor, is_back) = match start {
        Start::First => (None, false),
        Start::After(cursor) => (Some(cursor), false),
        Start::Before(cursor) => (Some(cursor), true),
    };
    let is_forward = query.descending == is_back;
    let direction = if is_forward { "" } else { " DESC" };
    let mut statement = Statement::new();
    if is_few {
        statement.push("WITH found AS MATERIALIZED (SELECT c.id, ").push(key).push(" AS k");
        from_few_customers(&mut statement, scope, compiled.look, is_lite);
        compiled.push(&mut statement);
        statement.push("), page AS (SELECT id, k FROM found WHERE TRUE");
        cursor.iter().for_each(|cursor| after_cursor(&mut statement, "k", "id", is_forward, cursor, is_number));
        statement.push(" ORDER BY k").push(direction).push(", id").push(direction);
    } else {
        statement.push("WITH page AS (SELECT c.id, ").push(key).push(" AS k");
        from_customers(&mut statement, scope, if is_lite { index_of(query.order) } else { "" });
        compiled.push(&mut statement);
        cursor.iter().for_each(|cursor| after_cursor(&mut statement, key, "c.id", is_forward, cursor, is_number));
        statement.push(" ORDER BY ").push(key).push(direction).push(", c.id").push(direction);
    }
    statement.push(" LIMIT ").number(limit).push(concat!(") ", lines!(), " ORDER BY page.k"));
    statement.push(direction).push(", page.id").push(direction);
    statement
}

#[derive(sqlx::FromRow)]
struct LineRow {
    id: i64,
    k: String,
    code: String,
    name: String,
    phone: String,
    username: String,
    owner: String,
    package: String,
    zone: Option<String>,
    expires_at: Option<i64>,
    hold: String,
    hold_reason: String,
    connection_type: String,
    billing_type: String,
    device_type: String,
    static_ipv4: Option<String>,
    registered_at: i64,
    closed_at: Option<i64>,
    is_pending: bool,
    email: String,
    address: String,
    city: String,
    note: String,
}

impl LineRow {
    fn into_line(self) -> Result<CustomerLine, StoreError> {
        let wrong = |why: String| StoreError::Unexpected(format!("customer {}: {why}", self.id));
        Ok(CustomerLine {
            hold: self.hold.parse().map_err(wrong)?,
            connection_type: self.connection_type.parse().map_err(wrong)?,
            billing_type: self.billing_type.parse().map_err(wrong)?,
            id: self.id,
            key: self.k,
            code: self.code,
            name: self.name,
            phone: self.phone,
            username: self.username,
            owner: self.owner,
            package: self.package,
            zone: self.zone,
            expires_at: self.expires_at,
            hold_reason: self.hold_reason,
            device_type: self.device_type,
            static_ipv4: self.static_ipv4,
            registered_at: self.registered_at,
            closed_at: self.closed_at,
            is_pending: self.is_pending,
            email: self.email,
            address: self.address,
            city: self.city,
            note: self.note,
        })
    }
}

/// Lines in the order in which they are walked.
pub(super) async fn list_found(
    conn: &mut Conn,
    scope: &Scope,
    query: &CustomerQuery,
    compiled: &Compiled,
    start: Start<'_>,
    found: i64,
    limit: i64,
) -> Result<Vec<CustomerLine>, StoreError> {
    let is_lite = matches!(conn.conn_ref(), ConnRef::Lite(_));
    let rows: Vec<LineRow> = page(scope, query, compiled, start, found <= FEW, limit, is_lite).fetch(conn).await?;
    rows.into_iter().map(LineRow::into_line).collect()
}

/// Devices and tags of these customers.
pub(super) async fn list_line_devices(conn: &mut Conn, scope: &Scope, ids: &[i64]) -> Result<Vec<LineDevices>, StoreError> {
    let mut all: Vec<LineDevices> = ids.iter().map(|id| LineDevices { customer_id: *id, ..LineDevices::default() }).collect();
    if ids.is_empty() {
        return Ok(all);
    }
    let (from, to) = scope.owners();
    let mut statement = Statement::new();
    statement.keep_number(scope.tenant().0).keep_text(from).keep_text(to);
    statement.push(
        "SELECT m.customer_id, m.mac, m.last_seen_at, CAST(0 AS BIGINT) AS is_tag FROM customer_macs m WHERE m.tenant_id + 0 = $1 AND m.customer_id IN (",
    );
    statement.numbers(ids.iter().copied()).push(concat!(") AND ", customer_is_seen!("m.customer_id", "$2", "$3")));
    statement.push(" UNION ALL SELECT t.customer_id, t.tag, CAST(0 AS BIGINT), CAST(1 AS BIGINT) FROM customer_tags t WHERE t.tenant_id + 0 = $1 AND t.customer_id IN (");
    statement.numbers(ids.iter().copied()).push(concat!(") AND ", customer_is_seen!("t.customer_id", "$2", "$3"), " ORDER BY 1, 4, 2"));
    let rows: Vec<(i64, String, i64, i64)> = statement.fetch(conn).await?;
    for (customer_id, text, seen_at, is_tag) in rows {
        let Some(line) = all.iter_mut().find(|line| line.customer_id == customer_id) else { continue };
        line.last_login_at = line.last_login_at.max(seen_at);
        if is_tag == 1 { &mut line.tags } else { &mut line.macs }.push(text);
    }
    Ok(all)
}

/// The lines of some customers, as many as the scope sees, by name.
pub(super) async fn list_by_ids(conn: &mut Conn, scope: &Scope, ids: &[i64]) -> Result<Vec<CustomerLine>, StoreError> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let mut statement = Statement::new();
    statement.push("WITH page AS (SELECT c.id, c.name_key AS k");
    let is_lite = matches!(conn.conn_ref(), ConnRef::Lite(_));
    from_few_customers(&mut statement, scope, Look::Own, is_lite);
    statement.push(" AND c.id IN (").numbers(ids.iter().copied()).push(concat!(")) ", lines!(), " ORDER BY page.k, page.id"));
    let rows: Vec<LineRow> = statement.fetch(conn).await?;
    rows.into_iter().map(LineRow::into_line).collect()
}

/// Ids of everyone, the first added first.
pub(super) async fn list_found_ids(conn: &mut Conn, scope: &Scope, compiled: &Compiled, limit: i64) -> Result<Vec<i64>, StoreError> {
    let mut statement = Statement::new();
    statement.push("SELECT c.id");
    let is_lite = matches!(conn.conn_ref(), ConnRef::Lite(_));
    from_few_customers(&mut statement, scope, compiled.look, is_lite);
    compiled.push(&mut statement);
    statement.push(" ORDER BY c.id LIMIT ").number(limit);
    let rows: Vec<(i64,)> = statement.fetch(conn).await?;
    Ok(rows.into_iter().map(|(id,)| id).collect())
}

/// By which index SQLite shall look: without statistics it takes one that holds all columns for one that finds the row.
#[derive(Debug, Clone, Copy)]
pub(super) enum Index {
    /// Names, with all that words are looked for in.
    Name,
    /// Lookup keys, by the constraint.
    Username,
    /// Codes, by the constraint.
    Code,
    /// Static addresses, by the constraint.
    StaticIpv4,
    /// Phones backwards.
    Phone,
}

impl Index {
    fn hint(self) -> &'static str {
        match self {
            Index::Name => " INDEXED BY customers_by_name",
            Index::Username => " INDEXED BY sqlite_autoindex_customers_1",
            Index::Code => " INDEXED BY sqlite_autoindex_customers_2",
            Index::StaticIpv4 => " INDEXED BY sqlite_autoindex_customers_3",
            Index::Phone => " INDEXED BY customers_by_phone",
        }
    }
}

/// Ids of the customers who have a device.
pub(super) async fn list_ids_of_mac(conn: &mut Conn, scope: &Scope, mac: &str, limit: i64) -> Result<Vec<i64>, StoreError> {
    let mut statement = Statement::new();
    statement.push("SELECT c.id");
    let is_lite = matches!(conn.conn_ref(), ConnRef::Lite(_));
    from_few_customers(&mut statement, scope, Look::Own, is_lite);
    statement
        .push(" AND c.id IN (SELECT customer_id FROM customer_macs WHERE tenant_id = $1 AND mac = ")
        .text(mac)
        .push(") LIMIT ")
        .number(limit);
    let rows: Vec<(i64,)> = statement.fetch(conn).await?;
    Ok(rows.into_iter().map(|(id,)| id).collect())
}

/// Ids of customers for whom one condition holds, the newest first. `condition` adds it to the statement.
pub(super) async fn list_ids_where(
    conn: &mut Conn,
    scope: &Scope,
    index: Index,
    condition: impl FnOnce(&mut Statement),
    limit: i64,
) -> Result<Vec<i64>, StoreError> {
    let mut statement = Statement::new();
    statement.push("SELECT c.id");
    let is_lite = matches!(conn.conn_ref(), ConnRef::Lite(_));
    from_customers(&mut statement, scope, if is_lite { index.hint() } else { "" });
    statement.push(" AND (");
    condition(&mut statement);
    statement.push(") LIMIT ").number(limit);
    let rows: Vec<(i64,)> = statement.fetch(conn).await?;
    Ok(rows.into_iter().map(|(id,)| id).collect())
}

/// Customers of one package in one zone whose time runs out within one day of a forecast.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub(super) struct ExpiryRow {
    /// Which of the days, from 0.
    pub day: i64,
    pub package: String,
    pub price_minor: Option<i64>,
    pub zone: Option<String>,
    pub customers: i64,
}

/// Served customers by when their time runs out; `days` are the ends of the days, in their order. One walk of the index of expiries.
pub(super) async fn list_expiries(conn: &mut Conn, scope: &Scope, now: UnixMs, days: &[UnixMs]) -> Result<Vec<ExpiryRow>, StoreError> {
    let mut statement = Statement::new();
    // the scope's values are bound first: its conditions name them by number
    statement.push("WITH found AS (SELECT c.expires_at, c.package_id, c.zone_id");
    from_customers(&mut statement, scope, "");
    statement.push(" AND c.hold = 'none' AND c.closed_at IS NULL").push(BEGUN);
    statement.push(" AND COALESCE(c.expires_at, 9223372036854775807) > ").number(now);
    statement.push(" AND COALESCE(c.expires_at, 9223372036854775807) <= ").number(days.last().copied().unwrap_or(now));
    statement.push("), counted AS (SELECT CASE");
    for (at, end) in days.iter().enumerate() {
        statement.push(" WHEN expires_at <= ").number(*end).push(" THEN ").number(at as i64);
    }
    statement.push(" END AS day, package_id, zone_id, COUNT(*) AS customers FROM found GROUP BY 1, package_id, zone_id) ");
    statement.push("SELECT n.day, p.name AS package, p.retail_price_minor AS price_minor, z.name AS zone, n.customers FROM counted n ");
    statement.push("JOIN packages p ON p.id = n.package_id LEFT JOIN zones z ON z.id = n.zone_id");
    statement.fetch(conn).await
}

#[cfg(test)]
pub(super) mod plans {
    use super::*;

    /// How SQLite reads a page.
    pub async fn of_page(conn: &mut Conn, scope: &Scope, query: &CustomerQuery, compiled: &Compiled, is_few: bool) -> String {
        let statement = page(scope, query, compiled, Start::First, is_few, 51, true);
        crate::customers::sql::for_tests::sqlite_plan(conn, statement.as_text()).await
    }
}
