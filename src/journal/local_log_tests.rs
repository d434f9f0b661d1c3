//! The local log in a temporary folder: finding, following, budget, crashes, random octets.

use super::local_log::{LOG_HEADER_BYTES, MAX_ENTRY_BYTES, segment_numbers, segment_path};
use super::local_log_index;
use super::*;
use proptest::prelude::*;
use std::path::Path;

fn write_all(log: &mut LocalLog, entries: impl IntoIterator<Item = (i64, [u64; 2])>) {
    let mut batch = LogBatch::new();
    for (at, keys) in entries {
        assert!(batch.push(at, keys, format!("entry {at}").as_bytes()));
        log.write(&mut batch).expect("writes");
        assert!(batch.is_empty());
    }
}

fn times(folder: &Path, key: u64, limit: usize) -> Vec<i64> {
    let found = LocalLogReader::open(folder).expect("opens").find(key, limit).expect("finds");
    for entry in &found {
        assert!(entry.has_key(key));
        assert_eq!(entry.payload, format!("entry {}", entry.unix_ms).as_bytes());
    }
    found.into_iter().map(|entry| entry.unix_ms).collect()
}

#[test]
fn the_newest_are_found_across_segments_with_and_without_index() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut log = LocalLog::open(folder.path(), 1000, 1 << 20).expect("opens");
    write_all(&mut log, (0..100).map(|at| (at, [at as u64 % 3 + 1, 50])));
    assert!(segment_numbers(folder.path()).expect("lists").len() > 3);
    assert_eq!(times(folder.path(), 1, 4), [99, 96, 93, 90], "the newest segment has no index yet");
    assert_eq!(times(folder.path(), 50, 1000), (0..100).rev().collect::<Vec<_>>());
    assert_eq!(times(folder.path(), 2, 0), [0i64; 0]);
    assert_eq!(times(folder.path(), 77, 9), [0i64; 0]);
    assert!(LocalLogReader::open(folder.path()).expect("opens").find(0, 9).expect("finds").is_empty(), "0 is no key");
    for number in segment_numbers(folder.path()).expect("lists") {
        let _ = std::fs::remove_file(local_log_index::path(folder.path(), number));
    }
    assert_eq!(times(folder.path(), 50, 1000), (0..100).rev().collect::<Vec<_>>(), "all by scanning");
    drop(log);
    let mut log = LocalLog::open(folder.path(), 1000, 1 << 20).expect("opens again and rebuilds");
    for number in segment_numbers(folder.path()).expect("lists") {
        assert!(local_log_index::path(folder.path(), number).exists());
    }
    write_all(&mut log, [(100, [50, 0])]);
    assert_eq!(times(folder.path(), 50, 1000), (0..=100).rev().collect::<Vec<_>>(), "all by index");
}

#[test]
fn an_entry_with_one_key_twice_is_found_once() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut log = LocalLog::open(folder.path(), 1 << 20, 1 << 24).expect("opens");
    write_all(&mut log, [(1, [7, 7])]);
    assert_eq!(times(folder.path(), 7, 9), [1], "by scan");
    drop(log);
    assert_eq!(times(folder.path(), 7, 9), [1], "by index");
}

#[test]
fn the_oldest_segments_go_when_the_budget_is_full() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut log = LocalLog::open(folder.path(), 2000, 10_000).expect("opens");
    for at in 0..2000 {
        write_all(&mut log, [(at, [1, 2])]);
        if at % 100 == 0 {
            let sum: u64 =
                std::fs::read_dir(folder.path()).expect("lists").map(|entry| entry.expect("reads").metadata().expect("asks").len()).sum();
            assert!(sum <= 11_000, "{sum} octets");
        }
    }
    let left = times(folder.path(), 1, 5000);
    assert!(left.len() > 50 && left.len() < 500, "{} entries", left.len());
    assert_eq!(left, (2000 - left.len() as i64..2000).rev().collect::<Vec<_>>());
}

#[test]
fn a_torn_tail_hides_nothing_before_it_and_nothing_after_a_restart() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut log = LocalLog::open(folder.path(), 1 << 20, 1 << 24).expect("opens");
    write_all(&mut log, (0..10).map(|at| (at, [4, 0])));
    drop(log);
    std::fs::remove_file(local_log_index::path(folder.path(), 1)).expect("a crash leaves no index");
    let path = segment_path(folder.path(), 1);
    let whole = std::fs::read(&path).expect("reads");
    for cut in [1, 20, 33] {
        std::fs::write(&path, &whole[..whole.len() - cut]).expect("writes");
        assert_eq!(times(folder.path(), 4, 99), (0..9).rev().collect::<Vec<_>>());
    }
    let mut log = LocalLog::open(folder.path(), 1 << 20, 1 << 24).expect("opens");
    write_all(&mut log, [(10, [4, 0])]);
    assert_eq!(times(folder.path(), 4, 99), [10, 8, 7, 6, 5, 4, 3, 2, 1, 0]);
}

