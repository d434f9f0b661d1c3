//! Sealing: secrets at rest under one key file (XChaCha20-Poly1305, the row's place as associated data).

use std::fs::OpenOptions;
use std::io::{Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use rand::Rng;
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

/// Octets of the random nonce in front of each sealed value.
const NONCE_OCTETS: usize = 24;
const KEY_OCTETS: usize = 32;

/// Why a key file or a sealed value cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The file cannot be read or written.
    #[error("key file {path}: {reason}")]
    File {
        /// Which file.
        path: String,
        /// What happened.
        reason: String,
    },
    /// The store was made with another key.
    #[error("the key file {path} does not fit this store: restore the one it was made with")]
    Wrong {
        /// Which file.
        path: String,
    },
    /// A sealed value does not open.
    #[error("a sealed value in {place} does not open: wrong key, or the row was tampered with")]
    Broken {
        /// Table and row.
        place: String,
    },
}

/// The key file's contents, wiped from memory when dropped.
pub struct KeyFile {
    key: Zeroizing<[u8; KEY_OCTETS]>,
}

impl KeyFile {
    /// Reads the key; its absence is an error.
    pub fn read(path: &Path) -> Result<KeyFile, KeyError> {
        let failed = |reason: String| KeyError::File { path: path.display().to_string(), reason };
        let mut bytes = Zeroizing::new(Vec::new());
        std::fs::File::open(path).and_then(|mut f| f.read_to_end(&mut bytes)).map_err(|e| failed(e.to_string()))?;
        let key = <[u8; KEY_OCTETS]>::try_from(bytes.as_slice())
            .map_err(|_| failed(format!("expected {KEY_OCTETS} octets, found {}", bytes.len())))?;
        Ok(KeyFile { key: Zeroizing::new(key) })
    }

    /// Makes a new key, readable by the owner only; an existing file is left alone and read.
    pub fn read_or_create(path: &Path) -> Result<KeyFile, KeyError> {
        if path.exists() {
            return Self::read(path);
        }
        let mut key = Zeroizing::new([0u8; KEY_OCTETS]);
        rand::rng().fill_bytes(&mut key[..]);
        Self::write(path, &key)?;
        Ok(KeyFile { key })
    }

    /// Writes given key octets to a new file (restore).
    pub fn write(path: &Path, key: &[u8; KEY_OCTETS]) -> Result<(), KeyError> {
        let failed = |e: std::io::Error| KeyError::File { path: path.display().to_string(), reason: e.to_string() };
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path).map_err(failed)?;
        file.write_all(key).and_then(|()| file.sync_all()).map_err(failed)
    }

    /// The raw key, for a backup under a passphrase.
    pub fn octets(&self) -> &[u8; KEY_OCTETS] {
        &self.key
    }

    /// A key for one purpose, derived so that no two purposes share one.
    pub fn derive(&self, purpose: &str) -> [u8; 32] {
        let mut hash = Sha256::new();
        hash.update(b"tollgate derived key\0");
        hash.update(&self.key[..]);
        hash.update(purpose.as_bytes());
        hash.finalize().into()
    }

    /// Tells this key from another without saying anything about it: nodes of one store compare it.
    pub fn fingerprint(&self) -> [u8; 16] {
        let derived = self.derive("node fingerprint");
        std::array::from_fn(|at| derived[at])
    }

    /// The sealer of this key.
    pub fn sealer(&self) -> Sealer {
        Sealer { cipher: XChaCha20Poly1305::new((&*self.key).into()) }
    }
}

/// Seals and opens values.
#[derive(Clone)]
pub struct Sealer {
    cipher: XChaCha20Poly1305,
}

impl std::fmt::Debug for Sealer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Sealer")
    }
}

impl Sealer {
    /// Seals a value for one place (`table.column`) and row: moved elsewhere, it does not open.
    pub fn seal(&self, place: &str, row_id: i64, plain: &[u8]) -> Vec<u8> {
        let mut nonce = [0u8; NONCE_OCTETS];
        rand::rng().fill_bytes(&mut nonce);
        let aad = format!("{place}:{row_id}");
        let sealed = self
            .cipher
            .encrypt(&XNonce::from(nonce), Payload { msg: plain, aad: aad.as_bytes() })
            .expect("XChaCha20-Poly1305 fails only beyond 256 GiB");
        [&nonce[..], &sealed].concat()
    }

    /// Opens a value sealed for this place and row.
    pub fn open(&self, place: &str, row_id: i64, sealed: &[u8]) -> Result<Vec<u8>, KeyError> {
        let broken = || KeyError::Broken { place: format!("{place} of row {row_id}") };
        let (nonce, text) = sealed.split_first_chunk::<NONCE_OCTETS>().ok_or_else(broken)?;
        let aad = format!("{place}:{row_id}");
        self.cipher.decrypt(&XNonce::from(*nonce), Payload { msg: text, aad: aad.as_bytes() }).map_err(|_| broken())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sealed_value_opens_only_in_its_place_and_under_its_key() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let key = KeyFile::read_or_create(&folder.path().join("key")).expect("a new key");
        let again = KeyFile::read_or_create(&folder.path().join("key")).expect("the same key");
        let other = KeyFile::read_or_create(&folder.path().join("other")).expect("another key");
        let sealed = key.sealer().seal("customers.password", 7, b"secret");
        assert_eq!(again.sealer().open("customers.password", 7, &sealed).expect("opens"), b"secret");
        assert!(again.sealer().open("customers.password", 8, &sealed).is_err());
        assert!(again.sealer().open("routers.secret", 7, &sealed).is_err());
        assert!(other.sealer().open("customers.password", 7, &sealed).is_err());
        assert!(again.sealer().open("customers.password", 7, &sealed[..10]).is_err());
        assert_ne!(key.derive("class"), key.derive("snapshot"));
    }
}
