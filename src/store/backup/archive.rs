//! An archive file under its passphrase: proven as a whole before anything is done with it.

use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use super::chunks::ChunkReader;
use super::header::{ArchiveKey, Header};
use super::record::{ColumnKind, Record, RecordReader, Table, TableDigest, TotalDigest, Value, encode_value};
use super::{BackupError, Copied};

/// An archive whose passphrase was right.
pub struct Archive {
    path: PathBuf,
    /// Its plain beginning, proven.
    pub header: Header,
    octets: Vec<u8>,
    key: ArchiveKey,
}

/// What a whole archive was found to hold.
pub struct Contents {
    /// The key file's octets.
    pub key: Zeroizing<[u8; 32]>,
    /// Tables and rows.
    pub copied: Copied,
}

impl Archive {
    /// Reads the header and checks the passphrase.
    pub fn open(path: &Path, passphrase: &[u8]) -> Result<Archive, BackupError> {
        let mut file = BufReader::new(File::open(path)?);
        let (header, octets) = Header::read(&mut file)?;
        let key = header.derive_key(passphrase)?;
        Header::prove(&octets, &key)?;
        Ok(Archive { path: path.to_owned(), header, octets, key })
    }

    /// Reads everything: every chunk opens, none is missing, rows fit their columns, counts and digests agree.
    pub fn check(&self) -> Result<Contents, BackupError> {
        self.check_while(&mut |_| true)
    }

    /// The same as long as `go_on` says so, which is asked now and then with the number of rows that were read.
    pub fn check_while(&self, go_on: &mut dyn FnMut(u64) -> bool) -> Result<Contents, BackupError> {
        let (mut records, mut read) = (self.records()?, 0u64);
        let (mut key, mut open): (_, Option<(Table, TableDigest)>) = (None, None);
        let (mut total, mut counts, mut encoded) = (TotalDigest::default(), Vec::new(), Vec::new());
        loop {
            match (records.next()?, open.take()) {
                (Record::Key(octets), None) if key.is_none() && total.tables == 0 => key = Some(octets),
                (Record::Table(table), None) => open = Some((table, TableDigest::default())),
                (Record::Row(row), Some((table, mut digest))) => {
                    if !row.iter().zip(&table.columns).all(|(value, (_, kind))| fits(value, *kind)) {
                        return Err(records.damaged(format!("a row of table {} does not fit its columns", table.name)));
                    }
                    read += 1;
                    if read.is_multiple_of(4096) && !go_on(read) {
                        return Err(BackupError::Stopped);
                    }
                    encoded.clear();
                    row.iter().for_each(|value| encode_value(value, &mut encoded));
                    digest.add(&encoded);
                    open = Some((table, digest));
                }
                (Record::TableEnd(said), Some((table, digest))) if said == digest => {
                    total.add(&table, &digest);
                    counts.push((table.name, digest.rows));
                }
                (Record::End { tables, rows, sha256 }, None) => {
                    if (tables, rows, sha256) != (total.tables, total.rows, total.sha256()) {
                        return Err(records.damaged("the totals are not those of the rows"));
                    }
                    let key = key.ok_or_else(|| records.damaged("the key file is missing"))?;
                    return Ok(Contents { key, copied: Copied::of(&total, counts) });
                }
                _ => return Err(records.damaged("the contents are not in order")),
            }
        }
    }

    /// The records, from the first.
    pub(super) fn records(&self) -> Result<RecordReader<BufReader<File>>, BackupError> {
        let mut file = BufReader::with_capacity(256 << 10, File::open(&self.path)?);
        let (_, octets) = Header::read(&mut file)?;
        if octets != self.octets {
            return Err(BackupError::Damaged { octet: 0, what: "the file changed while it was read".into() });
        }
        Ok(RecordReader::new(ChunkReader::new(file, self.key.clone(), octets)))
    }
}

fn fits(value: &Value, kind: ColumnKind) -> bool {
    match value {
        Value::Null => true,
        Value::Integer(_) => kind == ColumnKind::Integer,
        Value::Text(_) => kind == ColumnKind::Text,
        Value::Bytes(_) => kind == ColumnKind::Bytes,
        Value::Boolean(_) => kind == ColumnKind::Boolean,
        Value::Float(_) => kind == ColumnKind::Float,
    }
}
