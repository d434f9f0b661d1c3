//! Who and what there is in the world of the crawl, and by which mark each is known: a text that stands nowhere else, so that a page that holds it tells of it.

use tollgate::accounts::Role;

/// Whose tenant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// Two providers, every role.
    A,
    /// The same in small: foreign to everybody of A.
    B,
    /// Where the Developer lives, beside what `tollgate migrate` makes.
    Platform,
}

/// An account as it is to be made: its key here, role, tenant, and the one above.
pub struct Part {
    pub key: &'static str,
    pub role: Role,
    pub side: Side,
    pub above: Option<&'static str>,
}

const fn part(key: &'static str, role: Role, side: Side, above: &'static str) -> Part {
    Part { key, role, side, above: if above.is_empty() { None } else { Some(above) } }
}

/// In an order in which each can be made: whoever stands above comes first.
pub const CAST: &[Part] = &[
    part("super", Role::SuperAdmin, Side::A, ""),
    part("admin", Role::Admin, Side::A, "super"),
    part("sales", Role::SalesManager, Side::A, "super"),
    part("north", Role::Operator, Side::A, "admin"),
    part("hill", Role::SubOperator, Side::A, "north"),
    part("dale", Role::SubOperator, Side::A, "north"),
    part("clerk", Role::Staff, Side::A, "north"),
    part("seller", Role::CardDistributor, Side::A, "north"),
    part("south", Role::Operator, Side::A, "admin"),
    part("marsh", Role::SubOperator, Side::A, "south"),
    part("manager", Role::Manager, Side::A, "admin"),
    // a manager who was given what a manager does not have: he sees the provider's tree and stands above nobody
    part("keeper", Role::Manager, Side::A, "admin"),
    part("accountant", Role::Accountant, Side::A, "admin"),
    part("technician", Role::FieldTechnician, Side::A, "admin"),
    part("staff", Role::Staff, Side::A, "admin"),
    part("distributor", Role::CardDistributor, Side::A, "admin"),
    part("rival", Role::Admin, Side::A, "super"),
    part("east", Role::Operator, Side::A, "rival"),
    part("cove", Role::SubOperator, Side::A, "east"),
    part("west", Role::Operator, Side::A, "rival"),
    part("bay", Role::SubOperator, Side::A, "west"),
    part("foreman", Role::Manager, Side::A, "rival"),
    part("super-b", Role::SuperAdmin, Side::B, ""),
    part("admin-b", Role::Admin, Side::B, "super-b"),
    part("north-b", Role::Operator, Side::B, "admin-b"),
    part("hill-b", Role::SubOperator, Side::B, "north-b"),
    part("staff-b", Role::Staff, Side::B, "admin-b"),
    part("developer", Role::Developer, Side::Platform, ""),
];

/// One of each role, and the manager with permissions.
pub const ACTORS: [&str; 12] =
    ["developer", "super", "admin", "north", "hill", "manager", "keeper", "accountant", "sales", "technician", "staff", "distributor"];

/// What some were given beyond their role, by the provider above them.
pub const GIVEN: [(&str, &[&str]); 2] = [
    (
        "keeper",
        &[
            "accounts.view",
            "accounts.edit",
            "accounts.suspend",
            "accounts.permit",
            "audit.view",
            "roles.view",
            "api-keys.own",
            "settings.view",
        ],
    ),
    ("north", &["audit.view", "special.bulk-operations"]),
];

/// Who has an API key.
pub const KEY_HOLDERS: [&str; 6] = ["admin", "north", "hill", "south", "east", "north-b"];

/// Who asked for a job, which failed.
pub const JOB_OWNERS: [&str; 7] = ["super", "admin", "north", "hill", "south", "east", "north-b"];

/// The mark of its job: in what it was asked to do, in its error and in its rows.
pub fn job_mark(key: &str) -> String {
    format!("vv{:02}vv", place(key))
}

/// The mark of the server's own job.
pub const SERVER_JOB_MARK: &str = "vvssvv";

/// Who has a customer and keeps a view.
pub const CUSTOMER_OWNERS: [&str; 9] = ["admin", "north", "hill", "dale", "south", "rival", "cove", "admin-b", "hill-b"];

/// The place of a part in the cast.
pub fn place(key: &str) -> usize {
    CAST.iter().position(|part| part.key == key).unwrap_or_else(|| panic!("nobody is called {key}"))
}

/// The part itself.
pub fn part_of(key: &str) -> &'static Part {
    &CAST[place(key)]
}

/// The mark of an account: in its name, full name, address and phone number, and in what its browser calls itself.
pub fn mark(key: &str) -> String {
    format!("zz{:02}zz", place(key))
}

/// The mark of its API key.
pub fn key_mark(key: &str) -> String {
    format!("yy{:02}yy", place(key))
}

/// The mark of its customer.
pub fn customer_mark(key: &str) -> String {
    format!("uu{:02}uu", place(key))
}

/// What the account signs in with.
pub fn name(key: &str) -> String {
    format!("{key}-{}", mark(key))
}

/// The tenant's name; that of the platform is what `tollgate migrate` gives it.
pub fn tenant_name(side: Side) -> &'static str {
    match side {
        Side::A => "tenant-a-xxaxx",
        Side::B => "tenant-b-xxbxx",
        Side::Platform => "default",
    }
}

/// The host name under which the tenant's panel is reached.
pub fn host_name(side: Side) -> Option<&'static str> {
    match side {
        Side::A => Some("a.example.test"),
        Side::B => Some("b.example.test"),
        Side::Platform => None,
    }
}

#[test]
fn the_cast_holds_every_role_and_each_actor() {
    for role in Role::ALL {
        assert!(ACTORS.iter().any(|key| part_of(key).role == role), "{role} acts nowhere");
    }
    for part in CAST {
        assert!(part.above.is_none_or(|above| place(above) < place(part.key)), "{} comes before whoever is above", part.key);
    }
}
