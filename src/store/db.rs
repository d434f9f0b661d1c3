//! Connections and transactions on either database.

use std::ops::{Deref, DerefMut};
use std::path::PathBuf;
use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use sqlx::pool::PoolConnection;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{PgConnection, PgPool, Postgres, Sqlite, SqliteConnection, SqlitePool, Transaction};

use super::audit::{AuditEntry, Origin};

/// What can go wrong at the store's door.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database refused, or could not be reached.
    #[error("database: {0}")]
    Database(#[from] sqlx::Error),
    /// `store.url` is not understood.
    #[error("store.url {0:?}: expected sqlite:PATH or postgres://...")]
    Url(String),
    /// It did not answer in time.
    #[error("the database did not answer in time")]
    Timeout,
    /// A value in the database is not what the program wrote.
    #[error("the store holds something unexpected: {0}")]
    Unexpected(String),
}

impl StoreError {
    /// The unique constraint that was violated, by table or constraint text, if that is what went wrong.
    pub fn unique_violation(&self) -> Option<String> {
        match self {
            StoreError::Database(sqlx::Error::Database(e)) if e.is_unique_violation() => {
                Some(e.constraint().map_or_else(|| e.message().to_owned(), str::to_owned))
            }
            _ => None,
        }
    }

    /// Whether the database could not be reached at all (as opposed to having refused a statement).
    pub fn is_unreachable(&self) -> bool {
        match self {
            StoreError::Database(e) => !matches!(e, sqlx::Error::Database(d) if !d.code().is_some_and(|c| is_transient(&c))),
            StoreError::Timeout => true,
            _ => false,
        }
    }

    /// Whether the values of the statement are to blame, so that it can never succeed: data exceptions, constraints other than unique ones, limits
    /// (SQLSTATE classes 22, 23, 54; SQLite MISMATCH, TOOBIG, RANGE, CONSTRAINT), and values that the driver cannot encode or decode.
    pub fn refuses_the_data(&self) -> bool {
        let StoreError::Database(error) = self else { return false };
        match error {
            sqlx::Error::Encode(_) | sqlx::Error::Decode(_) | sqlx::Error::ColumnDecode { .. } => true,
            sqlx::Error::Database(d) if d.is_unique_violation() => false,
            sqlx::Error::Database(d) => d.code().is_some_and(|code| match code.parse::<u32>() {
                Ok(number) if code.len() < 5 => matches!(number & 0xff, 18 | 19 | 20 | 25),
                _ => code.starts_with("22") || code.starts_with("23") || code.starts_with("54"),
            }),
            _ => false,
        }
    }
}

/// SQLSTATE classes and SQLite codes after which the same statement may succeed later.
fn is_transient(code: &str) -> bool {
    code.starts_with("08") || code.starts_with("57P") || code == "40001" || code == "40P01" || code == "5" || code == "6" || code == "261"
}

/// Where the store is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StoreUrl {
    /// A file of the embedded database.
    Sqlite(PathBuf),
    /// A PostgreSQL server.
    Postgres(String),
}

impl FromStr for StoreUrl {
    type Err = StoreError;
    fn from_str(s: &str) -> Result<Self, StoreError> {
        if let Some(path) = s.strip_prefix("sqlite:") {
            let path = path.strip_prefix("//").unwrap_or(path);
            if path.is_empty() {
                return Err(StoreError::Url(s.to_owned()));
            }
            return Ok(StoreUrl::Sqlite(PathBuf::from(path)));
        }
        if s.starts_with("postgres://") || s.starts_with("postgresql://") {
            return Ok(StoreUrl::Postgres(s.to_owned()));
        }
        Err(StoreError::Url(s.to_owned()))
    }
}

/// The database, and in whose name this handle changes it.
#[derive(Debug, Clone)]
pub struct Db {
    pub(super) pools: Pools,
    origin: Arc<Origin>,
}

/// For SQLite a pool of readers and one writer, for PostgreSQL one pool.
#[derive(Debug, Clone)]
pub(super) enum Pools {
    /// Embedded.
    Lite {
        /// Read-only connections.
        read: SqlitePool,
        /// The one connection that writes.
        write: SqlitePool,
        /// How often that was opened.
        opened: Arc<AtomicU64>,
    },
    /// Server.
    Pg(PgPool),
}

/// A state of the embedded database as far as others wrote into it: as long as two marks are equal, nothing was committed but by this process over its one
/// connection that writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WrittenMark {
    /// Which connection; each counts for itself.
    opened: u64,
    data_version: i64,
}

const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(5);

