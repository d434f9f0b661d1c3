//! The nightly backup: the whole store and its key file in one new file of a folder, read back whole before it gets its name; then the oldest beyond a number go.
//!
//! The file is sealed under a passphrase from a file, or, where none is named, under one that is derived from the store's key file: `tollgate restore --key-file` opens it.

mod folder;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::runtime::Handle;
use zeroize::Zeroizing;

use self::folder::BackupFolder;
use super::{JobContext, JobFailure, Kind, Place, Retry, Schedule, Terms};
use crate::accounts::capability::Capability;
use crate::store::backup::{Archive, BackupError, Copied, DerivationCost, NewFile, key_passphrase, write_backup};
use crate::store::{KeyFile, StoreIdentity, check_store_identity};
use crate::units::print_instant;

/// What is known of it.
pub const TERMS: Terms = Terms { name: "backup", place: Place::Server, needs: Capability::SettingsEdit, is_alone: true };

const TIMEOUT: Duration = Duration::from_secs(6 * 3600);
/// A full disk, a database that is away: a quarter of an hour may mend it.
const RETRY: Retry = Retry { attempts: 3, first_pause_ms: 5 * 60_000 };
/// Nobody has a longer passphrase; a wrong file is noticed.
const MOST_PASSPHRASE_OCTETS: usize = 4096;

/// What the configuration says.
#[derive(Debug, Clone)]
pub struct BackupOptions {
    /// Whether it is made every night.
    pub is_nightly: bool,
    /// Where files go; made if it is not there.
    pub folder: PathBuf,
    /// How many files are kept.
    pub keep: usize,
    /// At which hour of the server's clock.
    pub hour: u8,
    /// A file that holds the passphrase; without one it is derived from the key file.
    pub passphrase_file: Option<PathBuf>,
    /// The store's key file.
    pub key_file: PathBuf,
    /// What it costs to try a passphrase.
    pub cost: DerivationCost,
}

impl BackupOptions {
    /// For tests.
    #[cfg(test)]
    pub fn sample() -> BackupOptions {
        BackupOptions {
            is_nightly: true,
            folder: "backups".into(),
            keep: 2,
            hour: 3,
            passphrase_file: None,
            key_file: "key".into(),
            cost: DerivationCost { memory_kib: 8, passes: 1, lanes: 1 },
        }
    }
}

/// The kind.
pub fn kind(options: BackupOptions) -> Kind {
    let schedule = if options.is_nightly { Schedule::Daily { hour: options.hour } } else { Schedule::None };
    let options = Arc::new(options);
    let work = move |context: JobContext| {
        let options = options.clone();
        async move {
            // ciphers, digests and files for minutes: not on the threads that serve others
            let done = tokio::task::spawn_blocking(move || make(&options, &context)).await;
            done.map_err(|_| JobFailure::Again("writing the backup broke off; the server's log says why".into()))?
        }
    };
    Kind { schedule, retry: RETRY, timeout: TIMEOUT, ..Kind::new(&TERMS, work) }
}

/// Makes one; also what another kind does before it changes much.
pub(super) fn make(options: &BackupOptions, context: &JobContext) -> Result<Value, JobFailure> {
    let folder = BackupFolder::open(&options.folder).map_err(|e| at(&options.folder, &e))?;
    folder.remove_unfinished().map_err(|e| at(&options.folder, &e))?;
    let (passphrase, seal) = read_passphrase(options, &context.key)?;
    let began = context.now();
    let unfinished = folder.unfinished(began);
    let written = Handle::current().block_on(write(options, context, &unfinished, &passphrase));
    let checked = written.and_then(|(octets, copied)| {
        context.progress.step("reading it back");
        read_back(context, &unfinished, &passphrase, &copied)?;
        let file = folder.name_it(&unfinished, began).map_err(|e| at(&unfinished, &e))?;
        Ok((file, octets, copied))
    });
    let (file, octets, copied) = match checked {
        Ok(all) => all,
        Err(error) => {
            // what cannot be removed now goes with the next one
            std::fs::remove_file(&unfinished).unwrap_or_default();
            return Err(error);
        }
    };
    // only now, when there is a newer good one
    let removed = folder.remove_beyond(options.keep).map_err(|e| at(&options.folder, &e))?;
    Ok(json!({
        "file": file,
        "octets": octets,
        "tables": copied.tables.len(),
        "rows": copied.rows,
        "sha256": copied.sha256,
        "taken_at": print_instant(began),
        "sealed_by": seal,
        "removed": removed,
    }))
}

