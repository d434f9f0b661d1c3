//! Attempts to get more than one has, by every form that could give it. Each is refused and changes nothing; the last line of each test does the same rightly.

use super::caller::Caller;
use super::contents::Contents;
use super::programs::program;
use super::world::{PASSPHRASE, World, run};

/// Somebody, a form, what is sent, and how it is answered.
pub type Attempt<'a> = (&'a str, String, Vec<(&'a str, String)>, u16);

pub async fn refused(world: &World, attempts: &[Attempt<'_>]) {
    let mut contents = Contents::of(world.url()).await;
    for (actor, path, fields, status) in attempts {
        let caller = Caller::account(world, actor).await;
        let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let answer = caller.post(path, &fields).await;
        assert_eq!(answer.status, *status, "{actor} at {path} with {fields:?}: {} {}", answer.location(), answer.body);
        contents.are_as_they_were(&format!("{actor} at {path} with {fields:?}")).await;
    }
}

pub fn fields<'a>(pairs: &[(&'a str, &str)]) -> Vec<(&'a str, String)> {
    pairs.iter().map(|(name, value)| (*name, (*value).to_owned())).collect()
}

#[test]
fn nobody_raises_a_role() {
    run(async {
        let world = World::copy().await;
        let edit = |key: &str| format!("/accounts/{}/edit", world.known.account(key));
        let role = |role: &str| fields(&[("name", "raised"), ("role", role)]);
        refused(
            &world,
            &[
                // a sub-operator to one's own role, above it, and to what one's role does not create
                ("north", edit("hill"), role("operator"), 403),
                ("north", edit("hill"), role("admin"), 403),
                ("north", edit("hill"), role("super-admin"), 422),
                ("north", edit("hill"), role("developer"), 422),
                ("north", edit("hill"), role("staff"), 403),
                ("north", edit("hill"), role("card-distributor"), 403),
                ("north", edit("hill"), role("manager"), 403),
                ("admin", edit("north"), role("admin"), 403),
                ("admin", edit("north"), role("super-admin"), 422),
                // one's own
                ("north", edit("north"), role("admin"), 403),
                ("admin", edit("admin"), role("super-admin"), 403),
                ("super", edit("super"), role("developer"), 403),
                ("keeper", edit("keeper"), role("admin"), 403),
                ("keeper", edit("staff"), role("operator"), 403),
                // a role under which those below would not fit
                ("admin", edit("north"), role("staff"), 403),
                ("admin", edit("north"), role("nonsense"), 422),
            ],
        )
        .await;
        let caller = Caller::account(&world, "admin").await;
        assert_eq!(caller.post(&edit("staff"), &[("name", "raised"), ("role", "accountant")]).await.status, 303);
        world.end().await;
    });
}

#[test]
fn nobody_adds_an_account_where_he_may_not() {
    run(async {
        let world = World::copy().await;
        let new = |parent: &str, role: &str| {
            fields(&[("parent", &world.known.account(parent).to_string()), ("role", role), ("name", "intruder")])
        };
        let to = "/accounts/new".to_owned();
        refused(
            &world,
            &[
                ("north", to.clone(), new("admin", "sub-operator"), 404),
                ("north", to.clone(), new("south", "sub-operator"), 404),
                ("north", to.clone(), new("rival", "operator"), 404),
                ("north", to.clone(), new("admin-b", "operator"), 404),
                ("north", to.clone(), new("north", "operator"), 403),
                ("north", to.clone(), new("north", "admin"), 403),
                ("north", to.clone(), new("north", "staff"), 403),
                ("north", to.clone(), new("north", "card-distributor"), 403),
                ("north", to.clone(), new("hill", "sub-operator"), 403),
                ("north", to.clone(), new("north", "super-admin"), 422),
                ("north", to.clone(), new("north", "developer"), 403),
                ("admin", to.clone(), new("admin", "admin"), 403),
                ("admin", to.clone(), new("manager", "operator"), 403),
                ("super", to.clone(), new("super", "operator"), 403),
                ("super", to.clone(), new("admin", "operator"), 403),
                ("super", to.clone(), new("super-b", "admin"), 404),
                ("hill", to.clone(), new("hill", "staff"), 403),
                ("keeper", to.clone(), new("admin", "staff"), 403),
                ("north", to.clone(), fields(&[("role", "sub-operator"), ("name", "intruder")]), 404),
                ("north", to.clone(), fields(&[("parent", "owner"), ("role", "sub-operator"), ("name", "intruder")]), 404),
            ],
        )
        .await;
        // of two fields of one name the first counts, and the second is not looked at
        let (own, foreign) = (world.known.account("north").to_string(), world.known.account("south").to_string());
        let caller = Caller::account(&world, "north").await;
        let two = [("parent", foreign.as_str()), ("parent", &own), ("role", "sub-operator"), ("name", "intruder")];
        assert_eq!(caller.post("/accounts/new", &two).await.status, 404);
        assert_eq!(caller.post("/accounts/new", &two[1..]).await.status, 303);
        world.end().await;
    });
}

