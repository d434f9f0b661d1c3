//! All SQL of this room.

use std::collections::HashMap;

use serde::{Serialize, Serializer};

use super::{Adopt, Router, RouterAddress};
use crate::accounts::Scope;
use crate::store::{Conn, StoreError};
use crate::units::{AccountId, RouterId, TenantId, UnixMs};
use crate::{is_seen, is_seen_or_above, q, router_is_seen};

/// A router entry as stored, with its sealed secrets.
#[derive(Debug, Clone, sqlx::FromRow)]
pub(super) struct RouterRow {
    pub id: i64,
    pub tenant_id: i64,
    pub owner_id: i64,
    pub name: String,
    pub nas_identifier: String,
    pub secret: Vec<u8>,
    pub next_secret: Option<Vec<u8>>,
    pub message_authenticator: String,
    pub limit_proxy_state: bool,
    pub swap_octets: bool,
    pub coa_port: i64,
    pub coa_message_authenticator: bool,
    pub coa_event_timestamp: bool,
    pub adopt: String,
    pub added_at: i64,
    pub updated_at: i64,
}

#[derive(sqlx::FromRow)]
struct AddressRow {
    router_id: i64,
    prefix: String,
}

/// What `auto` learned: this source always signs.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct LearnedAddress {
    /// Of which router.
    pub router_id: i64,
    /// Source address.
    pub address: String,
    /// When it was learned.
    pub learned_at: UnixMs,
}

/// What a running server counted for one router since it started counting.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, sqlx::FromRow)]
pub struct RouterCounters {
    /// Which router.
    #[serde(skip)]
    pub router_id: i64,
    /// Access-Requests.
    pub access_requests: i64,
    /// Access-Accepts.
    pub accepts: i64,
    /// Access-Rejects.
    pub rejects: i64,
    /// Accounting-Requests.
    pub accounting_requests: i64,
    /// Accounting-Requests dropped: the secret differs.
    pub bad_authenticator: i64,
    /// Requests dropped: signed with another secret.
    pub bad_message_authenticator: i64,
    /// Requests dropped: not signed though they must be.
    pub missing_message_authenticator: i64,
    /// Unsigned requests dropped for their Proxy-State.
    pub proxy_state_drops: i64,
    /// Passwords that decrypt to nonsense: the secret differs.
    pub garbled_passwords: i64,
    /// Access-Requests taken without Message-Authenticator.
    pub unsigned_requests: i64,
    /// Access-Requests that came again: the answer was not seen in time.
    pub repeated_access: i64,
    /// Accounting-Requests that came again.
    pub repeated_accounting: i64,
    /// Accounting-Requests whose counters came with their high words.
    pub with_gigawords: i64,
    /// Those without.
    pub without_gigawords: i64,
    /// Sessions that took the id of one that was still open.
    pub reused_session_ids: i64,
    /// Stops.
    pub sessions_ended: i64,
    /// Of these, within ten seconds of their Start.
    pub sessions_ended_early: i64,
    /// The router's clock minus ours, in seconds.
    pub clock_skew_secs: i64,
    /// Last Access-Request, unix milliseconds, 0 = never.
    pub last_access_at: UnixMs,
    /// Last Accounting-Request, unix milliseconds, 0 = never.
    pub last_accounting_at: UnixMs,
    /// When the server last published these figures, unix milliseconds.
    pub updated_at: UnixMs,
}

/// An address whose packets belong to no router.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, sqlx::FromRow)]
pub struct UnknownSource {
    /// Source address.
    pub address: String,
    /// What its last packet said.
    pub nas_identifier: String,
    /// How many packets.
    pub packets: i64,
    /// Unix milliseconds.
    pub first_seen_at: UnixMs,
    /// Unix milliseconds.
    pub last_seen_at: UnixMs,
}

/// A router as far as others may know it: enough to name it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, sqlx::FromRow)]
pub struct NamedRouter {
    /// Its id.
    #[serde(serialize_with = "id_text")]
    pub id: i64,
    /// Its name.
    pub name: String,
}

fn id_text<S: Serializer>(id: &i64, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(id)
}

