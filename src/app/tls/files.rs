//! A certificate of the operator's own: two files, read again when either changes.

use std::os::unix::fs::MetadataExt;
use std::path::Path;

use super::pair::{Pair, PairError};
use crate::config::{CertificateFiles, Finding, HttpConfig};
use crate::units::{DAY_MS, UnixMs, print_instant};

/// A certificate that ends sooner than this is worth a word, milliseconds.
const ENDS_SOON: i64 = 14 * DAY_MS;

/// Tells one version of a file from the next: when it was written, which file it is (a symbolic link may point to another one), how long it is.
type Stamp = Option<(i64, i64, u64, u64)>;

/// The files and what they were when last read.
#[derive(Debug)]
pub struct OwnFiles {
    files: CertificateFiles,
    seen: [Stamp; 2],
}

impl OwnFiles {
    /// Reads them for the first time.
    pub fn open(files: &CertificateFiles) -> Result<(OwnFiles, Pair), PairError> {
        let mut own = OwnFiles { files: files.clone(), seen: [None; 2] };
        let pair = own.read()?;
        Ok((own, pair))
    }

    /// Reads them again if they changed since the last time. A version that cannot be used is an error once, not at every look.
    pub fn look(&mut self) -> Option<Result<Pair, PairError>> {
        (self.stamps() != self.seen).then(|| self.read())
    }

    /// Reads them again, changed or not.
    pub fn read(&mut self) -> Result<Pair, PairError> {
        // Before the contents: what is written meanwhile is read the next time.
        self.seen = self.stamps();
        Pair::read(&self.files.certificate, &self.files.key)
    }

    /// A line about what clients will not like. Of certificates that the server gets itself there is none: it gets the next one in time.
    pub fn complain(&self, pair: &Pair, now: UnixMs) {
        if let Some(complaint) = pair.complaint(now) {
            tracing::warn!("http.certificate {complaint}");
        }
    }

    fn stamps(&self) -> [Stamp; 2] {
        [stamp(&self.files.certificate), stamp(&self.files.key)]
    }
}

fn stamp(path: &Path) -> Stamp {
    let metadata = std::fs::metadata(path).ok()?;
    Some((metadata.mtime(), metadata.mtime_nsec(), metadata.ino(), metadata.len()))
}

/// What `check-config` says of the certificate files.
pub fn certificate_findings(http: &HttpConfig, now: UnixMs) -> Vec<Finding> {
    let mut findings = Vec::new();
    if let Some(files) = &http.certificate {
        match Pair::read(&files.certificate, &files.key) {
            Ok(pair) => findings.extend(pair.complaint(now).map(|text| Finding::Warning(format!("http.certificate {text}")))),
            Err(error) => findings.push(Finding::Error(format!("http.certificate: {error}"))),
        }
    }
    if let Some(ca) = http.acme.as_ref().and_then(|acme| acme.ca.as_ref())
        && let Err(reason) = super::acme::read_ca(ca)
    {
        findings.push(Finding::Error(format!("http.acme_ca {}: {reason}", ca.display())));
    }
    findings
}

impl Pair {
    /// What clients will not like about it, now or soon.
    pub fn complaint(&self, now: UnixMs) -> Option<String> {
        let (from, until) = (self.validity.not_before, self.validity.not_after);
        if now < from {
            Some(format!("is valid only from {} on", print_instant(from)))
        } else if until <= now {
            Some(format!("ended on {}", print_instant(until)))
        } else {
            (until.saturating_sub(now) < ENDS_SOON).then(|| format!("ends on {}", print_instant(until)))
        }
    }
}

#[cfg(test)]
mod tests {
    use rcgen::{CertificateParams, KeyPair};

    use super::*;

    fn write(files: &CertificateFiles) -> String {
        let key = KeyPair::generate().expect("a key");
        let certificate = CertificateParams::new(vec!["a.example".to_owned()]).expect("a name").self_signed(&key).expect("signed");
        std::fs::write(&files.certificate, certificate.pem()).expect("writable");
        std::fs::write(&files.key, key.serialize_pem()).expect("writable");
        Pair::read(&files.certificate, &files.key).expect("a pair").fingerprint()
    }

    #[test]
    fn changed_files_are_read_again_and_broken_ones_are_an_error_once() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let files = CertificateFiles { certificate: folder.path().join("c.pem"), key: folder.path().join("k.pem") };
        assert!(matches!(OwnFiles::open(&files), Err(PairError::File { .. })));
        let first = write(&files);
        let (mut own, pair) = OwnFiles::open(&files).expect("a pair");
        assert_eq!(pair.fingerprint(), first);
        assert!(own.look().is_none(), "nothing changed");
        let second = write(&files);
        assert_ne!(first, second);
        assert_eq!(own.look().expect("changed").expect("a pair").fingerprint(), second);
        assert!(own.look().is_none());
        // The certificate is exchanged before its key.
        let key = std::fs::read(&files.key).expect("there");
        write(&files);
        let new_key = std::fs::read(&files.key).expect("there");
        std::fs::write(&files.key, key).expect("writable");
        assert!(matches!(own.look(), Some(Err(PairError::Mismatch { .. }))));
        assert!(own.look().is_none(), "said once");
        std::fs::write(&files.key, new_key).expect("writable");
        assert!(own.look().is_some_and(|read| read.is_ok()));
        std::fs::remove_file(&files.key).expect("there");
        assert!(matches!(own.look(), Some(Err(PairError::File { .. }))));
    }

    #[test]
    fn a_certificate_that_ends_is_complained_about() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let files = CertificateFiles { certificate: folder.path().join("c.pem"), key: folder.path().join("k.pem") };
        write(&files);
        let mut pair = Pair::read(&files.certificate, &files.key).expect("a pair");
        (pair.validity.not_before, pair.validity.not_after) = (100 * DAY_MS, 200 * DAY_MS);
        for (day, wanted) in
            [(99, Some("is valid only from ")), (100, None), (185, None), (187, Some("ends on ")), (200, Some("ended on "))]
        {
            let said = pair.complaint(day * DAY_MS);
            assert_eq!(said.is_some(), wanted.is_some(), "day {day}: {said:?}");
            assert!(said.unwrap_or_default().starts_with(wanted.unwrap_or_default()));
        }
    }
}
