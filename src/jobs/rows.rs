//! What became of each object of a job: a row per object, for jobs about many.

use serde::Serialize;

use crate::lists::csv_text;
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

    /// Its fields in a CSV file, texts that people chose made harmless.
    pub fn fields(&self) -> [String; 5] {
        let id = self.object_id.map(|id| id.to_string()).unwrap_or_default();
        [self.number.to_string(), id, csv_text(&self.object), self.outcome.to_string(), csv_text(&self.detail)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lists::as_csv;

    #[test]
    fn rows_are_quoted_and_no_formula_runs() {
        let row = JobRow { number: 1, object_id: Some(7), object: "=x(\"y\")".into(), outcome: Outcome::Failed, detail: "a,b".into() };
        let text = as_csv(Some(&JobRow::HEAD), &[row.fields().to_vec()]);
        assert_eq!(text, "number,object_id,object,outcome,detail\n1,7,\"'=x(\"\"y\"\")\",failed,\"a,b\"\n");
    }
}