#[test]
fn nobody_gives_or_takes_what_he_does_not_hold() {
    run(async {
        let world = World::copy().await;
        let of = |key: &str, what: &str| format!("/accounts/{}/permissions{what}", world.known.account(key));
        let capability = |word: &str| fields(&[("capability", word)]);
        refused(
            &world,
            &[
                ("north", of("hill", ""), capability("special.bypass-credit-limit"), 403),
                ("north", of("hill", ""), capability("routers.view"), 403),
                ("north", of("hill", ""), capability("platform.view"), 403),
                ("north", of("north", ""), capability("customers.view"), 403),
                ("north", of("north", ""), capability("routers.view"), 403),
                ("north", of("south", ""), capability("customers.view"), 404),
                ("north", of("admin", ""), capability("customers.view"), 404),
                ("admin", of("north", ""), capability("tenants.edit"), 403),
                ("admin", of("north", ""), capability("special.master-packages"), 403),
                ("super", of("admin", ""), capability("platform.view"), 403),
                ("super", of("admin", ""), capability("tenants.create"), 403),
                // he holds it, and stands above nobody
                ("keeper", of("staff", ""), capability("audit.view"), 403),
                ("keeper", of("keeper", ""), capability("accounts.create"), 403),
                ("keeper", of("keeper", "/revoke"), capability("accounts.edit"), 403),
                ("manager", of("manager", ""), capability("tickets.view"), 403),
                ("north", of("north", "/revoke"), capability("audit.view"), 403),
                ("north", of("hill", ""), fields(&[("capability", "customers.view"), ("until", "2001-01-01")]), 422),
                ("north", of("hill", ""), capability("customers.fly"), 422),
            ],
        )
        .await;
        // given and taken again by whoever holds it; what runs out above runs out below
        let (admin, north) = (Caller::account(&world, "admin").await, Caller::account(&world, "north").await);
        let special = [("capability", "special.bypass-credit-limit")];
        assert_eq!(admin.post(&of("north", ""), &special).await.status, 303);
        assert_eq!(north.post(&of("hill", ""), &special).await.status, 303, "passed on");
        let (hill, key) =
            (Caller::account(&world, "hill").await, [("name", "of hill"), ("hourly_limit", "10"), ("password", PASSPHRASE), special[0]]);
        assert_eq!(hill.post("/api-keys/new", &key).await.status, 200, "he holds it");
        assert_eq!(admin.post(&of("north", "/revoke"), &special).await.status, 303);
        assert_eq!(north.post(&of("hill", "/revoke"), &special).await.status, 403, "he does not hold it any more");
        assert_eq!(hill.post("/api-keys/new", &key).await.status, 403, "nor does whom he gave it");
        world.end().await;
    });
}

#[test]
fn a_key_may_no_more_than_whoever_makes_it() {
    run(async {
        let world = World::copy().await;
        let to = "/api-keys/new".to_owned();
        let key = |word: &str| fields(&[("name", "thief"), ("capability", word), ("hourly_limit", "10"), ("password", PASSPHRASE)]);
        refused(
            &world,
            &[
                ("north", to.clone(), key("routers.edit"), 403),
                ("hill", to.clone(), key("accounts.view"), 403),
                ("admin", to.clone(), key("platform.view"), 403),
                ("keeper", to.clone(), key("accounts.create"), 403),
                ("staff", to.clone(), key("tickets.view"), 403),
                ("north", to.clone(), key("customers.fly"), 422),
                ("north", to.clone(), fields(&[("name", "thief"), ("hourly_limit", "10"), ("password", PASSPHRASE)]), 422),
            ],
        )
        .await;
        // it is good for what it says, and is gone with what its account loses
        let program = program(&world, &[("hourly_limit", "10")]).await;
        let answer = program.get("/api/v1/account").await;
        assert!(
            answer.status == 200 && answer.body.contains("customers.view") && !answer.body.contains("accounts.view"),
            "{}",
            answer.body
        );
        let admin = Caller::account(&world, "admin").await;
        let off = [("name", "north"), ("role", "operator"), ("menu_off", "customers")];
        assert_eq!(admin.post(&format!("/accounts/{}/edit", world.known.account("north")), &off).await.status, 303);
        assert!(!program.get("/api/v1/account").await.body.contains("customers.view"));
        assert_eq!(admin.post(&format!("/accounts/{}/suspend", world.known.account("north")), &[("reason", "x")]).await.status, 303);
        assert_eq!(program.get("/api/v1/account").await.status, 401);
        world.end().await;
    });
}

