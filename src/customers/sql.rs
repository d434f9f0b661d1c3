//! All SQL of this room but the bulk import's.

mod parents;
mod top_ups;

use std::collections::HashMap;

use super::contact::{name_key, phone_key};
use super::{Contact, Customer, CustomerFilter, Hold, OwnRate};
use crate::accounts::Scope;
use crate::packages::LimitsOverride;
use crate::store::{Conn, ConnRef, StoreError};
use crate::units::{AccountId, CustomerId, Mac, PackageId, TenantId, UnixMs};
use crate::{customer_is_seen, is_seen, q, seen_accounts};

pub(super) use parents::{count_belonging, find_parent, update_forget_parent};
pub(super) use top_ups::{delete_top_ups, insert_top_up, list_top_ups};
pub use top_ups::{list_all_top_ups, list_top_ups_of};

macro_rules! columns {
    () => {
        "id, tenant_id, owner_id, code, name, phone, zone_id, username, username_key, password, package_id, expires_at, hold, hold_reason, connection_type, \
         billing_type, device_type, static_ipv4, framed_ipv6_prefix, delegated_ipv6_prefix, framed_pool, simultaneous_sessions, reply_attributes, \
         registered_at, updated_at, limits, own_rate, own_rate_until, first_login_secs, activated_at, period_started_at, package_since_at, closed_at, \
         email, address, city, region, postal_code, country, language, note, parent_id, next_package_id, next_package_at"
    };
}

/// A customer as stored, with the sealed password.
#[derive(sqlx::FromRow)]
pub(super) struct CustomerRow {
    pub id: i64,
    pub tenant_id: i64,
    owner_id: i64,
    code: String,
    name: String,
    phone: String,
    zone_id: Option<i64>,
    username: String,
    pub username_key: String,
    pub password: Vec<u8>,
    package_id: i64,
    expires_at: Option<i64>,
    hold: String,
    hold_reason: String,
    connection_type: String,
    billing_type: String,
    device_type: String,
    static_ipv4: Option<String>,
    framed_ipv6_prefix: Option<String>,
    delegated_ipv6_prefix: Option<String>,
    framed_pool: Option<String>,
    simultaneous_sessions: Option<i64>,
    reply_attributes: String,
    registered_at: i64,
    updated_at: i64,
    limits: Option<String>,
    own_rate: Option<String>,
    own_rate_until: Option<i64>,
    first_login_secs: Option<i64>,
    activated_at: Option<i64>,
    period_started_at: Option<i64>,
    package_since_at: Option<i64>,
    next_package_id: Option<i64>,
    next_package_at: Option<i64>,
    closed_at: Option<i64>,
    email: String,
    address: String,
    city: String,
    region: String,
    postal_code: String,
    country: String,
    language: String,
    note: String,
    parent_id: Option<i64>,
}

impl CustomerRow {
    pub(super) fn into_customer(self, macs: Vec<Mac>) -> Result<Customer, StoreError> {
        let id = self.id;
        let wrong = |what: &str| StoreError::Unexpected(format!("customer {id}: {what}"));
        Ok(Customer {
            id: CustomerId(id),
            tenant_id: TenantId(self.tenant_id),
            owner_id: AccountId(self.owner_id),
            code: self.code,
            name: self.name,
            phone: self.phone,
            contact: Contact {
                email: self.email,
                address: self.address,
                city: self.city,
                region: self.region,
                postal_code: self.postal_code,
                country: self.country,
                language: self.language,
            },
            note: self.note,
            parent_id: self.parent_id.map(CustomerId),
            zone_id: self.zone_id,
            username: self.username,
            package_id: PackageId(self.package_id),
            expires_at: self.expires_at,
            hold: Hold::new(self.hold.parse().map_err(|e: String| wrong(&e))?, &self.hold_reason),
            connection_type: self.connection_type.parse().map_err(|e: String| wrong(&e))?,
            billing_type: self.billing_type.parse().map_err(|e: String| wrong(&e))?,
            device_type: self.device_type,
            macs,
            static_ipv4: self.static_ipv4.map(|a| a.parse()).transpose().map_err(|_| wrong("static address"))?,
            framed_ipv6_prefix: self.framed_ipv6_prefix.map(|p| p.parse()).transpose().map_err(|_| wrong("framed IPv6 prefix"))?,
            delegated_ipv6_prefix: self.delegated_ipv6_prefix.map(|p| p.parse()).transpose().map_err(|_| wrong("delegated IPv6 prefix"))?,
            framed_pool: self.framed_pool,
            simultaneous_sessions: self.simultaneous_sessions.map(u32::try_from).transpose().map_err(|_| wrong("simultaneous sessions"))?,
            reply_attributes: self.reply_attributes,
            limits: self.limits.map(|t| serde_json::from_str(&t)).transpose().map_err(|_| wrong("limits"))?.unwrap_or_default(),
            own_rate: match self.own_rate {
                Some(text) => {
                    Some(OwnRate { rate: serde_json::from_str(&text).map_err(|_| wrong("own rate"))?, until: self.own_rate_until })
                }
                None => None,
            },
            first_login_secs: self.first_login_secs.map(u64::try_from).transpose().map_err(|_| wrong("seconds from first login"))?,
            activated_at: self.activated_at,
            period_started_at: self.period_started_at,
            package_since_at: self.package_since_at,
            next_package_id: self.next_package_id.map(PackageId),
            next_package_at: self.next_package_at,
            closed_at: self.closed_at,
            registered_at: self.registered_at,
            updated_at: self.updated_at,
        })
    }
}

