//! Volume limits against simulated routers that keep books of their own: how far a limit is overshot, and that the server's figures are the routers'.

use crate::harness::packet::code;
use crate::harness::simulated::{Entry, Simulated, coa_port, customer};
use crate::harness::{PASSWORD, SECRET, TestServer, on_both_stores, wait};
use std::collections::BTreeMap;

const LIMIT: u64 = 1_000_000_000;
const HERE: &str = "127.0.0.1";
const THERE: &str = "127.0.0.2";
const MAC: &str = "02:00:00:00:00:01";

/// A server with a package of 1 GB a month, a customer of it, and a router at each address with a port for CoA.
fn server(store: &crate::harness::Store, options: &[&str]) -> (TestServer, [std::net::UdpSocket; 2]) {
    let mut server = TestServer::prepare(store);
    let ports = [HERE, THERE].map(coa_port);
    for (address, port) in [HERE, THERE].into_iter().zip(&ports) {
        let port = port.local_addr().expect("bound").port().to_string();
        server.must(&["router", "add", address, "--address", address, "--secret", SECRET, "--coa-port", &port]);
    }
    let package = ["package", "add", "quota", "--download", "20M", "--upload", "10M", "--interim", "60", "--volume", "total:1G/month"];
    server.must(&[&package[..], options].concat());
    server.must(&["customer", "add", "quota", "--password", PASSWORD, "--package", "quota"]);
    server.serve();
    (server, ports)
}

/// What the package says by how much one session may overshoot.
fn stated_overshoot(server: &TestServer) -> u64 {
    let packages: serde_json::Value = serde_json::from_str(&server.must(&["package", "ls", "--json"])).expect("JSON");
    packages[0]["overshoot_octets"].as_u64().expect("a bound is stated")
}

