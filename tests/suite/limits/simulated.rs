//! `simulate login`: what would be decided, from the store alone.

use super::*;
use crate::harness::on_both_stores;
use crate::harness::packet::{attr, status};

fn outcome<'j>(report: &'j serde_json::Value, check: &str) -> &'j str {
    let checks = report["checks"].as_array().expect("checks");
    checks.iter().find(|c| c["check"] == check).and_then(|c| c["outcome"].as_str()).unwrap_or_else(|| panic!("{check}: {report}"))
}

fn attribute<'j>(report: &'j serde_json::Value, name: &str) -> Option<&'j str> {
    report["attributes"].as_array().expect("attributes").iter().find(|a| a["name"] == name).and_then(|a| a["value"].as_str())
}

on_both_stores! {
    fn it_tells_what_the_server_would_say(store: &Store) {
        let server = TestServer::start(store);
        add(&server, "quota", &["--volume", "total:1M/month", "--fair-use", "after:500k/month=1M/1M"]);
        let fresh = json(&server, &["simulate", "login", "quota", "--router", "rw01"]);
        assert_eq!((fresh["verdict"].as_str(), attribute(&fresh, "Mikrotik-Total-Limit")), (Some("accepted"), Some("1000000")), "{fresh}");
        assert_eq!((fresh["left"][0]["octets"].as_u64(), fresh["left"][1]["octets"].as_u64()), (Some(500_000), Some(1_000_000)));
        assert_eq!(fresh["rate"], "20M/10M");

        let client = Client::new();
        let reply = login_until(&server, "quota", "the customer is known", is_accept);
        assert_eq!(octets(&reply, TOTAL), 1_000_000);
        let class = reply.all(attr::CLASS)[0].to_vec();
        for (kind, octets) in [(status::START, 0), (status::INTERIM, 300_000), (status::STOP, 600_000)] {
            let mut request = Packet::accounting(kind, "quota", "81000001", octets).with(attr::CLASS, &class);
            if kind == status::START {
                request = request.without(attr::ACCT_SESSION_TIME);
            }
            assert_eq!(client.exchange(server.acct, &request).code, code::ACCOUNTING_RESPONSE);
            let used = |report: &serde_json::Value| (report["verdict"].clone(), report["fair_use_step"].clone());
            let wanted = match kind {
                status::START => ("accepted".into(), serde_json::Value::Null),
                status::INTERIM => ("accepted".into(), 1.into()),
                _ => ("rejected".into(), serde_json::Value::Null),
            };
            let report = wait::until("the store knows the usage", wait::SOON, || {
                Some(json(&server, &["simulate", "login", "quota"])).filter(|report| used(report) == wanted)
            });
            if kind == status::STOP {
                assert_eq!(report["reason"], "volume-used-up");
                assert_eq!(outcome(&report, "expired"), "passed");
                assert_eq!(outcome(&report, "volume-used-up"), "failed");
                assert_eq!(outcome(&report, "mac-not-allowed"), "not made");
            }
        }
        server.must(&["customer", "top-up", "quota", "--volume", "5M"]);
        let topped = json(&server, &["simulate", "login", "quota"]);
        assert_eq!(attribute(&topped, "Mikrotik-Total-Limit"), Some("4800000"), "{topped}");
        let later = json(&server, &["simulate", "login", "quota", "--at", "2020-01-01T00:00:00Z"]);
        assert_eq!(later["at"], "2020-01-01T00:00:00Z");
    }

    fn it_writes_nothing_and_explains_in_words(store: &Store) {
        let server = TestServer::prepare(store);
        server.add_standard_entries();
        add(&server, "card", &["--validity", "1h:from-first-login"]);
        let words = server.must(&["simulate", "login", "card", "--mac", "02:00:00:00:00:07", "--service", "hotspot"]);
        for wanted in ["ACCEPTED: card on router rw01", "wrong-credential     passed", "Session-Timeout = 3600", "the package runs out"] {
            assert!(words.contains(wanted), "{wanted} is missing in {words}");
        }
        assert_eq!(json(&server, &["customer", "ls", "card"])[0]["state"], "pending");
        let nobody = json(&server, &["simulate", "login", "nobody"]);
        assert_eq!((&nobody["verdict"], &nobody["reason"]), (&"rejected".into(), &"unknown-username".into()));
        server.must(&["customer", "set", "card", "--mac", "02:00:00:00:00:09"]);
        let refused = json(&server, &["simulate", "login", "card", "--mac", "02:00:00:00:00:07"]);
        assert_eq!((refused["reason"].as_str(), outcome(&refused, "mac-not-allowed")), (Some("mac-not-allowed"), "failed"));
        assert!(!server.cli(&["simulate", "login", "card", "--router", "nowhere"]).status.success());
    }
}