#[test]
fn following_yields_what_comes_new_across_segments() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let reader = LocalLogReader::open(folder.path()).expect("opens");
    let mut from_nothing = reader.follow().expect("follows");
    assert_eq!(from_nothing.poll().expect("polls"), None);
    let mut log = LocalLog::open(folder.path(), 300, 1 << 20).expect("opens");
    write_all(&mut log, (0..3).map(|at| (at, [1, 0])));
    let mut from_here = reader.follow().expect("follows");
    let drain = |follower: &mut Follower| {
        let mut times = Vec::new();
        while let Some(entry) = follower.poll().expect("polls") {
            times.push(entry.unix_ms);
        }
        times
    };
    assert_eq!(drain(&mut from_here), [0i64; 0]);
    write_all(&mut log, (3..40).map(|at| (at, [1, 0])));
    assert_eq!(drain(&mut from_here), (3..40).collect::<Vec<_>>());
    assert_eq!(drain(&mut from_nothing), (0..40).collect::<Vec<_>>());
    drop(log);
    let mut log = LocalLog::open(folder.path(), 300, 1 << 20).expect("opens");
    write_all(&mut log, [(40, [1, 0])]);
    assert_eq!(drain(&mut from_here), [40]);
}

#[test]
fn what_is_too_large_is_refused_and_the_largest_is_found() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut log = LocalLog::open(folder.path(), 1 << 20, 1 << 24).expect("opens");
    let mut batch = LogBatch::new();
    assert!(!batch.push(1, [1, 0], &vec![0; MAX_ENTRY_BYTES + 1]));
    assert!(batch.push(2, [1, 0], &vec![9; MAX_ENTRY_BYTES]));
    log.write(&mut batch).expect("writes");
    let by_scan = LocalLogReader::open(folder.path()).expect("opens").find(1, 5).expect("finds");
    drop(log);
    let by_index = LocalLogReader::open(folder.path()).expect("opens").find(1, 5).expect("finds");
    assert_eq!((by_scan.len(), &by_scan), (1, &by_index));
    assert_eq!(by_index[0].payload, vec![9; MAX_ENTRY_BYTES]);
    while batch.push(3, [1, 0], &[0; 60_000]) {}
    assert!(batch.octets() <= local_log::MAX_BATCH_BYTES && batch.len() > 200);
}

#[test]
fn a_failed_write_loses_its_batch_only() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut log = LocalLog::open(folder.path(), 1 << 20, 1 << 24).expect("opens");
    // The name of the next segment is taken, so it cannot be created.
    std::fs::create_dir(segment_path(folder.path(), 1)).expect("creates");
    let mut batch = LogBatch::new();
    assert!(batch.push(1, [1, 0], b"lost"));
    assert!(log.write(&mut batch).is_err());
    assert_eq!((log.lost_entries(), batch.is_empty()), (1, true));
    std::fs::remove_dir(segment_path(folder.path(), 1)).expect("removes");
    write_all(&mut log, [(2, [1, 0])]);
    assert_eq!(times(folder.path(), 1, 9), [2]);
}

proptest! {
    #[test]
    fn random_octets_in_a_segment_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..3000), entries in 0i64..5, at in any::<prop::sample::Index>()) {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let mut log = LocalLog::open(folder.path(), 1 << 20, 1 << 24).expect("opens");
        write_all(&mut log, (0..entries).map(|at| (at, [1, 2])));
        write_all(&mut log, [(entries, [1, 2])]);
        drop(log);
        let path = segment_path(folder.path(), 1);
        let mut content = std::fs::read(&path).expect("reads");
        let at = LOG_HEADER_BYTES + at.index(content.len() - LOG_HEADER_BYTES);
        content.splice(at.., bytes);
        std::fs::write(&path, &content).expect("writes");
        let by_index = times(folder.path(), 1, 99);
        std::fs::remove_file(local_log_index::path(folder.path(), 1)).expect("removes");
        let by_scan = times(folder.path(), 1, 99);
        prop_assert_eq!(&by_index, &by_scan);
        LocalLogReader::open(folder.path()).expect("opens").follow().expect("follows");
        LocalLog::open(folder.path(), 1 << 20, 1 << 24).expect("rebuilds");
        prop_assert_eq!(times(folder.path(), 1, 99), by_scan);
    }
}
