//! The world of the crawl, made once by the rooms' own use cases and copied for each test: stores, ids, sign-ins, and the panel in this process.

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, OnceLock};
use std::time::{SystemTime, UNIX_EPOCH};

use arc_swap::ArcSwapOption;
use axum::Router;
use tollgate::aaa::access::{Access, Identity};
use tollgate::aaa::decide::RejectReason;
use tollgate::aaa::decision_log::Decision;
use tollgate::aaa::directory::Directory;
use tollgate::aaa::explain::DECISIONS_FOLDER;
use tollgate::aaa::policy::StoredUsage;
use tollgate::aaa::throttle::{Throttle, ThrottleLimits};
use tollgate::accounts::{PasswordCost, PasswordHasher, Scope, SignInDesk, SignInRules};
use tollgate::journal::{LocalLog, LogBatch};
use tollgate::radius::dictionary::Dictionary;
use tollgate::sessions::{LiveSessions, TokenKey};
use tollgate::store::{Db, IdMaker, KeyFile, SlotLease};
use tollgate::units::{AccountId, DAY_MS, JobId, TenantId, UnixMs};
use tollgate::web::{Site, SiteOptions, with_layers};

use super::builder::build;
use super::cast::{CUSTOMER_OWNERS, Side, customer_mark, part_of, tenant_name};
use super::table::all_routes;
use crate::harness::Store;

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
    /// Customers and views, by whose they are.
    pub customers: HashMap<&'static str, i64>,
    pub views: HashMap<&'static str, i64>,
    /// Zones by whose they are, and files that somebody sent, of whoever may.
    pub zones: HashMap<&'static str, i64>,
    pub imports: HashMap<&'static str, i64>,
    pub sign_ins: HashMap<&'static str, SignIns>,
    /// By who asked; that of the server as `(the server)`.
    pub jobs: HashMap<&'static str, JobId>,
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
        let mut site = make_site(&db, &key, lease(&db).await);
        site.options.decisions = store.data_folder().join(DECISIONS_FOLDER);
        log_decisions(&known, &site.options.decisions);
        let site = Arc::new(site);
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

pub fn key_file(store: &Store) -> std::path::PathBuf {
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

/// The log of decisions: under the name of each customer one about each other, whose mark stands behind it as a realm; of another tenant's nobody was known. A name is looked
/// for without its realm, so each page finds them all, and must tell of none.
fn log_decisions(known: &Known, folder: &Path) {
    let mut batch = LogBatch::new();
    for (owner, other) in CUSTOMER_OWNERS.iter().flat_map(|owner| CUSTOMER_OWNERS.iter().map(move |other| (*owner, *other))) {
        let is_abroad = part_of(owner).side != part_of(other).side;
        let username = format!("user-{}@{}", customer_mark(owner), customer_mark(other));
        let decision = Decision {
            at: now() - 2 * DAY_MS,
            tenant_id: known.tenant(part_of(other).side).0,
            router_id: 0,
            customer_id: if is_abroad { 0 } else { known.customers[other] },
            username: username.as_bytes(),
            mac: None,
            reject: Some(RejectReason::WrongCredential),
            walled: None,
            blind_since: None,
            method: "PAP",
            took_us: 1,
            attributes: &[],
        };
        let mut payload = Vec::new();
        decision.write(&mut payload);
        assert!(batch.push(decision.at, decision.keys(), &payload), "small enough");
    }
    LocalLog::open(folder, 16 << 20, 64 << 20).expect("a log").write(&mut batch).expect("written");
}

/// Cheap hashes: what they cost is not the point here.
pub fn cheap_hasher() -> PasswordHasher {
    PasswordHasher::new(PasswordCost { memory_kib: 64, passes: 1 }, 4)
}

pub async fn lease(db: &Db) -> IdMaker {
    let mut tx = db.begin().await.expect("a transaction");
    let lease = SlotLease::take(&mut tx, &format!("crawl {:016x}", rand::random::<u64>()), now()).await.expect("a slot");
    tx.commit(now()).await.expect("committed");
    IdMaker::new(lease)
}

pub fn make_site(db: &Db, key: &KeyFile, ids: IdMaker) -> Site {
    let desk = SignInDesk::new(db.clone(), key.sealer(), cheap_hasher(), SignInRules::default());
    let ids = Arc::new(ArcSwapOption::from_pointee(ids));
    let access = Access {
        directory: Arc::new(Directory::empty()),
        live: Arc::new(LiveSessions::new(TokenKey::new(&[7; 32]))),
        throttle: Throttle::new(ThrottleLimits::default()),
        usage: Arc::new(StoredUsage::default()),
        identity: Identity::default(),
    };
    let (access, dictionary) = (Arc::new(access), Arc::new(Dictionary::embedded()));
    Site::new(db.clone(), desk, cheap_hasher(), key, ids, SiteOptions::default(), access, dictionary, tollgate::panel::MENU)
}
