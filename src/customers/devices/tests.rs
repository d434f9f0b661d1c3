//! Lists of devices on both databases: every change is noted, the first bindings win, and what stays keeps its history.

use super::*;
use crate::accounts::{Scope, Tenant, ensure_default_tenant, find_tenant};
use crate::customers::{CustomerChanges, CustomerPassword, NewCustomer, add_customer, check_reply_syntax, remove_customer, set_customer};
use crate::packages::{NewPackage, add_package};
use crate::store::KeyFile;
use crate::store::test_db::{NOW, TestDb, each_database};
use crate::units::CustomerId;

const A: Mac = Mac([0x48, 0, 0, 0, 0, 1]);
const B: Mac = Mac([0x48, 0, 0, 0, 0, 2]);
const RANDOM: Mac = Mac([0xda, 0, 0, 0, 0, 3]);

struct Bob {
    fresh: TestDb,
    tenant: Tenant,
    scope: Scope,
    id: CustomerId,
}

async fn bobs(macs: &[Mac]) -> Vec<Bob> {
    let mut all = Vec::new();
    for fresh in each_database().await {
        let sealer = KeyFile::read_or_create(&fresh.folder.path().join("key")).expect("a key").sealer();
        let (tenant, owner) = ensure_default_tenant(&fresh.db, &fresh.ids, "default", NOW).await.expect("a tenant");
        let scope = Scope::administrator(tenant);
        let package = NewPackage { name: "home".into(), ..NewPackage::default() };
        add_package(&fresh.db, &fresh.ids, &scope, owner, package, NOW).await.expect("a package");
        let tenant = find_tenant(&mut fresh.db.read().await.expect("reads"), "default").await.expect("read").expect("the tenant");
        let password = CustomerPassword::new("pass word").expect("a password");
        let new = NewCustomer { macs: macs.to_vec(), ..NewCustomer::new("bob", password, "home") };
        let customer =
            add_customer(&fresh.db, &fresh.ids, &sealer, &scope, &tenant, owner, new, &check_reply_syntax, NOW).await.expect("bob");
        all.push(Bob { fresh, tenant, scope, id: customer.id });
    }
    all
}

impl Bob {
    async fn devices(&self) -> Vec<Device> {
        list_devices(&mut self.fresh.db.read().await.expect("reads"), &self.scope, self.id).await.expect("devices")
    }

    async fn events(&self) -> Vec<(Mac, DeviceAction, String, String)> {
        let mut conn = self.fresh.db.read().await.expect("reads");
        let events = list_device_events(&mut conn, &self.scope, self.id, 100).await.expect("events");
        events.into_iter().rev().map(|e| (e.mac, e.action, e.actor, e.source)).collect()
    }

    async fn bind(&self, mac: Mac, most: u8, at: UnixMs) -> Bound {
        let mut tx = self.fresh.db.begin().await.expect("a transaction");
        let binding = DeviceBinding { customer_id: self.id, mac, most, router_id: 9, at };
        let bound = bind_device(&mut tx, self.tenant.id, &binding).await.expect("binds");
        tx.commit(at).await.expect("commits");
        bound
    }
}

#[tokio::test]
async fn the_first_bindings_win_and_each_is_noted() {
    for bob in bobs(&[]).await {
        assert_eq!(bob.bind(A, 2, NOW + 1).await, Bound::Bound);
        assert_eq!(bob.bind(A, 2, NOW + 2).await, Bound::Already);
        assert_eq!(bob.bind(RANDOM, 2, NOW + 3).await, Bound::Bound);
        assert_eq!(bob.bind(B, 2, NOW + 4).await, Bound::Refused);
        assert_eq!(bob.bind(B, 2, NOW + 4).await, Bound::Refused, "told twice");
        let devices = bob.devices().await;
        let seen: Vec<_> = devices.iter().map(|d| (d.mac, d.added_by.as_str(), d.added_at, d.is_random)).collect();
        assert_eq!(seen, [(A, "auto", NOW + 1, false), (RANDOM, "auto", NOW + 3, true)]);
        let router = "login on router 9".to_owned();
        let event = |mac, action| (mac, action, "auto".to_owned(), router.clone());
        let wanted = [event(A, DeviceAction::Bound), event(RANDOM, DeviceAction::Bound), event(B, DeviceAction::Refused)];
        assert_eq!(bob.events().await, wanted);
        bob.fresh.end().await;
    }
}

#[tokio::test]
async fn staff_changes_a_list_and_what_stays_keeps_its_history() {
    for bob in bobs(&[A]).await {
        let (db, scope, tenant) = (&bob.fresh.db, &bob.scope, &bob.tenant);
        let by = DeviceActor { name: "alice", source: "command line" };
        assert!(add_device(db, scope, tenant, "BOB", B, "his phone", by, NOW + 1).await.expect("added"));
        assert!(!add_device(db, scope, tenant, "bob", B, "", by, NOW + 2).await.expect("there"));
        let mut tx = db.begin().await.expect("a transaction");
        let seen = |mac, at| DeviceSeen { tenant_id: tenant.id.0, customer_id: bob.id.0, mac, at };
        let devices = [seen(B, NOW + 3), seen(RANDOM, NOW + 3), DeviceSeen { tenant_id: 99, ..seen(A, NOW + 3) }];
        assert_eq!(update_devices_seen(&mut tx, &devices).await.expect("seen"), 1, "of one device of his and two that are not");
        assert_eq!(update_devices_seen(&mut tx, &[seen(B, NOW + 4)]).await.expect("seen"), 0, "within the hour");
        tx.commit(NOW).await.expect("commits");
        let changes = CustomerChanges { add_macs: vec![RANDOM], remove_macs: vec![A], ..CustomerChanges::default() };
        set_customer(db, scope, tenant, "bob", &changes, &check_reply_syntax, NOW + 5).await.expect("changed");
        let devices = bob.devices().await;
        let seen: Vec<_> = devices.iter().map(|d| (d.mac, d.added_by.as_str(), d.note.as_str(), d.last_seen_at)).collect();
        assert_eq!(seen, [(B, "alice", "his phone", NOW + 3), (RANDOM, "staff", "", 0)]);
        assert!(remove_device(db, scope, tenant, "bob", B, by, NOW + 6).await.expect("removed"));
        assert!(!remove_device(db, scope, tenant, "bob", B, by, NOW + 7).await.expect("gone"));
        remove_customer(db, scope, tenant, "bob", NOW + 8).await.expect("removed");
        let actions: Vec<_> = bob.events().await.into_iter().map(|(mac, action, ..)| (mac, action)).collect();
        use DeviceAction::{Added, Removed};
        assert_eq!(actions, [(A, Added), (B, Added), (A, Removed), (RANDOM, Added), (B, Removed), (RANDOM, Removed)]);
        bob.fresh.end().await;
    }
}
