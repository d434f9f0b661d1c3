//! Whose customers are found and changed, by every function of SQL under a scope and by the use cases.

use super::import::{plan_import, write_import};
use super::*;
use crate::accounts::capability::Capability;
use crate::accounts::test_scopes::{World, each_scope};
use crate::accounts::{RoleChanges, Scope, account_standing, set_role};
use crate::packages::{Direction, NewPackage, add_package};
use crate::store::test_db::NOW;
use crate::store::{KeyFile, Sealer, StoreError};
use crate::units::{CustomerId, Mac};

pub(super) fn sealer(world: &World) -> Sealer {
    KeyFile::read_or_create(&world.fresh.folder.path().join("key")).expect("a key").sealer()
}

fn new(username: &str, package: &str) -> NewCustomer {
    NewCustomer::new(username, CustomerPassword::new("secret").expect("a password"), package)
}

fn bought() -> NewTopUp {
    NewTopUp { direction: Direction::Total, octets: 5, expires_at: None, note: String::new(), created_by: "test".into() }
}

/// A package and a customer of each owner, which bear his name; the customer has a device, an address and a top-up.
pub(super) async fn customers(world: &World, sealer: &Sealer) -> Vec<Customer> {
    let (db, ids) = (&world.fresh.db, &world.fresh.ids);
    let mut all = Vec::new();
    for (at, owner) in world.owners.iter().enumerate() {
        let package = NewPackage { name: owner.name.into(), ..NewPackage::default() };
        add_package(db, ids, &owner.scope, owner.id, package, NOW).await.expect("a package");
        let static_ipv4 = Some([10, 0, 0, at as u8 + 1].into());
        let new = NewCustomer { static_ipv4, macs: vec![Mac([0x48, 0, 0, 0, 0, at as u8])], ..new(owner.name, owner.name) };
        let added = add_customer(db, ids, sealer, &owner.scope, &owner.tenant, owner.id, new, &check_reply_syntax, NOW).await;
        add_top_up(db, ids, &owner.scope, &owner.tenant, owner.name, bought(), NOW).await.expect("bought");
        all.push(added.expect(owner.name));
    }
    all
}

