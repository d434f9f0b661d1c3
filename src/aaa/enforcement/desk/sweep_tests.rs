//! Sweeps, and customers of whom it is not known yet what they used.

use proptest::prelude::*;

use super::*;
use crate::packages::{Limits, Period, PeriodSet};
use crate::sessions::Used;

/// A meter that is read some time after the limits that need it are known.
#[derive(Default)]
struct LateMeter(Mutex<Option<Used>>);

impl LateMeter {
    fn read(&self, download: u64) {
        let mut used = Used::default();
        used.of_mut(Period::Month).download = download;
        *self.0.lock() = Some(used);
    }
}

impl UsageSource for LateMeter {
    fn used(&self, _: i64, counted: PeriodSet, _: UnixMs) -> Option<Used> {
        assert!(counted.has(Period::Month) && !counted.has(Period::Day));
        *self.0.lock()
    }
}

fn limited(scene: &Scene, limits: Limits) {
    let restricts = limits.restrict_access();
    let package =
        Package { id: 3, tenant_id: 1, rate_limit: rate(10), rate: number(10), interim_secs: 300, limits, restricts, ..Package::default() };
    scene.directory.packages.store(Arc::new([(3, Arc::new(package))].into()));
}

fn month(limit: &str) -> Limits {
    Limits { volume: [limit.parse().expect("a limit")].into(), ..Limits::default() }
}

#[test]
fn nothing_is_asked_of_a_router_before_it_is_known_what_the_customer_used() {
    let meter = Arc::new(LateMeter::default());
    let mut s = scene_with(meter.clone());
    s.report(Accounting::Start, b"81000001", NOW);
    limited(&s, month("download:5G/month"));
    s.desk.recheck(CUSTOMER, true, NOW + 10);
    s.desk.begin_sweep(true);
    s.desk.step(NOW + 20);
    assert!(s.orders().is_empty(), "five gigabytes would be told, and taken back half a second later");
    meter.read(6_000_000_000);
    s.desk.recheck(CUSTOMER, false, NOW + 500);
    let [order] = &s.orders()[..] else { panic!("one order") };
    assert_eq!(order.code, code::DISCONNECT_REQUEST);
    assert_eq!(s.last_row().reason, "volume-used-up");
}

#[test]
fn what_is_under_way_waits_while_it_is_not_known_what_the_customer_used_but_an_expiry_does_not() {
    let meter = Arc::new(LateMeter::default());
    meter.read(6_000_000_000);
    let mut s = scene_with(meter.clone());
    limited(&s, month("download:5G/month"));
    s.report(Accounting::Start, b"81000001", NOW);
    let serial = s.orders()[0].serial;
    s.desk.answered(serial, Outcome::Timeout, NOW + 30_000);
    *meter.0.lock() = None;
    let due = s.desk.next_at();
    s.desk.recheck(CUSTOMER, true, due - 1);
    s.desk.begin_sweep(false);
    s.desk.step(due);
    assert_eq!((s.orders().len(), s.states()[0].0, s.desk.next_at()), (0, ActionKind::Disconnect, due + LEAST_PAUSE_MS));
    meter.read(6_000_000_000);
    s.desk.step(due + LEAST_PAUSE_MS);
    assert_eq!(s.orders().len(), 1, "it goes on where it was");
    let mut expired = scene_with(Arc::new(LateMeter::default()));
    limited(&expired, month("download:5G/month"));
    expired.report(Accounting::Start, b"81000001", NOW);
    expired.customer(NOW + 100);
    expired.desk.recheck(CUSTOMER, true, NOW + 100);
    assert_eq!(expired.orders().len(), 1);
}

#[test]
fn an_expiry_that_is_far_away_is_brought_by_a_sweep_in_time() {
    let mut s = scene();
    let expires_at = NOW + 3_600_000;
    s.customer(expires_at);
    s.report(Accounting::Start, b"81000001", NOW);
    let serial = s.orders()[0].serial;
    s.desk.answered(serial, Outcome::Ack, NOW + 1);
    s.report(Accounting::Interim, b"81000001", NOW + 300_000);
    assert_eq!(s.desk.timers(), 0);
    s.desk.begin_sweep(false);
    s.desk.step(expires_at - 400_000);
    assert_eq!((s.desk.timers(), s.desk.next_at(), s.desk.is_sweeping()), (1, expires_at, false));
    s.desk.step(expires_at);
    assert_eq!(s.orders()[0].code, code::DISCONNECT_REQUEST);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    /// A sweep asks for what rechecking everyone would have asked for, and leaves the same instants.
    #[test]
    fn a_sweep_decides_as_rechecks_do(
        customers in prop::collection::vec((0..3u8, 0..4i64, any::<bool>()), 1..60), tells in any::<bool>(),
    ) {
        let [swept, rechecked] = [true, false].map(|by_sweep| {
            let mut s = scene();
            for (at, (sessions, expires, is_known)) in (1000..).zip(&customers) {
                let expires_at = NOW + expires * 400_000;
                s.directory.customers.put(&CustomerFields {
                    id: at, tenant_id: 1, package_id: 3, expires_at, username: format!("c{at}").as_bytes(), ..CustomerFields::default()
                });
                for nth in 0..*sessions {
                    let id = format!("81{nth}{at:05}");
                    let told_end = if *is_known { expires_at } else { UnixMs::MAX };
                    let granted = Granted::new(number(10), told_end, false, VolumeCaps::default());
                    let tally = crate::sessions::Tally::open(NOW);
                    let mut key = [nth; 16];
                    key[8..].copy_from_slice(&at.to_be_bytes());
                    let session = LiveSession::from_row(key, 1, 2, BOX, at, tally, None, None, &id, "x");
                    let name = session.name();
                    s.live.restore(session);
                    s.live.set_granted(&name, granted);
                }
            }
            if by_sweep {
                s.desk.begin_sweep(tells);
                while s.desk.is_sweeping() {
                    s.desk.step(NOW + 1);
                }
            } else {
                (1000..1000 + customers.len() as i64).for_each(|id| s.desk.recheck(id, tells, NOW + 1));
            }
            let mut orders: Vec<_> = s.orders().into_iter().map(|o| (o.code, o.attributes)).collect();
            orders.sort();
            (orders, s.desk.timers(), s.desk.next_at())
        });
        prop_assert_eq!(swept, rechecked);
    }
}
