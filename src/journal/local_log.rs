//! A bounded log of local segments that is never synced: decisions, for support to look up. A crash takes the last
//! moments, a full budget the oldest segment.
//!
//! Segment `000000000007.log`: 16 octets of header (`TGLOG\n\0\x01`, number), then entries
//! `len u32 | crc32 u32 | unix_ms i64 | key u64 | key u64 | payload`; `len` counts from `unix_ms` on, the checksum covers
//! the same, all little endian. A closed segment has an index beside it, see `local_log_index`.

use super::frame::u32_at;
use super::local_log_index::{self as index, KeyOffset};
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// Octets of a segment header.
pub(crate) const LOG_HEADER_BYTES: usize = 16;
/// Octets of an entry before its payload.
pub(crate) const ENTRY_BYTES: usize = 32;
/// Octets of an entry that `len` does not count.
pub(crate) const ENTRY_PREFIX_BYTES: usize = 8;
/// Largest payload of one entry, in octets.
pub const MAX_ENTRY_BYTES: usize = 64 * 1024;
/// Most octets in one batch.
pub const MAX_BATCH_BYTES: usize = 16 << 20;
const MAGIC: [u8; 8] = *b"TGLOG\n\0\x01";

/// Entries that a worker gathers; reused, so that adding one allocates nothing.
#[derive(Debug, Default)]
pub struct LogBatch {
    bytes: Vec<u8>,
    /// Offsets are relative to `bytes`.
    keys: Vec<KeyOffset>,
    entries: u64,
}

impl LogBatch {
    /// An empty batch.
    pub fn new() -> Self {
        LogBatch::default()
    }

    /// Adds an entry that will be found under `keys` (hashes chosen by the caller; 0 is no key). False, and nothing added,
    /// when the payload exceeds [`MAX_ENTRY_BYTES`] or the batch [`MAX_BATCH_BYTES`]; the caller counts that.
    #[must_use]
    pub fn push(&mut self, unix_ms: i64, keys: [u64; 2], payload: &[u8]) -> bool {
        if payload.len() > MAX_ENTRY_BYTES || self.bytes.len() + ENTRY_BYTES + payload.len() > MAX_BATCH_BYTES {
            return false;
        }
        let start = self.bytes.len();
        let mut head = [0; ENTRY_BYTES];
        head[..4].copy_from_slice(&((ENTRY_BYTES - ENTRY_PREFIX_BYTES + payload.len()) as u32).to_le_bytes());
        head[8..16].copy_from_slice(&unix_ms.to_le_bytes());
        head[16..24].copy_from_slice(&keys[0].to_le_bytes());
        head[24..32].copy_from_slice(&keys[1].to_le_bytes());
        self.bytes.extend_from_slice(&head);
        self.bytes.extend_from_slice(payload);
        let crc = crc32fast::hash(&self.bytes[start + ENTRY_PREFIX_BYTES..]);
        self.bytes[start + 4..start + 8].copy_from_slice(&crc.to_le_bytes());
        let distinct = if keys[0] == keys[1] { &keys[..1] } else { &keys[..] };
        self.keys.extend(distinct.iter().filter(|key| **key != 0).map(|&key| KeyOffset { key, offset: start as u32 }));
        self.entries += 1;
        true
    }

    /// How many entries it holds.
    pub fn len(&self) -> u64 {
        self.entries
    }

    /// Whether it holds none.
    pub fn is_empty(&self) -> bool {
        self.entries == 0
    }

    /// Its size, in octets.
    pub fn octets(&self) -> usize {
        self.bytes.len()
    }

    /// Empties it, keeping its memory.
    pub fn clear(&mut self) {
        self.bytes.clear();
        self.keys.clear();
        self.entries = 0;
    }
}

/// The writing end; one per folder. Changing segments sorts and writes an index (tens of milliseconds), so it is written by
/// a thread of its own that workers hand their batches to.
#[derive(Debug)]
pub struct LocalLog {
    folder: PathBuf,
    segment_bytes: u64,
    budget_bytes: u64,
    active: Option<Active>,
    next_number: u64,
    lost_entries: u64,
}

#[derive(Debug)]
struct Active {
    file: File,
    number: u64,
    bytes: u64,
    keys: Vec<KeyOffset>,
}

impl LocalLog {
    /// Opens or creates the log in `folder` with segments of about `segment_bytes` (16 MiB is a good size, 1 GiB the most)
    /// and at most about `budget_bytes` in all. Builds the indexes that an earlier process left unwritten.
    pub fn open(folder: &Path, segment_bytes: u64, budget_bytes: u64) -> io::Result<Self> {
        std::fs::create_dir_all(folder)?;
        let numbers = segment_numbers(folder)?;
        for &number in &numbers {
            if !index::path(folder, number).exists() {
                index::rebuild(folder, number)?;
            }
        }
        let next_number = numbers.last().map_or(1, |last| last + 1);
        // Offsets in the index have 32 bits.
        let segment_bytes = segment_bytes.clamp(1, (budget_bytes / 2).clamp(1, 1 << 30));
        let log = LocalLog { folder: folder.to_path_buf(), segment_bytes, budget_bytes, active: None, next_number, lost_entries: 0 };
        log.remove_beyond_budget()?;
        Ok(log)
    }

