//! Whose actions and sessions are found and ended, by every function of SQL under a scope and by the use cases.

use super::row::ActionRow;
use super::*;
use crate::accounts::test_scopes::{World, each_scope};
use crate::customers::{CustomerPassword, NewCustomer, add_customer, check_reply_syntax};
use crate::packages::{NewPackage, add_package};
use crate::q;
use crate::routers::{NewRouter, RouterSecret, add_router};
use crate::store::KeyFile;
use crate::store::test_db::NOW;
use crate::units::CustomerId;

/// A customer of one owner, who bears his name, online on the owner's router, with an action that the router does not answer, and a day of usage.
struct Row {
    name: &'static str,
    customer: CustomerId,
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
        let (customer, key) = (added.expect("a customer").id, [at as u8; 16]);
        let mut tx = db.begin().await.expect("a transaction");
        let tenant = owner.tenant.id;
        q!(exec tx, "INSERT INTO sessions VALUES ($1, $2, 3, $3, $4, $5, $6, '', '', '', '', $7, $7, NULL, FALSE, 1, 60, 10, 20, 0, 0, 0, 0)",
            tenant.0, &key[..], router, customer.0, format!("id-{at}"), owner.name, NOW).expect("a session");
        q!(exec tx, "INSERT INTO usage (tenant_id, session_key, bucket_at, charging_class, day, customer_id, octets_in, octets_out, secs) \
            VALUES ($1, $2, $3, 0, 20261114, $4, 10, 20, 60)", tenant.0, &key[..], NOW, customer.0)
        .expect("usage");
        let row = ActionRow {
            serial: 1,
            id: None,
            tenant_id: tenant.0,
            router_id: router,
            nas_instance: 3,
            session_key: key,
            customer_id: customer.0,
            acct_session_id: format!("id-{at}"),
            username: owner.name.into(),
            kind: ActionKind::Disconnect,
            reason: Reason::Staff.code(),
            wanted: String::new(),
            granted: Vec::new(),
            state: ActionState::Drift,
            note: "the router does not answer CoA and Disconnect requests".into(),
            tries: 2,
            error_cause: None,
            next_try_at: NOW,
            created_at: NOW,
            updated_at: NOW,
        };
        sql::upsert_action(&mut tx, tenant, ids.next(NOW), &row).await.expect("an action");
        tx.commit(NOW).await.expect("commits");
        all.push(Row { name: owner.name, customer, router });
    }
    all
}

#[tokio::test]
async fn every_function_of_sql_finds_what_the_scope_sees() {
    for world in World::on_each().await {
        let all = rows(&world).await;
        each_scope! { world, all, World::sees, (conn, scope, row):
            "list_open" => sql::list_open(conn, scope, row.name),
            "list_action_lines" => sql::list_action_lines(conn, scope, row.name, false, 9),
            "list_action_lines, drift" => async {
                sql::list_action_lines(conn, scope, "", true, 99).await.map(|lines| lines.into_iter().find(|line| line.username == row.name))
            },
            "list_coa_silence" => async {
                sql::list_coa_silence(conn, scope).await.map(|silent| silent.into_iter().find(|(name, ..)| name == row.name))
            },
            "list_usage_days" => crate::aaa::sql::list_usage_days(conn, scope, row.customer, 0),
        }
        world.fresh.end().await;
    }
}

#[tokio::test]
async fn nobody_ends_a_session_that_is_not_his_to_end() {
    for world in World::on_each().await {
        let all = rows(&world).await;
        let (db, ids) = (&world.fresh.db, &world.fresh.ids);
        let end = async |scope: &str, name: &str| {
            let asked = ask_disconnect(db, ids, world.scope(scope), name, NOW).await;
            asked.map_or_else(|e| e.code(), |ended| if ended.is_empty() { "none" } else { "ended" })
        };
        for (scope, name, wanted) in [
            ("mary", "north", "capability-missing"),
            ("south", "north", "none"),
            ("other", "north", "none"),
            ("elsewhere", "north", "none"),
            ("north", "north", "ended"),
            ("owner", "north", "ended"),
        ] {
            assert_eq!(end(scope, name).await, wanted, "{scope} ends {name}'s");
        }
        let (mut conn, mary) = (db.read().await.expect("reads"), world.scope("mary"));
        let actions = q!(all conn, (i64, i64), "SELECT router_id, COUNT(*) FROM actions WHERE state = 'waiting' GROUP BY router_id")
            .expect("actions");
        assert_eq!(actions, [(all[1].router, 2)], "of north's router only");
        assert_eq!(list_action_lines(&mut conn, mary, "", false, 9).await.expect_err("a manager").code(), "capability-missing");
        assert_eq!(list_coa_silence(&mut conn, mary).await.expect_err("a manager").code(), "capability-missing");
        assert_eq!(
            crate::aaa::list_usage_days(&mut conn, mary, all[1].customer, 0).await.expect_err("a manager").code(),
            "capability-missing"
        );
        drop(conn);
        world.fresh.end().await;
    }
}
