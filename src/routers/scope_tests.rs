//! Whose routers are found and changed, by every function of SQL under a scope and by the use cases.

use super::*;
use crate::accounts::test_scopes::{World, each_scope};
use crate::q;
use crate::store::test_db::NOW;
use crate::store::{Conn, KeyFile, Sealer, StoreError};

/// A router of each owner, which bears his name; learned from, counted, and with its own address.
async fn routers(world: &World, sealer: &Sealer) -> Vec<Router> {
    let mut all = Vec::new();
    for (at, owner) in world.owners.iter().enumerate() {
        let address = format!("192.0.2.{}", at + 1).parse().expect("an address");
        let new = NewRouter::new(owner.name, vec![address], RouterSecret::new(b"a secret").expect("one"));
        let router = add_router(&world.fresh.db, &world.fresh.ids, sealer, &owner.scope, owner.id, &new, NOW).await.expect(owner.name);
        let mut tx = world.fresh.db.begin().await.expect("a transaction");
        q!(exec tx, "INSERT INTO router_learned (router_id, address, tenant_id, learned_at) VALUES ($1, '192.0.2.1', $2, 1)", router.id.0, owner.tenant.id.0)
            .expect("learned");
        q!(exec tx, "INSERT INTO router_counters (router_id, tenant_id, access_requests, accepts, rejects, accounting_requests, bad_authenticator, \
            bad_message_authenticator, missing_message_authenticator, proxy_state_drops, garbled_passwords, clock_skew_secs, last_access_at, \
            last_accounting_at, updated_at) VALUES ($1, $2, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1)", router.id.0, owner.tenant.id.0)
        .expect("counted");
        tx.commit(NOW).await.expect("commits");
        all.push(router);
    }
    all
}

fn sealer(world: &World) -> Sealer {
    KeyFile::read_or_create(&world.fresh.folder.path().join("key")).expect("a key").sealer()
}

#[tokio::test]
async fn every_function_of_sql_touches_what_the_scope_sees() {
    for world in World::on_each().await {
        let sealer = sealer(&world);
        let all = routers(&world, &sealer).await;
        let named = |list: Vec<Router>, router: &Router| list.into_iter().filter(|r| r.id == router.id).collect::<Vec<_>>();
        let stored = async |conn: &mut Conn, router: &Router| sql::find_row_by_id(conn, router.id).await.expect("read").expect("there");
        each_scope! { world, all, World::sees, (conn, scope, router):
            "find_router" => sql::find_router(conn, scope, &router.name),
            "list_addresses" => sql::list_addresses(conn, scope, router.id),
            "list_routers" => async { sql::list_routers(conn, scope, "", 99).await.map(|list| named(list, router)) },
            "list_routers, its addresses" => async {
                let found = sql::list_routers(conn, scope, "", 99).await?;
                Ok::<Vec<_>, StoreError>(named(found, router).into_iter().flat_map(|r| r.addresses).collect())
            },
            "count_learned" => async { sql::count_learned(conn, scope).await.map(|counts| counts.get(&router.id.0).copied()) },
            "list_counters" => async {
                sql::list_counters(conn, scope).await.map(|all| all.into_iter().find(|c| c.router_id == router.id.0))
            },
            "list_silent" => async {
                sql::list_silent(conn, scope, 0, NOW, 99).await.map(|all| all.into_iter().find(|(name, _)| *name == router.name))
            },
            "find_address_holder" => sql::find_address_holder(conn, scope, &router.addresses[0].to_string(), ""),
            "update_lock_router" => sql::update_lock_router(conn, scope, &router.name, NOW + 1),
            "update_router" => async {
                let row = sql::RouterRow { coa_port: 9, ..stored(conn, router).await };
                sql::update_router(conn, scope, &row).await
            },
            "insert_address" => sql::insert_address(conn, scope, router.id, "198.51.100.7/32", ""),
            "delete_addresses" => sql::delete_addresses(conn, scope, router.id),
            "delete_learned" => sql::delete_learned(conn, scope, router.id),
            "delete_counters" => sql::delete_counters(conn, scope, router.id),
            "delete_router" => async {
                q!(exec conn, "DELETE FROM router_addresses WHERE router_id = $1", router.id.0)?;
                sql::delete_router(conn, scope, router.id).await
            },
        }
        each_scope! { world, all, World::sees_or_is_below, (conn, scope, router):
            "find_named_router" => sql::find_named_router(conn, scope, &router.name),
            "list_named" => async {
                sql::list_named(conn, scope, "", 99).await.map(|list| list.into_iter().find(|r| r.id == router.id.0))
            },
        }
        // A name is taken in the tenant, whoever has it.
        let taken = |actor: &str, owner: &str| (actor == "elsewhere") == (owner == "elsewhere");
        each_scope! { world, all, taken, (conn, scope, router):
            "is_name_taken" => sql::is_name_taken(conn, scope, &router.name),
        }
        world.fresh.end().await;
    }
}

