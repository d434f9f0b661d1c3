//! The use cases and every statement of this room, on each database.

use super::import::{plan_import, write_import};
use super::*;
use crate::accounts::{Scope, Tenant, TenantChanges, add_tenant, set_tenant};
use crate::packages::{NewPackage, add_package, remove_package};
use crate::q;
use crate::store::KeyFile;
use crate::store::test_db::{NOW, each_database};

fn password(text: &str) -> CustomerPassword {
    CustomerPassword::new(text).expect(text)
}

#[tokio::test]
async fn a_customer_lives_from_add_to_remove() {
    for fresh in each_database().await {
        let (db, ids) = (&fresh.db, &fresh.ids);
        let sealer = KeyFile::read_or_create(&fresh.folder.path().join("key")).expect("a key").sealer();
        let (tenant, owner) = add_tenant(db, ids, "default", "UTC", "USD", NOW).await.expect("a tenant");
        let scope = &Scope::administrator(tenant.id);
        let package =
            add_package(db, ids, scope, owner, NewPackage { name: "home".into(), ..Default::default() }, NOW).await.expect("a package");
        let add = |new: NewCustomer| add_customer(db, ids, &sealer, scope, &tenant, owner, new, &check_reply_syntax, NOW);

        let mut bob = NewCustomer::new("Bob", password("secret"), "home");
        bob.static_ipv4 = Some([10, 0, 0, 7].into());
        bob.macs = parse_macs("aa:bb:cc:dd:ee:01 aa:bb:cc:dd:ee:02").expect("two");
        bob.expires_at = Some(NOW + 5);
        bob.delegated_ipv6_prefix = Some("2001:db8::/56".parse().expect("a prefix"));
        bob.simultaneous_sessions = Some(2);
        bob.reply_attributes = "Filter-Id = gold".into();
        let bob_added = add(bob.clone()).await.expect("added");
        assert_eq!(state(bob_added.facts(&tenant.access_rules), NOW + 5), State::Expired);
        for (new, code) in [
            (NewCustomer::new("BOB", password("x"), "home"), "username-taken"),
            (NewCustomer { static_ipv4: bob.static_ipv4, ..NewCustomer::new("eve", password("x"), "home") }, "static-address-taken"),
            (NewCustomer { code: Some(bob_added.code.clone()), ..NewCustomer::new("eve", password("x"), "home") }, "customer-code-taken"),
            (NewCustomer::new("eve", password("x"), "none"), "package-unknown"),
            (NewCustomer::new(" eve", password("x"), "home"), "username-invalid"),
            (NewCustomer { simultaneous_sessions: Some(0), ..NewCustomer::new("eve", password("x"), "home") }, "field-invalid"),
        ] {
            assert_eq!(add(new).await.expect_err(code).code(), code);
        }
        let eve = add(NewCustomer::new("eve", password("x"), "home")).await.expect("added");

        let mut conn = db.read().await.expect("a connection");
        assert_eq!(find_customer(&mut conn, scope, "bob").await.expect("read"), Some(bob_added.clone()));
        let opened = find_customer_with_password(&mut conn, scope, &sealer, bob_added.id).await.expect("read").expect("there");
        assert_eq!((opened.password.plain(), &opened.customer), ("secret", &bob_added));
        assert_eq!(count_customers(&mut conn, scope).await.expect("counted"), 2);
        assert_eq!(remove_package(db, scope, "home", NOW).await.expect_err("in use").code(), "package-in-use");

        let filter = CustomerFilter::default();
        let page = list_customers(&mut conn, scope, &filter, "", 1).await.expect("a page");
        assert_eq!(page, [("bob".to_owned(), bob_added.clone())]);
        let rest = list_customers(&mut conn, scope, &filter, "bob", 9).await.expect("a page");
        assert_eq!(rest.iter().map(|(_, c)| c.id).collect::<Vec<_>>(), [eve.id]);
        let by_prefix = CustomerFilter { username_prefix: "ev".into(), package_id: Some(package.id) };
        assert_eq!(list_customers(&mut conn, scope, &by_prefix, "", 9).await.expect("a page").len(), 1);

        let changes = CustomerChanges {
            username: Some("bobby".into()),
            hold: Some(Hold::new(HoldKind::Suspended, "unpaid")),
            expires_at: Some(None),
            remove_macs: parse_macs("aa:bb:cc:dd:ee:01").expect("one"),
            static_ipv4: Some(None),
            ..Default::default()
        };
        let set = |name: &'static str, changes: CustomerChanges| {
            let (tenant, db) = (tenant.clone(), db.clone());
            async move { set_customer(&db, scope, &tenant, name, &changes, &check_reply_syntax, NOW + 9).await }
        };
        let changed = set("BOB", changes).await.expect("changed");
        assert_eq!((changed.username.as_str(), changed.macs.len(), changed.hold.reason()), ("bobby", 1, "unpaid"));
        assert_eq!(
            find_customer_by_id(&mut conn, scope, bob_added.id).await.expect("read"),
            Some(Customer { updated_at: NOW + 9, ..changed })
        );
        let clash = CustomerChanges { username: Some("EVE".into()), ..Default::default() };
        assert_eq!(set("bobby", clash).await.expect_err("clash").code(), "username-taken");
        assert_eq!(set("nobody", CustomerChanges::default()).await.expect_err("gone").code(), "customer-unknown");
        let elsewhere = CustomerChanges { package: Some("none".into()), ..Default::default() };
        assert_eq!(set("eve", elsewhere).await.expect_err("no such package").code(), "package-unknown");

        set_password(db, &sealer, scope, &tenant, "bobby", &password("new one"), NOW).await.expect("set");
        let opened = find_customer_with_password(&mut conn, scope, &sealer, bob_added.id).await.expect("read").expect("there");
        assert_eq!(opened.password.plain(), "new one");
        assert_eq!(remove_customer(db, scope, &tenant, "bobby", NOW).await.expect("removed"), bob_added.id);
        assert_eq!(remove_customer(db, scope, &tenant, "bobby", NOW).await.expect_err("gone").code(), "customer-unknown");
        drop(conn);
        fresh.end().await;
    }
}