impl Db {
    /// Opens the store; creates the SQLite file if it is absent. Does not migrate.
    pub async fn open(url: &StoreUrl) -> Result<Db, StoreError> {
        match url {
            StoreUrl::Sqlite(path) => {
                let (options, pool) = Self::sqlite_options(path);
                let (writer, opened) = Self::sqlite_writer(&pool);
                let write = writer.connect_with(Self::writing(&options)).await?;
                Ok(Self::with_readers(write, opened, options, pool))
            }
            StoreUrl::Postgres(url) => Ok(Pools::Pg(Self::postgres_pool().connect_with(PgConnectOptions::from_str(url)?).await?).into()),
        }
    }

    /// A store that is connected to when it is first needed, and again whenever it comes back: for a server that starts while its database is away.
    pub fn open_lazy(url: &StoreUrl) -> Result<Db, StoreError> {
        match url {
            StoreUrl::Sqlite(path) => {
                let (options, pool) = Self::sqlite_options(path);
                let options = options.create_if_missing(false);
                let (writer, opened) = Self::sqlite_writer(&pool);
                let write = writer.connect_lazy_with(Self::writing(&options));
                Ok(Self::with_readers(write, opened, options, pool))
            }
            StoreUrl::Postgres(url) => Ok(Pools::Pg(Self::postgres_pool().connect_lazy_with(PgConnectOptions::from_str(url)?)).into()),
        }
    }

    fn postgres_pool() -> PgPoolOptions {
        PgPoolOptions::new().max_connections(16).acquire_timeout(ACQUIRE_TIMEOUT).test_before_acquire(false)
    }

    fn sqlite_options(path: &std::path::Path) -> (SqliteConnectOptions, impl Fn() -> SqlitePoolOptions + use<>) {
        let options = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .busy_timeout(Duration::from_secs(10))
            .foreign_keys(true)
            .pragma("cache_size", "-65536")
            .pragma("wal_autocheckpoint", "32768")
            // The applier's statements come in lots of many sizes, and a large one takes milliseconds to prepare.
            .statement_cache_capacity(512);
        (options, || SqlitePoolOptions::new().acquire_timeout(Duration::from_secs(30)).test_before_acquire(false))
    }

    /// What a statement over many rows would have to take back lies in memory, not in a file that is written for each of them.
    fn writing(options: &SqliteConnectOptions) -> SqliteConnectOptions {
        options.clone().pragma("temp_store", "MEMORY")
    }

    /// The pool of the one connection that writes, and how often that was opened.
    fn sqlite_writer(pool: impl Fn() -> SqlitePoolOptions) -> (SqlitePoolOptions, Arc<AtomicU64>) {
        let opened = Arc::new(AtomicU64::new(0));
        let count = opened.clone();
        let writer = pool().max_connections(1).after_connect(move |_, _| {
            count.fetch_add(1, Ordering::AcqRel);
            Box::pin(std::future::ready(Ok(())))
        });
        (writer, opened)
    }

    fn with_readers(write: SqlitePool, opened: Arc<AtomicU64>, options: SqliteConnectOptions, pool: impl Fn() -> SqlitePoolOptions) -> Db {
        let options = options.read_only(true).create_if_missing(false).pragma("cache_size", "-32768");
        Pools::Lite { read: pool().max_connections(4).connect_lazy_with(options), write, opened }.into()
    }

    /// The same database in somebody's name: what its transactions change is his in the audit log.
    pub fn acting_as(&self, origin: Origin) -> Db {
        Db { pools: self.pools.clone(), origin: Arc::new(origin) }
    }

    /// In whose name this handle makes changes: an account, `cli:<unix user>`, `job:<kind>`; empty for the program itself.
    pub fn actor(&self) -> &str {
        &self.origin.actor
    }

    /// Whether this is the embedded database.
    pub fn is_sqlite(&self) -> bool {
        matches!(self.pools, Pools::Lite { .. })
    }

    /// Opens SQLite's connections that are not open yet; does nothing on PostgreSQL. Each has a thread, which inherits the priority of whoever opens it.
    /// Nothing is said of failures: who uses a connection next meets them again.
    pub async fn open_connections(&self) {
        if let Pools::Lite { read, write, .. } = &self.pools {
            let _ = tokio::join!(read.acquire(), write.acquire());
        }
    }

    /// A connection for reading.
    pub async fn read(&self) -> Result<Conn, StoreError> {
        Ok(match &self.pools {
            Pools::Lite { read, .. } => Conn::Lite(read.acquire().await?),
            Pools::Pg(pool) => Conn::Pg(pool.acquire().await?),
        })
    }

    /// A read transaction: every statement sees one snapshot.
    pub async fn snapshot(&self) -> Result<Tx, StoreError> {
        let conn = match &self.pools {
            Pools::Lite { read, .. } => Conn::LiteTx(read.begin().await?),
            Pools::Pg(pool) => Conn::PgTx(pool.begin_with("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").await?),
        };
        Ok(Tx { conn, changes: Vec::new(), audited: Vec::new(), origin: self.origin.clone() })
    }

