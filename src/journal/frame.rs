//! Bytes of the journal: the header of a segment, the frame of a record, and a scanner over a growing or damaged file.
//!
//! Segment: header (80 octets), then frames. All integers are little endian.
//! Frame: `len u32 | crc32 u32 | seq u64 | kind u8 | payload`; `len` counts from `seq` on, the checksum covers the same.
//! The top bit of `kind` marks the first record of a batch: it was written only after every record before it had been
//! synced. So after a crash only the records from the last such mark on are in doubt.

use super::disk::ReadFile;
use std::io;
use std::ops::Range;

/// Octets of a segment header.
pub(crate) const HEADER_BYTES: usize = 80;
/// Octets of a frame before its payload.
pub(crate) const FRAME_BYTES: usize = 17;
/// Octets of a frame that `len` does not count.
const PREFIX_BYTES: usize = 8;
/// Largest payload of one record, in octets.
pub const MAX_PAYLOAD_BYTES: usize = 1 << 20;
/// Kinds are below this; the bit marks the first record of a batch.
pub(crate) const BATCH_START: u8 = 0x80;

const MAGIC: [u8; 8] = *b"TGJOURN\n";
const FORMAT_VERSION: u32 = 1;
const READ_BYTES: usize = 256 * 1024;

/// Whose journal it is. A journal is never applied to another store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Identity {
    /// Random id of the store the records belong to.
    pub store_id: [u8; 16],
    /// Which of that store's journals this is (one per node).
    pub journal_id: i64,
}

/// The first octets of every segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct SegmentHeader {
    pub identity: Identity,
    pub number: u64,
    /// Sequence of the first record; this segment replaces all records from here on in older segments.
    pub first_seq: u64,
    /// The segment counts only when its first batch, up to this sequence, is whole: see `segment`.
    pub first_batch_last_seq: u64,
    pub first_batch_bytes: u64,
    pub created_unix_ms: i64,
}

/// Why a header was not understood.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum HeaderProblem {
    Damaged,
    Version(u32),
}

impl SegmentHeader {
    pub fn encode(&self) -> [u8; HEADER_BYTES] {
        let mut bytes = [0; HEADER_BYTES];
        bytes[..8].copy_from_slice(&MAGIC);
        bytes[8..12].copy_from_slice(&FORMAT_VERSION.to_le_bytes());
        bytes[12..28].copy_from_slice(&self.identity.store_id);
        bytes[28..36].copy_from_slice(&self.identity.journal_id.to_le_bytes());
        bytes[36..44].copy_from_slice(&self.number.to_le_bytes());
        bytes[44..52].copy_from_slice(&self.first_seq.to_le_bytes());
        bytes[52..60].copy_from_slice(&self.first_batch_last_seq.to_le_bytes());
        bytes[60..68].copy_from_slice(&self.first_batch_bytes.to_le_bytes());
        bytes[68..76].copy_from_slice(&self.created_unix_ms.to_le_bytes());
        let crc = crc32fast::hash(&bytes[..76]);
        bytes[76..].copy_from_slice(&crc.to_le_bytes());
        bytes
    }

    pub fn decode(bytes: &[u8]) -> Result<Self, HeaderProblem> {
        if bytes.len() < HEADER_BYTES || bytes[..8] != MAGIC || crc32fast::hash(&bytes[..76]) != u32_at(bytes, 76) {
            return Err(HeaderProblem::Damaged);
        }
        let version = u32_at(bytes, 8);
        if version != FORMAT_VERSION {
            return Err(HeaderProblem::Version(version));
        }
        let mut store_id = [0; 16];
        store_id.copy_from_slice(&bytes[12..28]);
        let header = SegmentHeader {
            identity: Identity { store_id, journal_id: u64_at(bytes, 28) as i64 },
            number: u64_at(bytes, 36),
            first_seq: u64_at(bytes, 44),
            first_batch_last_seq: u64_at(bytes, 52),
            first_batch_bytes: u64_at(bytes, 60),
            created_unix_ms: u64_at(bytes, 68) as i64,
        };
        if header.first_seq == 0 || header.first_batch_last_seq < header.first_seq { Err(HeaderProblem::Damaged) } else { Ok(header) }
    }
}

/// Fills in the frame that starts at `start` of `bytes` and whose payload reaches to the end.
pub(crate) fn seal_frame(bytes: &mut [u8], start: usize, seq: u64, kind: u8) {
    let frame = &mut bytes[start..];
    let len = (frame.len() - PREFIX_BYTES) as u32;
    frame[8..16].copy_from_slice(&seq.to_le_bytes());
    frame[16] = kind;
    let crc = crc32fast::hash(&frame[PREFIX_BYTES..]);
    frame[..4].copy_from_slice(&len.to_le_bytes());
    frame[4..8].copy_from_slice(&crc.to_le_bytes());
}

/// One whole frame inside the scanner's buffer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Frame {
    pub seq: u64,
    pub kind: u8,
    pub starts_batch: bool,
    payload: Range<usize>,
}