/// The customer with this lookup key.
pub(super) async fn find_customer(conn: &mut Conn, scope: &Scope, key: &str) -> Result<Option<Customer>, StoreError> {
    let (from, to) = scope.owners();
    let row = q!(opt conn, CustomerRow, concat!("SELECT ", columns!(), " FROM customers WHERE tenant_id = $1 AND username_key = $2 AND ",
        is_seen!("owner_id", "$3", "$4")), scope.tenant().0, key, from, to)?;
    let Some(row) = row else { return Ok(None) };
    let macs = list_macs(conn, scope, CustomerId(row.id)).await?;
    row.into_customer(macs).map(Some)
}

pub(super) async fn find_row_by_id(conn: &mut Conn, scope: &Scope, id: CustomerId) -> Result<Option<CustomerRow>, StoreError> {
    let (from, to) = scope.owners();
    q!(opt conn, CustomerRow, concat!("SELECT ", columns!(), " FROM customers WHERE tenant_id = $1 AND id = $2 AND ", is_seen!("owner_id", "$3", "$4")),
        scope.tenant().0, id.0, from, to)
}

/// The customer of this id; `None` if he was removed.
pub(super) async fn find_customer_by_id(conn: &mut Conn, scope: &Scope, id: CustomerId) -> Result<Option<Customer>, StoreError> {
    let Some(row) = find_row_by_id(conn, scope, id).await? else { return Ok(None) };
    let macs = list_macs(conn, scope, id).await?;
    row.into_customer(macs).map(Some)
}

/// One page of a list; the condition says by which index.
macro_rules! page_of_rows {
    ($condition:expr) => {
        concat!(
            "SELECT ",
            columns!(),
            " FROM customers WHERE ",
            $condition,
            " AND username_key > $2 AND substr(username_key, 1, CAST($5 AS INTEGER)) = $4 AND ($3 = 0 OR package_id = $3) ORDER BY username_key LIMIT $6"
        )
    };
}

/// The whole tenant, in the order of its index.
pub(super) const LIST_ALL: &str = page_of_rows!("tenant_id = $1");
/// A part of it. With the plus sign SQLite goes through the index by owner, each owner's in order and no further than the page needs, whether theirs are many or few: the
/// index of all names would be walked past everybody else's.
pub(super) const LIST_SEEN_LITE: &str = page_of_rows!(concat!("+tenant_id = $1 AND owner_id IN ", seen_accounts!("$7", "$8")));
/// PostgreSQL knows how many there are and takes the better index of the two, if it plans for this very scope: a plan kept for others' would be the wrong one for a large provider.
const LIST_SEEN_PG: &str = page_of_rows!(concat!("tenant_id = $1 AND owner_id IN ", seen_accounts!("$7", "$8")));
const COUNT_ALL: &str = "SELECT COUNT(*) FROM customers WHERE tenant_id = $1";
/// An account is of one tenant, so its index says all.
pub(super) const COUNT_SEEN: &str = concat!("SELECT COUNT(*) FROM customers WHERE owner_id IN ", seen_accounts!("$2", "$3"));

