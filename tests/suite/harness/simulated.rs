//! The simulated router of the program over real UDP, with a clock of its own that runs as fast as the test wants, and books of its own: what stands in the
//! accounting that the server acknowledged, read from the datagrams octet by octet.
//!
//! Time stands still while the server is asked or awaited, so what a test finds does not depend on how busy the machine is.

use super::packet::{attr, attributes};
use super::{PASSWORD, SECRET, TestServer};
use std::collections::BTreeMap;
use std::net::UdpSocket;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tollgate::demo::router::{Datagram, DemoCustomer, Faults, Method, Outcome, Port, RouterOptions, Service, SimulatedRouter};

const PATIENCE: Duration = Duration::from_secs(10);
const INPUT_GIGAWORDS: u8 = 52;
const OUTPUT_GIGAWORDS: u8 = 53;

/// What one session used, as its router last reported it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Entry {
    /// From the customer.
    pub octets_in: u64,
    /// To the customer.
    pub octets_out: u64,
    /// Acct-Session-Time.
    pub secs: u64,
}

/// A simulated router at an address of this host.
pub struct Simulated<'s> {
    server: &'s TestServer,
    source: &'static str,
    router: SimulatedRouter,
    incoming: UdpSocket,
    now_ms: u64,
    /// By Acct-Session-Id.
    pub books: BTreeMap<String, Entry>,
}

/// A customer of the standard password who comes from a device.
pub fn customer(username: &str, mac: &str) -> Arc<DemoCustomer> {
    Arc::new(DemoCustomer { username: username.into(), password: PASSWORD.into(), mac: mac.into(), service: Service::Ppp })
}

/// A port for CoA of the router at this address, to be named to the server before [`Simulated::new`] takes it.
pub fn coa_port(source: &str) -> UdpSocket {
    UdpSocket::bind((source, 0)).expect("a UDP socket")
}

impl<'s> Simulated<'s> {
    /// A router whose customers use all of their rate (of the upload an eighth). Boots differ, so that session ids do.
    pub fn new(server: &'s TestServer, source: &'static str, incoming: UdpSocket, boot: u8, enforces_limits: bool) -> Self {
        incoming.set_nonblocking(true).expect("non-blocking");
        let options = RouterOptions {
            identity: format!("at-{source}"),
            secret: SECRET.into(),
            boot,
            enforces_limits,
            use_permille: Some(1000),
            // Its clock runs faster than the server's; without a battery it is believed at no time.
            faults: Faults { clock_at_1970: true, ..Faults::default() },
            seed: u64::from(boot),
            ..RouterOptions::default()
        };
        let now_ms = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_millis() as u64;
        let router = SimulatedRouter::new(options, Arc::default(), now_ms);
        Self { server, source, router, incoming, now_ms, books: BTreeMap::new() }
    }

    /// Dials; the session's number, or the text of the rejection. The Start has been acknowledged.
    pub fn log_in(&mut self, customer: &Arc<DemoCustomer>) -> Result<u32, String> {
        let request = self.router.login(customer, PASSWORD, Method::Pap, self.now_ms).expect("short names");
        match self.exchange(&request) {
            Outcome::Online(id) => {
                self.send_due();
                Ok(id)
            }
            Outcome::Rejected(text) => Err(text),
            other => panic!("{other:?}"),
        }
    }

    /// Lets time pass; whatever falls due is sent and acknowledged.
    pub fn pass(&mut self, ms: u64) {
        self.now_ms += ms;
        self.send_due();
    }

    /// The device is gone to another router.
    pub fn roam_away(&mut self, id: u32) {
        assert!(self.router.roam_away(id), "it was online");
    }

    /// Sessions online here.
    pub fn online(&self) -> usize {
        self.router.sessions().count()
    }

    /// What has gone over the line by now, reported or not.
    pub fn used_now(&self) -> u64 {
        self.router.sessions().map(|s| s.octets_in + s.octets_out).sum()
    }

    /// Octets reported of all sessions.
    pub fn reported(&self) -> u64 {
        self.books.values().map(|entry| entry.octets_in + entry.octets_out).sum()
    }

    /// Takes a CoA or Disconnect request if one has come; its code.
    pub fn take_request(&mut self) -> Option<u8> {
        let mut buffer = [0; 4096];
        let (length, peer) = self.incoming.recv_from(&mut buffer).ok()?;
        if let Some(answer) = self.router.incoming(&buffer[..length], peer.ip(), self.now_ms) {
            self.incoming.send_to(&answer, peer).expect("sendable");
        }
        self.send_due();
        Some(buffer[0])
    }

    fn send_due(&mut self) {
        loop {
            let due = self.router.due(self.now_ms);
            if due.is_empty() {
                return;
            }
            due.iter().for_each(|datagram| drop(self.exchange(datagram)));
        }
    }

    /// Each exchange from a source port of its own, as RouterOS does.
    fn exchange(&mut self, datagram: &Datagram) -> Outcome {
        let to = if datagram.port == Port::Accounting { self.server.acct } else { self.server.auth };
        let socket = UdpSocket::bind((self.source, 0)).expect("a UDP socket");
        socket.set_read_timeout(Some(PATIENCE)).expect("a timeout above zero");
        socket.send_to(&datagram.bytes, to).expect("sendable");
        let mut buffer = [0; 4096];
        let length = socket.recv(&mut buffer).unwrap_or_else(|error| panic!("no answer from {to}: {error}"));
        let outcome = self.router.receive(datagram.exchange, &buffer[..length], self.now_ms);
        if outcome == Outcome::Acknowledged {
            self.note(&datagram.bytes);
        }
        outcome
    }

    fn note(&mut self, datagram: &[u8]) {
        let all = attributes(&datagram[20..]);
        let find = |kind: u8| all.iter().find(|(k, _)| *k == kind).map(|(_, value)| value.as_slice());
        let number = |kind: u8| find(kind).map_or(0, |value| u64::from(u32::from_be_bytes(value.try_into().expect("four octets"))));
        let id = String::from_utf8(find(attr::ACCT_SESSION_ID).expect("an id").to_vec()).expect("text");
        let entry = Entry {
            octets_in: number(INPUT_GIGAWORDS) << 32 | number(attr::ACCT_INPUT_OCTETS),
            octets_out: number(OUTPUT_GIGAWORDS) << 32 | number(attr::ACCT_OUTPUT_OCTETS),
            secs: number(attr::ACCT_SESSION_TIME),
        };
        self.books.insert(id, entry);
    }
}
