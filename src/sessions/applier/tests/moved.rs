//! Packets about sessions that were moved among the closed ones: they come back, and nothing of them is lost or counted twice.

use super::*;
use crate::accounts::Scope;
use crate::sessions::HistoryKeeper;
use crate::sessions::sql::{
    NEWEST, count_sessions, find_session, find_session_facts, list_newest_sessions, list_sessions_after, list_sessions_of_id,
    list_usage_mismatches,
};
use crate::units::DAY_MS;

/// 2025-01-15: long past, whatever the clock says.
const BEGIN: UnixMs = 1_736_900_000_000;

fn key(number: u8) -> [u8; 16] {
    let mut key = [number; 16];
    key[..6].copy_from_slice(&BEGIN.to_be_bytes()[2..]);
    key
}

fn event(number: u8, status: Status, secs: i64, octets: u64) -> Update<'static> {
    Update { session_key: key(number), started_at: BEGIN, at: BEGIN + secs * 1000, terminate_cause: 1, ..update(status, secs, octets) }
}

async fn move_all(bench: &Bench, now: UnixMs) {
    let mut keeper = HistoryKeeper::new(bench.fresh.db.clone(), 400 * DAY_MS);
    while keeper.step(now).await.expect("moves") {}
}

/// Sessions of tenant 1 by every list, and how many disagree with their usage.
async fn shown(bench: &Bench) -> (i64, usize) {
    let mut conn = bench.fresh.db.read().await.expect("a connection");
    let (conn, scope) = (&mut conn, &Scope::administrator(TenantId(1)));
    let count = count_sessions(conn, scope).await.expect("counts");
    let newest = list_newest_sessions(conn, scope, false, "", &NEWEST, 9).await.expect("lists");
    let of_name = list_newest_sessions(conn, scope, false, "BOB", &NEWEST, 9).await.expect("lists");
    let of_id = list_sessions_of_id(conn, scope, "81000001", 9).await.expect("lists");
    let mut exported = list_sessions_after(conn, scope, &[], 0, 9).await.expect("lists");
    exported.reverse();
    let keys = |lines: &[crate::sessions::sql::SessionLine]| lines.iter().map(|line| line.session_key.clone()).collect::<Vec<_>>();
    for list in [&of_name, &of_id, &exported] {
        assert_eq!(keys(list), keys(&newest));
    }
    assert_eq!(newest.len() as i64, count);
    for key in keys(&newest) {
        assert!(find_session(conn, scope, &key).await.expect("finds").is_some());
        assert!(find_session_facts(conn, scope, &key).await.expect("finds").is_some());
    }
    if let [first, .., last] = &keys(&newest)[..] {
        let below = list_newest_sessions(conn, scope, false, "bob", first, 9).await.expect("lists");
        assert_eq!(keys(&below), keys(&newest[1..]));
        assert!(list_newest_sessions(conn, scope, false, "", last, 9).await.expect("lists").is_empty());
    }
    (count, list_usage_mismatches(conn, scope, 9).await.expect("checks").len())
}

#[tokio::test]
async fn a_moved_session_comes_back_for_a_late_stop_and_moves_again() {
    for bench in Bench::each().await {
        bench.tell_all(&[event(1, Status::Start, 0, 0), event(1, Status::Stop, 100, 1_000)]);
        bench.apply().await;
        move_all(&bench, BEGIN + DAY_MS / 2).await;
        assert_eq!(bench.rows().await.len(), 1, "for a day it stays");
        move_all(&bench, BEGIN + 2 * DAY_MS).await;
        assert!(bench.rows().await.is_empty());
        assert_eq!(shown(&bench).await, (1, 0));
        // One that began and ended meanwhile, one that has the first one's name, and larger counters of that.
        bench.tell_all(&[event(2, Status::Start, 0, 0), event(2, Status::Stop, 50, 7), event(1, Status::Stop, 120, 1_500)]);
        bench.apply().await;
        let rows = bench.rows().await;
        assert_eq!((rows.len(), rows[&key(1)].tally.octets_in, rows[&key(1)].tally.is_open()), (2, 1_500, false));
        assert_eq!(shown(&bench).await, (2, 0));
        move_all(&bench, BEGIN + 3 * DAY_MS).await;
        assert!(bench.rows().await.is_empty());
        assert_eq!(shown(&bench).await, (2, 0));
        assert_eq!(bench.usage().await.iter().map(|u| u.1).sum::<i64>(), 1_507);
        bench.end().await;
    }
}

#[tokio::test]
async fn a_session_that_was_closed_as_stale_opens_again_although_it_was_moved() {
    for bench in Bench::each().await {
        bench.tell_all(&[event(1, Status::Start, 0, 0), event(1, Status::Interim, 100, 1_000)]);
        bench.tell(&silent(key(1), BEGIN + 100_000));
        bench.apply().await;
        move_all(&bench, BEGIN + 2 * DAY_MS).await;
        assert!(bench.rows().await.is_empty());
        bench.tell_all(&[event(1, Status::Interim, 200, 3_000)]);
        bench.apply().await;
        let rows = bench.rows().await;
        assert_eq!((rows[&key(1)].tally.octets_in, rows[&key(1)].tally.is_open()), (3_000, true));
        move_all(&bench, BEGIN + 9 * DAY_MS).await;
        assert_eq!((bench.rows().await.len(), shown(&bench).await), (1, (1, 0)), "what is open is never moved");
        bench.end().await;
    }
}

#[tokio::test]
async fn a_stray_packet_finds_its_session_among_the_moved_ones() {
    for bench in Bench::each().await {
        bench.tell_all(&[event(1, Status::Start, 0, 0), event(1, Status::Stop, 100, 1_000)]);
        bench.apply().await;
        move_all(&bench, BEGIN + 2 * DAY_MS).await;
        let stray = Update { is_stray: true, started_at: BEGIN + 900, ..event(9, Status::Stop, 100, 1_200) };
        bench.tell_all(&[stray]);
        bench.apply().await;
        let rows = bench.rows().await;
        assert_eq!((rows.len(), rows[&key(1)].tally.octets_in), (1, 1_200));
        assert_eq!(shown(&bench).await, (1, 0));
        bench.end().await;
    }
}
