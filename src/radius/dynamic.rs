//! CoA and Disconnect on the wire (RFC 5176): requests with their authenticator, replies verified.

use subtle::ConstantTimeEq;

use super::dictionary::numbers::{ERROR_CAUSE, EVENT_TIMESTAMP, MESSAGE_AUTHENTICATOR};
use super::{HEADER_OCTETS, MAX_PACKET_OCTETS, PacketView, Secret, code};

const ZEROS: [u8; 16] = [0; 16];

/// What a router answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DynamicReply {
    /// It did what was asked, or says so.
    Ack,
    /// It did not; Error-Cause (RFC 5176 section 3.5) if it said why.
    Nak(Option<u32>),
}

/// What may be added to a request; RouterOS wants neither.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct DynamicOptions {
    /// Message-Authenticator, first.
    pub message_authenticator: bool,
    /// Event-Timestamp, unix seconds.
    pub event_timestamp: Option<u32>,
}

/// A request of `request_code` (40 Disconnect, 43 CoA) with attributes that are encoded already, signed as an Accounting-Request is (RFC 5176 section 2.3).
/// `None` if it would not fit a packet.
pub fn dynamic_request(request_code: u8, id: u8, attributes: &[u8], options: DynamicOptions, secret: &Secret) -> Option<Vec<u8>> {
    let mut packet = vec![request_code, id, 0, 0];
    packet.extend_from_slice(&ZEROS);
    if options.message_authenticator {
        packet.extend_from_slice(&[MESSAGE_AUTHENTICATOR, 18]);
        packet.extend_from_slice(&ZEROS);
    }
    packet.extend_from_slice(attributes);
    if let Some(secs) = options.event_timestamp {
        packet.extend_from_slice(&[EVENT_TIMESTAMP, 6]);
        packet.extend_from_slice(&secs.to_be_bytes());
    }
    let octets = packet.len();
    if octets > MAX_PACKET_OCTETS {
        return None;
    }
    packet[2..4].copy_from_slice(&(octets as u16).to_be_bytes());
    if options.message_authenticator {
        // Over the packet with zeros for an authenticator, which is signed after it.
        let mac = secret.message_authenticator(&packet, HEADER_OCTETS + 2, &ZEROS);
        packet[HEADER_OCTETS + 2..HEADER_OCTETS + 18].copy_from_slice(&mac);
    }
    let authenticator = secret.response_authenticator(&packet, &ZEROS);
    packet[4..HEADER_OCTETS].copy_from_slice(&authenticator);
    Some(packet)
}

/// The answer to `request` if `reply` is one: right identifier and code, Response Authenticator, and Message-Authenticator if it has one.
pub fn read_dynamic_reply(request: &[u8], reply: &[u8], secret: &Secret) -> Option<DynamicReply> {
    let view = PacketView::parse(reply).ok()?;
    let request_authenticator: &[u8; 16] = request.get(4..HEADER_OCTETS)?.try_into().ok()?;
    let wanted = secret.response_authenticator(view.bytes(), request_authenticator);
    if view.id() != request[1] || !bool::from(wanted.ct_eq(view.authenticator())) {
        return None;
    }
    if let Some(mac) = view.first_of(MESSAGE_AUTHENTICATOR) {
        let wanted = secret.message_authenticator(view.bytes(), mac.offset, request_authenticator);
        if !bool::from(wanted.ct_eq(mac.value)) {
            return None;
        }
    }
    match (request[0], view.code()) {
        (code::DISCONNECT_REQUEST, code::DISCONNECT_ACK) | (code::COA_REQUEST, code::COA_ACK) => Some(DynamicReply::Ack),
        (code::DISCONNECT_REQUEST, code::DISCONNECT_NAK) | (code::COA_REQUEST, code::COA_NAK) => {
            Some(DynamicReply::Nak(view.get_u32(ERROR_CAUSE)))
        }
        _ => None,
    }
}

