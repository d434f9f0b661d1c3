//! What the server starts from: the snapshot in the data folder if it fits, else the store; then the journal's tail.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use super::now_ms;
use super::start::StartError;
use crate::aaa::directory::{Directory, Follower, Loader};
use crate::aaa::metering;
use crate::aaa::snapshot::{self, OpenSnapshot, SnapshotError, SnapshotPosition};
use crate::config::Config;
use crate::journal::{Journal, JournalOptions, ReadError};
use crate::listen::PendingReply;
use crate::sessions::{LiveSessions, MacBound, Meters, Record, TokenKey, sql};
use crate::store::{
    Db, FeedHead, IdentityError, KeyFile, SchemaError, StoreError, StoreIdentity, check_schema, check_store_identity, find_feed_head,
};
use crate::units::{from_hex, hex};

/// A database that does not answer within this time is taken as away.
const PROBE: Duration = Duration::from_secs(5);
/// File with the name of the store that this data folder belongs to.
const STORE_ID: &str = "store.id";

/// What was found to start from.
pub struct Base {
    /// The store's name, from itself or as it was when it last answered.
    pub identity: StoreIdentity,
    /// Whether the database answers.
    pub store_answers: bool,
    /// Customers and the like, if the snapshot had them.
    pub directory: Arc<Directory>,
    /// Live sessions, if the snapshot had them.
    pub live: Arc<LiveSessions>,
    /// Usage of customers with limits, if the snapshot had it.
    pub meters: Arc<Meters>,
    /// Where the snapshot stands; `None` = there is none that fits.
    pub snapshot: Option<SnapshotPosition>,
    /// The rest of it: its customers.
    pub customers: Option<OpenSnapshot>,
    /// Whether the change feed still reaches back to the snapshot.
    pub feed_reaches: bool,
}

/// The journal's settings.
pub fn journal_options(config: &Config) -> JournalOptions {
    JournalOptions {
        segment_bytes: u64::from(config.journal.segment_mib) << 20,
        budget_bytes: u64::from(config.journal.budget_gib) << 30,
        retain_secs: u64::from(config.journal.retain_hours) * 3600,
        ..JournalOptions::default()
    }
}

/// Asks the store who it is, and reads the snapshot if there is one of that store. Without either there is nothing to serve.
pub async fn find_base(config: &Config, db: &Db, key: &KeyFile) -> Result<Base, StartError> {
    let folder = &config.data.folder;
    let (identity, feed, away) = match probe(config, db, key).await {
        Ok((identity, feed)) => {
            remember_identity(folder, &identity)?;
            (identity, Some(feed), None)
        }
        Err(StartError::Store(e)) if e.is_unreachable() => match recall_identity(folder) {
            Some(identity) => (identity, None, Some(e)),
            None => return Err(StartError::Unreachable { store: e, snapshot: SnapshotError::Absent }),
        },
        Err(other) => return Err(other),
    };
    let token_key = TokenKey::new(&key.derive("session tokens"));
    let (directory, live) = (Arc::new(Directory::empty()), Arc::new(LiveSessions::new(token_key)));
    let mut meters = Arc::new(Meters::new(live.clone()));
    let opened = match snapshot::open(folder, &identity, key, &directory, &meters) {
        Ok(opened) => {
            if away.is_some() {
                tracing::error!(
                    "the database does not answer: serving {} customers from the snapshot of {}",
                    opened.customers,
                    crate::units::print_instant(opened.position.written_at)
                );
            }
            Some(opened)
        }
        Err(problem) => {
            if let Some(store) = away {
                return Err(StartError::Unreachable { store, snapshot: problem });
            }
            if !matches!(problem, SnapshotError::Absent) {
                tracing::warn!(%problem, "the snapshot is not used; everything is read from the store");
                // What was read before the damage was found.
                live.clear();
                meters = Arc::new(Meters::new(live.clone()));
            }
            None
        }
    };
    let position = opened.as_ref().map(|opened| opened.position);
    let reaches = |feed: FeedHead, position: SnapshotPosition| (feed.trimmed..=feed.seq).contains(&position.feed_seq);
    let feed_reaches = position.is_some_and(|p| feed.is_none_or(|f| reaches(f, p)));
    Ok(Base { identity, store_answers: away.is_none(), directory, live, meters, snapshot: position, customers: opened, feed_reaches })
}

async fn probe(config: &Config, db: &Db, key: &KeyFile) -> Result<(StoreIdentity, FeedHead), StartError> {
    let asked = async {
        check_schema(db).await.map_err(|e| match e {
            SchemaError::Store(e) => StartError::Store(e),
            other => StartError::Schema(other),
        })?;
        let (identity, _) = check_store_identity(db, &config.data.key_file).await.map_err(|e| match e {
            IdentityError::Store(e) => StartError::Store(e),
            other => StartError::Identity(other),
        })?;
        if let Some(node) = sql::find_node_with_other_key(&mut db.read().await?, key.fingerprint()).await? {
            return Err(StartError::OtherKey { path: config.data.key_file.clone(), node });
        }
        let feed = find_feed_head(&mut *db.snapshot().await?).await?;
        Ok((identity, feed))
    };
    match tokio::time::timeout(PROBE, asked).await {
        Ok(answer) => answer,
        Err(_) => Err(StartError::Store(StoreError::Timeout)),
    }
}

