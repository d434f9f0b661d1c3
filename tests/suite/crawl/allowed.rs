//! What the model allows does work: so that no refusal of the crawl is one of a page that refuses everybody. Each try has a copy of the world.

use super::caller::{Answer, Caller, SIGN_IN_COOKIE};
use super::cast::{ACTORS, CUSTOMER_OWNERS, JOB_OWNERS, KEY_HOLDERS, Side, name, part_of};
use super::contents::{Contents, run_sql};
use super::model::{is_let_in, is_of_server, manages, manages_job, sees, sees_tenant, targets};
use super::table::{About, Line, TABLE, Who};
use super::walk::{ask, body};
use super::world::{PASSPHRASE, World, run};

/// A form that a page takes from whoever may send it, with everything it needs.
async fn sent(actor: &str, line: &Line, path: &str, form: &[(&str, String)]) -> Answer {
    let world = World::copy().await;
    let mut contents = Contents::of(world.url()).await;
    let caller = Caller::account(&world, actor).await;
    let answer = ask(&caller, line, path, form).await;
    // what the browser keeps changes nothing here
    if answer.status == 303 && !["/preferences/theme", "/within"].contains(&line.path) {
        let before = contents.rows();
        contents.accept().await;
        assert_ne!(before, contents.rows(), "{actor} changed nothing at {path}");
    }
    world.end().await;
    answer
}

#[test]
fn whoever_may_does() {
    run(async {
        let world = World::copy().await;
        let mut done = 0;
        let is_done = |line: &&Line| line.ok == 200 || (line.ok == 303 && line.because.is_empty());
        for line in TABLE.iter().filter(|line| line.is_post() && line.accounts.is_empty()).filter(is_done) {
            let mut by_somebody = false;
            for actor in ACTORS.into_iter().filter(|actor| !matches!(line.who, Who::Anybody | Who::Program) && is_let_in(actor, line.who)) {
                let known = &world.known;
                let mine: Vec<(Option<&str>, String)> = match line.about {
                    About::Nothing => vec![(None, line.path.to_owned())],
                    About::OwnSignIn => vec![(None, line.path.replace("{id}", &known.sign_ins[actor].other_id.to_string()))],
                    About::OwnKey => KEY_HOLDERS
                        .iter()
                        .filter(|key| **key == actor)
                        .map(|key| (None, line.path.replace("{id}", &known.keys[key].to_string())))
                        .collect(),
                    About::ManagedJob => {
                        let mine = JOB_OWNERS.into_iter().filter(|key| manages_job(actor, key));
                        let own = is_of_server(actor).then_some("(the server)");
                        mine.chain(own).take(2).map(|key| (None, line.path.replace("{id}", &known.jobs[key].to_string()))).collect()
                    }
                    About::Server => is_of_server(actor).then(|| (None, line.path.to_owned())).into_iter().collect(),
                    About::OwnView => {
                        let own = CUSTOMER_OWNERS.iter().filter(|key| **key == actor);
                        own.map(|key| (None, line.path.replace("{id}", &known.views[key].to_string()))).collect()
                    }
                    About::OwnImport => {
                        let own = known.imports.get(actor).into_iter();
                        own.map(|id| (None, line.path.replace("{id}", &id.to_string()))).collect()
                    }
                    About::SeenCustomer => {
                        let seen = CUSTOMER_OWNERS.iter().filter(|owner| sees(actor, owner)).take(2);
                        seen.map(|owner| (None, line.path.replace("{id}", &known.customers[owner].to_string()))).collect()
                    }
                    About::SeenTenant => {
                        let sides = [Side::A, Side::B].into_iter().filter(|side| sees_tenant(actor, *side));
                        sides.map(|side| (None, line.path.replace("{id}", &known.tenant(side).to_string()))).collect()
                    }
                    // one of each role is enough
                    About::ManagedAccount => {
                        let managed = targets(actor).into_iter().filter(|key| manages(actor, key));
                        let one_each = managed.collect::<Vec<_>>();
                        let roles = one_each
                            .iter()
                            .enumerate()
                            .filter(|(at, key)| !one_each[..*at].iter().any(|k| part_of(k).role == part_of(key).role));
                        roles.map(|(_, key)| (Some(*key), line.path.replace("{id}", &known.account(key).to_string()))).take(2).collect()
                    }
                    About::ManagedKey => {
                        let managed = ["north", "hill"].into_iter().filter(|key| manages(actor, key));
                        managed
                            .map(|key| {
                                (
                                    Some(key),
                                    line.path
                                        .replace("{id}", &known.account(key).to_string())
                                        .replace("{key}", &known.keys[key].to_string()),
                                )
                            })
                            .collect()
                    }
                    _ => Vec::new(),
                };
                for (key, path) in mine {
                    let answer = sent(actor, line, &path, &body(line, key)).await;
                    assert_eq!(answer.status, line.ok, "{actor} at {path}: {}\n{}", answer.location(), answer.body);
                    (by_somebody, done) = (true, done + 1);
                }
            }
            let needs_nothing = matches!(line.who, Who::Anybody);
            assert!(by_somebody || needs_nothing, "nobody does {}", line.path);
        }
        assert!(done > 60, "{done}");
        world.end().await;
    });
}

