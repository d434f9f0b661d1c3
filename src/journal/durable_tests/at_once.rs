//! Many at once: records that gather while a batch syncs, and threads that append and read.

use super::*;
use crate::journal::disk::{AppendFile, Disk, DiskEntry, ReadFile};
use parking_lot::Condvar;
use std::io;

/// Holds every sync until allowed, to look at the journal while one is under way.
struct GatedDisk {
    inner: SimulatedDisk,
    gate: Arc<(Mutex<bool>, Condvar)>,
}

struct GatedFile {
    inner: Box<dyn AppendFile>,
    gate: Arc<(Mutex<bool>, Condvar)>,
}

impl Disk for GatedDisk {
    fn create(&self, name: &str) -> io::Result<Box<dyn AppendFile>> {
        Ok(Box::new(GatedFile { inner: self.inner.create(name)?, gate: self.gate.clone() }))
    }
    fn reserve(&self, name: &str, bytes: u64) -> io::Result<()> {
        self.inner.reserve(name, bytes)
    }
    fn take_reserved(&self, reserved: &str, name: &str) -> io::Result<Box<dyn AppendFile>> {
        self.inner.take_reserved(reserved, name)
    }
    fn open(&self, name: &str) -> io::Result<Box<dyn ReadFile>> {
        self.inner.open(name)
    }
    fn list(&self) -> io::Result<Vec<DiskEntry>> {
        self.inner.list()
    }
    fn remove(&self, name: &str) -> io::Result<()> {
        self.inner.remove(name)
    }
    fn sync_folder(&self) -> io::Result<()> {
        self.inner.sync_folder()
    }
    fn truncate(&self, name: &str, bytes: u64) -> io::Result<()> {
        self.inner.truncate(name, bytes)
    }
}

impl AppendFile for GatedFile {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.inner.append(bytes)
    }
    fn sync(&mut self) -> io::Result<()> {
        let mut open = self.gate.0.lock();
        while !*open {
            self.gate.1.wait(&mut open);
        }
        drop(open);
        self.inner.sync()
    }
}

#[test]
fn while_one_batch_syncs_others_gather_into_the_next() {
    let gate = Arc::new((Mutex::new(false), Condvar::new()));
    let disk = GatedDisk { inner: SimulatedDisk::new(1), gate: gate.clone() };
    let (journal, _) = Journal::<u64>::open(Arc::new(disk), ME, options(), Box::new(|_| {})).expect("opens");
    put(&journal, "first");
    wait_for(|| journal.health().pending_bytes > 0);
    for _ in 0..100 {
        put(&journal, "gathered");
    }
    assert_eq!(journal.durable_seq(), 0, "nothing is durable before its sync");
    assert!(!journal.wait_durable(1, Duration::from_millis(1)));
    assert_eq!(journal.reader(0).expect("opens").next().expect("reads"), None, "nor readable");
    *gate.0.lock() = true;
    gate.1.notify_all();
    assert!(journal.wait_durable(101, LONG));
    assert!(journal.health().syncs <= 3, "101 records in {} syncs", journal.health().syncs);
}

#[test]
fn many_threads_append_and_read_at_once() {
    let disk = SimulatedDisk::new(1);
    let (journal, _, acks) = open_with(&disk, JournalOptions { pending_bytes: 1 << 20, ..options() });
    std::thread::scope(|scope| {
        for worker in 0..4 {
            let journal = &journal;
            scope.spawn(move || {
                for at in 0..500 {
                    journal.append(3, |payload| payload.extend_from_slice(format!("{worker}:{at}").as_bytes()), Some(0)).expect("appends");
                }
            });
        }
        let mut reader = journal.reader(0).expect("reads");
        let mut expected = 1;
        while expected <= 2000 {
            match reader.next().expect("reads") {
                Some(record) => {
                    assert_eq!(record.seq, expected);
                    expected += 1;
                }
                None => assert!(journal.wait_durable(expected, LONG)),
            }
        }
    });
    journal.close();
    assert_eq!(acks.lock().len(), 2000);
    let mut last = [-1; 4];
    for (_, text) in contents(&disk) {
        let (worker, at) = text.split_once(':').expect("as written");
        let (worker, at): (usize, i32) = (worker.parse().expect("number"), at.parse().expect("number"));
        assert_eq!(at, last[worker] + 1, "each worker's records keep their order");
        last[worker] = at;
    }
}