/// Rows in the order of their lookup keys.
pub(super) async fn list_rows(
    conn: &mut Conn,
    scope: &Scope,
    filter: &CustomerFilter,
    after_key: &str,
    limit: i64,
) -> Result<Vec<CustomerRow>, StoreError> {
    let package = filter.package_id.map_or(0, |p| p.0);
    let prefix = filter.username_prefix.as_str();
    let prefix_chars = prefix.chars().count() as i64;
    if scope.sees_whole_tenant() {
        return q!(all conn, CustomerRow, LIST_ALL, scope.tenant().0, after_key, package, prefix, prefix_chars, limit);
    }
    let (tenant, (from, to)) = (scope.tenant().0, scope.owners());
    match conn.conn_ref() {
        ConnRef::Lite(_) => q!(all conn, CustomerRow, LIST_SEEN_LITE, tenant, after_key, package, prefix, prefix_chars, limit, from, to),
        ConnRef::Pg(c) => {
            let query = sqlx::query_as(LIST_SEEN_PG).persistent(false).bind(tenant).bind(after_key).bind(package).bind(prefix);
            Ok(query.bind(prefix_chars).bind(limit).bind(from).bind(to).fetch_all(c).await?)
        }
    }
}

/// The MAC addresses of the customers between two lookup keys.
pub(super) async fn list_macs_between(
    conn: &mut Conn,
    scope: &Scope,
    first_key: &str,
    last_key: &str,
) -> Result<HashMap<i64, Vec<Mac>>, StoreError> {
    const ALL: &str = "SELECT m.customer_id, m.mac FROM customers c JOIN customer_macs m ON m.customer_id = c.id \
        WHERE c.tenant_id = $1 AND c.username_key >= $2 AND c.username_key <= $3 ORDER BY m.mac";
    const SEEN: &str = concat!(
        "SELECT m.customer_id, m.mac FROM customers c JOIN customer_macs m ON m.customer_id = c.id \
        WHERE c.username_key >= $2 AND c.username_key <= $3 AND c.owner_id IN ",
        seen_accounts!("$4", "$5"),
        " ORDER BY m.mac"
    );
    let (from, to) = scope.owners();
    let rows = match scope.sees_whole_tenant() {
        true => q!(all conn, (i64, String), ALL, scope.tenant().0, first_key, last_key)?,
        false => q!(all conn, (i64, String), SEEN, scope.tenant().0, first_key, last_key, from, to)?,
    };
    let mut by_customer: HashMap<i64, Vec<Mac>> = HashMap::new();
    for (id, mac) in rows {
        by_customer.entry(id).or_default().push(parse_mac(&mac)?);
    }
    Ok(by_customer)
}

/// With the plus sign SQLite does not take the index of all devices of the tenant, which it would walk: the primary key has the customer's own together.
pub(super) const LIST_MACS: &str = concat!(
    "SELECT mac FROM customer_macs WHERE +tenant_id = $1 AND customer_id = $2 AND ",
    customer_is_seen!("$2", "$3", "$4"),
    " ORDER BY mac"
);

/// The MAC addresses of one customer.
pub(super) async fn list_macs(conn: &mut Conn, scope: &Scope, id: CustomerId) -> Result<Vec<Mac>, StoreError> {
    let (from, to) = scope.owners();
    let rows = q!(all conn, (String,), LIST_MACS, scope.tenant().0, id.0, from, to)?;
    rows.iter().map(|(mac,)| parse_mac(mac)).collect()
}

fn parse_mac(text: &str) -> Result<Mac, StoreError> {
    text.parse().map_err(|_| StoreError::Unexpected(format!("MAC address {text:?}")))
}

/// Id, username and lookup key after an id, in id order.
// cross-tenant: a tenant's rule about letter case is about all its customers
pub(super) async fn list_usernames_after_id(
    conn: &mut Conn,
    tenant: TenantId,
    after: i64,
    limit: i64,
) -> Result<Vec<(i64, String, String)>, StoreError> {
    q!(all conn, (i64, String, String), "SELECT id, username, username_key FROM customers WHERE tenant_id = $1 AND id > $2 ORDER BY id LIMIT $3",
        tenant.0, after, limit)
}

/// How many customers there are.
pub(super) async fn count_customers(conn: &mut Conn, scope: &Scope) -> Result<i64, StoreError> {
    let (from, to) = scope.owners();
    let (n,) = match scope.sees_whole_tenant() {
        true => q!(one conn, (i64,), COUNT_ALL, scope.tenant().0)?,
        false => q!(one conn, (i64,), COUNT_SEEN, scope.tenant().0, from, to)?,
    };
    Ok(n)
}

