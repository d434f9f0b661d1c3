//! Staff changes a customer's list.

use super::super::{CustomerError, lookup_key, sql as customers};
use super::{DeviceAction, DeviceActor, sql};
use crate::accounts::capability::Capability;
use crate::accounts::{Scope, Tenant};
use crate::customers::checks::{MAX_MACS, check_text};
use crate::customers::list::require_of;
use crate::store::{AuditEntry, Conn, Db, StoreError, Tx};
use crate::units::{CustomerId, Mac, UnixMs};

/// Puts a device on a customer's list; false if it was there. A running server follows within a second.
#[allow(clippy::too_many_arguments)] // where, whose, what, by whom, when
pub async fn add_device(
    db: &Db,
    scope: &Scope,
    tenant: &Tenant,
    username: &str,
    mac: Mac,
    note: &str,
    by: DeviceActor<'_>,
    now: UnixMs,
) -> Result<bool, CustomerError> {
    scope.require_in_some_zone(Capability::CustomersEdit)?;
    check_text("note", note)?;
    let (mut tx, id) = begin(db, scope, tenant, username, now).await?;
    if sql::count_devices(&mut tx, scope.tenant(), id).await? >= MAX_MACS as i64 {
        return Err(CustomerError::BadField(format!("more than {MAX_MACS} MAC addresses")));
    }
    let is_new = sql::insert_device(&mut tx, scope, id, mac, by.name, note, now).await?;
    if !is_new {
        return Ok(false);
    }
    sql::insert_event(&mut tx, scope, id, mac, DeviceAction::Added, by, now).await?;
    let entry = entry(&mut tx, scope, "customer.device-add", id, username).await?;
    tx.audit(entry.note("device", mac.with_colons()));
    tx.changed(scope.tenant().0, "customers", id.0);
    tx.commit(now).await?;
    Ok(true)
}

/// Takes a device off a customer's list; false if it was not there.
pub async fn remove_device(
    db: &Db,
    scope: &Scope,
    tenant: &Tenant,
    username: &str,
    mac: Mac,
    by: DeviceActor<'_>,
    now: UnixMs,
) -> Result<bool, CustomerError> {
    scope.require_in_some_zone(Capability::CustomersEdit)?;
    let (mut tx, id) = begin(db, scope, tenant, username, now).await?;
    let was_there = sql::delete_device(&mut tx, scope, id, mac).await?;
    if !was_there {
        return Ok(false);
    }
    sql::insert_event(&mut tx, scope, id, mac, DeviceAction::Removed, by, now).await?;
    let entry = entry(&mut tx, scope, "customer.device-remove", id, username).await?;
    tx.audit(entry.note("device", mac.with_colons()));
    tx.changed(scope.tenant().0, "customers", id.0);
    tx.commit(now).await?;
    Ok(true)
}

/// Says what a device is; `instead_of` is what was said before, if it must be that. Returns what was said before, `None` if the device is not on the list.
#[allow(clippy::too_many_arguments)] // where, whose, what, when
pub async fn set_device_note(
    db: &Db,
    scope: &Scope,
    tenant: &Tenant,
    username: &str,
    mac: Mac,
    note: &str,
    instead_of: Option<&str>,
    now: UnixMs,
) -> Result<Option<String>, CustomerError> {
    scope.require_in_some_zone(Capability::CustomersEdit)?;
    check_text("note", note)?;
    let (mut tx, id) = begin(db, scope, tenant, username, now).await?;
    let device = sql::list_devices(&mut tx, scope, id).await?.into_iter().find(|device| device.mac == mac);
    let Some(before) = device.map(|device| device.note) else { return Ok(None) };
    if instead_of.is_some_and(|wanted| before != wanted) {
        return Err(CustomerError::Outdated);
    }
    if before != note {
        sql::update_device_note(&mut tx, scope, id, mac, note).await?;
        let shape = |note: &str| serde_json::json!({ "device": mac.with_colons(), "note": note });
        let entry = entry(&mut tx, scope, "customer.device-note", id, username).await?;
        tx.audit(entry.before(&shape(&before)).after(&shape(note)));
        tx.commit(now).await?;
    }
    Ok(Some(before))
}

/// How every change of a list begins: the customer is locked, and whoever asks may change him.
async fn begin(db: &Db, scope: &Scope, tenant: &Tenant, username: &str, now: UnixMs) -> Result<(Tx, CustomerId), CustomerError> {
    let mut tx = db.begin().await?;
    let key = lookup_key(username, tenant.case_sensitive_usernames);
    let found = customers::update_lock_customer(&mut tx, scope, &key, now).await?;
    let id = found.ok_or_else(|| CustomerError::Unknown(username.to_owned()))?;
    require_of(&mut tx, scope, Capability::CustomersEdit, id).await?;
    Ok((tx, id))
}

/// A line of the audit log about the customer.
async fn entry(tx: &mut Tx, scope: &Scope, verb: &'static str, id: CustomerId, username: &str) -> Result<AuditEntry, StoreError> {
    let owner = customers::find_customer_by_id(tx, scope, id).await?.map(|c| c.owner_id.0);
    Ok(AuditEntry::new(scope.tenant().0, verb, "customers", id.0, username).owned_by(owner))
}

/// The list of a new customer.
pub(in crate::customers) async fn insert_first_macs(
    conn: &mut Conn,
    scope: &Scope,
    id: CustomerId,
    macs: &[Mac],
    by: DeviceActor<'_>,
    now: UnixMs,
) -> Result<(), StoreError> {
    write_macs(conn, scope, id, &[], macs, by, now).await
}

/// Changes a list from `before` to `after`; what stays keeps what is known of it.
pub(in crate::customers) async fn write_macs(
    conn: &mut Conn,
    scope: &Scope,
    id: CustomerId,
    before: &[Mac],
    after: &[Mac],
    by: DeviceActor<'_>,
    now: UnixMs,
) -> Result<(), StoreError> {
    for mac in before.iter().filter(|mac| !after.contains(mac)) {
        sql::delete_device(conn, scope, id, *mac).await?;
        sql::insert_event(conn, scope, id, *mac, DeviceAction::Removed, by, now).await?;
    }
    for mac in after.iter().filter(|mac| !before.contains(mac)) {
        sql::insert_device(conn, scope, id, *mac, by.name, "", now).await?;
        sql::insert_event(conn, scope, id, *mac, DeviceAction::Added, by, now).await?;
    }
    Ok(())
}

/// The list of a customer who is removed.
pub(in crate::customers) async fn remove_macs(
    conn: &mut Conn,
    scope: &Scope,
    id: CustomerId,
    by: DeviceActor<'_>,
    now: UnixMs,
) -> Result<(), StoreError> {
    let macs = customers::list_macs(conn, scope, id).await?;
    write_macs(conn, scope, id, &macs, &[], by, now).await
}
