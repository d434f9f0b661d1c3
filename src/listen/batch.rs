//! Batched socket calls: many datagrams in and out per system call, with the instant each arrived and the local address it came to.
//!
//! The only `unsafe` code of Tollgate. It is sound because every pointer handed to the kernel points into memory that this module owns, whose length is
//! handed over with it, and that outlives the call; what the kernel wrote is read only as far as it says it wrote.

#![allow(unsafe_code)]

use std::io;
use std::mem::{self, MaybeUninit};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4, SocketAddrV6, UdpSocket};
use std::os::fd::AsRawFd;
use std::time::Duration;

use crate::radius::MAX_PACKET_OCTETS;

/// Datagrams per system call.
pub const BATCH: usize = 64;
/// One octet more than the longest packet, so that longer datagrams show; and not a multiple of 4096, so that the heads of all slots do not compete for the
/// same lines of the processor's first cache.
const SLOT_OCTETS: usize = MAX_PACKET_OCTETS + 64 + 1;
/// Room for one timestamp and one packet-info message.
const CONTROL_OCTETS: usize = 128;

/// A datagram as it arrived.
#[derive(Debug, Clone, Copy)]
pub struct Datagram<'a> {
    /// Its octets (at most one more than the longest packet).
    pub octets: &'a [u8],
    /// Who sent it.
    pub peer: SocketAddr,
    /// The local address it came to, where the socket is bound to all.
    pub local: Option<IpAddr>,
    /// When the kernel took it in, unix microseconds; 0 = not known.
    pub arrived_us: i64,
}

/// Room for one batch of arriving datagrams.
pub struct ReceiveBatch {
    slots: Vec<u8>,
    names: Vec<libc::sockaddr_storage>,
    controls: Vec<[u64; CONTROL_OCTETS / 8]>,
    lengths: Vec<u32>,
    control_lengths: Vec<usize>,
}

impl Default for ReceiveBatch {
    fn default() -> Self {
        ReceiveBatch::new()
    }
}

impl ReceiveBatch {
    /// An empty batch.
    pub fn new() -> ReceiveBatch {
        // SAFETY: sockaddr_storage is plain data, for which zeros are valid.
        let name = unsafe { mem::zeroed::<libc::sockaddr_storage>() };
        ReceiveBatch {
            slots: vec![0; SLOT_OCTETS * BATCH],
            names: vec![name; BATCH],
            controls: vec![[0; CONTROL_OCTETS / 8]; BATCH],
            lengths: vec![0; BATCH],
            control_lengths: vec![0; BATCH],
        }
    }

    /// Waits for at least one datagram (as long as [`ask_for_details`] has set) and takes all that are there, up to [`BATCH`]. 0 = none came.
    pub fn receive(&mut self, socket: &UdpSocket) -> io::Result<usize> {
        let mut vectors: [MaybeUninit<libc::iovec>; BATCH] = [const { MaybeUninit::uninit() }; BATCH];
        // SAFETY: mmsghdr is plain data, for which zeros are valid.
        let mut headers: [libc::mmsghdr; BATCH] = unsafe { mem::zeroed() };
        for (i, slot) in self.slots.chunks_exact_mut(SLOT_OCTETS).enumerate() {
            let vector = vectors[i].write(libc::iovec { iov_base: slot.as_mut_ptr().cast(), iov_len: MAX_PACKET_OCTETS + 1 });
            let header = &mut headers[i].msg_hdr;
            header.msg_iov = vector;
            header.msg_iovlen = 1;
            header.msg_name = (&raw mut self.names[i]).cast();
            header.msg_namelen = mem::size_of::<libc::sockaddr_storage>() as u32;
            header.msg_control = self.controls[i].as_mut_ptr().cast();
            header.msg_controllen = CONTROL_OCTETS as _;
        }
        // SAFETY: `headers` holds BATCH headers whose buffers are `self`'s and the vectors above, all alive during the call.
        let n =
            unsafe { libc::recvmmsg(socket.as_raw_fd(), headers.as_mut_ptr(), BATCH as u32, libc::MSG_WAITFORONE, std::ptr::null_mut()) };
        if n < 0 {
            return interrupted(io::Error::last_os_error());
        }
        for (i, header) in headers[..n as usize].iter().enumerate() {
            self.lengths[i] = header.msg_len;
            // `usize` in glibc, `u32` in musl.
            self.control_lengths[i] = header.msg_hdr.msg_controllen as _;
        }
        Ok(n as usize)
    }

