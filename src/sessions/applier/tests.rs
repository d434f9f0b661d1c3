//! The applier on both databases: stories told as journal records, crashes between commit and knowledge of it, and the equality with the live sessions.

use std::collections::{BTreeMap, HashMap};
use std::convert::Infallible;
use std::sync::atomic::AtomicI64;

use super::*;
use crate::journal::{Identity, JournalOptions, RealDisk};
use crate::q;
use crate::sessions::event::Status;
use crate::sessions::record::Record;
use crate::sessions::record::{RouterLearned, Update};
use crate::sessions::sql::bulk;
use crate::sessions::sql::list_open_sessions;
use crate::sessions::{AccountingEvent, Charging, LiveSessions, NasContext, TokenKey};
use crate::store::test_db::{NOW, TestDb, each_database};
use crate::units::Mac;
use crate::units::TenantId;

const JOURNAL: i64 = 77;
/// 2026-11-14T22:00:00Z: two hours before a midnight in UTC.
const T0: i64 = 1_794_693_600_000;

fn silent(session_key: [u8; 16], last_event_at: UnixMs) -> Record<'static> {
    Record::Ended { tenant_id: 1, nas_instance: 3, acct_session_id: b"81000001", session_key, terminate_cause: 2, last_event_at }
}

/// A directory with one customer who is found late, and meters if the test has some.
struct TestSink {
    meters: Option<Arc<Meters>>,
    charging: Charging,
    now: AtomicI64,
}

impl AppliedSink for TestSink {
    fn find_customer(&self, _: i64, username: &[u8], _: Option<Mac>) -> Option<i64> {
        (username == b"late").then_some(99)
    }

    fn charging(&self, _: i64) -> Charging {
        self.charging.clone()
    }

    fn applied(&self, batch: &AppliedBatch<'_>) {
        if let Some(meters) = &self.meters {
            meters.applied(batch, self.now.load(Ordering::Relaxed));
        }
    }

    fn lost_track(&self) {
        if let Some(meters) = &self.meters {
            meters.lost_track();
        }
    }
}

pub(super) struct Bench {
    pub(super) fresh: TestDb,
    journal: Arc<Journal<()>>,
}

impl Bench {
    pub(super) async fn each() -> Vec<Bench> {
        let mut all = Vec::new();
        for fresh in each_database().await {
            let disk = Arc::new(RealDisk::open(&fresh.folder.path().join("journal")).expect("a folder"));
            let identity = Identity { store_id: [1; 16], journal_id: JOURNAL };
            let (journal, _) = Journal::open(disk, identity, JournalOptions::default(), Box::new(|_| {})).expect("a journal");
            let mut tx = fresh.db.begin().await.expect("a transaction");
            q!(exec tx, "INSERT INTO tenants (id, name, time_zone, currency, created_at) VALUES (1, 'default', 'UTC', 'USD', 0)")
                .expect("a tenant");
            tx.commit(NOW).await.expect("commits");
            all.push(Bench { fresh, journal });
        }
        all
    }

    pub(super) fn tell(&self, record: &Record<'_>) {
        let seq = self.journal.append(record.kind(), |payload| record.write(payload), None).expect("takes a record");
        assert!(self.journal.wait_durable(seq, Duration::from_secs(20)));
    }

