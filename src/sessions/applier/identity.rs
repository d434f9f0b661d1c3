//! What logins took for good, into the store: devices bound, addresses leased.

use crate::customers::{DeviceBinding, bind_device};
use crate::routers::pools::{Lease, insert_lease};
use crate::sessions::record::{Leased, MacBound};
use crate::store::{StoreError, Tx};
use crate::units::{CustomerId, TenantId};

pub(super) async fn write(tx: &mut Tx, bound: &[MacBound], leased: &[Leased]) -> Result<(), StoreError> {
    for b in bound {
        let binding = DeviceBinding { customer_id: CustomerId(b.customer_id), mac: b.mac, most: b.most, router_id: b.router_id, at: b.at };
        bind_device(tx, TenantId(b.tenant_id), &binding).await?;
    }
    for l in leased {
        let lease = Lease { address: l.address, customer_id: l.customer_id, mac: l.mac, leased_at: l.at, freed_at: None };
        insert_lease(tx, TenantId(l.tenant_id), l.pool_id, &lease).await?;
    }
    Ok(())
}
