//! How the server ends, and what it refuses to start with. Exit codes: 0 ok, 1 failure, 2 usage, 3 configuration, 4 unreachable.

use crate::harness::{PASSWORD, Store, TestServer, USER, on_both_stores};

on_both_stores! {
    fn sigterm_ends_it_well_and_removes_its_addresses(store: &Store) {
        let mut server = TestServer::start(store);
        assert!(server.addresses_file().exists());
        assert_eq!(server.terminate().code(), Some(0), "{}", server.log());
        assert!(!server.addresses_file().exists());
        server.serve();
        assert!(server.accepts(USER, PASSWORD));
    }

    fn customers_survive_a_restart(store: &Store) {
        let mut server = TestServer::start(store);
        server.must(&["customer", "add", "late", "--password", PASSWORD, "--package", "home"]);
        server.restart();
        assert!(server.accepts("late", PASSWORD));
    }

    fn a_second_server_in_the_same_folder_is_refused(store: &Store) {
        let server = TestServer::start(store);
        let output = server.cli(&["serve"]);
        assert!(!output.status.success());
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(said.trim().lines().count(), 1, "one clear line: {said}");
        assert!(server.accepts(USER, PASSWORD), "the first one goes on");
    }
}

/// Runs `check-config` on a configuration with a line of its own; returns the exit code and what was said.
fn check_config(change: impl FnOnce(String) -> String) -> (Option<i32>, String) {
    let store = Store::sqlite();
    let server = TestServer::configure(&store);
    let file = store.folder().join("tollgate.toml");
    let text = std::fs::read_to_string(&file).expect("just written");
    std::fs::write(&file, change(text)).expect("writable");
    let output = server.cli(&["check-config"]);
    (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
}

#[test]
fn a_good_configuration_passes() {
    let (status, said) = check_config(|text| text);
    assert_eq!(status, Some(0), "{said}");
}

#[test]
fn a_misspelt_key_is_refused_with_a_suggestion() {
    let (status, said) = check_config(|text| text.replace("acct =", "actt ="));
    assert_eq!(status, Some(3), "{said}");
    assert!(said.contains("actt") && said.contains("acct"), "{said}");
}

#[test]
fn a_port_in_use_is_named() {
    let store = Store::sqlite();
    let server = TestServer::prepare(&store);
    let taken = std::net::UdpSocket::bind("127.0.0.1:0").expect("a socket");
    let address = taken.local_addr().expect("bound").to_string();
    let file = store.folder().join("tollgate.toml");
    let text = std::fs::read_to_string(&file).expect("just written");
    std::fs::write(&file, text.replacen("127.0.0.1:0", &address, 1)).expect("writable");
    let output = server.cli(&["serve"]);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!output.status.success());
    assert!(said.contains(&address), "{said}");
}
