//! Who may be online beside whom, from which device, under which address: by UDP and the command line.

use crate::harness::packet::{attr, status};
use crate::harness::{Client, PASSWORD, Packet, Reply, SECRET, TestServer, USER, code, on_both_stores, wait};

const FRAMED_IP_ADDRESS: u8 = 8;
const FRAMED_POOL: u8 = 88;
const MAC_A: &str = "48:00:00:00:00:0A";
const MAC_B: &str = "48:00:00:00:00:0B";
const MAC_C: &str = "48:00:00:00:00:0C";

fn login(server: &TestServer, user: &str, mac: &str) -> Reply {
    Client::new().exchange(server.auth, &Packet::pap(user, PASSWORD).with(attr::CALLING_STATION_ID, mac.as_bytes()))
}

fn address(reply: &Reply) -> Option<String> {
    let value = reply.all(FRAMED_IP_ADDRESS).first().map(|v| v.to_vec())?;
    Some(value.iter().map(ToString::to_string).collect::<Vec<_>>().join("."))
}

/// Tells of a session that `accept` let in.
fn account(server: &TestServer, what: u32, user: &str, session: &str, mac: &str, accept: &Reply) {
    let mut packet =
        Packet::accounting(what, user, session, 1).without(attr::CALLING_STATION_ID).with(attr::CALLING_STATION_ID, mac.as_bytes());
    packet = packet.with(attr::CLASS, accept.all(attr::CLASS)[0]);
    for ip in accept.all(FRAMED_IP_ADDRESS) {
        packet = packet.with(FRAMED_IP_ADDRESS, ip);
    }
    assert_eq!(Client::new().exchange(server.acct, &packet).code, code::ACCOUNTING_RESPONSE);
}

/// The reason of the newest reject of a user, by `explain verdict`.
fn last_reason(server: &TestServer, user: &str, wanted: &str) -> serde_json::Value {
    wait::until(&format!("{wanted} is explained"), wait::SOON, || {
        let json: serde_json::Value = serde_json::from_str(&server.must(&["explain", "verdict", user, "--json"])).expect("JSON");
        let last = json["decisions"].as_array()?.last()?.clone();
        (last["reason"] == wanted).then_some(last)
    })
}

