//! Makes the world of the crawl by the rooms' own use cases.

use std::sync::Arc;

use tollgate::aaa::decide::RejectReason;
use tollgate::aaa::decision_store::{DecisionStore, KeptDecision};
use tollgate::accounts::capability::Capability;
use tollgate::accounts::{
    AccountChanges, Guest, NewAccount, NewApiKey, NewView, Role, RoleChanges, Scope, TenantChanges, add_account, add_api_key, add_tenant,
    add_view, find_account_by_name, find_owner, find_tenant, make_sign_in_link, permit, reset_password, set_account, set_role, set_tenant,
};
use tollgate::customers::import::add_import;
use tollgate::customers::zones::add_zone;
use tollgate::customers::{CustomerPassword, NewCustomer, add_customer, check_reply_syntax};
use tollgate::jobs::{JobContext, JobFailure, JobRow, Kind, Outcome, Place, Runner, Terms, ask_job};
use tollgate::routers::{NewRouter, RouterSecret, add_router};
use tollgate::store::{Db, IdMaker, KeyFile};
use tollgate::units::{AccountId, DAY_MS};
use tollgate::web::Site;

use super::cast::{
    CAST, CUSTOMER_OWNERS, GIVEN, JOB_OWNERS, KEY_HOLDERS, SERVER_JOB_MARK, Side, customer_mark, host_name, job_mark, key_mark, mark, name,
    part_of, tenant_name,
};
use super::model::is_let_in;
use super::table::IMPORT;
use super::world::{CUSTOMER, Known, PASSPHRASE, SignIns, cheap_hasher, key_file, lease, make_site, now};
use crate::harness::{Store, TestServer};

/// Makes everything; the store is closed afterwards, so that its file is whole.
pub async fn build(store: &Store) -> Known {
    let server = TestServer::prepare(store);
    let db = Db::open(&store.url.parse().expect("a URL")).await.expect("a store");
    let key = KeyFile::read(&key_file(store)).expect("a key file");
    let site = make_site(&db, &key, lease(&db).await);
    let mut builder = Builder { known: Known::default(), db: db.clone(), site };
    builder.tenants().await;
    for part in CAST {
        builder.account(part.key).await;
    }
    builder.permissions().await;
    builder.elsewhere().await;
    // before customers: they need packages
    for side in [Side::A, Side::B, Side::Platform] {
        network(&server, side);
        builder.taken_zone(side).await;
    }
    for owner in CUSTOMER_OWNERS {
        builder.customer(owner).await;
    }
    builder.decisions().await;
    for holder in KEY_HOLDERS {
        builder.api_key(holder).await;
    }
    for part in CAST {
        builder.sign_ins(part.key).await;
    }
    builder.jobs(&key_file(store)).await;
    db.close().await;
    builder.known
}

/// What all customers of a tenant are given; its name tells nothing.
const PACKAGE: &str = "package-plain";

/// What customers need, by commands.
fn network(server: &TestServer, side: Side) {
    let (tenant, mark, address) = match side {
        Side::A => (tenant_name(side), "wwaww", "192.0.2.1"),
        Side::B => (tenant_name(side), "wwbww", "192.0.2.2"),
        Side::Platform => (tenant_name(side), "plain", "192.0.2.3"),
    };
    let (router, customer) = (format!("router-{}", mark.replace('w', "v")), format!("customer-{mark}"));
    server.must(&["--tenant", tenant, "router", "add", &router, "--address", address, "--secret", "testing123"]);
    server.must(&["--tenant", tenant, "package", "add", PACKAGE, "--download", "20M", "--upload", "10M"]);
    server.must(&["--tenant", tenant, "customer", "add", &customer, "--password", CUSTOMER.1, "--package", PACKAGE]);
}

/// What everybody of the cast who asked for a job holds.
const CRAWLED: Terms = Terms { name: "crawled", place: Place::Tenant, needs: Capability::CustomersView, is_alone: false };
const CRAWLED_SERVER: Terms = Terms { name: "crawled", place: Place::Server, needs: Capability::PlatformView, is_alone: false };

/// Writes a row and fails, with the mark that it was asked to bear.
fn failing(terms: &'static Terms) -> Kind {
    Kind::new(terms, |context: JobContext| async move {
        let mark = context.arguments["mark"].as_str().unwrap_or_default().to_owned();
        let row = JobRow {
            number: 1,
            object_id: None,
            object: format!("object {mark}"),
            outcome: Outcome::Failed,
            detail: format!("detail {mark}"),
        };
        context.add_rows(&[row]).await?;
        Err(JobFailure::ForGood(format!("error {mark}")))
    })
}

struct Builder {
    known: Known,
    db: Db,
    site: Site,
}

impl Builder {
    fn scope(&self, side: Side) -> Scope {
        Scope::administrator(self.known.tenant(side))
    }

    fn ids(&self) -> Arc<IdMaker> {
        self.site.ids.load_full().expect("leased")
    }

