//! The list of accounts on both databases: whom a scope finds, filters, orders, pages.

use jiff::tz::TimeZone;

use super::test_scopes::World;
use super::*;
use crate::lists::{Filter, Start};
use crate::store::test_db::NOW;

fn filter(text: &str) -> Filter {
    let (filter, wrong) = Filter::read(text, ACCOUNT_FIELDS);
    assert!(wrong.is_empty(), "{wrong:?}");
    filter
}

#[tokio::test]
async fn a_scope_finds_its_own_by_filters_orders_and_pages() {
    for world in World::on_each().await {
        let (db, top) = (&world.fresh.db, world.scope("commands"));
        let changes =
            AccountChanges { full_name: Some("Émile Nord".into()), email: Some(Some("n@x.org".into())), ..AccountChanges::default() };
        set_account(db, top, "north", &changes, NOW).await.expect("changed");
        suspend_account(db, top, "north", "unpaid", NOW).await.expect("suspended");
        let mut conn = db.read().await.expect("reads");
        let zone = TimeZone::UTC;
        for (actor, scope) in &world.actors {
            let seen = list_accounts(&mut conn, scope, &AccountFilter::default(), &AccountPath::TOP, 99).await.expect("listed");
            let tree = (AccountOrder::Tree, false);
            let all = filter("");
            let found = list_found_accounts(&mut conn, scope, (&all, NOW, &zone), tree, Start::First, 99).await.expect("listed");
            assert_eq!(found, seen, "{actor}");
            for text in [
                "role:operator",
                "-role:operator",
                "suspended:yes",
                "suspended:no",
                "secondfactor:no",
                "secondfactor:yes",
                "below:NORTH",
                "-below:north",
                "below:nobody",
                "name:or",
                "fullname:émile",
                "fullname:none",
                "email:X.org",
                "email:none",
                "-email:none",
                "phone:none",
                "created>=-1h",
                "created<-1h",
                "ÉMILE",
                "n@x",
                "north nord",
                "%",
            ] {
                let holds = |a: &Account| {
                    let north = a.name == "north";
                    match text {
                        "role:operator" => a.role == Role::Operator,
                        "-role:operator" => a.role != Role::Operator,
                        "suspended:yes" => a.is_suspended,
                        "suspended:no" => !a.is_suspended,
                        "secondfactor:no" | "phone:none" => true,
                        // only where that account is seen, too
                        "below:NORTH" => seen.iter().any(|n| n.name == "north" && n.path.covers(&a.path)),
                        "-below:north" => !seen.iter().any(|n| n.name == "north" && n.path.covers(&a.path)),
                        "name:or" => a.name.contains("or"),
                        "fullname:none" => a.full_name.is_empty(),
                        "email:none" => a.email.is_none(),
                        "-email:none" => a.email.is_some(),
                        "fullname:émile" | "email:X.org" | "ÉMILE" | "n@x" | "north nord" => north,
                        "created>=-1h" => a.created_at >= NOW - 3_600_000,
                        "created<-1h" => a.created_at < NOW - 3_600_000,
                        _ => false,
                    }
                };
                let wanted: Vec<&str> = seen.iter().filter(|a| holds(a)).map(|a| a.name.as_str()).collect();
                let asked = filter(text);
                let found = list_found_accounts(&mut conn, scope, (&asked, NOW, &zone), tree, Start::First, 99).await.expect("listed");
                assert_eq!(found.iter().map(|a| a.name.as_str()).collect::<Vec<_>>(), wanted, "{actor}: {text}");
                let count = count_found_accounts(&mut conn, scope, (&asked, NOW, &zone), 99).await.expect("counted");
                assert_eq!(count, wanted.len() as i64, "{actor}: {text}");
            }
            for order in [AccountOrder::Tree, AccountOrder::Name, AccountOrder::Created] {
                for descending in [false, true] {
                    let order = (order, descending);
                    let found = list_found_accounts(&mut conn, scope, (&all, NOW, &zone), order, Start::First, 99).await.expect("listed");
                    assert_eq!(found.len(), seen.len());
                    for (at, account) in found.iter().enumerate() {
                        let page = async |conn: &mut _, start| {
                            list_found_accounts(conn, scope, (&all, NOW, &zone), order, start, 2).await.expect("listed")
                        };
                        assert_eq!(
                            page(&mut conn, Start::After(account.id)).await,
                            found[at + 1..(at + 3).min(found.len())],
                            "{actor} {order:?}"
                        );
                        assert_eq!(page(&mut conn, Start::Before(account.id)).await, found[at.saturating_sub(2)..at], "{actor} {order:?}");
                    }
                }
            }
            // who is not seen is no place to go on from
            if let Some(hidden) = world.owners.iter().find(|owner| !seen.iter().any(|a| a.id == owner.id)) {
                for start in [Start::After(hidden.id), Start::Before(hidden.id)] {
                    assert!(list_found_accounts(&mut conn, scope, (&all, NOW, &zone), tree, start, 99).await.expect("listed").is_empty());
                }
            }
        }
        drop(conn);
        world.fresh.end().await;
    }
}