/// His own limits as they are stored; `None` = none.
fn own_limits(c: &Customer) -> Result<Option<String>, StoreError> {
    let text = (c.limits != LimitsOverride::default()).then(|| serde_json::to_string(&c.limits)).transpose();
    text.map_err(|e| StoreError::Unexpected(format!("limits: {e}")))
}

fn own_rate(c: &Customer) -> Result<Option<String>, StoreError> {
    let text = c.own_rate.map(|own| serde_json::to_string(&own.rate)).transpose();
    text.map_err(|e| StoreError::Unexpected(format!("own rate: {e}")))
}

/// False if a unique field is taken. That the scope sees the owner is checked before.
pub(super) async fn insert_customer(conn: &mut Conn, scope: &Scope, c: &Customer, key: &str, password: &[u8]) -> Result<bool, StoreError> {
    let n = q!(exec conn, concat!("INSERT INTO customers (", columns!(), ", name_key, phone_key) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, \
        $17, $18, $19, $20, $21, $22, $23, $24, $25, $26, $27, $28, $29, $30, $31, $32, $33, $34, $35, $36, $37, $38, \
        $39, $40, $41, $42, $43, $44, $45, $46) ON CONFLICT DO NOTHING"),
        c.id.0, scope.tenant().0, c.owner_id.0, &c.code, &c.name, &c.phone, c.zone_id, &c.username, key, password, c.package_id.0, c.expires_at,
        c.hold.kind().as_str(), c.hold.reason(), c.connection_type.as_str(), c.billing_type.as_str(), &c.device_type,
        c.static_ipv4.map(|a| a.to_string()), c.framed_ipv6_prefix.map(|p| p.to_string()), c.delegated_ipv6_prefix.map(|p| p.to_string()),
        &c.framed_pool, c.simultaneous_sessions.map(i64::from), &c.reply_attributes, c.registered_at, c.updated_at,
        own_limits(c)?, own_rate(c)?, c.own_rate.and_then(|own| own.until), c.first_login_secs.map(|secs| secs as i64), c.activated_at,
        c.period_started_at, c.package_since_at, c.closed_at, &c.contact.email, &c.contact.address, &c.contact.city, &c.contact.region,
        &c.contact.postal_code, &c.contact.country, &c.contact.language, &c.note, c.parent_id.map(|id| id.0),
        c.next_package_id.map(|id| id.0), c.next_package_at, name_key(&c.name), phone_key(&c.phone))?;
    Ok(n == 1)
}

/// Locks the customer's row until the transaction ends, marks it changed, and returns its id.
pub(super) async fn update_lock_customer(conn: &mut Conn, scope: &Scope, key: &str, now: UnixMs) -> Result<Option<CustomerId>, StoreError> {
    let (from, to) = scope.owners();
    let row = q!(opt conn, (i64,), concat!("UPDATE customers SET updated_at = $3 WHERE tenant_id = $1 AND username_key = $2 AND ",
        is_seen!("owner_id", "$4", "$5"), " RETURNING id"), scope.tenant().0, key, now, from, to)?;
    Ok(row.map(|(id,)| CustomerId(id)))
}

/// The same by his id, if nobody changed him since (`None` = whenever); false if there is no such customer.
pub(super) async fn update_lock_customer_by_id(
    conn: &mut Conn,
    scope: &Scope,
    id: CustomerId,
    since: Option<UnixMs>,
    now: UnixMs,
) -> Result<bool, StoreError> {
    let (from, to) = scope.owners();
    let n = q!(exec conn, concat!("UPDATE customers SET updated_at = $3 WHERE tenant_id = $1 AND id = $2 AND updated_at = COALESCE($6, updated_at) AND ",
        is_seen!("owner_id", "$4", "$5")), scope.tenant().0, id.0, now, from, to, since)?;
    Ok(n == 1)
}

