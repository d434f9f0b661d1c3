//! `/radius incoming` of a router in tests: takes CoA and Disconnect requests, checks their authenticator, answers as told (RFC 5176 §2.3).

use super::packet::{attr, attributes};
use super::{SECRET, wait};
use md5::{Digest, Md5};
use std::net::{SocketAddr, UdpSocket};
use std::time::{Duration, Instant, SystemTime};

/// Packet codes of answers.
pub mod answer {
    pub const DISCONNECT_ACK: u8 = 41;
    pub const DISCONNECT_NAK: u8 = 42;
    pub const COA_ACK: u8 = 44;
}

/// A port that takes CoA.
pub struct CoaPort {
    socket: UdpSocket,
    seen: std::cell::RefCell<Vec<(SocketAddr, Vec<u8>)>>,
}

/// A request that was checked.
pub struct CoaRequest {
    pub code: u8,
    pub attributes: Vec<(u8, Vec<u8>)>,
    /// When it arrived.
    pub at: SystemTime,
    datagram: Vec<u8>,
    peer: SocketAddr,
}

impl CoaPort {
    /// A port of 127.0.0.1.
    pub fn open() -> Self {
        let socket = UdpSocket::bind("127.0.0.1:0").expect("a UDP socket");
        socket.set_read_timeout(Some(Duration::from_millis(50))).expect("a timeout above zero");
        Self { socket, seen: std::cell::RefCell::default() }
    }

    /// Its number.
    pub fn number(&self) -> String {
        self.socket.local_addr().expect("bound").port().to_string()
    }

    /// The next request that is no repetition of an earlier one; panics when none comes within `limit` or it is wrongly signed.
    pub fn request(&self, limit: Duration) -> CoaRequest {
        let began = Instant::now();
        loop {
            if let Some(request) = self.pending() {
                return request;
            }
            assert!(began.elapsed() < limit, "no CoA or Disconnect request within {limit:?}");
        }
    }

    /// The same, soon.
    pub fn soon(&self) -> CoaRequest {
        self.request(wait::SOON)
    }

    /// A new request that comes within 50 ms.
    pub fn pending(&self) -> Option<CoaRequest> {
        let mut buffer = [0; 4096];
        let (length, peer) = self.socket.recv_from(&mut buffer).ok()?;
        let datagram = buffer[..length].to_vec();
        let sighting = (peer, datagram.clone());
        if self.seen.borrow().contains(&sighting) {
            return None;
        }
        self.seen.borrow_mut().push(sighting);
        let expected = Md5::digest([&datagram[..4], &[0; 16], &datagram[20..], SECRET.as_bytes()].concat());
        assert_eq!(&datagram[4..20], expected.as_slice(), "Request Authenticator");
        Some(CoaRequest { code: datagram[0], attributes: attributes(&datagram[20..]), at: SystemTime::now(), datagram, peer })
    }

    /// Answers under the right secret, with an Error-Cause if there is one.
    pub fn answer(&self, request: &CoaRequest, code: u8, cause: Option<u32>) {
        self.answer_under(SECRET, request, code, cause);
    }

    /// Answers under this secret.
    pub fn answer_under(&self, secret: &str, request: &CoaRequest, code: u8, cause: Option<u32>) {
        let attributes = cause.map_or(Vec::new(), |cause| [&[101, 6][..], &cause.to_be_bytes()].concat());
        let length = u16::try_from(20 + attributes.len()).expect("short").to_be_bytes();
        let head = [code, request.datagram[1], length[0], length[1]];
        let authenticator = Md5::digest([&head, &request.datagram[4..20], &attributes, secret.as_bytes()].concat());
        let reply = [&head[..], authenticator.as_slice(), &attributes].concat();
        self.socket.send_to(&reply, request.peer).expect("sendable");
    }
}

impl CoaRequest {
    /// Whose socket it came from: each server has its own.
    pub fn peer(&self) -> SocketAddr {
        self.peer
    }

    /// The value of an attribute.
    pub fn get(&self, kind: u8) -> Option<&[u8]> {
        self.attributes.iter().find(|(k, _)| *k == kind).map(|(_, value)| &value[..])
    }

    /// The value of MikroTik's attribute.
    pub fn mikrotik(&self, kind: u8) -> Option<&[u8]> {
        let found = self.attributes.iter().find(|(k, v)| *k == attr::VENDOR_SPECIFIC && v[..4] == 14_988u32.to_be_bytes() && v[4] == kind);
        found.map(|(_, value)| &value[6..])
    }
}