#[tokio::test]
async fn every_function_of_sql_touches_what_the_scope_sees() {
    for world in World::on_each().await {
        let all = customers(&world, &sealer(&world)).await;
        let filter = CustomerFilter::default();
        each_scope! { world, all, World::sees, (conn, scope, customer):
            "find_customer" => sql::find_customer(conn, scope, &customer.username),
            "find_row_by_id" => sql::find_row_by_id(conn, scope, customer.id),
            "find_customer_by_id" => sql::find_customer_by_id(conn, scope, customer.id),
            "list_rows" => async {
                sql::list_rows(conn, scope, &filter, "", 99).await.map(|rows| rows.into_iter().find(|row| row.id == customer.id.0))
            },
            "list_rows after a key" => async {
                let after = &customer.username[..customer.username.len() - 1];
                sql::list_rows(conn, scope, &filter, after, 1).await.map(|rows| rows.into_iter().find(|row| row.id == customer.id.0))
            },
            "list_macs_between" => async { sql::list_macs_between(conn, scope, "", "zz").await.map(|mut macs| macs.remove(&customer.id.0)) },
            "list_macs" => sql::list_macs(conn, scope, customer.id),
            "count_customers" => async {
                // One less without him.
                let before = sql::count_customers(conn, scope).await?;
                crate::q!(exec conn, "DELETE FROM customer_macs WHERE customer_id = $1", customer.id.0)?;
                crate::q!(exec conn, "DELETE FROM customers WHERE id = $1", customer.id.0)?;
                Ok::<bool, StoreError>(sql::count_customers(conn, scope).await? < before)
            },
            "find_holder, told" => async {
                let same = Customer { id: crate::units::CustomerId(1), ..customer.clone() };
                taken::holder_of(conn, scope, &same, &customer.username).await.map(|holder| holder.filter(|h| h.is_seen))
            },
            "update_lock_customer" => sql::update_lock_customer(conn, scope, &customer.username, NOW + 1),
            "update_lock_customer_by_id" => sql::update_lock_customer_by_id(conn, scope, customer.id, None, NOW + 1),
            "update_customer" => sql::update_customer(conn, scope, &Customer { name: "new".into(), ..customer.clone() }, "new"),
            "update_password" => sql::update_password(conn, scope, customer.id, b"sealed"),
            "has_sessions" => async {
                crate::q!(exec conn, "INSERT INTO sessions VALUES ($1, $2, 3, 1, $3, 'id', 'user', '', '', '', '', $4, $4, NULL, FALSE, 1, 60, 10, 20, 0, 0, 0, 0)",
                    customer.tenant_id.0, &[7u8; 16][..], customer.id.0, NOW)?;
                sql::has_sessions(conn, scope, customer.id).await
            },
            "delete_customer" => async {
                crate::q!(exec conn, "DELETE FROM customer_macs WHERE customer_id = $1", customer.id.0)?;
                sql::delete_customer(conn, scope, customer.id).await
            },
            "list_top_ups" => sql::list_top_ups(conn, scope, customer.id),
            "count_belonging" => async {
                crate::q!(exec conn, "UPDATE customers SET parent_id = $1 WHERE id = $2", customer.id.0 + 1, customer.id.0)?;
                sql::count_belonging(conn, scope, CustomerId(customer.id.0 + 1)).await.map(|n| n == 1)
            },
            "insert_top_up" => async {
                let top_up = TopUp { id: 1, bought_at: NOW, bought: bought() };
                sql::insert_top_up(conn, scope, customer.id, &top_up).await
            },
            "delete_top_ups" => sql::delete_top_ups(conn, scope, customer.id),
        }
        // What is unique is taken in the tenant, whoever has it.
        let taken = |actor: &str, owner: &str| (actor == "elsewhere") == (owner == "elsewhere");
        each_scope! { world, all, taken, (conn, scope, customer):
            "find_holder" => async {
                let same = Customer { id: crate::units::CustomerId(1), ..customer.clone() };
                taken::holder_of(conn, scope, &same, &customer.username).await
            },
        }
        world.fresh.end().await;
    }
}

#[tokio::test]
async fn a_customer_gets_an_owner_and_a_package_that_the_scope_sees() {
    for world in World::on_each().await {
        let (db, ids, sealer) = (&world.fresh.db, &world.fresh.ids, sealer(&world));
        customers(&world, &sealer).await;
        let add = async |scope: &str, owner: &str, customer: NewCustomer| {
            let owner = world.owner(owner);
            add_customer(db, ids, &sealer, world.scope(scope), &owner.tenant, owner.id, customer, &check_reply_syntax, NOW)
                .await
                .map(|_| "ok")
        };
        let code = |result: Result<&'static str, CustomerError>| result.unwrap_or_else(|e| e.code());
        for (scope, owner, username, package, wanted) in [
            ("mary", "owner", "eve", "owner", "capability-missing"),
            ("north", "south", "eve", "north", "account-unknown"),
            ("north", "owner", "eve", "north", "account-unknown"),
            ("other", "elsewhere", "eve", "other", "account-unknown"),
            ("north", "north", "eve", "south", "package-unknown"),
            ("north", "north", "eve", "other", "package-unknown"),
            ("north", "north", "south", "north", "username-taken"),
            ("north", "north", "eve", "owner", "ok"),
            ("owner", "south", "adam", "north", "ok"),
        ] {
            assert_eq!(code(add(scope, owner, new(username, package)).await), wanted, "{scope} adds {username} for {owner} with {package}");
        }
        let at = |last: u8| NewCustomer { static_ipv4: Some([10, 0, 0, last].into()), ..new("kim", "owner") };
        for (scope, last, told) in [("north", 3, "another customer"), ("owner", 3, "\"south\"")] {
            let refused = add(scope, scope, at(last)).await.expect_err("taken").to_string();
            assert!(refused.contains(told), "{scope}: {refused}");
        }

        let plan = async |scope: &str, owner: &str, package: &str| {
            let (owner, file) = (world.owner(owner), format!("username,password,package\nbulk,x,{package}\nsouth,x,{package}\n"));
            let mut conn = db.read().await.expect("reads");
            plan_import(&mut conn, world.scope(scope), ids, &owner.tenant, owner.id, file.as_bytes(), None, &check_reply_syntax, NOW).await
        };
        assert!(plan("north", "north", "north").await.expect_err("an operator").to_string().contains("special.bulk-operations"));
        assert!(plan("other", "owner", "other").await.expect_err("a foreign owner").to_string().contains("there is no account"));
        assert_eq!(plan("other", "other", "north").await.expect("a plan").bad.len(), 2, "a foreign package");
        let planned = plan("other", "other", "other").await.expect("a plan");
        assert_eq!(planned.bad[0].reason, "the username \"south\" is taken by a customer in the store");
        assert_eq!(write_import(db, &sealer, planned, NOW, |_| {}).await.expect("written"), 1);
        world.fresh.end().await;
    }
}

