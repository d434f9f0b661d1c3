//! The plain beginning of an archive and the key it leads to.
//!
//! Layout (little-endian): magic 16, format u32, schema version i64, store id 16, taken at i64 (unix ms), memory KiB u32, passes u32,
//! lanes u32, salt 32, program version u8 length + text, then a 16-octet tag: Poly1305 over all of these octets under the derived key, by
//! which a wrong passphrase is told from a damaged file.

use std::io::Read;

use argon2::{Algorithm, Argon2, Params, Version};
use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use rand::Rng;
use zeroize::Zeroizing;

use super::BackupError;
use crate::store::StoreIdentity;
use crate::units::UnixMs;

const MAGIC: &[u8; 16] = b"tollgate backup\n";
const FORMAT: u32 = 1;
const SALT_OCTETS: usize = 32;
const TAG_OCTETS: usize = 16;
/// One that no chunk has.
const TAG_NONCE: [u8; 24] = [0xff; 24];
/// Octets before the program version's text.
const FIXED_OCTETS: usize = 16 + 4 + 8 + 16 + 8 + 12 + SALT_OCTETS + 1;
/// Limits on what an archive may ask of us before anything about it is proven.
const MOST_MEMORY_KIB: u32 = 1 << 20;
const MOST_PASSES: u32 = 32;
const MOST_LANES: u32 = 16;

/// What Argon2id costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DerivationCost {
    /// Memory, in KiB.
    pub memory_kib: u32,
    /// Passes over it.
    pub passes: u32,
    /// Lanes.
    pub lanes: u32,
}

impl Default for DerivationCost {
    /// RFC 9106 section 4, second recommended option: 64 MiB, 3 passes, 4 lanes.
    fn default() -> Self {
        DerivationCost { memory_kib: 64 << 10, passes: 3, lanes: 4 }
    }
}

/// What can be known of an archive without its passphrase.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    /// Version of the schema whose rows it holds.
    pub schema_version: i64,
    /// The store it was taken of.
    pub store_id: [u8; 16],
    /// When.
    pub taken_at: UnixMs,
    /// Version of the program that wrote it.
    pub program: String,
    cost: DerivationCost,
    salt: [u8; SALT_OCTETS],
}

/// The key of one archive; the salt makes it fresh, so nonces may count from zero.
#[derive(Clone)]
pub struct ArchiveKey {
    pub(super) cipher: XChaCha20Poly1305,
}

impl Header {
    /// A header with a fresh salt for a backup of this program's schema.
    pub fn new(identity: &StoreIdentity, schema_version: i64, taken_at: UnixMs, cost: DerivationCost) -> Header {
        let mut salt = [0u8; SALT_OCTETS];
        rand::rng().fill_bytes(&mut salt);
        let program = env!("CARGO_PKG_VERSION").to_owned();
        Header { schema_version, store_id: identity.store_id, taken_at, program, cost, salt }
    }

    /// Derives the key; takes a moment and the memory that its cost names.
    pub fn derive_key(&self, passphrase: &[u8]) -> Result<ArchiveKey, BackupError> {
        let DerivationCost { memory_kib, passes, lanes } = self.cost;
        let unusable = |e: argon2::Error| BackupError::Damaged { octet: 0, what: format!("key derivation: {e}") };
        let params = Params::new(memory_kib, passes, lanes, Some(32)).map_err(unusable)?;
        let mut key = Zeroizing::new([0u8; 32]);
        Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
            .hash_password_into(passphrase, &self.salt, &mut key[..])
            .map_err(unusable)?;
        Ok(ArchiveKey { cipher: XChaCha20Poly1305::new((&*key).into()) })
    }

    /// The octets at the file's beginning, tag included.
    pub fn encode(&self, key: &ArchiveKey) -> Vec<u8> {
        let mut out = self.plain();
        out.extend(key.tag(&out));
        out
    }

