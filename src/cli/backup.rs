//! `tollgate backup FILE`: the whole store and its key in one file under a passphrase, while others go on working.

use std::io::{IsTerminal, Write};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use clap::Args;
use serde_json::{Value, json};

use super::catch_up::catch_up;
use super::context::with_context;
use super::passphrase::PassphraseArgs;
use super::{Context, Failure, Globals, output};
use crate::store::backup::{BackupError, Copied, DerivationCost, NewFile, write_backup};
use crate::store::{check_store_identity, schema_version};
use crate::units::print_instant;

/// What to write, and under which passphrase.
#[derive(Debug, Args)]
pub struct BackupArgs {
    /// File to write
    file: PathBuf,
    #[command(flatten)]
    passphrase: PassphraseArgs,
    /// Write over an existing file
    #[arg(long)]
    force: bool,
}

/// Runs it.
pub fn run(globals: &Globals, args: BackupArgs) -> Result<(), Failure> {
    let out = NewFile::create(&args.file, args.force).map_err(|e| cannot_write(&args, &e))?;
    let passphrase = args.passphrase.read(true)?;
    with_context(globals, async |context| {
        catch_up(context).await?;
        let (octets, copied) = write(globals, context, &args, out, passphrase.as_bytes()).await?;
        if globals.json {
            let mut summary = summary(&copied, &context.identity.store_id, context.now);
            summary["file"] = json!(args.file);
            summary["octets"] = json!(octets);
            return output::json(&summary);
        }
        output::line(format!("{}: {} rows of {} tables, {octets} octets.", args.file.display(), copied.rows, copied.tables.len()))
    })
}

async fn write(globals: &Globals, context: &Context, args: &BackupArgs, out: NewFile, passphrase: &[u8]) -> Result<(u64, Copied), Failure> {
    let (identity, key) = check_store_identity(&context.db, &context.config.data.key_file).await?;
    let mut progress = Progress::new(globals, "saved");
    let (db, now) = (&context.db, context.now);
    let written = write_backup(db, (&identity, &key), (passphrase, DerivationCost::default()), out, now, &mut |table, rows| {
        progress.show(table, rows)
    })
    .await;
    progress.end();
    let (out, copied) = written?;
    let octets = out.finish().map_err(|e| cannot_write(args, &e))?;
    Ok((octets, copied))
}

fn cannot_write(args: &BackupArgs, error: &std::io::Error) -> Failure {
    let hint = if error.kind() == std::io::ErrorKind::AlreadyExists { "; --force writes over it" } else { "" };
    Failure::new(format!("{}: {error}{hint}", args.file.display()))
}

/// What `backup` and `restore` say of an archive.
pub(super) fn summary(copied: &Copied, store_id: &[u8; 16], taken_at: i64) -> Value {
    let tables: serde_json::Map<String, Value> = copied.tables.iter().map(|(name, rows)| (name.clone(), json!(rows))).collect();
    json!({
        "store_id": crate::units::hex(store_id),
        "taken_at": print_instant(taken_at),
        "schema_version": schema_version(),
        "rows": copied.rows,
        "sha256": copied.sha256,
        "tables": tables,
        "left_out": copied.left_out,
    })
}

/// A line on standard error that says how far it is, if that is a terminal.
pub(super) struct Progress {
    verb: &'static str,
    last: Option<Instant>,
    shown: bool,
}

impl Progress {
    const EVERY: Duration = Duration::from_millis(200);

    pub(super) fn new(globals: &Globals, verb: &'static str) -> Progress {
        Progress { verb, last: None, shown: !globals.quiet && std::io::stderr().is_terminal() }
    }

    pub(super) fn show(&mut self, table: &str, rows: u64) {
        if self.shown && self.last.is_none_or(|last| last.elapsed() >= Self::EVERY) {
            self.last = Some(Instant::now());
            self.print(&format!("{table}: {rows} rows {}", self.verb));
        }
    }

    pub(super) fn end(&self) {
        if self.last.is_some() {
            self.print("");
        }
    }

    fn print(&self, text: &str) {
        let mut err = std::io::stderr().lock();
        // what is said on the way is not worth failing for
        write!(err, "\r\x1b[K{text}").and_then(|()| err.flush()).unwrap_or_default();
    }
}

impl From<BackupError> for Failure {
    fn from(error: BackupError) -> Failure {
        match error {
            BackupError::Store(e) => e.into(),
            BackupError::Schema(e) => e.into(),
            BackupError::Identity(e) => e.into(),
            BackupError::Key(e) => e.into(),
            e @ (BackupError::SchemaVersion { .. } | BackupError::TargetInUse(_)) => Failure::config(e.to_string()),
            e => Failure::new(e.to_string()),
        }
    }
}
