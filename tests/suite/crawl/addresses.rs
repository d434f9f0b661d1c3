//! The addresses of a page for somebody: everything that its path can name, each with what should come of it.

use tollgate::accounts::Role;

use super::cast::{CUSTOMER_OWNERS, JOB_OWNERS, KEY_HOLDERS, Side, tenant_name};
use super::model::{is_let_in, is_of_server, manages, manages_job, sees, sees_job, sees_tenant, sees_whole_tenant, targets};
use super::table::{About, Line};
use super::world::World;

/// What should come of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
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
pub struct Target {
    /// What the address names, for messages.
    pub what: String,
    pub path: String,
    pub verdict: Verdict,
}

/// What whoever is let in gets if nothing is against it.
fn good(line: &Line) -> Verdict {
    // what is answered with a complaint or a redirect to begin again changes nothing
    let changes = line.is_post() && (line.because.is_empty() || line.ok == 200);
    if changes { Verdict::Changes } else { Verdict::Shown }
}

pub fn addresses(world: &World, actor: &'static str, line: &Line) -> Vec<Target> {
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
        About::SeenJob | About::ManagedJob => {
            let of = |key: &'static str| {
                let verdict = match (sees_job(actor, key), manages_job(actor, key) || line.about == About::SeenJob) {
                    (false, _) => Verdict::Absent,
                    (true, false) => Verdict::Forbidden,
                    (true, true) => good(line),
                };
                target(key, with_id(known.jobs[key].to_string()), verdict)
            };
            let verdict = if is_of_server(actor) { good(line) } else { Verdict::Absent };
            let own = target("the server's", with_id(known.jobs["(the server)"].to_string()), verdict);
            JOB_OWNERS.into_iter().map(of).chain([own]).chain(absent("")).collect()
        }
        About::OthersJob => {
            let of = |key: &'static str| target(key, with_id(known.jobs[key].to_string()), Verdict::Absent);
            JOB_OWNERS.into_iter().map(of).chain(absent("")).collect()
        }
        About::Server => {
            let verdict = if is_of_server(actor) { good(line) } else { Verdict::Forbidden };
            vec![target("the server", line.path.to_owned(), verdict)]
        }
        About::OwnView => {
            let of = |key: &'static str| {
                let verdict = if key == actor { Verdict::Changes } else { Verdict::Absent };
                target(key, with_id(known.views[key].to_string()), verdict)
            };
            CUSTOMER_OWNERS.into_iter().map(of).chain(absent("")).collect()
        }
        About::OwnImport => {
            let of = |(key, id): (&&'static str, &i64)| {
                let verdict = if *key == actor { good(line) } else { Verdict::Absent };
                target(key, with_id(id.to_string()), verdict)
            };
            known.imports.iter().map(of).chain(absent("")).collect()
        }
        About::SeenZone => {
            let of = |owner: &'static str| {
                let verdict = if sees(actor, owner) { good(line) } else { Verdict::Absent };
                target(owner, with_id(known.zones[owner].to_string()), verdict)
            };
            CUSTOMER_OWNERS.into_iter().map(of).chain(absent("")).collect()
        }
        About::SeenCustomer => {
            let of = |owner: &'static str| {
                let verdict = if sees(actor, owner) { good(line) } else { Verdict::Absent };
                target(owner, with_id(known.customers[owner].to_string()), verdict)
            };
            CUSTOMER_OWNERS.into_iter().map(of).chain(absent("")).collect()
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
