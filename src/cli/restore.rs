//! `tollgate restore FILE`: a backup into an empty database and data folder.

use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::json;

use super::backup::{Progress, summary};
use super::context::{block_on, now, open_db, read_config};
use super::passphrase::PassphraseArgs;
use super::{Failure, Globals, output};
use crate::config::Config;
use crate::journal::FolderLock;
use crate::store::backup::{Archive, Contents, Copied, key_passphrase, restore_backup};
use crate::store::{Db, KeyFile, StoreUrl, create_private_folder};

/// What to read, and its passphrase.
#[derive(Debug, Args)]
pub struct RestoreArgs {
    /// File that `tollgate backup` wrote
    file: PathBuf,
    #[command(flatten)]
    passphrase: PassphraseArgs,
    /// Copy of the key file of the store that it was made of: opens nightly backups that have no passphrase
    #[arg(long, value_name = "FILE", conflicts_with = "passphrase_file")]
    key_file: Option<PathBuf>,
}

/// Runs it. The archive is read to its end before anything is made or changed.
pub fn run(globals: &Globals, args: RestoreArgs) -> Result<(), Failure> {
    let config = read_config(globals)?;
    check_data_folder(&config.data.folder)?;
    let passphrase = match &args.key_file {
        Some(path) => key_passphrase(&KeyFile::read(path)?),
        None => args.passphrase.read(false)?,
    };
    if !args.file.is_file() {
        return Err(Failure::new(format!("{}: no such file", args.file.display())));
    }
    let archive = Archive::open(&args.file, passphrase.as_bytes())?;
    let contents = archive.check()?;
    let copied = block_on(restore(globals, &config, &archive, &contents))?;
    if globals.json {
        let mut summary = summary(&copied, &archive.header.store_id, archive.header.taken_at);
        summary["file"] = json!(args.file);
        return output::json(&summary);
    }
    for table in &copied.left_out {
        output::note(globals, format!("warning: table {table} of the backup is none of this program's and was left out"));
    }
    output::line(format!("Restored {} rows of {} tables.", copied.rows, copied.tables.len()))
}

async fn restore(globals: &Globals, config: &Config, archive: &Archive, contents: &Contents) -> Result<Copied, Failure> {
    make_folders(config)?;
    let _lock = FolderLock::acquire(&config.data.folder).map_err(|e| Failure::config(e.to_string()))?;
    check_data_folder(&config.data.folder)?;
    let db: Db = open_db(config).await?;
    let mut progress = Progress::new(globals, "restored");
    let restored =
        restore_backup(&db, archive, contents, &config.data.key_file, now(), &mut |table, rows| progress.show(table, rows)).await;
    progress.end();
    db.close().await;
    Ok(restored?)
}

/// A journal or a snapshot belongs to the store that it was made with. (The key file is compared with the archive's own.)
fn check_data_folder(folder: &Path) -> Result<(), Failure> {
    let entries = match std::fs::read_dir(folder) {
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        entries => entries.map_err(|e| Failure::config(format!("data.folder {}: {e}", folder.display())))?,
    };
    for entry in entries {
        let entry = entry?;
        let (name, path) = (entry.file_name(), entry.path());
        let name = name.to_string_lossy();
        let empty_folder = || std::fs::read_dir(&path).is_ok_and(|mut entries| entries.next().is_none());
        if ["journal", "snapshot"].iter().any(|ours| name.starts_with(ours)) && !empty_folder() {
            let text = format!("the data folder is in use: it holds {name}; restore into an empty one ({})", folder.display());
            return Err(Failure::config(text));
        }
    }
    Ok(())
}

fn make_folders(config: &Config) -> Result<(), Failure> {
    let database = match &config.store.url {
        StoreUrl::Sqlite(path) => path.parent(),
        StoreUrl::Postgres(_) => None,
    };
    let folders = [Some(config.data.folder.as_path()), config.data.key_file.parent(), database];
    for folder in folders.into_iter().flatten() {
        create_private_folder(folder).map_err(|e| Failure::config(format!("the folder {} cannot be made: {e}", folder.display())))?;
    }
    Ok(())
}
