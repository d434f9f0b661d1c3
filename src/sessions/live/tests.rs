//! Accounting stories of routers, told to the live sessions through the same door that the workers use.

use std::convert::Infallible;

use super::*;
use crate::sessions::grant::Granted;
use crate::sessions::token::SessionToken;

const T0: i64 = 1_800_000_000_000;

struct Story {
    live: LiveSessions,
    nas: NasContext,
    records: Vec<(u8, Vec<u8>)>,
}

impl Story {
    fn new() -> Story {
        let nas = NasContext { tenant_id: 1, router_id: 2, nas_instance: 3, added_at: T0 - 3_600_000, adopt_all: false };
        Story { live: LiveSessions::new(TokenKey::new(&[1; 32])), nas, records: Vec::new() }
    }

    fn tell(&mut self, event: &AccountingEvent<'_>) {
        let records = &mut self.records;
        let append = |record: &Record<'_>| {
            let mut payload = Vec::new();
            record.write(&mut payload);
            records.push((record.kind(), payload));
            Ok::<u64, Infallible>(records.len() as u64)
        };
        let Ok(_) = self.live.record(event, &self.nas, || Some((7, 300)), append);
    }

    fn updates(&self) -> Vec<Update<'_>> {
        let read = |(kind, payload): &'_ (u8, Vec<u8>)| Record::read(*kind, payload).map(|_| ());
        self.records.iter().for_each(|r| read(r).expect("a record that reads"));
        self.records
            .iter()
            .filter_map(|(kind, payload)| match Record::read(*kind, payload) {
                Ok(Record::Update(update)) => Some(update),
                _ => None,
            })
            .collect()
    }

    fn fresh(&self, now: UnixMs) -> usize {
        let mut count = 0;
        self.live.fresh_sessions(7, now, |_| count += 1);
        count
    }
}

fn event(status: Status, id: &'static [u8], secs_after: i64, session_secs: u32) -> AccountingEvent<'static> {
    let at = T0 + secs_after * 1000;
    AccountingEvent {
        status,
        at,
        arrived_at: at,
        acct_session_id: id,
        username: b"bob",
        mac: None,
        called_station: b"s",
        nas_port_id: b"ether2",
        framed_ip: None,
        session_secs: Some(session_secs),
        octets_in: Some(u64::from(session_secs) * 10),
        octets_out: Some(u64::from(session_secs) * 100),
        has_gigawords: true,
        terminate_cause: 1,
        token: None,
        is_local: false,
    }
}

#[test]
fn one_session_from_start_to_stop_is_one_key_however_often_its_packets_come() {
    let mut story = Story::new();
    for (status, after, secs) in [
        (Status::Start, 0, 0),
        (Status::Start, 1, 1),
        (Status::Interim, 300, 300),
        (Status::Interim, 302, 300),
        (Status::Stop, 400, 400),
        (Status::Stop, 401, 400),
        (Status::Interim, 402, 300),
    ] {
        story.tell(&event(status, b"81000001", after, secs));
    }
    let keys: std::collections::BTreeSet<_> = story.updates().iter().map(|u| u.session_key).collect();
    assert_eq!(keys.len(), 1);
    assert_eq!(story.live.open_count(), 0);
}

#[test]
fn a_name_used_again_is_another_session_and_the_lost_stop_is_told() {
    let mut story = Story::new();
    story.tell(&event(Status::Start, b"81000001", 0, 0));
    story.tell(&event(Status::Interim, b"81000001", 300, 300));
    story.tell(&event(Status::Start, b"81000001", 900, 0));
    let updates = story.updates();
    assert_eq!(updates[2].replaces, Some(updates[0].session_key));
    assert!(updates[2].opens && updates[2].session_key != updates[0].session_key);
    assert_eq!((story.live.open_count(), story.fresh(T0 + 900_000)), (1, 1));
    let late = event(Status::Interim, b"81000001", 901, 600);
    story.tell(&AccountingEvent { at: T0 + 600_000, ..late });
    let updates = story.updates();
    assert!(!updates[3].opens && updates[3].is_stray, "an old session's late packet is left to the store");
    assert_eq!(story.live.open_count(), 1);
}

#[test]
fn tokens_tell_sessions_of_one_name_apart_even_in_one_second() {
    let mut story = Story::new();
    let with = |issued: i64, event: AccountingEvent<'static>| AccountingEvent {
        token: Some(SessionToken { issued_at: T0 + issued, nonce: 1, customer_id: 7, interim_secs: 60, granted: Granted::UNKNOWN }),
        ..event
    };
    story.tell(&with(0, event(Status::Start, b"81000001", 0, 0)));
    story.tell(&with(500, event(Status::Start, b"81000001", 0, 0)));
    story.tell(&with(0, event(Status::Stop, b"81000001", 2, 2)));
    let updates = story.updates();
    assert_eq!(updates[1].replaces, Some(updates[0].session_key));
    assert_eq!(updates[2].session_key, updates[0].session_key);
    assert_eq!(story.live.open_count(), 1);
    assert_eq!((story.fresh(T0 + 170_000), story.fresh(T0 + 190_000)), (1, 0), "fresh for two and a half intervals of its own");
}

