//! The table of the crawl: a line for every registered page. A page without a line fails the crawl, and so does a line without a page.

use tollgate::web::{Method, Routes};

/// For whom a page is, as it was decided.
#[derive(Debug, Clone, Copy)]
pub enum Who {
    /// Anybody, also before signing in.
    Anybody,
    /// Whoever is signed in.
    SignedIn,
    /// Whoever holds one of these.
    Holds(&'static [&'static str]),
    /// Whoever holds all of these.
    HoldsAll(&'static [&'static str]),
    /// A program with an API key; no sign-in opens it.
    Program,
}

/// What the `{id}` of a path names, and what whoever comes must be to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum About {
    /// The path names nothing.
    Nothing,
    /// An account that he sees.
    SeenAccount,
    /// An account that he manages.
    ManagedAccount,
    /// An account that he manages, and a key of it.
    ManagedKey,
    /// A sign-in of his own.
    OwnSignIn,
    /// An API key of his own.
    OwnKey,
    /// A view of a list that he kept.
    OwnView,
    /// A file of customers that he sent.
    OwnImport,
    /// A zone of an account that he sees.
    SeenZone,
    /// A customer of an account that he sees.
    SeenCustomer,
    /// A tenant: his own, or for a Developer any.
    SeenTenant,
    /// A role, by its word.
    Role,
    /// Nothing in the path; what the page changes is the whole tenant's.
    WholeTenant,
    /// A secret that only its holder has; there is nobody whose it could be by right.
    Secret,
    /// A job that he is shown.
    SeenJob,
    /// Any job: none of the world's is of the kind that the page is about.
    OthersJob,
    /// A job that he changes.
    ManagedJob,
    /// Nothing in the path; what the page does is the whole server's.
    Server,
    /// A style sheet or picture.
    File,
}

/// See the head of the file.
#[derive(Debug, Clone, Copy)]
pub struct Line {
    pub method: Method,
    pub path: &'static str,
    pub who: Who,
    pub about: About,
    /// Queries that hold nobody's id, to be tried too.
    pub queries: &'static [&'static str],
    /// Fields of the query or of the form that name an account which he must see.
    pub accounts: &'static [&'static str],
    /// A body that fits, apart from `accounts`.
    pub form: &'static [(&'static str, &'static str)],
    /// The status of what is allowed.
    pub ok: u16,
    /// Why what is allowed answers otherwise than with a page or a change.
    pub because: &'static str,
}

const fn line(method: Method, path: &'static str, who: Who) -> Line {
    let ok = if matches!(method, Method::Get) { 200 } else { 303 };
    Line { method, path, who, about: About::Nothing, queries: &[], accounts: &[], form: &[], ok, because: "" }
}

const fn get(path: &'static str, who: Who) -> Line {
    line(Method::Get, path, who)
}

const fn post(path: &'static str, who: Who) -> Line {
    line(Method::Post, path, who)
}

impl Line {
    const fn about(self, about: About) -> Line {
        Line { about, ..self }
    }

    const fn queries(self, queries: &'static [&'static str]) -> Line {
        Line { queries, ..self }
    }

    const fn accounts(self, accounts: &'static [&'static str]) -> Line {
        Line { accounts, ..self }
    }

    const fn form(self, form: &'static [(&'static str, &'static str)]) -> Line {
        Line { form, ..self }
    }

    const fn answers(self, ok: u16, because: &'static str) -> Line {
        Line { ok, because, ..self }
    }

    /// Whether it is a form.
    pub fn is_post(&self) -> bool {
        self.method == Method::Post
    }
}

const fn holds(words: &'static [&'static str]) -> Who {
    Who::Holds(words)
}

