//! The limit responder: the least work that is still an answer. One thread, batched socket calls; checks the request's
//! Message-Authenticator or authenticator, unhides the password, signs the reply twice, looks nothing up and keeps nothing.
//! What a server needs beyond this is the price of being a server.

use crate::batch::{BATCH, Batch, bind};
use crate::wire::{
    ACCESS_ACCEPT, ACCESS_REQUEST, ACCOUNTING_REQUEST, ACCOUNTING_RESPONSE, Layout, MESSAGE_AUTHENTICATOR, STATUS_SERVER, Secret, find,
    set_length,
};
use std::io;
use std::net::SocketAddrV4;

/// Serves for ever on `address`. `full`: the Accept has the attributes and size of a real one (about 150 octets), else only what signs it.
pub fn serve(address: SocketAddrV4, secret: &Secret, full: bool) -> io::Result<()> {
    let socket = bind(address)?;
    let accept = accept_layout(full);
    let (mut requests, mut replies) = (Batch::for_receiving(), Batch::for_sending());
    loop {
        let got = requests.receive(&socket, true, true);
        let mut made = 0;
        for index in 0..got {
            if let Some(octets) = answer(requests.datagram(index), secret, &accept, replies.room(made)) {
                replies.set_length(made, octets);
                replies.answer_to(made, &requests, index);
                made += 1;
            }
        }
        debug_assert!(made <= BATCH, "a reply per request");
        replies.send(&socket, made, true);
    }
}

/// An Access-Accept with Message-Authenticator first, to be patched with identifier and authenticators.
fn accept_layout(full: bool) -> Vec<u8> {
    let mut layout = Layout::new(ACCESS_ACCEPT);
    layout.push(MESSAGE_AUTHENTICATOR, &[0; 16]);
    if full {
        layout.push_u32(6, 2);
        layout.push_u32(7, 1);
        layout.push(8, &[100, 64, 0, 1]);
        layout.push_u32(85, 300);
        layout.push_u32(27, 86_400);
        layout.push_vendor(14_988, 8, b"10M/20M 12M/24M 9M/18M 8/8 5 1M/2M");
        layout.push(25, b"tollgate-limit-responder-class01");
    }
    layout.octets
}

/// Writes the answer into `out`; None: not answerable.
fn answer(request: &[u8], secret: &Secret, accept: &[u8], out: &mut [u8]) -> Option<usize> {
    if request.len() < 20 || usize::from(u16::from_be_bytes([request[2], request[3]])) != request.len() {
        return None;
    }
    let authenticator = &request[4..20];
    match request[0] {
        ACCESS_REQUEST | STATUS_SERVER => {
            let (at, length) = find(request, MESSAGE_AUTHENTICATOR)?;
            if length != 16 || !secret.mac_is_right(request, authenticator, at) {
                return None;
            }
            if let Some((at, length)) = find(request, 2).filter(|(_, length)| length.is_multiple_of(16) && *length <= 128) {
                let mut shown = [0; 128];
                secret.show(&request[at..at + length], authenticator, &mut shown[..length]);
                std::hint::black_box(&shown);
            }
            let reply = &mut out[..accept.len()];
            reply.copy_from_slice(accept);
            reply[1] = request[1];
            reply[4..20].copy_from_slice(authenticator);
            secret.write_mac(reply, 22);
            secret.sign_reply(reply, authenticator);
            Some(reply.len())
        }
        ACCOUNTING_REQUEST if secret.accounting_is_right(request) => {
            let reply = &mut out[..20];
            reply[0] = ACCOUNTING_RESPONSE;
            reply[1] = request[1];
            set_length(reply);
            secret.sign_reply(reply, authenticator);
            Some(20)
        }
        _ => None,
    }
}
