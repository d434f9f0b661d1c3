//! Whose sessions and usage are found, by every function of SQL under a scope and by the use cases.

use super::*;
use crate::accounts::test_scopes::{World, each_scope};
use crate::customers::{Customer, CustomerPassword, NewCustomer, add_customer, check_reply_syntax};
use crate::packages::{NewPackage, add_package};
use crate::q;
use crate::routers::{NewRouter, RouterSecret, add_router};
use crate::store::test_db::NOW;
use crate::store::{Conn, KeyFile, StoreError};
use crate::units::CustomerId;

/// A customer and a router of one owner, with sessions on another owner's router: an open one of the customer's, one of his among the closed ones, and one of nobody on his
/// own router; each with usage that is more than what it is charged.
struct Row {
    customer: Customer,
    open: [u8; 16],
    closed: [u8; 16],
    nobodys: [u8; 16],
}

async fn insert(conn: &mut Conn, table: &str, tenant: i64, key: [u8; 16], router: i64, customer: Option<i64>, ended_at: Option<i64>) {
    let name = format!("id-{}", key[0]);
    let inserted = if table == "sessions" {
        q!(exec conn, "INSERT INTO sessions VALUES ($1, $2, 3, $3, $4, $5, 'user', '', '', '', '', $6, $6, $7, FALSE, 1, 60, 10, 20, 0, 0, 0, 0)",
            tenant, &key[..], router, customer, &name, NOW, ended_at)
    } else {
        q!(exec conn, "INSERT INTO closed_sessions VALUES ($1, $2, 3, $3, $4, $5, 'user', '', '', '', '', $6, $6, $7, FALSE, 1, 60, 10, 20, 0, 0, 0, 0)",
            tenant, &key[..], router, customer, &name, NOW, ended_at)
    };
    inserted.expect("a session");
    q!(exec conn, "INSERT INTO usage (tenant_id, session_key, bucket_at, charging_class, day, customer_id, octets_in, octets_out, secs) \
        VALUES ($1, $2, $3, 0, 20261114, $4, 99, 20, 60)", tenant, &key[..], NOW, customer)
    .expect("usage");
}

async fn rows(world: &World) -> Vec<Row> {
    let (db, ids) = (&world.fresh.db, &world.fresh.ids);
    let sealer = KeyFile::read_or_create(&world.fresh.folder.path().join("key")).expect("a key").sealer();
    let (mut all, mut routers) = (Vec::new(), Vec::new());
    for (at, owner) in world.owners.iter().enumerate() {
        let address = format!("192.0.2.{}", at + 1).parse().expect("an address");
        let new = NewRouter::new(owner.name, vec![address], RouterSecret::new(b"a secret").expect("one"));
        routers.push(add_router(db, ids, &sealer, &owner.scope, owner.id, &new, NOW).await.expect("a router").id.0);
    }
    for (at, owner) in world.owners.iter().enumerate() {
        let package = NewPackage { name: owner.name.into(), ..NewPackage::default() };
        add_package(db, ids, &owner.scope, owner.id, package, NOW).await.expect("a package");
        let new = NewCustomer::new(owner.name, CustomerPassword::new("x").expect("a password"), owner.name);
        let added = add_customer(db, ids, &sealer, &owner.scope, &owner.tenant, owner.id, new, &check_reply_syntax, NOW).await;
        let customer = added.expect("a customer");
        let key = |kind: u8| [at as u8 * 10 + kind; 16];
        // Whose router he is on is nothing to who sees him.
        let (tenant, elsewhere, id) = (owner.tenant.id.0, routers[(at + 1) % 4], Some(customer.id.0));
        let mut tx = db.begin().await.expect("a transaction");
        insert(&mut tx, "sessions", tenant, key(1), elsewhere, id, None).await;
        insert(&mut tx, "closed_sessions", tenant, key(2), elsewhere, id, Some(NOW)).await;
        insert(&mut tx, "closed_sessions", tenant, key(3), routers[at], None, Some(NOW)).await;
        tx.commit(NOW).await.expect("commits");
        all.push(Row { customer, open: key(1), closed: key(2), nobodys: key(3) });
    }
    all
}

