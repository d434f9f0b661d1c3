//! Batched socket calls for the load generator and the limit responder: recvmmsg, sendmmsg, epoll, timer slack.
//!
//! The only file of the benchmark with `unsafe`: these calls have no safe wrapper in the standard library, and one
//! system call per datagram would make the generator the bottleneck of what it measures.
#![allow(unsafe_code)]

use std::io;
use std::net::{SocketAddrV4, UdpSocket};
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};

/// Most datagrams moved by one system call.
pub const BATCH: usize = 64;
/// Largest reply kept; a longer one is cut and then fails its length check.
const RECEIVE_OCTETS: usize = 2048;
/// Largest datagram sent.
pub const SEND_OCTETS: usize = 1024;

fn blank_header() -> libc::mmsghdr {
    // SAFETY: mmsghdr is plain C data for which all-zero octets are a valid value (null pointers, zero lengths).
    unsafe { std::mem::zeroed() }
}

fn blank_address() -> libc::sockaddr_in {
    // SAFETY: sockaddr_in is plain C data; all-zero octets are a valid value.
    unsafe { std::mem::zeroed() }
}

/// A batch of datagrams, with the peer of each when the socket is not connected.
pub struct Batch {
    octets: Vec<u8>,
    stride: usize,
    lengths: [usize; BATCH],
    peers: Vec<libc::sockaddr_in>,
    headers: Vec<libc::mmsghdr>,
    slices: Vec<libc::iovec>,
}

impl Batch {
    fn with_stride(stride: usize) -> Self {
        Batch {
            octets: vec![0; stride * BATCH],
            stride,
            lengths: [0; BATCH],
            peers: vec![blank_address(); BATCH],
            headers: vec![blank_header(); BATCH],
            slices: vec![libc::iovec { iov_base: std::ptr::null_mut(), iov_len: 0 }; BATCH],
        }
    }

    /// A batch to receive into.
    pub fn for_receiving() -> Self {
        Batch::with_stride(RECEIVE_OCTETS)
    }

    /// A batch to fill and send.
    pub fn for_sending() -> Self {
        Batch::with_stride(SEND_OCTETS)
    }

    /// Datagram `index` of the last receive.
    pub fn datagram(&self, index: usize) -> &[u8] {
        &self.octets[index * self.stride..][..self.lengths[index]]
    }

    /// Room for datagram `index`, to be written before `set_length`.
    pub fn room(&mut self, index: usize) -> &mut [u8] {
        &mut self.octets[index * self.stride..][..self.stride]
    }

    /// Says how many octets of `room(index)` are the datagram.
    pub fn set_length(&mut self, index: usize, octets: usize) {
        assert!(octets <= self.stride, "a datagram fits its room");
        self.lengths[index] = octets;
    }

    /// Addresses datagram `index` of this batch to the sender of datagram `from` in `other`.
    pub fn answer_to(&mut self, index: usize, other: &Batch, from: usize) {
        self.peers[index] = other.peers[from];
    }

    /// Points the C structures at the first `count` datagrams. Done before every call, so that no pointer outlives a move of `self`.
    fn wire_up(&mut self, count: usize, named: bool, full: bool) {
        for index in 0..count {
            let length = if full { self.stride } else { self.lengths[index] };
            self.slices[index] = libc::iovec { iov_base: self.octets[index * self.stride..].as_mut_ptr().cast(), iov_len: length };
            let header = &mut self.headers[index];
            header.msg_len = 0;
            header.msg_hdr.msg_iov = &mut self.slices[index];
            header.msg_hdr.msg_iovlen = 1;
            header.msg_hdr.msg_name = if named { (&raw mut self.peers[index]).cast() } else { std::ptr::null_mut() };
            header.msg_hdr.msg_namelen = if named { size_of::<libc::sockaddr_in>() as u32 } else { 0 };
        }
    }

    /// Receives what is there. `wait`: block until at least one datagram. Returns how many; 0 on any error (an ICMP refusal is no news here).
    pub fn receive(&mut self, socket: &UdpSocket, named: bool, wait: bool) -> usize {
        self.wire_up(BATCH, named, true);
        let flags = if wait { libc::MSG_WAITFORONE } else { libc::MSG_DONTWAIT };
        // SAFETY: `headers` holds BATCH entries, each pointing at live, distinct memory of `self` that is not touched during the call.
        let got = unsafe { libc::recvmmsg(socket.as_raw_fd(), self.headers.as_mut_ptr(), BATCH as u32, flags, std::ptr::null_mut()) };
        let got = usize::try_from(got).unwrap_or(0);
        for index in 0..got {
            self.lengths[index] = (self.headers[index].msg_len as usize).min(self.stride);
        }
        got
    }

