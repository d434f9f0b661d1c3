//! The sealed stream: plaintext in, numbered authenticated chunks out, and back.

use std::fs::File;
use std::io::{self, Read, Write};

use chacha20poly1305::aead::{AeadInOut, KeyInit};
use chacha20poly1305::{Tag, XChaCha20Poly1305, XNonce};
use rand::Rng;

use super::SnapshotError;
use crate::store::KeyFile;

const MAGIC: [u8; 8] = *b"TGSNAP\0\x01";
const PREFIX_OCTETS: usize = 16;
const HEADER_OCTETS: usize = 8 + 16 + 16 + PREFIX_OCTETS;
const TAG_OCTETS: usize = 16;
/// Plaintext of one chunk.
const CHUNK_OCTETS: usize = 1 << 20;
/// In the length field: no chunk follows.
const LAST: u32 = 1 << 31;

/// What seals and opens the chunks of one file.
struct Seal {
    cipher: XChaCha20Poly1305,
    header: [u8; HEADER_OCTETS],
    next: u64,
}

impl Seal {
    fn new(key: &KeyFile, header: [u8; HEADER_OCTETS]) -> Seal {
        Seal { cipher: XChaCha20Poly1305::new(&key.derive("snapshot").into()), header, next: 0 }
    }

    /// Nonce and associated data of the next chunk.
    fn next(&mut self, length: u32) -> (XNonce, [u8; HEADER_OCTETS + 4]) {
        let mut nonce = [0; 24];
        nonce[..PREFIX_OCTETS].copy_from_slice(&self.header[HEADER_OCTETS - PREFIX_OCTETS..]);
        nonce[PREFIX_OCTETS..].copy_from_slice(&self.next.to_le_bytes());
        self.next += 1;
        let mut data = [0; HEADER_OCTETS + 4];
        data[..HEADER_OCTETS].copy_from_slice(&self.header);
        data[HEADER_OCTETS..].copy_from_slice(&length.to_le_bytes());
        (XNonce::from(nonce), data)
    }
}

/// Tells keys apart without saying anything about them.
fn fingerprint(key: &KeyFile) -> [u8; 16] {
    let derived = key.derive("snapshot fingerprint");
    std::array::from_fn(|i| derived[i])
}

/// Seals what is written to it.
pub(super) struct ChunkWriter {
    file: File,
    seal: Seal,
    plain: Vec<u8>,
    written: u64,
    budget: u64,
}

impl ChunkWriter {
    pub fn new(mut file: File, store_id: &[u8; 16], key: &KeyFile, budget: u64) -> Result<ChunkWriter, SnapshotError> {
        let mut header = [0; HEADER_OCTETS];
        header[..8].copy_from_slice(&MAGIC);
        header[8..24].copy_from_slice(store_id);
        header[24..40].copy_from_slice(&fingerprint(key));
        rand::rng().fill_bytes(&mut header[40..]);
        file.write_all(&header)?;
        let plain = Vec::with_capacity(CHUNK_OCTETS + TAG_OCTETS);
        Ok(ChunkWriter { file, seal: Seal::new(key, header), plain, written: HEADER_OCTETS as u64, budget })
    }

    /// Adds plaintext.
    pub fn add(&mut self, mut octets: &[u8]) -> Result<(), SnapshotError> {
        while !octets.is_empty() {
            if self.plain.len() == CHUNK_OCTETS {
                self.flush(0)?;
            }
            let (now, later) = octets.split_at(octets.len().min(CHUNK_OCTETS - self.plain.len()));
            self.plain.extend_from_slice(now);
            octets = later;
        }
        Ok(())
    }

    /// Writes the last chunk; returns the file and its size.
    pub fn finish(mut self) -> Result<(File, u64), SnapshotError> {
        self.flush(LAST)?;
        Ok((self.file, self.written))
    }