    /// The datagram at `index`, below what [`ReceiveBatch::receive`] returned; `None` if its sender has no address.
    pub fn get(&self, index: usize) -> Option<Datagram<'_>> {
        let start = index * SLOT_OCTETS;
        let octets = &self.slots[start..start + (self.lengths[index] as usize).min(MAX_PACKET_OCTETS + 1)];
        let (local, arrived_us) = self.control(index);
        Some(Datagram { octets, peer: address_of(&self.names[index])?, local, arrived_us })
    }

    /// Local address and arrival from the control messages.
    fn control(&self, index: usize) -> (Option<IpAddr>, i64) {
        let (mut local, mut arrived_us) = (None, 0);
        // SAFETY: a header that describes our own control buffer, as long as the kernel said it filled it; the CMSG functions walk within that length,
        // and each payload is read unaligned as the type that its level and kind name.
        unsafe {
            let mut header: libc::msghdr = mem::zeroed();
            header.msg_control = self.controls[index].as_ptr() as *mut libc::c_void;
            header.msg_controllen = self.control_lengths[index] as _;
            let mut message = libc::CMSG_FIRSTHDR(&header);
            while let Some(m) = message.as_ref() {
                let data = libc::CMSG_DATA(m);
                match (m.cmsg_level, m.cmsg_type) {
                    (libc::SOL_SOCKET, libc::SCM_TIMESTAMPNS) => {
                        let at: libc::timespec = data.cast::<libc::timespec>().read_unaligned();
                        arrived_us = at.tv_sec * 1_000_000 + at.tv_nsec / 1_000;
                    }
                    (libc::IPPROTO_IP, libc::IP_PKTINFO) => {
                        let info: libc::in_pktinfo = data.cast::<libc::in_pktinfo>().read_unaligned();
                        local = Some(IpAddr::V4(Ipv4Addr::from(u32::from_be(info.ipi_addr.s_addr))));
                    }
                    (libc::IPPROTO_IPV6, libc::IPV6_PKTINFO) => {
                        let info: libc::in6_pktinfo = data.cast::<libc::in6_pktinfo>().read_unaligned();
                        local = Some(IpAddr::V6(Ipv6Addr::from(info.ipi6_addr.s6_addr)));
                    }
                    _ => {}
                }
                message = libc::CMSG_NXTHDR(&header, m);
            }
        }
        (local, arrived_us)
    }
}

/// Where one reply lies in the arena and goes.
#[derive(Clone, Copy)]
struct Outgoing {
    start: usize,
    octets: usize,
    peer: SocketAddr,
    local: Option<IpAddr>,
}

/// Replies that leave together.
pub struct SendBatch {
    arena: Vec<u8>,
    used: usize,
    replies: Vec<Outgoing>,
}

impl Default for SendBatch {
    fn default() -> Self {
        SendBatch::new()
    }
}

impl SendBatch {
    /// An empty batch.
    pub fn new() -> SendBatch {
        SendBatch { arena: vec![0; 64 * 1024 + MAX_PACKET_OCTETS], used: 0, replies: Vec::with_capacity(BATCH) }
    }

    /// Whether another reply fits.
    pub fn has_room(&self) -> bool {
        self.replies.len() < BATCH && self.used + MAX_PACKET_OCTETS <= self.arena.len()
    }

    /// Room for the next reply; valid while [`SendBatch::has_room`].
    pub fn buffer(&mut self) -> &mut [u8; MAX_PACKET_OCTETS] {
        self.arena[self.used..].first_chunk_mut().expect("has_room was asked")
    }

    /// Keeps the first `octets` of the buffer as a reply; returns them.
    pub fn commit(&mut self, octets: usize, peer: SocketAddr, local: Option<IpAddr>) -> &[u8] {
        let start = self.used;
        self.replies.push(Outgoing { start, octets, peer, local });
        self.used += octets.next_multiple_of(16);
        &self.arena[start..start + octets]
    }

    /// Adds a reply that was made before.
    pub fn push(&mut self, reply: &[u8], peer: SocketAddr, local: Option<IpAddr>) {
        self.buffer()[..reply.len()].copy_from_slice(reply);
        self.commit(reply.len(), peer, local);
    }

    /// Whether nothing waits.
    pub fn is_empty(&self) -> bool {
        self.replies.is_empty()
    }

    /// Sends everything and empties the batch. Returns how many could not be sent (the router will ask again).
    pub fn flush(&mut self, socket: &UdpSocket) -> usize {
        let count = self.replies.len();
        let sent = if count == 0 { 0 } else { self.send(socket) };
        self.replies.clear();
        self.used = 0;
        count - sent
    }

