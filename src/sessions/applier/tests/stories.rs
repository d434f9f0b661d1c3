//! Any story, told to live sessions and applied to the store, ends the same in both.

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use super::*;
use crate::sessions::live::REMEMBER_STOPPED_MS;

/// One told event: which name, which session of that name, seconds into it, what, and how many seconds late the packet comes.
pub(super) type Told = (usize, i64, i64, u8, i64);

pub(super) fn event_of((name, nth, secs, kind, late): &Told) -> AccountingEvent<'static> {
    let ids: [&'static [u8]; 4] = [b"81000001", b"81000002", b"odd id", b"81000004"];
    let users: [&'static [u8]; 4] = [b"ann", b"bob", b"cy", b"dee\xff"];
    // Sessions of one name begin an hour apart: nearer ones a stray may take for each other.
    let status = [Status::Start, Status::Interim, Status::Interim, Status::Stop][usize::from(*kind % 4)];
    let secs = if status == Status::Start { 0 } else { *secs };
    let at = T0 + nth * 3_600_000 + secs * 1000;
    AccountingEvent {
        status,
        at,
        arrived_at: at + late * 1000,
        acct_session_id: ids[*name],
        username: users[*name],
        mac: None,
        called_station: b"s",
        nas_port_id: b"p",
        framed_ip: None,
        session_secs: Some(secs as u32),
        octets_in: Some(secs as u64 * 1_000_003),
        octets_out: Some(secs as u64 * 9_000_001),
        has_gigawords: true,
        terminate_cause: 1,
        token: None,
        is_local: false,
    }
}

/// Tells the events to live sessions whose journal is the bench's, restarts of the router among them.
fn live_through(bench: &Bench, told: &[Told]) -> LiveSessions {
    let live = LiveSessions::new(TokenKey::new(&[1; 32]));
    let nas = NasContext { tenant_id: 1, router_id: 2, nas_instance: 3, added_at: T0 - 86_400_000, adopt_all: false };
    let append =
        |record: &Record<'_>| Ok::<u64, Infallible>(bench.journal.append(record.kind(), |p| record.write(p), None).expect("takes it"));
    let mut told: Vec<_> = told.iter().map(|t| (t, event_of(t))).collect();
    told.sort_by_key(|(_, event)| event.arrived_at);
    // A Stop is a session's last word. What overtakes it comes soon; live sessions remember a stopped one for that long, the store for ever.
    let mut stops = HashMap::new();
    told.retain(|((name, nth, _, kind, _), event)| {
        let stopped_at = stops.get(&(*name, *nth)).copied();
        if event.status == Status::Stop && *kind != 255 {
            stops.entry((*name, *nth)).or_insert(event.arrived_at);
        }
        *kind == 255 || stopped_at.is_none_or(|at: UnixMs| event.arrived_at - at <= REMEMBER_STOPPED_MS)
    });
    for (t, mut event) in told {
        if t.3 == 255 {
            (event.status, event.acct_session_id) = (Status::On, b"");
        }
        let Ok(_) = live.record(&event, &nas, || (t.0 != 2).then_some((7 + t.0 as i64, 300)), append);
        if t.3 == 254 {
            let Ok(_) = live.sweep(event.arrived_at, append);
        }
    }
    bench.journal.wait_durable(bench.journal.last_seq(), Duration::from_secs(20));
    live
}

#[test]
fn the_store_after_the_applier_equals_the_live_sessions() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let events = prop::collection::vec((0..4usize, 0..3i64, 0..3000i64, any::<u8>(), prop_oneof![Just(0i64), 0..400i64]), 1..60);
    let mut runner = TestRunner::new(Config { cases: 24, failure_persistence: None, ..Config::default() });
    let ran = runner.run(&(events, 1..40usize), |(told, batch)| {
        runtime.block_on(async {
            for bench in Bench::each().await {
                let live = live_through(&bench, &told);
                bench.applier().with_batch_records(batch).apply_all().await.expect("applies");
                let rows = bench.rows().await;
                live.each(|session| {
                    let row = rows.get(&session.session_key).expect("every live session is in the store");
                    assert_eq!(row.tally, session.tally(), "{told:?}");
                });
                let charged: u64 = rows.values().map(|r| r.tally.charged().0).sum();
                let used: i64 = bench.usage().await.iter().map(|u| u.1).sum();
                assert_eq!(used as u64, charged);
                bench.end().await;
            }
        });
        Ok(())
    });
    ran.expect("equal");
}
