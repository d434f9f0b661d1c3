//! The same done to many customers, and taken back: the kinds `customers.bulk` and `customers.undo`. Each lot is one transaction: what happened to its customers and the
//! job's rows about them are written together, so that a job which is begun again goes on where it was.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::sql;
use super::{JobContext, JobFailure, JobRow, Kind, Outcome, Place, Terms};
use crate::aaa::enforcement::ask_disconnect;
use crate::accounts::capability::Capability;
use crate::accounts::{Scope, Tenant, find_tenant_by_id};
use crate::customers::bulk::{BulkAction, BulkDone, apply_bulk, undo_bulk};
use crate::customers::{CustomerError, check_reply_syntax};
use crate::sessions::SessionError;

/// Customers of one transaction: short, so that logins' own writes need not wait.
const LOT: usize = 100;

/// Doing it.
pub const BULK: Terms = Terms { name: "customers.bulk", place: Place::Tenant, needs: Capability::BulkOperations, is_alone: false };
/// Taking it back.
pub const UNDO: Terms = Terms { name: "customers.undo", place: Place::Tenant, needs: Capability::BulkOperations, is_alone: false };

/// What a job of the kind `customers.bulk` is to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BulkArguments {
    /// What.
    pub what: BulkAction,
    /// Why, for the customers' timelines.
    pub reason: String,
    /// To whom.
    pub ids: Vec<i64>,
}

/// What a job of the kind `customers.undo` is to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UndoArguments {
    /// Which job's work is taken back.
    pub job: String,
}

/// Both kinds.
pub fn kinds() -> [Kind; 2] {
    [Kind::new(&BULK, bulk), Kind::new(&UNDO, undo)]
}

impl From<CustomerError> for JobFailure {
    fn from(error: CustomerError) -> JobFailure {
        match error {
            CustomerError::Store(e) => e.into(),
            other => JobFailure::ForGood(other.to_string()),
        }
    }
}

impl From<SessionError> for JobFailure {
    fn from(error: SessionError) -> JobFailure {
        match error {
            SessionError::Store(e) => e.into(),
            SessionError::Denied(denial) => denial.into(),
        }
    }
}

pub(super) async fn tenant(context: &JobContext, scope: &Scope) -> Result<Tenant, JobFailure> {
    let found = find_tenant_by_id(&mut context.db.read().await?, scope.tenant()).await?;
    found.ok_or_else(|| JobFailure::ForGood("its tenant is gone".into()))
}

/// A row about one customer. Rows are numbered from 1 in the order of the customers.
fn row(number: usize, done: &BulkDone) -> JobRow {
    let (outcome, detail) = match &done.outcome {
        Ok(None) => (Outcome::Ok, String::new()),
        Ok(Some(skip)) => (Outcome::Skipped, skip.to_string()),
        Err(why) => (Outcome::Failed, why.clone()),
    };
    JobRow { number: number as i64, object_id: Some(done.id), object: done.username.clone(), outcome, detail }
}

/// What the job came to, with what earlier attempts did.
pub(super) async fn counted(context: &JobContext) -> Result<Value, JobFailure> {
    let scope = context.scope().await?;
    let counts = sql::count_job_rows(&mut context.db.read().await?, &scope, context.id).await?;
    let of = |outcome: Outcome| counts.iter().find(|(found, _)| *found == outcome).map_or(0, |(_, count)| *count);
    Ok(json!({ "ok": of(Outcome::Ok), "skipped": of(Outcome::Skipped), "failed": of(Outcome::Failed) }))
}

/// After which customer an undo goes on, and behind which row: where an earlier attempt stopped.
async fn begun_at(context: &JobContext) -> Result<(i64, usize), JobFailure> {
    let number = context.last_row().await?;
    if number == 0 {
        return Ok((0, 0));
    }
    let scope = context.scope().await?;
    let rows = sql::list_job_rows(&mut context.db.read().await?, &scope, context.id, None, number - 1, 1).await?;
    Ok((rows.first().and_then(|row| row.object_id).unwrap_or(0), usize::try_from(number).unwrap_or(0)))
}

async fn bulk(context: JobContext) -> Result<Value, JobFailure> {
    let arguments: BulkArguments = serde_json::from_value(context.arguments.clone())
        .map_err(|e| JobFailure::ForGood(format!("what it is to do does not read: {e}")))?;
    let begun = usize::try_from(context.last_row().await?).unwrap_or(0);
    context.progress.total(Some(arguments.ids.len() as i64));
    for (at, ids) in arguments.ids.chunks(LOT).enumerate().skip(begun / LOT) {
        context.stop.check()?;
        // whoever asked may have lost a permission meanwhile
        let scope = context.scope().await?;
        let tenant = tenant(&context, &scope).await?;
        let mut tx = context.db.begin().await?;
        let done =
            apply_bulk(&mut tx, &scope, &tenant, &arguments.what, &arguments.reason, ids, context.id.0, &check_reply_syntax, context.now())
                .await?;
        let rows: Vec<JobRow> = done.iter().enumerate().map(|(n, done)| row(at * LOT + n + 1, done)).collect();
        context.add_rows_in(&mut tx, &rows).await?;
        tx.commit(context.now()).await?;
        if arguments.what == BulkAction::Disconnect {
            for one in done.iter().filter(|done| done.outcome == Ok(None)) {
                ask_disconnect(&context.db, &context.ids, &scope, &one.username, context.now()).await?;
            }
        }
        context.progress.done(((at + 1) * LOT).min(arguments.ids.len()) as i64);
    }
    counted(&context).await
}

async fn undo(context: JobContext) -> Result<Value, JobFailure> {
    let arguments: UndoArguments = serde_json::from_value(context.arguments.clone())
        .map_err(|e| JobFailure::ForGood(format!("what it is to do does not read: {e}")))?;
    let job = arguments.job.parse::<i64>().map_err(|_| JobFailure::ForGood("it names no job".into()))?;
    let (mut after, mut number) = begun_at(&context).await?;
    loop {
        context.stop.check()?;
        let scope = context.scope().await?;
        let tenant = tenant(&context, &scope).await?;
        let mut tx = context.db.begin().await?;
        let done = undo_bulk(&mut tx, &scope, &tenant, job, after, LOT as i64, context.now()).await?;
        let rows: Vec<JobRow> = done.iter().enumerate().map(|(n, done)| row(number + n + 1, done)).collect();
        context.add_rows_in(&mut tx, &rows).await?;
        tx.commit(context.now()).await?;
        number += rows.len();
        context.progress.done(number as i64);
        let Some(last) = done.last() else { break };
        after = last.id;
        if done.len() < LOT {
            break;
        }
    }
    counted(&context).await
}
