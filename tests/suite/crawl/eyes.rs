//! Looking through another account's eyes.

use super::caller::Caller;
use super::contents::Contents;
use super::escalation::{fields, refused};
use super::world::{PASSPHRASE, World, run};

#[test]
fn through_anothers_eyes_one_may_less_and_not_more() {
    run(async {
        let world = World::copy().await;
        let view = |key: &str| format!("/accounts/{}/view-as", world.known.account(key));
        let why = || fields(&[("reason", "to see")]);
        refused(
            &world,
            &[
                ("admin", view("admin"), why(), 403),
                ("admin", view("super"), why(), 404),
                ("admin", view("rival"), why(), 404),
                ("super", view("super-b"), why(), 404),
                ("super", view("developer"), why(), 404),
                ("north", view("hill"), why(), 403),
                ("keeper", view("staff"), why(), 403),
                ("admin", view("north"), fields(&[("reason", " ")]), 403),
            ],
        )
        .await;
        let admin = Caller::account(&world, "admin").await;
        let answer = admin.post(&view("north"), &[("reason", "to see")]).await;
        let token = answer.cookie(super::caller::SIGN_IN_COOKIE).expect("a new token");
        assert!(admin.get("/profile").await.asks_to_sign_in(), "the token of before is void");
        let eyes = Caller::with_sign_in(&world, super::cast::Side::A, &token).await;
        let page = eyes.get("/accounts").await;
        assert!(
            page.body.contains(&super::cast::name("hill")) && !page.body.contains(&super::cast::mark("south")),
            "what north sees, no more"
        );
        let mut contents = Contents::of(world.url()).await;
        let hill = world.known.account("hill");
        for (path, status) in [
            ("/profile".to_owned(), 403),
            ("/profile/security".to_owned(), 403),
            ("/profile/second-factor".to_owned(), 403),
            ("/api-keys".to_owned(), 403),
            (format!("/accounts/{}", world.known.account("south")), 404),
        ] {
            assert_eq!(eyes.get(&path).await.status, status, "{path}");
        }
        for (path, status) in [
            ("/profile".to_owned(), 403),
            ("/profile/password".to_owned(), 403),
            ("/profile/sign-ins/revoke-others".to_owned(), 403),
            (format!("/profile/sign-ins/{}/revoke", world.known.sign_ins["admin"].other_id), 403),
            ("/profile/second-factor".to_owned(), 403),
            ("/profile/second-factor/confirm".to_owned(), 403),
            ("/profile/second-factor/remove".to_owned(), 403),
            ("/profile/recovery-codes".to_owned(), 403),
            (format!("/accounts/{hill}/permissions"), 403),
            (format!("/accounts/{hill}/setup-link"), 403),
            (format!("/accounts/{hill}/reset-second-factor"), 403),
            (format!("/accounts/{hill}/end-sign-ins"), 403),
            (format!("/accounts/{hill}/api-keys/{}/revoke", world.known.keys["hill"]), 403),
            (format!("/accounts/{hill}/view-as"), 403),
            // it would be done with what north holds
            (format!("/jobs/{}/retry", world.known.jobs["north"]), 403),
        ] {
            // with everything that would do it rightly: his own password, and what both hold
            let form = [
                ("reason", "x"),
                ("old_password", PASSPHRASE),
                ("password_for_factor", PASSPHRASE),
                ("password_for_removal", PASSPHRASE),
                ("password_for_codes", PASSPHRASE),
                ("password", "an entirely new phrase"),
                ("password_again", "an entirely new phrase"),
                ("full_name", "x"),
                ("capability", "customers.view"),
            ];
            assert_eq!(eyes.post(&path, &form).await.status, status, "{path}");
            contents.are_as_they_were(&path).await;
        }
        let back = eyes.post("/view-as/stop", &[]).await;
        let own =
            Caller::with_sign_in(&world, super::cast::Side::A, &back.cookie(super::caller::SIGN_IN_COOKIE).expect("a new token")).await;
        assert_eq!(own.get("/profile").await.status, 200);
        world.end().await;
    });
}

/// Whoever looks through a pair of eyes from now on.
async fn look<'w>(world: &'w World, actor: &str, through: &str) -> Caller<'w> {
    let path = format!("/accounts/{}/view-as", world.known.account(through));
    let answer = Caller::account(world, actor).await.post(&path, &[("reason", "to see")]).await;
    let token = answer.cookie(super::caller::SIGN_IN_COOKIE).unwrap_or_else(|| panic!("{actor} looks: {}", answer.body));
    Caller::with_sign_in(world, super::cast::Side::A, &token).await
}

#[test]
fn through_anothers_eyes_one_holds_what_both_hold() {
    run(async {
        let world = World::copy().await;
        let special = "special.master-packages";
        let given = [("capability", special)];
        let path = format!("/accounts/{}/permissions", world.known.account("north"));
        assert_eq!(Caller::account(&world, "super").await.post(&path, &given).await.status, 303);
        // the page of an account offers what whoever looks could give
        let hill = format!("/accounts/{}", world.known.account("hill"));
        assert!(Caller::account(&world, "north").await.get(&hill).await.body.contains(special));
        let page = look(&world, "admin", "north").await.get(&hill).await;
        assert!(page.status == 200 && !page.body.contains(special), "the provider does not hold it");
        world.end().await;
    });
}

#[test]
fn one_looks_through_one_pair_of_eyes_for_a_while_and_its_owner_reads_it() {
    run(async {
        let world = World::copy().await;
        let view = |key: &str| format!("/accounts/{}/view-as", world.known.account(key));
        let eyes = look(&world, "super", "admin").await;
        assert_eq!(eyes.post(&view("north"), &[("reason", "further")]).await.status, 403, "from there no further");
        // whose eyes it was reads who it was, and nobody else does
        for (key, is_told) in [("admin", true), ("north", false), ("rival", false), ("super", false)] {
            let page = Caller::with_sign_in(&world, super::cast::Side::A, &world.known.sign_ins[key].other_token).await;
            let page = page.get("/profile/security").await;
            assert_eq!((page.status, page.body.contains("to see")), (200, is_told), "{key}");
        }
        let id = world.known.sign_ins["super"].id;
        super::contents::run_sql(world.url(), &format!("UPDATE sign_ins SET as_until = 1 WHERE id = {id}")).await;
        assert_eq!(eyes.get("/accounts").await.status, 403, "the time is over");
        let page = eyes.get("/accounts").await;
        assert!(page.status == 200 && page.body.contains(&super::cast::mark("rival")), "one's own eyes again");
        world.end().await;
    });
}

#[test]
fn nobody_looks_through_the_eyes_of_a_suspended_account() {
    run(async {
        let world = World::copy().await;
        let at = |what: &str| format!("/accounts/{}/{what}", world.known.account("north"));
        let admin = Caller::account(&world, "admin").await;
        assert_eq!(admin.post(&at("suspend"), &[("reason", "unpaid")]).await.status, 303);
        assert_eq!(admin.post(&at("view-as"), &[("reason", "to see")]).await.status, 403);
        world.end().await;
    });
}
