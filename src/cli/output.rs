//! What commands print: calm tables for people, JSON for programs.

use std::io::{ErrorKind, Write};
use std::sync::atomic::{AtomicBool, Ordering};

use serde::Serialize;

use super::Failure;

static READER_GONE: AtomicBool = AtomicBool::new(false);

/// Writes to standard output; a reader that went away (`| head`) ends the output, not the command.
fn write(text: &str) -> Result<(), Failure> {
    let mut out = std::io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(e) if e.kind() == ErrorKind::BrokenPipe => {
            READER_GONE.store(true, Ordering::Relaxed);
            Ok(())
        }
        other => Ok(other?),
    }
}

/// Whether whoever read standard output has gone: a command without end may end.
pub fn is_reader_gone() -> bool {
    READER_GONE.load(Ordering::Relaxed)
}

/// One line.
pub fn line(text: impl std::fmt::Display) -> Result<(), Failure> {
    write(&format!("{text}\n"))
}

/// Text as it is.
pub fn raw(text: &str) -> Result<(), Failure> {
    write(text)
}

/// A value as indented JSON.
pub fn json(value: &impl Serialize) -> Result<(), Failure> {
    line(serde_json::to_string_pretty(value).map_err(|e| Failure::new(e.to_string()))?)
}

/// A note on standard error, unless `--quiet`.
pub fn note(globals: &super::Globals, text: impl std::fmt::Display) {
    if !globals.quiet {
        // a note that cannot be written is not worth failing for
        let _ = writeln!(std::io::stderr(), "{text}");
    }
}

/// Rows under headings, columns aligned; columns of numbers to the right.
pub struct Table {
    headings: Vec<&'static str>,
    rows: Vec<Vec<String>>,
}

impl Table {
    /// An empty table.
    pub fn new(headings: &[&'static str]) -> Table {
        Table { headings: headings.to_vec(), rows: Vec::new() }
    }

    /// Adds a row with as many cells as there are headings.
    pub fn row(&mut self, cells: Vec<String>) {
        debug_assert_eq!(cells.len(), self.headings.len());
        self.rows.push(cells);
    }

    /// The aligned text; `none` if there is no row.
    pub fn to_text(&self, none: &str) -> String {
        if self.rows.is_empty() {
            return format!("{none}\n");
        }
        let width = |column: usize| {
            let cells = self.rows.iter().map(|r| r[column].chars().count());
            cells.chain([self.headings[column].chars().count()]).max().unwrap_or(0)
        };
        let widths: Vec<usize> = (0..self.headings.len()).map(width).collect();
        let numeric = |column: usize| self.rows.iter().all(|r| r[column].bytes().all(|b| b.is_ascii_digit() || b == b'-'));
        let right: Vec<bool> = (0..self.headings.len()).map(numeric).collect();
        let mut text = String::new();
        let headings: Vec<String> = self.headings.iter().map(|h| (*h).to_owned()).collect();
        for row in std::iter::once(&headings).chain(&self.rows) {
            let mut out = String::new();
            for ((cell, width), right) in row.iter().zip(&widths).zip(&right) {
                let pad = " ".repeat(width - cell.chars().count());
                // control characters of foreign origin must not reach the terminal
                let cell: String = cell.chars().map(|c| if c.is_control() { '?' } else { c }).collect();
                out.push_str(&if *right { format!("{pad}{cell}  ") } else { format!("{cell}{pad}  ") });
            }
            text.push_str(out.trim_end());
            text.push('\n');
        }
        text
    }

    /// Prints it.
    pub fn print(&self, none: &str) -> Result<(), Failure> {
        raw(&self.to_text(none))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_aligned_and_numbers_stand_right() {
        let mut table = Table::new(&["name", "n", "note"]);
        table.row(vec!["é".into(), "5".into(), "x\u{1b}y".into()]);
        table.row(vec!["longer".into(), "120".into(), String::new()]);
        assert_eq!(table.to_text("none"), "name      n  note\né         5  x?y\nlonger  120\n");
        assert_eq!(Table::new(&["a"]).to_text("no routers"), "no routers\n");
    }
}