#[tokio::test]
async fn a_tenant_changes_its_mind_about_case() {
    for fresh in each_database().await {
        let (db, ids) = (&fresh.db, &fresh.ids);
        let sealer = KeyFile::read_or_create(&fresh.folder.path().join("key")).expect("a key").sealer();
        let (mut tenant, owner) = add_tenant(db, ids, "default", "UTC", "USD", NOW).await.expect("a tenant");
        let scope = &Scope::administrator(tenant.id);
        add_package(db, ids, scope, owner, NewPackage { name: "home".into(), ..Default::default() }, NOW).await.expect("a package");
        let rule = async |sensitive: bool| -> Result<Tenant, CustomerError> {
            let mut tx = db.begin().await.expect("a transaction");
            let changes = TenantChanges { case_sensitive_usernames: Some(sensitive), ..Default::default() };
            let (_, after) = set_tenant(&mut tx, scope.tenant(), &changes).await.expect("set");
            rekey_usernames(&mut tx, &after).await?;
            tx.commit(NOW).await.expect("committed");
            Ok(after)
        };
        let add = async |tenant: &Tenant, name: &str| {
            add_customer(db, ids, &sealer, scope, tenant, owner, NewCustomer::new(name, password("x"), "home"), &check_reply_syntax, NOW)
                .await
        };
        add(&tenant, "Bob").await.expect("added");
        tenant = rule(true).await.expect("case-sensitive");
        add(&tenant, "bob").await.expect("another bob");
        let refused = rule(false).await.expect_err("two bobs");
        assert_eq!(refused.code(), "usernames-collide");
        remove_customer(db, scope, &tenant, "bob", NOW).await.expect("removed");
        tenant = rule(false).await.expect("case-insensitive again");
        assert_eq!(add(&tenant, "bOB").await.expect_err("taken").code(), "username-taken");
        fresh.end().await;
    }
}

