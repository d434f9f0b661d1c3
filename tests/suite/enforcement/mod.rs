//! Live sessions follow the books: CoA and Disconnect to routers, with proof.

mod actions;
mod books;
mod foreign;
mod settings;
mod usage;

use crate::harness::coa::CoaPort;
use crate::harness::packet::{attr, status};
use crate::harness::{Client, PASSWORD, Packet, TestServer, USER, code, wait};

/// The standard server whose router takes CoA on a port of the test.
fn server_with(port: &CoaPort, store: &crate::harness::Store) -> TestServer {
    let mut server = TestServer::prepare(store);
    server.add_standard_entries();
    server.must(&["router", "set", "rw01", "--coa-port", &port.number()]);
    server.serve();
    server
}

/// A customer online on the standard router.
struct Online {
    client: Client,
    session: String,
    class: Vec<u8>,
}

impl Online {
    /// Logs the standard customer in and begins a session.
    fn log_in(server: &TestServer, session: &str) -> Online {
        let client = Client::new();
        let accept = client.exchange(server.auth, &Packet::pap(USER, PASSWORD));
        assert_eq!(accept.code, code::ACCESS_ACCEPT);
        let class = accept.all(attr::CLASS)[0].to_vec();
        let online = Online { client, session: session.to_owned(), class };
        online.report(server, status::START);
        online
    }

    /// Accounting of the session.
    fn report(&self, server: &TestServer, what: u32) {
        self.report_octets(server, what, 0);
    }

    /// The same, with so many octets in each direction.
    fn report_octets(&self, server: &TestServer, what: u32, octets: u32) {
        let packet = Packet::accounting(what, USER, &self.session, octets).with(attr::CLASS, &self.class).with(8, &[10, 0, 0, 9]);
        let packet = if what == status::START { packet.without(attr::ACCT_SESSION_TIME) } else { packet };
        assert_eq!(self.client.exchange(server.acct, &packet).code, code::ACCOUNTING_RESPONSE);
    }
}

/// Waits until the newest action is in a state; returns it.
fn newest_action(server: &TestServer, state: &str) -> serde_json::Value {
    wait::until(&format!("the newest action is {state}"), wait::SOON, || {
        let actions: serde_json::Value = serde_json::from_str(&server.must(&["actions", "ls", "--json"])).expect("JSON");
        let newest = actions.get(0)?.clone();
        (newest["state"] == state).then_some(newest)
    })
}
