//! Whose decisions are found, by every function of SQL under a scope and by the use cases.

use std::path::Path;
use std::sync::Arc;

use super::*;
use crate::aaa::decide::RejectReason;
use crate::aaa::decision_store::{DecisionStore, KeptDecision};
use crate::accounts::test_scopes::{World, each_scope};
use crate::customers::{Customer, CustomerPassword, NewCustomer, add_customer, check_reply_syntax};
use crate::packages::{NewPackage, add_package};
use crate::q;
use crate::routers::{NewRouter, RouterSecret, add_router};
use crate::store::test_db::NOW;
use crate::store::{IdMaker, KeyFile, SlotLease};
use crate::units::DAY_MS;

/// A customer of one owner, who bears his name and was rejected at the owner's router, and a name near his that nobody has.
struct Row {
    customer: Customer,
    router: i64,
}

async fn rows(world: &World) -> Vec<Row> {
    let (db, ids) = (&world.fresh.db, &world.fresh.ids);
    let sealer = KeyFile::read_or_create(&world.fresh.folder.path().join("key")).expect("a key").sealer();
    let mut all = Vec::new();
    for (at, owner) in world.owners.iter().enumerate() {
        let address = format!("192.0.2.{}", at + 1).parse().expect("an address");
        let new = NewRouter::new(owner.name, vec![address], RouterSecret::new(b"a secret").expect("one"));
        let router = add_router(db, ids, &sealer, &owner.scope, owner.id, &new, NOW).await.expect("a router").id.0;
        let package = NewPackage { name: owner.name.into(), ..NewPackage::default() };
        add_package(db, ids, &owner.scope, owner.id, package, NOW).await.expect("a package");
        let new = NewCustomer::new(owner.name, CustomerPassword::new("x").expect("a password"), owner.name);
        let added = add_customer(db, ids, &sealer, &owner.scope, &owner.tenant, owner.id, new, &check_reply_syntax, NOW).await;
        all.push(Row { customer: added.expect("a customer"), router });
    }
    let (sender, mut store) = DecisionStore::new(Arc::new(IdMaker::new(SlotLease { slot: 2 })), DAY_MS);
    for row in &all {
        let tenant_id = row.customer.tenant_id.0;
        for (customer_id, name, reason) in [
            (row.customer.id.0, row.customer.username.clone(), RejectReason::Expired),
            (0, format!("{}x", row.customer.username), RejectReason::UnknownUsername),
        ] {
            let (username, reason) = (name.into_bytes().into(), Some(reason));
            sender.keep(KeptDecision { at: NOW, tenant_id, router_id: row.router, customer_id, username, mac: None, reason });
        }
    }
    store.step(db, NOW).await.expect("written");
    all
}

#[tokio::test]
async fn every_function_of_sql_finds_what_the_scope_sees() {
    for world in World::on_each().await {
        let all = rows(&world).await;
        each_scope! { world, all, World::sees, (conn, scope, row):
            "list_kept_of" => sql::list_kept_of(conn, scope, row.customer.id, 9),
            "count_rejects" => async {
                let sum = |counted: Vec<(String, i64)>| counted.into_iter().map(|(_, n)| n).sum::<i64>();
                let before = sum(sql::count_rejects(conn, scope, 0).await?);
                q!(exec conn, "DELETE FROM decisions WHERE customer_id = $1", row.customer.id.0)?;
                sql::count_rejects(conn, scope, 0).await.map(|after| sum(after) < before)
            },
        }
        each_scope! { world, all, World::sees_or_is_below, (conn, scope, row):
            "list_kept_of_nobody" => async {
                let lines = sql::list_kept_of_nobody(conn, scope, NOW, 99).await;
                lines.map(|lines| lines.into_iter().find(|line| line.router_id == row.router))
            },
        }
        world.fresh.end().await;
    }
}

#[tokio::test]
async fn decisions_are_for_those_who_see_customers_and_sessions() {
    for world in World::on_each().await {
        let all = rows(&world).await;
        let mut conn = world.fresh.db.read().await.expect("reads");
        let north = &all[1].customer;
        let subject = Subject::new(north, false, []);
        let nowhere = Path::new("/nonexistent/decisions");
        for (actor, found) in [("mary", None), ("north", Some(1)), ("owner", Some(1)), ("south", Some(0)), ("elsewhere", Some(0))] {
            let told = list_decisions_about(&mut conn, world.scope(actor), north, &subject, nowhere, 9, NOW).await;
            assert_eq!(told.ok().map(|runs| runs.len()), found, "{actor}");
        }
        let similar = list_similar_names(&mut conn, world.scope("north"), "north", NOW).await.expect("read");
        assert_eq!(similar.iter().map(|name| name.username.as_str()).collect::<Vec<_>>(), ["northx"]);
        assert!(list_similar_names(&mut conn, world.scope("south"), "north", NOW).await.expect("read").is_empty());
        drop(conn);
        world.fresh.end().await;
    }
}
