//! Lists as CSV files, however long: read and sent in batches, so a file takes the memory of a few of them and no connection to the database is held while a slow
//! reader is waited for. With every batch the sign-in is looked at again: who may not come to the page any more gets no more lines.

use std::time::Duration;

use axum::response::Response;
use tokio::sync::mpsc;

use super::{CutOff, Guard, Problem, Signed, attachment_in_pieces};
use crate::lists::as_csv;

/// Lines of a batch.
const BATCH: i64 = 500;
/// Batches that may wait for the reader.
const WAITING: usize = 2;
/// How long a reader may take for one batch.
const PATIENCE: Duration = Duration::from_secs(60);

/// Where lines come from.
pub trait CsvExport: Send + 'static {
    /// Names of the columns.
    fn head(&self) -> Vec<&'static str>;
    /// The next lines, for whoever it is by now; fewer than asked for are the last ones.
    fn batch(&mut self, who: &Signed, rows: i64) -> impl Future<Output = Result<Vec<Vec<String>>, Problem>> + Send;
}

/// Sends them as a file. The first batch is read before anything is answered, so that a store that is away is told as such.
pub async fn send_csv(who: Signed, guard: Guard, name: &str, mut export: impl CsvExport) -> Result<Response, Problem> {
    let first = export.batch(&who, BATCH).await?;
    let (sender, pieces) = mpsc::channel(WAITING);
    let file = name.to_owned();
    tokio::spawn(async move { write(who, guard, &file, export, first, sender).await });
    Ok(attachment_in_pieces(name, "text/csv; charset=utf-8", pieces))
}

async fn write(
    who: Signed,
    guard: Guard,
    file: &str,
    mut export: impl CsvExport,
    first: Vec<Vec<String>>,
    to: mpsc::Sender<Result<String, CutOff>>,
) {
    let (mut lines, mut head) = (Ok(first), Some(export.head()));
    loop {
        let is_last = lines.as_ref().map_or(true, |lines| (lines.len() as i64) < BATCH);
        if let Err(why) = &lines {
            tracing::warn!(account = %who.principal.account_name, "{why}");
        }
        let piece = lines.map(|lines| as_csv(head.take().as_deref(), &lines));
        // whoever reads has gone, or takes too long
        if !matches!(tokio::time::timeout(PATIENCE, to.send(piece)).await, Ok(Ok(()))) || is_last {
            return;
        }
        lines = next(&who, guard, &mut export).await.map_err(|p| CutOff(format!("the export {file} was cut off: {}", p.text_id())));
    }
}

async fn next(who: &Signed, guard: Guard, export: &mut impl CsvExport) -> Result<Vec<Vec<String>>, Problem> {
    let who = who.again(guard).await?;
    export.batch(&who, BATCH).await
}
