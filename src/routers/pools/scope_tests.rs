//! Whose pools are found and changed, by every function of SQL under a scope and by the use cases.

use super::*;
use crate::accounts::test_scopes::{World, each_scope};
use crate::q;
use crate::store::test_db::NOW;

/// A pool of each owner, which bears his name, with one address leased to a customer who was removed.
async fn pools(world: &World) -> Vec<Pool> {
    let mut all = Vec::new();
    for (at, owner) in world.owners.iter().enumerate() {
        let new = NewPool {
            name: owner.name.into(),
            ranges: parse_ranges(&format!("10.0.{at}.0/24")).expect("one"),
            router: None,
            grace_secs: 60,
        };
        let pool = add_pool(&world.fresh.db, &world.fresh.ids, &owner.scope, owner.id, new, NOW).await.expect(owner.name);
        let mut tx = world.fresh.db.begin().await.expect("a transaction");
        q!(exec tx, "INSERT INTO ip_leases (tenant_id, pool_id, address, customer_id, leased_at) VALUES ($1, $2, '10.0.0.1', 5, 1)",
            owner.tenant.id.0, pool.id)
        .expect("a lease");
        tx.commit(NOW).await.expect("commits");
        all.push(pool);
    }
    all
}

#[tokio::test]
async fn every_function_of_sql_touches_what_the_scope_sees() {
    for world in World::on_each().await {
        let all = pools(&world).await;
        each_scope! { world, all, World::sees, (conn, scope, pool):
            "find_pool" => sql::find_pool(conn, scope, &pool.name),
            "list_pools_of_tenant, whether it is seen" => async {
                sql::list_pools_of_tenant(conn, scope).await.map(|list| list.into_iter().find(|(p, is_seen)| p.id == pool.id && *is_seen))
            },
            "list_pool_summaries" => async {
                sql::list_pool_summaries(conn, scope, NOW).await.map(|list| list.into_iter().find(|p| p.pool.id == pool.id && p.held == 1))
            },
            "list_lease_lines" => sql::list_lease_lines(conn, scope, pool.id, false, "", 9),
            "update_lock_pool" => sql::update_lock_pool(conn, scope, &pool.name, NOW + 1),
            "update_pool" => sql::update_pool(conn, scope, &Pool { grace_secs: 9, ..pool.clone() }),
            "delete_leases" => sql::delete_leases(conn, scope, pool.id),
            "delete_pool" => sql::delete_pool(conn, scope, pool.id),
        }
        let taken = |actor: &str, owner: &str| (actor == "elsewhere") == (owner == "elsewhere");
        each_scope! { world, all, taken, (conn, scope, pool):
            "is_name_taken" => sql::is_name_taken(conn, scope, &pool.name),
        }
        world.fresh.end().await;
    }
}

#[tokio::test]
async fn use_cases_ask_for_the_capability_and_know_no_foreign_pool() {
    for world in World::on_each().await {
        let (db, ids) = (&world.fresh.db, &world.fresh.ids);
        pools(&world).await;
        let add = async |scope: &str, owner: &str, name: &str, ranges: &str| {
            let new = NewPool { name: name.into(), ranges: parse_ranges(ranges).expect("ranges"), router: None, grace_secs: 60 };
            add_pool(db, ids, world.scope(scope), world.owner(owner).id, new, NOW).await.map(|_| "ok")
        };
        let code = |result: Result<&'static str, PoolError>| result.unwrap_or_else(|e| e.code());
        for (scope, owner, name, ranges, wanted) in [
            ("mary", "owner", "mine", "10.1.0.0/24", "capability-missing"),
            ("north", "north", "mine", "10.1.0.0/24", "capability-missing"),
            ("other", "owner", "mine", "10.1.0.0/24", "account-unknown"),
            ("other", "other", "north", "10.1.0.0/24", "pool-name-taken"),
            ("other", "other", "mine", "10.0.0.9", "pool-range-taken"),
            ("other", "other", "mine", "10.1.0.0/24", "ok"),
        ] {
            assert_eq!(code(add(scope, owner, name, ranges).await), wanted, "{scope} adds {name} for {owner}");
        }
        let refused = add("other", "other", "x", "10.0.0.9").await.expect_err("taken").to_string();
        assert!(refused.contains("of another pool"), "{refused}");
        let set = async |scope: &str, name: &str| {
            let changes = PoolChanges { grace_secs: Some(5), ..PoolChanges::default() };
            code(set_pool(db, world.scope(scope), name, changes, NOW).await.map(|_| "ok"))
        };
        let remove = async |scope: &str, name: &str| code(remove_pool(db, world.scope(scope), name, NOW).await.map(|_| "ok"));
        for (scope, name, wanted) in [
            ("mary", "north", "capability-missing"),
            ("other", "north", "pool-unknown"),
            ("elsewhere", "north", "pool-unknown"),
            ("owner", "north", "ok"),
        ] {
            assert_eq!(set(scope, name).await, wanted, "{scope} changes {name}");
            assert_eq!(remove(scope, name).await, wanted, "{scope} removes {name}");
        }
        let mut conn = db.read().await.expect("reads");
        let mary = world.scope("mary");
        assert_eq!(find_pool(&mut conn, mary, "owner").await.expect_err("a manager").code(), "capability-missing");
        assert_eq!(list_pool_summaries(&mut conn, mary, NOW).await.expect_err("a manager").code(), "capability-missing");
        assert_eq!(list_lease_lines(&mut conn, mary, 1, false, "", 9).await.expect_err("a manager").code(), "capability-missing");
        drop(conn);
        world.fresh.end().await;
    }
}
