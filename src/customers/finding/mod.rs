//! The list of customers: a filter, an order, a page by key, a capped count. Reading order: [`FIELDS`] (what can be filtered by), `conditions` (what each means in SQL),
//! `sql` (the two ways to read a page).

mod conditions;
mod cursor;
mod fields;
mod forecast;
mod line;
#[cfg(test)]
mod scope_tests;
mod search;
mod sql;
#[cfg(test)]
mod tests;
mod words;

use jiff::tz::TimeZone;

use super::CustomerError;
use crate::accounts::capability::Capability;
use crate::accounts::{AccessRules, Scope};
use crate::lists::Filter;
use crate::store::Conn;
use crate::units::UnixMs;

pub use cursor::Cursor;
pub use fields::{FIELDS, STATES};
pub use forecast::{AtRisk, FORECAST, Forecast, forecast};
pub use line::{CustomerLine, LineDevices};
pub use search::{Found, search_customers};

/// By what the list is sorted; equal ones by their ids.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Order {
    /// Full name in lower case.
    #[default]
    Name,
    /// Lookup key.
    Username,
    /// Expiry; who has none is last.
    Expires,
    /// When he was added.
    Registered,
}
crate::units::words!(Order, "an order", "name" = Name, "username" = Username, "expires" = Expires, "registered" = Registered);

/// Which customers, in which order.
#[derive(Debug, Clone, Default)]
pub struct CustomerQuery {
    /// Which.
    pub filter: Filter,
    /// In which order.
    pub order: Order,
    /// Whether the last comes first.
    pub descending: bool,
}

/// What an instant and a state mean: now, the tenant's zone and rules.
#[derive(Debug, Clone)]
pub struct Meaning<'a> {
    /// Now.
    pub now: UnixMs,
    /// The tenant's zone.
    pub zone: TimeZone,
    /// The tenant's rules.
    pub rules: &'a AccessRules,
}

/// Where a page begins.
pub type Start<'a> = crate::lists::Start<&'a Cursor>;

/// How many customers a filter finds, at most [`COUNT_CAP`] + 1.
pub async fn count_found(conn: &mut Conn, scope: &Scope, filter: &Filter, meaning: &Meaning<'_>) -> Result<i64, CustomerError> {
    scope.require_in_some_zone(Capability::CustomersView)?;
    Ok(sql::count_found(conn, scope, &conditions::Compiled::new(filter, meaning)?).await?)
}

/// A page of them. `found` is what [`count_found`] said, lately: it decides which way is quicker, never what is on the page.
pub async fn list_found(
    conn: &mut Conn,
    scope: &Scope,
    query: &CustomerQuery,
    meaning: &Meaning<'_>,
    start: Start<'_>,
    found: i64,
    limit: i64,
) -> Result<Vec<CustomerLine>, CustomerError> {
    scope.require_in_some_zone(Capability::CustomersView)?;
    let compiled = conditions::Compiled::new(&query.filter, meaning)?;
    let mut lines = sql::list_found(conn, scope, query, &compiled, start, found, limit).await?;
    if matches!(start, Start::Before(_)) {
        lines.reverse();
    }
    Ok(lines)
}

/// The lines of these customers, those whom the scope sees, by name.
pub async fn list_lines_of(conn: &mut Conn, scope: &Scope, ids: &[i64]) -> Result<Vec<CustomerLine>, CustomerError> {
    scope.require_in_some_zone(Capability::CustomersView)?;
    Ok(sql::list_by_ids(conn, scope, ids).await?)
}

/// Ids of everyone whom a filter finds, at most `limit`.
pub async fn list_found_ids(
    conn: &mut Conn,
    scope: &Scope,
    filter: &Filter,
    meaning: &Meaning<'_>,
    limit: i64,
) -> Result<Vec<i64>, CustomerError> {
    scope.require_in_some_zone(Capability::CustomersView)?;
    Ok(sql::list_found_ids(conn, scope, &conditions::Compiled::new(filter, meaning)?, limit).await?)
}

/// Devices and tags of the customers of a page, by their ids in order.
pub async fn list_line_devices(conn: &mut Conn, scope: &Scope, ids: &[i64]) -> Result<Vec<LineDevices>, CustomerError> {
    scope.require_in_some_zone(Capability::CustomersView)?;
    Ok(sql::list_line_devices(conn, scope, ids).await?)
}
