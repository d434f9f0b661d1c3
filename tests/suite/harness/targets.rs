//! Programs that nobody here wrote, as routers that take CoA and Disconnect: pyrad's server, and FreeRADIUS with a `listen` of type `coa`.

use super::{skip, wait};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver};

const PYRAD_TARGET: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/pyrad_target.py");
const FREERADIUS_CONF: &str = include_str!("../../support/freeradius_coa.conf");
/// Where Debian puts the server, which is not in everybody's PATH.
const FREERADIUS: &str = "/usr/sbin/freeradius";

/// A program and what it prints, line by line; ended when dropped.
struct Speaker {
    child: Child,
    lines: Receiver<String>,
}

impl Speaker {
    fn start(command: &mut Command) -> Self {
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().expect("it is installed");
        let output = child.stdout.take().expect("piped");
        let (sender, lines) = mpsc::channel();
        std::thread::spawn(move || {
            let all = std::io::BufRead::lines(std::io::BufReader::new(output));
            // Ends with the program, or with the test that does not want its lines any more.
            all.map_while(Result::ok).try_for_each(|line| sender.send(line)).unwrap_or_default();
        });
        Self { child, lines }
    }

    fn next_line(&self) -> String {
        self.lines.recv_timeout(wait::SOON).expect("it says something soon")
    }
}

impl Drop for Speaker {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// pyrad's server as a router that takes CoA and Disconnect.
pub struct PyradTarget {
    speaker: Speaker,
    /// Its UDP port on 127.0.0.1.
    pub port: String,
}

impl PyradTarget {
    /// Starts it; `None`, said loudly, where pyrad is not installed.
    pub fn start(secret: &str) -> Option<Self> {
        let python = std::env::var("TOLLGATE_TEST_PYTHON").unwrap_or_else(|_| "python3".to_owned());
        if !Command::new(&python).args(["-c", "import pyrad"]).output().is_ok_and(|output| output.status.success()) {
            skip("a test with pyrad", "pyrad is not installed");
            return None;
        }
        let speaker = Speaker::start(Command::new(&python).args([PYRAD_TARGET, secret]));
        let port = speaker.next_line();
        Some(Self { speaker, port })
    }

    /// The next line that it prints; panics if none comes soon.
    pub fn next_line(&self) -> String {
        self.speaker.next_line()
    }
}

/// FreeRADIUS in debug mode as a router: it acknowledges whatever is signed rightly, and prints each request by its own dictionary.
pub struct FreeradiusTarget {
    speaker: Speaker,
    /// Its UDP port on 127.0.0.1.
    pub port: String,
}

impl FreeradiusTarget {
    /// Starts it with its configuration in `folder`; `None`, said loudly, where FreeRADIUS is not installed.
    pub fn start(secret: &str, folder: &Path) -> Option<Self> {
        if !Path::new(FREERADIUS).exists() {
            skip("a test with FreeRADIUS", "it is not installed");
            return None;
        }
        let port = free_port();
        let folder = own_folder(folder);
        let conf = FREERADIUS_CONF.replace("@folder@", &folder.to_string_lossy()).replace("@secret@", secret).replace("@port@", &port);
        std::fs::write(folder.join("radiusd.conf"), conf).expect("the test's folder is writable");
        let speaker = Speaker::start(Command::new(FREERADIUS).arg("-X").arg("-d").arg(&folder));
        while !speaker.next_line().starts_with("Ready to process requests") {}
        Some(Self { speaker, port })
    }

    /// The kind of the next request and its attributes as FreeRADIUS prints them; panics if none comes soon.
    pub fn next_request(&self) -> (String, Vec<String>) {
        // Lines of one request begin with its number in parentheses.
        let numbered = |line: String| line.split_once(") ").map(|(_, text)| text.to_owned());
        let kind = loop {
            let line = numbered(self.speaker.next_line()).unwrap_or_default();
            if let Some((kind, _)) = line.strip_prefix("Received ").and_then(|rest| rest.split_once(' ')) {
                break kind.to_owned();
            }
        };
        let mut attributes = Vec::new();
        while let Some(attribute) = numbered(self.speaker.next_line()).as_deref().and_then(|line| line.strip_prefix("  ")) {
            attributes.push(attribute.to_owned());
        }
        (kind, attributes)
    }
}

/// FreeRADIUS refuses a configuration that others may write.
fn own_folder(folder: &Path) -> PathBuf {
    use std::os::unix::fs::PermissionsExt;
    let own = folder.join("freeradius");
    std::fs::create_dir_all(&own).expect("the test's folder is writable");
    std::fs::set_permissions(&own, std::fs::Permissions::from_mode(0o755)).expect("our own folder");
    own
}

fn free_port() -> String {
    let probe = std::net::UdpSocket::bind("127.0.0.1:0").expect("a UDP socket");
    probe.local_addr().expect("bound").port().to_string()
}
