//! Commands that look at things: `decode`, `trace`, `doctor`, `import`, and the HTTP pages for machines.

use crate::harness::{PASSWORD, Packet, Store, TestServer, USER, on_both_stores, wait};

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|octet| format!("{octet:02x}")).collect()
}

#[test]
fn decode_shows_attributes_by_name() {
    let store = Store::sqlite();
    let server = TestServer::configure(&store);
    let packet = Packet::pap(USER, PASSWORD).with_vendor(14988, 8, b"10M/20M").sign(crate::harness::SECRET);
    let text = server.must(&["decode", &hex(&packet), "--secret", crate::harness::SECRET]);
    let json: serde_json::Value = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"));
    assert!(json.is_object());
    for expected in ["Access-Request", "User-Name", USER, "NAS-IP-Address", "127.0.0.1", "Mikrotik-Rate-Limit", "10M/20M", PASSWORD] {
        assert!(text.contains(expected), "{expected} is missing in {text}");
    }
}

#[test]
fn decode_says_what_is_wrong_and_where() {
    let store = Store::sqlite();
    let server = TestServer::configure(&store);
    let mut packet = Packet::access(USER);
    packet.tail = vec![0x12, 0xff, 0x41];
    let datagram = packet.sign(crate::harness::SECRET);
    let output = server.cli(&["decode", &hex(&datagram)]);
    assert_eq!(output.status.code(), Some(1));
    let said = [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).concat();
    assert!(said.contains(&(datagram.len() - 3).to_string()), "the octet is missing: {said}");
}

on_both_stores! {
    fn trace_tells_why_a_customer_was_refused(store: &Store) {
        let server = TestServer::start(store);
        assert!(!server.accepts(USER, "a wrong one"));
        let text = wait::until("the verdict is in the trace", wait::SOON, || {
            Some(server.must(&["trace", USER])).filter(|text| text.contains("rw01"))
        });
        assert!(text.to_lowercase().contains("password") || text.to_lowercase().contains("credential"), "{text}");
        assert!(!text.contains("a wrong one"), "a password must not be shown: {text}");
    }

    fn doctor_names_a_wrong_secret(store: &Store) {
        let server = TestServer::start(store);
        let client = crate::harness::Client::new();
        for _ in 0..30 {
            client.send(server.acct, &Packet::accounting(1, USER, "81000001", 0).sign("not the secret"));
        }
        let said = wait::until("doctor has noticed", wait::SOON, || {
            let output = server.cli(&["doctor"]);
            let said = String::from_utf8_lossy(&output.stdout).into_owned();
            said.to_lowercase().contains("secret").then_some(said)
        });
        assert!(said.contains("rw01"), "{said}");
        assert_eq!(client.pending(), None);
    }

    fn an_import_with_a_bad_row_imports_nothing(store: &Store) {
        let server = TestServer::start(store);
        let file = store.folder().join("customers.csv");
        let header = "username,password,package,status,expires_at,mac,static_ip,connection\n";
        let import = |rows: &str, more: &[&str]| {
            std::fs::write(&file, format!("{header}{rows}")).expect("writable");
            server.cli(&[&["import", "customers", file.to_str().expect("UTF-8")], more].concat())
        };
        let output = import("imp1,pw,home,active,,,,\nimp2,pw,no such package,active,,,,\n", &[]);
        let said = String::from_utf8_lossy(&output.stderr).into_owned() + &String::from_utf8_lossy(&output.stdout);
        assert!(!output.status.success());
        assert!(said.contains('3') && said.contains("no such package"), "line and reason: {said}");
        assert!(import("imp3,pw,home,active,,,,\n", &["--dry-run"]).status.success());
        assert!(import("imp4,pw,home,active,,02:00:00:00:00:09,10.9.9.9,pppoe\n", &[]).status.success());
        wait::until("the imported customer is known", wait::SOON, || server.accepts("imp4", "pw").then_some(()));
        for absent in ["imp1", "imp2", "imp3"] {
            assert!(!server.accepts(absent, "pw"), "{absent}");
        }
    }

    fn machines_can_watch_it(store: &Store) {
        let server = TestServer::start(store);
        assert!(server.accepts(USER, PASSWORD));
        assert_eq!(server.get("/healthz").map(|(status, _)| status), Some(200));
        let (status, metrics) = server.get("/metrics").expect("an answer");
        assert_eq!(status, 200);
        assert!(metrics.contains("# TYPE "), "{metrics}");
        assert_eq!(server.get("/no-such-page").map(|(status, _)| status), Some(404));
    }
}