#[tokio::test]
async fn use_cases_ask_for_the_capability_and_know_no_foreign_router() {
    for world in World::on_each().await {
        let (db, ids, sealer) = (&world.fresh.db, &world.fresh.ids, sealer(&world));
        routers(&world, &sealer).await;
        let address = |text: &str| vec![text.parse().expect("an address")];
        let new = |name: &str, at: &str| NewRouter::new(name, address(at), RouterSecret::new(b"x").expect("one"));
        let add = async |scope: &str, owner: &str, name: &str, at: &str| {
            add_router(db, ids, &sealer, world.scope(scope), world.owner(owner).id, &new(name, at), NOW).await.map(|_| "ok")
        };
        let code = |result: Result<&'static str, RouterError>| result.unwrap_or_else(|e| e.code());
        for (scope, owner, name, at, wanted) in [
            ("mary", "owner", "mine", "192.0.2.50", "capability-missing"),
            ("other", "owner", "mine", "192.0.2.50", "account-unknown"),
            ("other", "elsewhere", "mine", "192.0.2.50", "account-unknown"),
            ("other", "other", "north", "192.0.2.50", "router-name-taken"),
            ("other", "other", "mine", "192.0.2.2", "router-address-taken"),
            ("other", "other", "mine", "192.0.2.50", "ok"),
            ("owner", "south", "south-2", "192.0.2.51", "ok"),
        ] {
            assert_eq!(code(add(scope, owner, name, at).await), wanted, "{scope} adds {name} for {owner}");
        }
        // Whose a taken address is, learns who sees it.
        for (scope, at, told) in
            [("other", "192.0.2.2", "another router"), ("owner", "192.0.2.2", "\"north\""), ("owner", "192.0.2.5", "another router")]
        {
            let refused = add(scope, scope, "new", at).await.expect_err("taken").to_string();
            assert!(refused.contains(told), "{refused}");
        }
        let set = async |scope: &str, name: &str, changes: RouterChanges| {
            code(set_router(db, &sealer, world.scope(scope), name, &changes, NOW).await.map(|_| "ok"))
        };
        let give = |owner: &str| RouterChanges { owner: Some(world.owner(owner).id), ..RouterChanges::default() };
        let rename = |name: &str| RouterChanges { name: Some(name.into()), ..RouterChanges::default() };
        for (scope, name, changes, wanted) in [
            ("mary", "north", rename("x"), "capability-missing"),
            ("other", "north", rename("x"), "router-unknown"),
            ("elsewhere", "north", rename("x"), "router-unknown"),
            ("owner", "north", rename("other"), "router-name-taken"),
            ("owner", "north", give("other"), "account-unknown"),
            ("owner", "north", give("south"), "ok"),
        ] {
            assert_eq!(set(scope, name, changes).await, wanted, "{scope} changes {name}");
        }
        let remove = async |scope: &str, name: &str| code(remove_router(db, world.scope(scope), name, NOW).await.map(|_| "ok"));
        for (scope, name, wanted) in [
            ("mary", "south", "capability-missing"),
            ("other", "south", "router-unknown"),
            ("owner", "south", "ok"),
            ("owner", "south", "router-unknown"),
        ] {
            assert_eq!(remove(scope, name).await, wanted, "{scope} removes {name}");
        }
        let mut tx = db.begin().await.expect("a transaction");
        q!(exec tx, "INSERT INTO unknown_sources (address, first_seen_at, last_seen_at, packets) VALUES ('203.0.113.5', 1, 2, 3)")
            .expect("written");
        tx.commit(NOW).await.expect("commits");
        let mut conn = db.read().await.expect("reads");
        let north = world.scope("north");
        assert_eq!(list_router_summaries(&mut conn, north, "", 9).await.expect_err("an operator").code(), "capability-missing");
        assert_eq!(find_router(&mut conn, north, "north").await.expect_err("an operator").code(), "capability-missing");
        assert_eq!(list_named_routers(&mut conn, north, "", 9).await.expect_err("an operator").code(), "capability-missing");
        // There are two tenants, so not even a Super Admin sees what belongs to none.
        for (scope, wanted) in [("commands", 1), ("elsewhere", 1), ("super-admin", 0), ("owner", 0)] {
            assert_eq!(list_unknown_sources(&mut conn, world.scope(scope), 9).await.expect("read").len(), wanted, "{scope}");
        }
        drop(conn);
        world.fresh.end().await;
    }
}
