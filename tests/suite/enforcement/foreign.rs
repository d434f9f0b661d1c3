//! pyrad's server and FreeRADIUS as the router: programs that nobody here wrote check our requests, read them by their own dictionaries and sign the answers.

use super::{Online, newest_action};
use crate::harness::packet::status;
use crate::harness::targets::{FreeradiusTarget, PyradTarget};
use crate::harness::{SECRET, TestServer, USER, on_both_stores};

on_both_stores! {
    fn pyrad_takes_coa_and_disconnect(store: &Store) {
        let Some(target) = PyradTarget::start(SECRET) else { return };
        let mut server = TestServer::prepare(store);
        server.add_standard_entries();
        server.must(&["router", "set", "rw01", "--coa-port", &target.port, "--coa-message-authenticator", "true", "--coa-event-timestamp", "true"]);
        server.serve();
        let online = Online::log_in(&server, "81000001");
        server.must(&["package", "set", "home", "--download", "50M"]);
        assert_eq!(target.next_line(), "coa bob 81000001");
        newest_action(&server, "acknowledged");
        server.must(&["session", "disconnect", USER]);
        assert_eq!(target.next_line(), "disconnect bob 81000001");
        online.report(&server, status::STOP);
        newest_action(&server, "proven");
    }
    fn freeradius_reads_what_we_send(store: &Store) {
        let Some(target) = FreeradiusTarget::start(SECRET, store.folder()) else { return };
        let mut server = TestServer::prepare(store);
        server.add_standard_entries();
        server.must(&["package", "set", "home", "--volume", "download:100G/month", "--mikrotik-group", "home"]);
        server.must(&["router", "set", "rw01", "--coa-port", &target.port, "--coa-message-authenticator", "true", "--coa-event-timestamp", "true"]);
        server.serve();
        let online = Online::log_in(&server, "81000001");
        server.must(&["package", "set", "home", "--download", "50M", "--volume", "download:200G/month", "--mikrotik-group", "vip"]);
        let name = ["User-Name = \"bob\"", "Acct-Session-Id = \"81000001\"", "Framed-IP-Address = 10.0.0.9"];
        let mut told = Vec::new();
        while !told.iter().any(|line: &String| line.starts_with("Mikrotik-Group")) {
            let (kind, attributes) = target.next_request();
            assert_eq!(kind, "CoA-Request");
            for wanted in name {
                assert!(attributes.iter().any(|line| line == wanted), "{wanted} is missing in {attributes:?}");
            }
            told.extend(attributes);
        }
        // 200 GB: the low word, and 46 times 4 GiB.
        for wanted in ["Mikrotik-Rate-Limit = \"10M/50M\"", "Mikrotik-Group = \"vip\"", "Mikrotik-Xmit-Limit = 2431504384", "Mikrotik-Xmit-Limit-Gigawords = 46"] {
            assert!(told.iter().any(|line| line == wanted), "{wanted} is missing in {told:?}");
        }
        assert!(told.iter().any(|line| line.starts_with("Event-Timestamp")) && told.iter().any(|line| line.starts_with("Message-Authenticator")));
        newest_action(&server, "acknowledged");
        server.must(&["session", "disconnect", USER]);
        let (kind, attributes) = target.next_request();
        assert_eq!((kind.as_str(), attributes.iter().filter(|line| name.contains(&line.as_str())).count()), ("Disconnect-Request", 3));
        online.report(&server, status::STOP);
        newest_action(&server, "proven");
    }
}
