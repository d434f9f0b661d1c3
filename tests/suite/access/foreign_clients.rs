//! radtest, radclient and pyrad log the standard customer in.

use crate::harness::{PASSWORD, SECRET, TestServer, USER, clients, on_both_stores};

on_both_stores! {
    fn radtest_by_every_method(store: &Store) {
        let server = TestServer::start(store);
        for method in ["pap", "chap", "mschap"] {
            let Some(said) = clients::radtest(server.auth, method, USER, PASSWORD) else { return };
            said.must_hold("Received Access-Accept");
            let said = clients::radtest(server.auth, method, USER, "wrong").expect("ran just now");
            said.must_hold("Received Access-Reject");
            assert!(!said.text.contains("Received Access-Accept"), "{method}: {}", said.text);
        }
    }

    fn radclient_shows_the_attributes_of_the_package(store: &Store) {
        let server = TestServer::start(store);
        let request = format!("User-Name = \"{USER}\"\nUser-Password = \"{PASSWORD}\"\nService-Type = Framed-User\n");
        let Some(said) = clients::radclient(server.auth, "auth", &request) else { return };
        // Upload first: RouterOS reads the rate as receive/transmit of its own interface.
        said.must_hold("Received Access-Accept").must_hold("Mikrotik-Rate-Limit = \"10M/20M\"").must_hold("Framed-Pool = \"pppoe\"");
        said.must_hold("Class = ").must_hold("Acct-Interim-Interval = ");
    }

    fn radclient_as_a_hotspot_does(store: &Store) {
        let server = TestServer::start(store);
        // The order in which a RouterOS hotspot sends its attributes; radclient hashes the CHAP password itself.
        let request = format!(
            "NAS-Port-Type = Wireless-802.11\nCalling-Station-Id = \"02:00:00:00:00:01\"\nCalled-Station-Id = \"hotspot1\"\n\
             NAS-Port-Id = \"bridge\"\nUser-Name = \"{USER}\"\nNAS-Port = 2148532244\nAcct-Session-Id = \"80100014\"\n\
             Framed-IP-Address = 10.5.50.2\nCHAP-Password = \"{PASSWORD}\"\nService-Type = Login-User\n\
             NAS-Identifier = \"rw01\"\nNAS-IP-Address = 127.0.0.1\nMessage-Authenticator = 0x00\n"
        );
        let Some(said) = clients::radclient(server.auth, "auth", &request) else { return };
        said.must_hold("Received Access-Accept");
    }

    fn radclient_asks_for_the_status(store: &Store) {
        let server = TestServer::start(store);
        let Some(said) = clients::radclient(server.auth, "status", "Message-Authenticator = 0x00\n") else { return };
        said.must_hold("Received Access-Accept");
        let said = clients::radclient(server.acct, "status", "Message-Authenticator = 0x00\n").expect("ran just now");
        said.must_hold("Received Accounting-Response");
    }

    fn pyrad_demands_a_message_authenticator(store: &Store) {
        let server = TestServer::start(store);
        let (host, port) = (server.auth.ip().to_string(), server.auth.port().to_string());
        for (method, password, options, expected) in [
            ("pap", PASSWORD, "", "\"code\": 2"),
            ("pap", PASSWORD, "with-ma", "\"code\": 2"),
            ("chap", PASSWORD, "", "\"code\": 2"),
            ("chap", PASSWORD, "with-ma", "\"code\": 2"),
            ("pap", "wrong", "", "\"code\": 3"),
            ("chap", "wrong", "with-ma", "\"code\": 3"),
        ] {
            let Some(said) = clients::pyrad(&["auth", &host, &port, SECRET, method, USER, password, options]) else { return };
            said.must_hold(expected);
        }
        clients::pyrad(&["status", &host, &port, SECRET]).expect("ran just now").must_hold("\"code\": 2");
    }
}
