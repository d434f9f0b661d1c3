//! What was changed at its place, without a page of its own, and can be taken back for some minutes: the page that says it was done has a button that sends what stood there before,
//! to the same address and under the same checks.

use std::time::Duration;

use moka::sync::Cache;

use crate::units::AccountId;

/// Long enough to see that one was wrong.
const KEPT_FOR: Duration = Duration::from_secs(5 * 60);
const MOST: u64 = 10_000;

/// A form that puts back what was there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Undo {
    /// Where it is sent.
    pub action: String,
    /// What it sends, beside the form's token.
    pub fields: Vec<(&'static str, String)>,
}

/// See the head of the file: by whom, on which page, and which text says that it was done.
pub struct Undos(Cache<(AccountId, String, String), Undo>);

impl Default for Undos {
    fn default() -> Undos {
        Undos(Cache::builder().max_capacity(MOST).time_to_live(KEPT_FOR).build())
    }
}

impl Undos {
    /// Keeps it for the page `path?said=SAID` of the one who changed.
    pub fn put(&self, by: AccountId, path: &str, said: &str, undo: Undo) {
        self.0.insert((by, path.to_owned(), said.to_owned()), undo);
    }

    pub(super) fn get(&self, by: AccountId, path: &str, said: &str) -> Option<Undo> {
        self.0.get(&(by, path.to_owned(), said.to_owned()))
    }
}
