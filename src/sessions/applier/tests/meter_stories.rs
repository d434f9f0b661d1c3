//! Whatever is told, in whatever steps it is applied: meters say what the store says, and memory ends the sessions that the store has ended.

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use super::stories::{Told, event_of};
use super::*;
use crate::packages::{Hours, Period, PeriodSet, spans};
use crate::sessions::sql::bulk::{Want, list_bucket_sums};
use crate::sessions::{Amounts, MeterNeed};

const CUSTOMERS: [i64; 3] = [7, 8, 10];
const PERIOD_AT: UnixMs = T0 + 5_000_000;
const PACKAGE_AT: UnixMs = T0 + 2_000_000;

struct Scene {
    live: Arc<LiveSessions>,
    meters: Arc<Meters>,
    sink: Arc<TestSink>,
}

impl Scene {
    /// Free hours from 23:00 to 23:20, and a period and a package that begin within the story.
    fn new() -> Scene {
        let live = Arc::new(LiveSessions::new(TokenKey::new(&[1; 32])));
        let meters = Arc::new(Meters::new(live.clone()));
        let charging = Charging {
            period_started_at: PERIOD_AT,
            package_since_at: PACKAGE_AT,
            free_hours: vec![Hours { days: 127, from_minute: 23 * 60, until_minute: 23 * 60 + 20 }],
        };
        for customer_id in CUSTOMERS {
            meters.want(MeterNeed {
                tenant_id: 1,
                customer_id,
                counted: Period::ALL.into_iter().collect(),
                rolled_over: [Period::Day].into_iter().collect(),
                charging: charging.clone(),
            });
        }
        let sink = Arc::new(TestSink { meters: Some(meters.clone()), charging, now: AtomicI64::new(T0) });
        Scene { live, meters, sink }
    }

    fn tell(&self, bench: &Bench, told: &Told) {
        let nas = NasContext { tenant_id: 1, router_id: 2, nas_instance: 3, added_at: T0 - 86_400_000, adopt_all: false };
        let append =
            |record: &Record<'_>| Ok::<u64, Infallible>(bench.journal.append(record.kind(), |p| record.write(p), None).expect("takes it"));
        let mut event = event_of(told);
        if told.3 == 255 {
            (event.status, event.acct_session_id) = (Status::On, b"");
        }
        let Ok(_) = self.live.record(&event, &nas, || (told.0 != 2).then_some((7 + told.0 as i64, 300)), append);
        if told.3 == 254 {
            let Ok(_) = self.live.sweep(event.arrived_at, append);
        }
        self.sink.now.fetch_max(event.arrived_at, Ordering::Relaxed);
    }

    /// What the store says of a customer between two instants.
    async fn stored(&self, bench: &Bench, customer_id: i64, from: UnixMs, until: UnixMs) -> Amounts {
        let wants = [Want { tenant_id: 1, customer_id, since: from }];
        let sums = list_bucket_sums(&mut bench.fresh.db.read().await.expect("reads"), &wants).await.expect("sums");
        sums.iter().filter(|s| s.bucket_at < until).fold(Amounts::default(), |mut all, sum| {
            all += Amounts { download: sum.octets_out as u64, upload: sum.octets_in as u64, secs: sum.secs as u64 };
            all
        })
    }

    async fn check(&self, bench: &Bench, now: UnixMs, told: &[Told]) {
        let spans = spans(now, &jiff::tz::TimeZone::UTC, PERIOD_AT, PACKAGE_AT);
        for customer_id in CUSTOMERS {
            let used = self.meters.used(customer_id, PeriodSet::NONE, now).expect("a meter");
            for period in Period::ALL {
                let stored = self.stored(bench, customer_id, spans.start(period), UnixMs::MAX).await;
                assert_eq!(used.of(period), stored, "customer {customer_id}, {period:?}, {told:?}");
            }
            let before = self.stored(bench, customer_id, spans.start_before(Period::Day), spans.start(Period::Day)).await;
            let known = self.meters.used_before(customer_id, PeriodSet::NONE, now).expect("a meter");
            assert_eq!(known.of(Period::Day), before, "customer {customer_id}, the day before, {told:?}");
        }
    }
}