#[test]
fn a_key_takes_the_password() {
    run(async {
        let world = World::copy().await;
        let to = "/api-keys/new".to_owned();
        let key = |password: &[(&'static str, &str)]| {
            let mut all = fields(&[("name", "thief"), ("capability", "customers.view"), ("hourly_limit", "10")]);
            all.extend(fields(password));
            all
        };
        // whoever has the cookie of an open sign-in and no more
        let attempts = [key(&[]), key(&[("password", "")]), key(&[("password", "a guess")])];
        refused(&world, &attempts.map(|form| ("north", to.clone(), form, 422))).await;
        // and guessing waits
        let north = Caller::account(&world, "north").await;
        let guess = [("name", "thief"), ("capability", "customers.view"), ("hourly_limit", "10"), ("password", "a guess")];
        for _ in 0..3 {
            north.post(&to, &guess).await;
        }
        assert_eq!(north.post(&to, &guess).await.status, 429);
        world.end().await;
    });
}

#[test]
fn menus_that_are_off_close_what_is_behind_them() {
    run(async {
        let world = World::copy().await;
        let edit = |key: &str| format!("/accounts/{}/edit", world.known.account(key));
        let off = |name: &str, role: &str, menus: &[&str]| {
            let mut all = fields(&[("name", name), ("role", role)]);
            all.extend(menus.iter().map(|menu| ("menu_off", (*menu).to_owned())));
            all
        };
        refused(
            &world,
            &[
                ("north", edit("south"), off("south", "operator", &["customers"]), 404),
                ("north", edit("marsh"), off("marsh", "sub-operator", &["customers"]), 404),
                ("north", edit("north"), off("north", "operator", &[]), 403),
                ("rival", edit("north"), off("north", "operator", &["customers"]), 404),
                ("north", edit("hill"), off("hill", "sub-operator", &["everything"]), 422),
            ],
        )
        .await;
        // what is off above is not switched on below
        let above = Caller::account(&world, "super").await;
        let admin = Caller::account(&world, "admin").await;
        let both = [("name", "north"), ("role", "operator"), ("menu_off", "recharge_cards")];
        assert_eq!(admin.post(&edit("north"), &both).await.status, 303);
        assert_eq!(above.post(&edit("admin"), &[("name", "admin"), ("role", "admin"), ("menu_off", "recharge_cards")]).await.status, 303);
        assert_eq!(admin.post(&edit("north"), &both[..2]).await.status, 403);
        assert_eq!(above.post(&edit("admin"), &[("name", "admin"), ("role", "admin")]).await.status, 303);
        let closed = off("north", "operator", &["operators_managers"]);
        let closed: Vec<(&str, &str)> = closed.iter().map(|(n, v)| (*n, v.as_str())).collect();
        assert_eq!(admin.post(&edit("north"), &closed).await.status, 303);
        let north = Caller::account(&world, "north").await;
        for path in ["/accounts".to_owned(), "/accounts/new".to_owned(), edit("hill"), format!("/accounts/{}", world.known.account("hill"))]
        {
            let answer = north.get(&path).await;
            assert_eq!(answer.status, 403, "{path}");
            assert!(!answer.body.contains("href=\"/accounts\""), "it is out of the menu too");
        }
        assert_eq!(north.post(&edit("hill"), &[("name", "hill"), ("role", "sub-operator")]).await.status, 403);
        assert_eq!(north.get("/profile").await.status, 200, "the rest is open");
        world.end().await;
    });
}

#[test]
fn nobody_opens_or_closes_an_account_beside_or_above_him() {
    run(async {
        let world = World::copy().await;
        let at = |key: &str, what: &str| format!("/accounts/{}/{what}", world.known.account(key));
        let mut attempts = Vec::new();
        for what in ["suspend", "restore", "setup-link", "reset-second-factor", "end-sign-ins"] {
            for (actor, target, status) in [
                ("north", "admin", 404),
                ("north", "south", 404),
                ("north", "north", 403),
                ("admin", "super", 404),
                ("admin", "rival", 404),
                ("admin", "admin", 403),
                ("super", "super-b", 404),
                ("super", "super", 403),
                ("super", "developer", 404),
                ("keeper", "admin", 403),
                ("keeper", "manager", 403),
                ("keeper", "staff", 403),
                ("hill", "north", 403),
            ] {
                attempts.push((actor, at(target, what), fields(&[("reason", "because")]), status));
            }
        }
        let parent = |key: &str| fields(&[("parent", &world.known.account(key).to_string())]);
        attempts.extend([
            ("admin", at("north", "transfer"), parent("rival"), 404),
            ("admin", at("north", "transfer"), parent("super"), 404),
            ("admin", at("north", "transfer"), parent("north"), 422),
            ("admin", at("north", "transfer"), parent("hill"), 422),
            ("admin", at("hill", "transfer"), parent("manager"), 403),
            ("admin", at("east", "transfer"), parent("admin"), 404),
            ("super", at("north", "transfer"), parent("rival"), 403),
            ("north", at("hill", "transfer"), parent("north"), 403),
        ]);
        refused(&world, &attempts).await;
        world.end().await;
    });
}
