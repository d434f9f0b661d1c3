//! The index beside a closed segment of the local log: sorted pairs of key and offset, searched in the file.
//!
//! `000000000007.index`: `TGLOGIX\x01 | count u32 | crc32 u32 over the pairs`, then pairs `key u64 | offset u32`, little endian.
//! It is written under another name and renamed, so it is whole or absent; the checksum is not verified on each search, for
//! every entry found through it is checked anyway.

use super::frame::{u32_at, u64_at};
use super::local_log::{LOG_HEADER_BYTES, is_segment_header, segment_path, whole_entry_bytes};
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

const MAGIC: [u8; 8] = *b"TGLOGIX\x01";
const HEADER_BYTES: usize = 16;
const PAIR_BYTES: usize = 12;

/// Where an entry with this key begins in its segment, in octets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct KeyOffset {
    pub key: u64,
    pub offset: u32,
}

pub(crate) fn path(folder: &Path, number: u64) -> PathBuf {
    folder.join(format!("{number:012}.index"))
}

/// Sorts the pairs and writes them.
pub(crate) fn write(folder: &Path, number: u64, pairs: &mut [KeyOffset]) -> io::Result<()> {
    pairs.sort_unstable();
    let mut bytes = vec![0; HEADER_BYTES];
    bytes.reserve(pairs.len() * PAIR_BYTES);
    for pair in &*pairs {
        bytes.extend_from_slice(&pair.key.to_le_bytes());
        bytes.extend_from_slice(&pair.offset.to_le_bytes());
    }
    let crc = crc32fast::hash(&bytes[HEADER_BYTES..]);
    bytes[..8].copy_from_slice(&MAGIC);
    bytes[8..12].copy_from_slice(&(pairs.len() as u32).to_le_bytes());
    bytes[12..16].copy_from_slice(&crc.to_le_bytes());
    let unfinished = folder.join(format!("{number:012}.index-unfinished"));
    let written = std::fs::write(&unfinished, &bytes).and_then(|()| std::fs::rename(&unfinished, path(folder, number)));
    if written.is_err() {
        // Best effort: an unfinished index is never read and is overwritten by the next attempt.
        let _ = std::fs::remove_file(&unfinished);
    }
    written
}

/// Builds the index of a segment from its entries; those behind damage are unreachable.
pub(crate) fn rebuild(folder: &Path, number: u64) -> io::Result<()> {
    let bytes = std::fs::read(segment_path(folder, number))?;
    let mut pairs = Vec::new();
    if is_segment_header(&bytes, number) {
        let mut at = LOG_HEADER_BYTES;
        while let (Some(whole), Ok(offset)) = (whole_entry_bytes(&bytes[at..]), u32::try_from(at)) {
            let keys = [u64_at(&bytes, at + 16), u64_at(&bytes, at + 24)];
            let distinct = if keys[0] == keys[1] { &keys[..1] } else { &keys[..] };
            pairs.extend(distinct.iter().filter(|key| **key != 0).map(|&key| KeyOffset { key, offset }));
            at += whole;
        }
    }
    write(folder, number, &mut pairs)
}

/// Offsets of the newest `limit` entries under `key`, newest first; None when there is no usable index.
pub(crate) fn find(folder: &Path, number: u64, key: u64, limit: usize) -> io::Result<Option<Vec<u32>>> {
    let file = match File::open(path(folder, number)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        opened => opened?,
    };
    let mut header = [0; HEADER_BYTES];
    if file.read_exact_at(&mut header, 0).is_err() || header[..8] != MAGIC {
        return Ok(None);
    }
    let count = u64::from(u32_at(&header, 8));
    if file.metadata()?.len() != HEADER_BYTES as u64 + count * PAIR_BYTES as u64 {
        return Ok(None);
    }
    let pair_at = |at: u64| -> io::Result<KeyOffset> {
        let mut pair = [0; PAIR_BYTES];
        file.read_exact_at(&mut pair, HEADER_BYTES as u64 + at * PAIR_BYTES as u64)?;
        Ok(KeyOffset { key: u64_at(&pair, 0), offset: u32_at(&pair, 8) })
    };
    // First pair with a greater key; the newest entry under `key` stands just before it.
    let (mut low, mut high) = (0, count);
    while low < high {
        let middle = low + (high - low) / 2;
        if pair_at(middle)?.key <= key { low = middle + 1 } else { high = middle }
    }
    let mut offsets = Vec::new();
    while low > 0 && offsets.len() < limit {
        low -= 1;
        let pair = pair_at(low)?;
        if pair.key != key {
            break;
        }
        offsets.push(pair.offset);
    }
    Ok(Some(offsets))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn finds_the_newest_of_each_key(keys in proptest::collection::vec(1u64..20, 0..200), limit in 0usize..8) {
            let folder = tempfile::tempdir().expect("a temporary folder");
            let mut pairs: Vec<KeyOffset> = keys.iter().enumerate().map(|(at, &key)| KeyOffset { key, offset: at as u32 }).collect();
            write(folder.path(), 4, &mut pairs).expect("writes");
            for key in 0..21 {
                let expected: Vec<u32> =
                    keys.iter().enumerate().rev().filter(|(_, k)| **k == key).map(|(at, _)| at as u32).take(limit).collect();
                prop_assert_eq!(find(folder.path(), 4, key, limit).expect("reads"), Some(expected));
            }
        }

        #[test]
        fn a_damaged_index_is_no_index_or_finds_something_but_never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..200), mark in any::<bool>()) {
            let folder = tempfile::tempdir().expect("a temporary folder");
            let mut bytes = bytes;
            if mark && bytes.len() >= HEADER_BYTES {
                bytes[..8].copy_from_slice(&MAGIC);
                let count = ((bytes.len() - HEADER_BYTES) / PAIR_BYTES) as u32;
                bytes[8..12].copy_from_slice(&count.to_le_bytes());
                bytes.truncate(HEADER_BYTES + count as usize * PAIR_BYTES);
            }
            std::fs::write(path(folder.path(), 1), &bytes).expect("writes");
            let found = find(folder.path(), 1, 5, 10).expect("reads");
            prop_assert!(mark || found.is_none());
        }
    }
}
