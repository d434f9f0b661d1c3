//! Zones: parts of a provider's area, by which customers are found, handed to people and reported. A zone belongs to the account that made it; those below that account
//! put their customers into it as well.

#[cfg(test)]
mod scope_tests;
mod sql;

use serde::Serialize;

use super::CustomerError;
use super::checks::check_text;
use crate::accounts::Scope;
use crate::accounts::capability::Capability;
use crate::store::{AuditEntry, Conn, Db, IdMaker};
use crate::units::{AccountId, UnixMs};

/// See the head of the file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Zone {
    /// Its id.
    #[serde(serialize_with = "id_text")]
    pub id: i64,
    /// Whose.
    pub owner_id: AccountId,
    /// Unique in the tenant.
    pub name: String,
}

fn id_text<S: serde::Serializer>(id: &i64, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(id)
}

/// A zone with how many customers that one sees are in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ZoneLine {
    /// The zone.
    pub zone: Zone,
    /// Customers in it.
    pub customers: i64,
    /// Whether whoever asks may change it: it is one of his own or of those below him.
    pub is_own: bool,
}

/// All zones that may be used: of accounts that the scope sees and of those above it, by name.
pub async fn list_zones(conn: &mut Conn, scope: &Scope) -> Result<Vec<Zone>, CustomerError> {
    Ok(sql::list_zones(conn, scope).await?)
}

/// The same with how many customers are in each.
pub async fn list_zone_lines(conn: &mut Conn, scope: &Scope) -> Result<Vec<ZoneLine>, CustomerError> {
    scope.require_in_some_zone(Capability::CustomersView)?;
    let (mut lines, seen) = (sql::list_zone_lines(conn, scope).await?, scope.zones(Capability::CustomersView));
    lines.retain(|line| seen.as_ref().is_none_or(|seen| seen.contains(&line.zone.id)));
    Ok(lines)
}

/// A zone by its name, among those that may be used.
pub async fn find_zone(conn: &mut Conn, scope: &Scope, name: &str) -> Result<Option<Zone>, CustomerError> {
    Ok(sql::find_zone(conn, scope, name).await?)
}

fn check_name(name: &str) -> Result<&str, CustomerError> {
    let name = name.trim();
    check_text("zone's name", name)?;
    if name.is_empty() || name.contains('"') {
        return Err(CustomerError::BadField("a zone's name is not empty and has no quotation marks".to_owned()));
    }
    Ok(name)
}

/// Adds a zone of the acting account's.
pub async fn add_zone(db: &Db, ids: &IdMaker, scope: &Scope, owner: AccountId, name: &str, now: UnixMs) -> Result<Zone, CustomerError> {
    scope.require(Capability::CustomersEdit)?;
    let name = check_name(name)?;
    let mut tx = db.begin().await?;
    super::add::check_owner(&mut tx, scope, owner).await?;
    let zone = Zone { id: ids.next(now), owner_id: owner, name: name.to_owned() };
    if sql::insert_zone(&mut tx, scope, &zone, now).await? == 0 {
        return Err(CustomerError::ZoneTaken(zone.name));
    }
    tx.audit(AuditEntry::new(scope.tenant().0, "zone.add", "zones", zone.id, name).after(&zone));
    tx.commit(now).await?;
    Ok(zone)
}

/// Gives a zone another name.
pub async fn rename_zone(db: &Db, scope: &Scope, id: i64, name: &str, now: UnixMs) -> Result<Zone, CustomerError> {
    scope.require(Capability::CustomersEdit)?;
    let name = check_name(name)?;
    let mut tx = db.begin().await?;
    let before = sql::find_own_zone(&mut tx, scope, id).await?.ok_or_else(|| CustomerError::UnknownZone(id.to_string()))?;
    if sql::is_taken(&mut tx, scope, id, name).await? {
        return Err(CustomerError::ZoneTaken(name.to_owned()));
    }
    let after = Zone { name: name.to_owned(), ..before.clone() };
    sql::update_zone(&mut tx, scope, &after).await?;
    tx.audit(AuditEntry::new(scope.tenant().0, "zone.set", "zones", id, &before.name).before(&before).after(&after));
    tx.commit(now).await?;
    Ok(after)
}

/// Removes a zone in which nobody is.
pub async fn remove_zone(db: &Db, scope: &Scope, id: i64, now: UnixMs) -> Result<(), CustomerError> {
    scope.require(Capability::CustomersEdit)?;
    let mut tx = db.begin().await?;
    let zone = sql::find_own_zone(&mut tx, scope, id).await?.ok_or_else(|| CustomerError::UnknownZone(id.to_string()))?;
    if sql::delete_zone(&mut tx, scope, id).await? == 0 {
        return Err(CustomerError::BadField(format!("customers are in the zone {:?}: move them first", zone.name)));
    }
    tx.audit(AuditEntry::new(scope.tenant().0, "zone.remove", "zones", id, &zone.name).before(&zone));
    tx.commit(now).await?;
    Ok(())
}
