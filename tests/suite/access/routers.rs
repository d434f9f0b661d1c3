//! Who may ask: routers known, unknown and added while running. 127.0.0.2 and up are addresses of this host as well.

use crate::harness::packet::attr;
use crate::harness::{Client, PASSWORD, Packet, TestServer, USER, code, on_both_stores, wait};
use std::time::Duration;

on_both_stores! {
    fn an_unknown_source_hears_nothing_and_is_listed(store: &Store) {
        let server = TestServer::start(store);
        let stranger = Client::from("127.0.0.2");
        for _ in 0..100 {
            stranger.send(server.auth, &Packet::pap(USER, PASSWORD).sign(crate::harness::SECRET));
            stranger.send(server.acct, &Packet::accounting(1, USER, "81000001", 0).sign(crate::harness::SECRET));
        }
        wait::until("`router unknown` lists the address", wait::SOON, || {
            server.must(&["router", "unknown"]).contains("127.0.0.2").then_some(())
        });
        assert!(server.accepts(USER, PASSWORD), "known routers are served meanwhile");
        assert_eq!(stranger.pending(), None);
        assert!(server.exported_sessions().is_empty(), "a stranger's accounting is not kept");
    }

    fn a_router_added_while_running_is_answered_within_a_second(store: &Store) {
        let server = TestServer::start(store);
        server.must(&["router", "add", "rw03", "--address", "127.0.0.3", "--secret", "another secret"]);
        let request = Packet::access(USER).with_pap(PASSWORD, "another secret");
        let (reply, _) = Client::from("127.0.0.3").exchange_within(server.auth, &request, "another secret", Duration::from_secs(1));
        assert_eq!(reply.code, code::ACCESS_ACCEPT);
    }

    fn the_longest_prefix_decides_the_secret(store: &Store) {
        let mut server = TestServer::prepare(store);
        server.add_standard_entries();
        server.must(&["router", "add", "all", "--address", "127.9.0.0/16", "--secret", "of the prefix"]);
        server.must(&["router", "add", "one", "--address", "127.9.9.9", "--secret", "of the one"]);
        server.serve();
        for (source, secret) in [("127.9.0.1", "of the prefix"), ("127.9.9.9", "of the one")] {
            let request = Packet::access(USER).with_pap(PASSWORD, secret);
            let (reply, _) = Client::from(source).exchange_within(server.auth, &request, secret, wait::SOON);
            assert_eq!(reply.code, code::ACCESS_ACCEPT, "{source}");
        }
    }

    fn a_required_message_authenticator_is_required(store: &Store) {
        let mut server = TestServer::prepare(store);
        server.add_standard_entries();
        let add = ["router", "add", "strict", "--address", "127.0.0.4", "--secret", "s4", "--message-authenticator", "require"];
        server.must(&add);
        server.serve();
        let client = Client::from("127.0.0.4");
        client.send(server.auth, &Packet::access(USER).with_pap(PASSWORD, "s4").sign("s4"));
        let request = Packet::access(USER).with_pap(PASSWORD, "s4").with_message_authenticator();
        // exchange_within checks that the answer is to this request, so the first one got none before it.
        let (reply, _) = client.exchange_within(server.auth, &request, "s4", wait::SOON);
        assert_eq!(reply.code, code::ACCESS_ACCEPT);
        // The rule is for Access-Requests only: RouterOS never signs accounting this way.
        let start = Packet::accounting(1, USER, "81000001", 0).without(attr::NAS_IP_ADDRESS);
        let (reply, _) = Client::from("127.0.0.4").exchange_within(server.acct, &start, "s4", wait::SOON);
        assert_eq!(reply.code, code::ACCOUNTING_RESPONSE);
    }
}
