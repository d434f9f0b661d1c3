//! Checking a reply: identifier, Response Authenticator, Message-Authenticator, and the server's MS-CHAPv2 proof.

use super::super::credentials::same_octets;
use super::builder::Request;
use super::{Code, HEADER_OCTETS, MAX_PACKET_OCTETS, number, sign};
use ::radius::core::packet::Packet;

/// What the client demands of replies about Message-Authenticator. One that is present must always be right.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Requirement {
    /// Every reply must have one (RouterOS since 7.15 on Access-Accept, -Reject and -Challenge).
    Required,
    /// Checked if present.
    IfPresent,
}

/// Why a datagram is not the reply to the request. All but the MS-CHAP cases mean: ignore it and keep waiting.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ReplyError {
    /// Not a well-formed RADIUS packet.
    #[error("the reply is malformed")]
    Malformed,
    /// It answers another request.
    #[error("the reply has identifier {got}, the request {expected}")]
    OtherIdentifier {
        /// Identifier of the request.
        expected: u8,
        /// Identifier of the reply.
        got: u8,
    },
    /// This code does not answer the request's code.
    #[error("a packet of code {0} does not answer this request")]
    UnexpectedCode(u8),
    /// The Response Authenticator is wrong: most often a wrong shared secret.
    #[error("the Response Authenticator is wrong: the shared secret differs, or the reply is forged")]
    WrongAuthenticator,
    /// A Message-Authenticator is required and missing.
    #[error("the reply carries no Message-Authenticator")]
    NoMessageAuthenticator,
    /// There are several Message-Authenticators, or one of wrong length or content.
    #[error("the Message-Authenticator of the reply is wrong")]
    WrongMessageAuthenticator,
    /// An Accept to MS-CHAPv2 without MS-CHAP2-Success: RouterOS would drop the login at once.
    #[error("the Accept carries no MS-CHAP2-Success")]
    NoServerProof,
    /// MS-CHAP2-Success is wrong: the server did not know the password.
    #[error("the server's MS-CHAP2-Success is wrong")]
    WrongServerProof,
}

/// A checked reply.
#[derive(Clone)]
pub struct Reply {
    /// What the server said.
    pub code: Code,
    /// The datagram, without padding beyond its Length.
    pub bytes: Vec<u8>,
    /// Whether it carried a (right) Message-Authenticator.
    pub has_message_authenticator: bool,
    attributes: Vec<(u8, Vec<u8>)>,
}

impl Reply {
    /// All attributes in packet order: number and value.
    pub fn attributes(&self) -> &[(u8, Vec<u8>)] {
        &self.attributes
    }

    /// Values of every attribute of this number, in packet order.
    pub fn all(&self, number: u8) -> impl Iterator<Item = &[u8]> {
        self.attributes.iter().filter(move |(other, _)| *other == number).map(|(_, value)| &value[..])
    }

    /// Value of the first attribute of this number.
    pub fn first(&self, number: u8) -> Option<&[u8]> {
        self.all(number).next()
    }

    /// The first attribute of this number as a 32-bit integer; `None` also if it has another length than four octets.
    pub fn integer(&self, number: u8) -> Option<u32> {
        self.first(number)?.try_into().ok().map(u32::from_be_bytes)
    }

    /// Values of a vendor's attributes of this number, also of several packed into one Vendor-Specific. A malformed rest is passed over.
    pub fn vendor_all(&self, vendor: u32, number: u8) -> Vec<&[u8]> {
        let mut found = Vec::new();
        for body in self.all(number::VENDOR_SPECIFIC) {
            let Some((id, mut rest)) = body.split_first_chunk::<4>() else { continue };
            while u32::from_be_bytes(*id) == vendor
                && let [kind, length, ..] = *rest
                && let Some((value, next)) = rest.split_at_checked(usize::from(length))
                && length >= 2
            {
                if kind == number {
                    found.push(&value[2..]);
                }
                rest = next;
            }
        }
        found
    }

    /// Value of a vendor's first attribute of this number.
    pub fn vendor_first(&self, vendor: u32, number: u8) -> Option<&[u8]> {
        self.vendor_all(vendor, number).first().copied()
    }
}