#[tokio::test]
async fn every_function_of_sql_finds_what_the_scope_sees() {
    for world in World::on_each().await {
        let all = rows(&world).await;
        let all_of = |row: &Row, lines: &[SessionLine]| {
            let has = |key: [u8; 16]| lines.iter().any(|line| line.session_key == key);
            let found = [row.open, row.closed, row.nobodys].map(has);
            assert!(found == [found[0]; 3], "all or none: {found:?}");
            found[0]
        };
        let open = |row: &Row, lines: &[SessionLine]| lines.iter().any(|line| line.session_key == row.open);
        each_scope! { world, all, World::sees, (conn, scope, row):
            "list_newest_sessions" => async {
                sql::list_newest_sessions(conn, scope, false, "", &NEWEST, 99).await.map(|lines| all_of(row, &lines))
            },
            "list_newest_sessions, online" => async {
                sql::list_newest_sessions(conn, scope, true, "", &NEWEST, 99).await.map(|lines| open(row, &lines))
            },
            "list_newest_sessions of a name" => async {
                sql::list_newest_sessions(conn, scope, false, "USER", &NEWEST, 99).await.map(|lines| all_of(row, &lines))
            },
            "list_newest_sessions of a name, online" => async {
                sql::list_newest_sessions(conn, scope, true, "USER", &NEWEST, 99).await.map(|lines| open(row, &lines))
            },
            "list_sessions_after" => async { sql::list_sessions_after(conn, scope, &[], 0, 99).await.map(|lines| all_of(row, &lines)) },
            "list_sessions_of_id" => sql::list_sessions_of_id(conn, scope, &format!("id-{}", row.closed[0]), 9),
            "find_session" => sql::find_session(conn, scope, &row.open),
            "find_session, closed" => sql::find_session(conn, scope, &row.closed),
            "find_session, nobody's" => sql::find_session(conn, scope, &row.nobodys),
            "find_session_facts" => sql::find_session_facts(conn, scope, &row.closed),
            "list_open_sessions_of" => sql::list_open_sessions_of(conn, scope, row.customer.id),
            "list_usage_of_session" => sql::list_usage_of_session(conn, scope, &row.open),
            "list_usage_of_session, nobody's" => sql::list_usage_of_session(conn, scope, &row.nobodys),
            "list_usage_of_customer" => sql::list_usage_of_customer(conn, scope, row.customer.id, 0, 9),
            "list_charged_buckets" => sql::list_charged_buckets(conn, scope, row.customer.id, 0),
            "list_usage_after" => async {
                let lines = sql::list_usage_after(conn, scope, (&[], i64::MIN, 0), 99).await?;
                Ok::<bool, StoreError>(lines.iter().any(|line| line.session_key == row.closed))
            },
            "list_usage_mismatches" => async {
                let wrong = sql::list_usage_mismatches(conn, scope, 99).await?;
                Ok::<bool, StoreError>(wrong.iter().any(|one| one.session_key == row.nobodys))
            },
            "count_open" => async {
                let before = sql::count_open(conn, scope).await?;
                q!(exec conn, "DELETE FROM sessions WHERE session_key = $1", &row.open[..])?;
                sql::count_open(conn, scope).await.map(|after| after == before - 1)
            },
            "count_begun" => async {
                let before = sql::count_begun(conn, scope, 0).await?;
                q!(exec conn, "DELETE FROM sessions WHERE session_key = $1", &row.open[..])?;
                q!(exec conn, "DELETE FROM closed_sessions WHERE session_key = $1", &row.closed[..])?;
                sql::count_begun(conn, scope, 0).await.map(|after| after == before - 2)
            },
            "count_sessions" => async {
                let before = sql::count_sessions(conn, scope).await?;
                q!(exec conn, "DELETE FROM sessions WHERE session_key = $1", &row.open[..])?;
                q!(exec conn, "DELETE FROM closed_sessions WHERE session_key = $1", &row.closed[..])?;
                sql::count_sessions(conn, scope).await.map(|after| after == before - 2)
            },
        }
        world.fresh.end().await;
    }
}

#[tokio::test]
async fn reading_asks_for_the_capability() {
    for world in World::on_each().await {
        let (mut held, mary) = (world.fresh.db.read().await.expect("reads"), world.scope("mary"));
        let (conn, id) = (&mut held, CustomerId(1));
        let refused = [
            list_newest_sessions(conn, mary, true, "", &NEWEST, 9).await.map(|_| ()),
            list_sessions_after(conn, mary, &[], 0, 9).await.map(|_| ()),
            find_session(conn, mary, &[]).await.map(|_| ()),
            find_session_facts(conn, mary, &[]).await.map(|_| ()),
            count_open_sessions(conn, mary).await.map(|_| ()),
            count_begun_sessions(conn, mary, 0).await.map(|_| ()),
            list_sessions_of_id(conn, mary, "x", 9).await.map(|_| ()),
            list_open_sessions_of(conn, mary, id).await.map(|_| ()),
            list_usage_after(conn, mary, (&[], 0, 0), 9).await.map(|_| ()),
            list_usage_of_session(conn, mary, &[]).await.map(|_| ()),
            list_usage_of_customer(conn, mary, id, 0, 9).await.map(|_| ()),
            list_charged_buckets(conn, mary, id, 0).await.map(|_| ()),
        ];
        for (at, result) in refused.into_iter().enumerate() {
            assert_eq!(result.expect_err("a manager").code(), "capability-missing", "{at}");
        }
        assert!(verify_usage(conn, mary, None, 9).await.is_err());
        drop(held);
        world.fresh.end().await;
    }
}
