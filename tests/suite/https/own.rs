//! A certificate of the operator's own, exchanged while the server runs.

use std::path::PathBuf;

use crate::harness::https::HttpsClient;
use crate::harness::{Store, TestServer, wait};
use rcgen::{CertificateParams, KeyPair, PKCS_ECDSA_P384_SHA384, SignatureAlgorithm};

const NAME: &str = "panel.example.org";

struct Files {
    certificate: PathBuf,
    key: PathBuf,
}

impl Files {
    fn of(store: &Store) -> Files {
        Files { certificate: store.folder().join("panel.pem"), key: store.folder().join("panel-key.pem") }
    }

    /// Writes a new pair; its certificate.
    fn write(&self, algorithm: &'static SignatureAlgorithm) -> Vec<u8> {
        let key = KeyPair::generate_for(algorithm).expect("a key");
        let certificate = CertificateParams::new([NAME.to_owned()]).expect("a name").self_signed(&key).expect("signed");
        std::fs::write(&self.certificate, certificate.pem()).expect("writable");
        std::fs::write(&self.key, key.serialize_pem()).expect("writable");
        certificate.pem().into_bytes()
    }

    /// Relative to the configuration's folder, which is the files' too.
    fn configuration() -> &'static str {
        "listen = [\"127.0.0.1:0\"]\ncertificate = \"panel.pem\"\ncertificate_key = \"panel-key.pem\""
    }
}

#[test]
fn it_is_served_and_exchanged_while_the_server_runs() {
    let store = Store::sqlite();
    let files = Files::of(&store);
    let first = files.write(&rcgen::PKCS_ECDSA_P256_SHA256);
    let server = super::serve_with(&store, Files::configuration());
    let get = |pem: &[u8]| HttpsClient::trusting(pem).get(server.http, NAME, "/healthz");
    assert_eq!(get(&first).expect("also on loopback it is HTTPS now").status, 200);
    assert!(!store.data_folder().join("tls").exists(), "no other one was made");

    let second = files.write(&PKCS_ECDSA_P384_SHA384);
    server.signal("HUP");
    wait::until("the new certificate is served", wait::SOON, || get(&second).ok());
    assert!(get(&first).is_err(), "the old one no more");

    std::fs::write(&files.key, "broken\n").expect("writable");
    server.signal("HUP");
    wait::until("the broken key is complained about", wait::SOON, || {
        let log = server.log();
        (log.contains("holds no private key") && log.contains("the one before is served")).then_some(())
    });
    assert_eq!(get(&second).expect("the one before is served").status, 200);
    assert!(!server.log().contains("PRIVATE KEY"), "a key is never logged");
}

#[test]
fn one_that_cannot_be_used_is_refused_with_one_clear_line() {
    let store = Store::sqlite();
    let files = Files::of(&store);
    let server = TestServer::prepare(&store);
    server.set_http(Files::configuration());
    let complain = |wanted: &str| {
        for command in ["check-config", "serve"] {
            let output = server.cli(&[command]);
            let said = String::from_utf8_lossy(&output.stderr).into_owned();
            assert_eq!(output.status.code(), Some(3), "{command}: {said}");
            assert!(said.contains("http.certificate") && said.contains(wanted), "{command}: {said}");
        }
    };
    complain("No such file");
    files.write(&rcgen::PKCS_ED25519);
    let key = std::fs::read(&files.key).expect("there");
    files.write(&rcgen::PKCS_ED25519);
    std::fs::write(&files.key, key).expect("writable");
    complain("this key is not the one of the certificate");
    server.set_http("certificate = \"panel.pem\"");
    complain("needs its key too");
}
