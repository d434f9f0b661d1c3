//! Reads the local log, also from another process while it is written: the newest entries under a key, and what comes new.

use super::frame::u64_at;
use super::local_log::{
    ENTRY_BYTES, LOG_HEADER_BYTES, MAX_ENTRY_BYTES, is_segment_header, segment_numbers, segment_path, whole_entry_bytes,
};
use super::local_log_index as index;
use std::collections::VecDeque;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

const CHUNK_BYTES: usize = 256 * 1024;

/// One entry of the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// When, in unix milliseconds.
    pub unix_ms: i64,
    /// The keys it is found under; 0 is none.
    pub keys: [u64; 2],
    /// What was written.
    pub payload: Vec<u8>,
}

impl Entry {
    fn decode(bytes: &[u8]) -> Self {
        let keys = [u64_at(bytes, 16), u64_at(bytes, 24)];
        Entry { unix_ms: u64_at(bytes, 8) as i64, keys, payload: bytes[ENTRY_BYTES..].to_vec() }
    }

    /// Whether it is found under `key`.
    pub fn has_key(&self, key: u64) -> bool {
        key != 0 && self.keys.contains(&key)
    }
}

/// The reading end of a local log.
#[derive(Debug)]
pub struct LocalLogReader {
    folder: PathBuf,
}

impl LocalLogReader {
    /// Reads the log in `folder`, which must exist.
    pub fn open(folder: &Path) -> io::Result<Self> {
        segment_numbers(folder)?;
        Ok(LocalLogReader { folder: folder.to_path_buf() })
    }

    /// The newest `limit` entries under `key`, newest first.
    pub fn find(&self, key: u64, limit: usize) -> io::Result<Vec<Entry>> {
        let mut found = Vec::new();
        for number in segment_numbers(&self.folder)?.into_iter().rev() {
            let wanted = limit - found.len();
            if wanted == 0 || key == 0 {
                break;
            }
            let Some(file) = open_segment(&self.folder, number)? else { continue };
            match index::find(&self.folder, number, key, wanted)? {
                Some(offsets) => {
                    for offset in offsets {
                        found.extend(read_entry(&file, u64::from(offset))?.filter(|entry| entry.has_key(key)));
                    }
                }
                None => found.extend(newest_by_scan(file, key, wanted)?),
            }
        }
        Ok(found)
    }

    /// Yields what is appended from now on.
    pub fn follow(&self) -> io::Result<Follower> {
        let mut follower = Follower { folder: self.folder.clone(), number: 0, scan: None };
        if let Some(&newest) = segment_numbers(&self.folder)?.last() {
            follower.number = newest;
            follower.scan = EntryScan::open(&self.folder, newest)?;
            if let Some(scan) = &mut follower.scan {
                while scan.next()?.is_some() {}
            }
        }
        Ok(follower)
    }
}

/// Polls for new entries.
#[derive(Debug)]
pub struct Follower {
    folder: PathBuf,
    number: u64,
    scan: Option<EntryScan>,
}

impl Follower {
    /// The next entry; None when there is none yet.
    pub fn poll(&mut self) -> io::Result<Option<Entry>> {
        loop {
            if let Some(entry) = self.read()? {
                return Ok(Some(entry));
            }
            let Some(newer) = segment_numbers(&self.folder)?.into_iter().find(|number| *number > self.number) else { return Ok(None) };
            // A newer segment exists, so this one is complete: what it got since the look above comes first.
            if let Some(entry) = self.read()? {
                return Ok(Some(entry));
            }
            let Some(scan) = EntryScan::open(&self.folder, newer)? else { return Ok(None) };
            self.number = newer;
            self.scan = Some(scan);
        }
    }

    fn read(&mut self) -> io::Result<Option<Entry>> {
        let Some(scan) = &mut self.scan else { return Ok(None) };
        Ok(scan.next()?.map(Entry::decode))
    }
}

fn open_segment(folder: &Path, number: u64) -> io::Result<Option<File>> {
    match File::open(segment_path(folder, number)) {
        Ok(file) => Ok(Some(file)),
        // Removed by the writer to keep its budget.
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

fn read_entry(file: &File, offset: u64) -> io::Result<Option<Entry>> {
    let mut small = [0; 512];
    let filled = read_up_to(file, offset, &mut small)?;
    if let Some(whole) = whole_entry_bytes(&small[..filled]) {
        return Ok(Some(Entry::decode(&small[..whole])));
    }
    let mut large = vec![0; ENTRY_BYTES + MAX_ENTRY_BYTES];
    let filled = read_up_to(file, offset, &mut large)?;
    Ok(whole_entry_bytes(&large[..filled]).map(|whole| Entry::decode(&large[..whole])))
}

fn read_up_to(file: &File, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while filled < buffer.len() {
        match file.read_at(&mut buffer[filled..], offset + filled as u64) {
            Ok(0) => break,
            Ok(read) => filled += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}

fn newest_by_scan(file: File, key: u64, limit: usize) -> io::Result<impl Iterator<Item = Entry>> {
    let mut newest = VecDeque::new();
    let mut scan = EntryScan::new(file);
    while let Some(bytes) = scan.next()? {
        if u64_at(bytes, 16) == key || u64_at(bytes, 24) == key {
            if newest.len() == limit {
                newest.pop_front();
            }
            newest.push_back(Entry::decode(bytes));
        }
    }
    Ok(newest.into_iter().rev())
}

/// Entries of one segment from its start; at the end, or at a torn entry, it can be asked again.
#[derive(Debug)]
struct EntryScan {
    file: File,
    offset: u64,
    buffer: Vec<u8>,
    /// Unread part of `buffer`; its first octet is at `offset` in the file.
    start: usize,
    end: usize,
}

impl EntryScan {
    fn new(file: File) -> Self {
        EntryScan { file, offset: LOG_HEADER_BYTES as u64, buffer: vec![0; CHUNK_BYTES], start: 0, end: 0 }
    }

    /// None when there is no such segment, or its header is not (yet) written.
    fn open(folder: &Path, number: u64) -> io::Result<Option<Self>> {
        let Some(file) = open_segment(folder, number)? else { return Ok(None) };
        let mut header = [0; LOG_HEADER_BYTES];
        let filled = read_up_to(&file, 0, &mut header)?;
        Ok(is_segment_header(&header[..filled], number).then(|| EntryScan::new(file)))
    }

    fn next(&mut self) -> io::Result<Option<&[u8]>> {
        if whole_entry_bytes(&self.buffer[self.start..self.end]).is_none() {
            // Read again from the file: what is buffered may have been half written.
            self.start = 0;
            self.end = read_up_to(&self.file, self.offset, &mut self.buffer)?;
        }
        let Some(whole) = whole_entry_bytes(&self.buffer[self.start..self.end]) else { return Ok(None) };
        let entry = self.start..self.start + whole;
        self.start += whole;
        self.offset += whole as u64;
        Ok(Some(&self.buffer[entry]))
    }
}
