//! A backup taken while serving, restored into an empty folder and an empty database, logs a customer in.

use crate::harness::packet::status;
use crate::harness::{Client, PASSWORD, Packet, TestServer, USER, on_both_stores};

on_both_stores! {
    fn a_restored_backup_logs_a_customer_in(store: &Store) {
        let server = TestServer::start(store);
        Client::new().exchange(server.acct, &Packet::accounting(status::STOP, USER, "81000001", 1_234));
        let (file, passphrase) = (store.folder().join("tollgate.backup"), store.folder().join("passphrase"));
        std::fs::write(&passphrase, "correct horse battery staple\n").expect("writable");
        let (file, passphrase) = (file.to_str().expect("UTF-8"), passphrase.to_str().expect("UTF-8"));
        server.must(&["backup", file, "--passphrase-file", passphrase]);
        let bytes = std::fs::read(file).expect("the backup");
        assert!(!bytes.windows(PASSWORD.len() + USER.len()).any(|part| part == format!("{USER}{PASSWORD}").as_bytes()));

        let fresh = store.another();
        let mut restored = TestServer::configure(&fresh);
        let wrong = fresh.folder().join("wrong");
        std::fs::write(&wrong, "not it\n").expect("writable");
        let refused = restored.cli(&["restore", file, "--passphrase-file", wrong.to_str().expect("UTF-8")]);
        assert!(!refused.status.success(), "a wrong passphrase must be refused");
        restored.must(&["restore", file, "--passphrase-file", passphrase]);
        restored.serve();
        assert!(restored.accepts(USER, PASSWORD));
        assert!(!restored.accepts(USER, "wrong"));
        assert_eq!(restored.exported_session("81000001")["octets_in"], "1234");
        // The one it was taken from goes on.
        assert!(server.accepts(USER, PASSWORD));
    }
}