/// Checks that `datagram` is the server's reply to `request` under `secret` (RFC 2865 §3, RFC 3579 §3.2, RFC 2759 §5). Octets beyond the packet's Length
/// are padding and ignored.
///
/// # Errors
/// [`ReplyError`]; the first check that fails.
pub fn check_reply(request: &Request, datagram: &[u8], secret: &[u8], requirement: Requirement) -> Result<Reply, ReplyError> {
    let length = datagram.get(2..4).map_or(0, |octets| usize::from(u16::from_be_bytes([octets[0], octets[1]])));
    if !(HEADER_OCTETS..=MAX_PACKET_OCTETS).contains(&length) {
        return Err(ReplyError::Malformed);
    }
    let bytes = datagram.get(..length).ok_or(ReplyError::Malformed)?;
    // The crate serves as codec here: it checks every attribute's length. It is never asked whether a packet is authentic.
    Packet::decode(bytes, secret).map_err(|_| ReplyError::Malformed)?;
    let code = Code::from(bytes[0]);
    if bytes[1] != request.identifier() {
        return Err(ReplyError::OtherIdentifier { expected: request.identifier(), got: bytes[1] });
    }
    if !answers(request.code(), code) {
        return Err(ReplyError::UnexpectedCode(bytes[0]));
    }
    let authenticator = request.authenticator();
    if !same_octets(&sign::packet_authenticator(bytes, &authenticator, secret), &bytes[4..HEADER_OCTETS]) {
        return Err(ReplyError::WrongAuthenticator);
    }
    let has_message_authenticator = check_message_authenticator(bytes, &authenticator, secret)?;
    if requirement == Requirement::Required && !has_message_authenticator {
        return Err(ReplyError::NoMessageAuthenticator);
    }
    let reply = Reply { code, bytes: bytes.to_vec(), has_message_authenticator, attributes: split(bytes) };
    check_server_proof(request, &reply)?;
    Ok(reply)
}

fn answers(request: Code, reply: Code) -> bool {
    use Code::*;
    match request {
        AccessRequest => matches!(reply, AccessAccept | AccessReject | AccessChallenge),
        AccountingRequest => reply == AccountingResponse,
        StatusServer => matches!(reply, AccessAccept | AccountingResponse),
        DisconnectRequest => matches!(reply, DisconnectACK | DisconnectNAK),
        CoARequest => matches!(reply, CoAACK | CoANAK),
        _ => false,
    }
}

fn check_message_authenticator(bytes: &[u8], request_authenticator: &[u8; 16], secret: &[u8]) -> Result<bool, ReplyError> {
    match &sign::find_message_authenticators(bytes)[..] {
        [] => Ok(false),
        [Some(place)]
            if same_octets(&sign::message_authenticator(bytes, request_authenticator, place.clone(), secret), &bytes[place.clone()]) =>
        {
            Ok(true)
        }
        _ => Err(ReplyError::WrongMessageAuthenticator),
    }
}

fn check_server_proof(request: &Request, reply: &Reply) -> Result<(), ReplyError> {
    match &request.expected_success {
        Some(expected) if reply.code == Code::AccessAccept => match reply.vendor_first(number::MICROSOFT, number::MS_CHAP2_SUCCESS) {
            // A text may follow "S=...", after a space (RFC 2759 §5: " M=...").
            Some(success) if success.len() >= 43 && same_octets(&success[..43], expected) => Ok(()),
            Some(_) => Err(ReplyError::WrongServerProof),
            None => Err(ReplyError::NoServerProof),
        },
        _ => Ok(()),
    }
}

/// The attributes of a packet whose attribute lengths have been checked.
fn split(bytes: &[u8]) -> Vec<(u8, Vec<u8>)> {
    let mut rest = &bytes[HEADER_OCTETS..];
    let mut attributes = Vec::new();
    while let [number, length, ..] = *rest
        && let Some((attribute, next)) = rest.split_at_checked(usize::from(length))
        && length >= 2
    {
        attributes.push((number, attribute[2..].to_vec()));
        rest = next;
    }
    attributes
}

#[cfg(test)]
pub(crate) mod tests {
    use super::super::{MessageAuthenticator, RequestBuilder};
    use super::*;
    use proptest::prelude::*;

    const SECRET: &[u8] = b"xyzzy5461";

