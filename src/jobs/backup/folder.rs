//! The folder of backups: names by the instant, so that their order is that of time; what is unfinished says so.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use crate::store::create_private_folder;
use crate::units::{UnixMs, print_instant};

const BEGINNING: &str = "tollgate-";
const ENDING: &str = ".backup";
/// Written and not yet read back.
const UNFINISHED: &str = ".unfinished";

/// See the head of the file.
pub struct BackupFolder(PathBuf);

impl BackupFolder {
    /// Makes it if it is not there, readable by its owner only.
    pub fn open(path: &Path) -> io::Result<BackupFolder> {
        create_private_folder(path)?;
        Ok(BackupFolder(path.to_owned()))
    }

    /// Where the backup of an instant is written.
    pub fn unfinished(&self, at: UnixMs) -> PathBuf {
        self.0.join(format!("{}{UNFINISHED}", file_name(at)))
    }

    /// Gives a backup that was read back its name, which no other file has.
    pub fn name_it(&self, unfinished: &Path, at: UnixMs) -> io::Result<PathBuf> {
        let path = self.0.join(file_name(at));
        if path.exists() {
            return Err(io::Error::new(io::ErrorKind::AlreadyExists, "a backup of this second exists already"));
        }
        std::fs::rename(unfinished, &path)?;
        File::open(&self.0)?.sync_all()?;
        Ok(path)
    }

    /// Removes what a crash left.
    pub fn remove_unfinished(&self) -> io::Result<()> {
        // `.part` is what is not even synced: the name of it begins with a dot
        for name in self.names()?.into_iter().filter(|name| {
            let name = name.trim_start_matches('.');
            name.starts_with(BEGINNING) && (name.ends_with(UNFINISHED) || name.ends_with(".part"))
        }) {
            std::fs::remove_file(self.0.join(name))?;
        }
        Ok(())
    }

    /// Removes the oldest backups beyond a number; their names.
    pub fn remove_beyond(&self, keep: usize) -> io::Result<Vec<String>> {
        let old = beyond(self.names()?, keep);
        for name in &old {
            std::fs::remove_file(self.0.join(name))?;
        }
        Ok(old)
    }

    fn names(&self) -> io::Result<Vec<String>> {
        let entries = std::fs::read_dir(&self.0)?;
        // a name that is not Unicode is none of ours
        Ok(entries.collect::<io::Result<Vec<_>>>()?.into_iter().filter_map(|entry| entry.file_name().into_string().ok()).collect())
    }
}

/// `tollgate-2026-11-30T03-00-00Z.backup`: plain on every file system, and in the order of time.
fn file_name(at: UnixMs) -> String {
    format!("{BEGINNING}{}{ENDING}", print_instant(at).replace(':', "-"))
}

/// Which of these are backups beyond the newest so many, the oldest first. At least one is kept.
fn beyond(names: Vec<String>, keep: usize) -> Vec<String> {
    let is_ours = |name: &String| {
        let at = name.strip_prefix(BEGINNING).and_then(|rest| rest.strip_suffix(ENDING)).unwrap_or_default();
        at.len() == 20 && at.bytes().all(|b| b.is_ascii_digit() || b == b'-' || b == b'T' || b == b'Z')
    };
    let mut ours: Vec<String> = names.into_iter().filter(is_ours).collect();
    ours.sort_unstable();
    ours.truncate(ours.len().saturating_sub(keep.max(1)));
    ours
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_are_kept_and_only_ours_are_touched() {
        let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        let all = names(&[
            "tollgate-2026-11-30T03-00-00Z.backup",
            "tollgate-2026-11-28T03-00-00Z.backup",
            "tollgate-2026-11-29T03-00-00Z.backup",
            "tollgate-before-upgrade.backup",
            "tollgate-2026-11-01T03-00-00Z.backup.unfinished",
            "somebody-elses.backup",
        ]);
        assert_eq!(beyond(all.clone(), 2), names(&["tollgate-2026-11-28T03-00-00Z.backup"]));
        assert_eq!(beyond(all.clone(), 3), names(&[]));
        assert_eq!(beyond(all, 0).len(), 2, "the newest stays whatever is asked");
    }

    #[test]
    fn a_backup_gets_its_name_at_the_end_and_what_a_crash_left_goes() {
        let temporary = tempfile::tempdir().expect("a temporary folder");
        let folder = BackupFolder::open(&temporary.path().join("a/b")).expect("made");
        let at = 1_794_694_400_000;
        let unfinished = folder.unfinished(at);
        std::fs::write(&unfinished, "x").expect("written");
        let path = folder.name_it(&unfinished, at).expect("named");
        assert!(path.ends_with("tollgate-2026-11-14T22-13-20Z.backup") && path.exists() && !unfinished.exists());
        std::fs::write(&unfinished, "y").expect("written");
        assert!(folder.name_it(&unfinished, at).is_err(), "never over another one");
        std::fs::write(temporary.path().join("a/b/.tollgate-2026-11-14T22-13-20Z.backup.unfinished.1.part"), "z").expect("written");
        folder.remove_unfinished().expect("removed");
        assert_eq!(folder.names().expect("listed").len(), 1, "the good one");
    }
}