const VIEW: Who = holds(&["accounts.view"]);
const CREATE: Who = holds(&["accounts.create"]);
const EDIT: Who = holds(&["accounts.edit"]);
const SUSPEND: Who = holds(&["accounts.suspend"]);
const TRANSFER: Who = holds(&["accounts.transfer"]);
const PERMIT: Who = holds(&["accounts.permit"]);
const IMPERSONATE: Who = holds(&["accounts.impersonate"]);
const ROLES: Who = holds(&["roles.view", "roles.edit", "roles.label"]);
const CUSTOMERS: Who = holds(&["customers.view"]);
const CUSTOMERS_EDIT: Who = Who::HoldsAll(&["customers.view", "customers.edit"]);
const CUSTOMERS_CREATE: Who = Who::HoldsAll(&["customers.view", "customers.create"]);
const CUSTOMERS_SUSPEND: Who = Who::HoldsAll(&["customers.view", "customers.suspend"]);
const CUSTOMERS_ACTIVATE: Who = Who::HoldsAll(&["customers.view", "customers.activate"]);
const CUSTOMERS_SESSIONS: Who = Who::HoldsAll(&["customers.view", "sessions.view"]);
/// Whoever sends files of customers.
pub const IMPORT: Who = Who::HoldsAll(&["customers.view", "customers.create", "special.bulk-operations"]);
const CUSTOMERS_BULK: Who = Who::HoldsAll(&["customers.view", "special.bulk-operations"]);
const CUSTOMERS_SECRETS: Who = Who::HoldsAll(&["customers.view", "special.sensitive-data"]);
const OWN_KEYS: Who = holds(&["api-keys.own"]);
const JOBS: Who = holds(&["settings.view", "special.bulk-operations"]);
/// Filters of the list of accounts; what they name is searched for among what one sees.
const ACCOUNTS: &[&str] =
    &["q=zz", "q=role:operator", "q=%25", "q=below:north", "q=-below:rival", "add=below", "sort=-name", "q=suspended:yes&sort=created"];
/// Filters of the list of jobs.
const JOB_LIST: &[&str] = &[
    "q=kind:backup",
    "q=kind:backup+state:failed",
    "add=state",
    "q=-by:none",
    "sort=asked",
    "after=7",
    "after=9999999999999-1",
    "before=1-1",
];
/// Filters of the audit log; what they name is searched for among what one sees.
const AUDIT: &[&str] = &[
    "q=actor:owner",
    "q=actor:cli:root",
    "q=object:north",
    "q=object:zz",
    "q=kind:accounts+id:1",
    "q=kind:accounts+verb:account.set",
    "q=source:cli",
    "q=-as:none",
    "add=verb",
    "after=7",
    "before=7",
    "sort=at",
    "q=at:2001-01-01..2199-01-01",
];

/// Filters and columns of the list of customers.
const LIST: &[&str] = &[
    "q=",
    "q=zz",
    "q=status:active+online:no&sort=-expires&cols=operator,router,note,mac,tags,seen",
    "q=-status:closed&edit=0",
    "add=operator",
    "add=router",
    "add=zone",
    "add=package",
    "add=tag",
    "after=7~x",
    "before=9223372036854775807~~",
    "sort=registered&after=x",
];

/// Values that somebody has, and such as nobody has.
const TAKEN: &[&str] = &[
    "field=username&value=newcomer",
    "field=phone&value=01712345678",
    "field=code&value=C11",
    "field=static_ipv4&value=10.0.0.1",
    "field=static_ipv4&value=10.",
    "field=nonsense&value=x",
];