    fn tell_all(&self, updates: &[Update<'_>]) {
        for update in updates {
            self.tell(&Record::Update(update.clone()));
        }
    }

    fn applier(&self) -> Applier<()> {
        self.applier_to(Arc::new(TestSink { meters: None, charging: Charging::default(), now: AtomicI64::new(NOW) }))
    }

    fn applier_to(&self, sink: Arc<TestSink>) -> Applier<()> {
        let meters = sink.meters.clone();
        let applier = Applier::new(self.fresh.db.clone(), self.journal.clone(), JOURNAL, "test", sink, Arc::new(AtomicU64::new(u64::MAX)));
        if let Some(meters) = meters { applier.with_meters(meters, [0; 16]) } else { applier }
    }

    pub(super) async fn apply(&self) {
        self.applier().apply_all().await.expect("applies");
    }

    async fn rows(&self) -> BTreeMap<[u8; 16], bulk::SessionRow> {
        let sql = concat!("SELECT ", bulk::columns!(), " FROM sessions s");
        let rows = q!(all self.fresh.db.read().await.expect("a connection"), bulk::StoredRow, sql).expect("sessions");
        rows.into_iter().map(|row| row.into_row().expect("a row of ours")).map(|row| (row.session_key, row)).collect()
    }

    async fn usage(&self) -> Vec<(i64, i64, i64, i64)> {
        let sql = "SELECT day, octets_in, octets_out, secs FROM usage ORDER BY session_key, bucket_at, charging_class";
        q!(all self.fresh.db.read().await.expect("a connection"), (i64, i64, i64, i64), sql).expect("usage")
    }

    pub(super) async fn end(self) {
        drop(self.journal);
        self.fresh.end().await;
    }
}

fn update(status: Status, secs: i64, octets: u64) -> Update<'static> {
    Update {
        status,
        started_at: T0,
        at: T0 + secs * 1000,
        session_secs: Some(secs as u32),
        octets_in: Some(octets),
        octets_out: Some(octets * 10),
        opens: status == Status::Start,
        ..Update::sample()
    }
}

/// Start, two interims, Stop at 4000 octets after 4000 s: usage is one octet a second.
fn story() -> Vec<Update<'static>> {
    let stop = Update { terminate_cause: 1, ..update(Status::Stop, 4000, 4000) };
    vec![update(Status::Start, 0, 0), update(Status::Interim, 300, 300), update(Status::Interim, 600, 600), stop]
}

#[tokio::test]
async fn a_session_and_its_usage_arrive_once_however_often_records_come() {
    for bench in Bench::each().await {
        for records in [1, 3, 2000] {
            bench.tell_all(&story());
            bench.applier().with_batch_records(records).apply_all().await.expect("applies");
        }
        let rows = bench.rows().await;
        let tally = &rows[&[5; 16]].tally;
        assert_eq!((tally.octets_in, tally.octets_out, tally.session_secs), (4000, 40_000, 4000));
        assert_eq!((tally.ended_at, tally.terminate_cause), (T0 + 4_000_000, 1));
        assert_eq!(bench.usage().await, [(20261114, 4000, 40_000, 4000)]);
        assert_eq!(find_position(&mut bench.fresh.db.read().await.expect("reads"), JOURNAL).await.expect("known"), Some(12));
        bench.end().await;
    }
}

#[tokio::test]
async fn a_commit_whose_answer_was_lost_and_a_second_applier_do_not_count_twice() {
    for bench in Bench::each().await {
        bench.tell_all(&story()[..2]);
        let mut first = bench.applier().with_batch_records(1);
        assert_eq!(first.step().await.expect("a step"), Step::Applied(1));
        // As after a commit that reached the database while its answer did not reach us.
        first.set_position(0);
        first.reader = None;
        first.pending.clear();
        assert_eq!(first.step().await.expect("a step"), Step::Again);
        let mut second = bench.applier();
        assert_eq!(second.apply_all().await.expect("applies"), 1);
        assert_eq!(first.apply_all().await.expect("applies"), 0);
        bench.tell_all(&story()[2..]);
        assert_eq!(second.apply_all().await.expect("applies"), 2);
        assert_eq!(first.apply_all().await.expect("finds its place again"), 0);
        assert_eq!(bench.usage().await, [(20261114, 4000, 40_000, 4000)]);
        bench.end().await;
    }
}