/// A story of at most four hours over midnight, told in steps; `steps` are told before each applying.
async fn run(bench: &Bench, told: &[Told], steps: usize, batch: usize) {
    let scene = Scene::new();
    let mut applier = bench.applier_to(scene.sink.clone()).with_batch_records(batch);
    applier.keeper.as_mut().expect("meters").tick(&bench.fresh.db, T0).await.expect("reads");
    for some in told.chunks(steps) {
        some.iter().for_each(|one| scene.tell(bench, one));
        bench.journal.wait_durable(bench.journal.last_seq(), Duration::from_secs(20));
        applier.apply_all().await.expect("applies");
        scene.check(bench, scene.sink.now.load(Ordering::Relaxed), told).await;
    }
    let rows = bench.rows().await;
    let open = rows.values().filter(|row| row.tally.is_open()).count();
    assert_eq!(scene.live.open_count(), open as i64, "{told:?}");
    scene.live.each(|session| {
        if let Some(row) = rows.get(&session.session_key) {
            assert_eq!(row.tally, session.tally(), "{told:?}");
        }
    });
    // What the snapshot keeps says the same.
    let again = Scene { meters: Arc::new(Meters::new(scene.live.clone())), live: scene.live.clone(), sink: scene.sink.clone() };
    let written: Result<(), ()> = scene.meters.write_snapshot(|octets| again.meters.read_snapshot(octets).ok_or(()));
    assert_eq!(written, Ok(()));
    again.check(bench, scene.sink.now.load(Ordering::Relaxed), told).await;
    // A day later everything has rolled over, and reading again finds the same.
    let later = scene.sink.now.load(Ordering::Relaxed) + 86_400_000;
    scene.check(bench, later, told).await;
    scene.meters.lost_track();
    applier.keeper.as_mut().expect("meters").tick(&bench.fresh.db, later).await.expect("reads");
    scene.check(bench, later, told).await;
}

#[test]
fn meters_equal_the_store_after_any_story() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let events = prop::collection::vec((0..4usize, 0..3i64, 0..3000i64, any::<u8>(), prop_oneof![Just(0i64), 0..3000i64]), 1..40);
    let mut runner = TestRunner::new(Config { cases: 24, failure_persistence: None, ..Config::default() });
    let ran = runner.run(&(events, 1..12usize, 1..40usize), |(mut told, steps, batch)| {
        told.sort_by_key(|one| event_of(one).arrived_at);
        runtime.block_on(async {
            for bench in Bench::each().await {
                run(&bench, &told, steps, batch).await;
                bench.end().await;
            }
        });
        Ok(())
    });
    ran.expect("equal");
}

#[tokio::test]
async fn what_waits_for_the_store_counts_at_once_and_once() {
    for bench in Bench::each().await {
        let scene = Scene::new();
        let mut applier = bench.applier_to(scene.sink.clone());
        applier.keeper.as_mut().expect("meters").tick(&bench.fresh.db, T0).await.expect("reads");
        let used = |now: UnixMs| scene.meters.used(7, PeriodSet::NONE, now).map(|used| used.of(Period::Day).upload);
        scene.tell(&bench, &(0, 0, 0, 0, 0));
        // 1,000 s at 1,000,003 octets a second.
        scene.tell(&bench, &(0, 0, 1000, 1, 0));
        assert_eq!(used(T0 + 1_000_000), Some(1_000_003_000));
        bench.journal.wait_durable(bench.journal.last_seq(), Duration::from_secs(20));
        applier.apply_all().await.expect("applies");
        assert_eq!(used(T0 + 1_000_000), Some(1_000_003_000));
        // Its place is taken before the store has the rest.
        scene.tell(&bench, &(0, 0, 1500, 1, 0));
        scene.tell(&bench, &(0, 1, 0, 0, 0));
        assert_eq!(used(T0 + 3_600_000), Some(1_500_004_500));
        assert_eq!(scene.live.open_count(), 1);
        bench.journal.wait_durable(bench.journal.last_seq(), Duration::from_secs(20));
        applier.apply_all().await.expect("applies");
        assert_eq!(used(T0 + 3_600_000), Some(1_500_004_500));
        scene.check(&bench, T0 + 3_600_000, &[]).await;
        assert_eq!(scene.meters.used(99, PeriodSet::NONE, T0), None, "no limits, no meter");
        bench.end().await;
    }
}