#[test]
fn a_restart_without_a_word_shows_in_the_boot_digit_and_ends_only_that_service() {
    let mut story = Story::new();
    story.tell(&event(Status::Start, b"81000001", 0, 0));
    story.tell(&event(Status::Start, b"80000002", 1, 0));
    story.tell(&event(Status::Start, b"81100003", 50, 0));
    assert_eq!(story.live.open_count(), 2);
    story.tell(&event(Status::Interim, b"81000001", 60, 60));
    assert_eq!(story.live.open_count(), 3, "an interim proves that the session lives");
    let late_start = event(Status::Start, b"81000009", 40, 0);
    story.tell(&late_start);
    assert_eq!(story.live.open_count(), 4, "a packet from before the restart ends nothing");
}

#[test]
fn accounting_on_ends_what_began_before_it() {
    let mut story = Story::new();
    story.tell(&event(Status::Start, b"81000001", 0, 0));
    story.tell(&event(Status::On, b"", 10, 0));
    assert_eq!(story.live.open_count(), 0);
    story.tell(&event(Status::Start, b"81000002", 11, 0));
    story.tell(&event(Status::On, b"", 10, 0));
    assert_eq!(story.live.open_count(), 1);
}

#[test]
fn only_what_began_before_the_router_was_added_is_carried_over() {
    let mut story = Story::new();
    story.tell(&event(Status::Interim, b"81000001", 0, 7200));
    story.tell(&event(Status::Interim, b"81000002", 0, 1800));
    story.nas.adopt_all = true;
    story.tell(&event(Status::Interim, b"81000003", 0, 7200));
    let carried: Vec<_> = story.updates().iter().map(|u| u.carried_over).collect();
    assert_eq!(carried, [true, false, false]);
}

#[test]
fn silence_ends_a_session_and_a_later_interim_brings_it_back() {
    let mut story = Story::new();
    story.tell(&event(Status::Start, b"81000001", 0, 0));
    story.tell(&event(Status::Interim, b"81000001", 300, 300));
    story.tell(&event(Status::Start, b"81000002", 0, 0));
    let sweep = |story: &Story, secs: i64| story.live.sweep(T0 + secs * 1000, |_| Ok::<u64, Infallible>(0)).unwrap_or(0);
    assert_eq!(sweep(&story, 1000), 0);
    assert_eq!(sweep(&story, 1200), 1, "the one without interims is given a day");
    story.tell(&event(Status::Interim, b"81000001", 1300, 1300));
    assert_eq!(story.live.open_count(), 2);
    assert_eq!(sweep(&story, 90_000), 2);
    sweep(&story, 300_000);
    assert_eq!(story.live.table.len(), 0);
}

#[test]
fn snapshot_and_replay_bring_back_what_was_there() {
    let mut story = Story::new();
    story.tell(&event(Status::Start, b"81000001", 0, 0));
    let mut snapshot = Vec::new();
    let written: Result<(), Infallible> = story.live.write_snapshot(|octets| {
        snapshot.extend_from_slice(octets);
        Ok(())
    });
    assert_eq!(written, Ok(()));
    story.tell(&event(Status::Interim, b"81000001", 300, 300));
    story.tell(&event(Status::Start, b"81000002", 310, 0));
    story.tell(&event(Status::Stop, b"81000002", 320, 10));
    // One session is in it, its length in front.
    let session = &snapshot[4..];
    for base in [Some(session), None] {
        let again = LiveSessions::new(TokenKey::new(&[1; 32]));
        if let Some(session) = base {
            assert_eq!(again.read_snapshot(session), Some(()));
        }
        for _ in 0..2 {
            for (kind, payload) in &story.records {
                again.replay(&Record::read(*kind, payload).expect("a record"), T0 + 400_000);
            }
        }
        assert_eq!(again.open_count(), 1);
        let found_in = |of: &LiveSessions| {
            let mut found = None;
            of.sessions_of(7, |s| found = (s.acct_session_id() == b"81000001").then(|| s.clone()).or(found.take()));
            found.expect("the session")
        };
        let (restored, original) = (found_in(&again), found_in(&story.live));
        assert_eq!((restored.tally(), restored.session_key), (original.tally(), original.session_key));
    }
    for cut in 0..session.len() - b"bob".len() {
        assert_eq!(LiveSessions::new(TokenKey::new(&[1; 32])).read_snapshot(&session[..cut]), None);
    }
}

#[test]
fn times_that_do_not_fit_and_missing_names_do_not_split_a_session() {
    let mut story = Story::new();
    story.tell(&event(Status::Start, b"81000001", 0, 0));
    story.tell(&event(Status::Interim, b"81000001", 1, 300));
    story.tell(&AccountingEvent { username: b"", ..event(Status::Interim, b"81000001", 2, 500) });
    story.tell(&event(Status::Stop, b"81000001", 3, 600));
    let keys: std::collections::BTreeSet<_> = story.updates().iter().map(|u| u.session_key).collect();
    assert_eq!((keys.len(), story.live.open_count()), (1, 0), "a script that compresses time, and a packet without User-Name");
}