    fn flush(&mut self, flag: u32) -> Result<(), SnapshotError> {
        let octets = self.plain.len() + TAG_OCTETS;
        self.written += octets as u64 + 4;
        if self.written > self.budget {
            return Err(SnapshotError::TooLarge { budget: self.budget });
        }
        let length = octets as u32 | flag;
        let (nonce, data) = self.seal.next(length);
        let tag = self
            .seal
            .cipher
            .encrypt_inout_detached(&nonce, &data, self.plain.as_mut_slice().into())
            .expect("XChaCha20-Poly1305 fails only beyond 256 GiB");
        self.plain.extend_from_slice(&tag);
        self.file.write_all(&length.to_le_bytes())?;
        self.file.write_all(&self.plain)?;
        self.plain.clear();
        Ok(())
    }
}

/// Opens what [`ChunkWriter`] sealed.
pub(super) struct ChunkReader {
    file: File,
    seal: Seal,
    /// Plaintext of which `start..` was not yet taken.
    plain: Vec<u8>,
    start: usize,
    is_last: bool,
}

impl ChunkReader {
    pub fn new(mut file: File, store_id: &[u8; 16], key: &KeyFile) -> Result<ChunkReader, SnapshotError> {
        let mut header = [0; HEADER_OCTETS];
        read_whole(&mut file, &mut header)?;
        if header[..8] != MAGIC {
            return Err(SnapshotError::Damaged("it does not begin as one"));
        }
        if header[8..24] != *store_id {
            return Err(SnapshotError::OtherStore);
        }
        if header[24..40] != fingerprint(key) {
            return Err(SnapshotError::WrongKey);
        }
        Ok(ChunkReader { file, seal: Seal::new(key, header), plain: Vec::new(), start: 0, is_last: false })
    }

    /// The next `octets` of plaintext.
    pub fn take(&mut self, octets: usize) -> Result<&[u8], SnapshotError> {
        while self.plain.len() - self.start < octets {
            if self.is_last {
                return Err(SnapshotError::Damaged("it ends early"));
            }
            self.plain.drain(..self.start);
            self.start = 0;
            self.fill()?;
        }
        self.start += octets;
        Ok(&self.plain[self.start - octets..self.start])
    }

    /// Whether all plaintext was taken.
    pub fn is_at_end(&self) -> bool {
        self.is_last && self.start == self.plain.len()
    }

    /// Appends the plaintext of the next chunk.
    fn fill(&mut self) -> Result<(), SnapshotError> {
        let mut length = [0; 4];
        read_whole(&mut self.file, &mut length)?;
        let length = u32::from_le_bytes(length);
        let octets = (length & !LAST) as usize;
        if !(TAG_OCTETS..=CHUNK_OCTETS + TAG_OCTETS).contains(&octets) {
            return Err(SnapshotError::Damaged("a chunk has an impossible length"));
        }
        let begin = self.plain.len();
        self.plain.resize(begin + octets, 0);
        read_whole(&mut self.file, &mut self.plain[begin..])?;
        let (nonce, data) = self.seal.next(length);
        let text_end = begin + octets - TAG_OCTETS;
        let tag = Tag::try_from(&self.plain[text_end..]).map_err(|_| SnapshotError::Damaged("a chunk has no tag"))?;
        self.plain.truncate(text_end);
        self.seal
            .cipher
            .decrypt_inout_detached(&nonce, &data, (&mut self.plain[begin..]).into(), &tag)
            .map_err(|_| SnapshotError::Damaged("a chunk does not open"))?;
        self.is_last = length & LAST != 0;
        if self.is_last && self.file.read(&mut [0])? != 0 {
            return Err(SnapshotError::Damaged("something follows its end"));
        }
        Ok(())
    }
}

fn read_whole(file: &mut File, octets: &mut [u8]) -> Result<(), SnapshotError> {
    file.read_exact(octets).map_err(|error| match error.kind() {
        io::ErrorKind::UnexpectedEof => SnapshotError::Damaged("it ends early"),
        _ => error.into(),
    })
}