#[tokio::test]
async fn a_dropped_transaction_leaves_neither_position_nor_rows() {
    for bench in Bench::each().await {
        bench.tell_all(&story());
        let mut applier = bench.applier();
        applier.find_place().await.expect("a place");
        applier.fill(0).await.expect("reads");
        let records: Vec<_> = applier.pending.front(4).map(|(_, r)| r.expect("reads")).collect();
        let mut tx = bench.fresh.db.begin().await.expect("a transaction");
        assert!(update_position(&mut tx, JOURNAL, 0, 4, NOW).await.expect("moves"));
        read_rows(&mut tx, &mut applier.work, &mut applier.known, &records, &applier.aliases, &*applier.sink, NOW).await.expect("reads");
        for record in &records {
            applier.work.apply(record, &applier.aliases, &*applier.sink, &mut applier.zones);
        }
        write_rows(&mut tx, &mut applier.work).await.expect("writes");
        drop(tx);
        assert!(bench.rows().await.is_empty());
        bench.apply().await;
        assert_eq!(bench.usage().await, [(20261114, 4000, 40_000, 4000)]);
        bench.end().await;
    }
}

#[tokio::test]
async fn rows_of_open_sessions_are_known_until_somebody_else_writes() {
    for bench in Bench::each().await {
        let is_lite = bench.fresh.db.is_sqlite();
        let mut applier = bench.applier();
        let octets = async || bench.rows().await[&[5; 16]].tally.octets_in;
        bench.tell_all(&story()[..2]);
        applier.apply_all().await.expect("applies");
        assert_eq!(applier.known.len(), usize::from(is_lite));
        // What is known is not read again: a change behind the applier's back, by the same connection, would be seen otherwise.
        let change = async |db: &Db, octets: i64| {
            let mut tx = db.begin().await.expect("a transaction");
            q!(exec tx, "UPDATE sessions SET octets_in = $1", octets).expect("changes");
            tx.commit(NOW).await.expect("commits");
        };
        if is_lite {
            change(&bench.fresh.db, 7_000).await;
            bench.tell_all(&[update(Status::Interim, 400, 400)]);
            applier.apply_all().await.expect("applies");
            assert_eq!(octets().await, 400);
        }
        // Another process.
        let path = bench.fresh.folder.path().join("test.db");
        let other = if is_lite { Db::open(&crate::store::StoreUrl::Sqlite(path)).await.expect("opens") } else { bench.fresh.db.clone() };
        change(&other, 5_000).await;
        bench.tell_all(&[update(Status::Interim, 600, 600)]);
        applier.apply_all().await.expect("applies");
        assert_eq!(octets().await, 5_000, "counters never shrink");
        // Another applier of this process.
        let mut second = bench.applier();
        bench.tell_all(&[update(Status::Interim, 900, 6_000)]);
        second.apply_all().await.expect("applies");
        applier.apply_all().await.expect("finds its place again");
        assert_eq!(applier.known.len(), 0);
        bench.tell_all(&[update(Status::Interim, 1000, 5_500)]);
        applier.apply_all().await.expect("applies");
        assert_eq!((octets().await, applier.known.len()), (6_000, usize::from(is_lite)));
        // What a transaction that failed had taken out is read again.
        applier.find_place().await.expect("a place");
        applier.known.take(&[(1, [5; 16])], &mut Vec::new());
        bench.tell_all(&[update(Status::Interim, 1100, 7_000), Update { terminate_cause: 1, ..update(Status::Stop, 4000, 8_000) }]);
        applier.apply_all().await.expect("applies");
        assert_eq!((octets().await, applier.known.len()), (8_000, 0), "the history may move it now");
        bench.end().await;
    }
}

#[tokio::test]
async fn reordered_events_give_the_same_totals_and_usage_is_split_at_midnight() {
    for bench in Bench::each().await {
        // 22:00 to 02:00, half of it before midnight.
        let stop = update(Status::Stop, 14_400, 28_800);
        bench.tell_all(&[stop, update(Status::Interim, 600, 600), update(Status::Start, 0, 0)]);
        bench.apply().await;
        let row = bench.rows().await.remove(&[5; 16]).expect("the session");
        assert_eq!((row.tally.octets_in, row.tally.ended_at), (28_800, T0 + 14_400_000));
        assert_eq!(bench.usage().await, [(20261114, 14_400, 144_000, 7200), (20261115, 14_400, 144_000, 7200)]);
        bench.end().await;
    }
}

