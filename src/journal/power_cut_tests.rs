//! A thousand power cuts, with kills, failing syncs, short writes and full disks in between: nothing acknowledged is ever lost.

use super::simulated_disk::Random;
use super::*;
use parking_lot::Mutex;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

const HISTORIES: u64 = 125;
const LIVES: u64 = 8;
const ME: Identity = Identity { store_id: [9; 16], journal_id: 7 };
const LONG: Duration = Duration::from_secs(60);

/// What a journal must hold, across all its lives.
#[derive(Default)]
struct Truth {
    /// Records that were acknowledged, or that a reader was given: they must never change or vanish.
    fixed: BTreeMap<u64, Vec<u8>>,
    /// Every payload ever appended under a sequence, by whatever life.
    appended: BTreeMap<u64, Vec<Vec<u8>>>,
    /// Records up to here were applied and may be gone.
    applied: u64,
}

impl Truth {
    fn fix(&mut self, seq: u64, payload: &[u8], context: &str) {
        assert!(self.appended.get(&seq).is_some_and(|all| all.iter().any(|one| one == payload)), "{context}: record {seq} is invented");
        let before = self.fixed.entry(seq).or_insert_with(|| payload.to_vec());
        assert_eq!(before, payload, "{context}: record {seq} changed");
    }

    /// Reads everything durable and fixes it; nothing fixed may be missing. On a stalled journal the records in doubt come later.
    fn check(&mut self, journal: &Journal<u64>, context: &str) {
        let durable = journal.durable_seq();
        let mut reader = journal.reader(self.applied).unwrap_or_else(|error| panic!("{context}: {error}"));
        let mut last = self.applied;
        while let Some(record) = reader.next().unwrap_or_else(|error| panic!("{context}: {error}")) {
            assert_eq!(record.seq, last + 1, "{context}: gapless");
            last = record.seq;
            self.fix(record.seq, record.payload, context);
        }
        let promised = self.fixed.keys().next_back().copied().unwrap_or(0);
        assert!(last >= durable.max(self.applied), "{context}: ends at {last}, durable up to {durable}");
        assert!(last >= promised || durable < promised, "{context}: ends at {last}, promised {promised}");
    }
}

fn options() -> JournalOptions {
    JournalOptions { segment_bytes: 6000, budget_bytes: 1 << 20, pending_bytes: 1 << 18, retain_secs: 0, retry_ms: 0 }
}

fn payload(random: &mut Random) -> Vec<u8> {
    let len = if random.below(20) == 0 { 2000 } else { random.below(150) };
    (0..len).map(|_| random.next() as u8).collect()
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Death {
    /// The page cache survives, also what a failed sync has dropped from the way to the disk.
    Killed,
    PowerCut,
}

/// One life of a server: open, check, append while the disk misbehaves, die. Returns what is left.
fn live(disk: SimulatedDisk, truth: &mut Truth, random: &mut Random, death: Death, context: &str) -> SimulatedDisk {
    let acked: Arc<Mutex<Vec<u64>>> = Arc::default();
    let taken = acked.clone();
    if random.below(4) == 0 {
        disk.fail_randomly(random.below(300) as u32);
    }
    let on_durable = Box::new(move |batch: &mut Vec<u64>| taken.lock().append(batch));
    let opened = Journal::open(Arc::new(disk.clone()), ME, options(), on_durable);
    let (journal, report) = opened.unwrap_or_else(|error| panic!("{context}: {error}"));
    let promised = truth.fixed.keys().next_back().copied().unwrap_or(0);
    assert!(report.last_seq >= promised, "{context}: ends at {}, promised {promised}", report.last_seq);
    truth.check(&journal, context);
    // Removed segments may be back, but only so that no gap arises.
    let mut from_the_oldest = journal.reader(report.oldest_seq - 1).unwrap_or_else(|error| panic!("{context}: {error}"));
    while from_the_oldest.next().unwrap_or_else(|error| panic!("{context}: {error}")).is_some() {}

    for _ in 0..random.below(120) {
        match random.below(60) {
            0 => disk.fail_next_syncs(random.below(4) as u32),
            1 => disk.fail_next_writes(random.below(4) as u32),
            2 => disk.fail_next_creates(random.below(3) as u32),
            3 => disk.set_capacity(Some(random.below(30_000))),
            4..=6 => disk.set_capacity(None),
            7 => disk.stop_failing(),
            8..=12 if journal.health().state == JournalState::Ok => {
                journal.wait_durable(journal.last_seq(), Duration::from_millis(3));
            }
            13 => {
                truth.check(&journal, context);
                truth.applied = truth.applied.max(random.below(journal.durable_seq() + 1));
                journal.prune(truth.applied, i64::MAX);
            }
            14..=20 => std::thread::yield_now(),
            _ => {
                let payload = payload(random);
                let next = journal.last_seq() + 1;
                truth.appended.entry(next).or_default().push(payload.clone());
                // Overfull in a stall is an answer too; the router asks again.
                if let Ok(seq) = journal.append(1, |out| out.extend_from_slice(&payload), Some(next)) {
                    assert_eq!(seq, next);
                }
            }
        }
    }
    let tidy_end = random.below(10) == 0;
    if tidy_end {
        disk.set_capacity(None);
        disk.stop_failing();
        journal.close();
    }
    let left = match death {
        Death::Killed => disk.kill_process(),
        Death::PowerCut => disk.power_cut(random.next()),
    };
    // The thread may still hand out what it had synced before the cut.
    journal.close();
    let last_appended: BTreeMap<u64, Vec<u8>> =
        truth.appended.iter().map(|(seq, all)| (*seq, all.last().cloned().unwrap_or_default())).collect();
    let acked = acked.lock();
    assert!(acked.windows(2).all(|pair| pair[0] + 1 == pair[1]), "{context}: acknowledged out of order");
    for seq in acked.iter() {
        truth.fix(*seq, &last_appended[seq], context);
    }
    if tidy_end {
        assert_eq!(acked.last().copied().unwrap_or(journal.durable_seq()), journal.last_seq(), "{context}: close acknowledges all");
    }
    left.set_capacity(None);
    left
}

#[test]
fn no_acknowledged_record_is_lost_in_a_thousand_power_cuts() {
    let mut acknowledged = 0;
    let mut cuts = 0;
    for seed in 0..HISTORIES {
        let mut random = Random(seed);
        let mut truth = Truth::default();
        let mut disk = SimulatedDisk::new(seed);
        for life in 0..LIVES {
            while random.below(2) == 0 {
                disk = live(disk, &mut truth, &mut random, Death::Killed, &format!("history {seed}, killed before life {life}"));
            }
            disk = live(disk, &mut truth, &mut random, Death::PowerCut, &format!("history {seed}, life {life}"));
            cuts += 1;
        }
        let (journal, _) = Journal::<u64>::open(Arc::new(disk), ME, options(), Box::new(|_| {})).expect("opens at last");
        assert!(journal.wait_durable(journal.last_seq(), LONG));
        truth.check(&journal, &format!("history {seed}, end"));
        acknowledged += truth.fixed.len();
    }
    assert_eq!(cuts, 1000);
    assert!(acknowledged > 10_000, "only {acknowledged} records were acknowledged: the test tests little");
}