/// See the head of the file.
pub const TABLE: &[Line] = &[
    get("/static/{file}", Who::Anybody).about(About::File),
    get("/", Who::SignedIn).queries(&["refresh=1"]),
    // the door
    get("/sign-in", Who::Anybody)
        .queries(&["next=/profile", "next=//evil.example", "said=signed-out&name=x"])
        .answers(303, "is signed in already"),
    post("/sign-in", Who::Anybody).form(&[("name", "nobody"), ("password", "nothing")]).answers(422, "nobody signs in so"),
    get("/sign-in/code", Who::Anybody).answers(303, "no password was given before"),
    post("/sign-in/code", Who::Anybody).form(&[("code", "123456")]).answers(303, "no password was given before"),
    get("/sign-in/link/{token}", Who::Anybody).about(About::Secret),
    post("/sign-in/link/{token}", Who::Anybody).about(About::Secret),
    get("/setup/{token}", Who::Anybody).about(About::Secret),
    post("/setup/{token}", Who::Anybody)
        .about(About::Secret)
        .form(&[("password", "a new passphrase"), ("password_again", "a new passphrase")]),
    post("/sign-out", Who::SignedIn),
    // accounts
    get("/accounts", VIEW).queries(ACCOUNTS).accounts(&["before", "after"]),
    get("/accounts.csv", Who::HoldsAll(&["accounts.view", "reports.export"])).queries(ACCOUNTS),
    get("/accounts/new", CREATE).accounts(&["parent"]),
    post("/accounts/new", CREATE).accounts(&["parent"]).form(&[("role", "sub-operator"), ("name", "intruder")]),
    get("/accounts/{id}", VIEW).about(About::SeenAccount),
    get("/accounts/{id}/edit", EDIT).about(About::SeenAccount),
    post("/accounts/{id}/edit", EDIT).about(About::ManagedAccount).form(&[
        ("name", "renamed"),
        ("role", "(its own)"),
        ("full_name", "Changed"),
    ]),
    post("/accounts/{id}/suspend", SUSPEND).about(About::ManagedAccount).form(&[("reason", "crawled")]),
    post("/accounts/{id}/restore", SUSPEND).about(About::ManagedAccount),
    post("/accounts/{id}/transfer", TRANSFER).about(About::ManagedAccount).accounts(&["parent"]),
    post("/accounts/{id}/setup-link", EDIT).about(About::ManagedAccount).answers(200, "shows the link, once"),
    post("/accounts/{id}/reset-second-factor", EDIT).about(About::ManagedAccount),
    post("/accounts/{id}/end-sign-ins", EDIT).about(About::ManagedAccount),
    post("/accounts/{id}/api-keys/{key}/revoke", EDIT).about(About::ManagedKey),
    post("/accounts/{id}/permissions", PERMIT).about(About::ManagedAccount).form(&[("capability", "api-keys.own"), ("resource", "zone:1")]),
    post("/accounts/{id}/permissions/revoke", PERMIT)
        .about(About::ManagedAccount)
        .form(&[("capability", "api-keys.own"), ("resource", "zone:1")])
        .answers(404, "that permission was not given"),
    post("/accounts/{id}/view-as", IMPERSONATE).about(About::ManagedAccount).form(&[("reason", "crawled")]),
    post("/view-as/stop", Who::SignedIn).answers(403, "he looks through his own eyes"),
    // customers
    get("/customers", CUSTOMERS).queries(LIST),
    get("/customers.csv", Who::HoldsAll(&["customers.view", "reports.export"])).queries(LIST),
    get("/customers/new", CUSTOMERS_CREATE),
    post("/customers/new", CUSTOMERS_CREATE).form(&[
        ("username", "newcomer"),
        ("package", "package-plain"),
        ("connection", "pppoe"),
        ("billing", "prepaid"),
    ]),
    get("/customers/new/taken", CUSTOMERS_CREATE).queries(TAKEN),
    post("/customers/bulk", CUSTOMERS_BULK)
        .form(&[("action", "activate"), ("all", "yes"), ("q", "")])
        .answers(200, "shows what would be done"),
    post("/customers/bulk/run", CUSTOMERS_BULK)
        .form(&[("action", "activate"), ("all", "yes"), ("q", ""), ("count", "0")])
        .answers(422, "it is another list than was seen"),
    get("/customers/import", IMPORT),
    post("/customers/import", IMPORT).answers(400, "a file is sent in another kind of form"),
    get("/customers/import/sample.csv", IMPORT),
    get("/customers/import/{id}", IMPORT).about(About::OwnImport),
    post("/customers/import/{id}", IMPORT).about(About::OwnImport).accounts(&["owner"]),
    post("/customers/import/{id}/run", IMPORT).about(About::OwnImport).answers(422, "no row of it can be imported"),
    post("/customers/import/{id}/remove", IMPORT).about(About::OwnImport),
    get("/customers/import/{id}/failed.csv", IMPORT).about(About::OwnImport),
    get("/customers/zones", CUSTOMERS),
    post("/customers/zones", CUSTOMERS_EDIT).form(&[("name", "zone-plain")]).answers(422, "there is one of this name"),
    post("/customers/zones/{id}/rename", CUSTOMERS_EDIT)
        .about(About::SeenZone)
        .form(&[("name", "zone-plain")])
        .answers(422, "another has this name"),
    post("/customers/zones/{id}/remove", CUSTOMERS_EDIT).about(About::SeenZone).answers(422, "a customer is in it"),
    post("/customers/bulk/{id}/undo", CUSTOMERS_BULK).about(About::OthersJob).answers(404, "it is a job of another kind"),
    get("/customers/{id}", CUSTOMERS).about(About::SeenCustomer),
    get("/customers/{id}/connect", CUSTOMERS_SESSIONS).about(About::SeenCustomer),
    get("/customers/{id}/sessions", CUSTOMERS_SESSIONS).about(About::SeenCustomer),
    get("/customers/{id}/usage", CUSTOMERS_SESSIONS).about(About::SeenCustomer),
    get("/customers/{id}/devices", CUSTOMERS).about(About::SeenCustomer),
    post("/customers/{id}/devices", CUSTOMERS_EDIT).about(About::SeenCustomer).form(&[("mac", "48:00:00:00:00:77")]),
    post("/customers/{id}/devices/note", CUSTOMERS_EDIT)
        .about(About::SeenCustomer)
        .form(&[("device", "48:00:00:00:00:77"), ("note", "his phone")])
        .answers(303, "that device is not on his list"),
    post("/customers/{id}/devices/remove", CUSTOMERS_EDIT)
        .about(About::SeenCustomer)
        .form(&[("mac", "48:00:00:00:00:78")])
        .answers(303, "that device is not on his list"),
    get("/customers/{id}/timeline", CUSTOMERS).about(About::SeenCustomer),
    get("/customers/{id}/edit", CUSTOMERS_EDIT).about(About::SeenCustomer),
    post("/customers/{id}/edit", CUSTOMERS_EDIT).about(About::SeenCustomer).form(&[
        ("username", "renamed"),
        ("name", "Changed"),
        ("package", "package-plain"),
        ("connection", "pppoe"),
        ("billing", "prepaid"),
    ]),
    get("/customers/{id}/taken", CUSTOMERS_EDIT).about(About::SeenCustomer),
    post("/customers/{id}/suspend", CUSTOMERS_SUSPEND).about(About::SeenCustomer).form(&[("reason", "crawled")]),
    post("/customers/{id}/disable", CUSTOMERS_SUSPEND).about(About::SeenCustomer),
    post("/customers/{id}/close", CUSTOMERS_SUSPEND).about(About::SeenCustomer),
    post("/customers/{id}/activate", CUSTOMERS_ACTIVATE).about(About::SeenCustomer),
    post("/customers/{id}/extend", CUSTOMERS_EDIT).about(About::SeenCustomer).form(&[("days", "3"), ("reason", "crawled")]),
    post("/customers/{id}/package", CUSTOMERS_EDIT).about(About::SeenCustomer).form(&[("package", "package-plain")]),
    post("/customers/{id}/zone", CUSTOMERS_EDIT).about(About::SeenCustomer).form(&[("zone", "")]),
    post("/customers/{id}/transfer", CUSTOMERS_EDIT).about(About::SeenCustomer).accounts(&["owner"]),
    post("/customers/{id}/note", CUSTOMERS_EDIT).about(About::SeenCustomer).form(&[("note", "crawled")]),
    post("/customers/{id}/tags", CUSTOMERS_EDIT).about(About::SeenCustomer).form(&[("tags", "crawled")]),
    post("/customers/{id}/disconnect", Who::HoldsAll(&["customers.view", "sessions.disconnect"]))
        .about(About::SeenCustomer)
        .answers(303, "he is not online"),
    post("/customers/{id}/password/show", CUSTOMERS_SECRETS).about(About::SeenCustomer).answers(200, "shows it, and notes who saw it"),
    post("/customers/{id}/password/reset", CUSTOMERS_SECRETS).about(About::SeenCustomer).answers(200, "shows it"),
    get("/within", Who::SignedIn),
    post("/within", Who::SignedIn).form(&[("within", ""), ("here", "/")]),
    get("/go", Who::SignedIn).queries(&["q=zz", "q=uu", "q=user", "q=10.0.0.1", "q=48:00:00:00:00:01", "q=%25", "q=user&part=yes"]),
    get("/keys", Who::SignedIn).queries(&["part=yes"]),
    post("/views", Who::SignedIn).form(&[("list", "customers"), ("name", "crawled"), ("query", "q=zz")]),
    post("/views/{id}/remove", Who::SignedIn).about(About::OwnView).form(&[("back", "/customers")]),
    // the tenant
    get("/tenants", holds(&["tenants.view"])),
    get("/tenants/new", holds(&["tenants.create"])),
    post("/tenants/new", holds(&["tenants.create"]))
        .form(&[("name", "Another"), ("time_zone", "Asia/Dhaka"), ("currency", "BDT")])
        .answers(200, "shows a link, once"),
    get("/tenants/{id}", holds(&["tenants.view"])).about(About::SeenTenant),
    post("/tenants/{id}/enter", holds(&["platform.view"])).about(About::SeenTenant),
    post("/tenants/leave", holds(&["platform.view"])),
    get("/roles", ROLES),
    get("/roles/{role}", ROLES).about(About::Role),
    post("/roles/{role}", holds(&["roles.edit"])).about(About::Role).answers(409, "the form lacks its version"),
    post("/roles/{role}/label", holds(&["roles.label", "roles.edit"])).about(About::Role).answers(409, "the form lacks its version"),
    post("/roles/{role}/reset", holds(&["roles.edit"])).about(About::Role).answers(409, "the form lacks its version"),
    get("/jobs", JOBS).queries(JOB_LIST),
    get("/jobs.csv", Who::HoldsAll(&["settings.view", "reports.export"])).queries(JOB_LIST),
    post("/jobs/backup/run", holds(&["settings.edit"])).about(About::Server),
    get("/jobs/{id}", JOBS).about(About::SeenJob),
    get("/jobs/{id}/rows.csv", JOBS).about(About::SeenJob),
    get("/jobs/{id}/events", JOBS).about(About::SeenJob),
    post("/jobs/{id}/retry", JOBS).about(About::ManagedJob),
    post("/jobs/{id}/cancel", JOBS).about(About::ManagedJob).answers(422, "it is over"),
    post("/jobs/{id}/dismiss", JOBS).about(About::ManagedJob),
    get("/settings", holds(&["settings.view"])),
    post("/settings", holds(&["settings.edit"])).about(About::WholeTenant).answers(409, "the form lacks its version"),
    get("/audit", holds(&["audit.view"])).queries(AUDIT),
    get("/audit.csv", Who::HoldsAll(&["audit.view", "reports.export"])).queries(AUDIT),
    // one's own
    get("/api-keys", OWN_KEYS),
    get("/api-keys/new", OWN_KEYS),
    post("/api-keys/new", OWN_KEYS)
        .form(&[("name", "crawled"), ("capability", "api-keys.own"), ("hourly_limit", "10"), ("password", super::world::PASSPHRASE)])
        .answers(200, "shows the key, once"),
    post("/api-keys/{id}/revoke", OWN_KEYS).about(About::OwnKey),
    get("/api/v1/account", Who::Program).answers(401, "no sign-in is a key"),
    post("/api/v1/widgets/refresh", Who::Program).answers(401, "no sign-in is a key"),
    get("/profile", Who::SignedIn),
    post("/profile", Who::SignedIn).form(&[("full_name", "New Name"), ("email", ""), ("phone", "1")]),
    get("/profile/security", Who::SignedIn),
    post("/profile/password", Who::SignedIn)
        .form(&[("old_password", "wrong"), ("password", "a new passphrase"), ("password_again", "a new passphrase")])
        .answers(422, "the old password is wrong"),
    post("/profile/sign-ins/{id}/revoke", Who::SignedIn).about(About::OwnSignIn),
    post("/profile/sign-ins/revoke-others", Who::SignedIn),
    get("/profile/second-factor", Who::SignedIn).answers(303, "there is none to confirm"),
    post("/profile/second-factor", Who::SignedIn).form(&[("password_for_factor", "wrong")]).answers(422, "the password is wrong"),
    post("/profile/second-factor/confirm", Who::SignedIn).form(&[("code", "123456")]).answers(422, "there is none to confirm"),
    post("/profile/second-factor/remove", Who::SignedIn).form(&[("password_for_removal", "wrong")]).answers(422, "the password is wrong"),
    post("/profile/recovery-codes", Who::SignedIn).form(&[("password_for_codes", "wrong")]).answers(422, "the password is wrong"),
    post("/preferences", Who::SignedIn).form(&[("language", "en"), ("page_rows", "100")]),
    post("/preferences/rows", Who::SignedIn).form(&[("page_rows", "25"), ("here", "//evil.example")]),
    post("/preferences/theme", Who::SignedIn).form(&[("theme", "dark"), ("here", "//evil.example")]),
];

