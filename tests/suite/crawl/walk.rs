//! The crawl itself: every role at every page with everything that the page's address can name, and everything else a page may be asked with.

use std::collections::BTreeMap;

use axum::http::Method as HttpMethod;
use tollgate::web::Method;

use super::addresses::{Target, Verdict, addresses};
use super::caller::{Answer, Caller};
use super::cast::{ACTORS, CUSTOMER_OWNERS, part_of};
use super::contents::Contents;
use super::model::{holds, is_let_in, manages, secrets, sees, targets};
use super::table::{About, Line, TABLE, Who};
use super::world::{PASSPHRASE, World, run};
use crate::harness::on_both_stores;

/// An id that nothing has.
const NOBODY: i64 = 4_611_686_018_427_387_905;

/// The body that fits: what an account is now stays where the table says so.
pub fn body(line: &Line, key: Option<&str>) -> Vec<(&'static str, String)> {
    let value = |value: &str| match (value, key) {
        ("(its own)", Some(key)) => part_of(key).role.to_string(),
        ("(its own)", None) => "operator".to_owned(),
        _ => value.to_owned(),
    };
    line.form.iter().map(|(name, v)| (*name, value(v))).collect()
}

pub async fn ask(caller: &Caller<'_>, line: &Line, path: &str, form: &[(&str, String)]) -> Answer {
    let fields: Vec<(&str, &str)> = form.iter().map(|(name, value)| (*name, value.as_str())).collect();
    match line.method {
        Method::Get => caller.get(path).await,
        Method::Post => caller.post(path, &fields).await,
    }
}

/// A page without what differs from one request to the next: tokens, numbers of requests, the id that was asked for.
pub fn without_chance(body: &str, asked: &str) -> String {
    let body = if asked.len() > 8 { body.replace(asked, "(id)") } else { body.to_owned() };
    let mut plain = String::with_capacity(body.len());
    let mut run = String::new();
    for c in body.chars().chain(['\0']) {
        if c.is_ascii_hexdigit() {
            run.push(c);
            continue;
        }
        plain.push_str(if run.len() >= 32 { "(chance)" } else { &run });
        run.clear();
        plain.push(c);
    }
    plain
}

/// What the crawl found of each kind, so that it cannot pass by having asked nothing.
type Count = BTreeMap<Verdict, usize>;

struct Walk<'w> {
    caller: Caller<'w>,
    actor: &'static str,
    secrets: Vec<String>,
    count: Count,
}