    fn send(&self, socket: &UdpSocket) -> usize {
        let mut vectors: [MaybeUninit<libc::iovec>; BATCH] = [const { MaybeUninit::uninit() }; BATCH];
        let mut names: [MaybeUninit<libc::sockaddr_storage>; BATCH] = [const { MaybeUninit::uninit() }; BATCH];
        let mut controls = [[0u64; 8]; BATCH];
        // SAFETY: mmsghdr is plain data, for which zeros are valid.
        let mut headers: [libc::mmsghdr; BATCH] = unsafe { mem::zeroed() };
        for (i, reply) in self.replies.iter().enumerate() {
            let octets = &self.arena[reply.start..reply.start + reply.octets];
            let vector = vectors[i].write(libc::iovec { iov_base: octets.as_ptr() as *mut libc::c_void, iov_len: octets.len() });
            let header = &mut headers[i].msg_hdr;
            header.msg_iov = vector;
            header.msg_iovlen = 1;
            header.msg_namelen = write_address(&reply.peer, &mut names[i]);
            header.msg_name = names[i].as_mut_ptr().cast();
            if let Some(local) = reply.local {
                header.msg_control = controls[i].as_mut_ptr().cast();
                header.msg_controllen = 64;
                write_source(header, local);
            }
        }
        let (mut sent, count) = (0, self.replies.len());
        let mut failed = 0;
        while sent + failed < count {
            let from = sent + failed;
            // SAFETY: headers from..count are filled; what they point to lives in this frame or in `self`.
            let n = unsafe { libc::sendmmsg(socket.as_raw_fd(), headers[from..].as_mut_ptr(), (count - from) as u32, 0) };
            match n {
                n if n > 0 => sent += n as usize,
                _ if io::Error::last_os_error().kind() == io::ErrorKind::Interrupted => {}
                // The first of the rest cannot be sent (no route, say): leave it out and go on.
                _ => failed += 1,
            }
        }
        sent
    }
}

/// Names the address that a reply leaves from: the one its request came to.
fn write_source(header: &mut libc::msghdr, local: IpAddr) {
    // SAFETY: msg_control points to 64 zeroed, aligned octets, enough for either message; the payload is written unaligned within it.
    unsafe {
        let message = libc::CMSG_FIRSTHDR(header);
        match local {
            IpAddr::V4(address) => {
                let mut info: libc::in_pktinfo = mem::zeroed();
                info.ipi_spec_dst.s_addr = u32::from(address).to_be();
                (*message).cmsg_level = libc::IPPROTO_IP;
                (*message).cmsg_type = libc::IP_PKTINFO;
                (*message).cmsg_len = libc::CMSG_LEN(mem::size_of_val(&info) as u32) as _;
                libc::CMSG_DATA(message).cast::<libc::in_pktinfo>().write_unaligned(info);
                header.msg_controllen = libc::CMSG_SPACE(mem::size_of_val(&info) as u32) as _;
            }
            IpAddr::V6(address) => {
                let mut info: libc::in6_pktinfo = mem::zeroed();
                info.ipi6_addr.s6_addr = address.octets();
                (*message).cmsg_level = libc::IPPROTO_IPV6;
                (*message).cmsg_type = libc::IPV6_PKTINFO;
                (*message).cmsg_len = libc::CMSG_LEN(mem::size_of_val(&info) as u32) as _;
                libc::CMSG_DATA(message).cast::<libc::in6_pktinfo>().write_unaligned(info);
                header.msg_controllen = libc::CMSG_SPACE(mem::size_of_val(&info) as u32) as _;
            }
        }
    }
}

fn write_address(peer: &SocketAddr, name: &mut MaybeUninit<libc::sockaddr_storage>) -> u32 {
    // SAFETY: sockaddr_storage is large enough and aligned for both kinds of address.
    unsafe {
        match peer {
            SocketAddr::V4(peer) => {
                let mut address: libc::sockaddr_in = mem::zeroed();
                address.sin_family = libc::AF_INET as u16;
                address.sin_port = peer.port().to_be();
                address.sin_addr.s_addr = u32::from(*peer.ip()).to_be();
                name.as_mut_ptr().cast::<libc::sockaddr_in>().write(address);
                mem::size_of::<libc::sockaddr_in>() as u32
            }
            SocketAddr::V6(peer) => {
                let mut address: libc::sockaddr_in6 = mem::zeroed();
                address.sin6_family = libc::AF_INET6 as u16;
                address.sin6_port = peer.port().to_be();
                address.sin6_addr.s6_addr = peer.ip().octets();
                address.sin6_scope_id = peer.scope_id();
                name.as_mut_ptr().cast::<libc::sockaddr_in6>().write(address);
                mem::size_of::<libc::sockaddr_in6>() as u32
            }
        }
    }
}

