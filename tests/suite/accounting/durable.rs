//! An acknowledged record survives: a ledger kept by the client is held against the export after the server was killed, and
//! strace shows that no response leaves before the disk has its record.

#[path = "strace.rs"]
mod strace;

use crate::harness::packet::status;
use crate::harness::postgres::PrivatePostgres;
use crate::harness::{Client, Packet, Reply, SECRET, Store, TestServer, USER, code, on_both_stores, skip};
use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

const ROUTERS: usize = 4;
const SESSIONS_EACH: usize = 25;
/// Acknowledgements to wait for before the server is killed in the middle of its work.
const ACKNOWLEDGED_PER_ROUND: usize = 400;

/// Rounds of load and kill; TOLLGATE_TEST_ROUNDS asks for more than a usual run has time for.
fn rounds() -> usize {
    std::env::var("TOLLGATE_TEST_ROUNDS").ok().and_then(|n| n.parse().ok()).unwrap_or(3)
}

/// Session id → the highest octets that were acknowledged.
type Ledger = HashMap<String, u32>;

/// Sends Interims of growing octets round robin until told to stop, and notes what is acknowledged. Nothing is resent: what is not
/// acknowledged is nobody's promise.
fn meter(to: SocketAddr, router: usize, from_octets: u32, stop: &AtomicBool, acknowledged: &AtomicUsize) -> Ledger {
    let client = Client::new();
    let mut ledger = Ledger::new();
    let mut octets = from_octets;
    while !stop.load(Ordering::Relaxed) {
        octets += 1;
        for session in 0..SESSIONS_EACH {
            let id = format!("810{router:x}{session:04x}");
            let datagram = Packet::accounting(status::INTERIM, USER, &id, octets).sign(SECRET);
            client.send(to, &datagram);
            let Some(reply) = answer(&client, stop) else { return ledger };
            if Reply::check(&reply, &datagram, SECRET).code == code::ACCOUNTING_RESPONSE {
                ledger.insert(id, octets);
                acknowledged.fetch_add(1, Ordering::Relaxed);
            }
        }
    }
    ledger
}

/// The answer, however late it is; `None` when it is time to stop, for a dead server does not answer.
fn answer(client: &Client, stop: &AtomicBool) -> Option<Vec<u8>> {
    loop {
        match client.receive(Duration::from_millis(100)) {
            None if stop.load(Ordering::Relaxed) => return None,
            None => {}
            reply => return reply,
        }
    }
}

/// One round: load from several sockets, `interrupt` in the middle of it; returns what was acknowledged.
fn load_until(server: &mut TestServer, from_octets: u32, interrupt: impl FnOnce(&mut TestServer)) -> Ledger {
    let (stop, acknowledged) = (AtomicBool::new(false), AtomicUsize::new(0));
    let to = server.acct;
    std::thread::scope(|scope| {
        let (stop, acknowledged) = (&stop, &acknowledged);
        let meters: Vec<_> = (0..ROUTERS).map(|router| scope.spawn(move || meter(to, router, from_octets, stop, acknowledged))).collect();
        crate::harness::wait::until("enough is acknowledged", Duration::from_secs(60), || {
            (acknowledged.load(Ordering::Relaxed) >= ACKNOWLEDGED_PER_ROUND).then_some(())
        });
        interrupt(server);
        stop.store(true, Ordering::Relaxed);
        meters.into_iter().flat_map(|meter| meter.join().expect("a meter")).collect()
    })
}

/// Nothing acknowledged may be missing or behind, nothing may be there twice.
fn compare(server: &TestServer, ledger: &Ledger) {
    let mut exported: HashMap<String, u64> = HashMap::new();
    for row in server.exported_sessions() {
        let octets = row["octets_in"].parse().expect("a number");
        assert!(exported.insert(row["acct_session_id"].clone(), octets).is_none(), "twice: {row:?}");
    }
    let lost: Vec<_> = ledger.iter().filter(|(id, octets)| exported.get(*id).is_none_or(|seen| *seen < u64::from(**octets))).collect();
    assert!(lost.is_empty(), "acknowledged, but lost or behind: {lost:?}");
}

on_both_stores! {
    fn nothing_acknowledged_is_lost_by_kill_9(store: &Store) {
        let mut server = TestServer::start(store);
        let mut ledger = Ledger::new();
        for round in 0..rounds() {
            let octets = u32::try_from(round).expect("few") * 1_000_000;
            ledger.extend(load_until(&mut server, octets, TestServer::kill9));
            server.serve();
            compare(&server, &ledger);
        }
        assert_eq!(ledger.len(), ROUTERS * SESSIONS_EACH, "every session was acknowledged at least once");
    }

    fn the_export_of_a_killed_server_is_complete_without_it(store: &Store) {
        let mut server = TestServer::start(store);
        let ledger = load_until(&mut server, 0, TestServer::kill9);
        compare(&server, &ledger);
    }

    fn sigterm_keeps_what_was_acknowledged(store: &Store) {
        let mut server = TestServer::start(store);
        let ledger = load_until(&mut server, 0, |server| assert!(server.terminate().success(), "{}", server.log()));
        server.serve();
        compare(&server, &ledger);
    }
}

#[test]
fn nothing_acknowledged_is_lost_by_kill_9_of_server_and_postgresql_together() {
    let Some(postgres) = PrivatePostgres::start_new() else { return };
    let store = Store::in_server(&postgres);
    let mut server = TestServer::start(&store);
    let mut ledger = Ledger::new();
    for round in 0..rounds() {
        let octets = u32::try_from(round).expect("few") * 1_000_000;
        ledger.extend(load_until(&mut server, octets, |server| {
            postgres.stop();
            server.kill9();
        }));
        postgres.start();
        server.serve();
        compare(&server, &ledger);
    }
    assert_eq!(ledger.len(), ROUTERS * SESSIONS_EACH, "every session was acknowledged at least once");
}

/// Under strace, with load from several sockets: when the n-th response leaves, at least n requests had been written to a file
/// whose fdatasync began after that write and had returned.
#[test]
fn no_response_leaves_before_its_record_is_on_disk() {
    let installed = std::process::Command::new("strace").arg("-V").output().is_ok_and(|output| output.status.success());
    if !installed {
        return skip("the order of fdatasync and response", "strace is not installed");
    }
    let store = crate::harness::Store::sqlite();
    let trace = store.folder().join("trace");
    let mut server = TestServer::prepare(&store);
    server.add_standard_entries();
    server.wrap(&["strace", "-D", "-f", "-yy", "-s", "0", "-e", strace::CALLS, "-o", trace.to_str().expect("UTF-8")]);
    server.serve();
    let acct = server.acct;
    let ledger = load_until(&mut server, 0, |_| ());
    let process = server.process_id().to_string();
    let ended = |line: &str| line.split_whitespace().next() == Some(&process) && line.ends_with("+++ exited with 0 +++");
    assert!(server.terminate().success(), "{}", server.log());
    // -D makes the server our child and strace a process aside, which may end a moment later.
    let text = crate::harness::wait::until("strace has written everything", crate::harness::wait::SOON, || {
        std::fs::read_to_string(&trace).ok().filter(|text| text.lines().last().is_some_and(ended))
    });
    let order = strace::judge(&text, acct.port(), "/journal/");
    let order = order.unwrap_or_else(|finding| panic!("{finding}"));
    assert!(order.responses >= ledger.len() && order.syncs > 0, "{order:?} cannot be all of {} acknowledgements", ledger.len());
}