    /// Appends the batch with one write and empties it. After an error its entries are lost and counted, and the next
    /// batch goes to a new segment.
    pub fn write(&mut self, batch: &mut LogBatch) -> io::Result<()> {
        if batch.is_empty() {
            return Ok(());
        }
        let written = self.try_write(batch);
        if written.is_err() {
            self.lost_entries += batch.entries;
        }
        batch.clear();
        written
    }

    /// Entries lost to write errors since the log was opened.
    pub fn lost_entries(&self) -> u64 {
        self.lost_entries
    }

    fn try_write(&mut self, batch: &LogBatch) -> io::Result<()> {
        let full = self.active.as_ref().is_some_and(|active| active.bytes + batch.bytes.len() as u64 > self.segment_bytes);
        if full {
            self.close_segment()?;
        }
        let mut active = match self.active.take() {
            Some(active) => active,
            None => self.create_segment()?,
        };
        if let Err(error) = active.file.write_all(&batch.bytes) {
            // Octets of a short write would hide whatever followed them.
            self.active = Some(active);
            self.close_segment()?;
            return Err(error);
        }
        let base = active.bytes as u32;
        active.keys.extend(batch.keys.iter().map(|at| KeyOffset { key: at.key, offset: base + at.offset }));
        active.bytes += batch.bytes.len() as u64;
        self.active = Some(active);
        Ok(())
    }

    fn create_segment(&mut self) -> io::Result<Active> {
        let number = self.next_number;
        let mut file = OpenOptions::new().append(true).create_new(true).open(segment_path(&self.folder, number))?;
        self.next_number += 1;
        file.write_all(&segment_header(number))?;
        self.remove_beyond_budget()?;
        Ok(Active { file, number, bytes: LOG_HEADER_BYTES as u64, keys: Vec::new() })
    }

    fn close_segment(&mut self) -> io::Result<()> {
        let Some(mut active) = self.active.take() else { return Ok(()) };
        index::write(&self.folder, active.number, &mut active.keys)
    }

    /// Leaves room for the newest segment to grow.
    fn remove_beyond_budget(&self) -> io::Result<()> {
        let numbers = segment_numbers(&self.folder)?;
        let size = |path: PathBuf| path.metadata().map_or(0, |metadata| metadata.len());
        let sizes: Vec<u64> =
            numbers.iter().map(|&number| size(segment_path(&self.folder, number)) + size(index::path(&self.folder, number))).collect();
        let mut sum: u64 = sizes.iter().sum::<u64>() + self.segment_bytes;
        for (number, size) in numbers.iter().zip(sizes).take(numbers.len().saturating_sub(1)) {
            if sum <= self.budget_bytes {
                break;
            }
            // The index last: one without its segment is removed with the next, a segment without its index is scanned.
            remove_if_there(&segment_path(&self.folder, *number))?;
            remove_if_there(&index::path(&self.folder, *number))?;
            sum -= size;
        }
        Ok(())
    }
}

impl Drop for LocalLog {
    fn drop(&mut self) {
        if let Err(error) = self.close_segment() {
            tracing::debug!(%error, "local log: no index at the end; the next start builds it");
        }
    }
}

fn remove_if_there(path: &Path) -> io::Result<()> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

pub(crate) fn segment_path(folder: &Path, number: u64) -> PathBuf {
    folder.join(format!("{number:012}.log"))
}

fn segment_header(number: u64) -> [u8; LOG_HEADER_BYTES] {
    let mut header = [0; LOG_HEADER_BYTES];
    header[..8].copy_from_slice(&MAGIC);
    header[8..].copy_from_slice(&number.to_le_bytes());
    header
}

pub(crate) fn is_segment_header(bytes: &[u8], number: u64) -> bool {
    bytes.get(..LOG_HEADER_BYTES) == Some(&segment_header(number)[..])
}

/// Numbers of the segments in `folder`, ascending.
pub(crate) fn segment_numbers(folder: &Path) -> io::Result<Vec<u64>> {
    let mut numbers = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let name = entry?.file_name();
        let number = name.to_str().and_then(|name| name.strip_suffix(".log")).and_then(|digits| digits.parse().ok());
        numbers.extend(number.filter(|number| segment_path(folder, *number).file_name() == Some(&name)));
    }
    numbers.sort_unstable();
    Ok(numbers)
}

/// Size of the whole entry at the start of `bytes`, if there is one and it is intact.
pub(crate) fn whole_entry_bytes(bytes: &[u8]) -> Option<usize> {
    if bytes.len() < ENTRY_BYTES {
        return None;
    }
    let len = u32_at(bytes, 0) as usize;
    let whole = ENTRY_PREFIX_BYTES.checked_add(len)?;
    let fits = (ENTRY_BYTES..=ENTRY_BYTES + MAX_ENTRY_BYTES).contains(&whole) && whole <= bytes.len();
    (fits && crc32fast::hash(&bytes[ENTRY_PREFIX_BYTES..whole]) == u32_at(bytes, 4)).then_some(whole)
}
