//! The journal on a simulated disk: order, acknowledgements, poisoning, stalls, pruning, refusals.

use super::disk::{AppendFile, Disk, DiskEntry, ReadFile};
use super::frame::{HEADER_BYTES, MAX_PAYLOAD_BYTES, SegmentHeader};
use super::segment::file_name;
use super::*;
use parking_lot::{Condvar, Mutex};
use proptest::prelude::*;
use std::io;
use std::sync::Arc;
use std::time::Duration;

const LONG: Duration = Duration::from_secs(30);
const ME: Identity = Identity { store_id: [1; 16], journal_id: 1 };

type Acks = Arc<Mutex<Vec<u64>>>;

fn options() -> JournalOptions {
    JournalOptions { segment_bytes: 4096, budget_bytes: 1 << 20, pending_bytes: 1 << 16, retain_secs: 3600, retry_ms: 1 }
}

fn open_with(disk: &SimulatedDisk, options: JournalOptions) -> (Arc<Journal<u64>>, OpenReport, Acks) {
    let acks: Acks = Acks::default();
    let taken = acks.clone();
    let on_durable = Box::new(move |batch: &mut Vec<u64>| taken.lock().append(batch));
    let (journal, report) = Journal::open(Arc::new(disk.clone()), ME, options, on_durable).expect("opens");
    (journal, report, acks)
}

fn open(disk: &SimulatedDisk) -> (Arc<Journal<u64>>, OpenReport, Acks) {
    open_with(disk, options())
}

/// Appends `text` with its coming sequence as acknowledgement.
fn put(journal: &Journal<u64>, text: &str) -> u64 {
    let seq = journal.last_seq() + 1;
    assert_eq!(journal.append(3, |payload| payload.extend_from_slice(text.as_bytes()), Some(seq)), Ok(seq));
    seq
}

fn put_durable(journal: &Journal<u64>, text: &str) -> u64 {
    let seq = put(journal, text);
    assert!(journal.wait_durable(seq, LONG));
    seq
}

fn read_all(reader: &mut Reader) -> Vec<(u64, String)> {
    let mut records = Vec::new();
    while let Some(record) = reader.next().expect("reads") {
        assert_eq!(record.kind, 3);
        records.push((record.seq, String::from_utf8(record.payload.to_vec()).expect("text")));
    }
    records
}

fn contents(disk: &SimulatedDisk) -> Vec<(u64, String)> {
    read_all(&mut read_only(Arc::new(disk.clone()), Some(ME), 0).expect("opens"))
}

fn numbered(texts: &[&str]) -> Vec<(u64, String)> {
    texts.iter().enumerate().map(|(at, text)| (at as u64 + 1, text.to_string())).collect()
}

fn segment_names(disk: &SimulatedDisk) -> Vec<String> {
    disk.list().expect("lists").into_iter().map(|entry| entry.name).collect()
}

#[test]
fn what_is_appended_is_acknowledged_in_order_and_read_back() {
    let disk = SimulatedDisk::new(1);
    let (journal, report, acks) = open(&disk);
    assert_eq!(report, OpenReport { oldest_seq: 1, ..OpenReport::default() });
    let mut reader = journal.reader(0).expect("reads");
    assert_eq!(reader.next().expect("reads"), None);
    for text in ["a", "", "c"] {
        put(&journal, text);
    }
    assert!(journal.wait_durable(3, LONG));
    assert_eq!(read_all(&mut reader), numbered(&["a", "", "c"]), "an open reader goes on");
    put_durable(&journal, "d");
    assert_eq!(read_all(&mut reader), vec![(4, "d".into())]);
    journal.close();
    assert_eq!(*acks.lock(), [1, 2, 3, 4]);
    assert_eq!(journal.append(3, |_| {}, None), Err(AppendError::Closed));
    let (journal, report, acks) = open(&disk);
    assert_eq!((report.last_seq, journal.durable_seq(), report.cut), (4, 4, None));
    assert_eq!(read_all(&mut journal.reader(2).expect("reads")), vec![(3, "c".into()), (4, "d".into())]);
    put_durable(&journal, "e");
    journal.close();
    assert_eq!(*acks.lock(), [5], "records of an earlier process have no acknowledgement here");
    assert_eq!(contents(&disk), numbered(&["a", "", "c", "d", "e"]));
    assert_eq!(last_seq(&disk, Some(ME)).expect("reads"), 5);
}