#[tokio::test]
async fn a_kind_of_period_that_was_not_counted_is_not_known_until_its_sums_are_read() {
    for bench in Bench::each().await {
        let scene = Scene::new();
        let mut applier = bench.applier_to(scene.sink.clone());
        let keeper = applier.keeper.as_mut().expect("meters");
        keeper.tick(&bench.fresh.db, T0).await.expect("reads");
        let need =
            |counted| MeterNeed { tenant_id: 1, customer_id: 55, counted, rolled_over: PeriodSet::NONE, charging: Charging::default() };
        let kinds = |kinds: &[Period]| kinds.iter().copied().collect::<PeriodSet>();
        let (day, both) = (kinds(&[Period::Day]), kinds(&[Period::Day, Period::Month]));
        let is_known = |counted| scene.meters.used(55, counted, T0).is_some();
        scene.meters.want(need(day));
        assert!(!is_known(day), "his package has just got a limit");
        keeper.tick(&bench.fresh.db, T0).await.expect("reads");
        scene.meters.want(need(both));
        assert!(is_known(day) && !is_known(both), "what he used this month was never read");
        keeper.tick(&bench.fresh.db, T0).await.expect("reads");
        assert!(is_known(both) && scene.meters.status().unknown == 2);
        bench.end().await;
    }
}

#[tokio::test]
async fn an_interim_long_after_its_stop_leaves_nobody_online() {
    for bench in Bench::each().await {
        let scene = Scene::new();
        let mut applier = bench.applier_to(scene.sink.clone());
        applier.keeper.as_mut().expect("meters").tick(&bench.fresh.db, T0).await.expect("reads");
        for told in [(0, 0, 0, 0, 0), (0, 0, 600, 1, 0), (0, 0, 1200, 3, 0)] {
            scene.tell(&bench, &told);
        }
        bench.journal.wait_durable(bench.journal.last_seq(), Duration::from_secs(20));
        applier.apply_all().await.expect("applies");
        // Forgotten by memory, not by the store: an Interim of before the Stop, and one that knows more than the Stop did.
        let sweep = scene.live.sweep(T0 + 6_000_000, |_| Ok::<u64, Infallible>(0));
        assert_eq!(sweep, Ok(0));
        for (secs, late) in [(900, 6000), (1500, 6000)] {
            scene.tell(&bench, &(0, 0, secs, 1, late));
            bench.journal.wait_durable(bench.journal.last_seq(), Duration::from_secs(20));
            applier.apply_all().await.expect("applies");
            assert_eq!(scene.live.open_count(), 0);
        }
        let rows = bench.rows().await;
        assert_eq!(rows.len(), 1);
        let tally = &rows.values().next().expect("a row").tally;
        assert_eq!((tally.ended_at, tally.session_secs), (T0 + 1_200_000, 1500), "ended once, larger counters added");
        scene.check(&bench, T0 + 8_000_000, &[]).await;
        bench.end().await;
    }
}

/// Two nodes on one store: what each is told goes to its own journal.
struct Pair {
    scenes: [Scene; 2],
    appliers: [Applier<()>; 2],
    journals: [Arc<Journal<()>>; 2],
}