impl RouterRow {
    pub(super) fn into_router(self, addresses: Vec<RouterAddress>) -> Result<Router, StoreError> {
        let wrong = |what: &str| StoreError::Unexpected(format!("router {}: {what}", self.name));
        Ok(Router {
            id: RouterId(self.id),
            tenant_id: TenantId(self.tenant_id),
            owner_id: AccountId(self.owner_id),
            addresses,
            message_authenticator: self.message_authenticator.parse().map_err(|e: String| wrong(&e))?,
            limit_proxy_state: self.limit_proxy_state,
            swap_octets: self.swap_octets,
            coa_port: u16::try_from(self.coa_port).map_err(|_| wrong("CoA port"))?,
            coa_message_authenticator: self.coa_message_authenticator,
            coa_event_timestamp: self.coa_event_timestamp,
            adopt: self.adopt.parse::<Adopt>().map_err(|e| wrong(&e))?,
            added_at: self.added_at,
            updated_at: self.updated_at,
            nas_identifier: self.nas_identifier.clone(),
            name: self.name.clone(),
        })
    }
}

fn parse_address(prefix: &str) -> Result<RouterAddress, StoreError> {
    prefix.parse().map_err(|e| StoreError::Unexpected(format!("router address: {e}")))
}

macro_rules! columns {
    () => {
        "id, tenant_id, owner_id, name, nas_identifier, secret, next_secret, message_authenticator, limit_proxy_state, swap_octets, coa_port, \
         coa_message_authenticator, coa_event_timestamp, adopt, added_at, updated_at"
    };
}

// cross-tenant: the directory follows the feed by row id
pub(super) async fn find_row_by_id(conn: &mut Conn, id: RouterId) -> Result<Option<RouterRow>, StoreError> {
    q!(opt conn, RouterRow, concat!("SELECT ", columns!(), " FROM routers WHERE id = $1"), id.0)
}

/// Rows after an id, in id order.
// cross-tenant: the directory serves every tenant
pub(super) async fn list_rows_after(conn: &mut Conn, after: i64, limit: i64) -> Result<Vec<RouterRow>, StoreError> {
    q!(all conn, RouterRow, concat!("SELECT ", columns!(), " FROM routers WHERE id > $1 ORDER BY id LIMIT $2"), after, limit)
}

/// The addresses of one router, in text order.
pub(super) async fn list_addresses(conn: &mut Conn, scope: &Scope, id: RouterId) -> Result<Vec<RouterAddress>, StoreError> {
    let (from, to) = scope.owners();
    let rows = q!(all conn, (String,), concat!("SELECT prefix FROM router_addresses WHERE tenant_id = $1 AND router_id = $2 AND ",
        router_is_seen!("$2", "$3", "$4"), " ORDER BY prefix"), scope.tenant().0, id.0, from, to)?;
    rows.iter().map(|(prefix,)| parse_address(prefix)).collect()
}

/// The same for the directory.
// cross-tenant: the directory follows the feed by row id
pub(super) async fn list_addresses_of(conn: &mut Conn, id: RouterId) -> Result<Vec<RouterAddress>, StoreError> {
    let rows = q!(all conn, (String,), "SELECT prefix FROM router_addresses WHERE router_id = $1 ORDER BY prefix", id.0)?;
    rows.iter().map(|(prefix,)| parse_address(prefix)).collect()
}

/// The router of this name.
pub(super) async fn find_router(conn: &mut Conn, scope: &Scope, name: &str) -> Result<Option<Router>, StoreError> {
    let (from, to) = scope.owners();
    let row = q!(opt conn, RouterRow, concat!("SELECT ", columns!(), " FROM routers WHERE tenant_id = $1 AND name = $2 AND ", is_seen!("owner_id", "$3", "$4")),
        scope.tenant().0, name, from, to)?;
    let Some(row) = row else { return Ok(None) };
    let addresses = list_addresses(conn, scope, RouterId(row.id)).await?;
    row.into_router(addresses).map(Some)
}

/// Whether a router of the tenant has this name, whoever owns it: names are unique in the tenant.
pub(super) async fn is_name_taken(conn: &mut Conn, scope: &Scope, name: &str) -> Result<bool, StoreError> {
    let (n,) = q!(one conn, (i64,), "SELECT COUNT(*) FROM routers WHERE tenant_id = $1 AND name = $2", scope.tenant().0, name)?;
    Ok(n > 0)
}

