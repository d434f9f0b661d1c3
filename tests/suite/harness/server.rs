//! The real program, started as a user starts it.

use super::{Client, PASSWORD, Packet, SECRET, Store, USER, code, wait};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::time::Duration;

const PROGRAM: &str = env!("CARGO_BIN_EXE_tollgate");

/// A Tollgate with its own folder, database and ports.
pub struct TestServer {
    config: PathBuf,
    data_folder: PathBuf,
    log: PathBuf,
    child: Option<Child>,
    /// Put before the program: `strace` and its options.
    wrapper: Vec<String>,
    /// Where it answers Access-Requests.
    pub auth: SocketAddr,
    /// Where it answers Accounting-Requests.
    pub acct: SocketAddr,
    /// Its HTTP listener.
    pub http: SocketAddr,
}

impl TestServer {
    /// A running server that knows the standard router (127.0.0.1, [`SECRET`]), package and customer ([`USER`], [`PASSWORD`]).
    pub fn start(store: &Store) -> Self {
        let mut server = Self::prepare(store);
        server.add_standard_entries();
        server.serve();
        server
    }

    /// Configuration and migrated database; nothing runs and nothing is known yet.
    pub fn prepare(store: &Store) -> Self {
        let server = Self::configure(store);
        server.must(&["migrate"]);
        server
    }

    /// Only the configuration file.
    pub fn configure(store: &Store) -> Self {
        let config = store.folder().join("tollgate.toml");
        let text = format!(
            "[store]\nurl = {:?}\n[data]\nfolder = {:?}\n[radius]\nauth = [\"127.0.0.1:0\"]\nacct = [\"127.0.0.1:0\"]\n[http]\nlisten = [\"127.0.0.1:0\"]\n",
            store.url,
            store.data_folder()
        );
        std::fs::write(&config, text).expect("the test's folder is writable");
        let nowhere = SocketAddr::from(([127, 0, 0, 1], 9));
        Self {
            config,
            data_folder: store.data_folder(),
            log: store.folder().join("server.log"),
            child: None,
            wrapper: Vec::new(),
            auth: nowhere,
            acct: nowhere,
            http: nowhere,
        }
    }

    /// Writes other lines into the configuration's section `http`.
    pub fn set_http(&self, lines: &str) {
        let text = std::fs::read_to_string(&self.config).expect("just written");
        let (before, _) = text.split_once("[http]").expect("the last section");
        std::fs::write(&self.config, format!("{before}[http]\n{lines}\n")).expect("the test's folder is writable");
    }

    /// The standard router, package and customer, by the command line.
    pub fn add_standard_entries(&self) {
        self.must(&["router", "add", "rw01", "--address", "127.0.0.1", "--secret", SECRET]);
        self.must(&["package", "add", "home", "--download", "20M", "--upload", "10M", "--framed-pool", "pppoe"]);
        self.must(&["customer", "add", USER, "--password", PASSWORD, "--package", "home"]);
    }

    /// Runs the server under another program, which must leave it our child, as `strace -D` does.
    pub fn wrap(&mut self, wrapper: &[&str]) {
        self.wrapper = wrapper.iter().map(|&word| word.to_owned()).collect();
    }

    /// Starts it and waits until it is ready.
    pub fn serve(&mut self) {
        self.serve_unready();
        wait::until("/readyz answers 200", wait::SOON, || {
            self.still_runs();
            (self.get("/readyz")?.0 == 200).then_some(())
        });
    }

    /// Starts it and waits only until its sockets are bound: with its database away it is not ready, but answers.
    pub fn serve_unready(&mut self) {
        assert!(self.child.is_none(), "already running");
        let log = std::fs::File::options().create(true).append(true).open(&self.log).expect("the test's folder is writable");
        let mut words = self.wrapper.clone();
        words.push(PROGRAM.to_owned());
        let mut command = Command::new(&words[0]);
        command.args(&words[1..]).arg("--config").arg(&self.config).arg("serve").stdin(Stdio::null());
        command.stdout(log.try_clone().expect("a second handle")).stderr(log);
        self.child = Some(command.spawn().unwrap_or_else(|error| panic!("{words:?}: {error}")));
        let addresses = self.data_folder.join("addresses.json");
        let json = wait::until("addresses.json is written", wait::SOON, || {
            self.still_runs();
            serde_json::from_slice::<serde_json::Value>(&std::fs::read(&addresses).ok()?).ok()
        });
        let first = |list: &str| -> SocketAddr { json[list][0].as_str().expect("an address").parse().expect("an address") };
        (self.auth, self.acct, self.http) = (first("auth"), first("acct"), first("http"));
    }

