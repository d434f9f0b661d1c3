//! Replies that wait for the disk leave here, on the journal's thread, after the sync that covers their records: each on the socket its request came to.
//! All Accounting-Responses do, and Accepts that take something for good (an address, a device's place).

use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::sync::Arc;

use super::batch::SendBatch;
use crate::journal::OnDurable;

/// Nearly every Accounting-Response is the bare header; with Message-Authenticator it is 38 octets. Accepts and answers with Proxy-State are longer.
const INLINE_OCTETS: usize = 46;

/// A response that waits for its record to be durable.
pub struct PendingReply {
    socket: Arc<UdpSocket>,
    peer: SocketAddr,
    local: Option<IpAddr>,
    octets: u16,
    inline: [u8; INLINE_OCTETS],
    long: Option<Box<[u8]>>,
}

impl PendingReply {
    /// A response for a request that came to `socket`.
    pub fn new(socket: &Arc<UdpSocket>, peer: SocketAddr, local: Option<IpAddr>, reply: &[u8]) -> PendingReply {
        let mut inline = [0; INLINE_OCTETS];
        let long = if reply.len() <= INLINE_OCTETS {
            inline[..reply.len()].copy_from_slice(reply);
            None
        } else {
            Some(reply.into())
        };
        PendingReply { socket: socket.clone(), peer, local, octets: reply.len() as u16, inline, long }
    }

    fn reply(&self) -> &[u8] {
        self.long.as_deref().unwrap_or_else(|| &self.inline[..usize::from(self.octets)])
    }
}

/// What the journal calls with the responses of each durable batch.
pub fn responder() -> OnDurable<PendingReply> {
    let mut batches: Vec<(Arc<UdpSocket>, SendBatch)> = Vec::new();
    Box::new(move |replies| {
        for reply in replies.drain(..) {
            let known = batches.iter().position(|(socket, _)| Arc::ptr_eq(socket, &reply.socket));
            let index = known.unwrap_or_else(|| {
                batches.push((reply.socket.clone(), SendBatch::new()));
                batches.len() - 1
            });
            let (socket, batch) = &mut batches[index];
            if !batch.has_room() {
                batch.flush(socket);
            }
            batch.push(reply.reply(), reply.peer, reply.local);
        }
        for (socket, batch) in &mut batches {
            batch.flush(socket);
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reply_of_any_length_leaves_as_it_was_given() {
        let socket = Arc::new(UdpSocket::bind("127.0.0.1:0").expect("a socket"));
        let peer = UdpSocket::bind("127.0.0.1:0").expect("a socket");
        peer.set_read_timeout(Some(std::time::Duration::from_secs(10))).expect("a timeout");
        let to = peer.local_addr().expect("an address");
        let lengths = [20, INLINE_OCTETS, INLINE_OCTETS + 1, 300, 4096];
        let mut replies = lengths.map(|n| PendingReply::new(&socket, to, None, &vec![n as u8; n])).into_iter().collect();
        responder()(&mut replies);
        let mut buffer = [0; 5000];
        for n in lengths {
            assert_eq!(peer.recv(&mut buffer).expect("a reply"), n);
            assert!(buffer[..n].iter().all(|o| *o == n as u8));
        }
    }
}
