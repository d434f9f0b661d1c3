//! The file of the next segment, reserved beforehand on a thread of its own. Where a file grows, each sync also has to bring its new length to the disk, and
//! for that it waits for the file system's own journal and for whatever others have written into it, a database's checkpoint for example; in a reserved file it
//! waits for its own octets only.

use super::disk::AppendFile;
use super::durable::Core;
use std::io;
use std::sync::Arc;
use std::thread::JoinHandle;

/// Its name until it is a segment.
pub(crate) const NAME: &str = "spare";
/// A journal that is hardly used reserves nothing: the first segment of a process must have this many octets before.
const WORTH_IT_BYTES: u64 = 1 << 20;

/// See the head of the file.
pub(crate) struct Spare {
    core: Arc<Core>,
    reserving: Option<JoinHandle<io::Result<()>>>,
    /// The disk refused; there is none for this segment.
    refused: bool,
}

impl Spare {
    pub fn new(core: Arc<Core>) -> Spare {
        Spare { core, reserving: None, refused: false }
    }

    /// Begins to reserve the next file once the segment being written has `used_bytes`, unless that was begun, or the disk budget is nearly used up.
    pub fn prepare(&mut self, used_bytes: u64, is_reserved: bool) {
        let size = self.core.options.segment_bytes;
        let from = if is_reserved { size / 2 } else { (size / 4).min(WORTH_IT_BYTES) };
        if used_bytes < from || self.reserving.is_some() || self.refused {
            return;
        }
        if self.core.table.lock().bytes + 2 * size > self.core.options.budget_bytes {
            return;
        }
        let disk = self.core.disk.clone();
        let reserve = move || {
            // What an earlier attempt has left.
            let _ = disk.remove(NAME);
            disk.reserve(NAME, size)
        };
        match std::thread::Builder::new().name("journal-spare".into()).spawn(reserve) {
            Ok(thread) => self.reserving = Some(thread),
            Err(_) => self.refused = true,
        }
    }

    /// Whether there is one to take.
    pub fn is_ready(&self) -> bool {
        self.reserving.as_ref().is_some_and(JoinHandle::is_finished)
    }

    /// The reserved file under its new name; `None` if there is none, or the disk refuses.
    pub fn take(&mut self, name: &str) -> Option<Box<dyn AppendFile>> {
        self.refused = false;
        let thread = self.reserving.take_if(|thread| thread.is_finished())?;
        let reserved = thread.join().unwrap_or_else(|_| Err(io::Error::other("the thread had panicked")));
        match reserved.and_then(|()| self.core.disk.take_reserved(NAME, name)) {
            Ok(file) => Some(file),
            Err(error) => {
                tracing::debug!(%error, "journal: no file could be reserved; the segment grows as it is written");
                self.remove();
                None
            }
        }
    }

    fn remove(&self) {
        let _ = self.core.disk.remove(NAME);
    }
}

impl Drop for Spare {
    /// One that is still being written is removed when the journal is opened again.
    fn drop(&mut self) {
        if self.is_ready() {
            self.remove();
        }
    }
}
