//! RADIUS clients that nobody here wrote: radclient and radtest of FreeRADIUS, and pyrad.

use super::{SECRET, skip};
use std::io::Write;
use std::net::SocketAddr;
use std::process::{Command, Output, Stdio};

const PYRAD_CLIENT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/pyrad_client.py");

/// What a foreign client said.
#[derive(Debug)]
pub struct Said {
    /// Standard output and error together.
    pub text: String,
}

impl Said {
    fn from(output: Output) -> Self {
        let text = [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).concat();
        Self { text }
    }

    /// Panics unless the text holds `expected`.
    pub fn must_hold(&self, expected: &str) -> &Self {
        assert!(self.text.contains(expected), "{expected:?} is missing in:\n{}", self.text);
        self
    }
}

/// `radclient -x server kind secret` with the attributes on standard input, one per line; one try of five seconds.
/// `kind` is `auth`, `acct` or `status`. `None`, said loudly, where radclient is not installed.
pub fn radclient(to: SocketAddr, kind: &str, attributes: &str) -> Option<Said> {
    let words = ["-x", "-r", "1", "-t", "5", &to.to_string(), kind, SECRET].map(str::to_owned);
    run("radclient", &words, attributes)
}

/// `radtest -t method user password server nas-port secret`; `method` is `pap`, `chap` or `mschap`.
pub fn radtest(to: SocketAddr, method: &str, user: &str, password: &str) -> Option<Said> {
    let words = ["-t", method, user, password, &to.to_string(), "10", SECRET].map(str::to_owned);
    run("radtest", &words, "")
}

/// `tests/support/pyrad_client.py` with its arguments; every reply must carry a Message-Authenticator (`enforce_ma`).
pub fn pyrad(arguments: &[&str]) -> Option<Said> {
    let python = std::env::var("TOLLGATE_TEST_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    if !Command::new(&python).args(["-c", "import pyrad"]).output().is_ok_and(|output| output.status.success()) {
        skip("a test with pyrad", "pyrad is not installed");
        return None;
    }
    let words: Vec<String> = std::iter::once(PYRAD_CLIENT).chain(arguments.iter().copied()).map(str::to_owned).collect();
    run(&python, &words, "")
}

/// Runs a program with text on its standard input; `None`, said loudly, where it is not installed.
fn run(program: &str, words: &[String], input: &str) -> Option<Said> {
    let started = Command::new(program).args(words).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
    let mut child = match started {
        Ok(child) => child,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            skip(&format!("a test with {program}"), "it is not installed");
            return None;
        }
        Err(error) => panic!("{program}: {error}"),
    };
    // A client that reads nothing may be gone already; its answer tells.
    let _ = child.stdin.take().expect("piped").write_all(input.as_bytes());
    Some(Said::from(child.wait_with_output().expect("our child")))
}