    async fn tenants(&mut self) {
        let ids = self.ids();
        for side in [Side::A, Side::B] {
            let (tenant, _) = add_tenant(&self.db, &ids, tenant_name(side), "UTC", "USD", now()).await.expect("a tenant");
            let host = host_name(side).map(str::to_owned);
            let mut tx = self.db.begin().await.expect("a transaction");
            set_tenant(&mut tx, tenant.id, &TenantChanges { host_name: Some(host), ..TenantChanges::default() }).await.expect("changed");
            tx.commit(now()).await.expect("committed");
            self.known.tenants.insert(tenant_name(side), tenant.id);
        }
        let platform = tenant_name(Side::Platform);
        let tenant = find_tenant(&mut self.db.read().await.expect("reads"), platform).await.expect("read").expect("made by migrate");
        self.known.tenants.insert(platform, tenant.id);
    }

    async fn account(&mut self, key: &'static str) {
        let part = part_of(key);
        let scope = self.scope(part.side);
        let id = match part.role {
            // these two came with the tenant
            Role::SuperAdmin => self.renamed(&scope, "super-admin", key).await,
            Role::Admin if !["rival"].contains(&key) => self.renamed(&scope, "owner", key).await,
            role => {
                let new = NewAccount {
                    name: name(key),
                    email: Some(format!("{}@example.org", mark(key))),
                    full_name: format!("Full {}", mark(key)),
                    phone: format!("+{}", mark(key)),
                    role,
                    parent: part.above.map(name),
                };
                add_account(&self.db, &self.ids(), &scope, &new, now()).await.unwrap_or_else(|e| panic!("{key}: {e}")).id
            }
        };
        self.known.accounts.insert(key, id);
        reset_password(&self.db, &cheap_hasher(), &scope, id, PASSPHRASE, now()).await.expect("a password");
    }

    async fn renamed(&self, scope: &Scope, old: &str, key: &str) -> AccountId {
        let changes = AccountChanges {
            name: Some(name(key)),
            full_name: Some(format!("Full {}", mark(key))),
            email: Some(Some(format!("{}@example.org", mark(key)))),
            ..AccountChanges::default()
        };
        set_account(&self.db, scope, old, &changes, now()).await.expect("renamed").id
    }

    async fn permissions(&self) {
        let scope = self.site.desk.check(&self.first_token("admin").await, now()).await.expect("signed in").scope;
        for (key, word) in GIVEN.iter().flat_map(|(key, words)| words.iter().map(move |word| (key, word))) {
            let capability: Capability = word.parse().expect("a capability");
            permit(&self.db, &scope, self.known.account(key), capability, "", None, now()).await.expect("given");
        }
    }

    /// What only others may see: a permission that another provider gave, and what another tenant calls a role.
    async fn elsewhere(&self) {
        let scope = self.site.desk.check(&self.first_token("rival").await, now()).await.expect("signed in").scope;
        permit(&self.db, &scope, self.known.account("east"), Capability::ManualDiscount, "", None, now()).await.expect("given");
        let label = RoleChanges { label: Some(tenant_name(Side::B).to_owned()), ..RoleChanges::default() };
        set_role(&self.db, &self.scope(Side::B), Role::SubOperator, &label, now()).await.expect("renamed");
    }

    /// What new zones and renamed ones would be called: taken.
    async fn taken_zone(&self, side: Side) {
        let mut conn = self.db.read().await.expect("reads");
        let owner = find_owner(&mut conn, self.known.tenant(side)).await.expect("read").expect("an owner");
        drop(conn);
        add_zone(&self.db, &self.ids(), &self.scope(side), owner, "zone-plain", now()).await.expect("a zone");
    }

    /// A customer with everything that a page of his shows, and a view, of whoever owns both.
    async fn customer(&mut self, key: &'static str) {
        let (side, mark) = (part_of(key).side, customer_mark(key));
        let (scope, owner) = (self.scope(side), self.known.account(key));
        let tenant = find_tenant(&mut self.db.read().await.expect("reads"), tenant_name(side)).await.expect("read").expect("a tenant");
        // its name tells nothing: those below use it too
        let zone = format!("zone-{}", self.known.zones.len());
        let added = add_zone(&self.db, &self.ids(), &scope, owner, &zone, now()).await;
        self.known.zones.insert(key, added.expect("a zone").id);
        let new = NewCustomer {
            zone: Some(zone),
            name: format!("Customer {mark}"),
            phone: format!("+{mark}"),
            note: mark.clone(),
            code: Some(mark.clone()),
            expires_at: Some(4_102_444_800_000),
            ..NewCustomer::new(&format!("user-{mark}"), CustomerPassword::new(CUSTOMER.1).expect("a password"), PACKAGE)
        };
        let added = add_customer(&self.db, &self.ids(), &self.site.sealer, &scope, &tenant, owner, new, &check_reply_syntax, now()).await;
        self.known.customers.insert(key, added.expect("a customer").id.0);
        let scope = self.site.desk.check(&self.first_token(key).await, now()).await.expect("signed in").scope;
        let view = NewView { list: "customers", name: format!("view of {mark}"), query: String::new(), is_team: false };
        let id = add_view(&self.db, &self.ids(), &scope, &view, now()).await.expect("a view");
        self.known.views.insert(key, id);
        if is_let_in(key, IMPORT) {
            let (name, content) = (format!("file of {mark}"), format!("username,password,package\n{mark}-new,secret,no-such-package\n"));
            let sent = add_import(&self.db, &self.ids(), &self.site.sealer, &scope, owner, &name, content.as_bytes(), now()).await;
            self.known.imports.insert(key, sent.expect("kept").id);
        }
    }

