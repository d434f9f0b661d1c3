//! Which files of the folder count, which of their records count, and where the last one ends.
//!
//! A segment replaces, in all older segments, the records from its first sequence on. It counts only once its first
//! batch is whole: until then nothing in it was acknowledged, and the records it was to take over are still in the older
//! segment. That makes taking over atomic without renaming.

use super::disk::{Disk, ReadFile};
use super::frame::{FRAME_BYTES, HEADER_BYTES, HeaderProblem, Identity, MAX_PAYLOAD_BYTES, Scan, Scanner, SegmentHeader, find_batch_start};
use crate::units::hex;
use std::io;
use thiserror::Error;

/// Octets looked at together for the end of what is used.
const ZEROS_AT_ONCE: usize = 64 * 1024;

/// Why a journal folder was refused.
#[derive(Debug, Error)]
pub enum OpenError {
    /// The folder could not be read.
    #[error("journal folder: {0}")]
    Io(#[from] io::Error),
    /// The records belong to another store.
    #[error("journal segment {file} belongs to another store ({})", hex(&found.store_id))]
    OtherStore {
        /// The segment that says so.
        file: String,
        /// What it says.
        found: Identity,
    },
    /// The records belong to another journal of the same store.
    #[error("journal segment {file} belongs to journal {} of this store", found.journal_id)]
    OtherJournal {
        /// The segment that says so.
        file: String,
        /// What it says.
        found: Identity,
    },
    /// Written by a newer program.
    #[error("journal segment {file} has format {version}, newer than this program knows")]
    Version {
        /// The segment.
        file: String,
        /// Its format version.
        version: u32,
    },
    /// Octets that had been synced are not what was written.
    #[error("journal segment {file} is damaged at octet {offset}; acknowledged records are lost, restore it or move it away")]
    Corrupt {
        /// The segment.
        file: String,
        /// Where in it, in octets.
        offset: u64,
    },
}

/// A segment that counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Segment {
    pub number: u64,
    pub first_seq: u64,
    pub created_unix_ms: i64,
    /// Used octets; the file may be longer, by zeros.
    pub bytes: u64,
}

impl Segment {
    pub fn name(&self) -> String {
        file_name(self.number)
    }
}

/// `000000000012.journal`.
pub(crate) fn file_name(number: u64) -> String {
    format!("{number:012}.journal")
}

fn parse_file_name(name: &str) -> Option<u64> {
    let digits = name.strip_suffix(".journal")?;
    let number = digits.parse().ok()?;
    (file_name(number) == name).then_some(number)
}

/// What a folder holds.
#[derive(Debug, Default)]
pub(crate) struct Loaded {
    /// Segments that count, oldest first; their `first_seq` rise strictly.
    pub segments: Vec<Segment>,
    /// Files that hold nothing acknowledged: torn creations, and segments wholly replaced by a newer one. They may be
    /// removed only after a newer segment is durable, for "whole" was judged by what the page cache shows.
    pub useless: Vec<String>,
    /// Number of the newest file, whatever it is worth.
    pub highest_number: u64,
}

