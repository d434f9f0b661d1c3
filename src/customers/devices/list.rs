//! Reading a customer's devices, for people.

use super::{Device, DeviceEvent, sql};
use crate::accounts::Scope;
use crate::accounts::capability::Capability;
use crate::customers::CustomerError;
use crate::customers::list::require_of;
use crate::store::Conn;
use crate::units::CustomerId;

/// A customer's devices, by address.
pub async fn list_devices(conn: &mut Conn, scope: &Scope, id: CustomerId) -> Result<Vec<Device>, CustomerError> {
    require_of(conn, scope, Capability::CustomersView, id).await?;
    Ok(sql::list_devices(conn, scope, id).await?)
}

/// The newest changes of a customer's list, newest first.
pub async fn list_device_events(conn: &mut Conn, scope: &Scope, id: CustomerId, limit: i64) -> Result<Vec<DeviceEvent>, CustomerError> {
    require_of(conn, scope, Capability::CustomersView, id).await?;
    Ok(sql::list_device_events(conn, scope, id, limit).await?)
}
