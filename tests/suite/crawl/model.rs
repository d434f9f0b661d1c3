//! Who may what, written down a second time, from the decisions and not from the program's rules: what each role holds, whom each account sees, whom it manages.
//! A mistake in `src/accounts/` cannot hide behind itself here.

use tollgate::accounts::Role;

use super::cast::{
    ACTORS, CAST, CUSTOMER_OWNERS, GIVEN, JOB_OWNERS, KEY_HOLDERS, SERVER_JOB_MARK, Side, customer_mark, job_mark, key_mark, mark, part_of,
    tenant_name,
};
use super::table::Who;

/// The words that pages ask for, by who has them through his role. Smaller levels come first; what is not listed nobody but the Developer has.
const HELD: [(&str, &[Role]); 26] = [
    ("customers.view", &[Role::SuperAdmin, Role::Admin, Role::Operator, Role::SubOperator]),
    ("customers.create", &[Role::SuperAdmin, Role::Admin, Role::Operator, Role::SubOperator]),
    ("customers.edit", &[Role::SuperAdmin, Role::Admin, Role::Operator, Role::SubOperator]),
    ("customers.suspend", &[Role::SuperAdmin, Role::Admin, Role::Operator]),
    ("customers.activate", &[Role::SuperAdmin, Role::Admin, Role::Operator]),
    ("sessions.view", &[Role::SuperAdmin, Role::Admin, Role::Operator, Role::SubOperator, Role::FieldTechnician]),
    ("sessions.disconnect", &[Role::SuperAdmin, Role::Admin, Role::Operator]),
    ("special.sensitive-data", &[Role::SuperAdmin, Role::Admin]),
    ("accounts.view", &[Role::SuperAdmin, Role::Admin, Role::Operator, Role::SalesManager]),
    ("accounts.create", &[Role::SuperAdmin, Role::Admin, Role::Operator]),
    ("accounts.edit", &[Role::SuperAdmin, Role::Admin, Role::Operator]),
    ("accounts.suspend", &[Role::SuperAdmin, Role::Admin, Role::Operator]),
    ("accounts.permit", &[Role::SuperAdmin, Role::Admin, Role::Operator]),
    ("accounts.transfer", &[Role::SuperAdmin, Role::Admin]),
    ("accounts.impersonate", &[Role::SuperAdmin, Role::Admin]),
    ("roles.view", &[Role::SuperAdmin, Role::Admin]),
    ("roles.label", &[Role::SuperAdmin, Role::Admin]),
    ("roles.edit", &[Role::SuperAdmin]),
    ("audit.view", &[Role::SuperAdmin, Role::Admin]),
    ("reports.export", &[Role::SuperAdmin, Role::Admin, Role::Accountant]),
    ("api-keys.own", &[Role::SuperAdmin, Role::Admin, Role::Operator, Role::SubOperator]),
    ("settings.view", &[Role::SuperAdmin, Role::Admin]),
    ("settings.edit", &[Role::SuperAdmin, Role::Admin]),
    ("special.bulk-operations", &[Role::SuperAdmin, Role::Admin]),
    ("tenants.view", &[Role::SuperAdmin]),
    ("tenants.edit", &[Role::SuperAdmin]),
];
/// What only the Developer has.
const PLATFORM: [&str; 2] = ["tenants.create", "platform.view"];

/// Smaller means more power.
fn level(role: Role) -> u8 {
    match role {
        Role::Developer => 0,
        Role::SuperAdmin => 10,
        Role::Admin => 20,
        Role::Operator => 30,
        Role::SubOperator => 40,
        Role::Manager => 50,
        Role::Accountant => 60,
        Role::SalesManager => 70,
        Role::FieldTechnician => 75,
        Role::Staff => 80,
        Role::CardDistributor => 90,
    }
}

/// Whether somebody of the cast holds a capability.
pub fn holds(actor: &str, word: &str) -> bool {
    let role = part_of(actor).role;
    let by_role = HELD.iter().find(|(held, _)| *held == word).map(|(_, roles)| roles.contains(&role));
    assert!(by_role.is_some() || PLATFORM.contains(&word), "write down who holds {word}");
    let given = GIVEN.iter().any(|(key, words)| *key == actor && words.contains(&word));
    role == Role::Developer || by_role == Some(true) || given
}

/// Whether somebody is let in to a page at all.
pub fn is_let_in(actor: &str, who: Who) -> bool {
    match who {
        Who::Anybody | Who::SignedIn | Who::Program => true,
        Who::Holds(words) => words.iter().any(|word| holds(actor, word)),
        Who::HoldsAll(words) => words.iter().all(|word| holds(actor, word)),
    }
}

/// Whether nothing of the tenant is kept from somebody.
pub fn sees_whole_tenant(actor: &str) -> bool {
    let part = part_of(actor);
    part.above.is_none() || part.role == Role::SalesManager
}

/// Whether somebody may know of a tenant.
pub fn sees_tenant(actor: &str, side: Side) -> bool {
    part_of(actor).role == Role::Developer || part_of(actor).side == side
}

/// Everybody above somebody, from the nearest on.
fn above(key: &str) -> Vec<&'static str> {
    let mut all = Vec::new();
    let mut at = part_of(key).above;
    while let Some(next) = at {
        all.push(next);
        at = part_of(next).above;
    }
    all
}

