//! Whose packages are found, given and changed, by every function of SQL under a scope and by the use cases.

use super::*;
use crate::accounts::test_scopes::{World, each_scope};
use crate::store::test_db::NOW;
use crate::units::PackageId;

/// A package of each owner, which bears his name.
async fn packages(world: &World) -> Vec<Package> {
    let mut all = Vec::new();
    for owner in &world.owners {
        let new = NewPackage { name: owner.name.into(), ..NewPackage::default() };
        all.push(add_package(&world.fresh.db, &world.fresh.ids, &owner.scope, owner.id, new, NOW).await.expect(owner.name));
    }
    all
}

#[tokio::test]
async fn every_function_of_sql_touches_what_the_scope_sees() {
    for world in World::on_each().await {
        let all = packages(&world).await;
        each_scope! { world, all, World::sees, (conn, scope, package):
            "update_lock_package" => sql::update_lock_package(conn, scope, &package.name, NOW + 1),
            "update_package" => sql::update_package(conn, scope, &Package { name: "renamed".into(), ..package.clone() }),
            "delete_package" => sql::delete_package(conn, scope, package.id),
        }
        // Those of accounts above are read and given, not changed.
        let id = |found: Option<PackageId>, package: &Package| found.filter(|id| *id == package.id);
        each_scope! { world, all, World::sees_or_is_below, (conn, scope, package):
            "find_package_to_give" => async { sql::find_package_to_give(conn, scope, &package.name).await.map(|p| id(p.map(|p| p.id), package)) },
            "list_package_purchases" => async {
                sql::list_package_purchases(conn, scope).await.map(|all| id(all.get(&package.name).map(|p| p.id), package))
            },
            "list_packages" => async { sql::list_packages(conn, scope, "", 99).await.map(|all| all.into_iter().find(|p| p.id == package.id)) },
            "list_package_ids" => async { sql::list_package_ids(conn, scope).await.map(|all| all.into_iter().find(|(_, id)| *id == package.id)) },
        }
        let taken = |actor: &str, owner: &str| (actor == "elsewhere") == (owner == "elsewhere");
        each_scope! { world, all, taken, (conn, scope, package):
            "is_name_taken" => sql::is_name_taken(conn, scope, &package.name),
        }
        world.fresh.end().await;
    }
}

#[tokio::test]
async fn use_cases_ask_for_the_capability_and_change_no_foreign_package() {
    for world in World::on_each().await {
        let (db, ids) = (&world.fresh.db, &world.fresh.ids);
        packages(&world).await;
        let code = |result: Result<&'static str, PackageError>| result.unwrap_or_else(|e| e.code());
        let add = async |scope: &str, owner: &str, name: &str| {
            let new = NewPackage { name: name.into(), ..NewPackage::default() };
            code(add_package(db, ids, world.scope(scope), world.owner(owner).id, new, NOW).await.map(|_| "ok"))
        };
        for (scope, owner, name, wanted) in [
            ("mary", "owner", "mine", "capability-missing"),
            ("north", "north", "mine", "capability-missing"),
            ("other", "owner", "mine", "account-unknown"),
            ("other", "elsewhere", "mine", "account-unknown"),
            ("other", "other", "north", "package-name-taken"),
            ("other", "other", "mine", "ok"),
        ] {
            assert_eq!(add(scope, owner, name).await, wanted, "{scope} adds {name} for {owner}");
        }
        let set = async |scope: &str, name: &str, new_name: &str| {
            let changes = PackageChanges { name: Some(new_name.into()), ..PackageChanges::default() };
            code(set_package(db, world.scope(scope), name, &changes, NOW).await.map(|_| "ok"))
        };
        for (scope, name, new_name, wanted) in [
            ("mary", "north", "x", "capability-missing"),
            ("other", "north", "x", "package-unknown"),
            ("elsewhere", "north", "x", "package-unknown"),
            ("owner", "north", "other", "package-name-taken"),
            ("owner", "north", "x", "ok"),
        ] {
            assert_eq!(set(scope, name, new_name).await, wanted, "{scope} renames {name}");
        }
        let remove = async |scope: &str, name: &str| code(remove_package(db, world.scope(scope), name, NOW).await.map(|_| "ok"));
        for (scope, name, wanted) in [("mary", "x", "capability-missing"), ("other", "x", "package-unknown"), ("owner", "x", "ok")] {
            assert_eq!(remove(scope, name).await, wanted, "{scope} removes {name}");
        }
        let mut conn = db.read().await.expect("reads");
        assert!(find_package(&mut conn, world.scope("hill"), "owner").await.expect("allowed").is_some(), "of an account above");
        let mary = world.scope("mary");
        assert_eq!(find_package(&mut conn, mary, "owner").await.expect_err("a manager").code(), "capability-missing");
        assert_eq!(list_packages(&mut conn, mary, "", 9).await.expect_err("a manager").code(), "capability-missing");
        assert_eq!(list_package_ids(&mut conn, mary).await.expect_err("a manager").code(), "capability-missing");
        drop(conn);
        world.fresh.end().await;
    }
}
