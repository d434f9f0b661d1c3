//! Whose tags are read and changed.

use super::*;
use crate::accounts::test_scopes::{World, each_scope};
use crate::customers::scope_tests::{customers, sealer};
use crate::store::test_db::NOW;

#[tokio::test]
async fn every_function_of_sql_touches_what_the_scope_sees() {
    for world in World::on_each().await {
        let all = customers(&world, &sealer(&world)).await;
        for (owner, customer) in world.owners.iter().zip(&all) {
            assert!(
                set_tags(&world.fresh.db, &owner.scope, customer.id, &[owner.name.to_owned()], None, NOW).await.expect("tagged").is_empty()
            );
        }
        each_scope! { world, all, World::sees, (conn, scope, customer):
            "list_tags" => async { sql::list_tags(conn, scope).await.map(|tags| tags.contains(&customer.username)) },
            "list_tags_of" => async { sql::list_tags_of(conn, scope, customer.id).await.map(|tags| tags == [customer.username.clone()]) },
            "insert_tag" => sql::insert_tag(conn, scope, customer.id, "new"),
            "delete_tag" => sql::delete_tag(conn, scope, customer.id, &customer.username),
        }
        for (actor, wanted) in
            [("mary", "capability-missing"), ("south", "customer-unknown"), ("elsewhere", "customer-unknown"), ("north", "ok")]
        {
            let tags = parse_tags(" VIP, vip ,late payer").expect("two");
            let set = set_tags(&world.fresh.db, world.scope(actor), all[1].id, &tags, None, NOW).await;
            assert_eq!(set.map_or_else(|e| e.code(), |_| "ok"), wanted, "{actor}");
        }
        // instead of what is there no more nothing is put
        let (db, north) = (&world.fresh.db, world.scope("north"));
        let stale = set_tags(db, north, all[1].id, &[], Some(&["vip".to_owned()]), NOW).await;
        assert_eq!(stale.expect_err("refused").code(), "customer-outdated");
        let mut conn = world.fresh.db.read().await.expect("reads");
        assert_eq!(list_tags_of(&mut conn, world.scope("north"), all[1].id).await.expect("read"), ["late payer", "vip"]);
        assert!(parse_tags("a\"b").is_err() && parse_tags(&"x".repeat(41)).is_err());
        drop(conn);
        world.fresh.end().await;
    }
}
