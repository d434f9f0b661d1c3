//! Lists as CSV files, however long: read and sent in batches, so a file takes the memory of a few of them and no connection to the database is held while a slow
//! reader is waited for. With every batch the sign-in is looked at again: who may not come to the page any more gets no more lines.

use std::time::Duration;

use axum::response::Response;
use tokio::sync::mpsc;

use super::{CutOff, Guard, Problem, Signed, attachment_in_pieces};

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
        let piece = lines.map(|lines| as_csv(head.take(), &lines));
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

fn as_csv(head: Option<Vec<&'static str>>, lines: &[Vec<String>]) -> String {
    let mut csv = csv::Writer::from_writer(Vec::new());
    let mut put = |line: Vec<&str>| csv.write_record(&line).expect("memory takes it, and all rows have the same length");
    head.into_iter().for_each(&mut put);
    lines.iter().for_each(|line| put(line.iter().map(String::as_str).collect()));
    String::from_utf8(csv.into_inner().expect("memory takes it")).expect("made of texts")
}

/// A text that people chose. A spreadsheet would run one that begins like a formula, so that gets an apostrophe before it.
pub fn csv_text(text: &str) -> String {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{text}") } else { text.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_quoted_and_no_formula_runs() {
        let text = as_csv(Some(vec!["name", "note"]), &[vec![csv_text("=cmd(\"x\")"), csv_text("a,b")]]);
        assert_eq!(text, "name,note\n\"'=cmd(\"\"x\"\")\",\"a,b\"\n");
        assert_eq!(as_csv(None, &[]), "");
        assert_eq!((csv_text("+880"), csv_text("plain")), ("'+880".to_owned(), "plain".to_owned()));
    }
}