    fn plain(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(FIXED_OCTETS + self.program.len());
        out.extend(MAGIC);
        out.extend(FORMAT.to_le_bytes());
        out.extend(self.schema_version.to_le_bytes());
        out.extend(self.store_id);
        out.extend(self.taken_at.to_le_bytes());
        for number in [self.cost.memory_kib, self.cost.passes, self.cost.lanes] {
            out.extend(number.to_le_bytes());
        }
        out.extend(self.salt);
        out.push(self.program.len().min(255) as u8);
        out.extend(self.program.as_bytes().iter().take(255));
        out
    }

    /// Reads a header; gives it, and all its octets, which are associated data of every chunk.
    /// Nothing of it is proven until [`Header::prove`].
    pub fn read(input: &mut impl Read) -> Result<(Header, Vec<u8>), BackupError> {
        let mut octets = vec![0u8; MAGIC.len() + 4];
        read_more(input, &mut octets, 0).map_err(|e| if matches!(e, BackupError::Damaged { .. }) { BackupError::NotABackup } else { e })?;
        let (magic, format) = octets.split_at(MAGIC.len());
        if magic != MAGIC {
            return Err(BackupError::NotABackup);
        }
        match u32::from_le_bytes(format.try_into().expect("four octets")) {
            FORMAT => {}
            other => return Err(BackupError::Format(other)),
        }
        octets.resize(FIXED_OCTETS, 0);
        read_more(input, &mut octets, MAGIC.len() + 4)?;
        octets.resize(FIXED_OCTETS + usize::from(octets[FIXED_OCTETS - 1]) + TAG_OCTETS, 0);
        read_more(input, &mut octets, FIXED_OCTETS)?;
        Ok((Header::decode(&octets)?, octets))
    }

    /// Of octets whose lengths were checked by [`Header::read`].
    fn decode(octets: &[u8]) -> Result<Header, BackupError> {
        let mut rest = &octets[MAGIC.len() + 4..];
        let mut take = |count: usize| {
            let (first, after) = rest.split_at(count);
            rest = after;
            first
        };
        let schema_version = i64::from_le_bytes(take(8).try_into().expect("8 octets"));
        let store_id = take(16).try_into().expect("16 octets");
        let taken_at = i64::from_le_bytes(take(8).try_into().expect("8 octets"));
        let mut number = || u32::from_le_bytes(take(4).try_into().expect("4 octets"));
        let cost = DerivationCost { memory_kib: number(), passes: number(), lanes: number() };
        let salt = take(SALT_OCTETS).try_into().expect("32 octets");
        let length = usize::from(take(1)[0]);
        let program = String::from_utf8_lossy(take(length)).into_owned();
        if cost.memory_kib > MOST_MEMORY_KIB || cost.passes > MOST_PASSES || cost.lanes > MOST_LANES {
            return Err(BackupError::Damaged { octet: 0, what: "the key derivation asks for absurd costs".into() });
        }
        Ok(Header { schema_version, store_id, taken_at, program, cost, salt })
    }

    /// Checks the tag: the passphrase is right and the header unaltered.
    pub fn prove(octets: &[u8], key: &ArchiveKey) -> Result<(), BackupError> {
        let (plain, tag) = octets.split_at(octets.len() - TAG_OCTETS);
        key.cipher.decrypt(&XNonce::from(TAG_NONCE), Payload { msg: tag, aad: plain }).map(|_| ()).map_err(|_| BackupError::Passphrase)
    }
}

/// Fills `octets` from `from` on.
fn read_more(input: &mut impl Read, octets: &mut [u8], from: usize) -> Result<(), BackupError> {
    input.read_exact(&mut octets[from..]).map_err(|e| match e.kind() {
        std::io::ErrorKind::UnexpectedEof => BackupError::Damaged { octet: from as u64, what: "the header is cut off".into() },
        _ => BackupError::Io(e),
    })
}

impl ArchiveKey {
    /// Seals nothing, with `header` as associated data: the tag alone.
    fn tag(&self, header: &[u8]) -> [u8; TAG_OCTETS] {
        let sealed =
            self.cipher.encrypt(&XNonce::from(TAG_NONCE), Payload { msg: b"", aad: header }).expect("an empty message can be sealed");
        sealed.try_into().expect("a tag of 16 octets")
    }
}
