//! The world of the crawl, made once by the rooms' own use cases and copied for each test: stores, ids, sign-ins, and the panel in this process.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};
use std::time::{SystemTime, UNIX_EPOCH};

use arc_swap::ArcSwapOption;
use axum::Router;
use tollgate::accounts::capability::Capability;
use tollgate::accounts::{
    AccountChanges, Guest, NewAccount, NewApiKey, PasswordCost, PasswordHasher, Role, RoleChanges, Scope, SignInDesk, SignInRules,
    TenantChanges, add_account, add_api_key, add_tenant, find_account_by_name, find_tenant, make_sign_in_link, permit, reset_password,
    set_account, set_role, set_tenant,
};
use tollgate::store::{Db, IdMaker, KeyFile, SlotLease};
use tollgate::units::{AccountId, TenantId, UnixMs};
use tollgate::web::{Site, SiteOptions, with_layers};

use super::cast::{CAST, GIVEN, KEY_HOLDERS, Side, host_name, key_mark, mark, name, part_of, tenant_name};
use super::table::all_routes;
use crate::harness::{Store, TestServer};

/// The password of whoever has one.
pub const PASSPHRASE: &str = "correct horse battery";
/// A customer of tenant A: his credential opens nothing here.
pub const CUSTOMER: (&str, &str) = ("customer-wwaww", "customer password");

/// Two open sign-ins of an account.
#[derive(Debug, Clone)]
pub struct SignIns {
    /// The token of the one that the crawl uses, and its id.
    pub token: String,
    pub id: i64,
    /// The other one, from another browser.
    pub other_token: String,
    pub other_id: i64,
}

/// What there is, by its key.
#[derive(Debug, Clone, Default)]
pub struct Known {
    pub accounts: HashMap<&'static str, AccountId>,
    pub tenants: HashMap<&'static str, TenantId>,
    pub keys: HashMap<&'static str, i64>,
    pub sign_ins: HashMap<&'static str, SignIns>,
}

impl Known {
    pub fn account(&self, key: &str) -> AccountId {
        self.accounts[key]
    }

    pub fn tenant(&self, side: Side) -> TenantId {
        self.tenants[tenant_name(side)]
    }
}

/// A world of one test: its store, and the panel over it in this process.
pub struct World {
    pub known: Arc<Known>,
    pub db: Db,
    pub site: Arc<Site>,
    pub panel: Router,
    store: Store,
}

pub fn now() -> UnixMs {
    SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_millis() as UnixMs
}

/// Runs a test's asynchronous part.
pub fn run<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime").block_on(future)
}

/// What a copy is made of.
struct Image {
    database: Vec<u8>,
    key: [u8; 32],
    known: Arc<Known>,
}

impl World {
    /// A copy of the world on SQLite, which nobody else uses.
    pub async fn copy() -> World {
        static IMAGE: OnceLock<Image> = OnceLock::new();
        // another thread: the first to come makes the world in a runtime of its own
        let image = std::thread::scope(|scope| scope.spawn(|| IMAGE.get_or_init(make_image)).join().expect("the world is made"));
        let store = Store::sqlite();
        std::fs::create_dir_all(store.data_folder()).expect("the test's folder is writable");
        std::fs::write(store.folder().join("tollgate.db"), &image.database).expect("the test's folder is writable");
        KeyFile::write(&key_file(&store), &image.key).expect("the test's folder is writable");
        World::open(image.known.clone(), store).await
    }

    /// A world made anew in a given store.
    pub async fn make(store: Store) -> World {
        let known = Arc::new(build(&store).await);
        World::open(known, store).await
    }

    async fn open(known: Arc<Known>, store: Store) -> World {
        let db = Db::open(&store.url.parse().expect("a URL")).await.expect("a store");
        let key = KeyFile::read(&key_file(&store)).expect("a key file");
        let site = Arc::new(make_site(&db, &key, lease(&db).await));
        let panel = with_layers(all_routes().into_router(site.clone()), site.clone());
        World { known, db, site, panel, store }
    }

    pub fn url(&self) -> &str {
        &self.store.url
    }

    pub fn ids(&self) -> Arc<IdMaker> {
        self.site.ids.load_full().expect("leased")
    }

    /// Whoever runs commands on the server, in a tenant.
    pub fn administrator(&self, side: Side) -> Scope {
        Scope::administrator(self.known.tenant(side))
    }

    /// Closes the store before its folder goes.
    pub async fn end(self) {
        self.db.close().await;
    }
}

fn key_file(store: &Store) -> std::path::PathBuf {
    store.data_folder().join("key")
}

fn make_image() -> Image {
    let store = Store::sqlite();
    let known = Arc::new(run(build(&store)));
    let file = |name: &str| std::fs::read(store.folder().join(name)).unwrap_or_default();
    let database = file("tollgate.db");
    assert!(!database.is_empty() && file("tollgate.db-wal").is_empty(), "the world is in one file");
    let key = *KeyFile::read(&key_file(&store)).expect("a key file").octets();
    Image { database, key, known }
}

/// Cheap hashes: what they cost is not the point here.
pub fn cheap_hasher() -> PasswordHasher {
    PasswordHasher::new(PasswordCost { memory_kib: 64, passes: 1 }, 4)
}

async fn lease(db: &Db) -> IdMaker {
    let mut tx = db.begin().await.expect("a transaction");
    let lease = SlotLease::take(&mut tx, &format!("crawl {:016x}", rand::random::<u64>()), now()).await.expect("a slot");
    tx.commit(now()).await.expect("committed");
    IdMaker::new(lease)
}

fn make_site(db: &Db, key: &KeyFile, ids: IdMaker) -> Site {
    let desk = SignInDesk::new(db.clone(), key.sealer(), cheap_hasher(), SignInRules::default());
    let ids = Arc::new(ArcSwapOption::from_pointee(ids));
    Site::new(db.clone(), desk, cheap_hasher(), key, ids, SiteOptions::default(), tollgate::panel::MENU)
}

/// Makes everything; the store is closed afterwards, so that its file is whole.
async fn build(store: &Store) -> Known {
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
    for holder in KEY_HOLDERS {
        builder.api_key(holder).await;
    }
    for part in CAST {
        builder.sign_ins(part.key).await;
    }
    db.close().await;
    for side in [Side::A, Side::B] {
        network(&server, side);
    }
    builder.known
}

/// What customers need, by commands: no page shows it yet, and none must.
fn network(server: &TestServer, side: Side) {
    let (tenant, mark, address) =
        if side == Side::A { (tenant_name(side), "wwaww", "192.0.2.1") } else { (tenant_name(side), "wwbww", "192.0.2.2") };
    let (router, package, customer) = (format!("router-{mark}"), format!("package-{mark}"), format!("customer-{mark}"));
    server.must(&["--tenant", tenant, "router", "add", &router, "--address", address, "--secret", "testing123"]);
    server.must(&["--tenant", tenant, "package", "add", &package, "--download", "20M", "--upload", "10M"]);
    server.must(&["--tenant", tenant, "customer", "add", &customer, "--password", CUSTOMER.1, "--package", &package]);
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
            set_tenant(&mut tx, tenant_name(side), &TenantChanges { host_name: Some(host), ..TenantChanges::default() })
                .await
                .expect("changed");
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
