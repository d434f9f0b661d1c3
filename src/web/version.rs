//! Two people at one form. A form carries a digest of what it was made from in its hidden field `version`; if that is another by the time it is sent, nothing is
//! saved, and a page shows both values: what it is now, and what was sent (409). From there either can be kept.
//!
//! A handler compares ([`Version::is_in`]) and answers with [`conflict`]. What can change between that look and the use case's transaction, the use case itself
//! compares (`since` of its changes) and answers `AccountError::Outdated`, which becomes [`Problem::Conflict`](super::Problem::Conflict).

use std::fmt;

use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::form::TOKEN_FIELD;
use super::{Form, Problem, Shell, html_with};
use crate::units::hex;

/// The hidden field.
pub const VERSION_FIELD: &str = "version";
const OCTETS: usize = 12;

/// See the head of the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Version(String);

impl Version {
    /// Of what a form is made from, such as the row that it changes.
    pub fn of(made_from: &impl Serialize) -> Version {
        let text = serde_json::to_vec(made_from).expect("rows are plain data");
        Version(hex(&Sha256::digest(&text)[..OCTETS]))
    }

    /// Whether a form that was sent was made from the same.
    pub fn is_in(&self, form: &Form) -> bool {
        form.text(VERSION_FIELD) == self.0
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A field in which what is and what was sent differ, as people read them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// What the field is called.
    pub field: String,
    /// What it is now.
    pub now: String,
    /// What was sent.
    pub yours: String,
}

/// The fields in which two forms differ. `fields` are their names and the ids of their labels; a field with several values (boxes) shows those that the other lacks.
pub fn differences(shell: &Shell, fields: &[(&str, &str)], now: &Form, yours: &Form) -> Vec<Difference> {
    let only = |name: &str, a: &Form, b: &Form| -> String {
        let lacking: Vec<String> = a.all(name).filter(|value| !b.all(name).any(|other| other == *value)).map(str::to_owned).collect();
        lacking.join(", ")
    };
    let mut found = Vec::new();
    for (name, label) in fields {
        let difference = Difference { field: shell.t(label), now: only(name, now, yours), yours: only(name, yours, now) };
        if difference.now != difference.yours {
            found.push(difference);
        }
    }
    found
}

#[derive(Template)]
#[template(path = "panel/conflict.html")]
struct ConflictPage {
    shell: Shell,
    differences: Vec<Difference>,
    fields: Vec<(String, String)>,
    version: Version,
    action: String,
    back: String,
}

/// The page of a conflict. It sends `yours` once more, now made from `version`, to the address that it came to; `back` is where the present state is shown.
/// Secrets must not be among the fields.
pub fn conflict(shell: Shell, differences: Vec<Difference>, version: Version, yours: &Form, back: &str) -> Result<Response, Problem> {
    let fields = yours.without(&[TOKEN_FIELD, VERSION_FIELD]).pairs().map(|(n, v)| (n.to_owned(), v.to_owned())).collect();
    let (title, action) = (shell.t("conflict"), shell.here.clone());
    html_with(
        StatusCode::CONFLICT,
        &ConflictPage { shell: shell.titled(title), differences, fields, version, action, back: back.to_owned() },
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_made_from_something_else_is_told() {
        let version = Version::of(&("operator", 30));
        assert_eq!(version.to_string().len(), 2 * OCTETS);
        assert!(version.is_in(&Form::of(&[("version", &version.to_string())])));
        assert!(!Version::of(&("operator", 31)).is_in(&Form::of(&[("version", &version.to_string())])));
        assert!(!version.is_in(&Form::default()), "a form without one is outdated too");
    }
}
