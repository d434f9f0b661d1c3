//! The desk with a directory, live sessions and a sender that only notes what it is given.

use parking_lot::Mutex;

use super::*;
use crate::aaa::access::{Access, Identity};
use crate::aaa::decide::RejectReason;
use crate::aaa::directory::{CustomerFields, Directory, NasFields, NasTable, Package, TenantRules};
use crate::aaa::enforcement::action::Outcome;
use crate::aaa::enforcement::order::Order;
use crate::aaa::policy::{NoMeters, UsageSource};
use crate::aaa::throttle::{Throttle, ThrottleLimits};
use crate::packages::{PerDirection, RateLimit};
use crate::radius::{Secret, code};
use crate::sessions::{
    AccountingEvent, Granted, LiveSessions, NasContext, SessionToken, Sighting, Status as Accounting, TokenKey, VolumeCaps, rate_number,
};
use crate::units::BitRate;

const NOW: UnixMs = 1_800_000_000_000;
const BOX: i64 = 77;
const CUSTOMER: i64 = 5;

#[derive(Default)]
struct Notes(Mutex<Vec<Order>>);

impl CoaSender for Notes {
    fn send(&self, order: Order) {
        self.0.lock().push(order);
    }
}

struct Scene {
    desk: Desk,
    notes: Arc<Notes>,
    live: Arc<LiveSessions>,
    directory: Arc<Directory>,
    status: Arc<Status>,
}

fn rate(mbps: u64) -> RateLimit {
    let rate = Some(BitRate(mbps * 1_000_000));
    RateLimit { rate: PerDirection { download: rate, upload: rate }, ..RateLimit::default() }
}

fn number(mbps: u64) -> u32 {
    rate_number(rate(mbps).to_mikrotik().expect("a rate").as_bytes())
}

fn scene() -> Scene {
    scene_with(Arc::new(NoMeters))
}

fn scene_with(usage: Arc<dyn UsageSource>) -> Scene {
    let directory = Arc::new(Directory::empty());
    let rules = TenantRules::default();
    directory.tenants.store(Arc::new([(1, Arc::new(rules))].into()));
    let fields = NasFields {
        id: 2,
        name: "tower".into(),
        prefixes: vec!["192.0.2.1/32".parse().expect("a prefix")],
        secrets: vec![Secret::new(b"s")],
        tenant_id: 1,
        owner_id: 1,
        ..NasFields::default()
    };
    directory.routers.store(Arc::new(NasTable::new(vec![fields], &[], &NasTable::default())));
    let (live, notes, status) = (Arc::new(LiveSessions::new(TokenKey::new(&[7; 32]))), Arc::new(Notes::default()), Arc::default());
    let access = Access {
        directory: directory.clone(),
        live: live.clone(),
        throttle: Throttle::new(ThrottleLimits::default()),
        usage,
        identity: Identity::default(),
    };
    let world = World { access: Arc::new(access), ways: Arc::default(), append: Box::new(|_| Ok(1)), sender: notes.clone(), kick: None };
    let scene = Scene { desk: Desk::new(world, Arc::clone(&status)), notes, live, directory, status };
    scene.package(10);
    scene.customer(UnixMs::MAX);
    scene
}

impl Scene {
    fn package(&self, mbps: u64) {
        let package = Package { id: 3, tenant_id: 1, rate_limit: rate(mbps), rate: number(mbps), interim_secs: 300, ..Package::default() };
        self.directory.packages.store(Arc::new([(3, Arc::new(package))].into()));
    }

    fn customer(&self, expires_at: UnixMs) {
        self.directory.customers.put(&CustomerFields {
            id: CUSTOMER,
            tenant_id: 1,
            package_id: 3,
            expires_at,
            username: b"bob",
            ..CustomerFields::default()
        });
    }

    /// Accounting of a session; returns its name.
    fn account(&self, status: Accounting, id: &[u8], at: UnixMs) -> SessionName {
        SessionName { nas_instance: BOX, session_key: self.hear(status, id, at).session_key, acct_session_id: id.into() }
    }

