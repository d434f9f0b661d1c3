//! A certificate with its chain and its key: read from PEM and checked to belong together; and files of our own that hold both.

use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::sync::Arc;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;
use sha2::{Digest, Sha256};

use super::provider;
use super::validity::Validity;

/// A certificate that can be served.
#[derive(Debug, Clone)]
pub struct Pair {
    /// Chain and key.
    pub certified: Arc<CertifiedKey>,
    /// Of the certificate itself.
    pub validity: Validity,
}

/// Why a certificate cannot be served.
#[derive(Debug, thiserror::Error)]
pub enum PairError {
    /// A file cannot be read.
    #[error("{path}: {reason}")]
    File {
        /// Which.
        path: String,
        /// Why.
        reason: String,
    },
    /// It holds no certificate.
    #[error("{0} holds no certificate in PEM")]
    NoCertificate(String),
    /// It holds no key.
    #[error("{0} holds no private key in PEM (one under a passphrase cannot be used)")]
    NoKey(String),
    /// They are not a pair.
    #[error("{key}: this key is not the one of the certificate in {certificate}")]
    Mismatch {
        /// The certificate's file.
        certificate: String,
        /// The key's file.
        key: String,
    },
    /// A kind of key or certificate that is not served.
    #[error("{path} cannot be used: {reason}")]
    Unusable {
        /// Which.
        path: String,
        /// Why.
        reason: String,
    },
}

impl Pair {
    /// Reads both files; they may be one and the same.
    pub fn read(certificate: &Path, key: &Path) -> Result<Pair, PairError> {
        let read = |path: &Path| std::fs::read(path).map_err(|e| PairError::File { path: shown(path), reason: e.to_string() });
        Pair::parse(&read(certificate)?, &read(key)?, &shown(certificate), &shown(key))
    }

    fn parse(certificate_pem: &[u8], key_pem: &[u8], certificate: &str, key: &str) -> Result<Pair, PairError> {
        let unusable = |path: &str, reason: String| PairError::Unusable { path: path.to_owned(), reason };
        let chain: Vec<CertificateDer<'static>> =
            CertificateDer::pem_slice_iter(certificate_pem).collect::<Result<_, _>>().map_err(|e| unusable(certificate, e.to_string()))?;
        let first = chain.first().ok_or_else(|| PairError::NoCertificate(certificate.to_owned()))?;
        let validity = Validity::of(first).ok_or_else(|| unusable(certificate, "not a certificate (X.509)".to_owned()))?;
        let private = PrivateKeyDer::from_pem_slice(key_pem).map_err(|_| PairError::NoKey(key.to_owned()))?;
        let certified = CertifiedKey::from_der(chain, private, &provider()).map_err(|e| match e {
            rustls::Error::InconsistentKeys(_) => PairError::Mismatch { certificate: certificate.to_owned(), key: key.to_owned() },
            rustls::Error::InvalidCertificate(reason) => unusable(certificate, format!("{reason:?}")),
            other => unusable(key, other.to_string()),
        })?;
        Ok(Pair { certified: Arc::new(certified), validity })
    }

    /// SHA-256 of the certificate, as browsers show it.
    pub fn fingerprint(&self) -> String {
        let digest = Sha256::digest(self.certified.cert.first().map_or(&[][..], |certificate| certificate));
        digest.iter().map(|octet| format!("{octet:02X}")).collect::<Vec<_>>().join(":")
    }

    /// A file of ours, if there is one that was made for this purpose and can be used.
    pub fn read_kept(path: &Path, purpose: &str) -> Option<Pair> {
        let text = std::fs::read(path).ok()?;
        if !text.starts_with(head(purpose).as_bytes()) {
            return None;
        }
        match Pair::parse(&text, &text, &shown(path), &shown(path)) {
            Ok(pair) => Some(pair),
            Err(error) => {
                tracing::warn!(%error, "a kept certificate cannot be used; another one takes its place");
                None
            }
        }
    }

