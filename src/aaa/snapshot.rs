//! The sealed snapshot in the data folder: directory and live sessions, for a start while the store is away.
//!
//! File: magic, store id, fingerprint of the key, random nonce prefix (56 octets), then chunks `u32 length and last-flag | ciphertext`, each at most 1 MiB of
//! plaintext under XChaCha20-Poly1305. The nonce of a chunk is the prefix and its number; header and last-flag are associated data. So a chunk that is
//! missing, moved, repeated or changed does not open. Written beside the old one and renamed over it; neither end holds the whole plaintext.

mod chunks;
mod contents;
mod pools;

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use chunks::{ChunkReader, ChunkWriter};

use super::directory::Directory;
use crate::sessions::LiveSessions;
use crate::store::{KeyFile, StoreIdentity};
use crate::units::UnixMs;

/// Name in the data folder.
pub const FILE_NAME: &str = "snapshot";
const TEMPORARY_NAME: &str = "snapshot.new";

/// Why a snapshot cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SnapshotError {
    /// There is none.
    #[error("there is no snapshot yet")]
    Absent,
    /// It was made for another store.
    #[error("the snapshot belongs to another store")]
    OtherStore,
    /// It was sealed under another key file.
    #[error("the snapshot was sealed under another key file")]
    WrongKey,
    /// It is not as it was written.
    #[error("the snapshot is damaged: {0}")]
    Damaged(&'static str),
    /// It was written by a program with another form of snapshots.
    #[error("the snapshot has version {0}, which this program does not read")]
    OtherVersion(u32),
    /// It would not fit its budget.
    #[error("the snapshot would be larger than its budget of {budget} octets (`snapshot.budget_mib`)")]
    TooLarge {
        /// Octets allowed.
        budget: u64,
    },
    /// The disk failed.
    #[error("the snapshot cannot be read or written: {0}")]
    Disk(#[from] io::Error),
}

/// Where a snapshot stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SnapshotPosition {
    /// Position in the change feed from which to follow.
    pub feed_seq: i64,
    /// Live sessions are complete up to this journal record; replay begins with the next one.
    pub journal_seq: u64,
    /// When it was written, unix ms.
    pub written_at: UnixMs,
}

/// What a snapshot held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SnapshotContents {
    /// Where it stands.
    pub position: SnapshotPosition,
    /// Customers put into the directory.
    pub customers: u64,
    /// Sessions put into memory.
    pub sessions: u64,
}

/// What was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SnapshotWritten {
    /// Octets of the file.
    pub octets: u64,
    /// Customers in it.
    pub customers: u64,
}

/// Writes the snapshot. Both numbers of `position` must have been read before: what changes during the writing is then applied twice, which does no harm.
/// Blocks for as long as the disk takes.
pub fn write(
    folder: &Path,
    identity: &StoreIdentity,
    key: &KeyFile,
    position: SnapshotPosition,
    directory: &Directory,
    live: &LiveSessions,
    budget_octets: u64,
) -> Result<SnapshotWritten, SnapshotError> {
    let temporary = folder.join(TEMPORARY_NAME);
    let result = write_file(&temporary, identity, key, position, directory, live, budget_octets).and_then(|written| {
        std::fs::rename(&temporary, folder.join(FILE_NAME))?;
        File::open(folder)?.sync_all()?;
        Ok(written)
    });
    if result.is_err() {
        // What is left of a failed attempt would only take room; the next attempt overwrites it anyway.
        let _ = std::fs::remove_file(&temporary);
    }
    result
}

fn write_file(
    path: &Path,
    identity: &StoreIdentity,
    key: &KeyFile,
    position: SnapshotPosition,
    directory: &Directory,
    live: &LiveSessions,
    budget_octets: u64,
) -> Result<SnapshotWritten, SnapshotError> {
    let file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)?;
    let mut chunks = ChunkWriter::new(file, &identity.store_id, key, budget_octets)?;
    let customers = contents::write(&mut chunks, position, directory, live)?;
    let (mut file, octets) = chunks.finish()?;
    file.flush()?;
    file.sync_all()?;
    Ok(SnapshotWritten { octets, customers })
}

/// Reads the snapshot into a directory and live sessions. The whole file is authenticated first, so a damaged one changes nothing.
pub fn read(
    folder: &Path,
    identity: &StoreIdentity,
    key: &KeyFile,
    directory: &Directory,
    live: &LiveSessions,
) -> Result<SnapshotContents, SnapshotError> {
    let path = folder.join(FILE_NAME);
    let open = || match File::open(&path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Err(SnapshotError::Absent),
        opened => Ok(ChunkReader::new(opened?, &identity.store_id, key)?),
    };
    open()?.check_to_end()?;
    contents::read(&mut open()?, directory, live)
}

#[cfg(test)]
mod tests;
