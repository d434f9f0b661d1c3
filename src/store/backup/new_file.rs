//! A file that is there whole or not at all: written under another name, synced, then renamed.

use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// A file being written. Dropped before [`NewFile::finish`], nothing remains of it.
pub struct NewFile {
    path: PathBuf,
    temporary: PathBuf,
    out: BufWriter<File>,
    overwrite: bool,
    finished: bool,
}

impl NewFile {
    /// Begins, readable by the owner only; refuses an existing file unless it may be overwritten.
    pub fn create(path: &Path, overwrite: bool) -> io::Result<NewFile> {
        refuse_existing(path, overwrite)?;
        let name = path.file_name().ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "names no file"))?;
        let temporary = path.with_file_name(format!(".{}.{:08x}.part", name.to_string_lossy(), rand::random::<u32>()));
        let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&temporary)?;
        Ok(NewFile { path: path.to_owned(), temporary, out: BufWriter::with_capacity(256 << 10, file), overwrite, finished: false })
    }

    /// Syncs, gives it its name, syncs the folder; gives its length in octets.
    pub fn finish(mut self) -> io::Result<u64> {
        self.out.flush()?;
        let file = self.out.get_ref();
        file.sync_all()?;
        let octets = file.metadata()?.len();
        refuse_existing(&self.path, self.overwrite)?;
        std::fs::rename(&self.temporary, &self.path)?;
        self.finished = true;
        let folder = self.path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        File::open(folder)?.sync_all()?;
        Ok(octets)
    }
}

fn refuse_existing(path: &Path, overwrite: bool) -> io::Result<()> {
    match path.symlink_metadata() {
        Ok(found) if found.is_dir() => Err(io::Error::new(io::ErrorKind::IsADirectory, "is a folder")),
        Ok(_) if !overwrite => Err(io::Error::new(io::ErrorKind::AlreadyExists, "exists already")),
        _ => Ok(()),
    }
}

impl Write for NewFile {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        self.out.write(octets)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

impl Drop for NewFile {
    fn drop(&mut self) {
        if !self.finished {
            // what cannot be removed is only a stray file that says `.part`
            std::fs::remove_file(&self.temporary).unwrap_or_default();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn whole_or_not_at_all_and_never_over_another_unasked() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("backup");
        let names = || std::fs::read_dir(folder.path()).expect("our folder").count();
        let mut dropped = NewFile::create(&path, false).expect("free");
        dropped.write_all(b"half").expect("written");
        drop(dropped);
        assert_eq!(names(), 0);
        let mut file = NewFile::create(&path, false).expect("free");
        file.write_all(b"whole").expect("written");
        assert_eq!(file.finish().expect("named"), 5);
        assert_eq!(path.metadata().expect("there").permissions().mode() & 0o777, 0o600);
        assert_eq!(NewFile::create(&path, false).err().map(|e| e.kind()), Some(io::ErrorKind::AlreadyExists));
        let mut again = NewFile::create(&path, true).expect("asked for");
        again.write_all(b"newer").expect("written");
        assert_eq!(std::fs::read(&path).expect("there"), b"whole", "until it is finished");
        again.finish().expect("named");
        assert_eq!(std::fs::read(&path).expect("there"), b"newer");
        assert_eq!(names(), 1);
        assert_eq!(NewFile::create(folder.path(), true).err().map(|e| e.kind()), Some(io::ErrorKind::IsADirectory));
    }
}
