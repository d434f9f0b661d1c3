//! The nightly backup as a job: by a running server, by a command alone, restored, and kept in number.

use std::path::{Path, PathBuf};

use crate::harness::{PASSWORD, Store, TestServer, USER, on_both_stores, wait};

/// Adds a section to the configuration.
fn configure(store: &Store, lines: &str) {
    let file = store.folder().join("tollgate.toml");
    let text = std::fs::read_to_string(&file).expect("just written");
    std::fs::write(&file, format!("{text}[backup]\n{lines}\n")).expect("writable");
}

fn backups(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).map(|entries| entries.map(|entry| entry.expect("an entry").path()).collect());
    let mut paths: Vec<PathBuf> = entries.unwrap_or_default();
    paths.sort();
    paths
}

fn file_of(told: &str) -> String {
    let job: serde_json::Value = serde_json::from_str(told).unwrap_or_else(|error| panic!("{error}: {told}"));
    assert_eq!(job["state"], "done", "{told}");
    job["result"]["file"].as_str().expect("a file").to_owned()
}

on_both_stores! {
    fn a_running_server_makes_the_backup_that_a_command_asks_for_and_it_restores(store: &Store) {
        let server = TestServer::start(store);
        let file = file_of(&server.must(&["job", "run", "backup", "--json"]));
        assert_eq!(backups(&store.data_folder().join("backups")), [PathBuf::from(&file)]);
        let log = server.log();
        assert!(log.contains("a job has ended"), "the server did it: {log}");

        // with the key file of the store, which lies elsewhere by then
        let fresh = store.another();
        let mut restored = TestServer::configure(&fresh);
        let key = store.data_folder().join("key");
        let refused = restored.cli(&["restore", &file, "--key-file", store.folder().join("tollgate.toml").to_str().expect("UTF-8")]);
        assert!(!refused.status.success(), "another file is no key");
        restored.must(&["restore", &file, "--key-file", key.to_str().expect("UTF-8")]);
        restored.serve();
        assert!(restored.accepts(USER, PASSWORD));
        assert!(server.accepts(USER, PASSWORD), "the one it was taken from goes on");
        // the backup holds itself as running; the restored server takes it over once its lease has run out
        assert!(restored.must(&["job", "ls"]).contains("running"));
    }

    fn without_a_server_the_command_runs_it_and_the_newest_are_kept(store: &Store) {
        let server = TestServer::prepare(store);
        let (folder, passphrase) = (store.folder().join("elsewhere"), store.folder().join("passphrase"));
        std::fs::write(&passphrase, "correct horse battery staple\n").expect("writable");
        configure(store, &format!("folder = {folder:?}\nkeep = 2\nenabled = false\npassphrase_file = {passphrase:?}"));
        let mut made = Vec::new();
        for _ in 0..4 {
            // names are by the second
            let file = wait::until("a backup of another second", wait::SOON, || {
                let output = server.cli(&["job", "run", "backup", "--json"]);
                if output.status.success() {
                    return Some(file_of(&String::from_utf8_lossy(&output.stdout)));
                }
                let said = String::from_utf8_lossy(&output.stderr).into_owned();
                assert!(said.contains("exists already"), "{said}");
                let jobs: serde_json::Value = serde_json::from_str(&server.must(&["job", "ls", "--state", "queued", "--json"])).expect("JSON");
                server.must(&["job", "cancel", jobs["jobs"][0]["id"].as_str().expect("an id")]);
                None
            });
            made.push(PathBuf::from(file));
        }
        assert_eq!(backups(&folder), made[2..], "the newest two");
        let fresh = store.another();
        let restored = TestServer::configure(&fresh);
        let file = made[3].to_str().expect("UTF-8");
        restored.must(&["restore", file, "--passphrase-file", passphrase.to_str().expect("UTF-8")]);

        let listed: serde_json::Value = serde_json::from_str(&server.must(&["job", "ls", "--kind", "backup", "--state", "done", "--json"])).expect("JSON");
        assert_eq!(listed["jobs"].as_array().map(Vec::len), Some(4));
        let shown = server.must(&["job", "show", listed["jobs"][0]["id"].as_str().expect("an id")]);
        assert!(shown.contains("cli:") && shown.contains("sha256"), "{shown}");
        let refused = server.cli(&["job", "retry", listed["jobs"][0]["id"].as_str().expect("an id")]);
        assert!(String::from_utf8_lossy(&refused.stderr).contains("job-not-retriable"));
        assert_eq!(server.cli(&["job", "show", "7"]).status.code(), Some(1));
        std::fs::remove_file(&passphrase).expect("removable");
        let failed = server.cli(&["job", "run", "backup"]);
        assert_eq!(failed.status.code(), Some(1));
        assert!(String::from_utf8_lossy(&failed.stderr).contains("passphrase_file"), "for good: it would fail each time");
        let noted = server.cli(&["job", "ls"]);
        assert!(String::from_utf8_lossy(&noted.stderr).contains("attention: job-failed"));
    }
}

#[test]
fn a_job_goes_on_after_a_restart_and_a_schedule_is_noted_once() {
    let store = Store::sqlite();
    let mut server = TestServer::start(&store);
    let schedules = |server: &TestServer| {
        let listed: serde_json::Value = serde_json::from_str(&server.must(&["job", "ls", "--json"])).expect("JSON");
        listed["schedules"].clone()
    };
    let noted = wait::until("the server notes its schedule", wait::SOON, || {
        let found = schedules(&server);
        (found.as_array().map(Vec::len) == Some(1)).then_some(found)
    });
    server.restart();
    assert_eq!(schedules(&server), noted, "when it is due stays");
    assert!(server.terminate().success());
    configure(&store, "enabled = false");
    server.serve();
    wait::until("it is off", wait::SOON, || (schedules(&server).as_array().map(Vec::len) == Some(0)).then_some(()));
}