#[tokio::test]
async fn a_replaced_session_ends_at_its_last_event() {
    for bench in Bench::each().await {
        bench.tell_all(&story()[..3]);
        bench.apply().await;
        let next = Update { session_key: [6; 16], started_at: T0 + 900_000, replaces: Some([5; 16]), ..update(Status::Start, 900, 0) };
        bench.tell_all(&[next]);
        bench.apply().await;
        let rows = bench.rows().await;
        let old = &rows[&[5; 16]].tally;
        assert_eq!((old.ended_at, old.terminate_cause), (T0 + 600_000, super::super::cause::LOST_SERVICE));
        assert!(rows[&[6; 16]].tally.is_open());
        bench.end().await;
    }
}

#[tokio::test]
async fn a_reboot_ends_stored_and_new_sessions_of_its_service_only() {
    for bench in Bench::each().await {
        let named = |key: u8, id: &'static [u8], secs: i64| Update {
            session_key: [key; 16],
            acct_session_id: id,
            started_at: T0 + secs * 1000,
            ..update(Status::Start, secs, 0)
        };
        bench.tell_all(&[named(1, b"81000001", 0), named(2, b"80000002", 0)]);
        bench.apply().await;
        bench.tell_all(&[named(3, b"81000003", 10), Update { nas_instance: 4, ..named(4, b"81000004", 0) }]);
        bench.tell(&Record::NasRestarted { nas_instance: 3, at: T0 + 60_000, only: Some((0x81, 1)) });
        bench.tell_all(&[named(5, b"81100005", 60), named(6, b"81000006", 70)]);
        bench.apply().await;
        let open: Vec<u8> = bench.rows().await.values().filter(|r| r.tally.is_open()).map(|r| r.session_key[0]).collect();
        assert_eq!(open, [2, 4, 5, 6]);
        bench.tell(&Record::NasRestarted { nas_instance: 3, at: T0 + 65_000, only: None });
        bench.apply().await;
        let rows = bench.rows().await;
        let open: Vec<u8> = rows.values().filter(|r| r.tally.is_open()).map(|r| r.session_key[0]).collect();
        assert_eq!(open, [4, 6]);
        assert_eq!(rows[&[1; 16]].tally.terminate_cause, super::super::cause::NAS_REBOOT);
        let live = list_open_sessions(&mut bench.fresh.db.read().await.expect("reads"), (i64::MIN, [0; 16]), 1).await.expect("lists");
        let more =
            list_open_sessions(&mut bench.fresh.db.read().await.expect("reads"), (live[0].nas().nas_instance, live[0].session_key), 9)
                .await
                .expect("lists");
        let keys: Vec<u8> = live.iter().chain(&more).map(|s| s.session_key[0]).collect();
        assert_eq!(keys, [6, 4], "in order of boxes");
        assert_eq!((live[0].acct_session_id(), live[0].username(), live[0].customer_id), (&b"81000006"[..], &b"bob"[..], 4));
        bench.end().await;
    }
}

