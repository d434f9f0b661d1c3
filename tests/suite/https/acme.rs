//! A certificate by ACME, from an authority that is not ours.

use crate::harness::https::HttpsClient;
use crate::harness::pebble::PebblePlace;
use crate::harness::{Store, TestServer, wait};

const NAME: &str = "panel.example.org";

#[test]
fn it_comes_by_itself_is_renewed_and_outlives_a_restart() {
    let Some(place) = PebblePlace::choose() else { return };
    let store = Store::sqlite();
    let http =
        format!("listen = [\"127.0.0.1:0\"]\nacme_domains = [{NAME:?}]\nacme_email = \"noc@example.org\"\n{}", place.configuration());
    let mut server = super::serve_with(&store, &http);
    // The authority is away: a certificate of our own serves, and why there is no other is in the log.
    let own = std::fs::read(store.data_folder().join("tls/self-signed.pem")).expect("made at the first start");
    assert!(HttpsClient::trusting(&own).get(server.http, "localhost", "/healthz").is_ok());
    wait::until("the absent authority is complained about", wait::SOON, || {
        server.log().contains("no certificate from the ACME authority").then_some(())
    });
    let pebble = place.start(server.http, 12);
    server.signal("HUP");
    let client = HttpsClient::trusting(pebble.root().as_bytes());
    let first = wait::until("the authority's certificate is served", wait::SOON, || client.get(server.http, NAME, "/healthz").ok());
    assert_eq!(first.status, 200);
    // Two thirds of twelve seconds later.
    let second = wait::until("it is renewed", wait::SOON, || {
        client.get(server.http, NAME, "/healthz").ok().filter(|answer| answer.certificate != first.certificate)
    });
    assert_eq!(second.status, 200);
    assert!(server.terminate().success());
    drop(pebble);
    server.serve_unready();
    assert!(server.log().contains("HTTPS with the certificate that the ACME authority gave"), "{}", server.log());
    assert_keys_are_ours_alone(&store);
}

#[test]
fn nobody_else_gets_the_proof() {
    let store = Store::sqlite();
    let server: TestServer = super::serve_with(
        &store,
        "listen = [\"127.0.0.1:0\"]\nacme_domains = [\"a.example\"]\nacme_directory = \"https://127.0.0.1:9/dir\"\nacme_ca = \"tollgate.toml\"",
    );
    // A CA file that holds none: said by check-config; the server serves with its own certificate.
    let output = server.cli(&["check-config"]);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(3), "{said}");
    assert!(said.contains("http.acme_ca"), "{said}");
    let own = std::fs::read(store.data_folder().join("tls/self-signed.pem")).expect("made");
    assert!(HttpsClient::trusting(&own).get(server.http, "localhost", "/healthz").is_ok());
    let asking = HttpsClient::trusting(&own).offering(b"acme-tls/1");
    assert!(asking.get(server.http, "a.example", "/healthz").is_err(), "no question is open");
}

fn assert_keys_are_ours_alone(store: &Store) {
    use std::os::unix::fs::PermissionsExt;
    for name in ["acme.pem", "acme-account.json", "self-signed.pem"] {
        let mode = std::fs::metadata(store.data_folder().join("tls").join(name)).expect(name).permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
}
