//! SQL of zones.

use super::{Zone, ZoneLine};
use crate::accounts::Scope;
use crate::store::{Conn, StoreError};
use crate::units::{AccountId, UnixMs};
use crate::{is_seen, is_seen_or_above, q};

fn zone((id, owner_id, name): (i64, i64, String)) -> Zone {
    Zone { id, owner_id: AccountId(owner_id), name }
}

pub(super) async fn list_zones(conn: &mut Conn, scope: &Scope) -> Result<Vec<Zone>, StoreError> {
    let (from, to) = scope.owners();
    let rows = q!(all conn, (i64, i64, String), concat!("SELECT id, owner_id, name FROM zones WHERE tenant_id = $1 AND ",
        is_seen_or_above!("owner_id", "$2", "$3"), " ORDER BY name"), scope.tenant().0, from, to)?;
    Ok(rows.into_iter().map(zone).collect())
}

#[derive(sqlx::FromRow)]
struct LineRow {
    id: i64,
    owner_id: i64,
    name: String,
    customers: i64,
    is_own: bool,
}

pub(super) async fn list_zone_lines(conn: &mut Conn, scope: &Scope) -> Result<Vec<ZoneLine>, StoreError> {
    let (from, to) = scope.owners();
    let rows = q!(all conn, LineRow, concat!("SELECT z.id, z.owner_id, z.name, ", is_seen!("z.owner_id", "$2", "$3"), " AS is_own, \
        (SELECT COUNT(*) FROM customers c WHERE c.zone_id = z.id AND c.tenant_id = $1 AND c.closed_at IS NULL AND ", is_seen!("c.owner_id", "$2", "$3"), ") AS customers \
        FROM zones z WHERE z.tenant_id = $1 AND ", is_seen_or_above!("z.owner_id", "$2", "$3"), " ORDER BY z.name"), scope.tenant().0, from, to)?;
    let line = |row: LineRow| ZoneLine { zone: zone((row.id, row.owner_id, row.name)), customers: row.customers, is_own: row.is_own };
    Ok(rows.into_iter().map(line).collect())
}

pub(super) async fn find_zone(conn: &mut Conn, scope: &Scope, name: &str) -> Result<Option<Zone>, StoreError> {
    let (from, to) = scope.owners();
    let row = q!(opt conn, (i64, i64, String), concat!("SELECT id, owner_id, name FROM zones WHERE tenant_id = $1 AND name = $4 AND ",
        is_seen_or_above!("owner_id", "$2", "$3")), scope.tenant().0, from, to, name)?;
    Ok(row.map(zone))
}

/// One that may be changed.
pub(super) async fn find_own_zone(conn: &mut Conn, scope: &Scope, id: i64) -> Result<Option<Zone>, StoreError> {
    let (from, to) = scope.owners();
    let row = q!(opt conn, (i64, i64, String), concat!("SELECT id, owner_id, name FROM zones WHERE tenant_id = $1 AND id = $4 AND ",
        is_seen!("owner_id", "$2", "$3")), scope.tenant().0, from, to, id)?;
    Ok(row.map(zone))
}

/// Whether another zone of the tenant has the name, whoever's it is.
pub(super) async fn is_taken(conn: &mut Conn, scope: &Scope, id: i64, name: &str) -> Result<bool, StoreError> {
    let row = q!(opt conn, (i64,), "SELECT id FROM zones WHERE tenant_id = $1 AND name = $2 AND id <> $3", scope.tenant().0, name, id)?;
    Ok(row.is_some())
}

/// 0 if the name is taken. That the scope sees the owner is checked before.
pub(super) async fn insert_zone(conn: &mut Conn, scope: &Scope, zone: &Zone, now: UnixMs) -> Result<u64, StoreError> {
    q!(exec conn, "INSERT INTO zones (id, tenant_id, owner_id, name, created_at) VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING",
        zone.id, scope.tenant().0, zone.owner_id.0, &zone.name, now)
}

pub(super) async fn update_zone(conn: &mut Conn, scope: &Scope, zone: &Zone) -> Result<u64, StoreError> {
    let (from, to) = scope.owners();
    q!(exec conn, concat!("UPDATE zones SET name = $5 WHERE tenant_id = $1 AND id = $4 AND ", is_seen!("owner_id", "$2", "$3")),
        scope.tenant().0, from, to, zone.id, &zone.name)
}

/// 0 if customers are in it.
pub(super) async fn delete_zone(conn: &mut Conn, scope: &Scope, id: i64) -> Result<u64, StoreError> {
    let (from, to) = scope.owners();
    q!(exec conn, concat!("DELETE FROM zones WHERE tenant_id = $1 AND id = $4 AND NOT EXISTS (SELECT 1 FROM customers c WHERE c.zone_id = $4) AND ",
        is_seen!("owner_id", "$2", "$3")), scope.tenant().0, from, to, id)
}