    /// The same; returns the session at a glance.
    fn hear(&self, status: Accounting, id: &[u8], at: UnixMs) -> Sighting {
        let granted = Granted::new(number(10), UnixMs::MAX, false, VolumeCaps::default());
        let nonce = u32::from(*id.last().expect("an id"));
        let event = AccountingEvent {
            status,
            at,
            arrived_at: at,
            acct_session_id: id,
            username: b"bob",
            mac: None,
            called_station: b"",
            nas_port_id: b"",
            framed_ip: Some([10, 0, 0, 9].into()),
            session_secs: if status == Accounting::Start { None } else { Some(((at - NOW) / 1000).max(0) as u32) },
            octets_in: Some(0),
            octets_out: Some(0),
            has_gigawords: true,
            terminate_cause: 0,
            token: Some(SessionToken { issued_at: NOW, nonce, customer_id: CUSTOMER, interim_secs: 300, granted }),
            is_local: false,
        };
        let nas = NasContext { tenant_id: 1, router_id: 2, nas_instance: BOX, added_at: 0, adopt_all: true };
        self.live.record(&event, &nas, || None, |_| Ok::<u64, ()>(1)).expect("recorded").session.expect("about a session")
    }

    /// Accounting, told to the desk as well.
    fn report(&mut self, status: Accounting, id: &[u8], at: UnixMs) {
        let sighting = self.hear(status, id, at);
        self.desk.accounted(sighting.session_key, sighting.customer_id, sighting.is_open, status != Accounting::Interim, at);
    }

    fn orders(&self) -> Vec<Order> {
        std::mem::take(&mut self.notes.0.lock())
    }

    fn states(&self) -> Vec<(ActionKind, ActionState)> {
        self.desk.actions.values().map(|a| (a.kind, a.state)).collect()
    }

    /// The last row of the one action.
    fn last_row(&mut self) -> ActionRow {
        self.desk.take_changed().pop().expect("a row")
    }
}

#[test]
fn expiry_disconnects_to_the_millisecond_and_the_stop_proves_it() {
    let mut s = scene();
    s.customer(NOW + 60_000);
    s.report(Accounting::Start, b"81000001", NOW);
    // The session's end is told at once: its Accept did not know it.
    assert_eq!(s.orders().len(), 1);
    s.desk.answered(1, Outcome::Ack, NOW + 1);
    assert_eq!(s.desk.next_at(), NOW + 60_000);
    s.desk.step(NOW + 59_999);
    assert_eq!(s.orders().len(), 0);
    s.desk.step(NOW + 60_000);
    let [order] = &s.orders()[..] else { panic!("one order") };
    assert_eq!((order.code, order.to), (code::DISCONNECT_REQUEST, "192.0.2.1:3799".parse().expect("an address")));
    assert_eq!(order.attributes, [&[1, 5][..], b"bob", &[44, 10], b"81000001", &[8, 6, 10, 0, 0, 9]].concat());
    s.desk.answered(order.serial, Outcome::Ack, NOW + 60_010);
    s.report(Accounting::Stop, b"81000001", NOW + 60_500);
    assert!(s.desk.actions.is_empty() && s.desk.due.is_empty() && s.desk.sessions.is_empty() && s.status.watched.is_empty());
    let row = s.last_row();
    assert_eq!((row.state, row.reason, row.kind), (ActionState::Proven, "expired", ActionKind::Disconnect));
    assert_eq!(s.status.finished(ActionKind::Disconnect, ActionState::Proven), 1);
    assert_eq!(s.desk.timers(), 0);
}