/// All that the server registers.
pub fn all_routes() -> Routes {
    tollgate::panel::routes().and(tollgate::api::routes())
}

#[test]
fn every_page_has_a_line_and_every_line_a_page() {
    let registered: Vec<(Method, &str)> = all_routes().list().iter().map(|route| (route.method, route.path)).collect();
    let missing: Vec<_> = registered.iter().filter(|page| !TABLE.iter().any(|line| (line.method, line.path) == **page)).collect();
    assert!(missing.is_empty(), "pages that the crawl's table lacks: {missing:#?}");
    let gone: Vec<_> = TABLE.iter().map(|line| (line.method, line.path)).filter(|line| !registered.contains(line)).collect();
    assert!(gone.is_empty(), "lines without a page: {gone:#?}");
    let mut paths: Vec<_> = TABLE.iter().map(|line| (line.method, line.path)).collect();
    paths.sort_unstable();
    paths.dedup();
    assert_eq!(paths.len(), TABLE.len(), "a page has one line");
    for line in TABLE {
        let plain = if line.is_post() { 303 } else { 200 };
        assert!(line.ok == plain || !line.because.is_empty(), "{}: say why", line.path);
        let names_something = line.path.contains('{');
        assert_eq!(
            names_something,
            !matches!(line.about, About::Nothing | About::WholeTenant | About::Server),
            "{}: say what its path names",
            line.path
        );
    }
}
