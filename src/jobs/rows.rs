//! What became of each object of a job: a row per object, for jobs about many.

use serde::Serialize;

use crate::units::words;

/// What became of an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It was done.
    Ok,
    /// There was nothing to do.
    Skipped,
    /// It could not be done.
    Failed,
}
words!(Outcome, "an outcome", "ok" = Ok, "skipped" = Skipped, "failed" = Failed);

impl Outcome {
    /// All of them.
    pub const ALL: [Outcome; 3] = [Outcome::Ok, Outcome::Skipped, Outcome::Failed];
}

/// See the head of the file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct JobRow {
    /// Its number within the job, from 1, in the order in which the job takes its objects.
    pub number: i64,
    /// The object's id, where it has one.
    pub object_id: Option<i64>,
    /// Its name for people.
    pub object: String,
    /// What became of it.
    pub outcome: Outcome,
    /// Why, or what was done.
    pub detail: String,
}

impl JobRow {
    /// Names of its fields in a CSV file.
    pub const HEAD: [&'static str; 5] = ["number", "object_id", "object", "outcome", "detail"];

    /// Its fields in a CSV file; `text` makes those harmless that people chose.
    pub fn fields(&self, text: fn(&str) -> String) -> [String; 5] {
        let id = self.object_id.map(|id| id.to_string()).unwrap_or_default();
        [self.number.to_string(), id, text(&self.object), self.outcome.to_string(), text(&self.detail)]
    }
}

/// Rows as CSV, for whoever sends them in batches: the first one with the head.
pub fn rows_as_csv(rows: &[JobRow], with_head: bool) -> String {
    let mut csv = csv::Writer::from_writer(Vec::new());
    let head = with_head.then(|| JobRow::HEAD.map(str::to_owned));
    for row in head.into_iter().chain(rows.iter().map(|row| row.fields(text))) {
        csv.write_record(&row).expect("memory takes it, and all rows have the same length");
    }
    String::from_utf8(csv.into_inner().expect("memory takes it")).expect("made of texts")
}

/// A spreadsheet would run a text that begins like a formula, so that gets an apostrophe before it.
fn text(text: &str) -> String {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{text}") } else { text.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_quoted_and_no_formula_runs() {
        let row = JobRow { number: 1, object_id: Some(7), object: "=x(\"y\")".into(), outcome: Outcome::Failed, detail: "a,b".into() };
        let text = rows_as_csv(std::slice::from_ref(&row), true);
        assert_eq!(text, "number,object_id,object,outcome,detail\n1,7,\"'=x(\"\"y\"\")\",failed,\"a,b\"\n");
        assert_eq!(rows_as_csv(&[], false), "");
        assert!(!rows_as_csv(&[row], false).contains("number"));
    }
}
