//! Encrypted chunks: a stream that shows every alteration, also a missing end.
//!
//! A chunk is: kind (0 = more follow, 1 = the last) u8, length of the sealed octets u32 little-endian, sealed octets
//! (XChaCha20-Poly1305). Nonce = 15 zero octets, kind, number of the chunk (u64 big-endian); associated data = the header. So chunks cannot
//! be swapped, repeated, dropped at the end, or moved to another archive (STREAM: Hoang, Reyhanitabar, Rogaway, Vizár 2015).

use std::io::{self, Read, Write};

use chacha20poly1305::XNonce;
use chacha20poly1305::aead::{Aead, Payload};

use super::BackupError;
use super::header::ArchiveKey;

/// Plain octets of a full chunk.
pub const CHUNK_OCTETS: usize = 64 << 10;
/// What sealing adds.
const SEAL_OCTETS: usize = 16;
const MORE: u8 = 0;
const LAST: u8 = 1;

fn nonce(kind: u8, number: u64) -> XNonce {
    let mut nonce = [0u8; 24];
    nonce[15] = kind;
    nonce[16..].copy_from_slice(&number.to_be_bytes());
    XNonce::from(nonce)
}

/// Takes plain octets, writes chunks. Without [`ChunkWriter::finish`] the file does not open.
pub struct ChunkWriter<W: Write> {
    out: W,
    key: ArchiveKey,
    header: Vec<u8>,
    plain: Vec<u8>,
    number: u64,
}

impl<W: Write> ChunkWriter<W> {
    /// Writes the header first.
    pub fn new(mut out: W, key: ArchiveKey, header: Vec<u8>) -> io::Result<Self> {
        out.write_all(&header)?;
        Ok(ChunkWriter { out, key, header, plain: Vec::with_capacity(CHUNK_OCTETS), number: 0 })
    }

    /// Appends plain octets.
    pub fn write(&mut self, mut octets: &[u8]) -> io::Result<()> {
        while !octets.is_empty() {
            // A full chunk waits until more comes: it may be the last.
            if self.plain.len() == CHUNK_OCTETS {
                self.seal(MORE)?;
            }
            let (now, later) = octets.split_at(octets.len().min(CHUNK_OCTETS - self.plain.len()));
            self.plain.extend_from_slice(now);
            octets = later;
        }
        Ok(())
    }

    /// Writes the last chunk and gives back what it was written to.
    pub fn finish(mut self) -> io::Result<W> {
        self.seal(LAST)?;
        Ok(self.out)
    }

    fn seal(&mut self, kind: u8) -> io::Result<()> {
        let payload = Payload { msg: &self.plain, aad: &self.header };
        let sealed = self.key.cipher.encrypt(&nonce(kind, self.number), payload).expect("a chunk is far below the cipher's limit");
        self.out.write_all(&[kind])?;
        self.out.write_all(&(sealed.len() as u32).to_le_bytes())?;
        self.out.write_all(&sealed)?;
        self.number += 1;
        self.plain.clear();
        Ok(())
    }
}

/// Reads chunks, gives plain octets.
pub struct ChunkReader<R: Read> {
    input: R,
    key: ArchiveKey,
    header: Vec<u8>,
    plain: Vec<u8>,
    at: usize,
    number: u64,
    ended: bool,
    octet: u64,
}

impl<R: Read> ChunkReader<R> {
    /// Goes on behind the header, whose octets are given.
    pub fn new(input: R, key: ArchiveKey, header: Vec<u8>) -> Self {
        let octet = header.len() as u64;
        ChunkReader { input, key, header, plain: Vec::new(), at: 0, number: 0, ended: false, octet }
    }

    /// An error at the chunk being read.
    pub fn damaged(&self, what: impl Into<String>) -> BackupError {
        BackupError::Damaged { octet: self.octet, what: what.into() }
    }

    /// The next `count` octets are appended to `into`; an error if the stream ends before.
    pub fn take(&mut self, mut count: usize, into: &mut Vec<u8>) -> Result<(), BackupError> {
        while count > 0 {
            if self.at == self.plain.len() && !self.next_chunk()? {
                return Err(self.damaged("the contents end in the middle"));
            }
            let now = count.min(self.plain.len() - self.at);
            into.extend_from_slice(&self.plain[self.at..self.at + now]);
            self.at += now;
            count -= now;
        }
        Ok(())
    }

    /// Checks that nothing more comes, in the stream and in the file.
    pub fn end(&mut self) -> Result<(), BackupError> {
        if self.at < self.plain.len() || self.next_chunk()? {
            return Err(self.damaged("there is something behind the end of the contents"));
        }
        Ok(())
    }

    /// False behind the last chunk.
    fn next_chunk(&mut self) -> Result<bool, BackupError> {
        if self.ended {
            return Ok(false);
        }
        let mut front = [0u8; 5];
        self.fill(&mut front)?;
        let [kind, length @ ..] = front;
        let length = u32::from_le_bytes(length) as usize;
        if kind > LAST || !(SEAL_OCTETS..=CHUNK_OCTETS + SEAL_OCTETS).contains(&length) {
            return Err(self.damaged("what should be a chunk is none"));
        }
        let mut sealed = vec![0u8; length];
        self.fill(&mut sealed)?;
        let payload = Payload { msg: &sealed, aad: &self.header };
        let opened = self.key.cipher.decrypt(&nonce(kind, self.number), payload);
        self.plain = opened.map_err(|_| self.damaged("a chunk was altered, or is not in its place"))?;
        self.at = 0;
        self.number += 1;
        self.octet += (front.len() + length) as u64;
        self.ended = kind == LAST;
        if self.ended && self.input.read(&mut [0u8])? != 0 {
            return Err(self.damaged("there is something behind the last chunk"));
        }
        if !self.ended && self.plain.is_empty() {
            return Err(self.damaged("an empty chunk that is not the last"));
        }
        Ok(!self.plain.is_empty())
    }

    fn fill(&mut self, octets: &mut [u8]) -> Result<(), BackupError> {
        self.input.read_exact(octets).map_err(|e| match e.kind() {
            io::ErrorKind::UnexpectedEof => self.damaged("the file is cut off here"),
            _ => BackupError::Io(e),
        })
    }
}
