//! A RADIUS client of our own: one socket, exact datagrams.

use super::{Packet, Reply, SECRET};
use std::net::{SocketAddr, UdpSocket};
use std::time::{Duration, Instant};

/// How long an answer may take. On loopback nothing is lost, so a missing answer is a failure, not bad luck.
const PATIENCE: Duration = Duration::from_secs(10);

/// One source address and port.
pub struct Client {
    socket: UdpSocket,
}

impl Client {
    /// From 127.0.0.1, the standard router.
    pub fn new() -> Self {
        Self::from("127.0.0.1")
    }

    /// From another address of this host, such as 127.0.0.2.
    pub fn from(source: &str) -> Self {
        let socket = UdpSocket::bind((source, 0)).expect("a UDP socket");
        Self { socket }
    }

    /// Sends octets as they are.
    pub fn send(&self, to: SocketAddr, datagram: &[u8]) {
        self.socket.send_to(datagram, to).expect("sendable");
    }

    /// The next datagram within `limit`.
    pub fn receive(&self, limit: Duration) -> Option<Vec<u8>> {
        let mut buffer = [0; 65_536];
        self.socket.set_read_timeout(Some(limit)).expect("a timeout above zero");
        match self.socket.recv_from(&mut buffer) {
            Ok((length, _)) => Some(buffer[..length].to_vec()),
            Err(_) => None,
        }
    }

    /// A datagram that is already there; does not wait.
    pub fn pending(&self) -> Option<Vec<u8>> {
        self.socket.set_nonblocking(true).expect("non-blocking");
        let mut buffer = [0; 65_536];
        let found = self.socket.recv_from(&mut buffer).ok().map(|(length, _)| buffer[..length].to_vec());
        self.socket.set_nonblocking(false).expect("blocking");
        found
    }

    /// Sends octets once and returns the answer as it came; panics when none comes.
    pub fn ask(&self, to: SocketAddr, datagram: &[u8]) -> Vec<u8> {
        self.send(to, datagram);
        self.receive(PATIENCE).unwrap_or_else(|| panic!("no answer from {to} to {datagram:02x?}"))
    }

    /// Signs and sends a request and checks its answer, all under [`SECRET`].
    pub fn exchange(&self, to: SocketAddr, request: &Packet) -> Reply {
        let datagram = request.sign(SECRET);
        Reply::check(&self.ask(to, &datagram), &datagram, SECRET)
    }

    /// Sends the request again and again until it is answered; panics after `limit`. Returns the answer and the time it took.
    pub fn exchange_within(&self, to: SocketAddr, request: &Packet, secret: &str, limit: Duration) -> (Reply, Duration) {
        let datagram = request.sign(secret);
        let began = Instant::now();
        while began.elapsed() < limit {
            self.send(to, &datagram);
            if let Some(reply) = self.receive(Duration::from_millis(50)) {
                return (Reply::check(&reply, &datagram, secret), began.elapsed());
            }
        }
        panic!("no answer from {to} within {limit:?}");
    }
}
