//! What else a login is told: a filter or group changes live, an address list or address needs a new login, and what did not change touches nobody.

use super::{Online, newest_action, server_with};
use crate::harness::coa::{CoaPort, CoaRequest, answer};
use crate::harness::packet::status;
use crate::harness::{Client, PASSWORD, Packet, TestServer, USER, code, on_both_stores, wait};

const FILTER_ID: u8 = 11;
const FRAMED_IP_ADDRESS: u8 = 8;
const RATE_LIMIT: u8 = 8;
const GROUP: u8 = 3;
const ADDRESS_LIST: u8 = 19;

/// Answers the next request, which must be a CoA, and proves it by an interim.
fn take_change(port: &CoaPort, server: &TestServer, online: &Online) -> CoaRequest {
    let request = port.soon();
    assert_eq!(request.code, code::COA_REQUEST);
    port.answer(&request, answer::COA_ACK, None);
    newest_action(server, "acknowledged");
    wait::until("an interim proves it", wait::SOON, || {
        online.report(server, status::INTERIM);
        (!server.must(&["actions", "ls", "--json"]).contains("acknowledged")).then_some(())
    });
    request
}

/// Ends the session as the next request, which must be a Disconnect, asks.
fn take_disconnect(port: &CoaPort, server: &TestServer, online: &Online) {
    let request = port.soon();
    assert_eq!(request.code, code::DISCONNECT_REQUEST);
    port.answer(&request, answer::DISCONNECT_ACK, None);
    online.report(server, status::STOP);
    wait::until("the Stop proves it", wait::SOON, || (newest_action(server, "proven")["reason"] == "new-login").then_some(()));
}

on_both_stores! {
    fn filter_and_group_change_live_and_list_and_address_by_a_new_login(store: &Store) {
        let port = CoaPort::open();
        let server = server_with(&port, store);
        let online = Online::log_in(&server, "81000001");
        server.must(&["customer", "set", USER, "--reply-attribute", "Filter-Id = gold"]);
        let request = take_change(&port, &server, &online);
        assert_eq!((request.get(FILTER_ID), request.mikrotik(RATE_LIMIT), request.mikrotik(GROUP)), (Some(&b"gold"[..]), None, None));
        let action = newest_action(&server, "proven");
        assert_eq!((&action["reason"], &action["wanted"]), (&"settings".into(), &"Filter-Id=\"gold\"".into()));
        server.must(&["package", "set", "home", "--mikrotik-group", "vip"]);
        let request = take_change(&port, &server, &online);
        assert_eq!((request.get(FILTER_ID), request.mikrotik(GROUP)), (Some(&b"gold"[..]), Some(&b"vip"[..])), "all settings are told");
        server.must(&["package", "set", "home", "--address-list", "paying"]);
        take_disconnect(&port, &server, &online);
        let accept = Client::new().exchange(server.auth, &Packet::pap(USER, PASSWORD));
        assert_eq!(accept.vendor(14_988, ADDRESS_LIST), Some(&b"paying"[..]));
        let online = Online::log_in(&server, "81000002");
        server.must(&["customer", "set", USER, "--static-ip", "10.0.0.77"]);
        take_disconnect(&port, &server, &online);
        let accept = Client::new().exchange(server.auth, &Packet::pap(USER, PASSWORD));
        assert_eq!(accept.all(FRAMED_IP_ADDRESS), [&[10, 0, 0, 77][..]]);
        // A filter that is taken back cannot be taken from a session.
        let online = Online::log_in(&server, "81000003");
        server.must(&["customer", "set", USER, "--reply-attribute", "none"]);
        take_disconnect(&port, &server, &online);
    }

    fn what_did_not_change_and_what_is_not_known_touches_nobody(store: &Store) {
        let port = CoaPort::open();
        let mut server = server_with(&port, store);
        server.must(&["customer", "set", USER, "--reply-attribute", "Filter-Id = gold", "--static-ip", "10.0.0.77"]);
        wait::until("the server knows it", wait::SOON, || {
            let accept = Client::new().exchange(server.auth, &Packet::pap(USER, PASSWORD));
            (!accept.all(FILTER_ID).is_empty()).then_some(())
        });
        let online = Online::log_in(&server, "81000001");
        // One whose router does not send our Class back: nothing is known of its login.
        let start = Packet::accounting(status::START, USER, "81000002", 0).without(crate::harness::packet::attr::ACCT_SESSION_TIME);
        assert_eq!(Client::new().exchange(server.acct, &start).code, code::ACCOUNTING_RESPONSE);
        server.restart();
        online.report(&server, status::INTERIM);
        server.kill9();
        server.serve();
        online.report(&server, status::INTERIM);
        // Written anew as it was, and what nobody compares.
        server.must(&["customer", "set", USER, "--reply-attribute", "Filter-Id = gold", "--reply-attribute", "Reply-Message = hello"]);
        server.must(&["package", "set", "home", "--interim", "120"]);
        // The known session is ended for its new address, the unknown one is let be: whoever asks for less than that has asked before.
        server.must(&["customer", "set", USER, "--static-ip", "10.0.0.78"]);
        let mut requests = Vec::new();
        wait::until("the session is ended", wait::SOON, || {
            requests.extend(port.pending());
            requests.iter().any(|r| r.code == code::DISCONNECT_REQUEST).then_some(())
        });
        for request in &requests {
            // Of the unknown session everything else was told when the books changed.
            let is_known = request.get(crate::harness::packet::attr::ACCT_SESSION_ID) == Some(&b"81000001"[..]);
            assert_eq!(request.code == code::DISCONNECT_REQUEST, is_known, "only the session whose login is known is ended");
            assert_eq!(request.get(FILTER_ID), None);
        }
    }
}
