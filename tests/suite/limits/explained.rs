//! `explain verdict`: limits of the package and of the customer, what was used of them, and what was bought on top.

use super::*;
use crate::harness::on_both_stores;
use crate::harness::packet::{attr, status};

fn must_tell(text: &str, all: &[&str]) {
    for wanted in all {
        assert!(text.contains(wanted), "{wanted:?} is missing in\n{text}");
    }
}

on_both_stores! {
    fn a_rejection_is_explained_by_the_account_behind_it(store: &Store) {
        let server = TestServer::start(store);
        let limits = ["--volume", "total:1M/month", "--time", "10h/day", "--fair-use", "after:500k/month=1M/1M", "--sessions", "2"];
        add(&server, "quota", &limits);
        let client = Client::new();
        let class = login_until(&server, "quota", "the customer is known", is_accept).all(attr::CLASS)[0].to_vec();
        for (kind, octets) in [(status::START, 0), (status::STOP, 600_000)] {
            let mut request = Packet::accounting(kind, "quota", "81000001", octets).with(attr::CLASS, &class);
            if kind == status::START {
                request = request.without(attr::ACCT_SESSION_TIME);
            }
            assert_eq!(client.exchange(server.acct, &request).code, code::ACCOUNTING_RESPONSE);
        }
        login_until(&server, "quota", "the volume is used up", |reply| !is_accept(reply));
        let words = wait::until("the decision is in the log, and the usage in the store", wait::SOON, || {
            let is_told = |words: &String| words.contains("REJECTED (volume-used-up)") && words.contains("so he may not be online");
            Some(server.must(&["explain", "verdict", "quota"])).filter(is_told)
        });
        must_tell(&words, &[
            "    - volume total:1M/month, by package quota: 1200k used since",
            "0 left; so he may not be online",
            "time online 10h/day, by package quota: 1m used since",
            "fair use, step 1: after:total:500k/month=1M/1M, by package quota: 1200k used since",
            "2 sessions at once are allowed, by package quota; when full: refuse-new",
            "devices: listed, by package quota",
        ]);
        server.must(&["customer", "top-up", "quota", "--volume", "5M"]);
        let words = server.must(&["explain", "verdict", "quota"]);
        must_tell(&words, &["+ 5M from top-ups, 1200k used since", "4800k left", "top-up of 5M total, bought at", "5M of it were left"]);
        server.must(&["customer", "set", "quota", "--volume", "total:2G/month", "--rate", "3M/1M", "--hours", "00:00-24:00"]);
        let words = server.must(&["explain", "verdict", "quota"]);
        must_tell(&words, &["volume total:2G/month, by a limit of his own:", "rate 3M/1M, his own", "hours 00:00-24:00, by a limit of his own: open now"]);
        let facts = json(&server, &["explain", "verdict", "quota"]);
        assert!(facts["facts"].as_array().is_some_and(|all| all.len() > 10), "{facts}");
    }
}
