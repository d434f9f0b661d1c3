//! What a login's binding becomes in the store: the first ones win.

use super::{DeviceAction, sql};
use crate::store::{StoreError, Tx};
use crate::units::{CustomerId, Mac, TenantId, UnixMs};

/// A login put a device on a customer's list, as far as its node knew.
#[derive(Debug, Clone, Copy)]
pub struct DeviceBinding {
    /// Whose.
    pub customer_id: CustomerId,
    /// Which device.
    pub mac: Mac,
    /// How many devices may be on the list so.
    pub most: u8,
    /// On which router.
    pub router_id: i64,
    /// When.
    pub at: UnixMs,
}

/// What became of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bound {
    /// It is on the list now.
    Bound,
    /// It was there already.
    Already,
    /// Others had taken the last places.
    Refused,
    /// The customer is gone.
    NoCustomer,
}

/// Binds a device. The customer's row is locked first, so of two nodes that bind at once one counts after the other.
pub async fn bind_device(tx: &mut Tx, tenant: TenantId, binding: &DeviceBinding) -> Result<Bound, StoreError> {
    let (id, mac) = (binding.customer_id, binding.mac);
    if !sql::update_lock_by_id(tx, tenant, id, binding.at).await? {
        return Ok(Bound::NoCustomer);
    }
    if sql::has_device(tx, tenant, id, mac).await? {
        return Ok(Bound::Already);
    }
    let source = format!("login on router {}", binding.router_id);
    let (action, bound) = if sql::count_devices(tx, tenant, id).await? < i64::from(binding.most) {
        sql::insert_bound_device(tx, tenant, id, mac, binding.at).await?;
        (DeviceAction::Bound, Bound::Bound)
    } else {
        (DeviceAction::Refused, Bound::Refused)
    };
    sql::insert_login_event(tx, tenant, id, mac, action, &source, binding.at).await?;
    tx.changed(tenant.0, "customers", id.0);
    Ok(bound)
}
