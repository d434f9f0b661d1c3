//! SQL of devices and their events.

use sqlx::{QueryBuilder, Sqlite};

use super::{Device, DeviceAction, DeviceActor, DeviceEvent};
use crate::accounts::Scope;
use crate::store::{Conn, ConnRef, StoreError};
use crate::units::{CustomerId, HOUR_MS, Mac, TenantId, UnixMs};
use crate::{customer_is_seen, is_seen, q};

/// A device is noted as seen at most this often.
const SEEN_EVERY_MS: i64 = HOUR_MS;

fn parse(text: &str) -> Result<Mac, StoreError> {
    text.parse().map_err(|_| StoreError::Unexpected(format!("MAC address {text:?}")))
}

// With the plus signs SQLite does not take the index of all devices of the tenant, which it would walk: the primary key has the customer's own together.
const LIST_DEVICES: &str = concat!(
    "SELECT mac, added_at, added_by, last_seen_at, is_random, note FROM customer_macs \
    WHERE +tenant_id = $1 AND customer_id = $2 AND ",
    customer_is_seen!("$2", "$3", "$4"),
    " ORDER BY mac"
);
const COUNT_DEVICES: &str = "SELECT COUNT(*) FROM customer_macs WHERE +tenant_id = $1 AND customer_id = $2";

/// A customer's devices, by address.
pub(super) async fn list_devices(conn: &mut Conn, scope: &Scope, id: CustomerId) -> Result<Vec<Device>, StoreError> {
    let (from, to) = scope.owners();
    let rows = q!(all conn, (String, i64, String, i64, bool, String), LIST_DEVICES, scope.tenant().0, id.0, from, to)?;
    let device = |(mac, added_at, added_by, last_seen_at, is_random, note): (String, _, _, _, _, _)| {
        Ok(Device { mac: parse(&mac)?, added_at, added_by, last_seen_at, is_random, note })
    };
    rows.into_iter().map(device).collect()
}

/// The newest changes of a customer's list, newest first.
pub(super) async fn list_device_events(conn: &mut Conn, scope: &Scope, id: CustomerId, limit: i64) -> Result<Vec<DeviceEvent>, StoreError> {
    let (from, to) = scope.owners();
    let rows = q!(all conn, (i64, String, String, String, String), concat!("SELECT at, mac, action, actor, source FROM device_events \
        WHERE tenant_id = $1 AND customer_id = $2 AND ", customer_is_seen!("$2", "$4", "$5"), " ORDER BY at DESC, mac DESC, action DESC LIMIT $3"),
        scope.tenant().0, id.0, limit, from, to)?;
    let event = |(at, mac, action, actor, source): (i64, String, String, String, String)| {
        let action = action.parse().map_err(|e: String| StoreError::Unexpected(e))?;
        Ok(DeviceEvent { at, mac: parse(&mac)?, action, actor, source })
    };
    rows.into_iter().map(event).collect()
}

const INSERT_DEVICE: &str = concat!(
    "INSERT INTO customer_macs (tenant_id, customer_id, mac, added_at, added_by, is_random, note) \
    SELECT tenant_id, id, $3, $4, $5, $6, $7 FROM customers WHERE tenant_id = $1 AND id = $2 AND ",
    is_seen!("owner_id", "$8", "$9"),
    " ON CONFLICT (customer_id, mac) DO NOTHING"
);

/// Puts a device on a list; false if it is there.
pub(super) async fn insert_device(
    conn: &mut Conn,
    scope: &Scope,
    id: CustomerId,
    mac: Mac,
    by: &str,
    note: &str,
    now: UnixMs,
) -> Result<bool, StoreError> {
    let (from, to) = scope.owners();
    let n = q!(exec conn, INSERT_DEVICE, scope.tenant().0, id.0, mac.to_string(), now, by, mac.is_locally_administered(), note, from, to)?;
    Ok(n == 1)
}

/// Puts a device on a list by a login.
// cross-tenant: a login binds devices of customers of all tenants
pub(super) async fn insert_bound_device(
    conn: &mut Conn,
    tenant: TenantId,
    id: CustomerId,
    mac: Mac,
    now: UnixMs,
) -> Result<u64, StoreError> {
    q!(exec conn, INSERT_DEVICE, tenant.0, id.0, mac.to_string(), now, super::AUTO, mac.is_locally_administered(), "", "", "")
}