pub(super) async fn update_customer(conn: &mut Conn, scope: &Scope, c: &Customer, key: &str) -> Result<u64, StoreError> {
    let (from, to) = scope.owners();
    q!(exec conn, concat!("UPDATE customers SET code = $3, name = $4, phone = $5, username = $6, username_key = $7, package_id = $8, expires_at = $9, hold = $10, \
        hold_reason = $11, connection_type = $12, billing_type = $13, device_type = $14, static_ipv4 = $15, framed_ipv6_prefix = $16, \
        delegated_ipv6_prefix = $17, framed_pool = $18, simultaneous_sessions = $19, reply_attributes = $20, limits = $21, own_rate = $22, own_rate_until = $23, \
        first_login_secs = $24, activated_at = $25, period_started_at = $26, package_since_at = $27, closed_at = $28, email = $29, address = $30, \
        city = $31, region = $32, postal_code = $33, country = $34, language = $35, note = $36, parent_id = $37, zone_id = $38, owner_id = $39, name_key = $40, phone_key = $41, \
        next_package_id = $42, next_package_at = $43 WHERE tenant_id = $1 AND id = $2 AND ", is_seen!("owner_id", "$44", "$45")),
        scope.tenant().0, c.id.0, &c.code, &c.name, &c.phone, &c.username, key, c.package_id.0, c.expires_at, c.hold.kind().as_str(), c.hold.reason(),
        c.connection_type.as_str(), c.billing_type.as_str(), &c.device_type, c.static_ipv4.map(|a| a.to_string()),
        c.framed_ipv6_prefix.map(|p| p.to_string()), c.delegated_ipv6_prefix.map(|p| p.to_string()), &c.framed_pool,
        c.simultaneous_sessions.map(i64::from), &c.reply_attributes, own_limits(c)?, own_rate(c)?, c.own_rate.and_then(|own| own.until),
        c.first_login_secs.map(|secs| secs as i64), c.activated_at, c.period_started_at, c.package_since_at, c.closed_at,
        &c.contact.email, &c.contact.address, &c.contact.city, &c.contact.region, &c.contact.postal_code, &c.contact.country, &c.contact.language, &c.note,
        c.parent_id.map(|id| id.0), c.zone_id, c.owner_id.0, name_key(&c.name), phone_key(&c.phone), c.next_package_id.map(|id| id.0), c.next_package_at, from, to)
}

/// A customer whose time is over and for whom another package waits.
#[derive(sqlx::FromRow)]
pub(super) struct DuePackage {
    pub id: i64,
    pub tenant_id: i64,
    pub owner_id: i64,
    pub username: String,
    pub package_id: i64,
    pub next_package_id: i64,
}

/// Those of all tenants, the longest waiting first.
// cross-tenant: time runs out for all tenants alike
pub(super) async fn list_due_packages(conn: &mut Conn, now: UnixMs, limit: i64) -> Result<Vec<DuePackage>, StoreError> {
    q!(all conn, DuePackage, "SELECT id, tenant_id, owner_id, username, package_id, next_package_id FROM customers WHERE next_package_id IS NOT NULL \
        AND (next_package_at <= $1 OR expires_at <= $1) ORDER BY next_package_at LIMIT $2", now, limit)
}

/// Gives it to him; 0 if somebody else has, or if his time is not over after all.
// cross-tenant: see above
pub(super) async fn update_due_package(conn: &mut Conn, due: &DuePackage, now: UnixMs) -> Result<u64, StoreError> {
    q!(exec conn, "UPDATE customers SET package_id = next_package_id, package_since_at = $3, next_package_id = NULL, next_package_at = NULL, updated_at = $3 \
        WHERE id = $1 AND next_package_id = $2 AND (next_package_at <= $3 OR expires_at <= $3)", due.id, due.next_package_id, now)
}

pub(super) async fn update_password(conn: &mut Conn, scope: &Scope, id: CustomerId, sealed: &[u8]) -> Result<u64, StoreError> {
    let (from, to) = scope.owners();
    q!(exec conn, concat!("UPDATE customers SET password = $3 WHERE tenant_id = $1 AND id = $2 AND ", is_seen!("owner_id", "$4", "$5")),
        scope.tenant().0, id.0, sealed, from, to)
}

// cross-tenant: a tenant's rule about letter case is about all its customers
pub(super) async fn update_username_key(conn: &mut Conn, tenant: TenantId, id: i64, key: &str) -> Result<u64, StoreError> {
    q!(exec conn, "UPDATE customers SET username_key = $3 WHERE tenant_id = $1 AND id = $2", tenant.0, id, key)
}

pub(super) async fn delete_tags(conn: &mut Conn, scope: &Scope, id: CustomerId) -> Result<u64, StoreError> {
    let (from, to) = scope.owners();
    q!(exec conn, concat!("DELETE FROM customer_tags WHERE tenant_id + 0 = $1 AND customer_id = $2 AND ", customer_is_seen!("$2", "$3", "$4")),
        scope.tenant().0, id.0, from, to)
}