/// What the scanner found at its position.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Scan {
    Frame(Frame),
    /// The file ends inside the frame, or before it.
    Incomplete,
    /// These octets are no frame.
    Bad,
}

/// Reads frames from a file one after the other. Stops for good only when the caller does: after `Incomplete` or `Bad`
/// the next call looks at the file again. Memory is bounded by the largest frame.
pub(crate) struct Scanner {
    file: Box<dyn ReadFile>,
    buffer: Vec<u8>,
    start: usize,
    end: usize,
    offset: u64,
}

impl Scanner {
    pub fn new(file: Box<dyn ReadFile>, offset: u64) -> Self {
        Scanner { file, buffer: Vec::new(), start: 0, end: 0, offset }
    }

    /// Offset in the file of the next frame, in octets.
    pub fn offset(&self) -> u64 {
        self.offset
    }

    pub fn next(&mut self) -> io::Result<Scan> {
        if !self.fill(PREFIX_BYTES)? {
            return Ok(self.stop(Scan::Incomplete));
        }
        let len = u32_at(&self.buffer, self.start) as usize;
        if !(FRAME_BYTES - PREFIX_BYTES..=FRAME_BYTES - PREFIX_BYTES + MAX_PAYLOAD_BYTES).contains(&len) {
            return Ok(self.stop(Scan::Bad));
        }
        let whole = PREFIX_BYTES + len;
        if !self.fill(whole)? {
            return Ok(self.stop(Scan::Incomplete));
        }
        let start = self.start;
        if crc32fast::hash(&self.buffer[start + PREFIX_BYTES..start + whole]) != u32_at(&self.buffer, start + 4) {
            return Ok(self.stop(Scan::Bad));
        }
        let kind = self.buffer[start + 16];
        self.start += whole;
        self.offset += whole as u64;
        Ok(Scan::Frame(Frame {
            seq: u64_at(&self.buffer, start + 8),
            kind: kind & !BATCH_START,
            starts_batch: kind & BATCH_START != 0,
            payload: start + FRAME_BYTES..start + whole,
        }))
    }

    /// The payload of the frame that [`Scanner::next`] returned last.
    pub fn payload(&self, frame: &Frame) -> &[u8] {
        &self.buffer[frame.payload.clone()]
    }

    /// The same frame with its prefix, as it is in the file.
    pub fn whole_frame(&self, frame: &Frame) -> &[u8] {
        &self.buffer[frame.payload.start - FRAME_BYTES..frame.payload.end]
    }

    /// Forgets what is buffered: a writer may be changing it.
    fn stop(&mut self, scan: Scan) -> Scan {
        self.start = 0;
        self.end = 0;
        scan
    }

    /// Makes `wanted` octets available from `start`; false when the file has fewer.
    fn fill(&mut self, wanted: usize) -> io::Result<bool> {
        if self.end - self.start >= wanted {
            return Ok(true);
        }
        let room = READ_BYTES.max(wanted);
        if self.buffer.len() < room {
            // Zeroed by the allocator: a resize would touch every octet.
            let mut larger = vec![0; room];
            larger[..self.end - self.start].copy_from_slice(&self.buffer[self.start..self.end]);
            self.buffer = larger;
        } else {
            self.buffer.copy_within(self.start..self.end, 0);
        }
        self.end -= self.start;
        self.start = 0;
        while self.end < wanted {
            let read = self.file.read_at(self.offset + self.end as u64, &mut self.buffer[self.end..])?;
            if read == 0 {
                return Ok(false);
            }
            self.end += read;
        }
        Ok(true)
    }
}

/// Looks in `bytes` for a frame that starts a batch with a sequence above `seq`: proof that what stood before it had been synced.
pub(crate) fn find_batch_start(bytes: &[u8], seq: u64) -> Option<usize> {
    let highest = seq.saturating_add(bytes.len() as u64);
    (0..bytes.len().saturating_sub(FRAME_BYTES - 1)).find(|&at| {
        let len = u32_at(bytes, at) as usize;
        let found = u64_at(bytes, at + 8);
        bytes[at + 16] & BATCH_START != 0
            && found > seq
            && found <= highest
            && len >= FRAME_BYTES - PREFIX_BYTES
            && len <= bytes.len() - at - PREFIX_BYTES
            && crc32fast::hash(&bytes[at + PREFIX_BYTES..at + PREFIX_BYTES + len]) == u32_at(bytes, at + 4)
    })
}

pub(crate) fn u32_at(bytes: &[u8], at: usize) -> u32 {
    let mut four = [0; 4];
    four.copy_from_slice(&bytes[at..at + 4]);
    u32::from_le_bytes(four)
}

