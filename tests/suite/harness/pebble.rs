//! An ACME authority that is not ours: Pebble, the test server of Let's Encrypt, with a resolver that sends every name to this machine.

use super::https::HttpsClient;
use super::{skip, wait};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use std::net::{SocketAddr, TcpListener, UdpSocket};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use tempfile::TempDir;

/// A running authority; ends when dropped.
pub struct Pebble {
    folder: TempDir,
    child: Child,
    management: SocketAddr,
}

/// Where an authority will be, before it runs, so that a server can be configured for it.
pub struct PebblePlace {
    folder: TempDir,
    directory: SocketAddr,
    management: SocketAddr,
}

impl PebblePlace {
    /// Makes the authority's own CA; `None`, said loudly, where Pebble is not installed.
    pub fn choose() -> Option<Self> {
        if Command::new("pebble").arg("-version").output().is_err() {
            skip("a certificate by ACME", "pebble is not installed");
            return None;
        }
        let folder = tempfile::Builder::new().prefix("tollgate-acme-").tempdir().expect("a temporary folder");
        let mut params = CertificateParams::new(Vec::new()).expect("no names");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let ca = CertifiedIssuer::self_signed(params, KeyPair::generate().expect("a key")).expect("a CA");
        let key = KeyPair::generate().expect("a key");
        let leaf = CertificateParams::new(["127.0.0.1".to_owned()]).expect("a name").signed_by(&key, &ca).expect("signed");
        for (name, text) in [("ca.pem", ca.pem()), ("leaf.pem", leaf.pem()), ("leaf-key.pem", key.serialize_pem())] {
            std::fs::write(folder.path().join(name), text).expect("writable");
        }
        Some(Self { folder, directory: free_port(), management: free_port() })
    }

    /// The lines of section `http` that name it.
    pub fn configuration(&self) -> String {
        format!("acme_directory = \"https://{}/dir\"\nacme_ca = {:?}", self.directory, self.ca_file())
    }

    fn ca_file(&self) -> PathBuf {
        self.folder.path().join("ca.pem")
    }

    /// Starts it; it asks for proofs on `proofs_at`'s port and signs for so many seconds.
    pub fn start(self, proofs_at: SocketAddr, valid_secs: u64) -> Pebble {
        let path = |name: &str| self.folder.path().join(name);
        let config = serde_json::json!({ "pebble": {
            "listenAddress": self.directory.to_string(),
            "managementListenAddress": self.management.to_string(),
            "certificate": path("leaf.pem"),
            "privateKey": path("leaf-key.pem"),
            "httpPort": 9,
            "tlsPort": proofs_at.port(),
            "ocspResponderURL": "",
            "externalAccountBindingRequired": false,
            "certificateValidityPeriod": valid_secs,
        }});
        std::fs::write(path("pebble.json"), config.to_string()).expect("writable");
        let log = std::fs::File::create(path("pebble.log")).expect("writable");
        let mut command = Command::new("pebble");
        command.arg("-config").arg(path("pebble.json")).args(["-dnsserver", &resolver().to_string()]);
        // No pauses that it makes to be realistic; every order is proven anew.
        command.env("PEBBLE_VA_NOSLEEP", "1").env("PEBBLE_AUTHZREUSE", "0");
        command.stdin(Stdio::null()).stdout(log.try_clone().expect("a second handle")).stderr(log);
        let pebble = Pebble { child: command.spawn().expect("pebble starts"), folder: self.folder, management: self.management };
        wait::until("the ACME authority answers", wait::SOON, || pebble.try_get_root());
        pebble
    }
}

impl Pebble {
    /// The certificate of the CA that signs what it gives, in PEM.
    pub fn root(&self) -> String {
        self.try_get_root().expect("the authority's management address answers")
    }

    fn try_get_root(&self) -> Option<String> {
        let ca = std::fs::read(self.folder.path().join("ca.pem")).ok()?;
        let answer = HttpsClient::trusting(&ca).get(self.management, "127.0.0.1", "/roots/0").ok()?;
        (answer.status == 200).then_some(answer.body)
    }
}

impl Drop for Pebble {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if std::thread::panicking() {
            eprintln!("--- pebble's log ---\n{}", std::fs::read_to_string(self.folder.path().join("pebble.log")).unwrap_or_default());
        }
    }
}

/// A port that nobody listens on now.
fn free_port() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").and_then(|socket| socket.local_addr()).expect("a free port")
}

/// A name server on a thread of its own that says 127.0.0.1 to every question for an IPv4 address, and to others that there is nothing (RFC 1035).
fn resolver() -> SocketAddr {
    const HEADER: usize = 12;
    let socket = UdpSocket::bind("127.0.0.1:0").expect("a free port");
    let address = socket.local_addr().expect("bound");
    std::thread::spawn(move || {
        let mut datagram = [0; 512];
        while let Ok((octets, from)) = socket.recv_from(&mut datagram) {
            let Some(name) = datagram[..octets].get(HEADER..).and_then(|rest| rest.iter().position(|label| *label == 0)) else { continue };
            let question_end = HEADER + name + 5;
            let Some(question) = datagram[..octets].get(HEADER..question_end) else { continue };
            let is_a = question[name + 1..name + 3] == [0, 1];
            let mut answer = datagram[..2].to_vec();
            answer.extend([0x81, 0x80, 0, 1, 0, u8::from(is_a), 0, 0, 0, 0]);
            answer.extend(question);
            if is_a {
                answer.extend([0xc0, 0x0c, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 127, 0, 0, 1]);
            }
            let _ = socket.send_to(&answer, from);
        }
    });
    address
}