/// Takes a device off a list; false if it is not there.
pub(super) async fn delete_device(conn: &mut Conn, scope: &Scope, id: CustomerId, mac: Mac) -> Result<bool, StoreError> {
    let (from, to) = scope.owners();
    let n = q!(exec conn, concat!("DELETE FROM customer_macs WHERE tenant_id = $1 AND customer_id = $2 AND mac = $3 AND ",
        customer_is_seen!("$2", "$4", "$5")), scope.tenant().0, id.0, mac.to_string(), from, to)?;
    Ok(n == 1)
}

/// Says what a device is.
pub(super) async fn update_device_note(conn: &mut Conn, scope: &Scope, id: CustomerId, mac: Mac, note: &str) -> Result<u64, StoreError> {
    let (from, to) = scope.owners();
    q!(exec conn, concat!("UPDATE customer_macs SET note = $6 WHERE tenant_id = $1 AND customer_id = $2 AND mac = $3 AND ",
        customer_is_seen!("$2", "$4", "$5")), scope.tenant().0, id.0, mac.to_string(), from, to, note)
}

const INSERT_EVENT: &str = concat!(
    "INSERT INTO device_events (tenant_id, customer_id, at, mac, action, actor, source) \
    SELECT tenant_id, id, $3, $4, $5, $6, $7 FROM customers WHERE tenant_id = $1 AND id = $2 AND ",
    is_seen!("owner_id", "$8", "$9"),
    " ON CONFLICT DO NOTHING"
);

/// Notes a change. Told twice, it is noted once.
pub(super) async fn insert_event(
    conn: &mut Conn,
    scope: &Scope,
    id: CustomerId,
    mac: Mac,
    action: DeviceAction,
    by: DeviceActor<'_>,
    at: UnixMs,
) -> Result<u64, StoreError> {
    let (from, to) = scope.owners();
    q!(exec conn, INSERT_EVENT, scope.tenant().0, id.0, at, mac.to_string(), action.as_str(), by.name, by.source, from, to)
}

/// Notes a change by a login, on the router that is its source.
// cross-tenant: a login binds devices of customers of all tenants
pub(super) async fn insert_login_event(
    conn: &mut Conn,
    tenant: TenantId,
    id: CustomerId,
    mac: Mac,
    action: DeviceAction,
    source: &str,
    at: UnixMs,
) -> Result<u64, StoreError> {
    q!(exec conn, INSERT_EVENT, tenant.0, id.0, at, mac.to_string(), action.as_str(), super::AUTO, source, "", "")
}

/// Locks a customer's row until the transaction ends; false if he is gone.
// cross-tenant: a login binds devices of customers of all tenants
pub(super) async fn update_lock_by_id(conn: &mut Conn, tenant: TenantId, id: CustomerId, now: UnixMs) -> Result<bool, StoreError> {
    let n = q!(exec conn, "UPDATE customers SET updated_at = CASE WHEN updated_at < $3 THEN $3 ELSE updated_at END WHERE tenant_id = $1 AND id = $2",
        tenant.0, id.0, now)?;
    Ok(n == 1)
}

/// How many devices are on a list.
// cross-tenant: of a customer whose row this transaction has locked
pub(super) async fn count_devices(conn: &mut Conn, tenant: TenantId, id: CustomerId) -> Result<i64, StoreError> {
    let (n,): (i64,) = q!(one conn, (i64,), COUNT_DEVICES, tenant.0, id.0)?;
    Ok(n)
}

/// Whether a device is on a list.
// cross-tenant: a login binds devices of customers of all tenants
pub(super) async fn has_device(conn: &mut Conn, tenant: TenantId, id: CustomerId, mac: Mac) -> Result<bool, StoreError> {
    let (n,): (i64,) = q!(one conn, (i64,), "SELECT COUNT(*) FROM customer_macs WHERE tenant_id = $1 AND customer_id = $2 AND mac = $3",
        tenant.0, id.0, mac.to_string())?;
    Ok(n > 0)
}

/// A login with a listed device.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DeviceSeen {
    /// Whose.
    pub tenant_id: i64,
    /// Whose.
    pub customer_id: i64,
    /// The device.
    pub mac: Mac,
    /// When.
    pub at: UnixMs,
}

