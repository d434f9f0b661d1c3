//! Jobs in words: kinds, how far they are, how long they took, what needs attention.

use crate::jobs::{Attention, AttentionValue, Job, JobState};
use crate::units::JobId;
use crate::web::{Said, Shell};

/// The text of a word; the word itself where there is none.
fn in_words(shell: &Shell, stem: &str, word: &str) -> String {
    let id = format!("{stem}-{}", word.replace(['.', '_'], "-"));
    shell.language.find(&id, &[]).unwrap_or_else(|| word.to_owned())
}

/// What a kind is called.
pub fn kind(shell: &Shell, name: &str) -> String {
    in_words(shell, "job-kind", name)
}

/// The class of a state's mark; its shape says it too, and its word.
pub fn state_class(state: JobState) -> &'static str {
    match state {
        JobState::Queued => "off",
        JobState::Running => "pending",
        JobState::Done => "ok",
        JobState::Failed => "bad",
        JobState::Cancelled => "warn",
    }
}

/// `12 of 90`, as far as it is known.
pub fn progress(shell: &Shell, job: &Job) -> String {
    match job.total {
        Some(total) => progress_of(shell, &shell.number(job.done), &shell.number(total)),
        None if job.done > 0 => shell.number(job.done),
        None => String::new(),
    }
}

/// How much of how much.
pub fn progress_of(shell: &Shell, done: &str, total: &str) -> String {
    shell.language.text("job-progress-of", &[("done", Said::from(done)), ("total", Said::from(total))])
}

/// How long the last attempt took, or has taken so far.
pub fn took(shell: &Shell, job: &Job) -> String {
    job.duration_ms(shell.now).map(|ms| shell.span(ms / 1000)).unwrap_or_default()
}

/// Items of a list that are named; of longer ones the number is told.
const MOST_ITEMS: usize = 20;

/// A field of a result or of arguments.
pub struct Fact {
    /// What it is called.
    pub name: String,
    /// What it says.
    pub value: String,
}

/// The fields of a result: each with a text if there is one for it.
pub fn facts(shell: &Shell, value: &serde_json::Value) -> Vec<Fact> {
    let plain = |name: &str, value: &serde_json::Value| match value {
        serde_json::Value::String(text) => text.clone(),
        serde_json::Value::Number(number) if name == "octets" => shell.octets(number.as_i64().unwrap_or(0)),
        serde_json::Value::Number(number) if number.is_i64() => shell.number(number.as_i64().unwrap_or(0)),
        // what many customers are done: the deed, and its value if it has one
        serde_json::Value::Object(fields) if fields.contains_key("action") => {
            let word = |name: &str| fields.get(name).map(|value| value.as_str().map_or_else(|| value.to_string(), str::to_owned));
            let deed = in_words(shell, "bulk-do", &word("action").unwrap_or_default());
            [Some(deed), word("value")].into_iter().flatten().filter(|part| part != "null").collect::<Vec<_>>().join(": ")
        }
        // thousands of ids tell nobody anything
        serde_json::Value::Array(items) if items.len() > MOST_ITEMS || name == "ids" => shell.number(items.len() as i64),
        serde_json::Value::Array(items) => {
            items.iter().map(|item| item.as_str().map_or_else(|| item.to_string(), str::to_owned)).collect::<Vec<_>>().join(", ")
        }
        other => other.to_string(),
    };
    let fields = value.as_object().into_iter().flatten();
    let said = fields.filter(|(_, value)| value.as_str() != Some(""));
    said.map(|(name, value)| Fact { name: in_words(shell, "job-result", name), value: plain(name, value) }).collect()
}

/// Something that needs attention, as a line above the list.
pub struct Notice {
    /// What.
    pub text: String,
    /// Where it is mended.
    pub link: String,
    /// The failure that can be dismissed here.
    pub dismiss: Option<JobId>,
}

/// See [`Notice`].
pub fn notices(shell: &Shell, problems: Vec<Attention>) -> Vec<Notice> {
    let notice = |problem: Attention| {
        let said = |(name, value): &(&'static str, AttentionValue)| match value {
            AttentionValue::Instant(at) => (*name, Said::from(shell.when(at))),
            AttentionValue::Text(text) if *name == "kind" => (*name, Said::from(kind(shell, text))),
            AttentionValue::Text(text) => (*name, Said::from(text.clone())),
        };
        let values: Vec<_> = problem.values.iter().map(said).collect();
        Notice {
            text: shell.language.text(&format!("attention-{}", problem.code), &values),
            link: problem.link,
            dismiss: problem.job.filter(|_| problem.may_dismiss),
        }
    };
    problems.into_iter().map(notice).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::jobs::{Outcome, TERMS};
    use crate::web::Language;

    #[test]
    fn every_word_has_a_text() {
        let has = |id: String| assert!(Language::FIRST.find(&id, &[]).is_some(), "{id}");
        TERMS.iter().for_each(|terms| has(format!("job-kind-{}", terms.name.replace('.', "-"))));
        JobState::ALL.iter().for_each(|state| has(format!("job-state-{state}")));
        Outcome::ALL.iter().for_each(|outcome| has(format!("job-outcome-{outcome}")));
        ["backup-never", "backup-old", "job-late", "job-failed"].iter().for_each(|code| has(format!("attention-{code}")));
    }
}
