//! Segments in files that were reserved as zeros: they end where writing ended, whatever zeros are behind or in the last record.

use super::*;
use crate::journal::frame::HEADER_BYTES;

const RECORD: usize = 300;

fn sizes(disk: &SimulatedDisk) -> Vec<(String, u64)> {
    disk.list().expect("lists").into_iter().map(|entry| (entry.name, entry.bytes)).collect()
}

/// A journal whose newest segment is a reserved one with `count` records of one batch each, all ending in zeros; and the name of that segment.
fn reserved_segment(count: usize) -> (SimulatedDisk, Arc<Journal<u64>>, String) {
    let disk = SimulatedDisk::new(1);
    let (journal, _, _) = open(&disk);
    let put_zeros = || {
        let seq = journal.append(3, |payload| payload.resize(payload.len() + RECORD, 0), None).expect("taken");
        assert!(journal.wait_durable(seq, LONG));
    };
    let newest = || sizes(&disk).into_iter().rfind(|(name, _)| name != spare::NAME).expect("a segment");
    // Segments grow as they are written until one is reserved in time; those never have its size, for no record ends there.
    let first = loop {
        put_zeros();
        let (name, size) = newest();
        if size == options().segment_bytes {
            break name;
        }
    };
    (1..count).for_each(|_| put_zeros());
    assert_eq!(newest().0, first, "the segment has room for {count}");
    (disk, journal, first)
}

#[test]
fn the_next_segment_is_reserved_and_ends_where_its_last_record_does() {
    let (disk, journal, name) = reserved_segment(3);
    let last = journal.last_seq();
    assert_eq!(last_seq(&disk, Some(ME)).expect("reads"), last, "another process finds the same end");
    for left in [disk.power_cut(7), disk.certain_image()] {
        let (journal, report, _) = open(&left);
        assert_eq!((report.last_seq, report.cut.clone()), (last, None), "zeros behind the last record are no torn tail");
        assert!(sizes(&left).contains(&(name.clone(), (HEADER_BYTES + 3 * (17 + RECORD)) as u64)), "the rest is given back");
        assert!(sizes(&left).iter().all(|(name, _)| name != spare::NAME));
        put_durable(&journal, "new");
        assert_eq!(contents(&left).len() as u64, last + 1);
    }
}

#[test]
fn a_torn_batch_in_a_reserved_segment_is_cut() {
    let (disk, journal, name) = reserved_segment(3);
    let last = journal.last_seq();
    journal.close();
    let third = HEADER_BYTES + 2 * (17 + RECORD);
    disk.corrupt(&name, third + 9, b"?");
    let (journal, report, _) = open(&disk);
    assert_eq!((report.last_seq, report.cut.map(|cut| cut.offset)), (last - 1, Some(third as u64)));
    assert_eq!(put_durable(&journal, "again"), last);
}

#[test]
fn damage_before_a_later_batch_that_ends_in_zeros_is_refused() {
    let (disk, journal, name) = reserved_segment(3);
    journal.close();
    for record in 0..2 {
        let disk = disk.certain_image();
        disk.corrupt(&name, HEADER_BYTES + record * (17 + RECORD) + 9, b"?");
        let opened = Journal::<u64>::open(Arc::new(disk), ME, options(), Box::new(|_| {})).map(|_| ());
        assert!(matches!(&opened, Err(OpenError::Corrupt { file, .. }) if *file == name), "{opened:?}");
    }
}

#[test]
fn a_disk_that_cannot_reserve_is_written_all_the_same() {
    let disk = SimulatedDisk::new(1);
    let (journal, _, _) = open(&disk);
    // Room for what is written, but not for a reserve.
    disk.set_capacity(Some(options().segment_bytes));
    let texts: Vec<String> = (0..10).map(|at| format!("record {at} {}", "x".repeat(200))).collect();
    texts.iter().for_each(|text| {
        put_durable(&journal, text);
    });
    assert_eq!(journal.health().state, JournalState::Ok);
    assert_eq!(contents(&disk), numbered(&texts.iter().map(String::as_str).collect::<Vec<_>>()));
}
