//! The sealed snapshot in the data folder: directory and live sessions with their meters, for a start while the store is away.
//!
//! File: magic, store id, fingerprint of the key, random nonce prefix (56 octets), then chunks `u32 length and last-flag | ciphertext`, each at most 1 MiB of
//! plaintext under XChaCha20-Poly1305. The nonce of a chunk is the prefix and its number; header and last-flag are associated data. So a chunk that is
//! missing, moved, repeated or changed does not open. Written beside the old one and renamed over it; neither end holds the whole plaintext.

mod chunks;
mod contents;
mod pools;
mod terms;

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use chunks::{ChunkReader, ChunkWriter};

use super::directory::Directory;
use crate::sessions::Meters;
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
    meters: &Meters,
    budget_octets: u64,
) -> Result<SnapshotWritten, SnapshotError> {
    let temporary = folder.join(TEMPORARY_NAME);
    let result = write_file(&temporary, identity, key, position, directory, meters, budget_octets).and_then(|written| {
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
    meters: &Meters,
    budget_octets: u64,
) -> Result<SnapshotWritten, SnapshotError> {
    let file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)?;
    let mut chunks = ChunkWriter::new(file, &identity.store_id, key, budget_octets)?;
    let customers = contents::write(&mut chunks, position, directory, meters)?;
    let (mut file, octets) = chunks.finish()?;
    file.flush()?;
    file.sync_all()?;
    Ok(SnapshotWritten { octets, customers })
}

/// A snapshot whose first part was read: routers, tenants, packages and live sessions, all that accounting needs. The customers, by far the most, follow.
pub struct OpenSnapshot {
    /// Where it stands.
    pub position: SnapshotPosition,
    /// Sessions put into memory.
    pub sessions: u64,
    /// Customers that follow.
    pub customers: i64,
    chunks: ChunkReader,
}

/// Reads the first part of the snapshot into a directory, meters and their live sessions. Every chunk is authenticated; of a damaged file what was read before
/// the damage stays in `meters`, which the caller empties.
pub fn open(
    folder: &Path,
    identity: &StoreIdentity,
    key: &KeyFile,
    directory: &Directory,
    meters: &Meters,
) -> Result<OpenSnapshot, SnapshotError> {
    let file = match File::open(folder.join(FILE_NAME)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(SnapshotError::Absent),
        opened => opened?,
    };
    let mut chunks = ChunkReader::new(file, &identity.store_id, key)?;
    let head = contents::read_first(&mut chunks, directory, meters)?;
    Ok(OpenSnapshot { position: head.position, sessions: head.sessions, customers: head.customers, chunks })
}

impl OpenSnapshot {
    /// Reads the customers into the directory; returns how many. After an error some of them are in it: only a whole load from the store mends that.
    pub fn read_customers(mut self, directory: &Directory) -> Result<u64, SnapshotError> {
        contents::read_customers(&mut self.chunks, self.customers, directory)
    }
}

#[cfg(test)]
mod tests;
