//! Starting and stopping the server.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::time::Duration;

use arc_swap::ArcSwapOption;
use metrics_exporter_prometheus::PrometheusHandle;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::{oneshot, watch};

use super::enforcement::{Enforcement, RunningEnforcement, on_change};
use super::health::Health;
use super::http::{HttpListener, RunningHttp};
use super::restore;
use super::tls::{Tls, TlsError};
use super::{Addresses, Parts, http, identity, now_ms, panel, tasks};
use crate::aaa::access::{Access, Identity};
use crate::aaa::decision_store::{DecisionSender, KeptDecision, LastVerdicts};
use crate::aaa::directory::{LoadError, Loader};
use crate::aaa::enforcement::{Enforcer, Ways};
use crate::aaa::metering::DirectorySink;
use crate::aaa::snapshot::SnapshotError;
use crate::aaa::throttle::{Throttle, ThrottleLimits};
use crate::aaa::unknown::UnknownSources;
use crate::config::Config;
use crate::journal::{FolderLock, LockError};
use crate::listen::{self, BindError, BoundAddress, DelayedReplies, ListenCounters, ListenOptions, ListenParts, Listeners};
use crate::radius::dictionary::Dictionary;
use crate::sessions::{Applier, ApplierStatus, JournalHome};
use crate::store::{Db, IdentityError, KeyError, KeyFile, SchemaError, StoreError};
use crate::web::Streams;

/// Batches of decision records that may wait for the log's thread.
const LOG_QUEUE: usize = 64;