    /// Builds a reply to the datagram `request` as a server does. Used by the simulated router's tests as well.
    pub(crate) fn reply_to(
        request: &[u8],
        code: Code,
        attributes: &[(u8, &[u8])],
        secret: &[u8],
        with_message_authenticator: bool,
    ) -> Vec<u8> {
        let mut bytes = vec![code as u8, request[1], 0, 0];
        let authenticator: [u8; 16] = request[4..20].try_into().unwrap();
        bytes.extend_from_slice(&authenticator);
        if with_message_authenticator {
            bytes.extend_from_slice(&[80, 18]);
            bytes.extend_from_slice(&[0; 16]);
        }
        for (number, value) in attributes {
            bytes.extend_from_slice(&[*number, value.len() as u8 + 2]);
            bytes.extend_from_slice(value);
        }
        let length = bytes.len() as u16;
        bytes[2..4].copy_from_slice(&length.to_be_bytes());
        if with_message_authenticator {
            let mac = sign::message_authenticator(&bytes, &authenticator, 22..38, secret);
            bytes[22..38].copy_from_slice(&mac);
        }
        let authenticator = sign::packet_authenticator(&bytes, &authenticator, secret);
        bytes[4..20].copy_from_slice(&authenticator);
        bytes
    }

    fn request() -> Request {
        RequestBuilder::new(Code::AccessRequest, 42, [3; 16]).text(1, "alice").pap(b"pw").finish(SECRET).unwrap()
    }

    fn error(request: &Request, datagram: &[u8], requirement: Requirement) -> Option<ReplyError> {
        check_reply(request, datagram, SECRET, requirement).err()
    }

    /// RFC 2865 §7.1: the Access-Accept to nemo.
    #[test]
    fn accepts_the_reply_of_rfc_2865() {
        let authenticator = [0x0f, 0x40, 0x3f, 0x94, 0x73, 0x97, 0x80, 0x57, 0xbd, 0x83, 0xd5, 0xcb, 0x98, 0xf4, 0x22, 0x7a];
        let request = RequestBuilder::new(Code::AccessRequest, 0, authenticator)
            .message_authenticator(MessageAuthenticator::None)
            .text(1, "nemo")
            .finish(SECRET)
            .unwrap();
        let accept = [
            0x02, 0x00, 0x00, 0x26, 0x86, 0xfe, 0x22, 0x0e, 0x76, 0x24, 0xba, 0x2a, 0x10, 0x05, 0xf6, 0xbf, 0x9b, 0x55, 0xe0, 0xb2, 0x06,
            0x06, 0x00, 0x00, 0x00, 0x01, 0x0f, 0x06, 0x00, 0x00, 0x00, 0x00, 0x0e, 0x06, 0xc0, 0xa8, 0x01, 0x03,
        ];
        let reply = check_reply(&request, &accept, SECRET, Requirement::IfPresent).expect("authentic");
        assert_eq!((reply.code, reply.integer(6), reply.first(14)), (Code::AccessAccept, Some(1), Some(&[192, 168, 1, 3][..])));
        assert_eq!(error(&request, &accept, Requirement::Required), Some(ReplyError::NoMessageAuthenticator));
        assert!(Packet::is_authentic_response(&accept, &request.bytes, SECRET), "the radius crate agrees");
    }

    #[test]
    fn refuses_forged_and_foreign_replies() {
        let request = request();
        let good = reply_to(&request.bytes, Code::AccessAccept, &[(18, b"hello")], SECRET, true);
        let reply = check_reply(&request, &good, SECRET, Requirement::Required).expect("authentic");
        assert!(reply.has_message_authenticator);
        assert_eq!(error(&request, &[&good[..], b"padding"].concat(), Requirement::Required), None, "padding is ignored");
        for at in [0, 4, 19, 25, good.len() - 1] {
            let mut forged = good.clone();
            forged[at] ^= 1;
            assert!(error(&request, &forged, Requirement::IfPresent).is_some(), "flipped bit in octet {at}");
        }
        let mut other = good.clone();
        other[1] = 43;
        assert_eq!(error(&request, &other, Requirement::Required), Some(ReplyError::OtherIdentifier { expected: 42, got: 43 }));
        assert_eq!(
            error(&request, &reply_to(&request.bytes, Code::AccountingResponse, &[], SECRET, true), Requirement::Required),
            Some(ReplyError::UnexpectedCode(5))
        );
        assert_eq!(
            error(&request, &reply_to(&request.bytes, Code::AccessAccept, &[], b"other", true), Requirement::Required),
            Some(ReplyError::WrongAuthenticator)
        );
        for cut in [0, 3, 19, good.len() - 1] {
            assert_eq!(error(&request, &good[..cut], Requirement::Required), Some(ReplyError::Malformed), "{cut} octets");
        }
    }

