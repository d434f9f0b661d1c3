//! Importing customers from a file that was sent to the panel: the kind `customers.import`. First a backup, then lots of rows, each in one transaction with what became of
//! them; a job that is begun again goes on behind the last row that is told of.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::ask::ask_job_in;
use super::backup::{self, BackupOptions};
use super::customers_bulk::{counted, tenant};
use super::{JobContext, JobError, JobFailure, JobRow, Kind, Outcome, Place, Terms};
use crate::accounts::Scope;
use crate::accounts::capability::Capability;
use crate::customers::check_reply_syntax;
use crate::customers::import::{Added, BadRow, ImportError, StoredImport, find_import, give_import_in, plan_import, read_import};
use crate::store::{Db, IdMaker};
use crate::units::{JobId, UnixMs};

/// Rows of one transaction: short, so that logins' own writes need not wait.
const LOT: usize = 200;

/// The kind.
pub const IMPORT: Terms = Terms { name: "customers.import", place: Place::Tenant, needs: Capability::BulkOperations, is_alone: false };

/// What a job of this kind is to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportArguments {
    /// Which file.
    pub import: String,
    /// What it was called.
    pub file: String,
}

/// Asks for the import of a file that was sent; `None` if somebody was quicker: a file is imported once.
pub async fn ask_import(db: &Db, ids: &IdMaker, scope: &Scope, import: &StoredImport, now: UnixMs) -> Result<Option<JobId>, JobError> {
    let arguments = json!(ImportArguments { import: import.id.to_string(), file: import.file_name.clone() });
    let mut tx = db.begin().await?;
    let job = ask_job_in(&mut tx, db.actor(), ids, scope, &IMPORT, &arguments, now).await?.id();
    if !give_import_in(&mut tx, scope, import.id, job).await? {
        return Ok(None);
    }
    tx.commit(now).await?;
    Ok(Some(job))
}

impl From<ImportError> for JobFailure {
    fn from(error: ImportError) -> JobFailure {
        match error {
            ImportError::Customer(e) => e.into(),
            other => JobFailure::ForGood(other.to_string()),
        }
    }
}

/// The kind, with what a backup takes.
pub fn kind(backups: BackupOptions) -> Kind {
    let backups = Arc::new(backups);
    Kind::new(&IMPORT, move |context| import(context, backups.clone()))
}

async fn import(context: JobContext, backups: Arc<BackupOptions>) -> Result<Value, JobFailure> {
    let wrong = |e: &dyn std::fmt::Display| JobFailure::ForGood(format!("what it is to do does not read: {e}"));
    let arguments: ImportArguments = serde_json::from_value(context.arguments.clone()).map_err(|e| wrong(&e))?;
    let id: i64 = arguments.import.parse().map_err(|e| wrong(&e))?;
    let done = u64::try_from(context.last_row().await?).unwrap_or(0);
    let backup = if done == 0 { Some(back_up(&context, &backups).await?) } else { None };
    context.progress.step("reading the file");
    let scope = context.scope().await?;
    let tenant = tenant(&context, &scope).await?;
    let mut conn = context.db.read().await?;
    let gone = || JobFailure::ForGood("the file is gone: send it again".into());
    let stored = find_import(&mut conn, &scope, id).await?.ok_or_else(gone)?;
    let content = read_import(&mut conn, &context.sealer(), &scope, id).await?.ok_or_else(gone)?;
    let plan = plan_import(
        &mut conn,
        &scope,
        &context.ids,
        &tenant,
        stored.owner,
        &content[..],
        Some(&stored.layout),
        &check_reply_syntax,
        context.now(),
    );
    // a row's number is its line without the header's
    let mut plan = plan.await?.after_line(done + 1);
    drop(conn);
    context.progress.step("writing customers");
    let (good, bad) = (plan.good(), std::mem::take(&mut plan.bad));
    context.progress.total(Some((good + bad.len()) as i64));
    let mut bad = bad.into_iter().peekable();
    let mut told = 0;
    loop {
        context.stop.check()?;
        // whoever asked may have lost a permission meanwhile
        context.scope().await?.require(Capability::CustomersCreate)?;
        let now = context.now();
        let mut tx = context.db.begin().await?;
        let lot = plan.write_lot(&mut tx, &context.sealer(), context.id.0, LOT, now).await?;
        let last = lot.last().map_or(u64::MAX, |one| one.line);
        let mut rows: Vec<JobRow> = lot.iter().map(added_row).collect();
        while let Some(row) = bad.next_if(|row| row.line < last) {
            rows.push(bad_row(&row));
        }
        rows.sort_unstable_by_key(|row| row.number);
        context.add_rows_in(&mut tx, &rows).await?;
        tx.commit(now).await?;
        told += rows.len();
        context.progress.done(told as i64);
        if lot.is_empty() {
            break;
        }
    }
    let mut result = counted(&context).await?;
    // an attempt that goes on after another made none
    result["backup"] = json!(backup.unwrap_or_else(|| "made when the import began".to_owned()));
    Ok(result)
}

/// The whole store as it was before; the name of the file.
async fn back_up(context: &JobContext, backups: &Arc<BackupOptions>) -> Result<String, JobFailure> {
    context.progress.step("backing up first");
    let (backups, context) = (backups.clone(), context.clone());
    let made = tokio::task::spawn_blocking(move || backup::make(&backups, &context)).await;
    let made = made.map_err(|_| JobFailure::Again("writing the backup broke off; the server's log says why".into()))??;
    Ok(made["file"].as_str().unwrap_or_default().to_owned())
}

fn added_row(added: &Added) -> JobRow {
    let (number, object) = (added.line as i64 - 1, added.username.clone());
    JobRow { number, object_id: Some(added.id), object, outcome: Outcome::Ok, detail: String::new() }
}

fn bad_row(bad: &BadRow) -> JobRow {
    JobRow {
        number: bad.line as i64 - 1,
        object_id: None,
        object: bad.username.clone(),
        outcome: Outcome::Failed,
        detail: bad.reason.clone(),
    }
}