impl Pair {
    async fn new(bench: &Bench) -> Pair {
        let scenes = [Scene::new(), Scene::new()];
        let disk = Arc::new(RealDisk::open(&bench.fresh.folder.path().join("other")).expect("a folder"));
        let identity = Identity { store_id: [1; 16], journal_id: JOURNAL + 1 };
        let (other, _) = Journal::open(disk, identity, JournalOptions::default(), Box::new(|_| {})).expect("a journal");
        let journals = [bench.journal.clone(), other];
        let applier = |at: usize| {
            let sink: Arc<dyn AppliedSink> = scenes[at].sink.clone();
            let keep = Arc::new(AtomicU64::new(u64::MAX));
            Applier::new(bench.fresh.db.clone(), journals[at].clone(), JOURNAL + at as i64, "test", sink, keep)
                .with_meters(scenes[at].meters.clone(), [0; 16])
        };
        let appliers = [applier(0), applier(1)];
        let mut pair = Pair { scenes, appliers, journals };
        // Twice: the first learns of the second.
        for _ in 0..2 {
            pair.tick(bench).await;
        }
        pair
    }

    /// Both look at the store, long enough after the last time. By the real clock, as the appliers' batches are.
    async fn tick(&mut self, bench: &Bench) {
        for applier in &mut self.appliers {
            let keeper = applier.keeper.as_mut().expect("meters");
            keeper.rest();
            keeper.tick(&bench.fresh.db, unix_ms()).await.expect("reads");
        }
    }

    fn tell(&self, at: usize, told: &Told) {
        let nas = NasContext { tenant_id: 1, router_id: 2, nas_instance: 3, added_at: T0 - 86_400_000, adopt_all: false };
        let append = |record: &Record<'_>| {
            Ok::<u64, Infallible>(self.journals[at].append(record.kind(), |p| record.write(p), None).expect("takes it"))
        };
        let Ok(_) = self.scenes[at].live.record(&event_of(told), &nas, || (told.0 != 2).then_some((7 + told.0 as i64, 300)), append);
    }

    async fn apply(&mut self) {
        for (journal, applier) in self.journals.iter().zip(&mut self.appliers) {
            journal.wait_durable(journal.last_seq(), Duration::from_secs(20));
            applier.apply_all().await.expect("applies");
        }
    }

    /// Both nodes say what the store says.
    async fn check(&self, bench: &Bench, told: &[(usize, Told)]) {
        for scene in &self.scenes {
            for customer_id in CUSTOMERS {
                let used = scene.meters.used(customer_id, PeriodSet::NONE, unix_ms()).expect("a meter");
                for (period, from) in [(Period::Validity, PERIOD_AT), (Period::Once, PACKAGE_AT)] {
                    let stored = scene.stored(bench, customer_id, from, UnixMs::MAX).await;
                    assert_eq!(used.of(period), stored, "customer {customer_id}, {period:?}, {told:?}");
                }
            }
        }
    }
}

#[test]
fn two_nodes_meter_alike_whichever_hears_what_and_nothing_counts_twice() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    // Which node hears it (2 = both), and what.
    let event = (0..3usize, (0..4usize, 0..2i64, 0..3000i64, 0..250u8, prop_oneof![Just(0i64), 0..400i64]));
    let mut runner = TestRunner::new(Config { cases: 12, failure_persistence: None, max_shrink_iters: 32, ..Config::default() });
    let ran = runner.run(&(prop::collection::vec(event, 1..24), 1..8usize), |(mut told, steps)| {
        told.sort_by_key(|(_, one)| event_of(one).arrived_at);
        runtime.block_on(async {
            for bench in Bench::each().await {
                if bench.fresh.db.is_sqlite() {
                    bench.end().await;
                    continue;
                }
                let mut pair = Pair::new(&bench).await;
                for some in told.chunks(steps) {
                    for (at, one) in some {
                        (0..2).filter(|node| *at == 2 || at == node).for_each(|node| pair.tell(node, one));
                    }
                    pair.apply().await;
                    pair.tick(&bench).await;
                    pair.check(&bench, &told).await;
                }
                drop(pair);
                bench.end().await;
            }
        });
        Ok(())
    });
    ran.expect("equal");
}