/// Why the server does not start: one clear line each.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The data folder cannot be used.
    #[error("data.folder {folder}: {reason}")]
    Folder {
        /// Which.
        folder: PathBuf,
        /// Why.
        reason: String,
    },
    /// Another server works on it.
    #[error(transparent)]
    Locked(#[from] LockError),
    /// An address is taken.
    #[error(transparent)]
    Bind(#[from] BindError),
    /// An HTTP address is taken.
    #[error("cannot listen on {address} for HTTP: {error}")]
    Http {
        /// Which.
        address: SocketAddr,
        /// Why.
        error: std::io::Error,
    },
    /// HTTPS is not possible.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// A dictionary file is wrong.
    #[error(transparent)]
    Dictionary(#[from] crate::radius::dictionary::DictionaryError),
    /// The schema does not fit.
    #[error(transparent)]
    Schema(#[from] SchemaError),
    /// Store and key file do not fit.
    #[error(transparent)]
    Identity(#[from] IdentityError),
    /// Another node of the store has another key file.
    #[error("the key file {path} is not that of the store's other nodes ({node}): all nodes of a store use copies of one key file", path = .path.display())]
    OtherKey {
        /// The file at hand.
        path: PathBuf,
        /// Whose differs.
        node: String,
    },
    /// There is no key file.
    #[error("there is no key file {path}: run `tollgate migrate` to make a new store, or put the key file of an old one there", path = .path.display())]
    NoKeyFile {
        /// Where it was looked for.
        path: PathBuf,
    },
    /// The key file cannot be read.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The store cannot be reached, and there is no snapshot to serve from.
    #[error("the store cannot be reached ({store}), and no snapshot can be used instead ({snapshot})")]
    Unreachable {
        /// The database's error.
        store: StoreError,
        /// The snapshot's.
        snapshot: SnapshotError,
    },
    /// The journal cannot be used.
    #[error(transparent)]
    Journal(#[from] crate::journal::OpenError),
    /// The journal's records cannot be read back.
    #[error("the journal cannot be read back: {0}")]
    Replay(#[from] crate::journal::ReadError),
    /// The journal ends before what the store has applied of it.
    #[error(
        "the journal ends at record {found}, but {applied} were applied or acknowledged: its folder was lost or exchanged; restore it, or remove \
             the files journal.id and snapshot beside it to begin a new journal"
    )]
    JournalLost {
        /// Position known.
        applied: u64,
        /// Last record found.
        found: u64,
    },
    /// Customers cannot be loaded.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A thread or listener cannot be started.
    #[error("{0}")]
    Io(#[from] std::io::Error),
}

impl StartError {
    /// The process's exit code: 3 what configuration or store must mend, 4 what cannot be reached, 1 else.
    pub fn exit_code(&self) -> u8 {
        match self {
            StartError::Schema(SchemaError::Store(e)) | StartError::Identity(IdentityError::Store(e)) | StartError::Store(e)
                if e.is_unreachable() =>
            {
                4
            }
            StartError::Unreachable { .. } => 4,
            StartError::Io(_) | StartError::Load(_) | StartError::Store(_) | StartError::Replay(_) => 1,
            _ => 3,
        }
    }
}

/// A running server.
pub struct Running {
    /// Where it listens.
    pub addresses: Addresses,
    /// Its parts, for whoever watches it from inside (the demo).
    pub parts: Arc<Parts>,
    health: Arc<Health>,
    http: RunningHttp,
    streams: Arc<Streams>,
    listeners: Listeners,
    delayed: Arc<DelayedReplies>,
    enforcement: RunningEnforcement,
    stop: watch::Sender<bool>,
    tasks: tasks::Tasks,
    lock: FolderLock,
    addresses_file: PathBuf,
    /// Tells the link of the first account, if nobody can sign in yet; ends without one otherwise.
    pub setup_link: oneshot::Receiver<String>,
}

/// Starts everything that the configuration asks for.
pub async fn start(config: &Config, metrics: PrometheusHandle) -> Result<Running, StartError> {
    // Before anybody can know of this process: until it is heard, SIGHUP ends it.
    let hang_up = signal(SignalKind::hangup())?;
    let folder = &config.data.folder;
    let unusable = |e: std::io::Error| StartError::Folder { folder: folder.clone(), reason: e.to_string() };
    std::fs::create_dir_all(folder).map_err(unusable)?;
    let lock = FolderLock::acquire(folder)?;
    let dictionary = match &config.radius.dictionaries {
        None => Dictionary::embedded(),
        Some(extra) => Dictionary::load_folder(extra)?,
    };
    let (auth, acct) = (bind_all(config, &config.radius.auth)?, bind_all(config, &config.radius.acct)?);
    let http = http::bind(&config.http)?;
    let addresses = Addresses {
        auth: auth.iter().map(|a| a.address).collect(),
        acct: acct.iter().map(|a| a.address).collect(),
        http: http.iter().map(|listener| listener.address).collect(),
    };
    let speaks_tls = http.iter().any(|listener| listener.is_tls);
    let tls = speaks_tls.then(|| Tls::prepare(&config.http, folder, &addresses.http, now_ms())).transpose()?;

    let health = Arc::new(Health::default());
    if !config.data.key_file.exists() {
        return Err(StartError::NoKeyFile { path: config.data.key_file.clone() });
    }
    let key = KeyFile::read(&config.data.key_file)?;
    let loader = Loader { sealer: key.sealer(), dictionary: Arc::new(dictionary) };
    let db = Db::open_lazy(&config.store.url)?;
    let store = db.clone();
    // On a thread of the runtime, so that SQLite's threads give way as it does: see `priority`.
    let _ = tokio::spawn(async move { store.open_connections().await }).await;
    let base = restore::find_base(config, &db, &key).await?;
    let (directory, live, meters) = (base.directory.clone(), base.live.clone(), base.meters.clone());
    health.store_reachable.store(base.store_answers, Ordering::Release);

    let home = JournalHome::find_or_make(folder, rand::random::<i64>() >> 1 & i64::MAX).map_err(unusable)?;
    let journal_id = home.journal_id;
    let (journal, report) = home.open(base.identity.store_id, restore::journal_options(config), listen::responder())?;
    let (replayed, bound) = restore::bring_sessions_back(&base, &db, &journal, journal_id).await?;
    tracing::info!(open = live.open_count(), replayed, cut = report.cut.is_some(), "live sessions are back");

    let (log_sender, log_receiver) = std::sync::mpsc::sync_channel(LOG_QUEUE);
    let decisions = Arc::new(ArcSwapOption::<DecisionSender>::empty());
    let unknown = Arc::new(UnknownSources::new());
    let limits = ThrottleLimits {
        per_device: config.brute_force.failures_per_mac,
        per_username: config.brute_force.failures_per_username,
        window_secs: config.brute_force.window_secs,
    };
    let (enforcer, ways) = (Enforcer::new(), Arc::new(Ways::default()));
    let on_replaced = identity::on_replaced(&enforcer);
    let (throttle, identity) = (Throttle::new(limits), Identity::new(on_replaced));
    bound.iter().for_each(|(bound, seq)| identity.devices.note(bound.customer_id, bound.mac, *seq));
    let access = Arc::new(Access { directory: directory.clone(), live: live.clone(), throttle, usage: base.meters.clone(), identity });
    let delayed = Arc::new(DelayedReplies::start(Duration::from_millis(u64::from(config.radius.reject_delay_ms)))?);
    let listen = Arc::new(ListenParts {
        access: access.clone(),
        journal: journal.clone(),
        delayed: delayed.clone(),
        log_pool: Arc::default(),
        on_decision: keep_decisions(decisions.clone()),
        on_unknown: {
            let unknown = unknown.clone();
            Box::new(move |source, nas_identifier, now| {
                unknown.note(source, nas_identifier, now);
            })
        },
        enforcer: enforcer.clone(),
        ways: ways.clone(),
        auth_counters: Arc::new(ListenCounters::default()),
        acct_counters: Arc::new(ListenCounters::default()),
        options: ListenOptions {
            patience_ms: i64::from(config.radius.patience_ms),
            duplicates_ms: i64::from(config.radius.duplicate_cache_secs) * 1000,
            duplicates_octets: config.radius.duplicate_cache_mib as usize * 1024 * 1024,
        },
        nonce: AtomicU32::new(rand::random()),
        hold_logins: AtomicBool::new(true),
    });
    if base.snapshot.is_none() {
        // Accounting needs only the routers; they are few.
        loader.load_small_tables(&db, &directory).await?;
    }
    let receive_buffer_octets = auth.first().map_or(0, |a| a.receive_buffer_octets);
    let listeners = listen::start(&listen, auth, acct, log_sender)?;
    let addresses_file = folder.join("addresses.json");
    std::fs::write(&addresses_file, serde_json::to_vec_pretty(&addresses).unwrap_or_default()).map_err(unusable)?;
    if receive_buffer_octets < config.radius.receive_buffer_kib as usize * 1024 {
        tracing::warn!(octets = receive_buffer_octets, "the kernel grants a smaller receive buffer than asked: raise net.core.rmem_max");
    }

    let (stop, stopped) = watch::channel(false);
    let keep_from = Arc::new(AtomicU64::new(base.snapshot.map_or(0, |s| s.journal_seq)));
    let sink = Arc::new(DirectorySink::new(directory.clone(), Some(meters.clone())));
    let node = format!("{}, process {}", folder.display(), std::process::id());
    let mut applier = Applier::new(db.clone(), journal.clone(), journal_id, &node, sink, keep_from.clone())
        .with_meters(meters.clone(), key.fingerprint());
    let applier_status = Arc::new(ApplierStatus::default());
    let enforcement = Enforcement::bind(config, &enforcer)?;
    let coa = enforcement.coa_counters();
    let parts = Arc::new(Parts { access, listen, applier: applier_status, meters: meters.clone(), enforcer, coa });
    let enforcer = parts.enforcer.clone();
    meters.set_watch(move |customer_id| enforcer.recheck(customer_id));
    let ids = Arc::new(ArcSwapOption::empty());
    let site = panel::site(&db, &key, ids.clone(), &config.http, &config.data.folder, parts.access.clone(), loader.dictionary.clone());
    let (found, setup_link) = oneshot::channel();
    let url = config.http.public_url.clone().or_else(|| http.first().map(HttpListener::url)).unwrap_or_default();
    let pages = http::routes(&config.http, health.clone(), metrics).merge(panel::pages(&site));
    let (streams, widgets) = (site.streams.clone(), site.widgets.clone());
    let http = http::serve(http, pages, tls, hang_up);
    tokio::spawn(panel::offer_setup(site, config.tenant.name.clone(), url, found, stopped.clone()));
    let identity = base.identity;
    let follower = restore::load_customers(base, loader, &db, &meters).await?.on_change(on_change(&parts.enforcer, widgets));
    if let Err(error) = applier.read_meters().await {
        tracing::warn!(%error, "usage is known from the snapshot only, until the database answers");
    }
    parts.listen.hold_logins.store(false, Ordering::Release);
    health.directory_loaded.store(true, Ordering::Release);
    let enforcement = enforcement.start(&parts)?;
    tracing::info!(customers = directory.customers.len(), ?addresses, "serving");
    let config = config.clone();
    let work = tasks::Work { config, db, key, identity, journal_id, follower, unknown, decisions, applier, keep_from, log_receiver, ids };
    super::metrics::publish(&parts, &health, &work.follower.status());
    let tasks = tasks::spawn(work, &parts, &health, stopped)?;
    Ok(Running { addresses, parts, health, http, streams, listeners, delayed, enforcement, stop, tasks, lock, addresses_file, setup_link })
}

impl Running {
    /// Writes a snapshot, ends what works on the store, then stops reading, answers what was read, makes accounting durable and acknowledges it, and ends. Routers
    /// are answered until nothing else is left to do: what they tell meanwhile is in the journal, so their gap is short.
    pub async fn stop(self) {
        self.health.stopping.store(true, Ordering::Release);
        self.streams.close();
        self.tasks.write_snapshot(&self.parts).await;
        let (listeners, delayed, journal) = (self.listeners, self.delayed, self.parts.listen.journal.clone());
        let enforcement = self.enforcement;
        // First, as its keeper writes what it leaves, and pages, whose requests use the database.
        let (ended, ()) = tokio::join!(tokio::task::spawn_blocking(move || enforcement.stop()), self.http.stop());
        if ended.is_err() {
            tracing::error!("stopping the enforcement failed");
        }
        if self.stop.send(true).is_err() {
            tracing::debug!("no task was left to stop");
        }
        let log = self.tasks.end().await;
        let ended = tokio::task::spawn_blocking(move || {
            listeners.stop();
            delayed.stop();
            journal.wait_durable(journal.last_seq(), Duration::from_secs(20));
            // The log's thread ends when the last worker has gone.
            log.join().is_ok()
        });
        if !ended.await.unwrap_or(false) {
            tracing::error!("stopping the workers or the decision log failed");
        }
        self.parts.listen.journal.close();
        if let Err(error) = std::fs::remove_file(&self.addresses_file) {
            tracing::debug!(%error, "the addresses file was gone already");
        }
        drop(self.lock);
        tracing::info!("stopped");
        // The process ends; giving a million customers back one by one would only keep its successor from the ports.
        std::mem::forget(self.parts);
    }
}

fn bind_all(config: &Config, addresses: &[SocketAddr]) -> Result<Vec<BoundAddress>, BindError> {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let workers = if config.radius.workers == 0 { cores } else { config.radius.workers as usize };
    let mut bound = Vec::new();
    for address in addresses {
        match listen::bind(*address, workers, config.radius.receive_buffer_kib as usize * 1024) {
            Ok(one) => bound.push(one),
            // The default asks for all addresses of both kinds; a machine without IPv6 has only one.
            Err(BindError::NoIpv6(address)) if addresses.len() > 1 => {
                tracing::warn!(%address, "this machine has no IPv6: not listening there")
            }
            Err(error) => return Err(error),
        }
    }
    Ok(bound)
}

/// Passes on what the store keeps: rejects, and the first accept after one.
fn keep_decisions(sender: Arc<ArcSwapOption<DecisionSender>>) -> listen::OnDecision {
    let last = LastVerdicts::new();
    Box::new(move |decision, name_key| {
        if !last.is_worth_keeping(name_key, decision.reject.is_some()) {
            return;
        }
        if let Some(sender) = &*sender.load() {
            sender.keep(KeptDecision {
                at: decision.at,
                tenant_id: decision.tenant_id,
                router_id: decision.router_id,
                customer_id: decision.customer_id,
                username: decision.username.into(),
                mac: decision.mac,
                reason: decision.reject,
            });
        }
    })
}
