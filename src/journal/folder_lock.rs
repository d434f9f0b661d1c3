//! One process per data folder: an advisory lock on a file in it, released by the kernel however the process ends.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;
use thiserror::Error;

const LOCK_FILE: &str = "lock";

/// Why the folder could not be locked.
#[derive(Debug, Error)]
pub enum LockError {
    /// Another process has it.
    #[error("data folder {} is in use{}", folder.display(), holder.map_or(String::new(), |pid| format!(" by process {pid}")))]
    Held {
        /// The data folder.
        folder: PathBuf,
        /// Process id the holder wrote into the lock file, if it could be read.
        holder: Option<u32>,
    },
    /// The lock file could not be created, written or locked.
    #[error("data folder {}: {error}", folder.display())]
    Io {
        /// The data folder.
        folder: PathBuf,
        /// What the system said.
        error: io::Error,
    },
}

/// Held until dropped.
#[derive(Debug)]
pub struct FolderLock {
    _file: File,
}

impl FolderLock {
    /// Locks `folder`, creating it if need be, and leaves this process's id in the lock file. Fails on an unwritable folder.
    pub fn acquire(folder: &Path) -> Result<Self, LockError> {
        let failed = |error| LockError::Io { folder: folder.to_path_buf(), error };
        std::fs::create_dir_all(folder).map_err(failed)?;
        let path = folder.join(LOCK_FILE);
        let mut file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path).map_err(failed)?;
        let mut attempts = 0;
        loop {
            match file.try_lock() {
                Ok(()) => break,
                // A process that asks with `is_held` has it for an instant.
                Err(TryLockError::WouldBlock) if attempts < 3 => {
                    attempts += 1;
                    std::thread::sleep(Duration::from_millis(5));
                }
                Err(TryLockError::WouldBlock) => {
                    return Err(LockError::Held { folder: folder.to_path_buf(), holder: read_holder(&mut file) });
                }
                Err(TryLockError::Error(error)) => return Err(failed(error)),
            }
        }
        file.set_len(0).and_then(|()| file.seek(SeekFrom::Start(0))).map_err(failed)?;
        writeln!(file, "{}", std::process::id()).map_err(failed)?;
        Ok(FolderLock { _file: file })
    }
}

/// Whether a process holds the lock of `folder` now. A folder without a lock file is not held.
pub fn is_held(folder: &Path) -> io::Result<bool> {
    let file = match File::open(folder.join(LOCK_FILE)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        opened => opened?,
    };
    match file.try_lock_shared() {
        Ok(()) => Ok(false),
        Err(TryLockError::WouldBlock) => Ok(true),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

fn read_holder(file: &mut File) -> Option<u32> {
    let mut text = String::new();
    file.take(32).read_to_string(&mut text).ok()?;
    text.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_locked_once_and_free_again_after() {
        let parent = tempfile::tempdir().expect("a temporary folder");
        let folder = parent.path().join("data");
        assert!(!is_held(&folder).expect("a missing folder is not held"));
        let lock = FolderLock::acquire(&folder).expect("free");
        assert!(is_held(&folder).expect("asks"));
        match FolderLock::acquire(&folder) {
            Err(LockError::Held { holder, folder: named }) => {
                assert_eq!((holder, named), (Some(std::process::id()), folder.clone()));
            }
            other => panic!("locked twice: {other:?}"),
        }
        drop(lock);
        assert!(!is_held(&folder).expect("asks"));
        FolderLock::acquire(&folder).expect("free again");
    }

    #[test]
    fn a_file_in_the_way_is_an_error_that_names_the_folder() {
        let parent = tempfile::tempdir().expect("a temporary folder");
        let folder = parent.path().join("data");
        std::fs::write(&folder, "not a folder").expect("writes");
        let error = FolderLock::acquire(&folder).expect_err("not a folder");
        assert!(matches!(error, LockError::Io { .. }));
        assert!(error.to_string().contains("data"), "{error}");
    }
}
