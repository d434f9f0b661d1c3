//! The frame of a page about one thing: its name, its state, what is most worth knowing, tabs. The template `object.html` shows it; a tab's template fills its blocks.

use super::Shell;
use super::list::Cell;

/// A tab: what it says, where it leads.
#[derive(Debug, Clone)]
pub struct Tab {
    /// What it says.
    pub text: String,
    /// Its address.
    pub url: String,
    /// Whether it is the one at hand.
    pub is_current: bool,
}

/// See the head of the file.
#[derive(Debug, Clone)]
pub struct Object {
    /// Beside the name, such as a code.
    pub code: String,
    /// Class of the state's mark, and the state in words.
    pub state: (&'static str, String),
    /// What is most worth knowing: what it is called, and the value.
    pub facts: Vec<(String, Cell)>,
    /// The tabs.
    pub tabs: Vec<Tab>,
    /// A line in the colour of a state: class and text.
    pub banner: Option<(&'static str, String)>,
    /// The most usual thing to do: address and text.
    pub primary: Option<(String, String)>,
}

/// The tabs of an object: the ids of their texts and the ends of their addresses, of which the first is the object's own.
pub fn tabs(shell: &Shell, base: &str, all: &[(&str, &str)]) -> Vec<Tab> {
    let here = shell.here.split('?').next().unwrap_or_default();
    let tab = |(text, end): &(&str, &str)| {
        let url = if end.is_empty() { base.to_owned() } else { format!("{base}/{end}") };
        Tab { text: shell.t(text), is_current: here == url, url }
    };
    all.iter().map(tab).collect()
}
