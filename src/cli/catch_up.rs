//! Everything acknowledged before a command is in the store when the command reads it: waits for a running server's applier, or applies the journal itself.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::{Duration, Instant};

use super::dictionary::load_dictionary;
use super::{Context, Failure};
use crate::aaa::directory::{Directory, LoadError, Loader};
use crate::aaa::metering::DirectorySink;
use crate::journal::{FolderLock, JournalOptions, LockError, folder_lock, last_seq};
use crate::sessions::find_position;
use crate::sessions::{Applier, ApplyError, JournalHome};

/// How long a server's applier may make no progress before the command gives up.
const PATIENCE: Duration = Duration::from_secs(30);
const POLL: Duration = Duration::from_millis(20);

/// Returns when the store holds every accounting record that this data folder's journal held at the call. Exit code 4 if a running server does not get there.
pub async fn catch_up(ctx: &Context) -> Result<(), Failure> {
    let folder = &ctx.config.data.folder;
    let Some(home) = JournalHome::find(folder)? else { return Ok(()) };
    let disk = home.disk()?;
    let goal = last_seq(&*disk, Some(home.identity(ctx.identity.store_id))).map_err(|e| Failure::new(format!("the journal: {e}")))?;
    let mut seen = (0, Instant::now());
    loop {
        let position = find_position(&mut ctx.db.read().await?, home.journal_id).await?.unwrap_or(0);
        if position >= goal {
            return Ok(());
        }
        if !folder_lock::is_held(folder)? {
            match FolderLock::acquire(folder) {
                Ok(_lock) => return apply(ctx, &home).await.map(|_| ()),
                // A server has just started.
                Err(LockError::Held { .. }) => {}
                Err(error) => return Err(Failure::new(error.to_string())),
            }
        }
        if position > seen.0 {
            seen = (position, Instant::now());
        }
        if seen.1.elapsed() > PATIENCE {
            return Err(stuck(folder, position, goal));
        }
        tokio::time::sleep(POLL).await;
    }
}

fn stuck(folder: &Path, position: u64, goal: u64) -> Failure {
    Failure::unreachable(format!(
        "the server on {} does not bring its accounting into the store: record {position} of {goal} for {} seconds; its log says why",
        folder.display(),
        PATIENCE.as_secs()
    ))
}

/// Applies a journal of this store; the caller holds the lock of its data folder. Returns how many records that were.
pub async fn apply(ctx: &Context, home: &JournalHome) -> Result<u64, Failure> {
    let config = &ctx.config.journal;
    let options = JournalOptions {
        segment_bytes: u64::from(config.segment_mib) << 20,
        budget_bytes: u64::from(config.budget_gib) << 30,
        retain_secs: u64::from(config.retain_hours) * 3600,
        ..JournalOptions::default()
    };
    let (journal, _) = home
        .open::<()>(ctx.identity.store_id, options, Box::new(|acks| acks.clear()))
        .map_err(|e| Failure::new(format!("the journal: {e}")))?;
    // Whose a session without a token is, and which hours are free, is known to the directory only.
    let directory = load_directory(ctx).await?;
    let sink = Arc::new(DirectorySink::new(directory, None));
    let keep_from = Arc::new(AtomicU64::new(0));
    let mut applier = Applier::new(ctx.db.clone(), journal.clone(), home.journal_id, "command line", sink, keep_from);
    let result = applier.apply_all().await;
    journal.close();
    match result {
        Ok(applied) => Ok(applied),
        Err(ApplyError::Store(e)) => Err(e.into()),
        Err(ApplyError::Journal(e)) => Err(Failure::new(format!("the journal: {e}"))),
    }
}

/// The directory as the store is now.
pub async fn load_directory(ctx: &Context) -> Result<Arc<Directory>, Failure> {
    let dictionary = Arc::new(load_dictionary(ctx.config.radius.dictionaries.as_deref())?);
    let directory = Arc::new(Directory::empty());
    let loader = Loader { sealer: ctx.sealer.clone(), dictionary };
    match loader.load(&ctx.db, &directory).await {
        Ok(_) => Ok(directory),
        Err(LoadError::Store(e)) => Err(e.into()),
        Err(e) => Err(Failure::new(e.to_string())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::{Globals, context::with_context, migrate};
    use crate::journal::Journal;
    use crate::sessions::{NEWEST, Record, Update, list_newest_sessions};

    fn globals(folder: &Path) -> Globals {
        let config = folder.join("tollgate.toml");
        std::fs::write(&config, "[data]\nfolder = \"data\"\n").expect("writes");
        Globals { config: Some(config), tenant: None, json: false, verbose: 0, quiet: true }
    }

    /// Appends one Interim and waits until it is durable, as before an acknowledgement.
    fn acknowledge(journal: &Journal<()>, tenant_id: i64, key: u8) {
        let record = Record::Update(Update { tenant_id, session_key: [key; 16], opens: true, ..Update::sample() });
        let seq = journal.append(record.kind(), |payload| record.write(payload), None).expect("takes it");
        assert!(journal.wait_durable(seq, PATIENCE));
    }

    async fn count(ctx: &Context) -> Result<usize, Failure> {
        Ok(list_newest_sessions(&mut ctx.db.read().await?, &ctx.scope().await?, true, "BOB", &NEWEST, 10).await?.len())
    }

    fn open(ctx: &Context) -> (JournalHome, Arc<Journal<()>>) {
        let home = JournalHome::find_or_make(&ctx.config.data.folder, 5).expect("a journal's number");
        let journal = home.open(ctx.identity.store_id, JournalOptions::default(), Box::new(|_| {})).expect("a journal").0;
        (home, journal)
    }

    #[test]
    fn without_a_server_the_command_applies_the_journal_itself() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let globals = globals(folder.path());
        migrate::run(&globals, migrate::MigrateArgs {}).expect("a store");
        let told = with_context(&globals, async |ctx| {
            catch_up(ctx).await?;
            let tenant = ctx.tenant().await?.id.0;
            for key in 1..3 {
                let (_, journal) = open(ctx);
                acknowledge(&journal, tenant, key);
                journal.close();
                catch_up(ctx).await?;
                catch_up(ctx).await?;
                assert_eq!(count(ctx).await?, usize::from(key));
            }
            Ok(())
        });
        told.expect("caught up");
    }

    #[test]
    fn with_a_server_the_command_waits_for_its_applier() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let globals = globals(folder.path());
        migrate::run(&globals, migrate::MigrateArgs {}).expect("a store");
        let told = with_context(&globals, async |ctx| {
            let _lock = FolderLock::acquire(&ctx.config.data.folder).expect("free");
            let (home, journal) = open(ctx);
            acknowledge(&journal, ctx.tenant().await?.id.0, 1);
            let keep_from = Arc::new(AtomicU64::new(0));
            let applier =
                Applier::new(ctx.db.clone(), journal.clone(), home.journal_id, "server", Arc::new(crate::sessions::NoSink), keep_from);
            let (stop, stopped) = tokio::sync::watch::channel(false);
            let server = tokio::spawn(applier.run(stopped, Arc::default()));
            catch_up(ctx).await?;
            assert_eq!(count(ctx).await?, 1);
            drop(stop);
            server.await.map_err(|e| Failure::new(e.to_string()))
        });
        told.expect("caught up");
    }
}