pub(super) async fn delete_customer(conn: &mut Conn, scope: &Scope, id: CustomerId) -> Result<u64, StoreError> {
    let (from, to) = scope.owners();
    q!(exec conn, concat!("DELETE FROM customers WHERE tenant_id = $1 AND id = $2 AND ", is_seen!("owner_id", "$3", "$4")), scope.tenant().0, id.0, from, to)
}

/// Whether a customer has ever been online.
pub(super) async fn has_sessions(conn: &mut Conn, scope: &Scope, id: CustomerId) -> Result<bool, StoreError> {
    let (from, to) = scope.owners();
    let (has,) = q!(one conn, (bool,), concat!("SELECT (EXISTS (SELECT 1 FROM sessions s WHERE s.tenant_id = $1 AND s.customer_id = $2) \
        OR EXISTS (SELECT 1 FROM closed_sessions s WHERE s.tenant_id = $1 AND s.customer_id = $2)) AND ", customer_is_seen!("$2", "$3", "$4")),
        scope.tenant().0, id.0, from, to)?;
    Ok(has)
}

/// Notes how a customer was before a job changed him, and how it left him.
pub(super) async fn insert_undo(
    conn: &mut Conn,
    scope: &Scope,
    job_id: i64,
    id: CustomerId,
    before: &str,
    after: &str,
) -> Result<u64, StoreError> {
    q!(exec conn, "INSERT INTO customer_undo (job_id, customer_id, tenant_id, before, after) VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING",
        job_id, id.0, scope.tenant().0, before, after)
}

/// What a job changed, in order of the customers' ids: those whom the scope sees.
pub(super) async fn list_undo(
    conn: &mut Conn,
    scope: &Scope,
    job_id: i64,
    after: i64,
    limit: i64,
) -> Result<Vec<(i64, String, String)>, StoreError> {
    let (from, to) = scope.owners();
    q!(all conn, (i64, String, String), concat!("SELECT u.customer_id, u.before, u.after FROM customer_undo u WHERE u.tenant_id = $1 AND u.job_id = $2 AND u.customer_id > $3 AND ",
        customer_is_seen!("u.customer_id", "$5", "$6"), " ORDER BY u.customer_id LIMIT $4"), scope.tenant().0, job_id, after, limit, from, to)
}

/// Id, name and phone of customers after an id whose keys for searching were not written yet.
// cross-tenant: a migration concerns all tenants
pub(super) async fn list_unfolded(conn: &mut Conn, after: i64, limit: i64) -> Result<Vec<(i64, String, String)>, StoreError> {
    q!(all conn, (i64, String, String), "SELECT id, name, phone FROM customers WHERE id > $1 AND name_key = '' AND phone_key = '' AND (name <> '' OR phone <> '') \
        ORDER BY id LIMIT $2", after, limit)
}

// cross-tenant: a migration concerns all tenants
pub(super) async fn update_keys(conn: &mut Conn, id: i64, name_key: &str, phone_key: &str) -> Result<u64, StoreError> {
    q!(exec conn, "UPDATE customers SET name_key = $2, phone_key = $3 WHERE id = $1", id, name_key, phone_key)
}

/// Notes a first login: the validity that waited for it begins, once; a later one changes nothing. False if nothing waited.
// cross-tenant: the applier serves every tenant
pub async fn update_first_login(conn: &mut Conn, tenant: TenantId, id: CustomerId, at: UnixMs) -> Result<bool, StoreError> {
    let n = q!(exec conn, "UPDATE customers SET activated_at = $3, period_started_at = $3, expires_at = COALESCE(expires_at, $3 + first_login_secs * 1000) \
        WHERE tenant_id = $1 AND id = $2 AND activated_at IS NULL AND first_login_secs IS NOT NULL", tenant.0, id.0, at)?;
    Ok(n == 1)
}

#[cfg(test)]
pub(super) mod for_tests {
    //! How statements are carried out.

    use super::*;

    /// The plan of a statement on SQLite; nothing on PostgreSQL, which chooses by what it knows of the tables.
    pub async fn sqlite_plan(conn: &mut Conn, sql: &str) -> String {
        let ConnRef::Lite(c) = conn.conn_ref() else { return String::new() };
        let sql = sqlx::AssertSqlSafe(format!("EXPLAIN QUERY PLAN {sql}"));
        let steps: Vec<(i64, i64, i64, String)> = sqlx::query_as(sql).fetch_all(c).await.expect("a plan");
        steps.into_iter().map(|step| step.3).collect::<Vec<_>>().join("\n")
    }
}
