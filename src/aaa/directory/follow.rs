//! Following the change feed: whatever changes in the store is in the directory within a fraction of a second.
//!
//! A change names a row; the row is read again as it is now, so doing so twice does no harm, and a row that is gone is removed. While the database is away
//! the directory stays as it is, and the follower tries again with growing pauses.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

use tokio::sync::watch;

use super::Directory;
use super::load::{LoadError, Loader};
use super::settle::{customers_with_top_ups, settle_customer};
use crate::aaa::metering;
use crate::sessions::Meters;
use crate::store::{Conn, Db, FeedChange, StoreError, find_feed_head, list_feed_after, trim_feed};
use crate::units::UnixMs;

const POLL_EVERY: Duration = Duration::from_millis(200);
/// A connection that does not answer for this long is given up.
const POLL_TIMEOUT: Duration = Duration::from_secs(10);
/// Reading changed rows again, at most everything.
const APPLY_TIMEOUT: Duration = Duration::from_secs(300);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);
const CHANGES_AT_ONCE: i64 = 1_000;
/// Customers read by one statement: an evening of first logins changes tens of thousands.
const CUSTOMERS_AT_ONCE: usize = 250;
/// Late reports of a past period arrive within an interim interval or two.
const SETTLE_EVERY_MS: i64 = 300_000;
const TRIM_EVERY_MS: i64 = 60_000;
/// Changes stay in the feed this long.
const KEEP_CHANGES_MS: i64 = 3_600_000;

/// How the follower does, readable by everyone.
#[derive(Debug, Default)]
pub struct FollowStatus {
    /// When the feed was last read to its end, unix ms; 0 = never.
    pub last_success_at: AtomicI64,
    /// Position in the feed.
    pub position: AtomicI64,
    /// Changes applied.
    pub changes: AtomicU64,
    /// Times that everything was loaded anew.
    pub reloads: AtomicU64,
    /// Attempts that failed.
    pub failures: AtomicU64,
    /// Whether the last attempt failed.
    pub is_failing: AtomicBool,
}

impl FollowStatus {
    /// Milliseconds since the feed was last read to its end; `None` if it never was.
    pub fn lag_ms(&self, now: UnixMs) -> Option<i64> {
        let at = self.last_success_at.load(Ordering::Relaxed);
        (at != 0).then(|| (now - at).max(0))
    }
}

/// Follows the feed into a directory.
pub struct Follower {
    db: Db,
    directory: Arc<Directory>,
    loader: Loader,
    position: i64,
    status: Arc<FollowStatus>,
    trimmed_at: UnixMs,
    meters: Option<Arc<Meters>>,
    on_change: Option<OnChange>,
    settled_at: UnixMs,
}

/// What the directory has just taken in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Changed<'a> {
    /// A row of a table; 0 = the whole table.
    Row(&'a str, i64),
    /// Everything was loaded anew.
    Everything,
}

