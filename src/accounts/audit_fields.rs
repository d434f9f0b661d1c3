//! What the audit log can be filtered by, and the words that it has.

use crate::lists::{Field, Kind};

/// Tables whose rows the log speaks of.
pub const AUDIT_KINDS: &[&str] =
    &["accounts", "tenants", "role_changes", "customers", "packages", "routers", "ip_pools", "zones", "imports", "saved_views", "jobs"];
/// Through what changes come.
pub const AUDIT_SOURCES: &[&str] = &["panel", "api", "cli", "job", "router", "server"];
/// What can be done; a test holds that each that the program writes is here and has a text.
pub const AUDIT_VERBS: &[&str] = &[
    "account.add",
    "account.change-password",
    "account.end-sign-ins",
    "account.passwd",
    "account.permit",
    "account.recovery-codes",
    "account.remove-2fa",
    "account.reset-2fa",
    "account.restore",
    "account.revoke",
    "account.set",
    "account.set-2fa",
    "account.setup",
    "account.setup-link",
    "account.sign-in-link",
    "account.suspend",
    "account.transfer",
    "api-key.add",
    "api-key.revoke",
    "customer.add",
    "customer.device-add",
    "customer.device-note",
    "customer.device-remove",
    "customer.passwd",
    "customer.remove",
    "customer.set",
    "customer.show-password",
    "customer.top-up",
    "customer.undo",
    "customers.import",
    "impersonation.begin",
    "impersonation.end",
    "import.add",
    "import.remove",
    "import.run",
    "import.set",
    "job.ask",
    "job.cancel",
    "job.dismiss",
    "job.retry",
    "package.add",
    "package.remove",
    "package.set",
    "pool.add",
    "pool.remove",
    "pool.set",
    "role.set",
    "router.add",
    "router.remove",
    "router.set",
    "sign-in.end",
    "sign-in.open",
    "sign-in.refuse",
    "tenant.add",
    "tenant.enter",
    "tenant.set",
    "view.add",
    "view.remove",
    "zone.add",
    "zone.remove",
    "zone.set",
];

/// What the log can be filtered by, in the order in which a form offers it. Who: an account by its present name, or a name as the log has it, such as `cli:root`. An
/// object: a part of its name when it was done.
pub const AUDIT_FIELDS: &[Field] = &[
    Field::new("actor", Kind::Exact),
    Field::new("verb", Kind::Choice(AUDIT_VERBS)).said_as("verb"),
    Field::new("kind", Kind::Choice(AUDIT_KINDS)).said_as("audit-kind"),
    Field::new("object", Kind::Text),
    Field::new("id", Kind::Exact),
    Field::new("at", Kind::Moment),
    Field::new("source", Kind::Choice(AUDIT_SOURCES)).said_as("audit-source"),
    Field::lacking("as", Kind::Exact),
    Field::lacking("ip", Kind::Exact),
];