async fn write(options: &BackupOptions, context: &JobContext, path: &Path, passphrase: &[u8]) -> Result<(u64, Copied), JobFailure> {
    let (identity, key): (StoreIdentity, KeyFile) =
        check_store_identity(&context.db, &options.key_file).await.map_err(|e| failure(e.into()))?;
    let out = NewFile::create(path, true).map_err(|e| at(path, &e))?;
    let (mut before, mut table) = ((0, 0), String::new());
    let progress = &context.progress;
    let mut on_progress = |name: &str, rows: u64| {
        if name != table {
            (before, table) = ((before.0 + before.1, 0), name.to_owned());
            progress.step(name);
        }
        before.1 = rows;
        progress.done(i64::try_from(before.0 + before.1).unwrap_or(i64::MAX));
    };
    let sealed = (passphrase, options.cost);
    let (out, copied) = tokio::select! {
        written = write_backup(&context.db, (&identity, &key), sealed, out, context.now(), &mut on_progress) => written.map_err(failure)?,
        () = context.stop.wait() => return Err(JobFailure::Stopped),
    };
    let octets = out.finish().map_err(|e| at(path, &e))?;
    Ok((octets, copied))
}

/// Everything is read again from the disk: a backup that does not open is none.
fn read_back(context: &JobContext, path: &Path, passphrase: &[u8], copied: &Copied) -> Result<(), JobFailure> {
    let total = i64::try_from(copied.rows).unwrap_or(i64::MAX);
    context.progress.total(Some(total));
    let mut go_on = |rows: u64| {
        context.progress.done(i64::try_from(rows).unwrap_or(i64::MAX));
        !context.stop.is_set()
    };
    let archive = Archive::open(path, passphrase).map_err(failure)?;
    let contents = archive.check_while(&mut go_on).map_err(failure)?;
    context.progress.done(total);
    match contents.copied == *copied {
        true => Ok(()),
        false => Err(JobFailure::Again(format!("{}: what was read back is not what was written", path.display()))),
    }
}

/// The passphrase, and what people need to open the file: `passphrase` or `key`.
fn read_passphrase(options: &BackupOptions, key: &KeyFile) -> Result<(Zeroizing<Vec<u8>>, &'static str), JobFailure> {
    let Some(path) = &options.passphrase_file else { return Ok((Zeroizing::new(key_passphrase(key).into_bytes()), "key")) };
    let wrong = |why: &str| JobFailure::ForGood(format!("backup.passphrase_file {}: {why}", path.display()));
    let text = Zeroizing::new(std::fs::read(path).map_err(|e| wrong(&e.to_string()))?);
    // as `tollgate restore --passphrase-file` reads it: one line end is removed
    let line = text.strip_suffix(b"\n").unwrap_or(&text);
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    match line.len() {
        0 => Err(wrong("is empty")),
        1..=MOST_PASSPHRASE_OCTETS => Ok((Zeroizing::new(line.to_vec()), "passphrase")),
        _ => Err(wrong("is too long for a passphrase")),
    }
}

fn at(path: &Path, error: &std::io::Error) -> JobFailure {
    JobFailure::Again(format!("{}: {error}", path.display()))
}

fn failure(error: BackupError) -> JobFailure {
    match error {
        BackupError::Stopped => JobFailure::Stopped,
        BackupError::Key(_) | BackupError::Identity(_) | BackupError::Schema(_) | BackupError::ColumnType { .. } => {
            JobFailure::ForGood(error.to_string())
        }
        other => JobFailure::Again(other.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_passphrase_is_read_as_restore_reads_it() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let key = KeyFile::read_or_create(&folder.path().join("key")).expect("a key");
        let file = folder.path().join("passphrase");
        let options = BackupOptions { passphrase_file: Some(file.clone()), ..BackupOptions::sample() };
        assert!(matches!(read_passphrase(&options, &key), Err(JobFailure::ForGood(_))), "a missing file");
        for (text, wanted) in [("words\n", "words"), ("words\r\n", "words"), (" w ", " w ")] {
            std::fs::write(&file, text).expect("written");
            let (read, seal) = read_passphrase(&options, &key).expect("read");
            assert_eq!((&read[..], seal), (wanted.as_bytes(), "passphrase"));
        }
        std::fs::write(&file, "\n").expect("written");
        assert!(read_passphrase(&options, &key).is_err(), "an empty passphrase");
        let (derived, seal) = read_passphrase(&BackupOptions::sample(), &key).expect("derived");
        assert_eq!((derived.len(), seal), (64, "key"));
        let other = KeyFile::read_or_create(&folder.path().join("other")).expect("a key");
        assert_ne!(key_passphrase(&other).as_bytes(), &derived[..]);
    }
}
