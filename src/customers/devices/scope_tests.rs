//! Whose devices are found and changed, by every function of SQL under a scope.

use super::*;
use crate::accounts::test_scopes::{World, each_scope};
use crate::customers::{Customer, CustomerPassword, NewCustomer, add_customer, check_reply_syntax};
use crate::packages::{NewPackage, add_package};
use crate::store::KeyFile;
use crate::store::test_db::NOW;

const LISTED: Mac = Mac([0x48, 0, 0, 0, 0, 1]);
const NEW: Mac = Mac([0x48, 0, 0, 0, 0, 2]);

/// A customer of each owner, with a device.
async fn customers(world: &World) -> Vec<Customer> {
    let (db, ids) = (&world.fresh.db, &world.fresh.ids);
    let sealer = KeyFile::read_or_create(&world.fresh.folder.path().join("key")).expect("a key").sealer();
    let mut all = Vec::new();
    for owner in &world.owners {
        let package = NewPackage { name: owner.name.into(), ..NewPackage::default() };
        add_package(db, ids, &owner.scope, owner.id, package, NOW).await.expect("a package");
        let password = CustomerPassword::new("secret").expect("a password");
        let new = NewCustomer { macs: vec![LISTED], ..NewCustomer::new(owner.name, password, owner.name) };
        let added = add_customer(db, ids, &sealer, &owner.scope, &owner.tenant, owner.id, new, &check_reply_syntax, NOW).await;
        all.push(added.expect(owner.name));
    }
    all
}

#[tokio::test]
async fn every_function_of_sql_touches_what_the_scope_sees() {
    for world in World::on_each().await {
        let all = customers(&world).await;
        each_scope! { world, all, World::sees, (conn, scope, customer):
            "list_devices" => sql::list_devices(conn, scope, customer.id),
            "list_device_events" => sql::list_device_events(conn, scope, customer.id, 9),
            "delete_device" => sql::delete_device(conn, scope, customer.id, LISTED),
            "update_device_note" => sql::update_device_note(conn, scope, customer.id, LISTED, "his phone"),
            "insert_device" => sql::insert_device(conn, scope, customer.id, NEW, "staff", "", NOW),
            "insert_event" => sql::insert_event(conn, scope, customer.id, NEW, DeviceAction::Added, STAFF, NOW),
        }
        world.fresh.end().await;
    }
}