/// Waits until the server has stored what the routers' books say, session by session, and what is charged is their sum.
fn books_agree(server: &TestServer, routers: &[&Simulated<'_>]) {
    let books: BTreeMap<String, Entry> = routers.iter().flat_map(|router| router.books.clone()).collect();
    wait::until("`export sessions` has the routers' figures", wait::SOON, || {
        let number = |row: &std::collections::HashMap<String, String>, column: &str| row[column].parse::<u64>().expect("a number");
        let stored = server.exported_sessions().into_iter().map(|row| {
            let entry =
                Entry { octets_in: number(&row, "octets_in"), octets_out: number(&row, "octets_out"), secs: number(&row, "session_secs") };
            (row["acct_session_id"].clone(), entry)
        });
        (stored.collect::<BTreeMap<_, _>>() == books).then_some(())
    });
    let explained: serde_json::Value = serde_json::from_str(&server.must(&["explain", "usage", "quota", "--json"])).expect("JSON");
    let sum = |part: fn(&Entry) -> u64| books.values().map(part).sum::<u64>();
    let charged = |name: &str| explained["charged"][name].as_u64().expect("a number");
    assert_eq!(
        (charged("octets_in"), charged("octets_out"), charged("secs")),
        (sum(|e| e.octets_in), sum(|e| e.octets_out), sum(|e| e.secs))
    );
}

/// Lets time pass on all routers until nobody is online. Where the reports have crossed the limit, time waits for the server's word.
fn run_until_offline(routers: &mut [&mut Simulated<'_>], step_ms: u64, server_ends_it: bool) {
    while routers.iter().any(|router| router.online() > 0) {
        routers.iter_mut().for_each(|router| router.pass(step_ms));
        let reported: u64 = routers.iter().map(|router| router.reported()).sum();
        if server_ends_it && reported >= LIMIT {
            wait::until("the server ends every session", wait::SOON, || {
                for router in routers.iter_mut() {
                    router.take_request();
                }
                routers.iter().all(|router| router.online() == 0).then_some(())
            });
        }
        assert!(routers.iter().map(|router| router.used_now()).sum::<u64>() < 10 * LIMIT, "nobody ends it");
    }
}

on_both_stores! {
    fn a_router_that_enforces_nothing_overshoots_by_no_more_than_the_package_states(store: &Store) {
        let (server, [here, _there]) = server(store, &[]);
        let stated = stated_overshoot(&server);
        let mut router = Simulated::new(&server, HERE, here, 1, false);
        let alice = customer("quota", MAC);
        wait::until("the customer is known", wait::SOON, || router.log_in(&alice).ok());
        run_until_offline(&mut [&mut router], 5_000, true);
        let used = router.reported();
        assert!((LIMIT..=LIMIT + stated).contains(&used), "{used} of {LIMIT}, stated {stated}");
        assert_eq!(router.log_in(&alice), Err("The data volume of this account is used up".to_owned()));
        books_agree(&server, &[&router]);
    }

    fn a_router_that_enforces_the_limit_ends_the_session_there_and_cuts_nobody_before(store: &Store) {
        let (server, [here, _there]) = server(store, &[]);
        let mut router = Simulated::new(&server, HERE, here, 1, true);
        let alice = customer("quota", MAC);
        wait::until("the customer is known", wait::SOON, || router.log_in(&alice).ok());
        // Half of it in one session, the rest in the next: the limit of a session is what is left.
        while router.used_now() < LIMIT / 2 {
            router.pass(1_000);
        }
        router.pass(60_000);
        books_agree(&server, &[&router]);
        run_until_offline(&mut [&mut router], 1_000, false);
        // A second's worth of the full rate: how often this router looks.
        let (used, second) = (router.reported(), 30_000_000 / 8);
        assert!((LIMIT..=LIMIT + second).contains(&used), "{used} of {LIMIT}");
        books_agree(&server, &[&router]);
        assert_eq!(router.log_in(&alice), Err("The data volume of this account is used up".to_owned()));
    }

    fn two_sessions_on_two_routers_overshoot_by_no_more_than_twice_that(store: &Store) {
        let (server, [here, there]) = server(store, &[]);
        let stated = stated_overshoot(&server);
        let (mut one, mut two) = (Simulated::new(&server, HERE, here, 1, false), Simulated::new(&server, THERE, there, 2, false));
        wait::until("the customer is known", wait::SOON, || one.log_in(&customer("quota", MAC)).ok());
        two.log_in(&customer("quota", "02:00:00:00:00:02")).expect("any number of sessions");
        run_until_offline(&mut [&mut one, &mut two], 5_000, true);
        let used = one.reported() + two.reported();
        assert!((LIMIT..=LIMIT + 2 * stated).contains(&used), "{used} of {LIMIT}, stated {stated}");
        books_agree(&server, &[&one, &two]);
    }

    fn a_device_that_roams_takes_its_place_along_and_the_session_it_left_is_closed(store: &Store) {
        let (server, [here, there]) = server(store, &["--sessions", "1", "--when-full", "same-mac-replaces"]);
        let (mut old, mut new) = (Simulated::new(&server, HERE, here, 1, true), Simulated::new(&server, THERE, there, 2, true));
        let phone = customer("quota", MAC);
        let id = wait::until("the customer is known", wait::SOON, || old.log_in(&phone).ok());
        old.pass(60_000);
        assert_eq!(new.log_in(&customer("quota", "02:00:00:00:00:02")), Err("This account is already online".to_owned()), "another device");
        old.roam_away(id);
        new.log_in(&phone).expect("the same device takes its own place");
        let asked = wait::until("the old router is told", wait::SOON, || old.take_request());
        assert_eq!(asked, code::DISCONNECT_REQUEST);
        wait::until("the session it left is closed, and the new one lives", wait::SOON, || {
            let online = server.must(&["sessions", "ls", "--online", "--json"]);
            let online: serde_json::Value = serde_json::from_str(&online).expect("JSON");
            let ids: Vec<&str> = online.as_array()?.iter().filter_map(|s| s["acct_session_id"].as_str()).collect();
            (ids.len() == 1 && ids[0].starts_with("812")).then_some(())
        });
        new.pass(60_000);
        books_agree(&server, &[&old, &new]);
    }
}
