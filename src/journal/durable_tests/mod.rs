//! The journal on a simulated disk: order, acknowledgements, poisoning, stalls, pruning, refusals.

mod at_once;
mod damage;
mod reserved;

use super::frame::MAX_PAYLOAD_BYTES;
use super::segment::file_name;
use super::spare;
use super::*;
use parking_lot::Mutex;
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
    disk.list().expect("lists").into_iter().map(|entry| entry.name).filter(|name| name != spare::NAME).collect()
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