    /// A write transaction.
    pub async fn begin(&self) -> Result<Tx, StoreError> {
        let conn = match &self.pools {
            Pools::Lite { write, .. } => Conn::LiteTx(write.begin_with("BEGIN IMMEDIATE").await?),
            Pools::Pg(pool) => Conn::PgTx(pool.begin().await?),
        };
        Ok(Tx { conn, changes: Vec::new(), audited: Vec::new(), origin: self.origin.clone() })
    }

    /// The state of the embedded database that a write transaction of this handle begins with; `None` on PostgreSQL, where others write meanwhile.
    pub async fn written_mark(&self, tx: &mut Tx) -> Result<Option<WrittenMark>, StoreError> {
        match (&self.pools, tx.conn_ref()) {
            (Pools::Lite { opened, .. }, ConnRef::Lite(c)) => {
                let (data_version,): (i64,) = sqlx::query_as("PRAGMA data_version").fetch_one(c).await?;
                Ok(Some(WrittenMark { opened: opened.load(Ordering::Acquire), data_version }))
            }
            _ => Ok(None),
        }
    }

    /// Closes all connections and waits for them.
    pub async fn close(&self) {
        match &self.pools {
            Pools::Lite { read, write, .. } => {
                read.close().await;
                write.close().await;
            }
            Pools::Pg(pool) => pool.close().await,
        }
    }
}

impl From<Pools> for Db {
    fn from(pools: Pools) -> Db {
        Db { pools, origin: Arc::default() }
    }
}

/// A held connection, inside a transaction or not.
#[derive(Debug)]
pub enum Conn {
    /// SQLite, no transaction.
    Lite(PoolConnection<Sqlite>),
    /// PostgreSQL, no transaction.
    Pg(PoolConnection<Postgres>),
    /// SQLite, in a transaction.
    LiteTx(Transaction<'static, Sqlite>),
    /// PostgreSQL, in a transaction.
    PgTx(Transaction<'static, Postgres>),
}

/// The driver's connection inside a [`Conn`]; what [`q!`](crate::q) matches on.
pub enum ConnRef<'a> {
    /// SQLite.
    Lite(&'a mut SqliteConnection),
    /// PostgreSQL.
    Pg(&'a mut PgConnection),
}

impl Conn {
    /// The driver's connection.
    pub fn conn_ref(&mut self) -> ConnRef<'_> {
        match self {
            Conn::Lite(c) => ConnRef::Lite(c),
            Conn::Pg(c) => ConnRef::Pg(c),
            Conn::LiteTx(c) => ConnRef::Lite(c),
            Conn::PgTx(c) => ConnRef::Pg(c),
        }
    }

    /// Whether this is SQLite.
    pub fn is_sqlite(&self) -> bool {
        matches!(self, Conn::Lite(_) | Conn::LiteTx(_))
    }
}

/// A transaction together with the change-feed rows and audit entries that its commit will write. Dropped without commit, it rolls back.
#[derive(Debug)]
pub struct Tx {
    conn: Conn,
    changes: Vec<(i64, &'static str, i64)>,
    audited: Vec<AuditEntry>,
    origin: Arc<Origin>,
}

impl Deref for Tx {
    type Target = Conn;
    fn deref(&self) -> &Conn {
        &self.conn
    }
}

impl DerefMut for Tx {
    fn deref_mut(&mut self) -> &mut Conn {
        &mut self.conn
    }
}

impl Tx {
    /// Notes that a row changed; followers re-read it after the commit. Row 0 means "reload the whole table".
    pub fn changed(&mut self, tenant_id: i64, table: &'static str, row_id: i64) {
        self.changes.push((tenant_id, table, row_id));
    }

    /// Notes an entry for the audit log, which the commit writes in the name of the handle that began this transaction. See [`Db::acting_as`].
    pub fn audit(&mut self, entry: AuditEntry) {
        self.audited.push(entry);
    }

    /// Publishes the noted changes and commits.
    pub async fn commit(mut self, now: i64) -> Result<(), StoreError> {
        if !self.audited.is_empty() {
            let audited = std::mem::take(&mut self.audited);
            super::audit::publish(&mut self.conn, &self.origin, &audited, now).await?;
        }
        if !self.changes.is_empty() {
            let changes = std::mem::take(&mut self.changes);
            super::feed::publish(&mut self.conn, &changes, now).await?;
        }
        match self.conn {
            Conn::LiteTx(tx) => tx.commit().await?,
            Conn::PgTx(tx) => tx.commit().await?,
            Conn::Lite(_) | Conn::Pg(_) => {}
        }
        Ok(())
    }
}