#[test]
fn an_acknowledgement_comes_after_the_sync_that_covers_it() {
    let disk = SimulatedDisk::new(1);
    let checked = disk.clone();
    // (acknowledged, certain to survive then): a panic in the callback would be caught.
    let seen: Arc<Mutex<Vec<(u64, u64)>>> = Arc::default();
    let noted = seen.clone();
    let on_durable = Box::new(move |batch: &mut Vec<u64>| {
        let certain = last_seq(&checked.certain_image(), Some(ME)).expect("reads");
        noted.lock().extend(batch.drain(..).map(|seq| (seq, certain)));
    });
    let (journal, _) = Journal::open(Arc::new(disk.clone()), ME, options(), on_durable).expect("opens");
    for round in 0..300 {
        let seq = put(&journal, &"x".repeat(round));
        if round % 7 == 0 {
            assert!(journal.wait_durable(seq, LONG));
        }
    }
    journal.close();
    let seen = seen.lock();
    assert_eq!(seen.iter().map(|(acknowledged, _)| *acknowledged).collect::<Vec<_>>(), (1..=300).collect::<Vec<_>>());
    assert_eq!(seen.iter().find(|(acknowledged, certain)| acknowledged > certain), None);
    assert!(segment_names(&disk).len() > 5, "segments were changed on the way");
}

#[test]
fn close_writes_and_acknowledges_what_is_pending() {
    let disk = SimulatedDisk::new(1);
    let (journal, _, acks) = open(&disk);
    for _ in 0..200 {
        put(&journal, "pending");
    }
    journal.close();
    assert_eq!(acks.lock().len(), 200);
    assert_eq!(contents(&disk.certain_image()).len(), 200);
}

#[test]
fn a_failed_sync_poisons_its_segment_and_the_next_takes_over() {
    let disk = SimulatedDisk::new(1);
    let (journal, _, acks) = open(&disk);
    put_durable(&journal, "one");
    disk.fail_next_syncs(1);
    put_durable(&journal, "two");
    put_durable(&journal, "three");
    let health = journal.health();
    assert_eq!((health.poisoned, health.state), (1, JournalState::Ok));
    assert_eq!(segment_names(&disk), [file_name(1), file_name(2)]);
    assert_eq!(read_all(&mut journal.reader(0).expect("reads")), numbered(&["one", "two", "three"]), "each once");
    journal.close();
    assert_eq!(*acks.lock(), [1, 2, 3]);
    assert_eq!(contents(&disk.certain_image()), numbered(&["one", "two", "three"]));
}

#[test]
fn a_short_write_poisons_its_segment_too() {
    for seed in 0..20 {
        let disk = SimulatedDisk::new(seed);
        let (journal, _, _) = open(&disk);
        put_durable(&journal, "one");
        disk.fail_next_writes(2);
        put_durable(&journal, "two");
        assert_eq!(journal.health().state, JournalState::Ok);
        journal.close();
        assert_eq!(contents(&disk.certain_image()), numbered(&["one", "two"]));
    }
}

#[test]
fn a_full_disk_stalls_then_recovers_and_acknowledges_everything_in_order() {
    let disk = SimulatedDisk::new(1);
    let (journal, _, acks) = open_with(&disk, JournalOptions { pending_bytes: 2000, ..options() });
    put_durable(&journal, "before");
    disk.set_capacity(Some(200));
    let mut accepted = 1;
    let refused = loop {
        match journal.append(3, |payload| payload.extend_from_slice(&[b'x'; 100]), Some(accepted + 1)) {
            Ok(seq) => accepted = seq,
            Err(error) => break error,
        }
    };
    assert_eq!(refused, AppendError::Overfull);
    let (journal, accepted) = (&journal, accepted);
    wait_for(|| matches!(journal.health().state, JournalState::Stalled { .. }));
    let health = journal.health();
    assert!(health.overfull >= 1 && health.pending_bytes > 0, "{health:?}");
    assert!(acks.lock().len() < accepted as usize);
    disk.set_capacity(None);
    assert!(journal.wait_durable(accepted, LONG));
    journal.close();
    assert_eq!(journal.health().state, JournalState::Ok);
    assert_eq!(*acks.lock(), (1..=accepted).collect::<Vec<_>>());
    assert_eq!(contents(&disk).len(), accepted as usize);
}

