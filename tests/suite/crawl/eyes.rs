//! Looking through another account's eyes.

use super::caller::Caller;
use super::contents::Contents;
use super::escalation::{fields, refused};
use super::world::{World, run};

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
            ("/profile/recovery-codes".to_owned(), 403),
            (format!("/accounts/{hill}/setup-link"), 403),
            (format!("/accounts/{hill}/reset-second-factor"), 403),
            (format!("/accounts/{hill}/end-sign-ins"), 403),
            (format!("/accounts/{hill}/api-keys/{}/revoke", world.known.keys["hill"]), 403),
            (format!("/accounts/{hill}/view-as"), 403),
        ] {
            let form = [("reason", "x"), ("password", "a new passphrase"), ("password_again", "a new passphrase"), ("full_name", "x")];
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
