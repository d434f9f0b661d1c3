//! pyrad's server as the router: a program that nobody here wrote checks our requests and signs the answers.

use super::{Online, newest_action};
use crate::harness::packet::status;
use crate::harness::{SECRET, TestServer, USER, clients, on_both_stores};

on_both_stores! {
    fn pyrad_takes_coa_and_disconnect(store: &Store) {
        let Some(target) = clients::PyradTarget::start(SECRET) else { return };
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
}
