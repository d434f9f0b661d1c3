//! What the journal needs of a file system, as a trait, so that tests can cut the power under it; and the real one.
//!
//! A disk is one flat folder. Free space is not part of the trait: std has no call for it, and a full disk shows itself as
//! a failed write, which the journal survives.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// A reserved file is written in parts of this many octets.
const RESERVE_AT_ONCE: u64 = 1 << 20;
/// Between two parts.
const RESERVE_PAUSE: Duration = Duration::from_millis(10);

/// A flat folder of append-only files.
pub trait Disk: Send + Sync {
    /// Creates a file that must not exist yet. It survives a power cut only after [`Disk::sync_folder`].
    fn create(&self, name: &str) -> io::Result<Box<dyn AppendFile>>;
    /// Creates a file of `bytes` zeros that must not exist yet, and syncs it. Takes its time, so that the disk has some left for others.
    fn reserve(&self, name: &str, bytes: u64) -> io::Result<()>;
    /// Gives a reserved file another name, of no other file, and writes it from its beginning. The name survives a power cut only after [`Disk::sync_folder`].
    fn take_reserved(&self, reserved: &str, name: &str) -> io::Result<Box<dyn AppendFile>>;
    /// Opens a file for reading, also while another process appends to it.
    fn open(&self, name: &str) -> io::Result<Box<dyn ReadFile>>;
    /// All files of the folder with their sizes, in no particular order.
    fn list(&self) -> io::Result<Vec<DiskEntry>>;
    /// Removes a file; durable after [`Disk::sync_folder`].
    fn remove(&self, name: &str) -> io::Result<()>;
    /// Makes creations and removals durable.
    fn sync_folder(&self) -> io::Result<()>;
    /// Cuts a file to `bytes` octets and syncs it.
    fn truncate(&self, name: &str, bytes: u64) -> io::Result<()>;
}

/// One file of a [`Disk`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DiskEntry {
    /// File name without folder.
    pub name: String,
    /// Size in octets.
    pub bytes: u64,
}

/// A file being written.
pub trait AppendFile: Send {
    /// Appends all of `bytes`, or fails having appended any part of it.
    fn append(&mut self, bytes: &[u8]) -> io::Result<()>;
    /// fdatasync. After a failure nothing may be assumed about octets appended since the last success, and a later
    /// success says nothing about them either: the kernel may have dropped them.
    fn sync(&mut self) -> io::Result<()>;
}

/// A file being read.
pub trait ReadFile: Send {
    /// Reads at `offset` octets from the start; 0 at the end of the file.
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize>;
}

/// A folder of the operating system.
#[derive(Debug)]
pub struct RealDisk {
    folder: PathBuf,
}

impl RealDisk {
    /// Uses `folder`, creating it (and syncing the creation) when it does not exist.
    pub fn open(folder: &Path) -> io::Result<Self> {
        if !folder.is_dir() {
            std::fs::create_dir_all(folder)?;
            if let Some(parent) = folder.parent().filter(|parent| !parent.as_os_str().is_empty()) {
                File::open(parent)?.sync_all()?;
            }
        }
        Ok(RealDisk { folder: folder.to_path_buf() })
    }

    /// The folder this disk stands for.
    pub fn folder(&self) -> &Path {
        &self.folder
    }
}

impl Disk for RealDisk {
    fn create(&self, name: &str) -> io::Result<Box<dyn AppendFile>> {
        Ok(Box::new(OpenOptions::new().append(true).create_new(true).open(self.folder.join(name))?))
    }

    fn reserve(&self, name: &str, bytes: u64) -> io::Result<()> {
        let mut file = OpenOptions::new().write(true).create_new(true).open(self.folder.join(name))?;
        let zeros = vec![0; RESERVE_AT_ONCE as usize];
        let mut left = bytes;
        while left > 0 {
            let part = left.min(RESERVE_AT_ONCE);
            file.write_all(&zeros[..part as usize])?;
            file.sync_data()?;
            left -= part;
            std::thread::sleep(RESERVE_PAUSE);
        }
        file.sync_all()
    }