/// An answer as a router gives it, for simulated routers.
pub fn dynamic_reply(request: &[u8], reply: DynamicReply, nas_identifier: &[u8], secret: &Secret) -> Vec<u8> {
    let (is_coa, authenticator) = (request[0] == code::COA_REQUEST, request[4..HEADER_OCTETS].try_into().unwrap_or(ZEROS));
    let reply_code = match (is_coa, reply) {
        (true, DynamicReply::Ack) => code::COA_ACK,
        (true, DynamicReply::Nak(_)) => code::COA_NAK,
        (false, DynamicReply::Ack) => code::DISCONNECT_ACK,
        (false, DynamicReply::Nak(_)) => code::DISCONNECT_NAK,
    };
    let mut packet = vec![reply_code, request[1], 0, 0];
    packet.extend_from_slice(&authenticator);
    let identifier = &nas_identifier[..nas_identifier.len().min(253)];
    packet.extend_from_slice(&[super::dictionary::numbers::NAS_IDENTIFIER, identifier.len() as u8 + 2]);
    packet.extend_from_slice(identifier);
    if let DynamicReply::Nak(Some(cause)) = reply {
        packet.extend_from_slice(&[ERROR_CAUSE, 6]);
        packet.extend_from_slice(&cause.to_be_bytes());
    }
    let octets = packet.len() as u16;
    packet[2..4].copy_from_slice(&octets.to_be_bytes());
    let signed = secret.response_authenticator(&packet, &authenticator);
    packet[4..HEADER_OCTETS].copy_from_slice(&signed);
    packet
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::radius::client::{Code, RequestBuilder, Requirement, check_reply};

    const SECRET: &[u8] = b"testing123";

    #[test]
    fn a_request_is_the_one_that_the_client_builds() {
        let ours = dynamic_request(code::COA_REQUEST, 9, &[1, 5, b'b', b'o', b'b'], DynamicOptions::default(), &Secret::new(SECRET));
        let theirs = RequestBuilder::new(Code::CoARequest, 9, [0; 16]).text(1, "bob").finish(SECRET).expect("fits");
        assert_eq!(ours, Some(theirs.bytes));
    }

    #[test]
    fn a_signed_request_verifies_with_zeros_for_its_authenticator() {
        let secret = Secret::new(SECRET);
        let options = DynamicOptions { message_authenticator: true, event_timestamp: Some(7) };
        let packet = dynamic_request(code::DISCONNECT_REQUEST, 1, &[], options, &secret).expect("fits");
        let view = PacketView::parse(&packet).expect("well formed");
        assert!(secret.verifies_request_authenticator(&view));
        assert_eq!(secret.verifies_message_authenticator(&view, true), Some(true));
        assert_eq!(view.get_u32(EVENT_TIMESTAMP), Some(7));
        assert_eq!(dynamic_request(code::COA_REQUEST, 1, &[0; 4090], options, &secret), None, "too long");
    }

    #[test]
    fn only_the_right_answer_is_believed() {
        let secret = Secret::new(SECRET);
        let request = dynamic_request(code::DISCONNECT_REQUEST, 4, &[], DynamicOptions::default(), &secret).expect("fits");
        for answer in [DynamicReply::Ack, DynamicReply::Nak(None), DynamicReply::Nak(Some(503))] {
            let reply = dynamic_reply(&request, answer, b"tower", &secret);
            assert_eq!(read_dynamic_reply(&request, &reply, &secret), Some(answer));
            for at in 0..reply.len() {
                let mut forged = reply.clone();
                forged[at] ^= 1;
                assert_eq!(read_dynamic_reply(&request, &forged, &secret), None, "octet {at}");
            }
            assert_eq!(read_dynamic_reply(&request, &reply, &Secret::new(b"other")), None);
            let coa = dynamic_request(code::COA_REQUEST, 4, &[], DynamicOptions::default(), &secret).expect("fits");
            assert_eq!(read_dynamic_reply(&coa, &reply, &secret), None, "answers another request");
        }
        let request = RequestBuilder::new(Code::DisconnectRequest, 4, [0; 16]).text(1, "bob").finish(SECRET).expect("fits");
        let nak = dynamic_reply(&request.bytes, DynamicReply::Nak(Some(503)), b"tower", &secret);
        let read = check_reply(&request, &nak, SECRET, Requirement::IfPresent).expect("the client agrees");
        assert_eq!((read.code, read.integer(101)), (Code::DisconnectNAK, Some(503)));
    }
}