    /// Sends the first `count` datagrams; returns how many the kernel took. Stops at the first that it refuses.
    pub fn send(&mut self, socket: &UdpSocket, count: usize, named: bool) -> usize {
        self.wire_up(count, named, false);
        let mut done = 0;
        let mut refusals = 0;
        while done < count {
            // SAFETY: entries `done..count` of `headers` are set up by `wire_up` and point at live memory of `self`.
            let sent =
                unsafe { libc::sendmmsg(socket.as_raw_fd(), self.headers[done..].as_mut_ptr(), (count - done) as u32, libc::MSG_DONTWAIT) };
            if sent > 0 {
                done += sent as usize;
                continue;
            }
            // A pending ICMP refusal of an earlier datagram is reported once, then the send works.
            refusals += 1;
            if refusals > 2 {
                break;
            }
        }
        done
    }
}

/// Readiness of many sockets.
pub struct Poller {
    fd: OwnedFd,
    events: Vec<libc::epoll_event>,
}

impl Poller {
    /// Watches the sockets for datagrams; an event carries the socket's index.
    pub fn new(sockets: &[UdpSocket]) -> io::Result<Self> {
        // SAFETY: no pointers are passed; the result is checked before it is owned.
        let raw = unsafe { libc::epoll_create1(libc::EPOLL_CLOEXEC) };
        if raw < 0 {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: `raw` is a fresh descriptor that nobody else owns.
        let fd = unsafe { OwnedFd::from_raw_fd(raw) };
        for (index, socket) in sockets.iter().enumerate() {
            let mut event = libc::epoll_event { events: libc::EPOLLIN as u32, u64: index as u64 };
            // SAFETY: both descriptors are open and `event` lives through the call.
            let outcome = unsafe { libc::epoll_ctl(fd.as_raw_fd(), libc::EPOLL_CTL_ADD, socket.as_raw_fd(), &mut event) };
            if outcome < 0 {
                return Err(io::Error::last_os_error());
            }
        }
        Ok(Poller { fd, events: vec![libc::epoll_event { events: 0, u64: 0 }; 256] })
    }

    /// Indices of the sockets that have something now, into `ready`; does not wait.
    pub fn ready(&mut self, ready: &mut Vec<usize>) {
        ready.clear();
        // SAFETY: `events` has the length that is passed and is not touched during the call.
        let got = unsafe { libc::epoll_wait(self.fd.as_raw_fd(), self.events.as_mut_ptr(), self.events.len() as i32, 0) };
        for event in &self.events[..usize::try_from(got).unwrap_or(0)] {
            ready.push(event.u64 as usize);
        }
    }
}

/// Sets both socket buffers, octets; the kernel caps them at its own limit.
pub fn set_buffers(socket: &UdpSocket, octets: i32) {
    for option in [libc::SO_RCVBUF, libc::SO_SNDBUF] {
        // SAFETY: the option value is a c_int that lives through the call. A failure leaves the default, which is harmless.
        unsafe {
            libc::setsockopt(socket.as_raw_fd(), libc::SOL_SOCKET, option, (&raw const octets).cast(), size_of::<i32>() as libc::socklen_t)
        };
    }
}

/// Makes short sleeps of this thread precise (1 µs instead of the default 50 µs).
pub fn precise_sleeps() {
    // SAFETY: takes integers only.
    unsafe { libc::prctl(libc::PR_SET_TIMERSLACK, 1000, 0, 0, 0) };
}

/// Keeps this process on one processor.
pub fn pin_to(processor: usize) {
    // SAFETY: cpu_set_t is plain data, valid as zeroes; the set lives through the call.
    unsafe {
        let mut set: libc::cpu_set_t = std::mem::zeroed();
        libc::CPU_SET(processor, &mut set);
        libc::sched_setaffinity(0, size_of::<libc::cpu_set_t>(), &set);
    }
}

/// Binds the responder's socket, with room for a burst.
pub fn bind(address: SocketAddrV4) -> io::Result<UdpSocket> {
    let socket = UdpSocket::bind(address)?;
    set_buffers(&socket, 4 << 20);
    Ok(socket)
}