fn address_of(name: &libc::sockaddr_storage) -> Option<SocketAddr> {
    // SAFETY: the family says which kind of address the kernel wrote; sockaddr_storage is large enough and aligned for both.
    unsafe {
        match i32::from(name.ss_family) {
            libc::AF_INET => {
                let address = &*(&raw const *name).cast::<libc::sockaddr_in>();
                let ip = Ipv4Addr::from(u32::from_be(address.sin_addr.s_addr));
                Some(SocketAddr::V4(SocketAddrV4::new(ip, u16::from_be(address.sin_port))))
            }
            libc::AF_INET6 => {
                let address = &*(&raw const *name).cast::<libc::sockaddr_in6>();
                let ip = Ipv6Addr::from(address.sin6_addr.s6_addr);
                Some(SocketAddr::V6(SocketAddrV6::new(ip, u16::from_be(address.sin6_port), 0, address.sin6_scope_id)))
            }
            _ => None,
        }
    }
}

/// Signals, an empty queue and ICMP errors of earlier replies are no failures of the socket.
fn interrupted(error: io::Error) -> io::Result<usize> {
    match error.kind() {
        io::ErrorKind::Interrupted | io::ErrorKind::WouldBlock | io::ErrorKind::ConnectionRefused => Ok(0),
        _ => Err(error),
    }
}

/// Asks the kernel for arrival times and, on a socket bound to all addresses, for the local address of each datagram; and sets how long a receive waits.
pub fn ask_for_details(socket: &UdpSocket, wait: Duration) -> io::Result<()> {
    socket.set_read_timeout(Some(wait))?;
    let on: libc::c_int = 1;
    let set = |level, name| {
        // SAFETY: a valid descriptor and a pointer to a c_int with its size.
        let done = unsafe { libc::setsockopt(socket.as_raw_fd(), level, name, (&raw const on).cast(), mem::size_of_val(&on) as u32) };
        if done == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
    };
    set(libc::SOL_SOCKET, libc::SO_TIMESTAMPNS)?;
    match socket.local_addr()? {
        SocketAddr::V4(a) if a.ip().is_unspecified() => set(libc::IPPROTO_IP, libc::IP_PKTINFO),
        SocketAddr::V6(a) if a.ip().is_unspecified() => set(libc::IPPROTO_IPV6, libc::IPV6_RECVPKTINFO),
        _ => Ok(()),
    }
}

/// Forbids core dumps and debuggers' reads of this process's memory, which holds customers' passwords.
pub fn forbid_core_dumps() {
    let none = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: a pointer to a valid rlimit; prctl takes plain numbers here.
    unsafe {
        libc::setrlimit(libc::RLIMIT_CORE, &none);
        libc::prctl(libc::PR_SET_DUMPABLE, 0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn datagrams_come_and_go_in_batches_with_their_details() {
        for (bind, send_to) in [("127.0.0.1:0", "127.0.0.1"), ("0.0.0.0:0", "127.0.0.1"), ("[::]:0", "::1")] {
            let socket = UdpSocket::bind(bind).expect("a socket");
            ask_for_details(&socket, Duration::from_millis(100)).expect("options");
            let target = SocketAddr::new(send_to.parse().expect("an address"), socket.local_addr().expect("bound").port());
            let client = UdpSocket::bind(SocketAddr::new(send_to.parse().expect("an address"), 0)).expect("a socket");
            let long = vec![7; 5000];
            for octets in [&b"one"[..], b"", &long] {
                client.send_to(octets, target).expect("sent");
            }
            let mut batch = ReceiveBatch::new();
            assert_eq!(batch.receive(&socket).expect("received"), 3);
            let mut replies = SendBatch::new();
            for (i, wanted) in [3, 0, MAX_PACKET_OCTETS + 1].into_iter().enumerate() {
                let datagram = batch.get(i).expect("a sender");
                assert_eq!(datagram.octets.len(), wanted);
                assert_eq!(datagram.peer, client.local_addr().expect("bound"));
                assert!(datagram.arrived_us > 1_700_000_000_000_000);
                assert_eq!(
                    datagram.local,
                    bind.contains(":0").then_some(send_to.parse().expect("an address")).filter(|_| !bind.starts_with("127"))
                );
                replies.push(&[i as u8; 5], datagram.peer, datagram.local);
            }
            assert_eq!(replies.flush(&socket), 0);
            for i in 0..3u8 {
                let mut buffer = [0; 16];
                assert_eq!(client.recv_from(&mut buffer).expect("answered"), (5, target));
                assert_eq!(buffer[..5], [i; 5]);
            }
            assert_eq!(batch.receive(&socket).expect("nothing"), 0);
        }
    }
}
