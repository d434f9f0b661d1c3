//! What the server starts from: the snapshot in the data folder if it fits, else the store; then the journal's tail.

use std::sync::Arc;
use std::time::Duration;

use super::now_ms;
use super::start::StartError;
use crate::aaa::directory::{Directory, Loader};
use crate::aaa::snapshot::{self, SnapshotError};
use crate::config::Config;
use crate::journal::{Journal, JournalOptions};
use crate::listen::PendingReply;
use crate::sessions::{LiveSessions, Record, TokenKey, sql};
use crate::store::{Db, FeedHead, KeyFile, StoreError, check_schema, check_store_identity, find_feed_head};

/// A database that does not answer within this time is taken as away.
const PROBE: Duration = Duration::from_secs(5);

/// What was found to start from.
pub struct Base {
    /// The store's name, from itself or from the snapshot.
    pub store_id: [u8; 16],
    /// Whether the database answers.
    pub store_answers: bool,
    /// Customers and the like, if the snapshot had them.
    pub directory: Arc<Directory>,
    /// Live sessions, if the snapshot had them.
    pub live: Arc<LiveSessions>,
    /// Positions of feed and journal that the snapshot stands for; `None` = no snapshot.
    pub snapshot: Option<Positions>,
}

/// Where to follow on from.
#[derive(Debug, Clone, Copy)]
pub struct Positions {
    /// Position of the change feed; `None` if it must be loaded anew because the feed does not reach back.
    pub feed_seq: Option<i64>,
    /// Position of the journal.
    pub journal_seq: u64,
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
    let (known, feed) = match probe(config, db).await {
        Ok((store_id, feed)) => (Ok(store_id), Some(feed)),
        Err(StartError::Store(e)) if e.is_unreachable() => (Err(e), None),
        Err(other) => return Err(other),
    };
    let token_key = TokenKey::new(&key.derive("session tokens"));
    let (directory, live) = (Arc::new(Directory::empty()), Arc::new(LiveSessions::new(token_key.clone())));
    let path = config.data.folder.join("snapshot");
    match snapshot::read(&path, key, known.as_ref().ok().copied(), &directory, &live) {
        Ok(contents) => {
            let reaches = |feed: FeedHead| (feed.trimmed..=feed.seq).contains(&contents.feed_seq);
            let feed_seq = feed.is_none_or(reaches).then_some(contents.feed_seq);
            if known.is_err() {
                tracing::error!("the database does not answer: serving from the snapshot of {}", crate::units::print_instant(contents.written_at));
            }
            let snapshot = Some(Positions { feed_seq, journal_seq: contents.journal_seq });
            Ok(Base { store_id: contents.store_id, store_answers: known.is_ok(), directory, live, snapshot })
        }
        Err(problem) => {
            let store_id = match known {
                Ok(store_id) => store_id,
                Err(store) => return Err(StartError::Unreachable { store, snapshot: problem }),
            };
            if !matches!(problem, SnapshotError::Absent) {
                tracing::warn!(%problem, "the snapshot is not used; everything is read from the store");
            }
            // Whatever a damaged snapshot brought is forgotten.
            let (directory, live) = (Arc::new(Directory::empty()), Arc::new(LiveSessions::new(token_key)));
            Ok(Base { store_id, store_answers: true, directory, live, snapshot: None })
        }
    }
}

async fn probe(config: &Config, db: &Db) -> Result<([u8; 16], FeedHead), StartError> {
    let asked = async {
        check_schema(db).await.map_err(|e| match e {
            crate::store::SchemaError::Store(e) => StartError::Store(e),
            other => StartError::Schema(other),
        })?;
        let (identity, _) = check_store_identity(db, &config.data.key_file).await?;
        let feed = find_feed_head(&mut *db.read().await?).await?;
        Ok((identity.store_id, feed))
    };
    match tokio::time::timeout(PROBE, asked).await {
        Ok(answer) => answer,
        Err(_) => Err(StartError::Store(StoreError::Timeout)),
    }
}

/// Brings live sessions up to the journal's end. Returns how many records were replayed.
pub async fn bring_sessions_back(base: &Base, db: &Db, journal: &Arc<Journal<PendingReply>>, journal_id: i64) -> Result<u64, StartError> {
    let from = match base.snapshot {
        Some(positions) => positions.journal_seq,
        None => {
            // The position first: what is applied after it was read is replayed, and replaying twice changes nothing.
            let mut conn = db.read().await?;
            let position = sql::find_position(&mut conn, journal_id).await?.unwrap_or(0);
            let mut after = Vec::new();
            loop {
                let page = sql::list_open_sessions(&mut conn, &after, 5_000).await?;
                let Some(last) = page.last() else { break };
                after = last.session_key.to_vec();
                page.into_iter().for_each(|session| base.live.restore(session));
            }
            position
        }
    };
    if from > journal.last_seq() {
        return Err(StartError::JournalLost { applied: from, found: journal.last_seq() });
    }
    let (now, mut replayed) = (now_ms(), 0);
    let mut reader = journal.reader(from)?;
    while let Some(record) = reader.next()? {
        match Record::read(record.kind, record.payload) {
            Ok(read) => base.live.replay(&read, now),
            Err(error) => tracing::error!(seq = record.seq, %error, "left out of the replay"),
        }
        replayed += 1;
    }
    Ok(replayed)
}

/// Loads customers unless the snapshot brought them; returns the feed position to follow from.
pub async fn load_customers(base: &Base, loader: &Loader, db: &Db) -> Result<i64, StartError> {
    match base.snapshot.and_then(|s| s.feed_seq) {
        Some(position) => Ok(position),
        None => Ok(loader.load(db, &base.directory).await?.position),
    }
}
