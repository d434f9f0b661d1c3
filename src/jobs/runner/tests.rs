//! The runner on both databases. Time is an argument or stands still; nothing waits for a clock.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use arc_swap::ArcSwapOption;
use serde_json::json;
use tokio::sync::watch;

use super::{LEASE_MS, Runner, sql};
use crate::accounts::capability::Capability;
use crate::accounts::test_scopes::World;
use crate::jobs::backup::{self, BackupOptions};
use crate::jobs::{
    JOB_FIELDS, Job, JobContext, JobFailure, JobQuery, JobRow, JobState, Kind, Outcome, Place, ProgressNow, Retry, Schedule, Terms,
    ask_job, cancel_job, find_job, list_job_rows, list_schedules, retry_job,
};
use crate::lists::{Filter, Start};
use crate::store::backup::Archive;
use crate::store::test_db::NOW;
use crate::store::{IdMaker, KeyFile, SlotLease, ensure_store_identity};
use crate::units::{DAY_MS, JobId, UnixMs};

const ALONE: Terms = Terms { name: "test.alone", place: Place::Server, needs: Capability::SettingsEdit, is_alone: true };
const MANY: Terms = Terms { name: "test.many", place: Place::Tenant, needs: Capability::BulkOperations, is_alone: false };
const MINUTE: i64 = 60_000;

/// A node of the world's store.
fn runner(world: &World, slot: i64, kinds: Vec<Kind>) -> Runner {
    let ids = Arc::new(ArcSwapOption::from_pointee(IdMaker::new(SlotLease { slot })));
    let key = KeyFile::read_or_create(&world.fresh.folder.path().join("key")).expect("a key");
    Runner::new(world.fresh.db.clone(), ids, Arc::new(key), kinds, "test", || NOW)
}

fn two_attempts(kind: Kind) -> Kind {
    Kind { retry: Retry { attempts: 2, first_pause_ms: MINUTE }, ..kind }
}

async fn fails(_: JobContext) -> Result<serde_json::Value, JobFailure> {
    Err(JobFailure::Again("not today".into()))
}

async fn waits(context: JobContext) -> Result<serde_json::Value, JobFailure> {
    context.stop.wait().await;
    Err(JobFailure::Stopped)
}

async fn ask(world: &World, terms: &Terms) -> JobId {
    ask_job(&world.fresh.db, &world.fresh.ids, world.scope("commands"), terms, &json!({}), NOW).await.expect("asked").id()
}

async fn job(world: &World, id: JobId) -> Job {
    find_job(&mut world.fresh.db.read().await.expect("reads"), world.scope("commands"), id).await.expect("read").expect("a job")
}

/// Runs what is taken until it ends, while the server goes on or stops.
async fn execute(runner: &Runner, now: UnixMs, is_stopping: bool) {
    let claimed = runner.claim(now).await.expect("read").expect("a job waits");
    let (_sender, stop) = watch::channel(is_stopping);
    runner.execute(claimed, runner.ids.load_full().expect("ids"), stop).await;
}

#[tokio::test]
async fn of_two_nodes_one_runs_a_job_and_a_lane_holds_one() {
    for world in World::on_each().await {
        let kinds = || vec![Kind::new(&ALONE, fails), Kind::new(&MANY, fails)];
        let (one, two) = (runner(&world, 8, kinds()), runner(&world, 9, kinds()));
        let id = ask(&world, &MANY).await;
        let (first, second) = tokio::join!(one.claim(NOW), two.claim(NOW));
        let taken: Vec<JobId> = [first, second].into_iter().filter_map(|claimed| claimed.expect("read")).map(|c| c.id).collect();
        assert_eq!(taken, [id], "once");
        // any number of this kind, but one of that
        let more = [ask(&world, &MANY).await, ask(&world, &MANY).await];
        assert!(more[0] != more[1]);
        let alone = ask(&world, &ALONE).await;
        assert_eq!(ask(&world, &ALONE).await, alone, "one that waits will do");
        let mut tx = world.fresh.db.begin().await.expect("a transaction");
        let lane = ALONE.lane(None);
        let twin = sql::NewJob {
            id: 7,
            tenant: None,
            owner: None,
            asked_by: "",
            kind: ALONE.name,
            needs: ALONE.needs,
            lane,
            arguments: &json!({}),
        };
        sql::insert_job(&mut tx, &twin, NOW).await.expect("another one of its lane");
        tx.commit(NOW).await.expect("committed");
        assert!(one.claim_one(alone, NOW).await.expect("read").is_some());
        assert!(two.claim_one(JobId(7), NOW).await.expect("the database refuses it, which is no error").is_none());
        let mut taken = Vec::new();
        while let Some(claimed) = two.claim(NOW).await.expect("read") {
            taken.push(claimed.id);
        }
        taken.sort_unstable();
        assert_eq!(taken, more, "the others of the kind without lanes");
        let strange = runner(&world, 10, Vec::new());
        ask(&world, &MANY).await;
        assert!(strange.claim(NOW).await.expect("read").is_none(), "a kind that this program does not know stays");
        world.fresh.end().await;
    }
}