#[tokio::test]
async fn a_file_is_imported_whole_or_without_its_bad_rows() {
    for fresh in each_database().await {
        let (db, ids) = (&fresh.db, &fresh.ids);
        let sealer = KeyFile::read_or_create(&fresh.folder.path().join("key")).expect("a key").sealer();
        let (tenant, owner) = add_tenant(db, ids, "default", "UTC", "USD", NOW).await.expect("a tenant");
        let scope = &Scope::administrator(tenant.id);
        add_package(db, ids, scope, owner, NewPackage { name: "home".into(), ..Default::default() }, NOW).await.expect("a package");
        let old = NewCustomer { static_ipv4: Some([10, 9, 9, 9].into()), ..NewCustomer::new("old", password("x"), "home") };
        add_customer(db, ids, &sealer, scope, &tenant, owner, old, &check_reply_syntax, NOW).await.expect("added");

        let mut file = String::from("username,password,package,status,expires_at,mac,static_ip,connection\n");
        file.push_str("OLD,x,home,,,,,\nsame,x,home,,,,,\nSame,x,home,,,,,\naddress,x,home,,,,10.9.9.9,\nlost,x,none,,,,,\n\"two\nlines\",x,home,,,,,\n");
        for n in 0..2_345 {
            file.push_str(&format!("user{n},pass{n},home,active,,{n:012x};{:012x},10.0.{}.{},pppoe\n", n + 5_000, n / 200, n % 200 + 1));
        }
        let plan = async || {
            let mut conn = db.read().await.expect("a connection");
            plan_import(&mut conn, scope, ids, &tenant, owner, file.as_bytes(), None, &check_reply_syntax, NOW).await.expect("a plan")
        };
        let first = plan().await;
        let bad: Vec<(u64, &str)> = first.bad.iter().map(|b| (b.line, b.reason.as_str())).collect();
        assert_eq!(
            bad,
            [
                (2, "the username \"OLD\" is taken by a customer in the store"),
                (4, "the username \"Same\" is taken by line 3"),
                (5, "the static address 10.9.9.9 is taken by a customer in the store"),
                (6, "there is no package \"none\""),
                (7, "the username holds a control character"),
            ]
        );
        let mut last = 0;
        assert_eq!(write_import(db, &sealer, first, NOW, |n| last = n).await.expect("written"), 2_346);
        assert_eq!(last, 2_346);
        assert_eq!(plan().await.good(), 0, "a second time everything is taken");

        let mut conn = db.read().await.expect("a connection");
        assert_eq!(count_customers(&mut conn, scope).await.expect("counted"), 2_347);
        let (macs,): (i64,) = q!(one conn, (i64,), "SELECT COUNT(*) FROM customer_macs").expect("counted");
        assert_eq!(macs, 2 * 2_345);
        let one = find_customer(&mut conn, scope, "user2344").await.expect("read").expect("there");
        let opened = find_customer_with_password(&mut conn, scope, &sealer, one.id).await.expect("read").expect("there");
        assert_eq!((opened.password.plain(), one.macs.len()), ("pass2344", 2));
        let (reloads,): (i64,) =
            q!(one conn, (i64,), "SELECT COUNT(*) FROM feed WHERE table_name = 'customers' AND row_id = 0").expect("counted");
        assert_eq!(reloads, 1);
        let bad_header = plan_import(&mut conn, scope, ids, &tenant, owner, &b"user,password\n"[..], None, &check_reply_syntax, NOW).await;
        assert!(bad_header.expect_err("refused").to_string().starts_with("line 1: unknown column \"user\""));
        drop(conn);
        fresh.end().await;
    }
}