fn wait_for(condition: impl Fn() -> bool) {
    let started = std::time::Instant::now();
    while !condition() {
        assert!(started.elapsed() < LONG, "waited too long");
        std::thread::yield_now();
    }
}

#[test]
fn opening_on_a_disk_that_refuses_stalls_and_recovers() {
    let disk = SimulatedDisk::new(1);
    let (journal, _, _) = open(&disk);
    put_durable(&journal, "one");
    put_durable(&journal, "two");
    journal.close();
    disk.set_capacity(Some(0));
    let (journal, report, _) = open(&disk);
    assert_eq!((report.last_seq, report.rewritten, journal.durable_seq()), (2, 1, 1));
    assert_eq!(read_all(&mut journal.reader(0).expect("reads")), numbered(&["one"]), "the second is in doubt");
    disk.set_capacity(None);
    put_durable(&journal, "three");
    assert_eq!(read_all(&mut journal.reader(0).expect("reads")), numbered(&["one", "two", "three"]));
}

#[test]
fn closing_on_a_dead_disk_ends_without_acknowledging() {
    let disk = SimulatedDisk::new(1);
    let (journal, _, acks) = open(&disk);
    put_durable(&journal, "one");
    let after = disk.power_cut(1);
    put(&journal, "two");
    journal.close();
    assert_eq!(*acks.lock(), [1]);
    assert_eq!(contents(&after), numbered(&["one"]));
}

#[test]
fn a_panicking_payload_writer_or_receiver_of_acks_does_no_harm() {
    let disk = SimulatedDisk::new(1);
    let on_durable = Box::new(|batch: &mut Vec<u64>| {
        batch.clear();
        panic!("a fault in sending");
    });
    let (journal, _) = Journal::<u64>::open(Arc::new(disk.clone()), ME, options(), on_durable).expect("opens");
    put_durable(&journal, "one");
    let panics = std::panic::AssertUnwindSafe(|| {
        let _ = journal.append(3, |_| panic!("a fault in encoding"), None);
    });
    assert!(std::panic::catch_unwind(panics).is_err());
    assert_eq!(journal.append(3, |payload| payload.resize(payload.len() + MAX_PAYLOAD_BYTES + 1, 0), None), Err(AppendError::TooLarge));
    put_durable(&journal, "two");
    journal.close();
    assert_eq!(contents(&disk), numbered(&["one", "two"]));
}

#[test]
fn pruning_removes_applied_and_old_segments_only() {
    let disk = SimulatedDisk::new(1);
    let (journal, _, _) = open(&disk);
    for _ in 0..40 {
        put_durable(&journal, &"x".repeat(1000));
    }
    let all = segment_names(&disk).len();
    assert!(all >= 10);
    let far_future = i64::MAX;
    journal.prune(0, far_future);
    assert_eq!(segment_names(&disk).len(), all, "nothing is applied");
    journal.prune(20, 0);
    assert_eq!(segment_names(&disk).len(), all, "nothing is old");
    journal.prune(20, far_future);
    let kept = read_all(&mut journal.reader(20).expect("reads"));
    assert_eq!(kept.len(), 20);
    assert!(segment_names(&disk).len() < all);
    match journal.reader(0).map(|_| ()) {
        Err(ReadError::Pruned { oldest_seq }) => assert!((2..=21).contains(&oldest_seq)),
        other => panic!("{other:?}"),
    }
    journal.prune(1_000_000, far_future);
    assert_eq!(segment_names(&disk).len(), 1, "the newest always stays");
    assert_eq!(put_durable(&journal, "next"), 41);
    journal.close();
    drop(journal);
    let (_, report, _) = open(&disk);
    assert_eq!(report.last_seq, 41, "the sequence goes on");
}

