//! The crawl itself: every role at every page with everything that the page's address can name, and everything else a page may be asked with.

use std::collections::BTreeMap;

use axum::http::Method as HttpMethod;
use tollgate::accounts::Role;
use tollgate::web::Method;

use super::caller::{Answer, Caller};
use super::cast::{ACTORS, KEY_HOLDERS, Side, part_of, tenant_name};
use super::contents::Contents;
use super::model::{holds, is_let_in, manages, secrets, sees, sees_tenant, sees_whole_tenant, targets};
use super::table::{About, Line, TABLE, Who};
use super::world::{PASSPHRASE, World, run};
use crate::harness::{Store, on_both_stores};

/// An id that nothing has.
const NOBODY: i64 = 4_611_686_018_427_387_905;

/// What should come of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Verdict {
    /// 404, like an id that nothing has.
    Absent,
    /// 403.
    Forbidden,
    /// A page, or a form that changes nothing.
    Shown,
    /// A form that changes something: not sent here, `allowed.rs` sends it.
    Changes,
}

/// One address to ask for.
struct Target {
    /// What the address names, for messages.
    what: String,
    path: String,
    verdict: Verdict,
}

/// What whoever is let in gets if nothing is against it.
fn good(line: &Line) -> Verdict {
    // what is answered with a complaint or a redirect to begin again changes nothing
    let changes = line.is_post() && (line.because.is_empty() || line.ok == 200);
    if changes { Verdict::Changes } else { Verdict::Shown }
}

fn addresses(world: &World, actor: &'static str, line: &Line) -> Vec<Target> {
    let known = &world.known;
    let target = |what: &str, path: String, verdict: Verdict| {
        let verdict = if is_let_in(actor, line.who) { verdict } else { Verdict::Forbidden };
        Target { what: what.to_owned(), path, verdict }
    };
    let with_id = |id: String| line.path.replace("{id}", &id);
    let account = |key: &'static str, rule: fn(&str, &str) -> bool| {
        let verdict = match (sees(actor, key), rule(actor, key)) {
            (false, _) => Verdict::Absent,
            (true, false) => Verdict::Forbidden,
            (true, true) => good(line),
        };
        target(key, with_id(known.account(key).to_string()), verdict)
    };
    let nothing = ["0", "-1", "x", "9223372036854775807", "9223372036854775808", "1.5", "%00", "1%27"];
    let absent = |rest: &str| nothing.map(|id| target(id, with_id(id.to_owned()).replace("{key}", rest), Verdict::Absent));
    match line.about {
        About::Nothing => vec![target("", line.path.to_owned(), good(line))],
        About::SeenAccount => targets(actor).into_iter().map(|key| account(key, sees)).chain(absent("")).collect(),
        About::ManagedAccount => targets(actor).into_iter().map(|key| account(key, manages)).chain(absent("")).collect(),
        About::ManagedKey => {
            // one's own keys are one's own on this page too
            let of = |key: &'static str, holder: &str| {
                let found = account(key, |actor, key| actor == key || manages(actor, key));
                let verdict = if found.verdict == Verdict::Changes && key != holder { Verdict::Absent } else { found.verdict };
                Target {
                    what: format!("{key} with the key of {holder}"),
                    path: found.path.replace("{key}", &known.keys[holder].to_string()),
                    verdict,
                }
            };
            let pairs = targets(actor).into_iter().flat_map(|key| KEY_HOLDERS.map(|holder| of(key, holder)));
            pairs.chain(absent("1")).collect()
        }
        About::OwnSignIn => {
            let of = |key: &'static str| {
                let verdict = if key == actor { Verdict::Changes } else { Verdict::Absent };
                target(key, with_id(known.sign_ins[key].other_id.to_string()), verdict)
            };
            targets(actor).into_iter().map(of).chain(absent("")).collect()
        }
        About::OwnKey => {
            let of = |key: &'static str| {
                let verdict = if key == actor { Verdict::Changes } else { Verdict::Absent };
                target(key, with_id(known.keys[key].to_string()), verdict)
            };
            KEY_HOLDERS.into_iter().map(of).chain(absent("")).collect()
        }
        About::SeenTenant => {
            let of = |side: Side| {
                let verdict = if sees_tenant(actor, side) { good(line) } else { Verdict::Absent };
                target(tenant_name(side), with_id(known.tenant(side).to_string()), verdict)
            };
            [Side::A, Side::B, Side::Platform].into_iter().map(of).chain(absent("")).collect()
        }
        About::Role => {
            let known = Role::ALL.into_iter().map(|role| target("a role", line.path.replace("{role}", role.as_str()), good(line)));
            let none = ["customer", "x", "%00", "Operator", "1"];
            known.chain(none.map(|word| target(word, line.path.replace("{role}", word), Verdict::Absent))).collect()
        }
        About::WholeTenant => {
            let verdict = if sees_whole_tenant(actor) { good(line) } else { Verdict::Forbidden };
            vec![target("the tenant", line.path.to_owned(), verdict)]
        }
        About::Secret => {
            let tokens = ["tgi_0", "tgl_0", "x", "%00", &world.known.sign_ins["super"].token];
            tokens.map(|token| target("a token that opens nothing", line.path.replace("{token}", token), Verdict::Forbidden)).into()
        }
        About::File => {
            let files = ["x.css", "..%2fCargo.toml", "%2e%2e/x", "panel.css"];
            files.map(|file| target("no file", line.path.replace("{file}", file), Verdict::Absent)).into()
        }
    }
}

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