    fn take_reserved(&self, reserved: &str, name: &str) -> io::Result<Box<dyn AppendFile>> {
        let (from, to) = (self.folder.join(reserved), self.folder.join(name));
        let file = OpenOptions::new().write(true).open(&from)?;
        std::fs::rename(from, to)?;
        Ok(Box::new(ReservedFile { file, offset: 0 }))
    }

    fn open(&self, name: &str) -> io::Result<Box<dyn ReadFile>> {
        Ok(Box::new(File::open(self.folder.join(name))?))
    }

    fn list(&self) -> io::Result<Vec<DiskEntry>> {
        let mut entries = Vec::new();
        for entry in std::fs::read_dir(&self.folder)? {
            let entry = entry?;
            let Ok(name) = entry.file_name().into_string() else { continue };
            match entry.metadata() {
                Ok(metadata) if metadata.is_file() => entries.push(DiskEntry { name, bytes: metadata.len() }),
                Ok(_) => {}
                // Removed between listing and asking.
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(error),
            }
        }
        Ok(entries)
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        std::fs::remove_file(self.folder.join(name))
    }

    fn sync_folder(&self) -> io::Result<()> {
        File::open(&self.folder)?.sync_all()
    }

    fn truncate(&self, name: &str, bytes: u64) -> io::Result<()> {
        let file = OpenOptions::new().write(true).open(self.folder.join(name))?;
        file.set_len(bytes)?;
        file.sync_all()
    }
}

/// A reserved file being written: where it ends does not change, so that a sync has only octets to bring to the disk.
struct ReservedFile {
    file: File,
    offset: u64,
}

impl AppendFile for ReservedFile {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.file.write_all_at(bytes, self.offset)?;
        self.offset += bytes.len() as u64;
        Ok(())
    }

    fn sync(&mut self) -> io::Result<()> {
        self.file.sync_data()
    }
}

impl AppendFile for File {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.write_all(bytes)
    }

    fn sync(&mut self) -> io::Result<()> {
        self.sync_data()
    }
}

impl ReadFile for File {
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            match FileExt::read_at(self, buffer, offset) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                result => return result,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_real_folder_keeps_what_is_written() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let disk = RealDisk::open(&folder.path().join("journal")).expect("creates the folder");
        let mut file = disk.create("a").expect("creates");
        file.append(b"hello ").expect("appends");
        file.append(b"world").expect("appends");
        file.sync().expect("syncs");
        disk.sync_folder().expect("syncs the folder");
        assert!(disk.create("a").is_err(), "a file is never created twice");
        assert_eq!(disk.list().expect("lists"), vec![DiskEntry { name: "a".into(), bytes: 11 }]);
        disk.truncate("a", 7).expect("truncates");
        let mut buffer = [0; 16];
        let read = disk.open("a").expect("opens").read_at(6, &mut buffer).expect("reads");
        assert_eq!(&buffer[..read], b"w");
        disk.remove("a").expect("removes");
        disk.reserve("spare", RESERVE_AT_ONCE + 5).expect("reserves");
        assert!(disk.reserve("spare", 1).is_err(), "a file is never created twice");
        let mut file = disk.take_reserved("spare", "b").expect("takes");
        file.append(b"one").expect("writes");
        file.append(b"two").expect("writes");
        file.sync().expect("syncs");
        assert_eq!(disk.list().expect("lists"), vec![DiskEntry { name: "b".into(), bytes: RESERVE_AT_ONCE + 5 }]);
        let read = disk.open("b").expect("opens").read_at(0, &mut buffer).expect("reads");
        assert_eq!(&buffer[..read], b"onetwo\0\0\0\0\0\0\0\0\0\0");
        disk.remove("b").expect("removes");
        assert!(disk.list().expect("lists").is_empty());
    }
}