/// Keeps the store's name beside the snapshot, for a start without the store.
fn remember_identity(folder: &Path, identity: &StoreIdentity) -> std::io::Result<()> {
    if recall_identity(folder).as_ref() == Some(identity) {
        return Ok(());
    }
    let id = hex(&identity.store_id);
    std::fs::write(folder.join(STORE_ID), format!("{id} {}\n", identity.created_at))
}

fn recall_identity(folder: &Path) -> Option<StoreIdentity> {
    let text = std::fs::read_to_string(folder.join(STORE_ID)).ok()?;
    let (id, created_at) = text.trim().split_once(' ')?;
    let store_id = from_hex(id)?.try_into().ok()?;
    Some(StoreIdentity { store_id, created_at: created_at.parse().ok()? })
}

/// Brings live sessions and leases up to the journal's end. Returns how many records were replayed, and which devices logins bound with which record.
pub async fn bring_sessions_back(
    base: &Base,
    db: &Db,
    journal: &Arc<Journal<PendingReply>>,
    journal_id: i64,
) -> Result<(u64, Vec<(MacBound, u64)>), StartError> {
    let snapshot = match base.snapshot.map(|positions| journal.reader(positions.journal_seq)) {
        // The journal does not reach back to it: snapshots have failed for long, and the journal went on without them.
        Some(Err(ReadError::Pruned { oldest_seq })) if base.store_answers => {
            tracing::warn!(oldest_seq, "the snapshot is older than the journal; live sessions are read from the store");
            base.live.clear();
            None
        }
        _ => base.snapshot,
    };
    let from = match snapshot {
        Some(positions) => positions.journal_seq,
        None => {
            // The position first: what is applied after it was read is replayed, and replaying twice changes nothing.
            let mut conn = db.read().await?;
            let position = sql::find_position(&mut conn, journal_id).await?.unwrap_or(0);
            let mut after = (i64::MIN, [0; 16]);
            loop {
                let page = sql::list_open_sessions(&mut conn, after, 5_000).await?;
                let Some(last) = page.last() else { break };
                after = (last.nas().nas_instance, last.session_key);
                page.into_iter().for_each(|session| base.live.restore(session));
            }
            position
        }
    };
    if from > journal.last_seq() {
        return Err(StartError::JournalLost { applied: from, found: journal.last_seq() });
    }
    let (now, mut replayed, mut bound) = (now_ms(), 0, Vec::new());
    let mut reader = journal.reader(from)?;
    while let Some(record) = reader.next()? {
        match Record::read(record.kind, record.payload) {
            Ok(Record::FirstLogin { customer_id, at, .. }) => {
                base.directory.terms.note_first_login(customer_id, at);
            }
            Ok(Record::MacBound(found)) => bound.push((found, record.seq)),
            Ok(Record::Leased(leased)) => base.directory.pools.replay(&leased, record.seq, now),
            Ok(read) => base.live.replay(&read, now),
            Err(error) => tracing::error!(seq = record.seq, %error, "left out of the replay"),
        }
        replayed += 1;
    }
    base.live.listen_anew(now);
    Ok((replayed, bound))
}

/// Loads customers unless the snapshot brought them, and brings the directory up to the store's present state if the store answers. Returns who follows on.
pub async fn load_customers(mut base: Base, loader: Loader, db: &Db, meters: &Arc<Meters>) -> Result<Follower, StartError> {
    let position = match base.customers.take().filter(|_| base.feed_reaches) {
        Some(opened) => {
            let (position, directory) = (opened.position.feed_seq, base.directory.clone());
            let read = tokio::task::spawn_blocking(move || opened.read_customers(&directory)).await;
            match read.unwrap_or(Err(SnapshotError::Damaged("its reader panicked"))) {
                Ok(_) => position,
                Err(problem) if base.store_answers => {
                    tracing::warn!(%problem, "the snapshot's customers are not used; they are read from the store");
                    loader.load(db, &base.directory).await?.position
                }
                Err(problem) => return Err(StartError::Unreachable { store: StoreError::Timeout, snapshot: problem }),
            }
        }
        None => loader.load(db, &base.directory).await?.position,
    };
    let mut follower = Follower::new(db.clone(), base.directory.clone(), loader, position).with_meters(meters.clone());
    metering::want_all(&base.directory, meters);
    if base.store_answers {
        let mut conn = db.read().await?;
        loop {
            match follower.step(&mut conn, now_ms()).await {
                Ok(true) => {}
                Ok(false) => break,
                Err(error) => {
                    tracing::warn!(%error, "the latest changes follow as soon as the database answers");
                    break;
                }
            }
        }
    }
    Ok(follower)
}