#[test]
fn the_budget_prunes_early_and_otherwise_stalls() {
    let disk = SimulatedDisk::new(1);
    let (journal, _, _) = open_with(&disk, JournalOptions { budget_bytes: 20_000, ..options() });
    let mut seq = 0;
    for _ in 0..100 {
        seq = put_durable(&journal, &"x".repeat(1000));
        journal.prune(seq, 0);
    }
    assert!(journal.health().bytes_on_disk <= 20_000, "retention gives way");
    while matches!(journal.health().state, JournalState::Ok) {
        let last = put(&journal, &"x".repeat(1000));
        wait_for(|| journal.durable_seq() >= last || matches!(journal.health().state, JournalState::Stalled { .. }));
    }
    let health = journal.health();
    assert!(matches!(&health.state, JournalState::Stalled { reason, .. } if reason.contains("budget")), "{health:?}");
    assert_eq!(read_all(&mut journal.reader(seq).expect("unapplied records stay")).len() as u64, journal.durable_seq() - seq);
    journal.prune(journal.durable_seq(), 0);
    assert!(journal.wait_durable(journal.last_seq(), LONG), "recovers when the applier has caught up");
}

#[test]
fn another_stores_journal_is_refused() {
    let disk = SimulatedDisk::new(1);
    let (journal, _, _) = open(&disk);
    put_durable(&journal, "one");
    journal.close();
    let with = |identity| Journal::<u64>::open(Arc::new(disk.clone()), identity, options(), Box::new(|_| {})).map(|_| ());
    let other_store = with(Identity { store_id: [2; 16], journal_id: 1 });
    assert!(matches!(other_store, Err(OpenError::OtherStore { found: ME, .. })), "{other_store:?}");
    let other_journal = with(Identity { journal_id: 2, ..ME });
    assert!(matches!(other_journal, Err(OpenError::OtherJournal { found: ME, .. })), "{other_journal:?}");
    assert!(read_only(Arc::new(disk.clone()), None, 0).is_ok());
}

/// One record per segment-file batch; returns the disk with one closed segment of `count` batches.
fn disk_with_batches(count: usize) -> SimulatedDisk {
    let disk = SimulatedDisk::new(1);
    let (journal, _, _) = open(&disk);
    for at in 0..count {
        put_durable(&journal, &format!("record {at}"));
    }
    journal.close();
    disk
}

fn file_bytes(disk: &SimulatedDisk, name: &str) -> u64 {
    disk.list().expect("lists").into_iter().find(|entry| entry.name == name).expect("is there").bytes
}

#[test]
fn a_torn_tail_is_cut_and_reported() {
    let disk = disk_with_batches(3);
    let size = file_bytes(&disk, &file_name(1));
    disk.truncate(&file_name(1), size - 1).expect("truncates");
    let (journal, report, _) = open(&disk);
    let cut = report.cut.expect("something was cut");
    assert_eq!((report.last_seq, cut.file.as_str()), (2, file_name(1).as_str()));
    assert_eq!(cut.offset + cut.bytes, size - 1);
    put_durable(&journal, "new");
    journal.close();
    assert_eq!(contents(&disk)[1..], [(2, "record 1".to_string()), (3, "new".to_string())]);
}

#[test]
fn damage_before_a_later_batch_is_refused_not_cut() {
    let disk = disk_with_batches(3);
    let second = HEADER_BYTES + 17 + "record 0".len();
    disk.corrupt(&file_name(1), second + 20, b"?");
    let opened = Journal::<u64>::open(Arc::new(disk.clone()), ME, options(), Box::new(|_| {})).map(|_| ());
    assert!(matches!(&opened, Err(OpenError::Corrupt { file, offset }) if *file == file_name(1) && *offset == second as u64), "{opened:?}");
}

