//! `tollgate journal apply FOLDER`: brings the accounting that a dead node left in its data folder into the store.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::catch_up::apply;
use super::context::with_context;
use super::{Failure, Globals, output};
use crate::journal::FolderLock;
use crate::sessions::JournalHome;

/// Which action.
#[derive(Debug, Args)]
pub struct JournalArgs {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Apply what a node that no longer runs has acknowledged and not brought into the store; may be repeated
    Apply {
        /// Its data folder, or a copy of it: holds journal.id and journal
        #[arg(value_name = "FOLDER")]
        folder: PathBuf,
    },
}

/// Runs it.
pub fn run(globals: &Globals, args: JournalArgs) -> Result<(), Failure> {
    let Action::Apply { folder } = args.action;
    with_context(globals, async |ctx| {
        let Some(home) = JournalHome::find(&folder)? else {
            return Err(Failure::config(format!("{} holds no journal: there is no file journal.id", folder.display())));
        };
        let _lock = FolderLock::acquire(&folder).map_err(|e| Failure::new(e.to_string()))?;
        let applied = apply(ctx, &home).await?;
        if globals.json {
            return output::json(&serde_json::json!({ "journal_id": home.journal_id.to_string(), "applied": applied }));
        }
        output::line(format!("{applied} records of journal {} were applied.", home.journal_id))
    })
}