#[test]
fn a_new_rate_is_told_once_granted_on_the_answer_and_proven_by_the_next_report() {
    let mut s = scene();
    s.report(Accounting::Start, b"81000001", NOW);
    assert!(s.orders().is_empty());
    s.package(50);
    s.desk.begin_sweep(true);
    s.desk.step(NOW + 1_000);
    let [order] = &s.orders()[..] else { panic!("one order") };
    assert_eq!(order.code, code::COA_REQUEST);
    assert!(order.attributes.ends_with(b"50M/50M"));
    s.desk.recheck(CUSTOMER, true, NOW + 1_001);
    assert!(s.orders().is_empty(), "on its way already");
    s.desk.answered(order.serial, Outcome::Ack, NOW + 1_010);
    let name = s.account(Accounting::Interim, b"81000001", NOW + 1_020);
    assert_eq!(s.live.with_session(&name, |x| x.granted().rate), Some(number(50)));
    s.desk.recheck(CUSTOMER, true, NOW + 1_030);
    assert_eq!(s.states(), [(ActionKind::Coa, ActionState::Acknowledged)]);
    s.report(Accounting::Interim, b"81000001", NOW + 300_000);
    assert!(s.states().is_empty() && s.orders().is_empty());
    let row = s.last_row();
    assert_eq!((row.state, row.wanted.as_str()), (ActionState::Proven, "Mikrotik-Rate-Limit=\"50M/50M\""));
    assert!(!row.granted.is_empty());
}

#[test]
fn a_refused_change_ends_the_session_instead_and_does_not_start_over() {
    let mut s = scene();
    s.report(Accounting::Start, b"81000001", NOW);
    s.package(50);
    s.desk.recheck(CUSTOMER, true, NOW);
    let serial = s.orders()[0].serial;
    s.desk.answered(serial, Outcome::Nak(Some(406)), NOW + 5);
    let [order] = &s.orders()[..] else { panic!("one order") };
    assert_eq!(order.code, code::DISCONNECT_REQUEST);
    s.desk.recheck(CUSTOMER, true, NOW + 6);
    assert_eq!(s.states(), [(ActionKind::Disconnect, ActionState::Sent)]);
    s.desk.answered(order.serial, Outcome::Nak(Some(506)), NOW + 7);
    s.desk.step(s.desk.next_at());
    assert_eq!(s.orders().len(), 1, "tried again");
}

#[test]
fn a_session_that_its_router_does_not_have_is_closed_unless_it_was_heard_since() {
    let mut s = scene();
    let name = s.account(Accounting::Start, b"81000001", NOW);
    s.customer(NOW);
    s.desk.recheck(CUSTOMER, false, NOW + 10);
    let serial = s.orders()[0].serial;
    s.account(Accounting::Interim, b"81000001", NOW + 20);
    s.desk.answered(serial, Outcome::Nak(Some(503)), NOW + 30);
    assert_eq!(s.live.with_session(&name, |x| x.is_open()), Some(true), "it spoke after we asked");
    let serial = s.orders()[0].serial;
    s.desk.answered(serial, Outcome::Nak(Some(503)), NOW + 5_000);
    assert_eq!(s.live.with_session(&name, |x| (x.is_open(), x.tally().terminate_cause)), Some((false, 3)));
    s.account(Accounting::Interim, b"81000001", NOW + 60_000);
    assert_eq!(s.live.with_session(&name, |x| x.is_open()), Some(true), "an interim opens it again");
}

#[test]
fn renewal_before_the_try_withdraws_it_and_what_waits_for_a_silent_router_goes_when_it_speaks() {
    let mut s = scene();
    for id in [b"81000001", b"81000002"] {
        s.report(Accounting::Start, id, NOW);
    }
    s.customer(NOW);
    s.desk.recheck(CUSTOMER, false, NOW + 10);
    let serials: Vec<u64> = s.orders().iter().map(|o| o.serial).collect();
    assert_eq!(serials.len(), 2);
    for serial in &serials {
        s.desk.answered(*serial, Outcome::Timeout, NOW + 30_000);
    }
    s.desk.step(s.desk.next_at());
    let again = s.orders();
    assert_eq!(again.len(), 2);
    s.desk.answered(again[0].serial, Outcome::Silent, NOW + 33_000);
    let waits_until = s.desk.next_at();
    s.desk.answered(again[1].serial, Outcome::Ack, NOW + 33_000);
    assert!(s.desk.next_at() <= NOW + 33_000 && waits_until > NOW + 33_000, "it speaks: what waits is due now");
    s.customer(UnixMs::MAX);
    s.desk.recheck(CUSTOMER, true, NOW + 33_001);
    assert!(s.states().is_empty() && s.orders().is_empty());
    assert_eq!(s.last_row().state, ActionState::GivenUp);
}