    /// Keeps certificate and key in one file, so that they never come apart, readable by the owner only; reads it back.
    pub fn keep(path: &Path, purpose: &str, certificate_pem: &str, key_pem: &str) -> Result<Pair, PairError> {
        let text = format!("{}{certificate_pem}\n{key_pem}", head(purpose));
        write_private(path, text.as_bytes()).map_err(|e| PairError::File { path: shown(path), reason: e.to_string() })?;
        Pair::parse(text.as_bytes(), text.as_bytes(), &shown(path), &shown(path))
    }
}

/// Text before the first block of PEM means nothing to whoever reads PEM (RFC 7468 section 2).
fn head(purpose: &str) -> String {
    format!("Tollgate, {purpose}\n")
}

fn shown(path: &Path) -> String {
    path.display().to_string()
}

/// Replaces a file that only the owner may read, whole or not at all.
pub fn write_private(path: &Path, contents: &[u8]) -> std::io::Result<()> {
    let new = path.with_extension("new");
    match std::fs::remove_file(&new) {
        Err(e) if e.kind() != std::io::ErrorKind::NotFound => return Err(e),
        _ => {}
    }
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&new)?;
    file.write_all(contents)?;
    file.sync_all()?;
    std::fs::rename(&new, path)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use rcgen::{CertificateParams, KeyPair, PKCS_ECDSA_P384_SHA384, PKCS_ED25519, SignatureAlgorithm};

    use super::*;

    fn made(algorithm: &'static SignatureAlgorithm) -> (String, String) {
        let key = KeyPair::generate_for(algorithm).expect("a key");
        let params = CertificateParams::new(vec!["a.example".to_owned()]).expect("a name");
        (params.self_signed(&key).expect("signed").pem(), key.serialize_pem())
    }

    #[test]
    fn certificate_and_key_must_belong_together() {
        let (certificate, key) = made(&PKCS_ECDSA_P384_SHA384);
        let (other_certificate, other_key) = made(&PKCS_ED25519);
        let parse = |certificate: &str, key: &str| Pair::parse(certificate.as_bytes(), key.as_bytes(), "c.pem", "k.pem");
        let pair = parse(&format!("{certificate}{other_certificate}"), &key).expect("a chain with its key");
        assert_eq!((pair.certified.cert.len(), pair.fingerprint().len()), (2, 32 * 3 - 1));
        let sealed = "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n";
        let garbage = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
        for (certificate, key, wanted) in [
            (certificate.as_str(), other_key.as_str(), "k.pem: this key is not the one of the certificate in c.pem"),
            ("", &key, "c.pem holds no certificate"),
            (&key, &key, "c.pem holds no certificate"),
            (&certificate, "", "k.pem holds no private key"),
            (&certificate, sealed, "k.pem holds no private key"),
            (garbage, &key, "c.pem cannot be used: not a certificate"),
            (&certificate[..200], &key, "c.pem cannot be used: "),
        ] {
            let error = parse(certificate, key).expect_err(wanted).to_string();
            assert!(error.starts_with(wanted), "{error}");
        }
    }

    #[test]
    fn a_kept_pair_serves_its_purpose_only_and_is_the_owners() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("own.pem");
        let (certificate, key) = made(&PKCS_ED25519);
        assert!(Pair::read_kept(&path, "for a.example").is_none());
        let kept = Pair::keep(&path, "for a.example", &certificate, &key).expect("written");
        assert_eq!(std::fs::metadata(&path).expect("there").permissions().mode() & 0o777, 0o600);
        let read = Pair::read_kept(&path, "for a.example").expect("the same purpose");
        assert_eq!(read.fingerprint(), kept.fingerprint());
        assert!(Pair::read_kept(&path, "for b.example").is_none());
        assert!(Pair::read_kept(&path, "for a.example, b.example").is_none());
        std::fs::write(&path, head("for a.example")).expect("writable");
        assert!(Pair::read_kept(&path, "for a.example").is_none(), "nothing but the head");
        let (second, second_key) = made(&PKCS_ED25519);
        let replaced = Pair::keep(&path, "for a.example", &second, &second_key).expect("replaced");
        assert_ne!(replaced.fingerprint(), kept.fingerprint());
    }
}