#[tokio::test]
async fn a_job_of_a_dead_node_is_taken_over_and_the_dead_write_nothing() {
    for world in World::on_each().await {
        let kinds = || vec![two_attempts(Kind::new(&MANY, fails))];
        let (dead, alive) = (runner(&world, 8, kinds()), runner(&world, 9, kinds()));
        let id = ask(&world, &MANY).await;
        assert_eq!(dead.claim(NOW).await.expect("read").expect("taken").attempt, 1);
        let over = NOW + LEASE_MS + 1;
        alive.take_over(over - 1).await.expect("looked");
        assert_eq!(job(&world, id).await.state, JobState::Running, "its lease still holds");
        alive.take_over(over).await.expect("looked");
        let found = job(&world, id).await;
        assert_eq!((found.state, found.run_at, found.attempts), (JobState::Queued, over + MINUTE, 1));
        assert!(found.error.contains("died"));
        assert!(alive.claim(over + MINUTE - 1).await.expect("read").is_none(), "after the pause");
        assert_eq!(alive.claim(over + MINUTE).await.expect("read").expect("taken").attempt, 2);

        let mut tx = world.fresh.db.begin().await.expect("a transaction");
        assert!(!sql::update_hold(&mut tx, id, &dead.owner).await.expect("asked"));
        let told = sql::update_progress(&mut tx, id, &dead.owner, &ProgressNow::default(), NOW).await.expect("asked");
        assert_eq!(told, None);
        let ended =
            sql::update_ended(&mut tx, id, &dead.owner, (JobState::Done, None, ""), &ProgressNow::default(), NOW).await.expect("asked");
        assert!(!ended && sql::update_hold(&mut tx, id, &alive.owner).await.expect("asked"));
        drop(tx);

        let over = over + MINUTE + LEASE_MS + 1;
        alive.take_over(over).await.expect("looked");
        let found = job(&world, id).await;
        assert_eq!((found.state, found.ended_at), (JobState::Failed, Some(over)), "twice is enough");
        world.fresh.end().await;
    }
}

#[tokio::test]
async fn a_failure_is_tried_again_after_a_pause_and_then_for_good_or_by_hand() {
    for world in World::on_each().await {
        let good = Arc::new(AtomicUsize::new(0));
        let count = good.clone();
        let node = runner(
            &world,
            8,
            vec![
                two_attempts(Kind::new(&MANY, fails)),
                Kind::new(&ALONE, move |_| {
                    let count = count.clone();
                    async move {
                        count.fetch_add(1, Ordering::Relaxed);
                        Err(JobFailure::ForGood("never".into()))
                    }
                }),
            ],
        );
        let id = ask(&world, &MANY).await;
        execute(&node, NOW, false).await;
        let found = job(&world, id).await;
        assert_eq!((found.state, found.run_at, found.error.as_str()), (JobState::Queued, NOW + MINUTE, "not today"));
        execute(&node, NOW + MINUTE, false).await;
        let found = job(&world, id).await;
        assert_eq!((found.state, found.attempts, found.ended_at), (JobState::Failed, 2, Some(NOW)));
        let scope = world.scope("commands");
        retry_job(&world.fresh.db, scope, id, NOW).await.expect("by hand");
        let found = job(&world, id).await;
        assert_eq!((found.state, found.attempts, found.error.as_str()), (JobState::Queued, 0, ""));
        assert_eq!(retry_job(&world.fresh.db, scope, id, NOW).await.expect_err("it waits").code(), "job-not-retriable");
        cancel_job(&world.fresh.db, scope, id, NOW).await.expect("what waits is cancelled at once");
        assert_eq!(job(&world, id).await.state, JobState::Cancelled);
        assert_eq!(cancel_job(&world.fresh.db, scope, id, NOW).await.expect_err("over").code(), "job-over");

        let id = ask(&world, &ALONE).await;
        execute(&node, NOW, false).await;
        assert_eq!((job(&world, id).await.state, good.load(Ordering::Relaxed)), (JobState::Failed, 1), "no second attempt");
        world.fresh.end().await;
    }
}

