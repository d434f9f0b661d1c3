//! Append-only local segments: the durable journal with group commit, and the unsynced log of decisions.
//! Must not know: what a record means, the database, sockets.
//!
//! * [`Journal`]: every record is on disk before its acknowledgement is handed out. Reading order: [`frame`] (bytes of a
//!   record and of a segment header), [`segment`] (which files count), `writer` (the journal thread), [`durable`] (the
//!   front that workers call), [`reader`].
//! * [`LocalLog`]: bounded, never synced, indexed by key; what a crash takes is gone.
//! * [`Disk`]: what the journal needs of a file system; [`SimulatedDisk`] is one that forgets at a power cut.
//! * [`FolderLock`]: one process per data folder.

pub mod disk;
pub mod durable;
pub mod folder_lock;
pub mod frame;
pub mod health;
pub mod local_log;
pub mod local_log_index;
pub mod local_log_reader;
pub mod reader;
pub mod segment;
pub mod simulated_disk;
mod spare;
mod writer;

#[cfg(test)]
mod durable_tests;
#[cfg(test)]
mod local_log_tests;
#[cfg(test)]
mod power_cut_tests;
#[cfg(test)]
mod simulated_disk_tests;

pub use disk::{Disk, RealDisk};
pub use durable::{AppendError, Journal, JournalOptions, OnDurable, OpenReport, TornTail};
pub use folder_lock::{FolderLock, LockError};
pub use frame::Identity;
pub use health::{JournalHealth, JournalState};
pub use local_log::{LocalLog, LogBatch};
pub use local_log_reader::{Entry, Follower, LocalLogReader};
pub use reader::{ReadError, Reader, Record, last_seq, read_only};
pub use segment::OpenError;
pub use simulated_disk::SimulatedDisk;