/// Notes devices that logged in, those of which that was not noted within the hour; a few thousand at most, which are one statement. Returns how many were noted.
// cross-tenant: each row names its own tenant
pub async fn update_devices_seen(conn: &mut Conn, seen: &[DeviceSeen]) -> Result<u64, StoreError> {
    // With the plus signs SQLite looks each value up in the table, however many there are, and not the other way round.
    const LITE: &str = "UPDATE customer_macs SET last_seen_at = v.at FROM v WHERE customer_macs.tenant_id = +v.tenant_id \
        AND customer_macs.customer_id = +v.customer_id AND customer_macs.mac = +v.mac AND last_seen_at < v.at - ";
    const PG: &str = "UPDATE customer_macs SET last_seen_at = v.at FROM UNNEST($1::bigint[], $2::bigint[], $3::text[], $4::bigint[]) \
        AS v (tenant_id, customer_id, mac, at) WHERE customer_macs.tenant_id = v.tenant_id AND customer_macs.customer_id = v.customer_id \
        AND customer_macs.mac = v.mac AND last_seen_at < v.at - $5";
    if seen.is_empty() {
        return Ok(0);
    }
    Ok(match conn.conn_ref() {
        ConnRef::Lite(c) => {
            let mut b = QueryBuilder::<Sqlite>::new("WITH v (tenant_id, customer_id, mac, at) AS (");
            b.push_values(seen, |mut row, s| {
                row.push_bind(s.tenant_id).push_bind(s.customer_id).push_bind(s.mac.to_string()).push_bind(s.at);
            });
            b.push(") ").push(LITE).push_bind(SEEN_EVERY_MS);
            b.build().execute(c).await?.rows_affected()
        }
        ConnRef::Pg(c) => {
            let column = |value: fn(&DeviceSeen) -> i64| seen.iter().map(value).collect::<Vec<_>>();
            let macs: Vec<_> = seen.iter().map(|s| s.mac.to_string()).collect();
            let query = sqlx::query(PG).bind(column(|s| s.tenant_id)).bind(column(|s| s.customer_id)).bind(macs).bind(column(|s| s.at));
            query.bind(SEEN_EVERY_MS).execute(c).await?.rows_affected()
        }
    })
}

/// Says of the devices that an import has just put in where they came from.
// cross-tenant: touches only what this transaction has just put in
pub(in crate::customers) async fn insert_macs_of_import(conn: &mut Conn, tenant: TenantId, now: UnixMs) -> Result<u64, StoreError> {
    q!(exec conn, "UPDATE customer_macs SET added_at = $2, is_random = (substr(mac, 2, 1) IN ('2', '3', '6', '7', 'a', 'b', 'e', 'f')) \
        WHERE tenant_id = $1 AND added_by = 'import' AND added_at = 0", tenant.0, now)
}

/// Notes each of them as a change.
// cross-tenant: touches only what this transaction has just put in
pub(in crate::customers) async fn insert_import_events(conn: &mut Conn, tenant: TenantId, now: UnixMs) -> Result<u64, StoreError> {
    q!(exec conn, "INSERT INTO device_events (tenant_id, customer_id, at, mac, action, actor, source) \
        SELECT tenant_id, customer_id, added_at, mac, 'added', 'staff', 'import' FROM customer_macs \
        WHERE tenant_id = $1 AND added_by = 'import' AND added_at = $2 ON CONFLICT DO NOTHING", tenant.0, now)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::customers::sql::LIST_MACS;
    use crate::store::ConnRef;
    use crate::store::test_db::each_database;

    #[tokio::test]
    async fn one_customers_devices_are_found_without_walking_the_tenants() {
        for fresh in each_database().await {
            let mut conn = fresh.db.read().await.expect("reads");
            if let ConnRef::Lite(c) = conn.conn_ref() {
                for sql in [LIST_DEVICES, COUNT_DEVICES, LIST_MACS] {
                    let sql = sqlx::AssertSqlSafe(format!("EXPLAIN QUERY PLAN {sql}"));
                    let plan: Vec<(i64, i64, i64, String)> = sqlx::query_as(sql).bind(1).bind(2).fetch_all(&mut *c).await.expect("a plan");
                    assert!(plan.iter().any(|step| step.3.contains("(customer_id=?")), "{plan:?}");
                }
            }
            drop(conn);
            fresh.end().await;
        }
    }
}