#[tokio::test]
async fn running_work_hears_that_it_was_cancelled_took_too_long_or_that_the_server_stops() {
    for world in World::on_each().await {
        let node =
            runner(&world, 8, vec![Kind::new(&MANY, waits), two_attempts(Kind { timeout: Duration::ZERO, ..Kind::new(&ALONE, waits) })]);
        let id = ask(&world, &MANY).await;
        let claimed = node.claim(NOW).await.expect("read").expect("taken");
        cancel_job(&world.fresh.db, world.scope("commands"), id, NOW).await.expect("asked for");
        let found = job(&world, id).await;
        assert!(found.state == JobState::Running && found.is_being_cancelled);
        let (_sender, stop) = watch::channel(false);
        node.execute(claimed, node.ids.load_full().expect("ids"), stop).await;
        let found = job(&world, id).await;
        assert_eq!((found.state, found.is_being_cancelled), (JobState::Cancelled, false));

        let id = ask(&world, &MANY).await;
        execute(&node, NOW, true).await;
        let found = job(&world, id).await;
        assert_eq!((found.state, found.attempts, found.run_at), (JobState::Queued, 0, NOW), "the next node goes on at once");
        cancel_job(&world.fresh.db, world.scope("commands"), id, NOW).await.expect("cancelled");

        let id = ask(&world, &ALONE).await;
        execute(&node, NOW, false).await;
        let found = job(&world, id).await;
        assert!(found.state == JobState::Queued && found.error.contains("longer than"), "{}", found.error);
        world.fresh.end().await;
    }
}

#[tokio::test]
async fn work_tells_how_far_it_is_and_what_became_of_each_object() {
    for world in World::on_each().await {
        let work = |context: JobContext| async move {
            let from = context.last_row().await?;
            assert_eq!(from, if context.attempt == 1 { 0 } else { 700 });
            let row = |number| JobRow {
                number,
                object_id: Some(number * 10),
                object: format!("object {number}"),
                outcome: if number % 3 == 0 { Outcome::Failed } else { Outcome::Ok },
                detail: String::new(),
            };
            context.progress.total(Some(1_200));
            let to = if context.attempt == 1 { 700 } else { 1_200 };
            context.add_rows(&(from + 1..=to).map(row).collect::<Vec<_>>()).await?;
            context.progress.done(to);
            assert_eq!(context.scope().await?.tenant(), context.tenant.expect("a tenant's"));
            if context.attempt == 1 { Err(JobFailure::Again("half".into())) } else { Ok(json!({ "all": to })) }
        };
        let node = runner(&world, 8, vec![two_attempts(Kind::new(&MANY, work))]);
        let id = ask(&world, &MANY).await;
        execute(&node, NOW, false).await;
        assert_eq!(job(&world, id).await.error, "half");
        execute(&node, NOW + MINUTE, false).await;
        let found = job(&world, id).await;
        assert_eq!(
            (found.state, found.done, found.total, found.result),
            (JobState::Done, 1_200, Some(1_200), Some(json!({ "all": 1_200 })))
        );
        let (mut conn, scope) = (world.fresh.db.read().await.expect("reads"), world.scope("commands"));
        let page = list_job_rows(&mut conn, scope, id, Some(Outcome::Failed), 300, 5).await.expect("read");
        assert_eq!(page.iter().map(|row| row.number).collect::<Vec<_>>(), [303, 306, 309, 312, 315]);
        let counts = crate::jobs::count_job_rows(&mut conn, scope, id).await.expect("read");
        assert_eq!(counts, [(Outcome::Failed, 400), (Outcome::Ok, 800)]);
        drop(conn);

        node.trim(NOW + 90 * DAY_MS).await.expect("trimmed");
        assert_eq!(job(&world, id).await.id, id, "ninety days are kept");
        node.trim(NOW + 90 * DAY_MS + 1).await.expect("trimmed");
        let mut conn = world.fresh.db.read().await.expect("reads");
        assert!(find_job(&mut conn, scope, id).await.expect("read").is_none());
        drop(conn);
        world.fresh.end().await;
    }
}