/// A page of routers by name, after `after_name` (empty: from the start).
pub(super) async fn list_routers(conn: &mut Conn, scope: &Scope, after_name: &str, limit: i64) -> Result<Vec<Router>, StoreError> {
    let (from, to) = scope.owners();
    let rows = q!(all conn, RouterRow, concat!("SELECT ", columns!(), " FROM routers WHERE tenant_id = $1 AND name > $2 AND ", is_seen!("owner_id", "$4", "$5"),
        " ORDER BY name LIMIT $3"), scope.tenant().0, after_name, limit, from, &to)?;
    let Some(last) = rows.last() else { return Ok(Vec::new()) };
    let addresses = q!(all conn, AddressRow, concat!("SELECT a.router_id AS router_id, a.prefix AS prefix FROM router_addresses a \
        JOIN routers r ON r.id = a.router_id WHERE r.tenant_id = $1 AND r.name > $2 AND r.name <= $3 AND ", is_seen!("r.owner_id", "$4", "$5"), " ORDER BY a.prefix"),
        scope.tenant().0, after_name, &last.name, from, &to)?;
    let mut by_router = group_addresses(addresses)?;
    rows.into_iter()
        .map(|row| {
            let addresses = by_router.remove(&row.id).unwrap_or_default();
            row.into_router(addresses)
        })
        .collect()
}

/// Names and ids of the routers that may be named, after a name (empty: from the start): those that the scope sees, and those of accounts above it, of which it learns no more.
pub(super) async fn list_named(conn: &mut Conn, scope: &Scope, after_name: &str, limit: i64) -> Result<Vec<NamedRouter>, StoreError> {
    let (from, to) = scope.owners();
    q!(all conn, NamedRouter, concat!("SELECT id, name FROM routers WHERE tenant_id = $1 AND name > $2 AND ", is_seen_or_above!("owner_id", "$4", "$5"),
        " ORDER BY name LIMIT $3"), scope.tenant().0, after_name, limit, from, to)
}

/// The one of them with this name, for what may name a router: a pool, the places of a package or customer.
pub async fn find_named_router(conn: &mut Conn, scope: &Scope, name: &str) -> Result<Option<NamedRouter>, StoreError> {
    let (from, to) = scope.owners();
    q!(opt conn, NamedRouter, concat!("SELECT id, name FROM routers WHERE tenant_id = $1 AND name = $2 AND ", is_seen_or_above!("owner_id", "$3", "$4")),
        scope.tenant().0, name, from, to)
}

fn group_addresses(rows: Vec<AddressRow>) -> Result<HashMap<i64, Vec<RouterAddress>>, StoreError> {
    let mut by_router: HashMap<i64, Vec<RouterAddress>> = HashMap::new();
    for row in rows {
        by_router.entry(row.router_id).or_default().push(parse_address(&row.prefix)?);
    }
    Ok(by_router)
}

/// All addresses of all routers.
// cross-tenant: the directory serves every tenant
pub(super) async fn list_all_addresses(conn: &mut Conn) -> Result<HashMap<i64, Vec<RouterAddress>>, StoreError> {
    group_addresses(q!(all conn, AddressRow, "SELECT router_id, prefix FROM router_addresses ORDER BY router_id, prefix")?)
}

/// False if the name is taken in the tenant. That the scope sees the owner is checked before.
pub(super) async fn insert_router(conn: &mut Conn, scope: &Scope, row: &RouterRow) -> Result<bool, StoreError> {
    let n = q!(exec conn, "INSERT INTO routers (id, tenant_id, owner_id, name, nas_identifier, secret, next_secret, message_authenticator, limit_proxy_state, \
        swap_octets, coa_port, adopt, added_at, updated_at, coa_message_authenticator, coa_event_timestamp) \
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16) ON CONFLICT (tenant_id, name) DO NOTHING",
        row.id, scope.tenant().0, row.owner_id, &row.name, &row.nas_identifier, &row.secret, &row.next_secret, &row.message_authenticator,
        row.limit_proxy_state, row.swap_octets, row.coa_port, &row.adopt, row.added_at, row.updated_at, row.coa_message_authenticator,
        row.coa_event_timestamp)?;
    Ok(n == 1)
}

