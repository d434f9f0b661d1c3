//! Who sees, keeps and removes which views.

use super::*;
use crate::accounts::test_scopes::World;
use crate::store::test_db::NOW;

fn view(name: &str, is_team: bool) -> NewView {
    NewView { list: "customers", name: name.into(), query: "q=online:yes".into(), is_team }
}

#[tokio::test]
async fn a_view_is_ones_own_or_of_those_above_for_their_teams() {
    for world in World::on_each().await {
        let (db, ids) = (&world.fresh.db, &world.fresh.ids);
        for (actor, name, is_team) in [
            ("owner", "ours", true),
            ("owner", "mine", false),
            ("north", "north", true),
            ("south", "south", false),
            ("other", "other", true),
        ] {
            add_view(db, ids, world.scope(actor), &view(name, is_team), NOW).await.expect(name);
        }
        let seen = async |actor: &str| -> Vec<String> {
            let views = list_views(&mut db.read().await.expect("reads"), world.scope(actor), "customers").await.expect("listed");
            views.into_iter().map(|v| format!("{}{}", v.name, if v.is_own { "*" } else { "" })).collect()
        };
        for (actor, wanted) in [
            ("owner", vec!["mine*", "ours*"]),
            ("mary", vec!["ours"]),
            ("north", vec!["north*", "ours"]),
            ("hill", vec!["north", "ours"]),
            ("south", vec!["ours", "south*"]),
            ("other", vec!["other*"]),
            ("super-admin", vec![]),
            ("elsewhere", vec![]),
        ] {
            assert_eq!(seen(actor).await, wanted, "{actor}");
        }
        // one of the same name takes its place; nobody removes another's
        let again = NewView { query: "q=online:no".into(), ..view("north", false) };
        let id = add_view(db, ids, world.scope("north"), &again, NOW).await.expect("kept");
        assert_eq!(seen("hill").await, ["ours"]);
        for actor in ["owner", "south", "other", "elsewhere", "commands"] {
            assert!(matches!(remove_view(db, world.scope(actor), id, NOW).await, Err(ViewError::Unknown)), "{actor}");
        }
        remove_view(db, world.scope("north"), id, NOW).await.expect("removed");
        assert_eq!(seen("north").await, ["ours"]);
        for bad in ["", " ", "a\nb", &"x".repeat(61)] {
            assert!(
                matches!(add_view(db, ids, world.scope("north"), &view(bad, false), NOW).await, Err(ViewError::BadField(_))),
                "{bad:?}"
            );
        }
        world.fresh.end().await;
    }
}