#[tokio::test]
async fn a_stray_finds_its_neighbour_and_keeps_it() {
    for bench in Bench::each().await {
        bench.tell_all(&story()[..2]);
        bench.apply().await;
        let stray = |secs: i64| Update {
            session_key: [9; 16],
            started_at: T0 + 2_000,
            is_stray: true,
            opens: true,
            username: b"BOB",
            ..update(Status::Interim, secs, secs as u64)
        };
        let elsewhere = [
            Update { session_key: [10; 16], started_at: T0 + 121_000, ..stray(500) },
            Update { session_key: [11; 16], customer_id: 0, ..stray(500) },
            Update { session_key: [12; 16], username: b"eve", ..stray(500) },
        ];
        let mut applier = bench.applier();
        bench.tell_all(&[stray(600)]);
        bench.tell_all(&elsewhere);
        applier.apply_all().await.expect("applies");
        bench.tell(&silent([9; 16], T0 + 600_000));
        applier.apply_all().await.expect("applies");
        let rows = bench.rows().await;
        let keys: Vec<u8> = rows.keys().map(|k| k[0]).collect();
        assert_eq!(keys, [5, 10, 11, 12]);
        let tally = &rows[&[5; 16]].tally;
        assert_eq!((tally.octets_in, tally.ended_at, tally.terminate_cause), (600, T0 + 600_000, 2));
        assert_eq!(rows[&[11; 16]].customer_id, None);
        // Once more for the one without a customer, and from an applier that remembers nothing.
        bench.tell_all(&[Update { session_key: [13; 16], customer_id: 0, ..stray(700) }, Update { opens: false, ..stray(900) }]);
        bench.apply().await;
        let rows = bench.rows().await;
        assert_eq!(rows.len(), 4);
        assert_eq!((rows[&[11; 16]].tally.octets_in, rows[&[5; 16]].tally.octets_in), (700, 900));
        assert!(rows[&[5; 16]].tally.is_open(), "an inferred end is taken back");
        bench.end().await;
    }
}

#[tokio::test]
async fn what_came_before_tollgate_is_stored_but_not_charged_even_if_it_is_told_again() {
    for bench in Bench::each().await {
        let first = Update { opens: true, carried_over: true, ..update(Status::Interim, 3600, 5000) };
        bench.tell_all(&[first.clone(), update(Status::Interim, 3900, 5300)]);
        bench.apply().await;
        bench.tell_all(&[Update { octets_in: Some(5300), at: T0 + 3_900_000, ..first }, update(Status::Stop, 4000, 5400)]);
        bench.apply().await;
        let row = bench.rows().await.remove(&[5; 16]).expect("the session");
        assert_eq!((row.tally.octets_in, row.tally.uncharged_in), (5400, 5000));
        assert_eq!(bench.usage().await, [(20261114, 400, 4000, 400)]);
        bench.end().await;
    }
}

#[tokio::test]
async fn an_end_by_silence_counts_only_while_nothing_newer_came() {
    for bench in Bench::each().await {
        bench.tell_all(&story()[..3]);
        bench.tell(&silent([5; 16], T0 + 300_000));
        bench.apply().await;
        assert!(bench.rows().await[&[5; 16]].tally.is_open());
        bench.tell(&silent([5; 16], T0 + 600_000));
        bench.apply().await;
        assert_eq!(bench.rows().await[&[5; 16]].tally.ended_at, T0 + 600_000);
        bench.end().await;
    }
}

#[tokio::test]
async fn facts_about_routers_and_boxes_are_stored_once() {
    for bench in Bench::each().await {
        let learned = RouterLearned { tenant_id: 1, router_id: 2, address: "192.0.2.1".parse().expect("an address"), at: T0 };
        for _ in 0..2 {
            bench.tell(&Record::RouterLearned(learned));
            bench.tell(&Record::NasSeen {
                tenant_id: 1,
                nas_instance: 3,
                router_id: 2,
                at: T0,
                nas_identifier: b"rb\x00",
                nas_address: &[10, 0, 0, 1],
            });
            bench.tell(&Record::Odd { at: T0, router_id: 2, packet: b"?" });
        }
        bench.apply().await;
        let mut conn = bench.fresh.db.read().await.expect("reads");
        let boxes = q!(all conn, (String, String), "SELECT nas_identifier, nas_address FROM nas_instances").expect("boxes");
        assert_eq!(boxes, [("rb\\x00".to_owned(), "10.0.0.1".to_owned())]);
        let feed = crate::store::list_feed_after(&mut conn, 0, 10).await.expect("the feed");
        let told: Vec<_> = feed.iter().map(|c| (c.table_name.as_str(), c.row_id)).collect();
        assert_eq!(told, [("routers", 2)]);
        drop(conn);
        bench.end().await;
    }
}

