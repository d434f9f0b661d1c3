//! Of two servers one enforces on a router; when it is killed, the other goes on with what it had begun and with what falls due later.

use super::second;
use crate::harness::coa::{CoaPort, CoaRequest, answer};
use crate::harness::packet::{attr, status};
use crate::harness::{Client, PASSWORD, Packet, Store, TestServer, USER, code, postgres, wait};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// A lease runs out after 15 s and is looked for every 5 s.
const TAKEN_OVER: Duration = Duration::from_secs(60);

fn report(server: &TestServer, what: u32, user: &str, session: &str, class: &[u8]) {
    let packet = Packet::accounting(what, user, session, 0).with(attr::CLASS, class).with(8, &[10, 0, 0, 9]);
    let packet = if what == status::START { packet.without(attr::ACCT_SESSION_TIME) } else { packet };
    assert_eq!(Client::new().exchange(server.acct, &packet).code, code::ACCOUNTING_RESPONSE);
}

/// Logs in and begins a session; returns what names it.
fn log_in(server: &TestServer, user: &str, session: &str) -> Vec<u8> {
    let accept = Client::new().exchange(server.auth, &Packet::pap(user, PASSWORD));
    assert_eq!(accept.code, code::ACCESS_ACCEPT);
    let class = accept.all(attr::CLASS)[0].to_vec();
    report(server, status::START, user, session, &class);
    class
}

/// The next request about a session; those about others are passed over, as a router would that is silent about them.
fn request_about(port: &CoaPort, session: &str, limit: Duration) -> CoaRequest {
    wait::until(&format!("a request about {session}"), limit, || {
        port.pending().filter(|request| request.get(attr::ACCT_SESSION_ID) == Some(session.as_bytes()))
    })
}

fn actions(server: &TestServer, user: &str) -> Vec<(String, String)> {
    let all: serde_json::Value = serde_json::from_str(&server.must(&["actions", "ls", "--username", user, "--json"])).expect("JSON");
    let word = |action: &serde_json::Value, name: &str| action[name].as_str().expect("a word").to_owned();
    all.as_array().expect("a list").iter().map(|a| (word(a, "kind"), word(a, "state"))).collect()
}

fn is(action: &str, state: &str) -> Vec<(String, String)> {
    vec![(action.to_owned(), state.to_owned())]
}

#[test]
fn a_killed_nodes_actions_and_instants_are_taken_over() {
    let Some(store) = Store::postgres() else { return };
    let port = CoaPort::open();
    let mut first = TestServer::prepare(&store);
    first.add_standard_entries();
    first.must(&["router", "set", "rw01", "--coa-port", &port.number()]);
    first.must(&["customer", "add", "alice", "--password", PASSWORD, "--package", "home"]);
    first.serve();
    let (_folder, mut other) = second(&store, &store);
    other.serve();
    let bobs = log_in(&first, USER, "81000001");
    let alices = log_in(&first, "alice", "81000002");
    // What its applier has not written when a node dies is nobody's until that node returns; here both sessions are to be known.
    wait::until("both sessions are in the store", wait::SOON, || {
        let online = other.must(&["sessions", "ls", "--online"]);
        (online.contains("81000001") && online.contains("81000002")).then_some(())
    });
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_secs();
    let expiry = now + 40;
    let instant = jiff::Timestamp::from_second(i64::try_from(expiry).expect("small")).expect("an instant").to_string();
    first.must(&["customer", "set", "alice", "--expires-at", &instant]);
    first.must(&["customer", "set", USER, "--status", "suspended", "--reason", "unpaid"]);
    let begun = request_about(&port, "81000001", wait::SOON);
    wait::until("the action is in the store", wait::SOON, || (actions(&other, USER) == is("disconnect", "sent")).then_some(()));

    first.kill9();
    let is_others = |request: &CoaRequest| request.peer() != begun.peer() && request.get(attr::ACCT_SESSION_ID) == Some(b"81000001");
    let goes_on = wait::until("the other node goes on with it", TAKEN_OVER, || port.pending().filter(is_others));
    assert_eq!(goes_on.code, begun.code);
    assert_eq!(goes_on.get(attr::USER_NAME), Some(USER.as_bytes()));
    let owner = postgres::run_sql(&store.url, "SELECT COUNT(DISTINCT node) FROM router_leases WHERE leased_until > 0");
    assert_eq!(owner, "1", "one node per router");
    port.answer(&goes_on, answer::DISCONNECT_ACK, None);
    report(&other, status::STOP, USER, "81000001", &bobs);
    wait::until("it is proven", wait::SOON, || (actions(&other, USER) == is("disconnect", "proven")).then_some(()));

    let is_hers =
        |request: &CoaRequest| request.code == code::DISCONNECT_REQUEST && request.get(attr::ACCT_SESSION_ID) == Some(b"81000002");
    let due = wait::until("her Disconnect is sent", TAKEN_OVER, || port.pending().filter(is_hers));
    let late = due.at.duration_since(UNIX_EPOCH).expect("after 1970").checked_sub(Duration::from_secs(expiry));
    assert!(late.is_some_and(|late| late < Duration::from_secs(2)), "{late:?} after the expiry");
    assert_eq!(due.peer(), goes_on.peer());
    port.answer(&due, answer::DISCONNECT_ACK, None);
    report(&other, status::STOP, "alice", "81000002", &alices);
    wait::until("it is proven", wait::SOON, || actions(&other, "alice").contains(&("disconnect".into(), "proven".into())).then_some(()));
    assert!(other.must(&["sessions", "ls", "--online"]).contains("no sessions"));

    // The dead one comes back: it neither asks again nor holds the ended session against him.
    other.must(&["customer", "set", USER, "--status", "active"]);
    other.must(&["customer", "set", USER, "--simultaneous-sessions", "1"]);
    first.serve();
    wait::until("he may log in at the node that was dead", wait::SOON, || {
        let login = Packet::pap(USER, PASSWORD).with(attr::CALLING_STATION_ID, b"02:00:00:00:00:99");
        (Client::new().exchange(first.auth, &login).code == code::ACCESS_ACCEPT).then_some(())
    });
    assert!(port.pending().is_none(), "nothing more is asked of the router");
}
