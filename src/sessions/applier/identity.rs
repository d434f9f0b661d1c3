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

#[cfg(test)]
mod tests {
    use super::super::tests::Bench;
    use super::*;
    use crate::accounts::Scope;
    use crate::customers::list_devices;
    use crate::packages::{NewPackage, add_package};
    use crate::routers::pools::{NewPool, add_pool, list_leases, parse_ranges};
    use crate::sessions::Record;
    use crate::store::KeyFile;
    use crate::store::test_db::NOW;
    use crate::units::{AccountId, Mac};

    const A: Mac = Mac([0x48, 0, 0, 0, 0, 1]);
    const B: Mac = Mac([0x48, 0, 0, 0, 0, 2]);

    /// A tenant of the test's own, and a customer.
    async fn bob(bench: &Bench) -> (Scope, AccountId, i64) {
        let fresh = &bench.fresh;
        let (id, owner) = crate::accounts::ensure_default_tenant(&fresh.db, &fresh.ids, "mine", NOW).await.expect("a tenant");
        let tenant = crate::accounts::find_tenant(&mut fresh.db.read().await.expect("reads"), "mine").await.expect("read").expect("one");
        let scope = Scope::administrator(id);
        let package = NewPackage { name: "home".into(), ..NewPackage::default() };
        add_package(&fresh.db, &fresh.ids, &scope, owner, package, NOW).await.expect("a package");
        let sealer = KeyFile::read_or_create(&fresh.folder.path().join("key")).expect("a key").sealer();
        let password = crate::customers::CustomerPassword::new("pass word").expect("a password");
        let new = crate::customers::NewCustomer::new("bob", password, "home");
        let check = &crate::customers::check_reply_syntax;
        let bob =
            crate::customers::add_customer(&fresh.db, &fresh.ids, &sealer, &scope, &tenant, owner, new, check, NOW).await.expect("bob");
        (scope, owner, bob.id.0)
    }

    #[tokio::test]
    async fn bindings_and_leases_are_applied_once_in_their_order() {
        for bench in Bench::each().await {
            let (scope, owner, customer_id) = bob(&bench).await;
            let tenant_id = scope.tenant().0;
            let ranges = parse_ranges("10.0.0.0/24").expect("ranges");
            let new = NewPool { name: "p".into(), ranges, router: None, grace_secs: 60 };
            let pool_id = add_pool(&bench.fresh.db, &bench.fresh.ids, &scope, owner, new, NOW).await.expect("a pool").id;
            let bound = |mac, at| Record::MacBound(MacBound { tenant_id, customer_id, router_id: 2, mac, most: 1, at });
            let leased = |customer_id, at| {
                Record::Leased(Leased { tenant_id, pool_id, customer_id, address: [10, 0, 0, 7].into(), mac: Some(A), at })
            };
            for record in [bound(A, NOW), bound(B, NOW + 1), leased(customer_id, NOW), leased(9, NOW + 2), leased(customer_id, NOW + 1)] {
                bench.tell(&record);
            }
            bench.tell(&Record::Leased(Leased { tenant_id, pool_id: 404, customer_id, address: [10, 0, 0, 7].into(), mac: None, at: NOW }));
            bench.apply().await;
            let mut conn = bench.fresh.db.read().await.expect("reads");
            let devices = list_devices(&mut conn, &scope, CustomerId(customer_id)).await.expect("devices");
            assert_eq!(devices.iter().map(|d| d.mac).collect::<Vec<_>>(), [A], "the first one won");
            let leases = list_leases(&mut conn, pool_id).await.expect("leases");
            assert_eq!(leases.iter().map(|l| (l.customer_id, l.leased_at)).collect::<Vec<_>>(), [(9, NOW + 2)], "the newest lease stands");
            drop(conn);
            bench.end().await;
        }
    }
}
