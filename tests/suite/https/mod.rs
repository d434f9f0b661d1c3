//! HTTPS from the first start, who may read what, and whose word counts for where a request comes from.

mod acme;
mod own;
mod proxies;

use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use crate::harness::https::{HttpsClient, fingerprint};
use crate::harness::{Store, TestServer, skip, wait};
use rustls::version::{TLS12, TLS13};

/// A server with these lines in section `http`, its sockets bound.
fn serve_with(store: &Store, http: &str) -> TestServer {
    let mut server = TestServer::prepare(store);
    server.set_http(http);
    server.serve_unready();
    server
}

/// Where a server that listens on all addresses is reached from here.
fn near(server: &TestServer) -> std::net::SocketAddr {
    std::net::SocketAddr::from(([127, 0, 0, 1], server.http.port()))
}

#[test]
fn the_first_start_speaks_https_with_a_certificate_of_its_own() {
    let store = Store::sqlite();
    let mut server = serve_with(&store, "listen = [\"0.0.0.0:0\"]\npublic_url = \"https://panel.example.org\"");
    let kept = store.data_folder().join("tls/self-signed.pem");
    let pem = std::fs::read(&kept).expect("the certificate is kept");
    assert_eq!(std::fs::metadata(&kept).expect("there").permissions().mode() & 0o777, 0o600, "its key is in it");
    let client = HttpsClient::trusting(&pem);
    let address = near(&server);
    wait::until("/readyz answers 200", wait::SOON, || (client.get(address, "127.0.0.1", "/readyz").ok()?.status == 200).then_some(()));
    for name in ["localhost", "panel.example.org"] {
        let answer = client.get(address, name, "/healthz").expect(name);
        assert_eq!((answer.status, answer.body.as_str()), (200, "ok\n"), "{name}");
        assert!(server.log().contains(&fingerprint(&answer.certificate)), "the fingerprint is in the log");
    }
    assert!(client.get(address, "other.example.org", "/healthz").is_err(), "a name that it is not for");
    assert_eq!(client.get(address, "127.0.0.1", "/metrics").expect("an answer").status, 200, "from this machine");
    assert!(server.log().contains(&format!("https://0.0.0.0:{}", address.port())), "the URL is in the log");
    for version in [&TLS12, &TLS13] {
        assert!(HttpsClient::speaking(&pem, &[version]).get(address, "localhost", "/healthz").is_ok(), "{version:?}");
    }
    curl(&kept, address.port());
    assert!(server.terminate().success());
    server.serve_unready();
    let again = std::fs::read(&kept).expect("still kept");
    assert_eq!(again, pem, "the next start serves the same");
    assert!(client.get(near(&server), "localhost", "/healthz").is_ok());
}

/// A client that shares no code with ours.
fn curl(ca: &std::path::Path, port: u16) {
    let url = format!("https://localhost:{port}/healthz");
    match Command::new("curl").args(["--silent", "--show-error", "--fail", "--max-time", "10", "--cacert"]).arg(ca).arg(url).output() {
        Err(_) => skip("HTTPS with a foreign client", "curl is not installed"),
        Ok(output) => assert_eq!(String::from_utf8_lossy(&output.stdout), "ok\n", "{}", String::from_utf8_lossy(&output.stderr)),
    }
}

#[test]
fn plain_http_on_a_port_of_https_is_sent_there_or_refused() {
    let store = Store::sqlite();
    let mut server = serve_with(&store, "listen = [\"0.0.0.0:0\"]");
    server.http = near(&server);
    let (head, _) = server.send("GET /a?b=c HTTP/1.1\r\nHost: panel.example.org:8443\r\nConnection: close\r\n\r\n").expect("an answer");
    assert!(head.starts_with("HTTP/1.1 307 "), "{head}");
    assert!(head.to_ascii_lowercase().contains("location: https://panel.example.org:8443/a?b=c\r\n"), "{head}");
    for request in [
        "POST /sign-in HTTP/1.1\r\nHost: a.example\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
        "GET / HTTP/1.0\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a b\r\nConnection: close\r\n\r\n",
    ] {
        let (head, body) = server.send(request).expect("an answer");
        assert!(head.starts_with("HTTP/1.1 400 ") || head.starts_with("HTTP/1.0 400 "), "{head}");
        assert_eq!(body, "This port speaks HTTPS.\n");
    }
}

#[test]
fn plain_http_beyond_this_machine_is_asked_for_and_warned_of() {
    let store = Store::sqlite();
    let mut server = serve_with(&store, "listen = [\"0.0.0.0:0\"]\ninsecure = true");
    server.http = near(&server);
    assert_eq!(server.get("/healthz").expect("plain http").0, 200);
    assert!(server.log().contains("passwords can be read on the way"), "{}", server.log());
    let said = server.must(&["check-config"]);
    assert!(said.contains("warning: http.listen 0.0.0.0:0 is reachable from outside and speaks plain http"), "{said}");
    assert!(!store.data_folder().join("tls").exists(), "no certificate was made");
}

#[test]
fn open_connections_do_not_keep_the_server_from_ending() {
    use std::io::{Read, Write};
    let store = Store::sqlite();
    let mut server = TestServer::start(&store);
    let connect = || std::net::TcpStream::connect(server.http).expect("it listens");
    let (idle, mut half, mut kept) = (connect(), connect(), connect());
    half.write_all(b"GET /healthz HTTP/1.1\r\nHost:").expect("sent");
    kept.write_all(b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n").expect("sent");
    let mut octets = [0; 12];
    kept.read_exact(&mut octets).expect("an answer");
    assert_eq!(&octets, b"HTTP/1.1 200");
    assert!(server.terminate().success(), "{}", server.log());
    drop((idle, half, kept));
}
