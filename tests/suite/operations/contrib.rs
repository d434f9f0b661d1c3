//! What `contrib/` and the guide say of metrics is what a running server exposes.

use std::collections::BTreeSet;

use crate::harness::packet::attr;
use crate::harness::{Client, PASSWORD, Packet, Store, TestServer, USER, code, wait};

const FILES: [(&str, &str); 3] = [
    ("contrib/prometheus/alerts.yml", include_str!("../../../contrib/prometheus/alerts.yml")),
    ("contrib/grafana/tollgate-overview.json", include_str!("../../../contrib/grafana/tollgate-overview.json")),
    ("docs/src/operations.md", include_str!("../../../docs/src/operations.md")),
];

/// Every word that begins with `tollgate_`.
fn metrics_named(text: &str) -> BTreeSet<&str> {
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let words = text.split(|c| !is_name(c));
    words.filter(|word| word.starts_with("tollgate_")).collect()
}

#[test]
fn every_metric_named_is_one_that_the_server_exposes() {
    let store = Store::sqlite();
    let mut server = TestServer::prepare(&store);
    server.add_standard_entries();
    server.must(&["pool", "add", "pppoe", "--range", "10.77.0.1"]);
    server.serve();
    let login = Packet::pap(USER, PASSWORD).with(attr::CALLING_STATION_ID, b"48:00:00:00:00:0A");
    assert_eq!(Client::new().exchange(server.auth, &login).code, code::ACCESS_ACCEPT);
    let exposed = wait::until("pools are among the metrics", wait::SOON, || {
        let (_, text) = server.get("/metrics")?;
        text.contains("tollgate_pool_held{").then_some(text)
    });
    let exposed = metrics_named(&exposed);
    for (file, text) in FILES {
        let named = metrics_named(text);
        assert!(named.len() > 10, "{file} names {named:?}");
        let unknown: Vec<_> = named.difference(&exposed).collect();
        assert!(unknown.is_empty(), "{file} names what the server does not expose: {unknown:?}");
    }
}

#[test]
fn the_dashboard_is_json_and_its_panels_do_not_overlap() {
    let dashboard: serde_json::Value = serde_json::from_str(FILES[1].1).expect("JSON");
    let mut taken = BTreeSet::new();
    for panel in dashboard["panels"].as_array().expect("panels") {
        let of = |name: &str| panel["gridPos"][name].as_u64().expect("a number");
        for (x, y) in (of("x")..of("x") + of("w")).flat_map(|x| (of("y")..of("y") + of("h")).map(move |y| (x, y))) {
            assert!(x < 24 && taken.insert((x, y)), "{} overlaps another panel", panel["title"]);
        }
        assert!(panel["targets"].as_array().is_some_and(|t| !t.is_empty()));
    }
}
