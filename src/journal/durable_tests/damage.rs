//! Damaged and unsynced segments: what is cut, what is refused, and what may not be believed.

use super::*;
use crate::journal::frame::{HEADER_BYTES, SegmentHeader};
use proptest::prelude::*;

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