#[tokio::test]
async fn purchases_renewals_and_first_logins_move_a_customers_instants() {
    const DAY: i64 = crate::units::DAY_MS;
    for fresh in each_database().await {
        let (db, ids) = (&fresh.db, &fresh.ids);
        let sealer = KeyFile::read_or_create(&fresh.folder.path().join("key")).expect("a key").sealer();
        let (tenant, owner) = add_tenant(db, ids, "default", "UTC", "USD", NOW).await.expect("a tenant");
        let scope = &Scope::administrator(tenant.id);
        for (name, validity) in [("plain", None), ("month", Some("30d")), ("card", Some("7d:from-first-login"))] {
            let mut new = NewPackage { name: name.into(), ..Default::default() };
            new.terms.limits.validity = validity.map(|text| text.parse().expect(text));
            add_package(db, ids, scope, owner, new, NOW).await.expect("a package");
        }
        let new = NewCustomer::new("bob", password("x"), "month");
        let bob = add_customer(db, ids, &sealer, scope, &tenant, owner, new, &check_reply_syntax, NOW).await.expect("added");
        assert_eq!((bob.expires_at, bob.period_started_at, bob.package_since_at), (Some(NOW + 30 * DAY), Some(NOW), None));
        let set = |changes: CustomerChanges, now| {
            let tenant = tenant.clone();
            async move { set_customer(db, scope, &tenant, "bob", &changes, &check_reply_syntax, now).await.expect("changed") }
        };
        let at = NOW + 40 * DAY;
        let expiry = |days: i64| CustomerChanges { expires_at: Some(Some(NOW + days * DAY)), ..CustomerChanges::default() };
        assert_eq!(set(expiry(35), NOW + DAY).await.period_started_at, Some(NOW), "extended before it ran out");
        let renewed = set(expiry(70), at).await;
        assert_eq!((renewed.expires_at, renewed.period_started_at), (Some(NOW + 70 * DAY), Some(at)), "renewed afterwards");
        let bought = set(CustomerChanges { new_period: true, ..CustomerChanges::default() }, at + 1).await;
        assert_eq!((bought.expires_at, bought.period_started_at), (Some(at + 1 + 30 * DAY), Some(at + 1)));

        let card = set(CustomerChanges { package: Some("card".into()), ..CustomerChanges::default() }, at + 2).await;
        assert_eq!((card.expires_at, card.first_login_secs, card.package_since_at), (None, Some(7 * 86_400), Some(at + 2)));
        assert_eq!(state(card.facts(&tenant.access_rules), at + 3), State::Pending);
        for login in [at + 5, at + 4] {
            let mut tx = db.begin().await.expect("a transaction");
            let begins = update_first_login(&mut tx, tenant.id, card.id, login).await.expect("noted");
            tx.commit(login).await.expect("committed");
            assert_eq!(begins, login == at + 5, "the first that is noted counts");
        }
        let mut conn = db.read().await.expect("a connection");
        let begun = find_customer_by_id(&mut conn, scope, card.id).await.expect("read").expect("there");
        drop(conn);
        assert_eq!((begun.activated_at, begun.expires_at), (Some(at + 5), Some(at + 5 + 7 * DAY)));
        assert_eq!(state(begun.facts(&tenant.access_rules), at + 6), State::Active);

        let plain = set(CustomerChanges { package: Some("plain".into()), ..CustomerChanges::default() }, at + 9).await;
        assert_eq!((plain.first_login_secs, plain.activated_at, plain.period_started_at), (None, None, Some(at + 9)));
        let closed = set(CustomerChanges { closed: Some(true), ..CustomerChanges::default() }, at + 10).await;
        assert_eq!((closed.closed_at, state(closed.facts(&tenant.access_rules), at + 11)), (Some(at + 10), State::Closed));
        let rate = OwnRate { rate: crate::packages::parse_rate("2M/1M").expect("a rate"), until: Some(at + 20) };
        let back = set(CustomerChanges { closed: Some(false), own_rate: Some(Some(rate)), ..CustomerChanges::default() }, at + 12).await;
        assert_eq!((back.closed_at, back.own_rate), (None, Some(rate)));
        fresh.end().await;
    }
}