impl Walk<'_> {
    fn judge(&mut self, line: &Line, target: &Target, answer: &Answer) {
        let said =
            format!("{} at {:?} {} ({}): {} {}", self.actor, line.method, target.path, target.what, answer.status, answer.location());
        let expected: &[u16] = match target.verdict {
            // a form of somebody who is signed in is none of a page for guests
            _ if matches!(line.who, Who::Anybody) && line.method == Method::Post => &[403],
            Verdict::Absent => &[404],
            Verdict::Forbidden if line.about == About::Secret => &[422],
            Verdict::Forbidden => &[403],
            Verdict::Shown | Verdict::Changes => &[line.ok],
        };
        assert!(expected.contains(&answer.status), "{said}, expected {expected:?}\n{}", answer.body);
        assert!(!answer.location().contains("evil"), "{said} leads away");
        for secret in &self.secrets {
            assert!(!answer.body.contains(secret.as_str()), "{said} tells {secret}\n{}", answer.body);
            assert!(
                !answer.headers.iter().any(|(_, v)| v.as_bytes().windows(secret.len()).any(|w| w == secret.as_bytes())),
                "{said} tells {secret}"
            );
        }
        *self.count.entry(target.verdict).or_default() += 1;
    }

    /// One page with every address, and each field that names an account.
    async fn page(&mut self, world: &World, line: &Line, contents: &mut Contents) {
        // where the form names an account too, one that he sees
        let own = line.accounts.iter().filter(|_| line.is_post()).map(|field| (*field, world.known.account(self.actor).to_string()));
        let form: Vec<(&str, String)> = body(line, None).into_iter().chain(own).collect();
        for target in addresses(world, self.actor, line) {
            if target.verdict == Verdict::Changes {
                *self.count.entry(Verdict::Changes).or_default() += 1;
            } else {
                let answer = ask(&self.caller, line, &target.path, &form).await;
                self.judge(line, &target, &answer);
            }
            contents.are_as_they_were(&format!("{} at {:?} {}", self.actor, line.method, target.path)).await;
            if target.verdict == Verdict::Absent
                && line.path.contains("{id}")
                && target.path.bytes().filter(u8::is_ascii_digit).count() > 15
            {
                self.looks_absent(line, &target, &form).await;
            }
        }
        for query in line.queries {
            let target = Target {
                what: (*query).to_owned(),
                path: format!("{}?{query}", line.path),
                verdict: addresses(world, self.actor, line)[0].verdict,
            };
            let answer = ask(&self.caller, line, &target.path, &body(line, None)).await;
            self.judge(line, &target, &answer);
        }
        for field in line.accounts {
            self.named_by_field(world, line, field).await;
            contents.are_as_they_were(&format!("{} at {:?} {}, by {field}", self.actor, line.method, line.path)).await;
        }
    }

    /// What somebody does not see is answered as what nobody has.
    async fn looks_absent(&self, line: &Line, target: &Target, form: &[(&str, String)]) {
        let place = line.path.split('/').position(|part| part == "{id}").unwrap_or_default();
        let asked = target.path.split('/').nth(place).unwrap_or_default();
        let other = target.path.replacen(asked, &NOBODY.to_string(), 1);
        let (answer, absent) = (ask(&self.caller, line, &target.path, form).await, ask(&self.caller, line, &other, form).await);
        let (one, two) = (without_chance(&answer.body, asked), without_chance(&absent.body, &NOBODY.to_string()));
        assert_eq!((answer.status, one), (absent.status, two), "{} tells {} from nothing at {}", self.actor, target.what, target.path);
    }

    /// An account named in the query or the form: one that he does not see is not there.
    async fn named_by_field(&mut self, world: &World, line: &Line, field: &'static str) {
        let path = match line.about {
            About::Nothing => line.path.to_owned(),
            About::SeenCustomer => {
                let best = CUSTOMER_OWNERS.into_iter().find(|owner| sees(self.actor, owner)).unwrap_or("admin");
                line.path.replace("{id}", &world.known.customers[best].to_string())
            }
            // an account that he manages, so that only the field is against it; else one that he sees
            _ => {
                let best = targets(self.actor).into_iter().find(|key| manages(self.actor, key)).unwrap_or(self.actor);
                line.path.replace("{id}", &world.known.account(best).to_string())
            }
        };
        for key in targets(self.actor).into_iter().filter(|key| !sees(self.actor, key)).map(Some).chain([None]) {
            let id = key.map_or(NOBODY, |key| world.known.account(key).0).to_string();
            let verdict = if is_let_in(self.actor, line.who) { Verdict::Absent } else { Verdict::Forbidden };
            let address = if line.is_post() { path.clone() } else { format!("{path}?{field}={id}") };
            let mut form = body(line, None);
            form.push((field, id));
            let target = Target { what: format!("{field} {}", key.unwrap_or("nobody")), path: address, verdict };
            let answer = ask(&self.caller, line, &target.path, &form).await;
            self.judge(line, &target, &answer);
        }
    }
}

