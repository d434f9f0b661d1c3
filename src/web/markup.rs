//! A part of a page that a template of its own has made: the one text that goes into a page as it is.

use std::fmt;

use askama::Template;

use super::{Problem, page::rendered};

/// See the head of the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Markup(String);

impl Markup {
    /// What a template makes, values escaped as everywhere.
    pub fn of(template: &impl Template) -> Result<Markup, Problem> {
        rendered(template).map(Markup)
    }
}

impl fmt::Display for Markup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl askama::filters::HtmlSafe for Markup {}