/// Reads all segment headers. `identity` None accepts any store.
pub(crate) fn load(disk: &dyn Disk, identity: Option<Identity>) -> Result<Loaded, OpenError> {
    let mut entries: Vec<(u64, u64)> =
        disk.list()?.into_iter().filter_map(|entry| Some((parse_file_name(&entry.name)?, entry.bytes))).collect();
    entries.sort_unstable();
    let mut loaded = Loaded { highest_number: entries.last().map_or(0, |entry| entry.0), ..Loaded::default() };
    let mut headers = Vec::with_capacity(entries.len());
    for (number, size) in entries {
        let bytes = match used_bytes(disk, number, size) {
            Ok(bytes) => bytes,
            // Pruned since it was listed.
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            Err(error) => return Err(error.into()),
        };
        match read_header(disk, number, bytes, identity) {
            Ok(Some(header)) => headers.push((header, bytes)),
            Ok(None) => loaded.useless.push(file_name(number)),
            // Pruned since it was listed.
            Err(OpenError::Io(error)) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
    }
    while let Some((header, bytes)) = headers.last() {
        if first_batch_is_whole(disk, header, *bytes)? {
            break;
        }
        loaded.useless.push(file_name(header.number));
        headers.pop();
    }
    let mut replaced_from = u64::MAX;
    for (header, bytes) in headers.into_iter().rev() {
        if header.first_seq < replaced_from {
            replaced_from = header.first_seq;
            let SegmentHeader { number, first_seq, created_unix_ms, .. } = header;
            loaded.segments.push(Segment { number, first_seq, created_unix_ms, bytes });
        } else {
            loaded.useless.push(file_name(header.number));
        }
    }
    loaded.segments.reverse();
    Ok(loaded)
}

/// Octets of a file up to its last one that is not zero: what is behind was reserved and never written, or belongs to a record that ends in zeros. Whatever is
/// written has octets that are not zero, so a file is longer than a place exactly if something was written behind it.
fn used_bytes(disk: &dyn Disk, number: u64, size: u64) -> io::Result<u64> {
    let file = disk.open(&file_name(number))?;
    let mut buffer = vec![0; ZEROS_AT_ONCE];
    let mut end = size;
    while end > 0 {
        let start = end.saturating_sub(ZEROS_AT_ONCE as u64);
        let read = read_full(&*file, start, &mut buffer[..(end - start) as usize])?;
        if let Some(last) = buffer[..read].iter().rposition(|octet| *octet != 0) {
            return Ok(start + last as u64 + 1);
        }
        end = start;
    }
    Ok(0)
}

/// None: the file never got a whole header, so it was never used.
fn read_header(disk: &dyn Disk, number: u64, bytes: u64, identity: Option<Identity>) -> Result<Option<SegmentHeader>, OpenError> {
    let file = file_name(number);
    let mut buffer = [0; HEADER_BYTES];
    let read = read_full(&*disk.open(&file)?, 0, &mut buffer)?;
    let header = match SegmentHeader::decode(&buffer[..read]) {
        Ok(header) if header.number == number => header,
        Err(HeaderProblem::Version(version)) => return Err(OpenError::Version { file, version }),
        // The header is synced before anything follows it: a longer file was used.
        Ok(_) | Err(HeaderProblem::Damaged) if bytes > HEADER_BYTES as u64 => return Err(OpenError::Corrupt { file, offset: 0 }),
        Ok(_) | Err(HeaderProblem::Damaged) => return Ok(None),
    };
    match identity {
        Some(expected) if expected.store_id != header.identity.store_id => Err(OpenError::OtherStore { file, found: header.identity }),
        Some(expected) if expected != header.identity => Err(OpenError::OtherJournal { file, found: header.identity }),
        _ => Ok(Some(header)),
    }
}

fn read_full(file: &dyn ReadFile, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while filled < buffer.len() {
        match file.read_at(offset + filled as u64, &mut buffer[filled..])? {
            0 => break,
            read => filled += read,
        }
    }
    Ok(filled)
}

fn first_batch_is_whole(disk: &dyn Disk, header: &SegmentHeader, bytes: u64) -> Result<bool, OpenError> {
    let file = file_name(header.number);
    let mut scanner = Scanner::new(disk.open(&file)?, HEADER_BYTES as u64);
    let mut expected = header.first_seq;
    while expected <= header.first_batch_last_seq {
        match scanner.next()? {
            Scan::Frame(frame) if frame.seq == expected => expected += 1,
            // A second batch is written only after the first was synced.
            _ if bytes > (HEADER_BYTES as u64).saturating_add(header.first_batch_bytes) => {
                return Err(OpenError::Corrupt { file, offset: scanner.offset() });
            }
            _ => return Ok(false),
        }
    }
    Ok(true)
}

/// Where the newest segment ends, and what of it is in doubt.
#[derive(Debug, Default)]
pub(crate) struct Tail {
    /// Sequence of the last whole record; 0 in an empty journal.
    pub last_seq: u64,
    /// Sequence of the first record of the last batch, which may have been read from the page cache only.
    pub doubtful_first_seq: u64,
    /// The frames from there on.
    pub doubtful_frames: Vec<u8>,
    /// Octets up to the end of the last whole record.
    pub good_bytes: u64,
}

/// Reads the newest segment to its end. A bad record ends it, unless something synced stands behind.
pub(crate) fn read_tail(disk: &dyn Disk, segment: &Segment) -> Result<Tail, OpenError> {
    let mut scanner = Scanner::new(disk.open(&segment.name())?, HEADER_BYTES as u64);
    let mut tail = Tail { last_seq: segment.first_seq - 1, good_bytes: HEADER_BYTES as u64, ..Tail::default() };
    loop {
        match scanner.next()? {
            Scan::Frame(frame) if frame.seq == tail.last_seq + 1 => {
                if frame.starts_batch {
                    tail.doubtful_first_seq = frame.seq;
                    tail.doubtful_frames.clear();
                }
                tail.doubtful_frames.extend_from_slice(scanner.whole_frame(&frame));
                tail.last_seq = frame.seq;
                tail.good_bytes = scanner.offset();
            }
            Scan::Incomplete | Scan::Bad if tail.good_bytes >= segment.bytes => return Ok(tail),
            Scan::Frame(_) | Scan::Incomplete | Scan::Bad => break,
        }
    }
    // The last record may end in zeros that do not count as used.
    let mut rest = vec![0; segment.bytes.saturating_sub(tail.good_bytes) as usize + MAX_PAYLOAD_BYTES + FRAME_BYTES];
    let read = read_full(&*disk.open(&segment.name())?, tail.good_bytes, &mut rest)?;
    if find_batch_start(&rest[..read], tail.last_seq + 1).is_some() {
        return Err(OpenError::Corrupt { file: segment.name(), offset: tail.good_bytes });
    }
    Ok(tail)
}