    fn still_runs(&mut self) {
        let child = self.child.as_mut().expect("started");
        if let Some(status) = child.try_wait().expect("our child") {
            panic!("the server ended with {status}:\n{}", self.log());
        }
    }

    /// The running server's process.
    pub fn process_id(&self) -> u32 {
        self.child.as_ref().expect("running").id()
    }

    /// Ends it as a power cut would, without a chance to write, and forgets where it was. Leaves addresses.json behind.
    pub fn kill9(&mut self) {
        let mut child = self.child.take().expect("running");
        child.kill().expect("our child");
        child.wait().expect("our child");
        // What a killed server left must not be mistaken for the next one's.
        let _ = std::fs::remove_file(self.data_folder.join("addresses.json"));
    }

    /// Asks it to end (SIGTERM) and returns how it did; panics when it takes longer than [`wait::SOON`].
    pub fn terminate(&mut self) -> ExitStatus {
        self.signal("TERM");
        let mut child = self.child.take().expect("running");
        wait::until("the server ends after SIGTERM", wait::SOON, || child.try_wait().expect("our child"))
    }

    /// Sends it a signal.
    pub fn signal(&self, name: &str) {
        let sent = Command::new("kill").args([format!("-{name}"), self.process_id().to_string()]).status().expect("kill");
        assert!(sent.success(), "SIG{name} could not be sent");
    }

    /// Ends it politely and starts it again; its ports change.
    pub fn restart(&mut self) {
        assert!(self.terminate().success(), "SIGTERM must end it well:\n{}", self.log());
        self.serve();
    }

    /// Runs a command of the program against the same configuration.
    pub fn cli(&self, arguments: &[&str]) -> Output {
        Command::new(PROGRAM).arg("--config").arg(&self.config).args(arguments).stdin(Stdio::null()).output().expect("the program starts")
    }

    /// The same, which must succeed; returns its standard output.
    pub fn must(&self, arguments: &[&str]) -> String {
        let output = self.cli(arguments);
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "tollgate {arguments:?}: {}\n{stderr}", output.status);
        String::from_utf8(output.stdout).expect("UTF-8")
    }

    /// `export sessions --format csv`, each row as (column, value) by name.
    pub fn exported_sessions(&self) -> Vec<std::collections::HashMap<String, String>> {
        let text = self.must(&["export", "sessions", "--format", "csv"]);
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        reader.deserialize().collect::<Result<_, _>>().unwrap_or_else(|error| panic!("{error} in\n{text}"))
    }

    /// One exported session; panics unless there is exactly one of this id.
    pub fn exported_session(&self, id: &str) -> std::collections::HashMap<String, String> {
        let mut rows: Vec<_> = self.exported_sessions().into_iter().filter(|row| row["acct_session_id"] == id).collect();
        assert_eq!(rows.len(), 1, "rows of session {id}: {rows:?}");
        rows.remove(0)
    }

    /// Status and body of a GET; `None` when nobody answers.
    pub fn get(&self, path: &str) -> Option<(u16, String)> {
        let (head, body) = self.send(&format!("GET {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n", self.http))?;
        Some((head.split(' ').nth(1)?.parse().ok()?, body))
    }

    /// Sends the text of a request in the clear; head and body of what comes.
    pub fn send(&self, request: &str) -> Option<(String, String)> {
        let mut stream = TcpStream::connect_timeout(&self.http, Duration::from_secs(2)).ok()?;
        stream.set_read_timeout(Some(Duration::from_secs(5))).ok()?;
        stream.write_all(request.as_bytes()).ok()?;
        let mut text = String::new();
        stream.read_to_string(&mut text).ok()?;
        let (head, body) = text.split_once("\r\n\r\n")?;
        Some((head.to_owned(), body.to_owned()))
    }

    /// What it wrote to standard output and error.
    pub fn log(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// The file of the running server's addresses.
    pub fn addresses_file(&self) -> PathBuf {
        self.data_folder.join("addresses.json")
    }

    /// Logs the customer in by PAP from 127.0.0.1 and returns whether that was accepted.
    pub fn accepts(&self, user: &str, password: &str) -> bool {
        Client::new().exchange(self.auth, &Packet::pap(user, password)).code == code::ACCESS_ACCEPT
    }
}

impl Drop for TestServer {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
        if std::thread::panicking() {
            eprintln!("--- the server's log ---\n{}", self.log());
        }
    }
}
