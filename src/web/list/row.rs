//! A line of a list.

use crate::web::Markup;

/// A value in a line.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Cell {
    /// What it says.
    pub text: String,
    /// More of it, such as an exact instant.
    pub title: String,
    /// Classes of its text: `state ok`, `mono`, `muted`.
    pub class: &'static str,
    /// Whether it is written from left to right in every language: addresses, phones, codes.
    pub is_ltr: bool,
    /// Where it leads; empty for nowhere.
    pub link: String,
    /// What else is said after it, muted.
    pub note: String,
    /// What is shown after these, made by a template of its own.
    pub markup: Option<Markup>,
    /// Whether it is long and takes more than one line.
    pub wraps: bool,
}

impl Cell {
    /// Plain text.
    pub fn text(text: impl Into<String>) -> Cell {
        Cell { text: text.into(), ..Cell::default() }
    }

    /// A code, a phone, an address.
    pub fn code(text: impl Into<String>) -> Cell {
        Cell { text: text.into(), class: "mono", is_ltr: true, ..Cell::default() }
    }

    /// An instant; empty if there is none.
    pub fn instant(text: impl Into<String>, title: impl Into<String>) -> Cell {
        Cell { text: text.into(), title: title.into(), class: "mono", ..Cell::default() }
    }

    /// A state, by shape and word: `ok`, `warn`, `bad`, `off`, `pending`.
    pub fn state(mark: &str, text: impl Into<String>) -> Cell {
        let class = match mark {
            "ok" => "state ok",
            "warn" => "state warn",
            "bad" => "state bad",
            "pending" => "state pending",
            _ => "state off",
        };
        Cell { text: text.into(), class, ..Cell::default() }
    }

    /// What leads somewhere.
    pub fn link(text: impl Into<String>, link: impl Into<String>) -> Cell {
        Cell { text: text.into(), link: link.into(), ..Cell::default() }
    }

    /// What a template of its own makes.
    pub fn markup(markup: Markup) -> Cell {
        Cell { markup: Some(markup), wraps: true, ..Cell::default() }
    }

    /// What may be long.
    pub fn long(text: impl Into<String>) -> Cell {
        Cell { text: text.into(), wraps: true, ..Cell::default() }
    }

    /// With something said after it, muted.
    #[must_use]
    pub fn noted(self, note: impl Into<String>) -> Cell {
        Cell { note: note.into(), ..self }
    }

    /// With more of it.
    #[must_use]
    pub fn titled(self, title: impl Into<String>) -> Cell {
        Cell { title: title.into(), ..self }
    }
}

/// See the head of the file: where the row's own page is, its id for what is done to several, and a cell for each shown column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Its id.
    pub id: i64,
    /// Its own page; empty if it has none.
    pub link: String,
    /// The class of its head, such as one that moves it to the right.
    pub class: &'static str,
    /// One for each shown column.
    pub cells: Vec<Cell>,
}
