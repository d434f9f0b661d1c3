//! SQL of the list of customers. A page is read in one of two ways, whichever is quicker for how many the filter finds:
//!
//! - *few*: all of them are gathered by whatever index their conditions have, then sorted;
//! - *many*: the index of the order is walked until the page is full, which comes soon since many fit.

mod whose;

pub(super) use self::whose::Whose;
use self::whose::{CUSTOMERS, FEW, from, from_few};
use super::conditions::{BEGUN, Compiled, Look};
use super::words;
use super::{Cursor, CustomerLine, CustomerQuery, LineDevices, Order, Start};
use crate::accounts::Scope;
use crate::customer_is_seen;
use crate::lists::COUNT_CAP;
use crate::store::{Conn, Statement, StoreError};
use crate::units::UnixMs;

pub(super) async fn count_found(conn: &mut Conn, scope: &Scope, compiled: &Compiled) -> Result<i64, StoreError> {
    let mut statement = Statement::new();
    statement.push("SELECT COUNT(*) FROM (SELECT 1 AS one");
    let whose = Whose::find(conn, scope).await?;
    from_few(&mut statement, scope, compiled.look, &whose);
    compiled.push_to_gather(&mut statement, &whose);
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

/// The index that has the order; SQLite, which does not know how many a condition finds, is told to walk it.
fn index_of(order: Order, whose: &Whose) -> &'static str {
    match order {
        // those of one account have an order of their own
        Order::Username if whose.owners.as_ref().is_some_and(|owners| owners.len() == 1) => {
            " FROM customers c INDEXED BY customers_by_owner"
        }
        Order::Name => " FROM customers c INDEXED BY customers_by_name",
        Order::Username => " FROM customers c INDEXED BY customers_by_username",
        Order::Expires => " FROM customers c INDEXED BY customers_by_expiry",
        Order::Registered => " FROM customers c INDEXED BY customers_by_registration",
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
fn page(scope: &Scope, query: &CustomerQuery, compiled: &Compiled, start: Start<'_>, is_few: bool, limit: i64, whose: &Whose) -> Statement {
    let key = key_column(query.order);
    let is_number = matches!(query.order, Order::Expires | Order::Registered);
    let (cursor, is_back) = start.parts();
    let is_forward = query.descending == is_back;
    let direction = if is_forward { "" } else { " DESC" };
    let mut statement = Statement::new();
    if is_few {
        statement.push("WITH found AS MATERIALIZED (SELECT c.id, ").push(key).push(" AS k");
        from_few(&mut statement, scope, compiled.look, whose);
        compiled.push_to_gather(&mut statement, whose);
        statement.push("), page AS (SELECT id, k FROM found WHERE TRUE");
        cursor.iter().for_each(|cursor| after_cursor(&mut statement, "k", "id", is_forward, cursor, is_number));
        statement.push(" ORDER BY k").push(direction).push(", id").push(direction);
    } else {
        statement.push("WITH page AS (SELECT c.id, ").push(key).push(" AS k");
        from(&mut statement, scope, whose, if whose.is_lite { index_of(query.order, whose) } else { CUSTOMERS });
        compiled.push_to_walk(&mut statement);
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
    let whose = Whose::find(conn, scope).await?;
    // those whom words mean are gathered by an index of their own, in whatever order they are wanted
    let few = if compiled.has_indexed_word() { COUNT_CAP } else { FEW };
    let is_few = found <= few || whose.is_few;
    let rows: Vec<LineRow> = page(scope, query, compiled, start, is_few, limit, &whose).fetch(conn).await?;
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
    let whose = Whose::of_any(conn);
    from_few(&mut statement, scope, Look::Own, &whose);
    statement.push(" AND c.id IN (").numbers(ids.iter().copied()).push(concat!(")) ", lines!(), " ORDER BY page.k, page.id"));
    let rows: Vec<LineRow> = statement.fetch(conn).await?;
    rows.into_iter().map(LineRow::into_line).collect()
}

/// Ids of everyone, the first added first.
pub(super) async fn list_found_ids(conn: &mut Conn, scope: &Scope, compiled: &Compiled, limit: i64) -> Result<Vec<i64>, StoreError> {
    let mut statement = Statement::new();
    statement.push("SELECT c.id");
    let whose = Whose::find(conn, scope).await?;
    from_few(&mut statement, scope, compiled.look, &whose);
    compiled.push_to_gather(&mut statement, &whose);
    statement.push(" ORDER BY c.id LIMIT ").number(limit);
    let rows: Vec<(i64,)> = statement.fetch(conn).await?;
    Ok(rows.into_iter().map(|(id,)| id).collect())
}

/// By which index SQLite shall look: without statistics it takes one that holds all columns for one that finds the row.
#[derive(Debug, Clone, Copy)]
pub(super) enum Index {
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
            Index::Username => " FROM customers c INDEXED BY sqlite_autoindex_customers_1",
            Index::Code => " FROM customers c INDEXED BY sqlite_autoindex_customers_2",
            Index::StaticIpv4 => " FROM customers c INDEXED BY sqlite_autoindex_customers_3",
            Index::Phone => " FROM customers c INDEXED BY customers_by_phone",
        }
    }
}

/// Ids of the customers who have a device.
pub(super) async fn list_ids_of_mac(conn: &mut Conn, scope: &Scope, mac: &str, limit: i64) -> Result<Vec<i64>, StoreError> {
    let mut statement = Statement::new();
    statement.push("SELECT c.id");
    let whose = Whose::of_any(conn);
    from_few(&mut statement, scope, Look::Own, &whose);
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
    let whose = Whose::of_any(conn);
    from(&mut statement, scope, &whose, if whose.is_lite { index.hint() } else { CUSTOMERS });
    statement.push(" AND (");
    condition(&mut statement);
    statement.push(") LIMIT ").number(limit);
    let rows: Vec<(i64,)> = statement.fetch(conn).await?;
    Ok(rows.into_iter().map(|(id,)| id).collect())
}

/// So many whom an index of parts finds are looked at; where there are more, a name is so common that a walk finds it soon.
const MOST_NAMESAKES: i64 = 2_000;

/// Whether there are more namesakes than are looked at.
// cross-tenant: only how common a name is, which decides by what way those who are seen are found
async fn is_common(conn: &mut Conn, words: &[&String]) -> Result<bool, StoreError> {
    let mut statement = Statement::new();
    statement.push("SELECT COUNT(*) FROM (");
    words::namesakes(&mut statement, words, MOST_NAMESAKES);
    statement.push(")");
    let counted: Vec<(i64,)> = statement.fetch(conn).await?;
    Ok(counted.first().is_some_and(|(n,)| *n == MOST_NAMESAKES))
}

/// Ids of customers whose names hold every word of `key`, which is in lower case.
pub(super) async fn list_ids_named(conn: &mut Conn, scope: &Scope, key: &str, limit: i64) -> Result<Vec<i64>, StoreError> {
    let whose = Whose::find(conn, scope).await?;
    let words: Vec<String> = key.split_whitespace().map(str::to_owned).collect();
    let (indexed, others): (Vec<&String>, Vec<&String>) = words.iter().partition(|word| words::has_index(word));
    if whose.is_lite && !whose.is_few && !indexed.is_empty() {
        let mut statement = Statement::new();
        statement.push("SELECT c.id");
        from_few(&mut statement, scope, Look::Own, &whose);
        statement.push(" AND c.id IN (");
        words::namesakes(&mut statement, &indexed, MOST_NAMESAKES);
        statement.push(")");
        others.iter().for_each(|word| words::name_in_row(&mut statement, word));
        statement.push(" LIMIT ").number(limit);
        let found: Vec<(i64,)> = statement.fetch(conn).await?;
        if found.len() as i64 == limit || !is_common(conn, &indexed).await? {
            return Ok(found.into_iter().map(|(id,)| id).collect());
        }
    }
    let mut statement = Statement::new();
    statement.push("SELECT c.id");
    match whose.owners.is_some() && whose.is_lite {
        true => from(&mut statement, scope, &whose, " FROM customers c INDEXED BY customers_by_owner"),
        false => from_few(&mut statement, scope, Look::Words, &whose),
    }
    words.iter().for_each(|word| words::name_in_row(&mut statement, word));
    if !whose.is_lite {
        // a common name is found soon by the order of names, a rare one by its parts: the planner knows which it is
        statement.push(" ORDER BY c.name_key, c.id");
    }
    statement.push(" LIMIT ").number(limit);
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
    let whose = Whose::of_any(conn);
    from(&mut statement, scope, &whose, if whose.is_lite { index_of(Order::Expires, &whose) } else { CUSTOMERS });
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
        let lite = Whose { is_lite: true, is_few, owners: None };
        let statement = page(scope, query, compiled, Start::First, is_few, 51, &lite);
        crate::customers::sql::for_tests::sqlite_plan(conn, statement.as_text()).await
    }
}
