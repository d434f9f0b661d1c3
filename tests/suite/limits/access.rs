//! What an Accept carries, and who is refused.

use super::*;
use crate::harness::on_both_stores;

const G: u64 = 1_000_000_000;

/// `HH:MM` so many minutes from now, UTC.
fn clock(minutes_from_now: i64) -> String {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("after 1970").as_secs() as i64;
    let minute = (now / 60 + minutes_from_now).rem_euclid(1440);
    format!("{:02}:{:02}", minute / 60, minute % 60)
}

on_both_stores! {
    fn an_accept_carries_what_is_left(store: &Store) {
        let server = TestServer::start(store);
        add(&server, "total", &["--volume", "total:5G/month"]);
        add(&server, "both", &["--volume", "download:6G/day", "--volume", "upload:500M/day"]);
        add(&server, "free", &["--free-hours", "00:00-06:00"]);
        let reply = login_until(&server, "free", "the last customer is known", is_accept);
        assert_eq!((octets(&reply, TOTAL), octets(&reply, RECV), octets(&reply, XMIT)), (0, 0, 0));
        let reply = login(&server, "total");
        assert_eq!((octets(&reply, TOTAL), octets(&reply, RECV), octets(&reply, XMIT)), (5 * G, 0, 0));
        assert_eq!(rate(&reply), "10M/20M");
        // Recv is what the router receives: the customer's upload.
        let reply = login(&server, "both");
        assert_eq!((octets(&reply, TOTAL), octets(&reply, RECV), octets(&reply, XMIT)), (0, G / 2, 6 * G));
        server.must(&["customer", "top-up", "total", "--volume", "1G"]);
        login_until(&server, "total", "the top-up is known", |reply| octets(reply, TOTAL) == 6 * G);
        assert!(!server.cli(&["customer", "top-up", "total", "--volume", "1G", "--expires", "2020-01-01"]).status.success());
        server.must(&["customer", "set", "total", "--volume", "none"]);
        login_until(&server, "total", "his own limits hold", |reply| octets(reply, TOTAL) == 0);
    }

    fn hours_time_and_session_timeouts(store: &Store) {
        let server = TestServer::start(store);
        let (inside, outside) = (format!("{}-{}", clock(-60), clock(60)), format!("{}-{}", clock(60), clock(120)));
        add(&server, "inside", &["--hours", &inside, "--session-timeout", "36000"]);
        add(&server, "outside", &["--hours", &outside]);
        add(&server, "timed", &["--time", "30m/once"]);
        let reply = login_until(&server, "timed", "the last customer is known", is_accept);
        assert_eq!(number(&reply, SESSION_TIMEOUT), Some(1800));
        let timeout = number(&login(&server, "inside"), SESSION_TIMEOUT).expect("a Session-Timeout");
        assert!((3400..=3600).contains(&timeout), "{timeout}");
        let reply = login(&server, "outside");
        assert_eq!((reply.code, text(&reply, REPLY_MESSAGE).as_str()), (code::ACCESS_REJECT, "This account cannot be used at this hour"));
        wait::until("the trace names the reason", wait::SOON, || server.must(&["trace", "outside"]).contains("outside-hours").then_some(()));
    }

    fn rates_follow_fair_use_and_ones_own(store: &Store) {
        let server = TestServer::start(store);
        add(&server, "night", &["--address-list", "nights", "--fair-use", "during:00:00-24:00=50%"]);
        let reply = login_until(&server, "night", "the customer is known", is_accept);
        assert_eq!(rate(&reply), "5M/10M");
        assert_eq!(reply.vendor(MIKROTIK, ADDRESS_LIST), Some(&b"nights"[..]), "the package's other attributes stay");
        server.must(&["customer", "set", "night", "--rate", "50M/20M", "--rate-until", "2099-12-31"]);
        login_until(&server, "night", "his own rate holds", |reply| rate(reply) == "20M/50M");
        server.must(&["customer", "set", "night", "--rate", "50M/20M", "--rate-until", "2020-12-31"]);
        login_until(&server, "night", "it has ended", |reply| rate(reply) == "5M/10M");
        server.must(&["package", "set", "night", "--fair-use", "during:00:00-24:00=3M/1M"]);
        login_until(&server, "night", "the package changed", |reply| rate(reply) == "1M/3M");
        server.must(&["package", "set", "night", "--no-limits"]);
        login_until(&server, "night", "nothing is limited", |reply| rate(reply) == "10M/20M");
    }

    fn limits_survive_a_restart_without_the_command_line(store: &Store) {
        let mut server = TestServer::start(store);
        add(&server, "total", &["--volume", "5G/month"]);
        server.must(&["customer", "top-up", "total", "--volume", "2G"]);
        server.must(&["customer", "set", "total", "--rate", "4M/2M"]);
        let is_known = |reply: &Reply| octets(reply, TOTAL) == 7 * G && rate(reply) == "2M/4M";
        login_until(&server, "total", "everything is known", is_known);
        server.kill9();
        server.serve();
        login_until(&server, "total", "everything is back", is_known);
    }
}

#[test]
fn mistakes_are_explained() {
    let store = crate::harness::Store::sqlite();
    let server = TestServer::prepare(&store);
    for (options, wanted) in [
        (&["--volume", "100G"][..], "100G/month"),
        (&["--volume", "100G/month:soft"], "--fair-use"),
        (&["--hours", "8-18"], "08:00-18:00"),
        (&["--fair-use", "after:80G/month"], "after:80G/month=2M/1M"),
        (&["--service", "adsl"], "pppoe hotspot"),
        (&["--router", "nowhere"], "router ls"),
    ] {
        let output = server.cli(&[&["package", "add", "wrong"], options].concat());
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!output.status.success() && said.contains(wanted), "{options:?}: {said}");
    }
}
