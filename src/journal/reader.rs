//! Reads records in order across segments, beside an open journal or, for the command line, beside another process.

use super::disk::Disk;
use super::durable::Core;
use super::frame::{Frame, HEADER_BYTES, Identity, Scan, Scanner};
use super::segment::{self, OpenError, Segment};
use std::io;
use std::sync::Arc;
use thiserror::Error;

/// Why reading stopped.
#[derive(Debug, Error)]
pub enum ReadError {
    /// The folder is not a journal of this store.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// A file could not be read.
    #[error("journal: {0}")]
    Io(#[from] io::Error),
    /// The records asked for were applied and removed.
    #[error("the journal begins at record {oldest_seq}; earlier ones were removed")]
    Pruned {
        /// Sequence of the oldest record left.
        oldest_seq: u64,
    },
    /// A record that had been synced is not there.
    #[error("journal segment {file} is damaged at octet {offset}: record {seq} is missing")]
    Corrupt {
        /// The segment that should hold the record.
        file: String,
        /// Where in it reading ended, in octets.
        offset: u64,
        /// The record looked for.
        seq: u64,
    },
}

/// One record, borrowed from the reader.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Record<'a> {
    /// Its sequence.
    pub seq: u64,
    /// What [`super::Journal::append`] was given.
    pub kind: u8,
    /// What was written then.
    pub payload: &'a [u8],
}

/// Yields records in order of sequence, each once, whichever segment holds it.
pub struct Reader {
    source: Source,
    next_seq: u64,
    /// Records up to here may be yielded.
    limit: u64,
    current: Option<Current>,
}

struct Current {
    file: String,
    /// Records from here on are in a newer segment.
    end_seq: u64,
    scanner: Scanner,
}

enum Source {
    Open(Arc<Core>),
    ReadOnly { disk: Arc<dyn Disk>, identity: Option<Identity> },
}

/// Reads a journal that this process has not opened; another may be writing it. Records of the last batch may be yielded
/// before they are acknowledged. Ends (for now) at the first incomplete record. `identity` None accepts any store.
pub fn read_only(disk: Arc<dyn Disk>, identity: Option<Identity>, after_seq: u64) -> Result<Reader, ReadError> {
    Reader::new(Source::ReadOnly { disk, identity }, after_seq)
}

/// The last sequence in a journal that this process has not opened; 0 when it is empty.
pub fn last_seq(disk: &dyn Disk, identity: Option<Identity>) -> Result<u64, OpenError> {
    match segment::load(disk, identity)?.segments.last() {
        Some(last) => Ok(segment::read_tail(disk, last)?.last_seq),
        None => Ok(0),
    }
}

impl Reader {
    pub(crate) fn of_open_journal(core: Arc<Core>, after_seq: u64) -> Result<Self, ReadError> {
        Reader::new(Source::Open(core), after_seq)
    }

    fn new(source: Source, after_seq: u64) -> Result<Self, ReadError> {
        let mut reader = Reader { source, next_seq: after_seq.saturating_add(1), limit: 0, current: None };
        reader.locate()?;
        Ok(reader)
    }

    /// Sequence of the record that the next call returns.
    pub fn next_seq(&self) -> u64 {
        self.next_seq
    }

    /// The next record; None when there is no further one yet (ask again later).
    #[allow(clippy::should_implement_trait)] // records borrow from the reader
    pub fn next(&mut self) -> Result<Option<Record<'_>>, ReadError> {
        match self.find_next()? {
            None => Ok(None),
            Some(frame) => {
                let current = self.current.as_ref().expect("a frame was just read from it");
                Ok(Some(Record { seq: frame.seq, kind: frame.kind, payload: current.scanner.payload(&frame) }))
            }
        }
    }

    fn find_next(&mut self) -> Result<Option<Frame>, ReadError> {
        let mut relocated = false;
        loop {
            if self.next_seq > self.limit {
                self.limit = self.source.limit();
                if self.next_seq > self.limit {
                    return Ok(None);
                }
            }
            let usable = self.current.as_mut().filter(|current| self.next_seq < current.end_seq);
            let Some(current) = usable else {
                if relocated || !self.locate()? {
                    return self.missing();
                }
                relocated = true;
                continue;
            };
            match current.scanner.next()? {
                Scan::Frame(frame) if frame.seq < self.next_seq => {}
                Scan::Frame(frame) if frame.seq == self.next_seq => {
                    self.next_seq += 1;
                    return Ok(Some(frame));
                }
                // The end, or damage: right only if a newer segment goes on from here.
                _ if relocated => return self.missing(),
                _ => {
                    relocated = true;
                    if !self.locate()? {
                        return self.missing();
                    }
                }
            }
        }
    }

    /// The record is in no segment: a fault if it is known to exist.
    fn missing(&self) -> Result<Option<Frame>, ReadError> {
        let followed = self.current.as_ref().is_some_and(|current| current.end_seq != u64::MAX);
        if matches!(self.source, Source::ReadOnly { .. }) && !followed {
            return Ok(None);
        }
        let (file, offset) = self.current.as_ref().map_or((String::new(), 0), |current| (current.file.clone(), current.scanner.offset()));
        Err(ReadError::Corrupt { file, offset, seq: self.next_seq })
    }

    /// Makes the newest segment that covers `next_seq` the current one; false when there is no segment at all. Stays where
    /// it is when that is the segment being read.
    fn locate(&mut self) -> Result<bool, ReadError> {
        // A segment may be replaced between listing and opening.
        for _ in 0..3 {
            let segments = self.source.segments()?;
            let Some(oldest) = segments.first() else {
                self.current = None;
                return Ok(false);
            };
            if self.next_seq < oldest.first_seq {
                return Err(ReadError::Pruned { oldest_seq: oldest.first_seq });
            }
            let at = segments.partition_point(|segment| segment.first_seq <= self.next_seq) - 1;
            let file = segments[at].name();
            let end_seq = segments.get(at + 1).map_or(u64::MAX, |next| next.first_seq);
            if let Some(current) = self.current.as_mut().filter(|current| current.file == file) {
                current.end_seq = end_seq;
                return Ok(true);
            }
            match self.source.disk().open(&file) {
                Ok(opened) => {
                    self.current = Some(Current { file, end_seq, scanner: Scanner::new(opened, HEADER_BYTES as u64) });
                    return Ok(true);
                }
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(io::Error::new(io::ErrorKind::NotFound, "segments vanish while they are read").into())
    }
}

impl Source {
    fn limit(&self) -> u64 {
        match self {
            Source::Open(core) => core.durable(),
            Source::ReadOnly { .. } => u64::MAX,
        }
    }

    fn disk(&self) -> &dyn Disk {
        match self {
            Source::Open(core) => &*core.disk,
            Source::ReadOnly { disk, .. } => &**disk,
        }
    }

    fn segments(&self) -> Result<Vec<Segment>, OpenError> {
        match self {
            Source::Open(core) => Ok(core.table.lock().segments.clone()),
            Source::ReadOnly { disk, identity } => Ok(segment::load(&**disk, *identity)?.segments),
        }
    }
}
