//! Cookies and forms that somebody has who should not, or not any more.

use std::pin::Pin;

use axum::body::{Body, Bytes};
use axum::http::Method;
use tollgate::accounts::capability::{Capability, CapabilitySet};
use tollgate::accounts::{Role, RoleChanges, set_role};

use super::caller::{Caller, GUEST_COOKIE, SIGN_IN_COOKIE};
use super::cast::{Side, name};
use super::contents::Contents;
use super::world::{PASSPHRASE, World, now, run};

/// Who does it, where, with what, and whether the cookie opens anything afterwards.
type End = (&'static str, &'static str, &'static [(&'static str, &'static str)], bool);

/// What ends, or changes, the sign-in of `south`.
const ENDS: [End; 7] = [
    ("south", "/sign-out", &[], false),
    ("admin", "/accounts/{id}/suspend", &[("reason", "unpaid")], false),
    ("admin", "/accounts/{id}/end-sign-ins", &[], false),
    ("admin", "/accounts/{id}/reset-second-factor", &[], false),
    ("admin", "/accounts/{id}/edit", &[("name", "south"), ("role", "operator"), ("menu_off", "operators_managers")], true),
    (
        "south",
        "/profile/password",
        &[("old_password", PASSPHRASE), ("password", "an entirely new phrase"), ("password_again", "an entirely new phrase")],
        // whoever did it goes on with a new cookie
        false,
    ),
    ("south", "/profile/second-factor/remove", &[("password_for_removal", PASSPHRASE)], false),
];

#[test]
fn an_old_cookie_opens_nothing_and_an_old_form_does_nothing() {
    run(async {
        for (actor, path, form, stays) in ENDS {
            let world = World::copy().await;
            let south = world.known.account("south").to_string();
            // a form that was open in another tab
            let (thief, path) = (Caller::account(&world, "south").await, path.replace("{id}", &south));
            assert_eq!(thief.get("/accounts").await.status, 200);
            let answer = Caller::account(&world, actor).await.post(&path, form).await;
            assert_eq!(answer.status, 303, "{path}: {}", answer.body);
            let (list, details) = (thief.get("/accounts").await, thief.post("/profile", &[("full_name", "Thief")]).await);
            if stays {
                assert_eq!(list.status, 403, "{path}: what was taken is gone at the next request");
            } else {
                assert!(list.asks_to_sign_in() && details.asks_to_sign_in(), "{path}: {} {}", list.status, details.status);
            }
            // the other browser of the same account
            let other = Caller::with_sign_in(&world, Side::A, &world.known.sign_ins["south"].other_token).await;
            let is_gone = other.get("/profile").await.asks_to_sign_in();
            assert_eq!(is_gone, path != "/sign-out" && !path.ends_with("/edit"), "{path}: the other sign-in");
            world.end().await;
        }
    });
}

#[test]
fn whoever_is_below_a_suspended_account_is_out_too() {
    run(async {
        let world = World::copy().await;
        let hill = Caller::account(&world, "hill").await;
        let north = world.known.account("north");
        let (scope, ids, now) = (world.administrator(Side::A), world.ids(), super::world::now());
        let link = tollgate::accounts::make_sign_in_link(&world.db, &ids, &scope, world.known.account("clerk"), 600, now).await;
        let link = link.expect("a link");
        assert_eq!(
            Caller::account(&world, "admin").await.post(&format!("/accounts/{north}/suspend"), &[("reason", "x")]).await.status,
            303
        );
        assert!(hill.get("/profile").await.asks_to_sign_in());
        let guest = Caller::guest(&world).await;
        for key in ["north", "hill", "clerk"] {
            assert_eq!(guest.post("/sign-in", &[("name", &name(key)), ("password", PASSPHRASE)]).await.status, 422, "{key}");
        }
        assert_eq!(guest.post(&format!("/sign-in/link/{}", link.expose()), &[]).await.status, 422);
        assert_eq!(guest.post("/sign-in", &[("name", &name("south")), ("password", PASSPHRASE)]).await.status, 303);
        world.end().await;
    });
}

#[test]
fn a_sign_in_ends_by_itself() {
    run(async {
        for (column, ago_secs) in [("expires_at", 1), ("seen_at", 1_801)] {
            let world = World::copy().await;
            let caller = Caller::account(&world, "north").await;
            assert_eq!(caller.get("/profile").await.status, 200);
            let (before, id) = (now() - ago_secs * 1000, world.known.sign_ins["north"].id);
            super::contents::run_sql(world.url(), &format!("UPDATE sign_ins SET {column} = {before} WHERE id = {id}")).await;
            assert!(caller.get("/profile").await.asks_to_sign_in(), "{column}");
            assert!(caller.post("/profile", &[("full_name", "Late")]).await.asks_to_sign_in(), "{column}");
            world.end().await;
        }
    });
}

#[test]
fn what_was_given_for_a_while_ends() {
    run(async {
        let world = World::copy().await;
        let north = Caller::account(&world, "north").await;
        assert_eq!(north.get("/audit").await.status, 200);
        let given = format!("account_id = {} AND capability = 'audit.view'", world.known.account("north"));
        super::contents::run_sql(world.url(), &format!("UPDATE account_permissions SET expires_at = 1 WHERE {given}")).await;
        assert_eq!(north.get("/audit").await.status, 403);
        world.end().await;
    });
}

#[test]
fn a_forms_token_belongs_to_one_sign_in() {
    run(async {
        let world = World::copy().await;
        let mut contents = Contents::of(world.url()).await;
        let (north, south, guest) =
            (Caller::account(&world, "north").await, Caller::account(&world, "south").await, Caller::guest(&world).await);
        let other = Caller::with_sign_in(&world, Side::A, &world.known.sign_ins["north"].other_token).await;
        let mut cut = north.form_token.clone();
        cut.pop();
        for token in
            ["", "x", &"0".repeat(64), &south.form_token, &guest.form_token, &other.form_token, &cut, &format!("{}00", north.form_token)]
        {
            let answer = north.post_bare("/profile", &[("form_token", token), ("full_name", "Forged")]).await;
            assert_eq!(answer.status, 403, "{token}");
        }
        assert_eq!(north.post_bare("/profile", &[("full_name", "Forged")]).await.status, 403, "none at all");
        let query = format!("/profile?form_token={}", north.form_token);
        assert_eq!(north.post_bare(&query, &[("full_name", "Forged")]).await.status, 403, "in the address");
        // a form of before the sign-in, and one of the door without its cookie
        assert_eq!(guest.post_bare("/sign-in", &[("form_token", &north.form_token), ("name", "x"), ("password", "y")]).await.status, 403);
        let mut bare = guest.clone();
        bare.cookies.clear();
        assert_eq!(bare.post("/sign-in", &[("name", &name("north")), ("password", PASSPHRASE)]).await.status, 403);
        // a planted cookie beside the real one
        let mut planted = north.clone();
        planted.cookies.push((SIGN_IN_COOKIE.to_owned(), world.known.sign_ins["south"].token.clone()));
        assert!(planted.get("/profile").await.asks_to_sign_in(), "two of a name are none");
        contents.are_as_they_were("forged forms").await;
        assert_eq!(north.post("/profile", &[("full_name", "Right")]).await.status, 303);
        world.end().await;
    });
}

#[test]
fn other_sites_send_no_forms() {
    run(async {
        let world = World::copy().await;
        let mut contents = Contents::of(world.url()).await;
        let caller = Caller::account(&world, "north").await;
        for (headers, status) in [
            (vec![("sec-fetch-site", "cross-site")], 403),
            (vec![("sec-fetch-site", "same-site")], 403),
            (vec![("origin", "https://evil.example")], 403),
            (vec![("origin", "null")], 403),
            (vec![("origin", "https://a.example.test.evil.example")], 403),
            (vec![("origin", "https://b.example.test"), ("sec-fetch-site", "same-site")], 403),
        ] {
            let mut forger = caller.clone();
            forger.headers = headers.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
            assert_eq!(forger.post("/profile", &[("full_name", "Forged")]).await.status, status, "{headers:?}");
            contents.are_as_they_were(&format!("{headers:?}")).await;
        }
        let mut right = caller.clone();
        right.headers = vec![("origin", "https://a.example.test".into()), ("sec-fetch-site", "same-origin".into())];
        assert_eq!(right.post("/profile", &[("full_name", "Right")]).await.status, 303);
        world.end().await;
    });
}

#[test]
fn a_sign_in_gets_a_cookie_that_was_not_there_before() {
    run(async {
        let world = World::copy().await;
        let mut guest = Caller::guest(&world).await;
        // planted before: neither is taken over
        guest.cookies.push((SIGN_IN_COOKIE.to_owned(), "tgs_planted".to_owned()));
        let page = guest.get("/sign-in").await;
        guest.form_token = page.form_token().expect("a token").to_owned();
        let answer = guest.post("/sign-in", &[("name", &name("north")), ("password", PASSPHRASE)]).await;
        let line = answer
            .headers
            .get_all("set-cookie")
            .iter()
            .filter_map(|v| v.to_str().ok())
            .find(|l| l.starts_with(SIGN_IN_COOKIE))
            .expect("set");
        for wanted in ["Path=/", "HttpOnly", "SameSite=Lax", "Secure"] {
            assert!(line.contains(wanted), "{wanted}: {line}");
        }
        assert!(!line.contains("Domain=") && !line.contains("planted") && !line.contains("Max-Age"), "{line}");
        assert_eq!(answer.cookie(GUEST_COOKIE).as_deref(), Some(""), "the guest's number is gone");
        world.end().await;
    });
}

#[test]
fn an_export_ends_with_the_sign_in() {
    run(async {
        for (what, is_sign_out) in [("signed out", true), ("may not export any more", false)] {
            let world = World::copy().await;
            super::contents::fill_audit_log(world.url(), world.known.tenant(Side::A), world.known.account("admin"), 8_000).await;
            let admin = Caller::account(&world, "admin").await;
            let mut body = admin.begin("/audit.csv").await.into_body();
            assert!(next_piece(&mut body).await.is_some_and(|piece| piece.is_ok_and(|text| text.starts_with(b"number,at,"))));
            if is_sign_out {
                assert_eq!(admin.post("/sign-out", &[]).await.status, 303);
            } else {
                let changes = RoleChanges { withhold: CapabilitySet::EMPTY.with(Capability::ReportsExport), ..RoleChanges::default() };
                set_role(&world.db, &world.administrator(Side::A), Role::Admin, &changes, now()).await.expect("changed");
            }
            let mut pieces = 1;
            let how = loop {
                match next_piece(&mut body).await {
                    Some(Ok(_)) => pieces += 1,
                    Some(Err(_)) => break "cut off",
                    None => break "whole",
                }
            };
            // what was read before is on its way
            assert!(how == "cut off" && pieces < 8, "{what}: {how} after {pieces} pieces");
            world.end().await;
        }
    });
}

#[test]
fn the_events_of_a_job_end_with_the_sign_in() {
    run(async {
        for is_sign_out in [true, false] {
            let world = World::copy().await;
            let admin = Caller::account(&world, "admin").await;
            // one that waits: nothing runs jobs here
            let path = format!("/jobs/{}", world.known.jobs["admin"]);
            assert_eq!(admin.post(&format!("{path}/retry"), &[]).await.status, 303);
            let mut body = admin.begin(&format!("{path}/events")).await.into_body();
            let first = next_piece(&mut body).await.expect("an event").expect("a piece");
            assert!(first.starts_with(b"event: progress\n"), "{first:?}");
            if is_sign_out {
                assert_eq!(admin.post("/sign-out", &[]).await.status, 303);
            } else {
                let changes = RoleChanges {
                    withhold: CapabilitySet::EMPTY.with(Capability::SettingsView).with(Capability::BulkOperations),
                    ..RoleChanges::default()
                };
                set_role(&world.db, &world.administrator(Side::A), Role::Admin, &changes, now()).await.expect("changed");
            }
            assert!(next_piece(&mut body).await.is_some_and(|piece| piece.is_err()), "cut off");
            world.end().await;
        }
    });
}

#[test]
fn a_few_listen_to_jobs_at_once() {
    run(async {
        let world = World::copy().await;
        let (admin, top) = (Caller::account(&world, "admin").await, Caller::account(&world, "super").await);
        let path = format!("/jobs/{}", world.known.jobs["admin"]);
        assert_eq!(admin.post(&format!("{path}/retry"), &[]).await.status, 303);
        let mut open = Vec::new();
        loop {
            let answer = admin.begin(&format!("{path}/events")).await;
            match answer.status().as_u16() {
                200 if open.len() < 50 => open.push(answer),
                503 => break,
                status => panic!("{status} after {}", open.len()),
            }
        }
        assert!(open.len() > 2);
        assert_eq!(top.begin(&format!("{path}/events")).await.status(), 200, "others are not kept out");
        world.end().await;
    });
}

async fn next_piece(body: &mut Body) -> Option<Result<Bytes, axum::Error>> {
    let frame = std::future::poll_fn(|cx| hyper::body::Body::poll_frame(Pin::new(&mut *body), cx)).await?;
    Some(frame.map(|frame| frame.into_data().unwrap_or_default()))
}

#[test]
fn a_page_of_somebody_signed_in_stays_in_no_store() {
    run(async {
        let world = World::copy().await;
        let caller = Caller::account(&world, "north").await;
        for path in ["/profile", "/accounts", "/nowhere"] {
            assert_eq!(caller.get(path).await.headers["cache-control"], "no-store", "{path}");
        }
        let head = caller.send(Method::HEAD, "/profile", None, String::new()).await;
        assert!(head.status == 200 && head.body.is_empty());
        world.end().await;
    });
}
