//! The list engine: one page for every table of the panel. A surface gives a [`List`] (fields, columns, orders, views) and the rows of a page as [`Row`]s; filters as
//! chips, the raw text of the filter, kept views, columns, order, pages by key, rows per page and the link to the same as CSV are the same everywhere.
//!
//! The address is the state: `q` (the filter's text, see `crate::lists`), `sort` (a column, with `-` before it for the other direction), `cols`, `after` or `before` (the
//! key of a page). `edit` opens the form of a filter; what that form sends (`field`, `op`, `v`) is made into `q` by a redirect, so it works without scripts.

mod chips;
mod counts;
mod editor;
mod page;
mod row;
mod state;
#[cfg(test)]
mod tests;

use super::Guard;
use crate::lists::Field;

pub use crate::lists::COUNT_CAP;
pub use counts::Counts;
pub use page::{BulkAction, ListPage, Parts};
pub use row::{Cell, Row};
pub use state::ListState;

/// A column of a list.
#[derive(Debug, Clone, Copy)]
pub struct Column {
    /// Its word in the address; its text is `column-NAME`.
    pub name: &'static str,
    /// The order that it stands for.
    pub sort: Option<&'static str>,
    /// Whether its values are numbers, which end at one line.
    pub is_number: bool,
    /// Whether it is shown unless others are chosen.
    pub is_shown: bool,
}

impl Column {
    /// A column that is shown unless others are chosen.
    pub const fn shown(name: &'static str) -> Column {
        Column { name, sort: None, is_number: false, is_shown: true }
    }

    /// One that is not.
    pub const fn further(name: &'static str) -> Column {
        Column { is_shown: false, ..Column::shown(name) }
    }

    /// By which the list can be sorted.
    pub const fn sorted(self, order: &'static str) -> Column {
        Column { sort: Some(order), ..self }
    }
}

/// A view that the program has: the id of its text and the query of its address.
pub type BuiltIn = (&'static str, &'static str);

/// What a list is.
#[derive(Debug, Clone, Copy)]
pub struct List {
    /// Its word: the list of kept views, the stem of its texts.
    pub name: &'static str,
    /// Its address.
    pub path: &'static str,
    /// The address of the same as CSV, and for whom that is.
    pub csv: Option<(&'static str, Guard)>,
    /// What can be filtered by.
    pub fields: &'static [Field],
    /// Its columns; the first is always shown and leads to the row's own page.
    pub columns: &'static [Column],
    /// The order unless another is chosen.
    pub order: &'static str,
    /// Whether in that order the last comes first.
    pub descends: bool,
    /// The filter unless another is chosen.
    pub filter: &'static str,
    /// Views that everyone has.
    pub views: &'static [BuiltIn],
}
