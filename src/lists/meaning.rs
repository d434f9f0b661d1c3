//! What a filter means in SQL where each of its fields is a column, or a text around the values. Values are bound, never part of the text.

use jiff::tz::TimeZone;

use super::{Filter, Test};
use crate::store::Statement;
use crate::units::{UnixMs, lower_case};

/// What a field is in the statement that a filter is added to.
#[derive(Debug, Clone, Copy)]
pub enum Means {
    /// A column with one of the values, as they are written; without one it is empty.
    Word(&'static str),
    /// A column in lower case that holds one of the values; without one it is empty.
    Text(&'static str),
    /// A column with an instant in milliseconds.
    Instant(&'static str),
    /// What holds where the answer is yes.
    Sign(&'static str),
    /// What stands before and after the values, each of them made fit by a function.
    Among(&'static str, fn(&str) -> String, &'static str),
}

/// Adds the conditions of a filter, each begun with ` AND `. What else was written is looked for in the texts `words`, each of which is in lower case: every word in one of
/// them.
pub fn push_filter(
    to: &mut Statement,
    filter: &Filter,
    now: UnixMs,
    zone: &TimeZone,
    means: impl Fn(&str) -> Means,
    words: &[&'static str],
) {
    for condition in &filter.conditions {
        if let (Test::None, true, Means::Word(column) | Means::Text(column)) =
            (&condition.test, condition.negated, means(condition.field.name))
        {
            // in the words of an index of those that have one
            to.push(" AND ").push(column).push(" <> ''");
            continue;
        }
        // a condition that is meant as it stands is left bare, so that its index can be used
        to.push(if condition.negated { " AND NOT COALESCE((" } else { " AND (" });
        push_test(to, &condition.test, means(condition.field.name), now, zone);
        to.push(if condition.negated { "), FALSE)" } else { ")" });
    }
    for word in filter.words.split_whitespace().map(lower_case) {
        for (at, text) in words.iter().enumerate() {
            to.push(if at == 0 { " AND (" } else { " OR " });
            holds(to, text, &word);
        }
        to.push(")");
    }
}

fn push_test(to: &mut Statement, test: &Test, means: Means, now: UnixMs, zone: &TimeZone) {
    match (test, means) {
        (Test::OneOf(values), Means::Word(column)) => {
            to.push(column).push(" IN (").texts(values.iter().map(String::as_str)).push(")");
        }
        (Test::OneOf(values), Means::Text(column)) => {
            for (at, value) in values.iter().enumerate() {
                to.push(if at == 0 { "" } else { " OR " });
                holds(to, column, &lower_case(value));
            }
        }
        (Test::OneOf(values), Means::Sign(sign)) => {
            let is_yes = values.first().is_some_and(|value| value == "yes");
            to.push(if is_yes { "(" } else { "NOT (" }).push(sign).push(")");
        }
        (Test::OneOf(values), Means::Among(before, fit, after)) => {
            let fit: Vec<String> = values.iter().map(|value| fit(value)).collect();
            to.push(before).texts(fit.iter().map(String::as_str)).push(after);
        }
        (Test::None, Means::Word(column) | Means::Text(column)) => {
            to.push("COALESCE(").push(column).push(", '') = ''");
        }
        (Test::None, Means::Instant(column)) => {
            to.push(column).push(" IS NULL");
        }
        (test, Means::Instant(column)) => {
            let (from, until) = test.bounds(now, zone);
            to.push("TRUE");
            if let Some(from) = from {
                to.push(" AND ").push(column).push(" >= ").number(from);
            }
            if let Some(until) = until {
                to.push(" AND ").push(column).push(" < ").number(until);
            }
        }
        // a field's kind allows nothing else
        (_, _) => {
            to.push("FALSE");
        }
    }
}

/// Adds that a column, in lower case, holds a text that is so too.
pub fn holds(to: &mut Statement, column: &'static str, text: &str) {
    to.push(column).push(" LIKE ").text(format!("%{}%", escaped(text))).push(" ESCAPE '\\'");
}

/// For LIKE with a backslash before what is meant as it stands.
pub fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_")
}
