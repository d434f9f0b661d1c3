//! Whose zones are used and changed.

use super::*;
use crate::accounts::test_scopes::{World, each_scope};
use crate::store::test_db::NOW;

async fn zones(world: &World) -> Vec<Zone> {
    let mut all = Vec::new();
    for owner in &world.owners {
        all.push(add_zone(&world.fresh.db, &world.fresh.ids, &owner.scope, owner.id, owner.name, NOW).await.expect(owner.name));
    }
    all
}

#[tokio::test]
async fn every_function_of_sql_touches_what_the_scope_sees() {
    for world in World::on_each().await {
        let all = zones(&world).await;
        each_scope! { world, all, World::sees, (conn, scope, zone):
            "find_own_zone" => sql::find_own_zone(conn, scope, zone.id),
            "update_zone" => sql::update_zone(conn, scope, &Zone { name: "new".into(), ..zone.clone() }),
            "delete_zone" => sql::delete_zone(conn, scope, zone.id),
        }
        each_scope! { world, all, World::sees_or_is_below, (conn, scope, zone):
            "find_zone" => sql::find_zone(conn, scope, &zone.name),
            "list_zones" => async { sql::list_zones(conn, scope).await.map(|all| all.into_iter().find(|z| z.id == zone.id)) },
            "list_zone_lines" => async { sql::list_zone_lines(conn, scope).await.map(|all| all.into_iter().find(|z| z.zone.id == zone.id)) },
        }
        let taken = |actor: &str, owner: &str| (actor == "elsewhere") == (owner == "elsewhere");
        each_scope! { world, all, taken, (conn, scope, zone):
            "is_taken" => sql::is_taken(conn, scope, 1, &zone.name),
        }
        world.fresh.end().await;
    }
}

#[tokio::test]
async fn use_cases_ask_for_the_capability_and_know_no_foreign_zone() {
    for world in World::on_each().await {
        let (db, ids) = (&world.fresh.db, &world.fresh.ids);
        let all = zones(&world).await;
        let code = |result: Result<Zone, CustomerError>| result.map_or_else(|e| e.code(), |_| "ok");
        for (scope, owner, name, wanted) in [
            ("mary", "owner", "new", "capability-missing"),
            ("north", "owner", "new", "account-unknown"),
            ("north", "north", "south", "zone-taken"),
            ("north", "north", " ", "field-invalid"),
            ("north", "north", "a\"b", "field-invalid"),
            ("north", "north", "new", "ok"),
        ] {
            let added = add_zone(db, ids, world.scope(scope), world.owner(owner).id, name, NOW).await;
            assert_eq!(code(added), wanted, "{scope} adds {name:?}");
        }
        let (owners, norths) = (&all[0], &all[1]);
        assert_eq!(code(rename_zone(db, world.scope("north"), owners.id, "x", NOW).await), "zone-unknown");
        assert_eq!(code(rename_zone(db, world.scope("north"), norths.id, "south", NOW).await), "zone-taken");
        assert_eq!(code(rename_zone(db, world.scope("north"), norths.id, "x", NOW).await), "ok");
        assert_eq!(remove_zone(db, world.scope("south"), norths.id, NOW).await.map_err(|e| e.code()), Err("zone-unknown"));
        remove_zone(db, world.scope("owner"), norths.id, NOW).await.expect("removed");
        world.fresh.end().await;
    }
}