#[tokio::test]
async fn a_panic_is_a_failure() {
    for world in World::on_each().await {
        let node = runner(&world, 8, vec![Kind::new(&MANY, |_| async { panic!("a mistake") })]);
        let id = ask(&world, &MANY).await;
        execute(&node, NOW, false).await;
        assert!(job(&world, id).await.error.contains("mistake"));
        world.fresh.end().await;
    }
}

#[tokio::test]
async fn what_is_due_is_queued_once_however_many_nodes_there_are_and_nights_were_missed() {
    for world in World::on_each().await {
        let every = |secs| vec![Kind { schedule: Schedule::Every { secs }, ..Kind::new(&ALONE, fails) }];
        let (one, two) = (runner(&world, 8, every(3_600)), runner(&world, 9, every(3_600)));
        for node in [&one, &two] {
            node.note_schedules(NOW).await.expect("noted");
        }
        let scope = world.scope("commands");
        let lines = async || list_schedules(&mut world.fresh.db.read().await.expect("reads"), scope).await.expect("read");
        let line = lines().await.remove(0);
        let (hour, due) = (3_600_000, NOW + 3_600_000);
        assert_eq!((line.kind.as_str(), line.rule.as_str(), line.next_run_at, line.since), (ALONE.name, "every 3600 s", due, NOW));
        let count = async || {
            let mut conn = world.fresh.db.read().await.expect("reads");
            crate::jobs::list_jobs(&mut conn, scope, &JobQuery::all(NOW), Start::First, 99).await.expect("read").len()
        };
        let plan = async |now| {
            let (ids_one, ids_two) = (one.ids.load_full().expect("ids"), two.ids.load_full().expect("ids"));
            let (a, b) = tokio::join!(one.plan(&ids_one, now), two.plan(&ids_two, now));
            a.and(b).expect("planned");
        };
        plan(due - 1).await;
        assert_eq!(count().await, 0);
        plan(due).await;
        assert_eq!((count().await, lines().await[0].next_run_at), (1, due + hour));
        // that one still waits
        plan(due + hour).await;
        assert_eq!(count().await, 1);
        execute(&one, due + hour, false).await;
        // no server ran for days; the same rule keeps what was due
        let start = due + 100 * hour + 5;
        let three = runner(&world, 10, every(3_600));
        three.note_schedules(start).await.expect("noted");
        assert_eq!(lines().await[0].next_run_at, due + 2 * hour);
        cancel_job(&world.fresh.db, scope, job_that_waits(&world).await, start).await.expect("cancelled");
        plan(start).await;
        assert_eq!((count().await, lines().await[0].next_run_at), (2, start + hour), "made up for once");
        // another rule begins anew, and none removes it
        runner(&world, 11, every(60)).note_schedules(start).await.expect("noted");
        assert_eq!(lines().await[0].next_run_at, start + MINUTE);
        runner(&world, 12, vec![Kind::new(&ALONE, fails)]).note_schedules(start).await.expect("noted");
        assert!(lines().await.is_empty());
        world.fresh.end().await;
    }
}

