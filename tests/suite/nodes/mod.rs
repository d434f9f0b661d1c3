//! Two servers on one PostgreSQL: who is online is known to both, nothing counts twice, a killed one loses nothing.

mod taken_over;

use crate::harness::packet::{attr, status};
use crate::harness::postgres::{self, PrivatePostgres};
use crate::harness::{Client, PASSWORD, Packet, Store, TestServer, USER, code, on_both_stores, wait};

/// A second node of a store, with the first one's key.
fn second(store: &Store, key_of: &Store) -> (Store, TestServer) {
    let folder = store.for_another_node();
    std::fs::create_dir_all(folder.data_folder()).expect("a folder");
    std::fs::copy(key_of.data_folder().join("key"), folder.data_folder().join("key")).expect("a key file");
    let server = TestServer::configure(&folder);
    (folder, server)
}

fn account(server: &TestServer, status: u32, session: &str, octets: u32) {
    let reply = Client::new().exchange(server.acct, &Packet::accounting(status, USER, session, octets));
    assert_eq!(reply.code, code::ACCOUNTING_RESPONSE, "{session}");
}

/// A login of another device than the one that is online.
fn is_accepted(server: &TestServer) -> bool {
    let login = Packet::pap(USER, PASSWORD).with(attr::CALLING_STATION_ID, b"02:00:00:00:00:99");
    Client::new().exchange(server.auth, &login).code == code::ACCESS_ACCEPT
}

#[test]
fn a_session_on_one_node_counts_on_the_other_and_the_same_packet_on_both_counts_once() {
    let Some(store) = Store::postgres() else { return };
    let first = TestServer::start(&store);
    first.must(&["customer", "set", USER, "--simultaneous-sessions", "1"]);
    let (_folder, mut other) = second(&store, &store);
    other.serve();
    assert!(is_accepted(&other));

    account(&first, status::START, "81000001", 0);
    wait::until("the other node refuses a second session", wait::SOON, || (!is_accepted(&other)).then_some(()));
    // The router could not reach one of them in time and told both.
    for server in [&first, &other] {
        account(server, status::INTERIM, "81000001", 3_000);
    }
    account(&other, status::INTERIM, "81000001", 5_000);
    account(&first, status::STOP, "81000001", 9_000);
    wait::until("the other node lets him in again", wait::SOON, || is_accepted(&other).then_some(()));

    other.must(&["sessions", "ls"]);
    let row = first.exported_session("81000001");
    assert_eq!(row["octets_in"], "9000");
    for server in [&first, &other] {
        let verified = server.must(&["verify", "usage"]);
        assert!(verified.contains("1 sessions agree with their usage"), "{verified}");
    }
}

#[test]
fn a_killed_nodes_tail_is_applied_by_a_command_and_its_folder_is_refused_while_it_runs() {
    let Some(store) = Store::postgres() else { return };
    let mut first = TestServer::start(&store);
    let (_folder, mut other) = second(&store, &store);
    other.serve();
    let folder = store.data_folder();
    let folder = folder.to_str().expect("UTF-8");
    for session in 0..30 {
        account(&first, status::STOP, &format!("810000{session:02x}"), 1_000 + session);
    }
    let refused = other.cli(&["journal", "apply", folder]);
    assert!(!refused.status.success(), "a server still works on it");
    first.kill9();
    let applied = other.must(&["journal", "apply", folder, "--json"]);
    assert!(applied.contains("applied"), "{applied}");
    assert!(other.must(&["journal", "apply", folder]).starts_with("0 records"), "nothing is left");
    let rows = other.exported_sessions();
    assert_eq!(rows.len(), 30);
    assert_eq!(rows.iter().map(|row| row["octets_in"].parse::<u32>().expect("a number")).sum::<u32>(), 30 * 1_000 + 29 * 30 / 2);
    // It comes back and goes on.
    first.serve();
    account(&first, status::STOP, "810000ff", 5);
    assert_eq!(first.exported_sessions().len(), 31);
}

#[test]
fn a_node_with_another_key_does_not_start() {
    let Some(store) = Store::postgres() else { return };
    let _first = TestServer::start(&store);
    let elsewhere = Store::sqlite();
    let _made = TestServer::prepare(&elsewhere);
    let (_folder, server) = second(&store, &elsewhere);
    let refused = server.cli(&["serve"]);
    assert_eq!(refused.status.code(), Some(3), "{}", String::from_utf8_lossy(&refused.stderr));
}