#[test]
fn a_removed_customer_goes_and_local_and_foreign_sessions_are_left_alone() {
    let mut s = scene();
    s.report(Accounting::Start, b"81000001", NOW);
    s.directory.customers.remove(CUSTOMER);
    s.desk.set_foreign(Arc::new([2].into()));
    s.desk.recheck(CUSTOMER, true, NOW);
    assert!(s.orders().is_empty(), "another node does that");
    s.desk.set_foreign(Arc::default());
    s.desk.recheck(CUSTOMER, true, NOW);
    assert_eq!(s.orders().len(), 1);
    assert_eq!(s.last_row().reason, "customer-removed");
}

#[test]
fn an_action_survives_a_restart_and_is_sent_anew() {
    let mut s = scene();
    let name = s.account(Accounting::Start, b"81000001", NOW);
    s.customer(NOW);
    s.desk.recheck(CUSTOMER, false, NOW + 10);
    let row = s.last_row();
    assert_eq!(row.state, ActionState::Sent);
    let mut after = scene();
    after.customer(NOW);
    after.account(Accounting::Start, b"81000001", NOW);
    let stored = crate::aaa::enforcement::row::StoredAction {
        id: 9,
        tenant_id: row.tenant_id,
        router_id: row.router_id,
        nas_instance: row.nas_instance,
        session_key: row.session_key,
        customer_id: row.customer_id,
        acct_session_id: row.acct_session_id,
        username: row.username,
        kind: row.kind.to_string(),
        reason: row.reason.to_owned(),
        state: row.state.to_string(),
        note: row.note,
        tries: row.tries,
        next_try_at: row.next_try_at,
        created_at: row.created_at,
        updated_at: row.updated_at,
    };
    let action = stored.clone().into_action().expect("known words");
    assert_eq!((action.session.clone(), action.reason), (name, Reason::Denied(RejectReason::Expired)));
    after.desk.take_up(action, NOW + 5_000);
    after.desk.step(NOW + 5_000);
    assert_eq!(after.orders().len(), 1);
    let row = after.last_row();
    assert_eq!((row.id, row.tries, row.created_at), (Some(9), 2, NOW + 10));
    let mut begun = scene();
    begun.account(Accounting::Start, b"81000001", NOW);
    begun.package(50);
    begun.desk.recheck(CUSTOMER, true, NOW);
    begun.desk.take_up(stored.clone().into_action().expect("known words"), NOW);
    assert_eq!(begun.states(), [(ActionKind::Disconnect, ActionState::Waiting)], "a change gives way to an end");
    let mut again = scene();
    again.customer(NOW);
    again.account(Accounting::Start, b"81000001", NOW);
    again.desk.recheck(CUSTOMER, true, NOW + 4_000);
    again.desk.take_up(stored.clone().into_action().expect("known words"), NOW + 4_001);
    assert_eq!(again.states(), [(ActionKind::Disconnect, ActionState::Sent)]);
    let row = again.last_row();
    assert_eq!((row.id, row.created_at), (Some(9), NOW + 10), "begun again before the store was read: one row");
    let mut gone = scene();
    gone.desk.take_up(stored.into_action().expect("known words"), NOW);
    assert_eq!(gone.last_row().state, ActionState::Proven, "it was asked for, and the session is no more");
}

#[test]
fn a_word_of_staff_stands_whatever_the_books_say() {
    let mut s = scene();
    let name = s.account(Accounting::Start, b"81000001", NOW);
    s.desk.disconnect(&name, Reason::Staff, NOW);
    s.desk.recheck(CUSTOMER, true, NOW + 1);
    let orders = s.orders();
    assert_eq!((orders.len(), s.states()), (1, vec![(ActionKind::Disconnect, ActionState::Sent)]));
    s.desk.answered(orders[0].serial, Outcome::Timeout, NOW + 30_000);
    s.desk.step(s.desk.next_at());
    assert_eq!(s.orders().len(), 1);
}

#[path = "sweep_tests.rs"]
mod sweep_tests;