#[test]
fn accounts_are_added_and_moved_by_whoever_may() {
    run(async {
        for (actor, parent, role) in [
            ("admin", "north", "sub-operator"),
            ("admin", "admin", "operator"),
            ("north", "north", "sub-operator"),
            ("super", "super", "admin"),
        ] {
            let world = World::copy().await;
            let caller = Caller::account(&world, actor).await;
            let parent = world.known.account(parent).to_string();
            assert_eq!(caller.get(&format!("/accounts/new?parent={parent}")).await.status, 200);
            let answer = caller.post("/accounts/new", &[("parent", &parent), ("role", role), ("name", "newcomer")]).await;
            assert_eq!(answer.status, 303, "{actor} adds {role}: {}", answer.body);
            assert!(caller.get("/accounts").await.body.contains("newcomer"));
            assert_eq!(caller.get(&format!("/accounts?after={parent}")).await.status, 200);
            world.end().await;
        }
        let world = World::copy().await;
        let (caller, hill) = (Caller::account(&world, "admin").await, world.known.account("hill"));
        let south = world.known.account("south").to_string();
        let answer = caller.post(&format!("/accounts/{hill}/transfer"), &[("parent", &south)]).await;
        assert_eq!(answer.status, 303, "{}", answer.body);
        assert_eq!(Caller::account(&world, "north").await.get(&format!("/accounts/{hill}")).await.status, 404, "not his any more");
        assert_eq!(Caller::account(&world, "south").await.get(&format!("/accounts/{hill}")).await.status, 200);
        world.end().await;
    });
}

#[test]
fn the_door_lets_in_by_password_link_and_set_up() {
    run(async {
        let world = World::copy().await;
        let guest = Caller::guest(&world).await;
        let answer = guest.post("/sign-in", &[("name", &name("staff")), ("password", PASSPHRASE), ("next", "/profile/security")]).await;
        assert_eq!((answer.status, answer.location()), (303, "/profile/security"), "{}", answer.body);
        let token = answer.cookie(SIGN_IN_COOKIE).expect("a token");
        assert!(Caller::with_sign_in(&world, Side::A, &token).await.get("/profile").await.body.contains(&name("staff")));
        // a set-up link made on a page, used once
        let page =
            Caller::account(&world, "admin").await.post(&format!("/accounts/{}/setup-link", world.known.account("staff")), &[]).await;
        let at = page.body.find("/setup/tgl_").expect("a link");
        let path = page.body[at..].split('<').next().expect("a link").to_owned();
        assert!(guest.get(&path).await.body.contains(&name("staff")));
        let fields = [("password", "an entirely new phrase"), ("password_again", "an entirely new phrase")];
        assert_eq!(guest.post(&path, &fields).await.location(), "/sign-in?said=password-set");
        assert_eq!(guest.post(&path, &fields).await.status, 422, "used up");
        assert_eq!(guest.get(&path).await.status, 422);
        assert!(Caller::with_sign_in(&world, Side::A, &token).await.get("/profile").await.asks_to_sign_in(), "the password is another");
        world.end().await;
    });
}

#[test]
fn a_key_that_has_run_out_is_shown_as_such() {
    run(async {
        let world = World::copy().await;
        let admin = Caller::account(&world, "admin").await;
        let path = format!("/accounts/{}", world.known.account("north"));
        let is_good = |page: &Answer| page.body.contains(">Good<") && !page.body.contains(">Run out<");
        assert!(is_good(&admin.get(&path).await));
        run_sql(world.url(), &format!("UPDATE api_keys SET expires_at = 1 WHERE id = {}", world.known.keys["north"])).await;
        for page in [admin.get(&path).await, Caller::account(&world, "north").await.get("/api-keys").await] {
            assert!(!is_good(&page) && page.body.contains(">Run out<"), "{}", page.body);
        }
        world.end().await;
    });
}

#[test]
fn what_is_seen_and_not_managed_is_shown() {
    run(async {
        let world = World::copy().await;
        let keeper = Caller::account(&world, "keeper").await;
        for key in targets("keeper").into_iter().filter(|key| sees("keeper", key)) {
            assert_eq!(keeper.get(&format!("/accounts/{}", world.known.account(key))).await.status, 200, "{key}");
        }
        world.end().await;
    });
}