/// Locks the router's row until the transaction ends, marks it changed, and reads it.
pub(super) async fn update_lock_router(conn: &mut Conn, scope: &Scope, name: &str, now: UnixMs) -> Result<Option<RouterRow>, StoreError> {
    let (from, to) = scope.owners();
    q!(opt conn, RouterRow, concat!("UPDATE routers SET updated_at = $3 WHERE tenant_id = $1 AND name = $2 AND ", is_seen!("owner_id", "$4", "$5"),
        " RETURNING ", columns!()), scope.tenant().0, name, now, from, to)
}

pub(super) async fn update_router(conn: &mut Conn, scope: &Scope, row: &RouterRow) -> Result<u64, StoreError> {
    let (from, to) = scope.owners();
    q!(exec conn, concat!("UPDATE routers SET owner_id = $3, name = $4, nas_identifier = $5, secret = $6, next_secret = $7, message_authenticator = $8, \
        limit_proxy_state = $9, swap_octets = $10, coa_port = $11, adopt = $12, \
        coa_message_authenticator = $13, coa_event_timestamp = $14 WHERE tenant_id = $1 AND id = $2 AND ", is_seen!("owner_id", "$15", "$16")),
        scope.tenant().0, row.id, row.owner_id, &row.name, &row.nas_identifier, &row.secret, &row.next_secret, &row.message_authenticator,
        row.limit_proxy_state, row.swap_octets, row.coa_port, &row.adopt, row.coa_message_authenticator, row.coa_event_timestamp, from, to)
}

/// False if another entry has the address with the same NAS-Identifier.
pub(super) async fn insert_address(
    conn: &mut Conn,
    scope: &Scope,
    id: RouterId,
    prefix: &str,
    nas_identifier: &str,
) -> Result<bool, StoreError> {
    let (from, to) = scope.owners();
    let n = q!(exec conn, concat!("INSERT INTO router_addresses (prefix, nas_identifier, router_id, tenant_id) SELECT $3, $4, id, tenant_id FROM routers \
        WHERE tenant_id = $1 AND id = $2 AND ", is_seen!("owner_id", "$5", "$6"), " ON CONFLICT (prefix, nas_identifier) DO NOTHING"),
        scope.tenant().0, id.0, prefix, nas_identifier, from, to)?;
    Ok(n == 1)
}

/// Who has this address: the name of a router that the scope sees, nothing of another one. Addresses are unique on the whole server.
pub(super) async fn find_address_holder(
    conn: &mut Conn,
    scope: &Scope,
    prefix: &str,
    nas_identifier: &str,
) -> Result<Option<String>, StoreError> {
    let (from, to) = scope.owners();
    let row = q!(opt conn, (String,), concat!("SELECT r.name FROM router_addresses a JOIN routers r ON r.id = a.router_id \
        WHERE a.tenant_id = $1 AND a.prefix = $2 AND a.nas_identifier = $3 AND ", is_seen!("r.owner_id", "$4", "$5")),
        scope.tenant().0, prefix, nas_identifier, from, to)?;
    Ok(row.map(|(name,)| name))
}

pub(super) async fn delete_addresses(conn: &mut Conn, scope: &Scope, id: RouterId) -> Result<u64, StoreError> {
    let (from, to) = scope.owners();
    q!(exec conn, concat!("DELETE FROM router_addresses WHERE tenant_id = $1 AND router_id = $2 AND ", router_is_seen!("$2", "$3", "$4")),
        scope.tenant().0, id.0, from, to)
}

pub(super) async fn delete_learned(conn: &mut Conn, scope: &Scope, id: RouterId) -> Result<u64, StoreError> {
    let (from, to) = scope.owners();
    q!(exec conn, concat!("DELETE FROM router_learned WHERE tenant_id = $1 AND router_id = $2 AND ", router_is_seen!("$2", "$3", "$4")),
        scope.tenant().0, id.0, from, to)
}

pub(super) async fn delete_counters(conn: &mut Conn, scope: &Scope, id: RouterId) -> Result<u64, StoreError> {
    let (from, to) = scope.owners();
    q!(exec conn, concat!("DELETE FROM router_counters WHERE tenant_id = $1 AND router_id = $2 AND ", router_is_seen!("$2", "$3", "$4")),
        scope.tenant().0, id.0, from, to)
}

