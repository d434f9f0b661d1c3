//! What the applier asks of memory, and what it tells memory after each transaction.

use super::work::Work;
use crate::sessions::buckets::Charging;
use crate::sessions::tally::Tally;
use crate::units::{Mac, UnixMs};

/// The directory and the meters behind an applier. Called from the applier's task, never within the lock of a session.
pub trait AppliedSink: Send + Sync {
    /// The customer of a tenant by user name and device, for sessions whose customer the data plane did not know.
    fn find_customer(&self, tenant_id: i64, username: &[u8], mac: Option<Mac>) -> Option<i64>;

    /// What splits a customer's usage into buckets and charging classes.
    fn charging(&self, customer_id: i64) -> Charging;

    /// A transaction is committed.
    fn applied(&self, batch: &AppliedBatch<'_>);

    /// The store has something of this journal that [`AppliedSink::applied`] did not tell: the answer to a commit was lost, or another process applied.
    fn lost_track(&self);
}

/// Nothing is known and nobody is told: for commands and tests without a directory.
pub struct NoSink;

impl AppliedSink for NoSink {
    fn find_customer(&self, _: i64, _: &[u8], _: Option<Mac>) -> Option<i64> {
        None
    }

    fn charging(&self, _: i64) -> Charging {
        Charging::default()
    }

    fn applied(&self, _: &AppliedBatch<'_>) {}

    fn lost_track(&self) {}
}

/// What one transaction brought into the store.
pub struct AppliedBatch<'w> {
    pub(super) work: &'w Work,
    pub(super) usage: &'w [UsageAdded],
}

/// Usage that a transaction added.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UsageAdded {
    /// Whose, if known.
    pub customer_id: Option<i64>,
    /// Where the bucket begins, unix ms.
    pub bucket_at: UnixMs,
    /// See [`class`](crate::sessions::class).
    pub class: u8,
    /// Octets from the customer, octets to the customer, seconds.
    pub counts: [u64; 3],
}

/// What the store now has of a session that events spoke of.
#[derive(Debug, Clone, Copy)]
pub struct StoredSession<'w> {
    /// The box, by which memory finds it.
    pub nas_instance: i64,
    /// Acct-Session-Id as the router sent it, the same.
    pub acct_session_id: &'w [u8],
    /// A name under which events came; the store may know the session by another.
    pub told_key: [u8; 16],
    /// Whose, if known.
    pub customer_id: Option<i64>,
    /// What is stored.
    pub tally: &'w Tally,
}

impl AppliedBatch<'_> {
    /// Sessions that events spoke of, each once per name.
    pub fn sessions(&self) -> impl Iterator<Item = StoredSession<'_>> {
        self.work.told()
    }

    /// Usage that was added, one per session, bucket and class.
    pub fn usage(&self) -> &[UsageAdded] {
        self.usage
    }

    /// Customers who got usage that was stored before as nobody's.
    pub fn late_customers(&self) -> impl Iterator<Item = i64> {
        self.work.found_customers().into_iter().filter_map(|row| row.customer_id)
    }
}