    #[test]
    fn refuses_wrong_message_authenticators_even_if_optional() {
        let request = request();
        for attributes in [&[(80, &[7; 16][..])][..], &[(80, &[7; 15])], &[(80, &[])]] {
            let datagram = reply_to(&request.bytes, Code::AccessReject, attributes, SECRET, false);
            assert_eq!(error(&request, &datagram, Requirement::IfPresent), Some(ReplyError::WrongMessageAuthenticator));
        }
        let twice = reply_to(&request.bytes, Code::AccessReject, &[(80, &[7; 16])], SECRET, true);
        assert_eq!(error(&request, &twice, Requirement::IfPresent), Some(ReplyError::WrongMessageAuthenticator));
    }

    #[test]
    fn demands_the_servers_proof_of_mschap_v2() {
        let request = RequestBuilder::new(Code::AccessRequest, 1, [3; 16])
            .text(1, "alice")
            .mschap_v2(9, b"alice", b"pw", &[1; 16], &[2; 16])
            .finish(SECRET)
            .unwrap();
        let right = request.expected_success.expect("MS-CHAPv2");
        let with = |success: &[u8]| {
            let body = [&[0, 0, 1, 55, 26, success.len() as u8 + 2][..], success].concat();
            error(&request, &reply_to(&request.bytes, Code::AccessAccept, &[(26, &body)], SECRET, true), Requirement::Required)
        };
        assert_eq!(with(&right), None);
        assert_eq!(with(&[&right[..], b" M=welcome"].concat()), None);
        assert_eq!(with(&right.to_ascii_lowercase()), Some(ReplyError::WrongServerProof));
        assert_eq!(with(&right[..42]), Some(ReplyError::WrongServerProof));
        let without = reply_to(&request.bytes, Code::AccessAccept, &[], SECRET, true);
        assert_eq!(error(&request, &without, Requirement::Required), Some(ReplyError::NoServerProof));
        let reject = reply_to(&request.bytes, Code::AccessReject, &[], SECRET, true);
        assert_eq!(error(&request, &reject, Requirement::Required), None, "a Reject proves nothing");
    }

    #[test]
    fn reads_vendor_attributes_packed_or_alone() {
        let request = request();
        let packed = [0, 0, 0x3a, 0x8c, 8, 5, b'1', b'M', b'!', 19, 3, b'a', 8, 3, b'2'];
        let alone = [0, 0, 0x3a, 0x8c, 19, 3, b'b'];
        let broken = [0, 0, 0x3a, 0x8c, 19, 9, b'c'];
        let datagram =
            reply_to(&request.bytes, Code::AccessAccept, &[(26, &packed), (26, &alone), (26, &broken), (26, &[0, 0])], SECRET, true);
        let reply = check_reply(&request, &datagram, SECRET, Requirement::Required).expect("authentic");
        assert_eq!(reply.vendor_all(14988, 8), [&b"1M!"[..], b"2"]);
        assert_eq!(reply.vendor_all(14988, 19), [b"a", b"b"]);
        assert_eq!(reply.vendor_first(9, 8), None);
    }

    proptest! {
        #[test]
        fn never_panics_and_never_accepts_noise(noise in proptest::collection::vec(any::<u8>(), 0..200)) {
            prop_assert!(check_reply(&request(), &noise, SECRET, Requirement::IfPresent).is_err());
        }

        #[test]
        fn never_panics_on_damaged_replies(at in 0usize..60, with: u8, cut in 0usize..60) {
            let request = request();
            let mut datagram = reply_to(&request.bytes, Code::AccessAccept, &[(26, &[0, 0, 0x3a, 0x8c, 8, 5, 1, 2, 3]), (18, b"hello")], SECRET, true);
            let length = datagram.len();
            datagram[at % length] = with;
            datagram.truncate(length - cut % length);
            let _ = check_reply(&request, &datagram, SECRET, Requirement::IfPresent);
        }
    }
}
