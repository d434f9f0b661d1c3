//! What the applier tells about itself, and which failures it waits out.

use std::sync::atomic::{AtomicI64, AtomicU64};

use crate::journal::ReadError;
use crate::store::StoreError;

/// Read by metrics, `/readyz` and the snapshot; written by the applier.
#[derive(Debug, Default)]
pub struct ApplierStatus {
    /// Position that the store is known to have reached.
    pub applied_seq: AtomicU64,
    /// Since when the oldest record that is not applied waits, unix ms, rather too early than too late; 0 if none waits.
    pub waiting_since_ms: AtomicI64,
    /// Records applied since start.
    pub records: AtomicU64,
    /// Failed attempts since start.
    pub errors: AtomicU64,
    /// Records that were given up because the database or the format refuses them; they stay in their segment.
    pub skipped: AtomicU64,
    /// Whether the last attempt failed: 1, else 0.
    pub is_failing: AtomicU64,
}

/// Why records could not be applied.
#[derive(Debug, thiserror::Error)]
pub enum ApplyError {
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The journal.
    #[error(transparent)]
    Journal(#[from] ReadError),
}

/// Whether the values of a record are to blame: the same statement will never succeed. Everything else (no connection, disk full, read-only, no permission) may
/// pass and must not cost a record.
pub(super) fn blames_a_record(error: &StoreError) -> bool {
    match error {
        StoreError::Unexpected(_) => true,
        StoreError::Url(_) | StoreError::Timeout => false,
        StoreError::Database(_) => error.refuses_the_data(),
    }
}
