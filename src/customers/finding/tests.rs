//! What filters find, against the pure rules; pages of both ways to read them.

use super::*;
use crate::accounts::test_scopes::World;
use crate::customers::scope_tests::{customers, sealer};
use crate::customers::{CustomerPassword, Facts, HoldKind, NewCustomer, State, active_view, add_customer, check_reply_syntax, state};
use crate::lists::COUNT_CAP;
use crate::q;
use crate::store::Tx;
use crate::store::test_db::NOW;
use crate::units::DAY_MS;

const GRACE_SECS: u32 = 3 * 86_400;

fn rules() -> AccessRules {
    AccessRules { grace_secs: GRACE_SECS, ..AccessRules::default() }
}

/// Customers of the provider `owner` with all facts that decide states, named by their numbers; the first five are the world's own.
async fn many(world: &World) -> Vec<(i64, Facts)> {
    let (db, ids, sealer) = (&world.fresh.db, &world.fresh.ids, sealer(world));
    customers(world, &sealer).await;
    let owner = world.owner("owner");
    let mut all = Vec::new();
    for hold in [HoldKind::None, HoldKind::Suspended, HoldKind::Disabled] {
        for days in [None, Some(-9), Some(-1), Some(0), Some(9)] {
            for (is_closed, is_pending) in [(false, false), (true, false), (false, true)] {
                let name = format!("user{:02}", all.len());
                let new = NewCustomer {
                    name: format!("Name {:02}", 99 - all.len()),
                    ..NewCustomer::new(&name, CustomerPassword::none(), "owner")
                };
                let added =
                    add_customer(db, ids, &sealer, &owner.scope, &owner.tenant, owner.id, new, &check_reply_syntax, NOW + all.len() as i64)
                        .await
                        .expect(&name);
                let expires_at = days.map(|days| NOW + days * DAY_MS + 60_000);
                let mut tx = db.begin().await.expect("a transaction");
                set(&mut tx, added.id.0, hold, expires_at, is_closed, is_pending).await;
                tx.commit(NOW).await.expect("committed");
                let facts = Facts { hold, is_closed, is_pending, expires_at, grace_ms: i64::from(GRACE_SECS) * 1000 };
                all.push((added.id.0, facts));
            }
        }
    }
    all
}

// cross-tenant: the customers of a test
async fn set(tx: &mut Tx, id: i64, hold: HoldKind, expires_at: Option<i64>, is_closed: bool, is_pending: bool) {
    q!(exec tx, "UPDATE customers SET hold = $2, expires_at = $3, closed_at = $4, first_login_secs = $5 WHERE id = $1",
        id, hold.as_str(), expires_at, is_closed.then_some(NOW), is_pending.then_some(60_i64))
    .expect("set");
}

async fn found(world: &World, text: &str, found: i64) -> Vec<i64> {
    let rules = rules();
    let meaning = Meaning { now: NOW, zone: TimeZone::UTC, rules: &rules };
    let (filter, wrong) = Filter::read(text, FIELDS);
    assert!(wrong.is_empty(), "{wrong:?}");
    let query = CustomerQuery { filter, ..CustomerQuery::default() };
    let mut conn = world.fresh.db.read().await.expect("reads");
    let lines = list_found(&mut conn, world.scope("owner"), &query, &meaning, Start::First, found, 200).await.expect(text);
    let n = count_found(&mut conn, world.scope("owner"), &query.filter, &meaning).await.expect(text);
    assert_eq!(n, lines.len() as i64, "{text}");
    let mut ids: Vec<i64> = lines.iter().map(|line| line.id).collect();
    ids.sort_unstable();
    ids
}

#[tokio::test]
async fn states_are_those_of_the_pure_rule() {
    for world in World::on_each().await {
        let all = many(&world).await;
        for word in STATES {
            let is_it = |facts: Facts| match *word {
                "grace" | "expires-today" => {
                    let view = active_view(facts, NOW, &TimeZone::UTC);
                    serde_json::to_value(view).expect("a word") == **word
                }
                word => state(facts, NOW).as_str() == word,
            };
            let mut wanted: Vec<i64> = all.iter().filter(|(_, facts)| is_it(*facts)).map(|(id, _)| *id).collect();
            wanted.sort_unstable();
            assert!(!wanted.is_empty(), "{word}");
            for way in [0, COUNT_CAP + 1] {
                assert_eq!(found(&world, &format!("status:{word} name:name"), way).await, wanted, "{word}");
                assert_eq!(found(&world, &format!("-status:{word} name:name"), way).await.len(), all.len() - wanted.len(), "not {word}");
            }
        }
        assert_eq!(state(all[0].1, NOW), State::Active);
        world.fresh.end().await;
    }
}

