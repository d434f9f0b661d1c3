//! Where a node's accounting journal lives in its data folder, and the number by which the store knows it.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::journal::{Identity, Journal, JournalOptions, OnDurable, OpenError, OpenReport, RealDisk};

const ID_FILE: &str = "journal.id";
const FOLDER: &str = "journal";

/// A node's journal: `<data folder>/journal`, named by `<data folder>/journal.id`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JournalHome {
    /// The number in `journals.journal_id`.
    pub journal_id: i64,
    folder: PathBuf,
}

impl JournalHome {
    /// The journal of a data folder; `None` if the folder never had one. An id file that does not read is an error.
    pub fn find(data_folder: &Path) -> io::Result<Option<JournalHome>> {
        let path = data_folder.join(ID_FILE);
        let text = match std::fs::read_to_string(&path) {
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(None),
            text => text?,
        };
        let journal_id = text.trim().parse().map_err(|_| {
            let reason = format!("{} does not hold the number of a journal", path.display());
            io::Error::new(io::ErrorKind::InvalidData, reason)
        })?;
        Ok(Some(JournalHome { journal_id, folder: data_folder.join(FOLDER) }))
    }

    /// The journal of a data folder, which is given `new_id` if it never had one. The caller holds the folder's lock.
    pub fn find_or_make(data_folder: &Path, new_id: i64) -> io::Result<JournalHome> {
        if let Some(home) = Self::find(data_folder)? {
            return Ok(home);
        }
        // A power cut leaves the old state or the whole file, never half a number.
        let unfinished = data_folder.join("journal.id.new");
        let mut file = std::fs::File::create(&unfinished)?;
        io::Write::write_all(&mut file, format!("{new_id}\n").as_bytes())?;
        file.sync_all()?;
        std::fs::rename(&unfinished, data_folder.join(ID_FILE))?;
        std::fs::File::open(data_folder)?.sync_all()?;
        Ok(JournalHome { journal_id: new_id, folder: data_folder.join(FOLDER) })
    }

    /// Whose journal it is, in a store.
    pub fn identity(&self, store_id: [u8; 16]) -> Identity {
        Identity { store_id, journal_id: self.journal_id }
    }

    /// The folder of its segments, made if it is absent.
    pub fn disk(&self) -> io::Result<Arc<RealDisk>> {
        RealDisk::open(&self.folder).map(Arc::new)
    }

    /// Opens it for writing. The caller holds the data folder's lock.
    pub fn open<A: Send + 'static>(
        &self,
        store_id: [u8; 16],
        options: JournalOptions,
        on_durable: OnDurable<A>,
    ) -> Result<(Arc<Journal<A>>, OpenReport), OpenError> {
        Journal::open(self.disk()?, self.identity(store_id), options, on_durable)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_keeps_the_number_it_was_given_first() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        assert_eq!(JournalHome::find(folder.path()).expect("reads"), None);
        let made = JournalHome::find_or_make(folder.path(), 7).expect("made");
        assert_eq!(JournalHome::find_or_make(folder.path(), 8).expect("found"), made);
        assert_eq!(JournalHome::find(folder.path()).expect("reads"), Some(made));
        std::fs::write(folder.path().join(ID_FILE), "seven").expect("writes");
        assert!(JournalHome::find(folder.path()).is_err());
    }
}