pub(super) async fn delete_router(conn: &mut Conn, scope: &Scope, id: RouterId) -> Result<u64, StoreError> {
    let (from, to) = scope.owners();
    q!(exec conn, concat!("DELETE FROM routers WHERE tenant_id = $1 AND id = $2 AND ", is_seen!("owner_id", "$3", "$4")),
        scope.tenant().0, id.0, from, to)
}

/// What was learned for all routers.
// cross-tenant: the directory serves every tenant
pub async fn list_learned(conn: &mut Conn) -> Result<Vec<LearnedAddress>, StoreError> {
    q!(all conn, LearnedAddress, "SELECT router_id, address, learned_at FROM router_learned ORDER BY router_id, address")
}

/// How many addresses each router was seen signing from.
pub(super) async fn count_learned(conn: &mut Conn, scope: &Scope) -> Result<HashMap<i64, i64>, StoreError> {
    let (from, to) = scope.owners();
    let rows = q!(all conn, (i64, i64), concat!("SELECT router_id, COUNT(*) FROM router_learned WHERE tenant_id = $1 AND ",
        router_is_seen!("router_learned.router_id", "$2", "$3"), " GROUP BY router_id"), scope.tenant().0, from, to)?;
    Ok(rows.into_iter().collect())
}

pub(super) async fn list_counters(conn: &mut Conn, scope: &Scope) -> Result<Vec<RouterCounters>, StoreError> {
    let (from, to) = scope.owners();
    q!(all conn, RouterCounters, concat!("SELECT router_id, access_requests, accepts, rejects, accounting_requests, bad_authenticator, bad_message_authenticator, \
        missing_message_authenticator, proxy_state_drops, garbled_passwords, unsigned_requests, repeated_access, repeated_accounting, with_gigawords, \
        without_gigawords, reused_session_ids, sessions_ended, sessions_ended_early, clock_skew_secs, last_access_at, last_accounting_at, updated_at \
        FROM router_counters WHERE tenant_id = $1 AND ", router_is_seen!("router_counters.router_id", "$2", "$3")), scope.tenant().0, from, to)
}

/// Addresses whose packets belong to no router, the latest first. They belong to no tenant either: they are shown to who works for the server, and to who sees the whole
/// tenant if there is only one.
pub(super) async fn list_unknown_sources(conn: &mut Conn, scope: &Scope, limit: i64) -> Result<Vec<UnknownSource>, StoreError> {
    if !scope.sees_whole_tenant() {
        return Ok(Vec::new());
    }
    q!(all conn, UnknownSource, "SELECT address, nas_identifier, packets, first_seen_at, last_seen_at FROM unknown_sources \
        WHERE $1 = TRUE OR (SELECT COUNT(*) FROM tenants) = 1 ORDER BY last_seen_at DESC, address LIMIT $2", scope.is_of_server(), limit)
}

/// An address that a router now answers for is no longer unknown.
// cross-tenant: an unknown source belongs to nobody
pub(super) async fn delete_unknown_source(conn: &mut Conn, address: &str) -> Result<u64, StoreError> {
    q!(exec conn, "DELETE FROM unknown_sources WHERE address = $1", address)
}

/// Routers that sent something since an instant and nothing since a later one, by name, with when they last did.
pub(super) async fn list_silent(
    conn: &mut Conn,
    scope: &Scope,
    since: UnixMs,
    before: UnixMs,
    limit: i64,
) -> Result<Vec<(String, UnixMs)>, StoreError> {
    let (from, to) = scope.owners();
    q!(all conn, (String, i64), concat!("SELECT name, last_at FROM (SELECT r.name, CASE WHEN k.last_access_at > k.last_accounting_at THEN k.last_access_at \
        ELSE k.last_accounting_at END AS last_at FROM routers r JOIN router_counters k ON k.router_id = r.id WHERE r.tenant_id = $1 AND ",
        is_seen!("r.owner_id", "$5", "$6"), ") heard WHERE last_at >= $2 AND last_at < $3 ORDER BY last_at, name LIMIT $4"),
        scope.tenant().0, since, before, limit, from, to)
}
