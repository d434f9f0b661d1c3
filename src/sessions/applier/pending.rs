//! Records read from the journal and not yet applied, in one buffer that is used again and again.

use std::ops::Range;

use crate::journal;
use crate::sessions::record::{Record, RecordError};

/// Octets after which no more records are read at once.
const MOST_OCTETS: usize = 8 << 20;

#[derive(Default)]
pub(super) struct Pending {
    octets: Vec<u8>,
    records: Vec<(u64, u8, Range<usize>)>,
    done: usize,
}

impl Pending {
    /// Reads up to `most` records into the emptied buffer.
    pub fn fill(&mut self, reader: &mut journal::Reader, most: usize) -> Result<(), journal::ReadError> {
        self.clear();
        while self.records.len() < most && self.octets.len() < MOST_OCTETS {
            let Some(record) = reader.next()? else { break };
            let start = self.octets.len();
            self.octets.extend_from_slice(record.payload);
            self.records.push((record.seq, record.kind, start..self.octets.len()));
        }
        Ok(())
    }

    pub fn clear(&mut self) {
        self.octets.clear();
        self.records.clear();
        self.done = 0;
    }

    /// How many wait.
    pub fn len(&self) -> usize {
        self.records.len() - self.done
    }

    /// The first `count` that wait.
    pub fn front(&self, count: usize) -> impl Iterator<Item = (u64, Result<Record<'_>, RecordError>)> {
        let records = &self.records[self.done..self.done + count];
        records.iter().map(|(seq, kind, range)| (*seq, Record::read(*kind, &self.octets[range.clone()])))
    }

    /// Sequence of the last of the first `count` that wait.
    pub fn last_seq(&self, count: usize) -> u64 {
        self.records[self.done + count - 1].0
    }

    /// The first `count` are applied.
    pub fn advance(&mut self, count: usize) {
        self.done += count;
    }

    /// Instant of the first one that tells one.
    pub fn oldest_at(&self) -> Option<i64> {
        self.front(self.len().min(16)).find_map(|(_, record)| match record {
            Ok(Record::Update(u)) => Some(u.at),
            _ => None,
        })
    }
}
