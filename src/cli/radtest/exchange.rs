//! One question over UDP: same datagram on every try, replies that fail a check are noted and waited over.

use crate::radius::client::{Reply, ReplyError, Request, Requirement, check_reply};
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, ToSocketAddrs, UdpSocket};
use std::time::{Duration, Instant};

/// How an exchange ended.
pub(super) struct Exchange {
    pub answer: Answer,
    /// Datagrams sent.
    pub tries: u32,
    /// From the last datagram sent to the end, in milliseconds.
    pub milliseconds: f64,
}

/// What came back.
pub(super) enum Answer {
    /// A reply that passed every check.
    Good(Reply),
    /// Only replies that failed a check; the first failure and its datagram.
    Bad(ReplyError, Vec<u8>),
    /// Nothing; why the network says so, if it does.
    None(Option<io::Error>),
}

/// The first address of `HOST`, `HOST:PORT`, `[IPv6]:PORT` or a bare IPv6 address.
pub(super) fn resolve(server: &str, default_port: u16) -> Result<SocketAddr, String> {
    if let Ok(address) = server.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>() {
        return Ok(SocketAddr::new(address, default_port));
    }
    let with_port = if server.contains(':') { server.to_owned() } else { format!("{server}:{default_port}") };
    let mut addresses = with_port.to_socket_addrs().map_err(|error| format!("server {server:?}: {error}"))?;
    addresses.next().ok_or_else(|| format!("server {server:?} has no address"))
}

/// Sends the request up to `tries` times, `timeout` apart, and waits for a reply that passes every check.
pub(super) fn ask(
    request: &Request,
    server: SocketAddr,
    secret: &[u8],
    requirement: Requirement,
    timeout: Duration,
    tries: u32,
) -> Exchange {
    let mut asking = Asking { request, secret, requirement, bad: None, last_sent: Instant::now() };
    let outcome = asking.run(server, timeout, tries);
    let milliseconds = asking.last_sent.elapsed().as_secs_f64() * 1000.0;
    let (answer, tries) = match outcome {
        Ok((Some(reply), tries)) => (Answer::Good(reply), tries),
        Ok((None, tries)) => (asking.bad.map_or(Answer::None(None), |(error, bytes)| Answer::Bad(error, bytes)), tries),
        Err(error) => (asking.bad.map_or(Answer::None(Some(error)), |(error, bytes)| Answer::Bad(error, bytes)), tries),
    };
    Exchange { answer, tries, milliseconds }
}

struct Asking<'a> {
    request: &'a Request,
    secret: &'a [u8],
    requirement: Requirement,
    bad: Option<(ReplyError, Vec<u8>)>,
    last_sent: Instant,
}

impl Asking<'_> {
    fn run(&mut self, server: SocketAddr, timeout: Duration, tries: u32) -> io::Result<(Option<Reply>, u32)> {
        let any: IpAddr = if server.is_ipv4() { Ipv4Addr::UNSPECIFIED.into() } else { Ipv6Addr::UNSPECIFIED.into() };
        let socket = UdpSocket::bind((any, 0))?;
        // Connected: datagrams of others are not seen, and a closed port shows as an error.
        socket.connect(server)?;
        let mut refused = None;
        for attempt in 1..=tries {
            self.last_sent = Instant::now();
            let sent = socket.send(&self.request.bytes).and_then(|_| self.wait(&socket, timeout));
            match sent {
                Ok(Some(reply)) => return Ok((Some(reply), attempt)),
                Ok(None) => refused = None,
                Err(error) => {
                    refused = Some(error);
                    // A server that is just starting refuses for a moment: the next try comes when it would without the refusal.
                    if attempt < tries {
                        std::thread::sleep(timeout.saturating_sub(self.last_sent.elapsed()));
                    }
                }
            }
        }
        refused.map_or(Ok((None, tries)), Err)
    }

    /// Waits until a good reply or the end of `timeout`.
    fn wait(&mut self, socket: &UdpSocket, timeout: Duration) -> io::Result<Option<Reply>> {
        let mut buffer = [0; 4096];
        loop {
            let left = timeout.saturating_sub(self.last_sent.elapsed());
            if left.is_zero() {
                return Ok(None);
            }
            socket.set_read_timeout(Some(left))?;
            match socket.recv(&mut buffer) {
                Ok(length) => match check_reply(self.request, &buffer[..length], self.secret, self.requirement) {
                    Ok(reply) => return Ok(Some(reply)),
                    Err(error) => {
                        self.bad.get_or_insert_with(|| (error, buffer[..length].to_vec()));
                    }
                },
                Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut) => return Ok(None),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn resolves_every_spelling() {
        for (server, expected) in [
            ("127.0.0.1", "127.0.0.1:1812"),
            ("127.0.0.1:1645", "127.0.0.1:1645"),
            ("::1", "[::1]:1812"),
            ("[::1]", "[::1]:1812"),
            ("[::1]:99", "[::1]:99"),
        ] {
            assert_eq!(resolve(server, 1812), Ok(expected.parse().unwrap()), "{server}");
        }
        assert!(resolve("127.0.0.1:port", 1812).is_err());
        assert!(resolve("", 1812).is_err());
    }
}