async fn job_that_waits(world: &World) -> JobId {
    let query = JobQuery { filter: Filter::read("state:queued", JOB_FIELDS).0, ..JobQuery::all(NOW) };
    let mut conn = world.fresh.db.read().await.expect("reads");
    crate::jobs::list_jobs(&mut conn, world.scope("commands"), &query, Start::First, 1).await.expect("read")[0].id
}

#[tokio::test]
async fn each_tenant_has_a_schedule_of_its_own() {
    for world in World::on_each().await {
        let node = runner(&world, 8, vec![Kind { schedule: Schedule::Daily { hour: 3 }, ..Kind::new(&MANY, fails) }]);
        node.note_schedules(NOW).await.expect("noted");
        let due = Schedule::Daily { hour: 3 }.next(NOW, &jiff::tz::TimeZone::UTC).expect("due");
        node.plan(&node.ids.load_full().expect("ids"), due).await.expect("planned");
        for name in ["commands", "elsewhere", "super-admin", "owner", "north"] {
            let (mut conn, scope) = (world.fresh.db.read().await.expect("reads"), world.scope(name));
            let jobs = crate::jobs::list_jobs(&mut conn, scope, &JobQuery::all(NOW), Start::First, 9).await.expect("read");
            let sees = !["owner", "north"].contains(&name);
            assert_eq!(jobs.len(), usize::from(sees), "{name}: nobody's job is the whole tenant's");
            assert_eq!(list_schedules(&mut conn, scope).await.expect("read").len(), usize::from(sees), "{name}");
            assert!(jobs.iter().all(|job| job.tenant_id == Some(scope.tenant()) && job.asked_by.is_empty()));
        }
        world.fresh.end().await;
    }
}

#[tokio::test]
async fn a_backup_is_read_back_named_and_the_oldest_go() {
    for world in World::on_each().await {
        let key_path = world.fresh.folder.path().join("key");
        let (_, key) = ensure_store_identity(&world.fresh.db, &key_path, NOW).await.expect("a store");
        let folder = world.fresh.folder.path().join("backups");
        std::fs::create_dir(&folder).expect("a folder");
        for day in 1..=3 {
            std::fs::write(folder.join(format!("tollgate-2026-11-0{day}T03-00-00Z.backup")), "old").expect("written");
        }
        let options = BackupOptions { folder: folder.clone(), key_file: key_path, ..BackupOptions::sample() };
        let node = runner(&world, 8, vec![backup::kind(options.clone())]);
        let id = ask(&world, &backup::TERMS).await;
        execute(&node, NOW, false).await;
        let found = job(&world, id).await;
        assert_eq!((found.state, found.error.as_str()), (JobState::Done, ""));
        let result = found.result.expect("a result");
        assert_eq!(result["removed"], json!(["tollgate-2026-11-01T03-00-00Z.backup", "tollgate-2026-11-02T03-00-00Z.backup"]));
        let mut names: Vec<_> = std::fs::read_dir(&folder).expect("listed").map(|e| e.expect("an entry").file_name()).collect();
        names.sort();
        assert_eq!(names, ["tollgate-2026-11-03T03-00-00Z.backup", "tollgate-2026-11-14T22-13-20Z.backup"]);
        let archive = Archive::open(&folder.join(&names[1]), crate::store::backup::key_passphrase(&key).as_bytes()).expect("opens");
        assert_eq!(json!(archive.check().expect("whole").copied.rows), result["rows"]);

        // a second one of the same second is none, and the good ones stay
        let id = ask(&world, &backup::TERMS).await;
        execute(&node, NOW, false).await;
        let found = job(&world, id).await;
        assert!(found.state == JobState::Queued && found.error.contains("exists"), "{}", found.error);
        assert_eq!(std::fs::read_dir(&folder).expect("listed").count(), 2);
        // stopped in the middle nothing is left
        assert_eq!(ask(&world, &backup::TERMS).await, id, "whoever asks again does not wait");
        let found = job(&world, id).await;
        assert_eq!((found.run_at, found.attempts, found.error.as_str()), (NOW, 1, ""));
        execute(&node, found.run_at, true).await;
        assert_eq!((job(&world, id).await.state, std::fs::read_dir(&folder).expect("listed").count()), (JobState::Queued, 2));
        world.fresh.end().await;
    }
}