/// What some ask for and get in a world, each in turn.
async fn crawl(world: World, actors: &[&'static str]) {
    let mut contents = Contents::of(world.url()).await;
    for actor in actors.iter().copied() {
        let mut caller = Caller::account(&world, actor).await;
        // wrong passwords are counted by address
        caller.ip = format!("203.0.113.{}", 10 + super::cast::place(actor));
        assert!(!caller.form_token.is_empty(), "{actor} is signed in");
        let mut walk = Walk { caller, actor, secrets: secrets(actor), count: Count::new() };
        for line in TABLE {
            walk.page(&world, line, &mut contents).await;
        }
        contents.are_still(actor).await;
        for (verdict, least) in [(Verdict::Absent, 25), (Verdict::Forbidden, 25), (Verdict::Shown, 15), (Verdict::Changes, 5)] {
            assert!(walk.count.get(&verdict).is_some_and(|n| *n > least), "{actor}: {:?}", walk.count);
        }
    }
    world.end().await;
}

/// A test for each who acts, so that they run side by side and a failure says whose it is.
macro_rules! at_every_page {
    ($($name:ident $actor:literal)*) => {
        $(
            #[test]
            fn $name() {
                run(async { crawl(World::copy().await, &[$actor]).await });
            }
        )*

        #[test]
        fn each_of_them_is_here() {
            assert_eq!([$($actor),*], ACTORS);
        }
    };
}

mod at_every_page {
    use super::*;

    at_every_page! {
        the_developer "developer"
        the_super_admin "super"
        the_admin "admin"
        the_operator "north"
        the_sub_operator "hill"
        the_manager "manager"
        the_manager_with_permissions "keeper"
        the_accountant "accountant"
        the_sales_manager "sales"
        the_technician "technician"
        the_staff "staff"
        the_card_distributor "distributor"
    }
}

on_both_stores! {
    fn a_world_made_anew_is_crawled_too(store: &Store) {
        // on SQLite the copies above are the same world. Those who see most and those who are refused most: the statements are the same
        if !store.url.starts_with("sqlite:") {
            run(async { crawl(World::make(store.another()).await, &["developer", "super", "admin", "north", "keeper"]).await });
        }
    }
}

#[test]
fn lists_show_all_that_one_sees() {
    run(async {
        let world = World::copy().await;
        for actor in ACTORS.into_iter().filter(|actor| holds(actor, "accounts.view")) {
            let page = Caller::account(&world, actor).await.get("/accounts").await;
            for part in super::cast::CAST.iter().filter(|part| sees(actor, part.key)) {
                assert!(page.body.contains(&super::cast::name(part.key)), "{actor} misses {}", part.key);
            }
        }
        world.end().await;
    });
}

#[test]
fn a_page_is_asked_for_in_its_own_way_only() {
    run(async {
        let world = World::copy().await;
        let caller = Caller::account(&world, "super").await;
        let mut contents = Contents::of(world.url()).await;
        for line in TABLE {
            let path = line
                .path
                .replace("{id}", "1")
                .replace("{key}", "1")
                .replace("{token}", "x")
                .replace("{file}", "x")
                .replace("{role}", "operator");
            let both = TABLE.iter().filter(|other| other.path == line.path).count() == 2;
            for method in
                [HttpMethod::PUT, HttpMethod::DELETE, HttpMethod::PATCH, if line.is_post() { HttpMethod::GET } else { HttpMethod::POST }]
            {
                let expected = if both && [HttpMethod::GET, HttpMethod::POST].contains(&method) { continue } else { 405 };
                let answer = caller.send(method.clone(), &path, None, String::new()).await;
                // `/accounts/new` is also what `/accounts/{id}` would be
                assert_eq!(answer.status, expected, "{method} {path}");
            }
            if line.is_post() && !matches!(line.who, Who::Program) {
                for (kind, text) in
                    [("application/json", "{\"parent\": 1}"), ("multipart/form-data; boundary=x", "--x--"), ("text/plain", "a=b")]
                {
                    let answer = caller.send(HttpMethod::POST, &path, Some(kind), text.to_owned()).await;
                    assert!([400, 403].contains(&answer.status), "{path} took {kind}: {}", answer.status);
                }
            }
            contents.are_as_they_were(&format!("other ways to ask for {path}")).await;
        }
        world.end().await;
    });
}

#[test]
fn who_has_not_signed_in_is_sent_to_the_door() {
    run(async {
        let world = World::copy().await;
        let guest = Caller::guest(&world).await;
        let mut contents = Contents::of(world.url()).await;
        for line in TABLE.iter().filter(|line| !matches!(line.who, Who::Anybody | Who::Program)) {
            let path = line
                .path
                .replace("{id}", &world.known.account("north").to_string())
                .replace("{key}", &world.known.keys["north"].to_string());
            let path = path.replace("{role}", "operator");
            let answer = ask(&guest, line, &path, &body(line, Some("north"))).await;
            assert!(answer.asks_to_sign_in(), "{path}: {} {}", answer.status, answer.location());
            contents.are_as_they_were(&path).await;
        }
        assert_eq!(
            guest.post("/sign-in", &[("name", &super::cast::name("north")), ("password", PASSPHRASE)]).await.status,
            303,
            "it is the door"
        );
        world.end().await;
    });
}
