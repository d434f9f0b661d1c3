//! What a customer uses while he is online changes what his router was told: the next step of fair use, and the end of his volume.

use super::{Online, server_with};
use crate::harness::coa::{CoaPort, CoaRequest, answer};
use crate::harness::packet::status;
use crate::harness::{Packet, USER, code, on_both_stores, wait};

/// Reports so many octets each way until the router is asked for something.
fn report_until_asked(online: &Online, server: &crate::harness::TestServer, port: &CoaPort, octets: u32) -> CoaRequest {
    wait::until("the router is told", wait::SOON, || {
        online.report_octets(server, status::INTERIM, octets);
        port.pending()
    })
}

on_both_stores! {
    fn a_report_that_crosses_a_step_slows_down_and_one_that_uses_the_volume_up_ends_the_session(store: &Store) {
        let port = CoaPort::open();
        let server = server_with(&port, store);
        server.must(&["package", "set", "home", "--volume", "total:1G/month", "--fair-use", "after:500M/month=2M/1M"]);
        wait::until("the limits are known", wait::SOON, || {
            let accept = crate::harness::Client::new().exchange(server.auth, &Packet::pap(USER, crate::harness::PASSWORD));
            accept.vendor(14_988, 17).map(|_| ())
        });
        let online = Online::log_in(&server, "81000001");
        let slower = report_until_asked(&online, &server, &port, 300_000_000);
        assert_eq!((slower.code, slower.mikrotik(8)), (code::COA_REQUEST, Some(&b"1M/2M"[..])));
        port.answer(&slower, answer::COA_ACK, None);
        wait::until("an interim proves it", wait::SOON, || {
            online.report_octets(&server, status::INTERIM, 300_000_000);
            server.must(&["actions", "ls"]).contains("proven").then_some(())
        });
        let over = report_until_asked(&online, &server, &port, 600_000_000);
        assert_eq!(over.code, code::DISCONNECT_REQUEST);
        port.answer(&over, answer::DISCONNECT_ACK, None);
        online.report_octets(&server, status::STOP, 600_000_000);
        wait::until("the Stop proves it", wait::SOON, || {
            let actions: serde_json::Value = serde_json::from_str(&server.must(&["actions", "ls", "--json"])).expect("JSON");
            let is_it = |action: &serde_json::Value| action["reason"] == "volume-used-up" && action["state"] == "proven";
            actions.as_array().is_some_and(|all| all.iter().any(is_it)).then_some(())
        });
        let reject = crate::harness::Client::new().exchange(server.auth, &Packet::pap(USER, crate::harness::PASSWORD));
        assert_eq!(reject.code, code::ACCESS_REJECT, "a new login does not bring the volume back");
        server.must(&["customer", "top-up", USER, "--volume", "5G"]);
        wait::until("the top-up counts", wait::SOON, || {
            let accept = crate::harness::Client::new().exchange(server.auth, &Packet::pap(USER, crate::harness::PASSWORD));
            (accept.code == code::ACCESS_ACCEPT).then_some(())
        });
        assert!(server.must(&["verify", "usage"]).contains("1 sessions agree"));
    }
}
