//! Whose word counts for where a request comes from, seen at /metrics.

use crate::harness::{Store, TestServer};

/// The status of GET /metrics with a header of our own.
fn metrics(server: &TestServer, header: &str) -> u16 {
    status(server, "/metrics", header)
}

fn status(server: &TestServer, path: &str, header: &str) -> u16 {
    let request = format!("GET {path} HTTP/1.1\r\nHost: {}\r\n{header}Connection: close\r\n\r\n", server.http);
    let (head, _) = server.send(&request).expect("an answer");
    head.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status")
}

#[test]
fn metrics_are_for_whom_the_configuration_names() {
    let store = Store::sqlite();
    let mut server = super::serve_with(&store, "listen = [\"127.0.0.1:0\"]");
    assert_eq!(metrics(&server, ""), 200, "this machine by default");
    // A proxy on this machine that nobody told us of would open them to the world.
    assert_eq!(metrics(&server, "X-Forwarded-For: 203.0.113.7\r\n"), 404);
    assert_eq!(metrics(&server, "X-Forwarded-For: 127.0.0.1\r\n"), 404);
    assert_eq!(metrics(&server, "Forwarded: for=203.0.113.7\r\n"), 404);
    assert!(server.terminate().success());
    server.set_http("listen = [\"127.0.0.1:0\"]\nmetrics_from = [\"203.0.113.0/24\"]");
    server.serve_unready();
    assert_eq!(metrics(&server, ""), 404, "not named any more");
    assert_eq!(metrics(&server, "X-Forwarded-For: 203.0.113.7\r\n"), 404, "forged");
    assert_eq!(status(&server, "/healthz", ""), 200, "health is for everyone");
}

#[test]
fn only_a_trusted_proxy_says_where_a_request_comes_from() {
    let store = Store::sqlite();
    let lines = "listen = [\"127.0.0.1:0\"]\nmetrics_from = [\"203.0.113.0/24\"]\ntrusted_proxies = [\"127.0.0.1\", \"198.51.100.1\"]";
    let server = super::serve_with(&store, lines);
    for (header, wanted) in [
        ("X-Forwarded-For: 203.0.113.7\r\n", 200),
        ("X-Forwarded-For: 203.0.113.7, 198.51.100.1\r\n", 200),
        ("X-Forwarded-For: 203.0.113.7\r\nX-Forwarded-For: 198.51.100.1\r\n", 200),
        ("", 404),
        ("X-Forwarded-For: 192.0.2.1\r\n", 404),
        // The client wrote the first entry itself; the proxy appended who that client is.
        ("X-Forwarded-For: 203.0.113.7, 192.0.2.1\r\n", 404),
        ("X-Forwarded-For: 203.0.113.7\r\nX-Forwarded-For: 192.0.2.1\r\n", 404),
        ("X-Forwarded-For: 203.0.113.7, nonsense\r\n", 404),
    ] {
        assert_eq!(metrics(&server, header), wanted, "{header:?}");
    }
}