/// The operator north with a capability more and one less.
async fn north_with(world: &World, added: &[Capability], withheld: &[Capability]) -> Scope {
    let set = |all: &[Capability]| all.iter().fold(crate::accounts::capability::CapabilitySet::EMPTY, |set, c| set.with(*c));
    let changes = RoleChanges { add: set(added), withhold: set(withheld), reset: true, ..RoleChanges::default() };
    set_role(&world.fresh.db, world.scope("commands"), crate::accounts::Role::Operator, &changes, NOW).await.expect("set");
    let id = world.account("north").await.id;
    let mut conn = world.fresh.db.read().await.expect("reads");
    account_standing(&mut conn, world.scope("commands"), id, NOW).await.expect("read").expect("a standing").scope
}

#[tokio::test]
async fn each_change_asks_for_its_capability_and_knows_no_foreign_customer() {
    for world in World::on_each().await {
        let (db, ids, sealer) = (&world.fresh.db, &world.fresh.ids, sealer(&world));
        let all = customers(&world, &sealer).await;
        let tenant = world.tenant("default").await;
        let code = |result: Result<(), CustomerError>| result.map_or_else(|e| e.code(), |()| "ok");
        let set = async |scope: &Scope, username: &str, changes: &CustomerChanges| {
            code(set_customer(db, scope, &tenant, username, changes, &check_reply_syntax, NOW).await.map(|_| ()))
        };
        let others = async |scope: &Scope, username: &str| {
            [
                set(scope, username, &CustomerChanges { phone: Some("1".into()), ..Default::default() }).await,
                set(scope, username, &CustomerChanges::default()).await,
                code(set_password(db, &sealer, scope, &tenant, username, &CustomerPassword::new("x").expect("one"), NOW).await.map(|_| ())),
                code(add_top_up(db, ids, scope, &tenant, username, bought(), NOW).await.map(|_| ())),
                code(devices::add_device(db, scope, &tenant, username, Mac([1; 6]), "", devices::STAFF, NOW).await.map(|_| ())),
                code(devices::remove_device(db, scope, &tenant, username, Mac([1; 6]), devices::STAFF, NOW).await.map(|_| ())),
            ]
        };
        for (scope, username, wanted) in [
            ("mary", "north", "capability-missing"),
            ("north", "south", "customer-unknown"),
            ("other", "north", "customer-unknown"),
            ("elsewhere", "north", "customer-unknown"),
            ("north", "nobody", "customer-unknown"),
            ("north", "north", "ok"),
            ("owner", "north", "ok"),
        ] {
            // A manager finds whom he may not change.
            assert_eq!(others(world.scope(scope), username).await, [wanted; 6], "{scope} changes {username}");
        }
        let taken = CustomerChanges { username: Some("south".into()), ..Default::default() };
        assert_eq!(set(world.scope("north"), "north", &taken).await, "username-taken");
        let package = |name: &str| CustomerChanges { package: Some(name.into()), ..Default::default() };
        assert_eq!(set(world.scope("north"), "north", &package("south")).await, "package-unknown");
        assert_eq!(set(world.scope("north"), "north", &package("owner")).await, "ok");

        // Whether he is served is one thing, all else another.
        let suspend = CustomerChanges { hold: Some(Hold::new(HoldKind::Suspended, "unpaid")), ..Default::default() };
        let close = CustomerChanges { closed: Some(true), ..Default::default() };
        let activate = CustomerChanges { hold: Some(Hold::None), closed: Some(false), ..Default::default() };
        let rename = CustomerChanges { name: Some("N".into()), ..Default::default() };
        let both = CustomerChanges { name: Some("M".into()), ..suspend.clone() };
        use Capability::{CustomersActivate as A, CustomersEdit as E, CustomersSuspend as S};
        for (withheld, changes, wanted) in [
            (S, &suspend, "capability-missing"),
            (S, &close, "capability-missing"),
            (E, &both, "capability-missing"),
            (E, &suspend, "ok"),
            (A, &activate, "capability-missing"),
            (E, &activate, "ok"),
            (E, &close, "ok"),
            (S, &activate, "ok"),
            (E, &rename, "capability-missing"),
            (S, &rename, "ok"),
        ] {
            let scope = north_with(&world, &[], &[withheld]).await;
            assert_eq!(set(&scope, "north", changes).await, wanted, "without {withheld}: {changes:?}");
        }

        let remove = async |scope: &Scope, username: &str| code(remove_customer(db, scope, &tenant, username, NOW).await.map(|_| ()));
        assert_eq!(remove(world.scope("north"), "north").await, "capability-missing", "an operator");
        assert_eq!(remove(world.scope("other"), "north").await, "customer-unknown");
        let allowed = north_with(&world, &[Capability::CustomersDelete], &[]).await;
        assert_eq!((remove(&allowed, "south").await, remove(&allowed, "north").await), ("customer-unknown", "ok"));

        let mut conn = db.read().await.expect("reads");
        let (mary, id) = (world.scope("mary"), all[0].id);
        assert_eq!(
            list_customers(&mut conn, mary, &CustomerFilter::default(), "", 9).await.expect_err("a manager").code(),
            "capability-missing"
        );
        assert_eq!(find_customer(&mut conn, mary, "owner").await.expect_err("a manager").code(), "capability-missing");
        assert_eq!(find_customer_by_id(&mut conn, mary, id).await.expect_err("a manager").code(), "capability-missing");
        assert_eq!(count_customers(&mut conn, mary).await.expect_err("a manager").code(), "capability-missing");
        assert_eq!(list_top_ups(&mut conn, mary, id).await.expect_err("a manager").code(), "capability-missing");
        assert_eq!(list_devices(&mut conn, mary, id).await.expect_err("a manager").code(), "capability-missing");
        assert_eq!(list_device_events(&mut conn, mary, id, 9).await.expect_err("a manager").code(), "capability-missing");
        assert_eq!(find_customer_with_password(&mut conn, mary, &sealer, id).await.expect_err("a manager").code(), "capability-missing");
        assert!(find_customer_with_password(&mut conn, world.scope("other"), &sealer, id).await.expect("allowed").is_none());
        assert!(find_customer_with_password(&mut conn, world.scope("owner"), &sealer, id).await.expect("allowed").is_some());
        drop(conn);
        world.fresh.end().await;
    }
}

/// A part of a tenant is read from the index by owner, the whole tenant from the index by name; neither walks the other's customers.
#[tokio::test]
async fn lists_walk_the_index_of_what_they_show() {
    for world in World::on_each().await {
        let mut conn = world.fresh.db.read().await.expect("reads");
        for (sql, index) in [
            (sql::LIST_ALL, "sqlite_autoindex_customers_1"),
            (sql::LIST_SEEN_LITE, "customers_by_owner"),
            (sql::COUNT_SEEN, "customers_by_owner"),
        ] {
            let plan = sql::for_tests::sqlite_plan(&mut conn, sql).await;
            assert!(plan.is_empty() || plan.contains(index), "{sql}\n{plan}");
        }
        drop(conn);
        world.fresh.end().await;
    }
}