#[tokio::test]
async fn filters_find_what_they_say() {
    for world in World::on_each().await {
        let (db, ids) = (&world.fresh.db, &world.fresh.ids);
        let all = customers(&world, &sealer(&world)).await;
        let zone = crate::customers::zones::add_zone(db, ids, world.scope("owner"), world.owner("owner").id, "Mirpur 10", NOW)
            .await
            .expect("a zone");
        let north = all[1].id.0;
        let mut tx = db.begin().await.expect("a transaction");
        q!(exec tx, "UPDATE customers SET zone_id = $2, phone = '+880 1712-345678', phone_key = '8765432171088', name = 'Özgür Rahim', name_key = 'özgür rahim', \
            device_type = 'Laptop', city = 'Dhaka', email = 'A@b.example' WHERE id = $1", north, zone.id)
        .expect("set");
        q!(exec tx, "INSERT INTO customer_tags (tenant_id, customer_id, tag) VALUES ($1, $2, 'vip')", world.owner("owner").tenant.id.0, north).expect("tagged");
        tx.commit(NOW).await.expect("committed");
        let owners = [all[0].id.0, all[1].id.0, all[2].id.0];
        let others = [all[0].id.0, all[2].id.0];
        for (text, wanted) in [
            ("", &owners[..]),
            ("zone:\"Mirpur 10\"", &[north]),
            ("-zone:\"Mirpur 10\"", &others),
            ("zone:none", &others),
            ("-zone:none", &[north]),
            ("phone:345678", &[north]),
            ("phone:\"712-345678\"", &[north]),
            ("phone:45679", &[]),
            ("phone:x", &[]),
            ("name:ÖZGÜR", &[north]),
            ("özgür rah", &[north]),
            ("345678", &[north]),
            ("nor", &[north]),
            ("n_r", &[]),
            ("%", &[]),
            ("device:laptop", &[north]),
            ("address:dhaka", &[north]),
            ("email:a@b", &[north]),
            ("tag:VIP,x", &[north]),
            ("-tag:vip", &others),
            ("tag:none", &others),
            ("operator:north", &[north]),
            ("package:north,south", &owners[1..]),
            ("mac:48-00-00-00-00-01", &[north]),
            ("48:00:00:00:00:01", &[north]),
            ("ip:10.0.0.2", &[north]),
            ("10.0.0.2", &[north]),
            ("static:yes", &owners),
            ("static:no", &[]),
            ("randommac:no", &owners),
            ("online:yes", &[]),
            ("online:no", &owners),
            ("router:none_such", &[]),
            ("connection:pppoe -billing:free", &owners),
            ("registered<=today", &owners),
            ("registered<today", &[]),
            ("seen:none", &owners),
            ("seen>=-30d", &[]),
            ("expires:none", &owners),
            ("expires:now..3d", &[]),
            ("-expires:now..3d", &owners),
        ] {
            let mut wanted = wanted.to_vec();
            wanted.sort_unstable();
            for way in [0, COUNT_CAP + 1] {
                assert_eq!(found(&world, text, way).await, wanted, "{text}");
            }
        }
        let rules = rules();
        let meaning = Meaning { now: NOW, zone: TimeZone::UTC, rules: &rules };
        let (filter, _) = Filter::read("mac:zz", FIELDS);
        let refused = count_found(&mut db.read().await.expect("reads"), world.scope("owner"), &filter, &meaning).await;
        assert_eq!(refused.map_err(|e| e.code()), Err("field-invalid"));
        let refused = count_found(&mut db.read().await.expect("reads"), world.scope("hill"), &Filter::default(), &meaning).await;
        assert!(refused.is_ok(), "hill sells");
        world.fresh.end().await;
    }
}

#[tokio::test]
async fn pages_go_on_where_the_last_one_ended_there_and_back() {
    for world in World::on_each().await {
        many(&world).await;
        let rules = rules();
        let meaning = Meaning { now: NOW, zone: TimeZone::UTC, rules: &rules };
        let mut conn = world.fresh.db.read().await.expect("reads");
        for order in [Order::Name, Order::Username, Order::Expires, Order::Registered] {
            for (descending, way) in [(false, 0), (true, 0), (false, COUNT_CAP + 1), (true, COUNT_CAP + 1)] {
                let query = CustomerQuery { order, descending, ..CustomerQuery::default() };
                let mut page = async |start: Start<'_>, limit: i64| {
                    list_found(&mut conn, world.scope("owner"), &query, &meaning, start, way, limit).await.expect("listed")
                };
                let whole = page(Start::First, 500).await;
                let mut walked = page(Start::First, 7).await;
                loop {
                    let last = walked.last().expect("not empty");
                    let cursor: Cursor = Cursor { id: last.id, value: last.key.clone() }.to_string().parse().expect("reads back");
                    let next = page(Start::After(&cursor), 7).await;
                    if next.is_empty() {
                        break;
                    }
                    let first = Cursor { id: next[0].id, value: next[0].key.clone() };
                    let back = page(Start::Before(&first), 7).await;
                    assert_eq!(back[..], walked[walked.len() - 7..], "{order} {descending}: back");
                    walked.extend(next);
                }
                assert!(whole.len() > 40 && walked == whole, "{order} {descending} {way}");
            }
        }
        drop(conn);
        world.fresh.end().await;
    }
}

#[tokio::test]
async fn sqlite_walks_the_index_of_the_order_for_many() {
    for world in World::on_each().await {
        let rules = rules();
        let meaning = Meaning { now: NOW, zone: TimeZone::UTC, rules: &rules };
        let compiled = conditions::Compiled::new(&Filter::read("-status:closed", FIELDS).0, &meaning).expect("reads");
        let mut conn = world.fresh.db.read().await.expect("reads");
        for (order, index) in [
            (Order::Name, "customers_by_name"),
            (Order::Username, "customers_by_username"),
            (Order::Expires, "customers_by_expiry"),
            (Order::Registered, "customers_by_registration"),
        ] {
            for actor in ["owner", "super-admin"] {
                let query = CustomerQuery { order, ..CustomerQuery::default() };
                let plan = sql::plans::of_page(&mut conn, world.scope(actor), &query, &compiled, false).await;
                // PostgreSQL's planner is left to itself
                let is_walked = plan.is_empty() || (plan.contains(index) && plan.matches("TEMP B-TREE").count() <= 1);
                assert!(is_walked, "{order} as {actor}: {plan}");
            }
        }
        drop(conn);
        world.fresh.end().await;
    }
}