#[tokio::test]
async fn a_session_on_another_node_is_seen_and_a_lost_batch_makes_everything_be_read_again() {
    for bench in Bench::each().await {
        if bench.fresh.db.is_sqlite() {
            bench.end().await;
            continue;
        }
        let mut pair = Pair::new(&bench).await;
        let fresh = |pair: &Pair, at: usize| {
            let mut found = 0;
            pair.scenes[at].live.fresh_sessions(7, T0 + 60_000, |_| found += 1);
            found
        };
        pair.tell(0, &(0, 0, 0, 0, 0));
        pair.apply().await;
        pair.tick(&bench).await;
        assert_eq!((fresh(&pair, 0), fresh(&pair, 1)), (1, 1));
        assert_eq!(pair.scenes[1].meters.status().remote_sessions, 1);
        // Reading everything again must not make its own session another node's.
        pair.scenes[0].meters.lost_track();
        pair.tick(&bench).await;
        assert_eq!((fresh(&pair, 0), pair.scenes[0].meters.status().remote_sessions), (1, 0));
        // The same packet here too: one session, and counted once.
        pair.tell(1, &(0, 0, 0, 0, 0));
        assert_eq!(fresh(&pair, 1), 1);
        pair.tell(0, &(0, 0, 50, 3, 0));
        assert_eq!(fresh(&pair, 0), 0, "before any other node or the store knows it");
        pair.apply().await;
        pair.tick(&bench).await;
        assert_eq!((fresh(&pair, 0), fresh(&pair, 1)), (0, 0), "stopped on one, ended on both");
        // It goes over to the other node while it is open: whoever hears of its end, it has ended.
        pair.tell(0, &(3, 0, 0, 0, 0));
        pair.apply().await;
        pair.tick(&bench).await;
        pair.tell(1, &(3, 0, 40, 3, 0));
        let online = |pair: &Pair, at: usize| {
            let mut found = 0;
            pair.scenes[at].live.fresh_sessions(10, T0 + 60_000, |_| found += 1);
            found
        };
        assert_eq!(online(&pair, 1), 0);
        pair.apply().await;
        pair.tick(&bench).await;
        assert_eq!((online(&pair, 0), online(&pair, 1)), (0, 0));
        let mut tx = bench.fresh.db.begin().await.expect("a transaction");
        q!(exec tx, "DELETE FROM node_batches").expect("deletes");
        tx.commit(NOW).await.expect("commits");
        pair.tell(0, &(1, 0, 0, 0, 0));
        pair.tell(0, &(1, 0, 3000, 1, 0));
        pair.apply().await;
        let mut tx = bench.fresh.db.begin().await.expect("a transaction");
        q!(exec tx, "DELETE FROM node_batches").expect("deletes");
        tx.commit(NOW).await.expect("commits");
        for _ in 0..2 {
            pair.tick(&bench).await;
        }
        pair.check(&bench, &[]).await;
        assert!(pair.scenes[1].meters.blind_since(unix_ms()).is_none() && pair.scenes[1].meters.blind_since(unix_ms() + 60_000).is_some());
        drop(pair);
        bench.end().await;
    }
}

#[test]
fn a_meter_of_two_kinds_of_periods_takes_less_than_170_octets() {
    // With its place in a table that is half full.
    let (place, kind) = (std::mem::size_of::<(i64, usize)>() + 1, 24);
    let octets = crate::sessions::meters::METER_OCTETS + 2 * kind + 2 * place;
    assert!(octets <= 170, "{octets}");
}

#[test]
fn counted_periods_only() {
    let scene = Scene::new();
    let need =
        MeterNeed { tenant_id: 1, customer_id: 7, counted: PeriodSet::NONE, rolled_over: PeriodSet::NONE, charging: Charging::default() };
    scene.meters.want(need);
    assert_eq!(scene.meters.status().waiting, CUSTOMERS.len() - 1);
}