#[test]
fn damage_in_the_first_batch_or_the_header_of_a_used_segment_is_refused() {
    for place in [3, HEADER_BYTES + 18] {
        let disk = disk_with_batches(3);
        disk.corrupt(&file_name(1), place, b"?");
        let opened = Journal::<u64>::open(Arc::new(disk.clone()), ME, options(), Box::new(|_| {})).map(|_| ());
        assert!(matches!(opened, Err(OpenError::Corrupt { .. })), "{opened:?}");
    }
}

#[test]
fn damage_in_an_older_segment_is_named_when_read() {
    let disk = disk_with_batches(3);
    let (journal, _, _) = open(&disk);
    put_durable(&journal, "record 3");
    journal.close();
    // Segment 2 took over record 3; in segment 1 that record may be anything.
    let third = HEADER_BYTES + 2 * (17 + "record 0".len());
    disk.corrupt(&file_name(1), third + 20, b"?");
    assert_eq!(contents(&disk).len(), 4);
    disk.corrupt(&file_name(1), third - 2, b"?");
    let mut reader = read_only(Arc::new(disk.clone()), None, 0).expect("opens");
    assert_eq!(reader.next().expect("the first is whole").map(|record| record.seq), Some(1));
    let error = reader.next().map(|_| ()).expect_err("the second is not");
    assert!(matches!(&error, ReadError::Corrupt { file, seq: 2, .. } if *file == file_name(1)), "{error}");
}

#[test]
fn a_torn_creation_and_an_alien_file_are_ignored() {
    let disk = disk_with_batches(2);
    disk.plant(&file_name(9), &[0xAA; 80]);
    disk.plant("notes.txt", b"hello");
    let (journal, report, _) = open(&disk);
    assert_eq!(report.last_seq, 2);
    put_durable(&journal, "new");
    journal.close();
    assert_eq!(contents(&disk).len(), 3);
    let names = segment_names(&disk);
    assert!(!names.contains(&file_name(9)) && names.contains(&"notes.txt".to_string()), "{names:?}");
}

#[test]
fn restarts_do_not_pile_up_files() {
    let disk = disk_with_batches(5);
    for _ in 0..20 {
        let (journal, report, _) = open(&disk);
        assert_eq!((report.last_seq, journal.durable_seq()), (5, 5));
        journal.close();
    }
    assert!(segment_names(&disk).len() <= 3, "{:?}", segment_names(&disk));
    assert_eq!(contents(&disk).len(), 5);
}

/// A process died after it had written a takeover but before its sync: the page cache shows a whole newer segment that is on
/// no disk. Nothing older may be removed on its word.
#[test]
fn an_unsynced_takeover_seen_in_the_page_cache_replaces_nothing() {
    for seed in 0..20 {
        let disk = disk_with_batches(1);
        let mut bytes = vec![0; file_bytes(&disk, &file_name(1)) as usize];
        let read = disk.open(&file_name(1)).expect("opens").read_at(0, &mut bytes).expect("reads");
        assert_eq!(read, bytes.len());
        let mut header = SegmentHeader::decode(&bytes).expect("a whole header");
        header.number = 2;
        let mut unsynced = disk.create(&file_name(2)).expect("creates");
        unsynced.append(&header.encode()).expect("appends");
        unsynced.sync().expect("syncs");
        disk.sync_folder().expect("syncs the folder");
        unsynced.append(&bytes[HEADER_BYTES..]).expect("appends");

        let disk = disk.kill_process();
        disk.set_capacity(Some(0));
        let (journal, report, _) = open(&disk);
        assert_eq!((report.last_seq, journal.durable_seq()), (1, 0));
        journal.prune(1, i64::MAX);
        let after = disk.power_cut(seed);
        journal.close();
        assert_eq!(contents(&after), numbered(&["record 0"]), "seed {seed}");
    }
}