/// What the whole crawl found of each kind, so that it cannot pass by having asked nothing.
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
        let asked = target.path.split('/').nth(2 + usize::from(line.path.starts_with("/profile"))).unwrap_or_default();
        let other = target.path.replacen(asked, &NOBODY.to_string(), 1);
        let (answer, absent) = (ask(&self.caller, line, &target.path, form).await, ask(&self.caller, line, &other, form).await);
        let (one, two) = (without_chance(&answer.body, asked), without_chance(&absent.body, &NOBODY.to_string()));
        assert_eq!((answer.status, one), (absent.status, two), "{} tells {} from nothing at {}", self.actor, target.what, target.path);
    }

    /// An account named in the query or the form: one that he does not see is not there.
    async fn named_by_field(&mut self, world: &World, line: &Line, field: &'static str) {
        let path = match line.about {
            About::Nothing => line.path.to_owned(),
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

fn crawl(store: Option<&Store>) {
    run(async {
        let world = match store {
            None => World::copy().await,
            Some(store) => World::make(store.another()).await,
        };
        let mut contents = Contents::of(world.url()).await;
        let mut total = Count::new();
        for actor in ACTORS {
            let mut caller = Caller::account(&world, actor).await;
            // wrong passwords are counted by address
            caller.ip = format!("203.0.113.{}", 10 + super::cast::place(actor));
            assert!(!caller.form_token.is_empty(), "{actor} is signed in");
            let mut walk = Walk { caller, actor, secrets: secrets(actor), count: Count::new() };
            for line in TABLE {
                walk.page(&world, line, &mut contents).await;
            }
            assert!(walk.count[&Verdict::Absent] > 20, "{actor}: {:?}", walk.count);
            walk.count.into_iter().for_each(|(verdict, n)| *total.entry(verdict).or_default() += n);
        }
        assert!(total[&Verdict::Forbidden] > 500 && total[&Verdict::Shown] > 150 && total[&Verdict::Changes] > 100, "{total:?}");
        contents.are_as_they_were("the whole crawl").await;
        world.end().await;
    });
}

#[test]
fn every_role_at_every_page_sqlite() {
    crawl(None);
}

on_both_stores! {
    fn a_world_made_anew_is_crawled_too(store: &Store) {
        // on SQLite the copy above is the same world
        if !store.url.starts_with("sqlite:") {
            crawl(Some(store));
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
            if line.is_post() {
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
