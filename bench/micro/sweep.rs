//! A sweep: every live session compared with the books, on one core. The aim is 100,000 sessions in less than 100 ms.

use std::sync::Arc;
use std::time::Instant;

use tollgate::aaa::access::Access;
use tollgate::aaa::enforcement::{CoaSender, Desk, Order, Status, Timers, World};
use tollgate::sessions::{Granted, LiveSession, Tally, VolumeCaps};

use super::{CUSTOMERS, NOW};

/// Nothing is to be told in this benchmark.
struct Nobody;

impl CoaSender for Nobody {
    fn send(&self, order: Order) {
        panic!("the sessions are as the books say, but {order:?} was to be sent");
    }
}

/// Octets of resident memory.
fn resident_octets() -> u64 {
    let statm = std::fs::read_to_string("/proc/self/statm").expect("Linux");
    statm.split_whitespace().nth(1).and_then(|pages| pages.parse::<u64>().ok()).expect("pages") * 4096
}

/// What a timer takes while it is near: a million customers whose periods all end within ten minutes.
pub fn timers() {
    const MANY: i64 = 1_000_000;
    let before = resident_octets();
    let mut timers = Timers::default();
    (0..MANY).for_each(|id| timers.set(id * 4_097, NOW + id % 600_000, NOW));
    assert_eq!(timers.len(), MANY as usize);
    println!("timers of {MANY} customers that are near: {} octets each", resident_octets().saturating_sub(before) / MANY as u64);
}

/// One session of each customer, as its Accept granted it; then sweeps.
pub fn run(what: &str, access: &Arc<Access>) {
    let granted = access.assess_customer(1, 1, NOW, |_, _, gathered, assessment| {
        let rate = gathered.rate_text(assessment, NOW).map_or(gathered.package.rate, |rate| rate.number);
        let ends_at = assessment.ends_at.min(NOW + 1000 * i64::from(gathered.package.session_timeout_secs));
        // A limit on both directions together is the router's alone once it was told.
        let caps = VolumeCaps { total: assessment.left.total, ..VolumeCaps::default() };
        Granted::new(rate, ends_at, false, caps)
    });
    let granted = granted.expect("a customer");
    let before = resident_octets();
    for id in 1..=CUSTOMERS {
        let mut session_key = [0; 16];
        session_key[8..].copy_from_slice(&id.to_be_bytes());
        let (acct_session_id, username) = (format!("81{id:06x}"), format!("customer{id:06}"));
        let session = LiveSession::from_row(session_key, 1, 1, 1, id, Tally::open(NOW), None, None, &acct_session_id, &username);
        let name = session.name();
        access.live.restore(session);
        access.live.set_granted(&name, granted);
    }
    println!("live sessions, index included: {} octets each", resident_octets().saturating_sub(before) / CUSTOMERS as u64);
    let world = World {
        access: access.clone(),
        ways: Arc::default(),
        append: Box::new(|_| Err("nothing is written here".into())),
        sender: Arc::new(Nobody),
        kick: None,
    };
    let mut desk = Desk::new(world, Arc::new(Status::default()));
    let mut rounds: Vec<f64> = (0..7)
        .map(|_| {
            let start = Instant::now();
            desk.begin_sweep(false);
            while desk.is_sweeping() {
                desk.step(NOW + 1_000);
            }
            start.elapsed().as_secs_f64() * 1e3
        })
        .collect();
    rounds.sort_by(f64::total_cmp);
    println!("sweep of {CUSTOMERS} live sessions of customers {what}: {:.0} ms ({:.0} to {:.0})", rounds[3], rounds[0], rounds[6]);
}
