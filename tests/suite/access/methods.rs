//! Every way to prove a password, with replies checked to the octet. [`Client::exchange`] checks on each of them that the
//! Message-Authenticator comes first and that both authenticators are right.

use crate::harness::mschap::{Exchange, MICROSOFT, MPPE_KEYS, MS_CHAP_ERROR, MS_CHAP2_SUCCESS};
use crate::harness::packet::attr;
use crate::harness::{Client, PASSWORD, Packet, TestServer, USER, code, on_both_stores};

on_both_stores! {
    fn pap_and_chap(store: &Store) {
        let server = TestServer::start(store);
        let challenge: [u8; 16] = rand::random();
        let challenge = Some(&challenge[..]);
        let cases = [
            ("PAP", Packet::pap(USER, PASSWORD), code::ACCESS_ACCEPT),
            ("PAP, upper case name", Packet::pap("BOB", PASSWORD), code::ACCESS_ACCEPT),
            ("PAP, Message-Authenticator last", Packet::pap(USER, PASSWORD).with_message_authenticator(), code::ACCESS_ACCEPT),
            ("PAP, wrong password", Packet::pap(USER, "hellO"), code::ACCESS_REJECT),
            ("PAP, a longer password", Packet::pap(USER, "hello "), code::ACCESS_REJECT),
            ("PAP, unknown name", Packet::pap("nobody", PASSWORD), code::ACCESS_REJECT),
            ("CHAP", Packet::access(USER).with_chap(PASSWORD, challenge), code::ACCESS_ACCEPT),
            ("CHAP on the authenticator", Packet::access(USER).with_chap(PASSWORD, None), code::ACCESS_ACCEPT),
            ("CHAP, wrong password", Packet::access(USER).with_chap("wrong", challenge), code::ACCESS_REJECT),
        ];
        for (name, request, expected) in cases {
            let reply = Client::new().exchange(server.auth, &request);
            assert_eq!(reply.code, expected, "{name}");
            // The session token rides in Class, which a Reject may not carry (RFC 2865 §5.44).
            assert_eq!(reply.all(attr::CLASS).is_empty(), expected == code::ACCESS_REJECT, "{name}");
        }
    }

    fn ms_chap_v2_proves_the_server_too(store: &Store) {
        let server = TestServer::start(store);
        let exchange = Exchange { user: USER, password: PASSWORD, server_challenge: rand::random(), peer_challenge: rand::random() };
        let reply = Client::new().exchange(server.auth, &exchange.request());
        assert_eq!(reply.code, code::ACCESS_ACCEPT);
        let success = reply.vendor(MICROSOFT, MS_CHAP2_SUCCESS).expect("MS-CHAP2-Success");
        assert_eq!(success, [&[1], exchange.authenticator_response().as_bytes()].concat());
        for key in MPPE_KEYS {
            // Salt, then at least the length octet and 16 octets of key, in blocks of 16 (RFC 2548 §2.4.2).
            assert_eq!(reply.vendor(MICROSOFT, key).map(<[u8]>::len), Some(34), "MPPE key {key}");
        }
    }

    fn ms_chap_v2_with_a_wrong_password(store: &Store) {
        let server = TestServer::start(store);
        let exchange = Exchange { user: USER, password: "wrong", server_challenge: rand::random(), peer_challenge: rand::random() };
        let reply = Client::new().exchange(server.auth, &exchange.request());
        assert_eq!(reply.code, code::ACCESS_REJECT);
        let error = String::from_utf8_lossy(reply.vendor(MICROSOFT, MS_CHAP_ERROR).expect("MS-CHAP-Error")).into_owned();
        assert!(error.contains("E=691"), "{error}");
    }

    fn a_retransmission_gets_the_same_octets(store: &Store) {
        let server = TestServer::start(store);
        let client = Client::new();
        let datagram = Packet::pap(USER, PASSWORD).sign(crate::harness::SECRET);
        let first = client.ask(server.auth, &datagram);
        for _ in 0..1_000 {
            assert_eq!(client.ask(server.auth, &datagram), first);
        }
        // The same identifier with another authenticator is another request (RFC 5080 §2.2.2).
        let mut other = Packet::pap(USER, "wrong");
        other.id = datagram[1];
        assert_eq!(client.exchange(server.auth, &other).code, code::ACCESS_REJECT);
    }

    fn proxy_state_comes_back_unchanged_and_in_order(store: &Store) {
        let server = TestServer::start(store);
        let request = Packet::pap(USER, PASSWORD).with(attr::PROXY_STATE, b"outer").with(attr::PROXY_STATE, b"inner");
        let reply = Client::new().exchange(server.auth, &request.with_message_authenticator());
        assert_eq!(reply.all(attr::PROXY_STATE), [b"outer", b"inner"]);
    }

    fn holds_and_expiry_reject(store: &Store) {
        let server = TestServer::start(store);
        for (user, flag, value) in
            [("ann", "--hold", "suspended"), ("ben", "--hold", "disabled"), ("cat", "--expires-at", "2020-01-01T00:00:00Z")]
        {
            server.must(&["customer", "add", user, "--password", PASSWORD, "--package", "home", flag, value]);
        }
        let soon = crate::harness::wait::SOON;
        server.must(&["customer", "add", "dan", "--password", PASSWORD, "--package", "home"]);
        // The feed keeps the order of commits: once the last is known, so are the others.
        crate::harness::wait::until("the new customers are known", soon, || server.accepts("dan", PASSWORD).then_some(()));
        for user in ["ann", "ben", "cat"] {
            assert!(!server.accepts(user, PASSWORD), "{user}");
        }
    }
}
