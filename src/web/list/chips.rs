//! Conditions in words.

use super::ListState;
use crate::lists::{Condition, Field, Kind, Moment, Operator, Test};
use crate::web::Shell;

/// What choices are called that people can call otherwise: field, choice, its name.
pub(super) type Choices = [(&'static str, String, String)];

/// What a choice is called.
pub(super) fn choice_words(shell: &Shell, field: &Field, choice: &str, choices: &Choices) -> String {
    let own = choices.iter().find(|(of, word, _)| *of == field.name && word == choice);
    own.map_or_else(|| shell.t(field.text_id(choice)), |(_, _, name)| name.clone())
}

/// A condition, as a link to its form and one that removes it.
#[derive(Debug, Clone)]
pub struct Chip {
    /// `Status is Active, Expired`.
    pub text: String,
    /// Opens its form.
    pub edit: String,
    /// Removes it.
    pub remove: String,
}

/// The chips of a list.
pub(super) fn chips(shell: &Shell, state: &ListState, choices: &Choices) -> Vec<Chip> {
    let chip = |(at, condition): (usize, &Condition)| Chip {
        text: in_words(shell, condition, choices),
        edit: state.here(&[("edit", &at.to_string())]),
        remove: state.with_filter(&state.filter.without(at)),
    };
    state.filter.conditions.iter().enumerate().map(chip).collect()
}

/// A condition in words.
pub(super) fn in_words(shell: &Shell, condition: &Condition, choices: &Choices) -> String {
    let field = shell.t2("field", condition.field.name);
    let (operator, values) = condition.as_form();
    // what a form does not offer is said by its own words
    let word = match &condition.test {
        Test::After(_) => "after",
        Test::Before(_) => "before",
        Test::Between(a, b) if a == b => "on",
        Test::Between(Moment::Away { count: ..0, .. }, Moment::Now) => "within-last",
        Test::OneOf(_) if condition.field.kind == Kind::Text => match operator {
            Operator::IsNot => "holds-not",
            _ => "holds",
        },
        _ => operator.as_str(),
    };
    let value = |value: &String| value_words(shell, condition, value, choices);
    let separator = if operator == Operator::Between && word != "on" { " – " } else { ", " };
    let values = if word == "on" { values[..1].to_vec() } else { values };
    let said = values.iter().map(value).collect::<Vec<_>>().join(separator);
    format!("{field} {} {said}", shell.t2("op", word)).trim_end().to_owned()
}

/// A value in words: choices and instants that are counted from now have texts.
fn value_words(shell: &Shell, condition: &Condition, value: &str, choices: &Choices) -> String {
    match condition.field.kind {
        Kind::Choice(_) => choice_words(shell, condition.field, value, choices),
        Kind::YesNo => shell.t(value),
        Kind::Moment => moment_words(shell, value),
        Kind::Name | Kind::Text | Kind::Exact => value.to_owned(),
    }
}

fn moment_words(shell: &Shell, value: &str) -> String {
    match value.parse::<Moment>() {
        Ok(Moment::Away { count, unit }) => {
            let id = if unit == 'd' { "moment-days" } else { "moment-hours" };
            shell.t_count(id, count.abs())
        }
        Ok(Moment::Now | Moment::Day(_)) => shell.t2("moment", value),
        _ => value.replace('T', " "),
    }
}