#[test]
fn a_node_whose_key_is_not_that_of_the_other_nodes_does_not_start() {
    let Some(store) = Store::postgres() else { return };
    let first = TestServer::start(&store);
    let (folder, server) = second(&store, &store);
    postgres::run_sql(&store.url, "UPDATE nodes SET key_fingerprint = decode(repeat('00', 16), 'hex')");
    let refused = server.cli(&["serve"]);
    let stderr = String::from_utf8_lossy(&refused.stderr);
    let (key, other) = (folder.data_folder().join("key"), store.data_folder());
    let (key, other) = (key.to_str().expect("UTF-8"), other.to_str().expect("UTF-8"));
    let line = stderr.lines().last().expect("a line");
    assert!(refused.status.code() == Some(3) && line.contains(key) && line.contains(other) && line.contains("key file"), "{stderr}");
    assert!(first.accepts(USER, PASSWORD));
}

on_both_stores! {
    fn a_server_whose_key_file_was_exchanged_does_not_start(store: &Store) {
        let mut server = TestServer::start(store);
        let elsewhere = Store::sqlite();
        let _made = TestServer::prepare(&elsewhere);
        assert!(server.terminate().success());
        std::fs::copy(elsewhere.data_folder().join("key"), store.data_folder().join("key")).expect("another key");
        let refused = server.cli(&["serve"]);
        let stderr = String::from_utf8_lossy(&refused.stderr);
        assert_eq!(refused.status.code(), Some(3), "{stderr}");
        assert!(stderr.lines().last().is_some_and(|line| line.contains("key")), "{stderr}");
    }
}

#[test]
fn a_number_is_explained_by_its_buckets_and_events() {
    for store in [Some(Store::sqlite()), Store::postgres()].into_iter().flatten() {
        let server = TestServer::start(&store);
        for (kind, octets) in [(status::START, 0), (status::INTERIM, 700), (status::STOP, 900)] {
            account(&server, kind, "81000001", octets);
        }
        server.must(&["sessions", "ls"]);
        let usage: serde_json::Value =
            serde_json::from_str(&server.must(&["explain", "usage", USER, "--period", "day", "--json"])).expect("JSON");
        assert_eq!(usage["charged"]["octets_in"], 900, "{usage}");
        assert_eq!(usage["waiting"].as_array().map(Vec::len), Some(0));
        let session: serde_json::Value = serde_json::from_str(&server.must(&["explain", "session", "81000001", "--json"])).expect("JSON");
        let events = session[0]["journal"]["events"].as_array().expect("events").clone();
        assert_eq!(events.iter().map(|e| e["status"].as_str().expect("a word")).collect::<Vec<_>>(), ["start", "interim", "stop"]);
        let by_key = server.must(&["explain", "session", session[0]["session_key"].as_str().expect("a key")]);
        assert!(by_key.contains("81000001") && by_key.contains("charged"), "{by_key}");
        let verified: serde_json::Value = serde_json::from_str(&server.must(&["verify", "usage", "--json"])).expect("JSON");
        assert_eq!((&verified["journal"]["checked"], &verified["sessions"]), (&serde_json::json!(1), &serde_json::json!(1)), "{verified}");
    }
}

#[test]
fn what_is_decided_without_word_of_other_nodes_is_marked() {
    let Some(private) = PrivatePostgres::start_new() else { return };
    let store = Store::in_server(&private);
    let mut first = TestServer::start(&store);
    let (_folder, mut other) = second(&store, &store);
    other.serve();
    let marked = |server: &TestServer| {
        assert!(server.accepts(USER, PASSWORD), "limits are open");
        server.must(&["trace", USER, "--limit", "1"]).contains("limits of other nodes not known: store away since ")
    };
    account(&other, status::START, "81000001", 0);
    wait::until("the other node is known", wait::SOON, || first.get("/metrics")?.1.contains("tollgate_other_nodes 1").then_some(()));
    assert!(!marked(&first));
    private.stop();
    wait::until("the mark is set", wait::SOON, || marked(&first).then_some(()));
    // It also knows after a start from its snapshot.
    first.terminate();
    first.serve_unready();
    wait::until("logins are taken and marked", wait::SOON, || marked(&first).then_some(()));
    private.start();
    wait::until("the mark is gone", wait::SOON, || (!marked(&first)).then_some(()));
}
