//! The form of one filter.

use super::ListState;
use super::chips::{Choices, choice_words};
use super::state::Editing;
use crate::lists::{Kind, Operator};
use crate::web::Shell;

/// See the head of the file.
#[derive(Debug, Clone)]
pub struct Editor {
    /// The field's word and text.
    pub field: &'static str,
    /// What it is called.
    pub label: String,
    /// In whose place the filter will be; empty for a new one.
    pub at: String,
    /// Word, text and whether it is chosen.
    pub operators: Vec<(&'static str, String, bool)>,
    /// Boxes: value, text, whether it is ticked.
    pub boxes: Vec<(String, String, bool)>,
    /// What can be proposed.
    pub proposals: Vec<String>,
    /// What is in the first and second line.
    pub values: [String; 2],
    /// Whether it is about instants: two lines, and what can be written.
    pub is_moment: bool,
    /// What is wrong.
    pub wrong: Option<String>,
    /// What else must be sent.
    pub hidden: Vec<(String, String)>,
    /// Closes it.
    pub close: String,
}

/// Names that are so few are boxes; more are proposals for a line.
const MOST_BOXES: usize = 40;

/// The open form, if one is. `names` are those that the field may have.
pub(super) fn editor(shell: &Shell, state: &ListState, names: &[String], choices: &Choices) -> Option<Editor> {
    let Editing { field, at, sent } = state.editing.as_ref()?;
    let present = at.map(|at| state.filter.conditions[at].as_form());
    let (operator, values, wrong) = match (sent, present) {
        (Some((operator, values, wrong)), _) => (*operator, values.clone(), Some(wrong.clone())),
        (None, Some((operator, values))) => (operator, values, None),
        (None, None) => (Operator::of(field)[0], Vec::new(), None),
    };
    let ticked = |value: &str| values.iter().any(|v| v == value);
    let boxes = match field.kind {
        Kind::Choice(words) => words.iter().map(|w| ((*w).to_owned(), choice_words(shell, field, w, choices), ticked(w))).collect(),
        Kind::YesNo => ["yes", "no"].iter().map(|w| ((*w).to_owned(), shell.t(w), ticked(w))).collect(),
        Kind::Name if !names.is_empty() && names.len() <= MOST_BOXES => {
            // what is chosen and not among them stays
            let others = values.iter().filter(|v| !names.contains(v)).cloned();
            names.iter().cloned().chain(others).map(|name| (name.clone(), name.clone(), ticked(&name))).collect()
        }
        _ => Vec::new(),
    };
    let words = |operator: Operator| match (field.kind, operator) {
        (Kind::Text, Operator::Is) => "holds",
        (Kind::Text, Operator::IsNot) => "holds-not",
        _ => operator.as_str(),
    };
    Some(Editor {
        field: field.name,
        label: shell.t2("field", field.name),
        at: at.map(|at| at.to_string()).unwrap_or_default(),
        operators: Operator::of(field).into_iter().map(|o| (o.as_str(), shell.t2("op", words(o)), o == operator)).collect(),
        proposals: if boxes.is_empty() { names.to_vec() } else { Vec::new() },
        boxes,
        is_moment: field.kind == Kind::Moment,
        values: match field.kind {
            Kind::Moment => [values.first().cloned().unwrap_or_default(), values.get(1).cloned().unwrap_or_default()],
            _ => [values.join(", "), String::new()],
        },
        wrong,
        hidden: state.hidden(),
        close: state.here(&[]),
    })
}
