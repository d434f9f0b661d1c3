//! Expiry, renewal, staff's word, refusals, silence, restarts; each seen from the router's side and in `actions ls`.

use super::{Online, newest_action, server_with};
use crate::harness::coa::{CoaPort, answer};
use crate::harness::packet::{attr, status};
use crate::harness::{Packet, USER, code, on_both_stores, wait};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

fn unix_ms() -> i64 {
    i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_millis()).expect("small")
}

on_both_stores! {
    fn who_expires_is_disconnected_to_the_second_and_the_stop_proves_it(store: &Store) {
        let port = CoaPort::open();
        let server = server_with(&port, store);
        let expiry = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_secs() + 4;
        let instant = jiff::Timestamp::from_second(i64::try_from(expiry).expect("small")).expect("an instant").to_string();
        server.must(&["customer", "set", USER, "--expires-at", &instant]);
        wait::until("the server knows the expiry", wait::SOON, || {
            let accept = crate::harness::Client::new().exchange(server.auth, &Packet::pap(USER, crate::harness::PASSWORD));
            (!accept.all(27).is_empty()).then_some(())
        });
        let online = Online::log_in(&server, "81000001");
        let request = port.soon();
        let late = request.at.duration_since(UNIX_EPOCH).expect("after 1970").checked_sub(Duration::from_secs(expiry));
        assert!(late.is_some_and(|late| late < Duration::from_secs(1)), "{late:?} after the expiry");
        assert_eq!((request.code, request.get(attr::USER_NAME)), (code::DISCONNECT_REQUEST, Some(USER.as_bytes())));
        assert_eq!((request.get(attr::ACCT_SESSION_ID), request.get(8)), (Some(&b"81000001"[..]), Some(&[10, 0, 0, 9][..])));
        assert_eq!((request.get(attr::NAS_IP_ADDRESS), request.get(attr::MESSAGE_AUTHENTICATOR)), (None, None));
        port.answer(&request, answer::DISCONNECT_ACK, None);
        newest_action(&server, "acknowledged");
        online.report(&server, status::STOP);
        let action = newest_action(&server, "proven");
        assert_eq!((&action["kind"], &action["reason"], &action["username"]), (&"disconnect".into(), &"expired".into(), &USER.into()));
    }

    fn a_new_rate_reaches_the_router_without_a_reconnect(store: &Store) {
        let port = CoaPort::open();
        let server = server_with(&port, store);
        let online = Online::log_in(&server, "81000001");
        server.must(&["package", "set", "home", "--download", "50M", "--upload", "25M"]);
        let committed = unix_ms();
        let request = port.soon();
        // By the server's clock, whatever else keeps this process waiting.
        let told_at = newest_action(&server, "sent")["created_at"].as_i64().expect("unix ms");
        assert!(told_at - committed <= 3_000, "told {} ms after the change was committed", told_at - committed);
        assert_eq!((request.code, request.mikrotik(8)), (code::COA_REQUEST, Some(&b"25M/50M"[..])));
        port.answer(&request, answer::COA_ACK, None);
        newest_action(&server, "acknowledged");
        let proven = wait::until("an interim proves it", wait::SOON, || {
            online.report(&server, status::INTERIM);
            let actions = server.must(&["actions", "ls", "--username", "BOB"]);
            actions.contains("proven").then_some(actions)
        });
        assert!(proven.contains("25M/50M"), "{proven}");
    }

    fn a_disconnect_that_is_acknowledged_and_does_nothing_becomes_drift(store: &Store) {
        let port = CoaPort::open();
        let server = server_with(&port, store);
        let online = Online::log_in(&server, "81000001");
        server.must(&["customer", "set", USER, "--status", "suspended", "--reason", "unpaid"]);
        let drift = wait::until("drift", Duration::from_secs(90), || {
            if let Some(request) = port.pending() {
                port.answer(&request, answer::DISCONNECT_ACK, None);
            }
            online.report(&server, status::INTERIM);
            let drift = server.must(&["actions", "ls", "--drift"]);
            drift.contains("books say").then_some(drift)
        });
        assert!(drift.contains("books say suspended since") && drift.contains("router still has him online"), "{drift}");
        online.report(&server, status::STOP);
        newest_action(&server, "proven");
        assert!(server.must(&["actions", "ls", "--drift"]).contains("no drift"));
    }

    fn a_session_that_the_router_does_not_have_is_closed(store: &Store) {
        let port = CoaPort::open();
        let server = server_with(&port, store);
        let _online = Online::log_in(&server, "81000001");
        server.must(&["session", "disconnect", "81000001"]);
        let request = port.soon();
        port.answer_under("another secret", &request, answer::DISCONNECT_ACK, None);
        port.answer(&request, answer::DISCONNECT_NAK, Some(503));
        let action = newest_action(&server, "gone");
        assert_eq!((&action["error_cause"], &action["reason"]), (&503.into(), &"staff".into()));
        wait::until("the session is closed", wait::SOON, || server.must(&["sessions", "ls", "--online"]).contains("no sessions").then_some(()));
        wait::until("the forged answer is counted", wait::SOON, || {
            server.get("/metrics")?.1.contains("tollgate_coa_foreign_replies_total 1").then_some(())
        });
    }

    fn what_was_under_way_goes_on_after_a_restart(store: &Store) {
        let port = CoaPort::open();
        let mut server = server_with(&port, store);
        let online = Online::log_in(&server, "81000001");
        server.must(&["customer", "set", USER, "--status", "disabled"]);
        let before = port.soon();
        newest_action(&server, "sent");
        server.kill9();
        server.serve();
        let request = port.soon();
        assert_eq!((request.code, request.get(attr::ACCT_SESSION_ID)), (before.code, before.get(attr::ACCT_SESSION_ID)));
        port.answer(&request, answer::DISCONNECT_ACK, None);
        online.report(&server, status::STOP);
        newest_action(&server, "proven");
        let all: serde_json::Value = serde_json::from_str(&server.must(&["actions", "ls", "--json"])).expect("JSON");
        let disconnects = all.as_array().expect("a list").iter().filter(|a| a["state"] == "proven").count();
        assert_eq!(disconnects, 1, "{all}");
    }
}
