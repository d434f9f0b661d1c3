//! Binding: another owner of a port is noticed, then each worker gets a socket of its own on the same address.

use std::io;
use std::net::{SocketAddr, UdpSocket};
use std::time::Duration;

use socket2::{Domain, Protocol, Socket, Type};

use super::batch;

/// How long a worker waits for a datagram before it looks after its other duties.
const IDLE: Duration = Duration::from_millis(100);

/// An address could not be bound.
#[derive(Debug, thiserror::Error)]
pub enum BindError {
    /// Another process has it.
    #[error("{0} is in use by another process (perhaps FreeRADIUS or a second Tollgate): stop it, or choose another address")]
    InUse(SocketAddr),
    /// The machine has no IPv6.
    #[error("cannot listen on {0}: this machine has no IPv6")]
    NoIpv6(SocketAddr),
    /// The system refused.
    #[error("cannot listen on {address}: {error}")]
    Other {
        /// Which address.
        address: SocketAddr,
        /// Why.
        error: io::Error,
    },
}

/// One address with a socket per worker.
#[derive(Debug)]
pub struct BoundAddress {
    /// What was bound (with the port the system chose, if 0 was asked).
    pub address: SocketAddr,
    /// One socket per worker.
    pub sockets: Vec<UdpSocket>,
    /// The receive buffer that the system granted, octets.
    pub receive_buffer_octets: usize,
}

/// Binds an address without sharing, so that another owner is noticed, and shares it only then (SO_REUSEPORT) among `workers` sockets. The first socket stays
/// bound throughout: two servers that start at once never both get the port, and the system never hands out one that is shared already.
pub fn bind(address: SocketAddr, workers: usize, receive_buffer_octets: usize) -> Result<BoundAddress, BindError> {
    let failed = |error: io::Error| match error.kind() {
        io::ErrorKind::AddrInUse => BindError::InUse(address),
        _ if address.is_ipv6()
            && matches!(error.raw_os_error(), Some(libc::EAFNOSUPPORT | libc::EADDRNOTAVAIL))
            && address.ip().is_unspecified() =>
        {
            BindError::NoIpv6(address)
        }
        _ => BindError::Other { address, error },
    };
    let first = open(address, false, receive_buffer_octets).map_err(failed)?;
    socket2::SockRef::from(&first).set_reuse_port(true).map_err(failed)?;
    let bound = first.local_addr().map_err(failed)?;
    let granted = socket2::SockRef::from(&first).recv_buffer_size().unwrap_or(0);
    let mut sockets = vec![first];
    while sockets.len() < workers {
        sockets.push(open(bound, true, receive_buffer_octets).map_err(failed)?);
    }
    for socket in &sockets {
        batch::ask_for_details(socket, IDLE).map_err(failed)?;
    }
    Ok(BoundAddress { address: bound, sockets, receive_buffer_octets: granted })
}

fn open(address: SocketAddr, shared: bool, receive_buffer_octets: usize) -> io::Result<UdpSocket> {
    let socket = Socket::new(Domain::for_address(address), Type::DGRAM, Some(Protocol::UDP))?;
    if address.is_ipv6() {
        // So that [::] and 0.0.0.0 can both be bound and each request keeps its own kind of address.
        socket.set_only_v6(true)?;
    }
    if shared {
        socket.set_reuse_port(true)?;
    }
    if receive_buffer_octets > 0 {
        // The system grants what net.core.rmem_max allows; `doctor` tells when that is little.
        socket.set_recv_buffer_size(receive_buffer_octets)?;
    }
    socket.bind(&address.into())?;
    Ok(socket.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn workers_share_a_port_but_another_owner_is_noticed() {
        let bound = bind("127.0.0.1:0".parse().expect("an address"), 3, 1 << 20).expect("free");
        assert_eq!(bound.sockets.len(), 3);
        assert!(bound.sockets.iter().all(|s| s.local_addr().expect("bound") == bound.address));
        assert!(matches!(bind(bound.address, 1, 0), Err(BindError::InUse(a)) if a == bound.address));
    }

    #[test]
    fn datagrams_are_spread_over_all_sockets_of_a_port() {
        let bound = bind("127.0.0.1:0".parse().expect("an address"), 2, 1 << 20).expect("free");
        // By the sender's port: two hundred of them never all fall to one of two sockets.
        for _ in 0..200 {
            let sender = UdpSocket::bind("127.0.0.1:0").expect("free");
            sender.send_to(b"x", bound.address).expect("sent");
        }
        let waiting = |socket: &UdpSocket| {
            socket.set_nonblocking(true).expect("set");
            std::iter::from_fn(|| socket.recv(&mut [0; 8]).ok()).count()
        };
        let counts: Vec<usize> = bound.sockets.iter().map(waiting).collect();
        assert_eq!(counts.iter().sum::<usize>(), 200);
        assert!(counts.iter().all(|count| *count > 0), "{counts:?}");
    }
}
