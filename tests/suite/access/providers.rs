//! Providers of one tenant: whose customer may use whose router, also after accounts and routers have moved.

use crate::harness::{Client, PASSWORD, Packet, SECRET, TestServer, USER, code, on_both_stores, wait};

const SECRET_OF_SECOND: &str = "the second one's secret";

/// Bob asks from a router until he is let in or not, as wanted.
fn until(server: &TestServer, source: &str, secret: &str, wanted: u8, when: &str) {
    wait::until(when, wait::SOON, || {
        let request = Packet::access(USER).with_pap(PASSWORD, secret);
        let (reply, _) = Client::from(source).exchange_within(server.auth, &request, secret, wait::SOON);
        (reply.code == wanted).then_some(())
    });
}

on_both_stores! {
    fn a_customer_uses_the_routers_of_his_own_provider_and_of_those_above(store: &Store) {
        let mut server = TestServer::prepare(store);
        server.add_standard_entries();
        server.must(&["account", "add", "second", "--role", "admin", "--parent", "super-admin"]);
        server.must(&["account", "add", "shop", "--role", "operator", "--parent", "second"]);
        server.must(&["router", "add", "theirs", "--address", "127.0.0.5", "--secret", SECRET_OF_SECOND, "--owner", "second"]);
        server.serve();
        let at_theirs = |wanted, when: &str| until(&server, "127.0.0.5", SECRET_OF_SECOND, wanted, when);
        let (let_in, kept_out) = (code::ACCESS_ACCEPT, code::ACCESS_REJECT);

        until(&server, "127.0.0.1", SECRET, let_in, "on his provider's router");
        at_theirs(kept_out, "on another provider's router");
        wait::until("the reason is told", wait::SOON, || {
            server.must(&["explain", "verdict", USER]).contains("router-not-allowed").then_some(())
        });
        server.must(&["tenant", "set", "default", "--cross-provider-login", "true"]);
        at_theirs(let_in, "the tenant allows it");
        server.must(&["tenant", "set", "default", "--cross-provider-login", "false"]);
        at_theirs(kept_out, "the tenant allows it no more");

        server.must(&["router", "set", "theirs", "--owner", "shop"]);
        server.must(&["account", "transfer", "shop", "--to", "owner"]);
        at_theirs(let_in, "the router's owner was moved to his provider");
        server.must(&["account", "transfer", "shop", "--to", "second"]);
        at_theirs(kept_out, "the router's owner was moved back");

        // A Super Admin stands above the providers: his routers are no other provider's.
        server.must(&["router", "set", "theirs", "--owner", "super-admin"]);
        at_theirs(let_in, "on a router of the account above all providers");
        server.must(&["router", "set", "theirs", "--owner", "second"]);
        at_theirs(kept_out, "on another provider's router again");
        server.restart();
        until(&server, "127.0.0.5", SECRET_OF_SECOND, kept_out, "after a restart");
        until(&server, "127.0.0.1", SECRET, let_in, "after a restart");
    }
}