/// The same after two batches, where the newer segment does not replace the older one but follows it.
#[test]
fn an_unsynced_successor_seen_in_the_page_cache_allows_no_pruning() {
    for seed in 0..20 {
        let disk = disk_with_batches(2);
        let frame = 17 + "record 0".len();
        let mut bytes = vec![0; HEADER_BYTES + 2 * frame];
        let read = disk.open(&file_name(1)).expect("opens").read_at(0, &mut bytes).expect("reads");
        assert_eq!(read, bytes.len());
        let mut header = SegmentHeader::decode(&bytes).expect("a whole header");
        (header.number, header.first_seq, header.first_batch_last_seq) = (2, 2, 2);
        let mut unsynced = disk.create(&file_name(2)).expect("creates");
        unsynced.append(&header.encode()).expect("appends");
        unsynced.sync().expect("syncs");
        disk.sync_folder().expect("syncs the folder");
        unsynced.append(&bytes[HEADER_BYTES + frame..]).expect("appends");

        let disk = disk.kill_process();
        disk.set_capacity(Some(0));
        let (journal, report, _) = open(&disk);
        assert_eq!((report.last_seq, journal.durable_seq()), (2, 1));
        journal.prune(1, i64::MAX);
        let after = disk.power_cut(seed);
        journal.close();
        assert_eq!(last_seq(&after, Some(ME)).expect("reads"), 2, "seed {seed}: the sequence must go on from 2");
    }
}

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

#[test]
fn it_works_on_a_real_folder() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    for round in 1..=3u64 {
        let disk = Arc::new(RealDisk::open(folder.path()).expect("opens"));
        let (journal, report) = Journal::<u64>::open(disk.clone(), ME, options(), Box::new(|_| {})).expect("opens");
        assert_eq!(report.last_seq, (round - 1) * 50);
        for at in 0..50 {
            put(&journal, &format!("{round} {at} {}", "y".repeat(200)));
        }
        assert!(journal.wait_durable(round * 50, LONG));
        let mut reader = read_only(disk, Some(ME), 0).expect("opens");
        assert_eq!(read_all(&mut reader).len() as u64, round * 50);
        journal.close();
        assert!(journal.health().sync_max > Duration::ZERO);
    }
}

/// Reads to the end or to an error; what is yielded is gapless.
fn read_whatever(disk: &SimulatedDisk) -> Vec<u64> {
    let mut seqs = Vec::new();
    if let Ok(mut reader) = read_only(Arc::new(disk.clone()), Some(ME), 0) {
        while let Ok(Some(record)) = reader.next() {
            seqs.push(record.seq);
        }
    }
    seqs
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn random_octets_in_segments_never_panic(
        damage in proptest::collection::vec((1u64..4, any::<prop::sample::Index>(), proptest::collection::vec(any::<u8>(), 0..200), any::<bool>()), 1..4),
    ) {
        let disk = SimulatedDisk::new(1);
        for _ in 0..2 {
            let (journal, _, _) = open(&disk);
            for _ in 0..10 {
                put_durable(&journal, &"z".repeat(150));
            }
            journal.close();
        }
        for (number, at, bytes, cut) in damage {
            let name = file_name(number);
            let Some(size) = disk.list().expect("lists").into_iter().find(|entry| entry.name == name).map(|entry| entry.bytes) else { continue };
            let at = at.index(size as usize + 1);
            if cut {
                disk.truncate(&name, at as u64).expect("truncates");
            } else {
                disk.corrupt(&name, at, &bytes);
            }
        }
        let read = read_whatever(&disk);
        prop_assert_eq!(&read, &(1..=read.len() as u64).collect::<Vec<_>>());
        let opened = Journal::<u64>::open(Arc::new(disk.clone()), ME, options(), Box::new(|_| {}));
        if let Ok((journal, report)) = opened {
            prop_assert!(report.last_seq >= read.len() as u64, "opening loses nothing that could be read");
            prop_assert_eq!(put_durable(&journal, "new"), report.last_seq + 1);
        }
    }

    #[test]
    fn random_files_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300), number in 0u64..5) {
        let disk = SimulatedDisk::new(1);
        disk.plant(&file_name(number), &bytes);
        prop_assert_eq!(read_whatever(&disk), [0u64; 0]);
        let _ = Journal::<u64>::open(Arc::new(disk.clone()), ME, options(), Box::new(|_| {})).map(|_| ());
    }
}