on_both_stores! {
    fn of_logins_in_the_same_moment_only_one_gets_the_place(store: &Store) {
        let server = TestServer::start(store);
        server.must(&["customer", "add", "eve", "--password", PASSWORD, "--package", "home", "--simultaneous-sessions", "1"]);
        wait::until("eve is known", wait::SOON, || (login(&server, "eve", MAC_A).code == code::ACCESS_ACCEPT).then_some(()));
        server.must(&["customer", "add", "ann", "--password", PASSWORD, "--package", "home", "--simultaneous-sessions", "1"]);
        server.must(&["customer", "add", "known", "--password", PASSWORD, "--package", "home"]);
        wait::until("the last customer is known", wait::SOON, || (login(&server, "known", MAC_A).code == code::ACCESS_ACCEPT).then_some(()));
        let clients: Vec<Client> = (0..8).map(|_| Client::new()).collect();
        let requests: Vec<Vec<u8>> = (0..8)
            .map(|n| Packet::pap("ann", PASSWORD).with(attr::CALLING_STATION_ID, format!("48:00:00:00:01:0{n}").as_bytes()).sign(SECRET))
            .collect();
        clients.iter().zip(&requests).for_each(|(client, request)| client.send(server.auth, request));
        let accepts = clients.iter().zip(&requests).filter(|(client, request)| {
            let reply = client.receive(wait::SOON).expect("an answer");
            Reply::check(&reply, request, SECRET).code == code::ACCESS_ACCEPT
        });
        assert_eq!(accepts.count(), 1);
    }

    fn a_place_is_taken_by_a_session_and_free_after_its_stop(store: &Store) {
        let server = TestServer::start(store);
        server.must(&["customer", "set", USER, "--simultaneous-sessions", "1"]);
        server.must(&["customer", "add", "eve", "--password", PASSWORD, "--package", "home"]);
        wait::until("the changes are known", wait::SOON, || server.accepts("eve", PASSWORD).then_some(()));
        let first = login(&server, USER, MAC_A);
        assert_eq!(first.code, code::ACCESS_ACCEPT);
        account(&server, status::START, USER, "81000001", MAC_A, &first);
        assert_eq!(login(&server, USER, MAC_B).code, code::ACCESS_REJECT);
        let why = last_reason(&server, USER, "too-many-sessions");
        assert!(why["facts"][0].as_str().is_some_and(|f| f.contains("1 sessions at once")), "{why}");
        assert_eq!(login(&server, USER, MAC_A).code, code::ACCESS_ACCEPT, "the same line only renews its own");
        account(&server, status::STOP, USER, "81000001", MAC_A, &first);
        // The renewal above holds the place for its own line, so a redial from there is what frees it for nobody else.
        let again = login(&server, USER, MAC_A);
        account(&server, status::START, USER, "81000002", MAC_A, &again);
        account(&server, status::STOP, USER, "81000002", MAC_A, &again);
        assert_eq!(login(&server, USER, MAC_B).code, code::ACCESS_ACCEPT);
    }

    fn devices_are_listed_changed_and_remembered(store: &Store) {
        let server = TestServer::start(store);
        server.must(&["customer", "device", "add", USER, MAC_A, "--note", "his router"]);
        wait::until("another device is refused", wait::SOON, || (login(&server, USER, MAC_B).code == code::ACCESS_REJECT).then_some(()));
        let why = last_reason(&server, USER, "mac-not-allowed");
        assert!(why["facts"].to_string().contains("not on his list now"), "{why}");
        assert_eq!(login(&server, USER, MAC_A).code, code::ACCESS_ACCEPT);
        wait::until("its login is noted", wait::SOON, || {
            let json: serde_json::Value = serde_json::from_str(&server.must(&["customer", "device", "ls", USER, "--json"])).expect("JSON");
            (json[0]["mac"] == MAC_A && json[0]["note"] == "his router" && json[0]["last_seen_at"].is_string()).then_some(())
        });
        server.must(&["customer", "device", "add", USER, "da:00:00:00:00:0b"]);
        server.must(&["customer", "device", "rm", USER, "4800.0000.000a"]);
        let history = server.must(&["customer", "device", "ls", USER, "--history"]);
        for part in ["added", "removed", "command line", "DA:00:00:00:00:0B", "yes"] {
            assert!(history.contains(part), "{part} is missing:\n{history}");
        }
        assert!(!server.cli(&["customer", "device", "rm", USER, MAC_C]).status.success());
    }

    fn the_servers_own_pool_leases_each_address_once_and_survives_a_kill(store: &Store) {
        let mut server = TestServer::prepare(store);
        server.add_standard_entries();
        server.must(&["pool", "add", "pppoe", "--range", "10.77.0.1-10.77.0.2", "--grace", "600"]);
        for user in ["eve", "ann"] {
            server.must(&["customer", "add", user, "--password", PASSWORD, "--package", "home"]);
        }
        server.serve();
        let bob = login(&server, USER, MAC_A);
        assert_eq!((address(&bob).as_deref(), bob.all(FRAMED_POOL).len()), (Some("10.77.0.1"), 0));
        account(&server, status::START, USER, "81000001", MAC_A, &bob);
        let eve = login(&server, "eve", MAC_B);
        assert_eq!(address(&eve).as_deref(), Some("10.77.0.2"));
        assert_eq!(login(&server, "ann", MAC_C).code, code::ACCESS_REJECT);
        last_reason(&server, "ann", "pool-exhausted");
        wait::until("the leases are in the store", wait::SOON, || {
            let text = server.must(&["pool", "leases", "pppoe", "--json"]);
            let json: serde_json::Value = serde_json::from_str(&text).expect("JSON");
            let of = |at: usize| Some((json[at]["address"].as_str()?.to_owned(), json[at]["username"].as_str()?.to_owned()));
            (of(0)? == ("10.77.0.1".into(), USER.into()) && of(1)? == ("10.77.0.2".into(), "eve".into())).then_some(())
        });
        server.kill9();
        server.serve();
        assert_eq!(login(&server, "ann", MAC_C).code, code::ACCESS_REJECT, "both addresses are held, one by a session, one by a login on its way");
        assert_eq!(address(&login(&server, "eve", MAC_B)).as_deref(), Some("10.77.0.2"));
        account(&server, status::STOP, USER, "81000001", MAC_A, &bob);
        assert_eq!(address(&login(&server, USER, MAC_A)).as_deref(), Some("10.77.0.1"), "his own within the grace time");
        let said = wait::until("doctor knows of it", wait::SOON, || {
            let said = String::from_utf8_lossy(&server.cli(&["doctor"]).stdout).into_owned();
            said.contains("pool-exhausted").then_some(said)
        });
        assert!(said.contains("tollgate pool set pppoe --add-range"), "{said}");
        server.must(&["pool", "set", "pppoe", "--add-range", "10.77.1.0/30"]);
        let ann = wait::until("the new range is known", wait::SOON, || address(&login(&server, "ann", MAC_C)));
        assert_eq!(ann, "10.77.1.1");
        server.must(&["pool", "rm", "pppoe"]);
        wait::until("the name is the router's again", wait::SOON, || {
            let reply = login(&server, "ann", MAC_C);
            (reply.all(FRAMED_POOL) == [b"pppoe"] && address(&reply).is_none()).then_some(())
        });
    }

    fn a_static_address_in_a_pool_is_nobody_elses(store: &Store) {
        let mut server = TestServer::prepare(store);
        server.add_standard_entries();
        server.must(&["pool", "add", "pppoe", "--range", "10.77.0.1-10.77.0.2"]);
        server.must(&["customer", "add", "eve", "--password", PASSWORD, "--package", "home", "--static-ip", "10.77.0.1"]);
        server.serve();
        assert_eq!(address(&login(&server, USER, MAC_A)).as_deref(), Some("10.77.0.2"));
        assert_eq!(address(&login(&server, "eve", MAC_B)).as_deref(), Some("10.77.0.1"));
        wait::until("the lease is in the store", wait::SOON, || server.must(&["pool", "leases", "pppoe", "--held"]).contains("10.77.0.2").then_some(()));
        let taken = server.cli(&["customer", "set", "eve", "--static-ip", "10.77.0.2"]);
        assert!(String::from_utf8_lossy(&taken.stderr).contains("holds 10.77.0.2 of pool"), "{taken:?}");
        let overlap = server.cli(&["pool", "add", "other", "--range", "10.77.0.0/24"]);
        assert!(String::from_utf8_lossy(&overlap.stderr).contains("pool-range-taken"));
    }

    fn doctor_reads_a_routers_health_from_its_requests(store: &Store) {
        let server = TestServer::start(store);
        let client = Client::new();
        let login = Packet::pap(USER, PASSWORD).sign(SECRET);
        for n in 0..30 {
            client.ask(server.auth, &login);
            let session = format!("8100{n:04x}");
            for what in [status::START, status::STOP] {
                let packet = Packet::accounting(what, USER, &session, 9).without(attr::ACCT_SESSION_TIME).with(attr::ACCT_SESSION_TIME, &[0, 0, 0, 3]);
                assert_eq!(client.exchange(server.acct, &packet).code, code::ACCOUNTING_RESPONSE);
            }
        }
        for _ in 0..30 {
            assert!(server.accepts(USER, PASSWORD), "unsigned, as all of the test's requests");
        }
        let codes = ["router-timeouts", "missing-gigawords", "sessions-end-at-once", "unsigned-requests"];
        wait::until("doctor has noticed all", wait::SOON, || {
            let said = String::from_utf8_lossy(&server.cli(&["doctor"]).stdout).into_owned();
            codes.iter().all(|code| said.contains(code)).then_some(())
        });
    }
}