#[tokio::test]
async fn a_package_that_waits_is_taken_when_the_time_is_over() {
    const DAY: i64 = crate::units::DAY_MS;
    for fresh in each_database().await {
        let (db, ids) = (&fresh.db, &fresh.ids);
        let sealer = KeyFile::read_or_create(&fresh.folder.path().join("key")).expect("a key").sealer();
        let (tenant, owner) = add_tenant(db, ids, "default", "UTC", "USD", NOW).await.expect("a tenant");
        let scope = &Scope::administrator(tenant.id);
        for name in ["home", "office"] {
            add_package(db, ids, scope, owner, NewPackage { name: name.into(), ..Default::default() }, NOW).await.expect("a package");
        }
        for (name, days) in [("waits", Some(1)), ("renews", Some(1)), ("for-ever", None)] {
            let new = NewCustomer { expires_at: days.map(|days| NOW + days * DAY), ..NewCustomer::new(name, password("x"), "home") };
            add_customer(db, ids, &sealer, scope, &tenant, owner, new, &check_reply_syntax, NOW).await.expect("added");
        }
        let set = |name: &'static str, changes: CustomerChanges, now| {
            let tenant = tenant.clone();
            async move { set_customer(db, scope, &tenant, name, &changes, &check_reply_syntax, now).await }
        };
        let next = |name: Option<&str>| CustomerChanges { next_package: Some(name.map(str::to_owned)), ..CustomerChanges::default() };
        let refused = set("for-ever", next(Some("office")), NOW).await.expect_err("never");
        assert!(refused.to_string().contains("does not run out"), "{refused}");
        let home = set("waits", next(Some("home")), NOW).await.expect("changed");
        assert_eq!(home.next_package_id, None, "he has it");
        for name in ["waits", "renews"] {
            let waits = set(name, next(Some("office")), NOW).await.expect("changed");
            assert_eq!((waits.package_id, waits.next_package_id.is_some()), (home.package_id, true));
        }
        assert!(remove_package(db, scope, "office", NOW).await.expect_err("waited for").to_string().contains("2 customers"));
        // whoever renews before anybody looked has it from then on, and what it cost before is no purchase
        let extend = CustomerChanges { extend_secs: Some(86_400), ..CustomerChanges::default() };
        let renewed = set("renews", extend, NOW + DAY + 5).await.expect("changed");
        assert_eq!((renewed.next_package_id, renewed.expires_at), (None, Some(NOW + 2 * DAY + 5)));
        assert_ne!(renewed.package_id, home.package_id);

        // a renewal before the end does not put it off
        let early = CustomerChanges { extend_secs: Some(30 * 86_400), ..CustomerChanges::default() };
        let early = set("waits", early, NOW + 5).await.expect("changed");
        assert_eq!((early.package_id, early.next_package_at, early.expires_at), (home.package_id, Some(NOW + DAY), Some(NOW + 31 * DAY)));
        assert_eq!(take_next_packages(db, NOW + DAY - 1, 9).await.expect("looked"), 0, "not yet");
        assert_eq!(take_next_packages(db, NOW + DAY, 9).await.expect("looked"), 1);
        assert_eq!(take_next_packages(db, NOW + DAY, 9).await.expect("looked"), 0, "once");
        let mut conn = db.read().await.expect("reads");
        let taken = find_customer(&mut conn, scope, "waits").await.expect("read").expect("there");
        drop(conn);
        let seen = (taken.package_id, taken.next_package_id, taken.expires_at, taken.package_since_at);
        assert_eq!(seen, (renewed.package_id, None, Some(NOW + 31 * DAY), Some(NOW + DAY)));
        // one that is taken now leaves nothing waiting
        let back = set("renews", next(Some("home")), NOW + DAY + 6).await.expect("changed");
        assert!(back.next_package_id.is_some());
        let now = set("renews", CustomerChanges { package: Some("home".into()), ..CustomerChanges::default() }, NOW + DAY + 7).await;
        assert_eq!(now.expect("changed").next_package_id, None);
        fresh.end().await;
    }
}