#[tokio::test]
async fn a_customer_found_late_gets_the_session_and_its_usage() {
    for bench in Bench::each().await {
        let unknown = |u: Update<'static>, username: &'static [u8]| Update { customer_id: 0, username, ..u };
        bench.tell_all(&[unknown(update(Status::Start, 0, 0), b"nobody"), unknown(update(Status::Interim, 300, 300), b"nobody")]);
        bench.apply().await;
        assert_eq!(bench.rows().await[&[5; 16]].customer_id, None);
        bench.tell_all(&[unknown(update(Status::Interim, 600, 600), b"late")]);
        bench.apply().await;
        assert_eq!(bench.rows().await[&[5; 16]].customer_id, Some(99));
        let mut conn = bench.fresh.db.read().await.expect("reads");
        let owners = q!(all conn, (Option<i64>,), "SELECT customer_id FROM usage").expect("usage");
        assert_eq!(owners, [(Some(99),)]);
        drop(conn);
        bench.end().await;
    }
}

#[tokio::test]
async fn a_record_that_the_store_refuses_is_given_up_alone() {
    for bench in Bench::each().await {
        let refuse = if bench.fresh.db.is_sqlite() {
            "CREATE TRIGGER refuse BEFORE INSERT ON sessions WHEN NEW.username = 'evil' BEGIN SELECT RAISE(ABORT, 'refused'); END"
        } else {
            "ALTER TABLE sessions ADD CONSTRAINT refuse CHECK (username <> 'evil')"
        };
        let mut tx = bench.fresh.db.begin().await.expect("a transaction");
        q!(exec tx, refuse).expect("a rule");
        tx.commit(NOW).await.expect("commits");
        bench.tell_all(&story()[..2]);
        bench.tell_all(&[Update { session_key: [6; 16], username: b"evil", ..update(Status::Start, 0, 0) }]);
        bench.journal.append(1, |payload| payload.extend_from_slice(b"no record"), None).expect("takes it");
        bench.tell_all(&story()[2..]);
        let mut applier = bench.applier();
        applier.apply_all().await.expect("goes on");
        assert_eq!(applier.status.skipped.load(Ordering::Relaxed), 2);
        assert_eq!(bench.rows().await.len(), 1);
        assert_eq!(bench.usage().await, [(20261114, 4000, 40_000, 4000)]);
        bench.end().await;
    }
}

#[tokio::test]
async fn a_journal_that_was_lost_is_applied_from_its_beginning() {
    for bench in Bench::each().await {
        bench.tell_all(&story());
        let mut tx = bench.fresh.db.begin().await.expect("a transaction");
        insert_journal(&mut tx, JOURNAL, "test", NOW).await.expect("known");
        assert!(update_position(&mut tx, JOURNAL, 0, 1000, NOW).await.expect("moves"));
        tx.commit(NOW).await.expect("commits");
        bench.apply().await;
        assert_eq!(bench.rows().await[&[5; 16]].tally.octets_in, 4000);
        bench.end().await;
    }
}

#[tokio::test]
async fn it_runs_until_it_is_told_to_stop() {
    for bench in Bench::each().await {
        let (stop, stopped) = watch::channel(false);
        let status = Arc::new(ApplierStatus::default());
        let running = tokio::spawn(bench.applier().run(stopped, status.clone()));
        bench.tell_all(&story());
        while status.applied_seq.load(Ordering::Relaxed) < 4 {
            tokio::task::yield_now().await;
        }
        stop.send(true).expect("it listens");
        running.await.expect("a clean end");
        assert_eq!(bench.rows().await.len(), 1);
        bench.end().await;
    }
}

mod meter_stories;
mod moved;
mod stories;