/// Whether `key` is below the other one, or the same.
fn is_within(key: &str, top: &str) -> bool {
    key == top || above(key).contains(&top)
}

/// Whose data somebody looks at: who works for another one looks at that one's.
pub fn sees(actor: &str, target: &str) -> bool {
    let (from, to) = (part_of(actor), part_of(target));
    if from.side != to.side {
        return false;
    }
    match from.role {
        Role::Developer => true,
        Role::Manager | Role::Accountant | Role::SalesManager | Role::FieldTechnician | Role::Staff => {
            is_within(target, from.above.expect("works for somebody"))
        }
        _ => is_within(target, actor),
    }
}

/// Whether the target is below somebody and of less power, so that he manages it with the capability for it.
pub fn manages(actor: &str, target: &str) -> bool {
    let (from, to) = (part_of(actor), part_of(target));
    let is_below = from.side == to.side && (from.role == Role::Developer || (actor != target && is_within(target, actor)));
    is_below && level(from.role) < level(to.role)
}

/// Whether somebody is shown the job that another one asked for: his own, or with `settings.view` those of whom he sees.
pub fn sees_job(actor: &str, owner: &str) -> bool {
    actor == owner || (holds(actor, "settings.view") && sees(actor, owner))
}

/// Whether he changes it: his own, or with `settings.edit` those of whom he sees.
pub fn manages_job(actor: &str, owner: &str) -> bool {
    actor == owner || (holds(actor, "settings.edit") && sees_job(actor, owner))
}

/// Whether the server's own jobs are his to see: there is more than one tenant here.
pub fn is_of_server(actor: &str) -> bool {
    part_of(actor).role == Role::Developer
}

/// What a page may not tell somebody: marks of accounts that he neither sees nor stands below, of keys that are not his to manage, of other tenants.
pub fn secrets(actor: &str) -> Vec<String> {
    let tops = above(actor);
    let hidden = CAST.iter().filter(|part| !sees(actor, part.key) && part.key != actor && !tops.contains(&part.key));
    let mut marks: Vec<String> = hidden.map(|part| mark(part.key)).collect();
    // the audit log names keys to whoever sees the account that made them
    marks.extend(KEY_HOLDERS.iter().filter(|key| !sees(actor, key)).map(|key| key_mark(key)));
    marks.extend(JOB_OWNERS.iter().filter(|key| !sees_job(actor, key)).map(|key| job_mark(key)));
    if !is_of_server(actor) {
        marks.push(SERVER_JOB_MARK.to_owned());
    }
    marks.extend(CUSTOMER_OWNERS.iter().filter(|owner| !sees(actor, owner)).map(|owner| customer_mark(owner)));
    for (other, owner, network) in [(Side::A, "admin", "wwaww"), (Side::B, "admin-b", "wwbww")] {
        if !sees_tenant(actor, other) {
            // whoever is of the tenant may name the routers above him
            marks.extend([tenant_name(other).to_owned(), network.replace('w', "v")]);
        }
        if !sees(actor, owner) {
            marks.push(network.to_owned());
        }
    }
    marks
}

/// What a guest may not be told: anything.
pub fn all_secrets() -> Vec<String> {
    CAST.iter()
        .map(|part| mark(part.key))
        .chain(KEY_HOLDERS.iter().map(|key| key_mark(key)))
        .chain(JOB_OWNERS.iter().map(|key| job_mark(key)))
        .chain(CUSTOMER_OWNERS.iter().map(|owner| customer_mark(owner)))
        .chain([SERVER_JOB_MARK.into(), "wwaww".into(), "wwbww".into()])
        .collect()
}

/// One account for each way in which another can stand to somebody, each with that way's name.
pub fn targets(actor: &str) -> Vec<&'static str> {
    let mut chosen = vec!["super", "rival", "cove", "foreman", "super-b", "admin-b", "hill-b", "developer"];
    chosen.extend(["admin", "north", "south", "hill", "dale", "marsh", "clerk", "manager", "staff", "distributor"]);
    chosen.extend(ACTORS.iter().find(|key| **key == actor));
    chosen.sort_unstable();
    chosen.dedup();
    chosen
}

#[test]
fn the_model_says_what_was_decided() {
    for (actor, seen, hidden) in [
        ("north", "hill", "south"),
        ("admin", "marsh", "rival"),
        ("super", "cove", "admin-b"),
        ("manager", "north", "super"),
        ("sales", "bay", "north-b"),
        ("hill", "hill", "dale"),
        ("developer", "developer", "super"),
    ] {
        assert!(sees(actor, seen) && !sees(actor, hidden), "{actor}");
    }
    assert!(manages("admin", "hill") && !manages("north", "north") && !manages("manager", "staff") && !manages("hill", "north"));
    assert!(holds("keeper", "accounts.edit") && !holds("manager", "accounts.edit") && holds("developer", "tenants.create"));
    assert!(sees_job("north", "north") && !sees_job("north", "hill") && sees_job("keeper", "admin") && !manages_job("keeper", "admin"));
    assert!(secrets("north").contains(&mark("south")) && !secrets("north").contains(&mark("admin")));
    for actor in ACTORS {
        assert!(secrets(actor).len() >= 5, "something is kept from {actor}");
    }
}