/// Is told of each change after the directory has it.
pub type OnChange = Box<dyn Fn(Changed<'_>) + Send + Sync>;

impl Follower {
    /// Follows from a position, which [`Loader::load`] or a snapshot named.
    pub fn new(db: Db, directory: Arc<Directory>, loader: Loader, position: i64) -> Follower {
        let status = Arc::new(FollowStatus::default());
        status.position.store(position, Ordering::Relaxed);
        Follower { db, directory, loader, position, status, trimmed_at: 0, meters: None, on_change: None, settled_at: 0 }
    }

    /// Tells these meters whose limits count usage.
    pub fn with_meters(mut self, meters: Arc<Meters>) -> Follower {
        self.meters = Some(meters);
        self
    }

    /// Tells someone of every change from now on.
    pub fn on_change(mut self, tell: OnChange) -> Follower {
        self.on_change = Some(tell);
        self
    }

    fn tell(&self, changed: Changed<'_>) {
        if let Some(tell) = &self.on_change {
            tell(changed);
        }
    }

    /// How it does.
    pub fn status(&self) -> Arc<FollowStatus> {
        self.status.clone()
    }

    /// Follows until told to stop. `clock` gives unix ms.
    pub async fn run(mut self, clock: fn() -> UnixMs, mut stop: watch::Receiver<bool>) {
        let mut conn = None;
        let mut pause = POLL_EVERY;
        loop {
            if *stop.borrow() {
                return;
            }
            let result = match conn.take() {
                Some(held) => Ok(held),
                None => self.db.read().await.map_err(LoadError::from),
            };
            let result = match result {
                Ok(mut held) => self.step(&mut held, clock()).await.map(|more| (held, more)),
                Err(error) => Err(error),
            };
            match result {
                Ok((held, more)) => {
                    conn = Some(held);
                    if self.status.is_failing.swap(false, Ordering::Relaxed) {
                        tracing::info!("the store answers again; the directory follows it");
                    }
                    pause = if more { Duration::ZERO } else { POLL_EVERY };
                }
                Err(error) => {
                    self.status.failures.fetch_add(1, Ordering::Relaxed);
                    if !self.status.is_failing.swap(true, Ordering::Relaxed) {
                        tracing::warn!(%error, "changes cannot be read from the store; logins go on with what is in memory");
                    }
                    pause = (pause.max(POLL_EVERY) * 2).min(LONGEST_PAUSE);
                }
            }
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                changed = stop.changed() => if changed.is_err() { return },
            }
        }
    }

    /// Applies the next changes; true if there may be more at once.
    pub async fn step(&mut self, conn: &mut Conn, now: UnixMs) -> Result<bool, LoadError> {
        let (head, changes) = timed(POLL_TIMEOUT, async {
            let head = find_feed_head(conn).await?;
            let follows = head.trimmed <= self.position && self.position <= head.seq;
            let changes = if follows && head.seq != self.position {
                list_feed_after(conn, self.position, CHANGES_AT_ONCE).await?
            } else {
                Vec::new()
            };
            Ok((if follows { None } else { Some(head) }, changes))
        })
        .await?;
        // A gap means that the tail was trimmed between the two reads; a head behind the follower, that the store was restored from a backup.
        let has_gap = changes.first().is_some_and(|c| c.seq != self.position + 1);
        if head.is_some() || has_gap {
            return self.reload(now).await;
        }
        let more = changes.len() as i64 == CHANGES_AT_ONCE;
        if let Some(last) = changes.last() {
            timed(APPLY_TIMEOUT, self.apply(conn, &changes, now)).await?;
            self.advance(last.seq);
            changes.iter().for_each(|c| self.tell(Changed::Row(&c.table_name, c.row_id)));
            self.status.changes.fetch_add(changes.len() as u64, Ordering::Relaxed);
        }
        if !more {
            self.directory.note_current();
            self.status.last_success_at.store(now, Ordering::Relaxed);
            self.settle_all(conn, now).await?;
            self.trim(now).await?;
        }
        Ok(more)
    }

    async fn reload(&mut self, now: UnixMs) -> Result<bool, LoadError> {
        tracing::info!(position = self.position, "the feed no longer has all changes; loading everything anew");
        let report = timed(APPLY_TIMEOUT, self.loader.load(&self.db, &self.directory)).await?;
        if let Some(meters) = &self.meters {
            metering::want_all(&self.directory, meters);
        }
        self.advance(report.position);
        self.settled_at = 0;
        self.status.reloads.fetch_add(1, Ordering::Relaxed);
        self.status.last_success_at.store(now, Ordering::Relaxed);
        self.tell(Changed::Everything);
        Ok(true)
    }

    fn advance(&mut self, position: i64) {
        self.position = position;
        self.status.position.store(position, Ordering::Relaxed);
    }

    /// Reads each changed row once, small tables before customers, whose fields depend on their tenants.
    async fn apply(&self, conn: &mut Conn, changes: &[FeedChange], now: UnixMs) -> Result<(), LoadError> {
        let touched = |table: &str| changes.iter().any(|c| c.table_name == table);
        // By id, which is by age: who was made first is known first.
        let rows = |table: &str| -> BTreeSet<i64> { changes.iter().filter(|c| c.table_name == table).map(|c| c.row_id).collect() };
        if touched("tenants") {
            self.loader.load_tenants(conn, &self.directory).await?;
        }
        // A tenant comes together with its first account.
        if touched("tenants") || touched("accounts") {
            self.loader.load_providers(conn, &self.directory).await?;
        }
        let (packages, customers) = (rows("packages"), rows("customers"));
        let changed = (packages.iter().copied().collect::<Vec<_>>(), customers.iter().copied().collect::<Vec<_>>());
        if packages.contains(&0) {
            self.loader.load_packages(conn, &self.directory).await?;
        } else {
            for id in packages {
                self.loader.load_package(conn, &self.directory, id).await?;
            }
        }
        // Few and small: read again as a whole.
        if touched("ip_pools") {
            self.loader.load_pools(conn, &self.directory).await?;
        }
        if touched("routers") || touched("router_learned") {
            self.loader.load_routers(conn, &self.directory).await?;
        }
        if customers.contains(&0) {
            let mut snapshot = self.db.snapshot().await?;
            self.loader.load_customers(&mut snapshot, &self.directory).await?;
            for id in customers_with_top_ups(&self.directory) {
                settle_customer(conn, &self.directory, id, now).await?;
            }
        } else {
            for lot in changed.1.chunks(CUSTOMERS_AT_ONCE) {
                self.loader.load_customers_of(conn, &self.directory, lot).await?;
                for id in lot {
                    settle_customer(conn, &self.directory, *id, now).await?;
                }
            }
        }
        self.tell_meters(&changed.0, &changed.1);
        Ok(())
    }

    fn tell_meters(&self, packages: &[i64], customers: &[i64]) {
        let Some(meters) = &self.meters else { return };
        if packages.contains(&0) || customers.contains(&0) {
            return metering::want_all(&self.directory, meters);
        }
        metering::set_zones(&self.directory, meters);
        metering::want_of_packages(&self.directory, meters, packages);
        metering::want_of_customers(&self.directory, meters, customers);
    }

    /// Settles all top-ups every few minutes.
    async fn settle_all(&mut self, conn: &mut Conn, now: UnixMs) -> Result<(), LoadError> {
        if now - self.settled_at < SETTLE_EVERY_MS {
            return Ok(());
        }
        self.settled_at = now;
        for id in customers_with_top_ups(&self.directory) {
            timed(POLL_TIMEOUT, settle_customer(conn, &self.directory, id, now)).await?;
        }
        Ok(())
    }

    /// Removes old changes about once a minute.
    async fn trim(&mut self, now: UnixMs) -> Result<(), LoadError> {
        if now - self.trimmed_at < TRIM_EVERY_MS {
            return Ok(());
        }
        self.trimmed_at = now;
        let mut tx = self.db.begin().await?;
        trim_feed(&mut tx, now - KEEP_CHANGES_MS).await?;
        tx.commit(now).await?;
        Ok(())
    }
}

async fn timed<T>(limit: Duration, work: impl Future<Output = Result<T, LoadError>>) -> Result<T, LoadError> {
    match tokio::time::timeout(limit, work).await {
        Ok(result) => result,
        Err(_) => Err(StoreError::Unexpected(format!("no answer within {} seconds", limit.as_secs())).into()),
    }
}