    /// What was decided, as the store keeps it: each customer's own, so long ago that his page tells what to look at; and at routers of some who have nobody below that acts
    /// here a name that nobody has: a letter away from all customers', with the mark of one.
    async fn decisions(&self) {
        let (sender, mut store) = DecisionStore::new(self.ids(), 30 * DAY_MS);
        for (at, owner) in CUSTOMER_OWNERS.into_iter().enumerate() {
            let side = part_of(owner).side;
            let (address, secret) =
                (format!("192.0.2.{}", 10 + at).parse().expect("an address"), RouterSecret::new(b"testing123").expect("one"));
            let new = NewRouter::new(&format!("hut-{at}"), vec![address], secret);
            let (scope, account) = (self.scope(side), self.known.account(owner));
            let added = add_router(&self.db, &self.ids(), &self.site.sealer, &scope, account, &new, now()).await;
            let name = format!("user-{}", customer_mark(owner));
            let kept = |at, customer_id, reason| KeptDecision {
                at,
                tenant_id: self.known.tenant(side).0,
                router_id: added.as_ref().expect("a router").id.0,
                customer_id,
                username: name.clone().into_bytes().into(),
                mac: None,
                reason: Some(reason),
            };
            sender.keep(kept(now() - 2 * DAY_MS, self.known.customers[owner], RejectReason::Expired));
            if ["dale", "south", "cove", "hill-b"].contains(&owner) {
                sender.keep(kept(now(), 0, RejectReason::UnknownUsername));
            }
        }
        store.step(&self.db, now()).await.expect("written");
    }

    async fn first_token(&self, key: &'static str) -> String {
        self.sign_in(key, "198.51.100.250").await.0
    }

    /// Signs in by a link, which needs no slow hash.
    async fn sign_in(&self, key: &'static str, ip: &str) -> (String, i64) {
        let scope = self.scope(part_of(key).side);
        let link = make_sign_in_link(&self.db, &self.ids(), &scope, self.known.account(key), 600, now()).await.expect("a link");
        let guest = Guest { ip: ip.parse().expect("an address"), user_agent: format!("Browser {}", mark(key)), request_id: "world".into() };
        let opened = self.site.desk.open_by_link(&self.ids(), link.expose(), &guest, now()).await.expect("opened");
        let token = opened.token.expose().to_owned();
        let id = self.site.desk.check(&token, now()).await.expect("signed in").sign_in_id;
        (token, id)
    }

    async fn sign_ins(&mut self, key: &'static str) {
        let ((token, id), (other_token, other_id)) = (self.sign_in(key, "198.51.100.1").await, self.sign_in(key, "198.51.100.2").await);
        self.known.sign_ins.insert(key, SignIns { token, id, other_token, other_id });
    }

    /// A job of each who asked and one of the server, all of which failed: their marks stand in everything that a job tells.
    async fn jobs(&mut self, key_file: &std::path::Path) {
        let key = Arc::new(KeyFile::read(key_file).expect("a key file"));
        let runner =
            Runner::new(self.db.clone(), self.site.ids.clone(), key, vec![failing(&CRAWLED), failing(&CRAWLED_SERVER)], "crawl", now);
        let developer = self.known.sign_ins["developer"].token.clone();
        for owner in JOB_OWNERS.into_iter().chain(["(the server)"]) {
            let (token, terms, mark) = match owner {
                "(the server)" => (developer.clone(), &CRAWLED_SERVER, SERVER_JOB_MARK.to_owned()),
                _ => (self.known.sign_ins[owner].token.clone(), &CRAWLED, job_mark(owner)),
            };
            let scope = self.site.desk.check(&token, now()).await.expect("signed in").scope;
            let asked = ask_job(&self.db, &self.ids(), &scope, terms, &serde_json::json!({ "mark": mark }), now()).await.expect("asked");
            assert!(runner.run_one(asked.id()).await.expect("run"), "{owner}");
            self.known.jobs.insert(owner, asked.id());
        }
    }

    async fn api_key(&mut self, holder: &'static str) {
        let scope = self.scope(part_of(holder).side);
        let new = NewApiKey {
            name: format!("key {}", key_mark(holder)),
            capabilities: [Capability::CustomersView].into_iter().collect(),
            networks: Vec::new(),
            hourly_limit: 100,
            expires_at: None,
        };
        let account =
            find_account_by_name(&mut self.db.read().await.expect("reads"), &scope, &name(holder)).await.expect("read").expect(holder);
        let (key, _) = add_api_key(&self.db, &self.ids(), &scope, Some(&account.name), new, now()).await.expect("a key");
        self.known.keys.insert(holder, key.id);
    }
}