pub(crate) fn u64_at(bytes: &[u8], at: usize) -> u64 {
    let mut eight = [0; 8];
    eight.copy_from_slice(&bytes[at..at + 8]);
    u64::from_le_bytes(eight)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    struct InMemory(Vec<u8>);

    impl ReadFile for InMemory {
        fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
            let rest = self.0.get(offset as usize..).unwrap_or(&[]);
            let count = rest.len().min(buffer.len());
            buffer[..count].copy_from_slice(&rest[..count]);
            Ok(count)
        }
    }

    fn frame(seq: u64, kind: u8, payload: &[u8]) -> Vec<u8> {
        let mut bytes = vec![0; FRAME_BYTES];
        bytes.extend_from_slice(payload);
        seal_frame(&mut bytes, 0, seq, kind);
        bytes
    }

    fn header() -> SegmentHeader {
        SegmentHeader {
            identity: Identity { store_id: [7; 16], journal_id: -3 },
            number: 5,
            first_seq: 9,
            first_batch_last_seq: 11,
            first_batch_bytes: 100,
            created_unix_ms: 1_700_000_000_000,
        }
    }

    #[test]
    fn headers_survive_and_every_flipped_bit_is_seen() {
        let bytes = header().encode();
        assert_eq!(SegmentHeader::decode(&bytes), Ok(header()));
        for bit in 0..HEADER_BYTES * 8 {
            let mut damaged = bytes;
            damaged[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(SegmentHeader::decode(&damaged), Err(HeaderProblem::Damaged), "bit {bit}");
        }
        assert_eq!(SegmentHeader::decode(&bytes[..79]), Err(HeaderProblem::Damaged));
    }

    #[test]
    fn a_newer_format_is_named() {
        let mut bytes = header().encode();
        bytes[8] = 9;
        let crc = crc32fast::hash(&bytes[..76]);
        bytes[76..].copy_from_slice(&crc.to_le_bytes());
        assert_eq!(SegmentHeader::decode(&bytes), Err(HeaderProblem::Version(9)));
    }

    #[test]
    fn frames_larger_than_the_read_buffer_are_read() {
        let large = vec![3; MAX_PAYLOAD_BYTES];
        let mut bytes = frame(1, 2 | BATCH_START, &large);
        bytes.extend(frame(2, 4, b"x"));
        let mut scanner = Scanner::new(Box::new(InMemory(bytes)), 0);
        let Ok(Scan::Frame(first)) = scanner.next() else { panic!("the first frame is whole") };
        assert_eq!((first.seq, first.kind, first.starts_batch, scanner.payload(&first) == large), (1, 2, true, true));
        let Ok(Scan::Frame(second)) = scanner.next() else { panic!("the second frame is whole") };
        assert_eq!((second.seq, second.kind, second.starts_batch, scanner.payload(&second)), (2, 4, false, &b"x"[..]));
        assert_eq!(scanner.next().expect("reads"), Scan::Incomplete);
    }

    #[test]
    fn a_batch_start_behind_damage_is_found() {
        let mut bytes = vec![0xEE; 33];
        bytes.extend(frame(12, 1 | BATCH_START, b"abc"));
        assert_eq!(find_batch_start(&bytes, 10), Some(33));
        assert_eq!(find_batch_start(&bytes, 12), None, "not beyond the sequence asked for");
        let mut unmarked = vec![0xEE; 33];
        unmarked.extend(frame(12, 1, b"abc"));
        assert_eq!(find_batch_start(&unmarked, 10), None, "may belong to the same torn batch");
    }

    proptest! {
        #[test]
        fn random_bytes_never_panic_and_never_need_much_memory(bytes in proptest::collection::vec(any::<u8>(), 0..4096), small in any::<bool>()) {
            let mut bytes = bytes;
            if small && bytes.len() > 4 { bytes[1..4].fill(0); }
            find_batch_start(&bytes, 3);
            let _ = SegmentHeader::decode(&bytes);
            let mut scanner = Scanner::new(Box::new(InMemory(bytes)), 0);
            while let Ok(Scan::Frame(_)) = scanner.next() {}
            prop_assert!(scanner.buffer.len() <= MAX_PAYLOAD_BYTES + FRAME_BYTES);
        }

        #[test]
        fn whole_frames_before_random_damage_are_read(
            payloads in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..80), 1..20), at in any::<prop::sample::Index>(), bit in 0u8..8,
        ) {
            let frames: Vec<Vec<u8>> = payloads.iter().enumerate().map(|(i, p)| frame(i as u64 + 1, 1, p)).collect();
            let mut bytes = frames.concat();
            let at = at.index(bytes.len());
            bytes[at] ^= 1 << bit;
            let mut intact = 0;
            let mut sum = 0;
            for frame in &frames {
                sum += frame.len();
                if sum > at { break; }
                intact += 1;
            }
            let mut scanner = Scanner::new(Box::new(InMemory(bytes)), 0);
            let mut read = 0;
            while let Ok(Scan::Frame(frame)) = scanner.next() {
                prop_assert_eq!(scanner.payload(&frame), &payloads[read][..]);
                read += 1;
            }
            prop_assert_eq!(read, intact);
        }
    }
}
