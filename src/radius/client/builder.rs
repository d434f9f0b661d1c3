//! Requests in an explicit attribute order, signed: Access, Accounting, Status-Server, Disconnect, CoA.

use super::super::credentials::{chap, mschap, pap};
use super::{Code, HEADER_OCTETS, MAX_PACKET_OCTETS, number, sign};
use std::net::{IpAddr, Ipv4Addr};

/// Where the request carries Message-Authenticator.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum MessageAuthenticator {
    /// Before all other attributes: what the drafts against Blast-RADIUS recommend to clients.
    #[default]
    First,
    /// After all others: what RouterOS since 7.15 does.
    Last,
    /// Absent: RouterOS before 7.15, and accounting in general.
    None,
}

/// Why no request could be built.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BuildError {
    /// An attribute's value does not fit its length octet.
    #[error("the value of attribute {number} has {octets} octets; at most {limit} fit")]
    ValueTooLong {
        /// Attribute number, or the number within its vendor's space.
        number: u8,
        /// Octets of the value.
        octets: usize,
        /// Octets that would fit.
        limit: usize,
    },
    /// A password over 128 octets (RFC 2865 §5.2).
    #[error(transparent)]
    PasswordTooLong(#[from] pap::PasswordTooLong),
    /// The packet would exceed 4096 octets.
    #[error("the request would have {0} octets; at most 4096 are allowed")]
    PacketTooLong(usize),
}

/// One attribute as the caller ordered it. User-Password is hidden and an implicit CHAP challenge is known only when the request is finished.
#[derive(Clone)]
enum Item {
    Plain { number: u8, value: Vec<u8> },
    Vendor { vendor: u32, number: u8, value: Vec<u8> },
    UserPassword(Vec<u8>),
    ChapWithoutChallenge { identifier: u8, password: Vec<u8> },
}

/// What a right MS-CHAP2-Success must say: identifier octet and `S=...`.
pub(super) type ExpectedSuccess = [u8; 43];

/// Collects a request. Attributes stand in the packet in the order of the calls.
///
/// ```
/// use tollgate::radius::client::{Code, RequestBuilder};
/// let request = RequestBuilder::new(Code::AccessRequest, 7, [1; 16]).text(1, "alice").pap(b"wonderland").finish(b"secret").unwrap();
/// assert_eq!(request.bytes[0], 1);
/// ```
#[derive(Clone)]
pub struct RequestBuilder {
    code: Code,
    identifier: u8,
    authenticator: [u8; 16],
    items: Vec<Item>,
    message_authenticator: MessageAuthenticator,
    expected_success: Option<ExpectedSuccess>,
}

/// A finished request and what is needed to check its reply. Resend [`Request::bytes`] unchanged.
#[derive(Clone)]
pub struct Request {
    /// The datagram.
    pub bytes: Vec<u8>,
    pub(super) expected_success: Option<ExpectedSuccess>,
}

impl Request {
    /// The identifier octet, by which a reply names its request.
    pub fn identifier(&self) -> u8 {
        self.bytes[1]
    }

    /// The code octet.
    pub fn code(&self) -> Code {
        Code::from(self.bytes[0])
    }

    /// The Request Authenticator as it stands in the packet.
    pub fn authenticator(&self) -> [u8; 16] {
        *self.bytes[4..].first_chunk().expect("a finished request has a whole header")
    }
}

impl RequestBuilder {
    /// Starts a request. `authenticator` must be unpredictable for Access-Request and Status-Server; for the other codes it is not used,
    /// because their authenticator is a hash (RFC 2866 §3, RFC 5176 §2.3). Message-Authenticator comes first in Access-Request and Status-Server and is
    /// absent in the others until [`Self::message_authenticator`] says otherwise.
    pub fn new(code: Code, identifier: u8, authenticator: [u8; 16]) -> Self {
        let message_authenticator =
            if matches!(code, Code::AccessRequest | Code::StatusServer) { MessageAuthenticator::First } else { MessageAuthenticator::None };
        Self { code, identifier, authenticator, items: Vec::new(), message_authenticator, expected_success: None }
    }

    /// Chooses the place of Message-Authenticator.
    pub fn message_authenticator(mut self, place: MessageAuthenticator) -> Self {
        self.message_authenticator = place;
        self
    }

    /// Adds an attribute with this value as it is.
    pub fn octets(mut self, number: u8, value: &[u8]) -> Self {
        self.items.push(Item::Plain { number, value: value.to_vec() });
        self
    }

    /// Adds a text attribute.
    pub fn text(self, number: u8, value: &str) -> Self {
        self.octets(number, value.as_bytes())
    }

    /// Adds a 32-bit integer attribute, also an enumerated one or a time in unix seconds.
    pub fn integer(self, number: u8, value: u32) -> Self {
        self.octets(number, &value.to_be_bytes())
    }

    /// Adds an IPv4 or IPv6 address attribute.
    pub fn address(self, number: u8, value: IpAddr) -> Self {
        match value {
            IpAddr::V4(v4) => self.octets(number, &v4.octets()),
            IpAddr::V6(v6) => self.octets(number, &v6.octets()),
        }
    }

    /// Adds a vendor attribute (RFC 2865 §5.26) with one-octet type and length, alone in its Vendor-Specific.
    pub fn vendor_octets(mut self, vendor: u32, number: u8, value: &[u8]) -> Self {
        self.items.push(Item::Vendor { vendor, number, value: value.to_vec() });
        self
    }

    /// Adds a vendor's IPv4 address attribute.
    pub fn vendor_ipv4(self, vendor: u32, number: u8, value: Ipv4Addr) -> Self {
        self.vendor_octets(vendor, number, &value.octets())
    }

    /// Adds User-Password (PAP).
    pub fn pap(mut self, password: &[u8]) -> Self {
        self.items.push(Item::UserPassword(password.to_vec()));
        self
    }

    /// Adds CHAP-Challenge and then CHAP-Password, as RouterOS orders them.
    pub fn chap(self, identifier: u8, password: &[u8], challenge: &[u8]) -> Self {
        self.octets(number::CHAP_CHALLENGE, challenge).octets(number::CHAP_PASSWORD, &chap::chap_password(identifier, password, challenge))
    }

    /// Adds CHAP-Password alone: the Request Authenticator is the challenge (RFC 2865 §5.40).
    pub fn chap_without_challenge(mut self, identifier: u8, password: &[u8]) -> Self {
        self.items.push(Item::ChapWithoutChallenge { identifier, password: password.to_vec() });
        self
    }

    /// Adds MS-CHAP-Challenge and MS-CHAP-Response (MS-CHAPv1, NT part only).
    pub fn mschap_v1(self, identifier: u8, password: &[u8], challenge: &[u8; 8]) -> Self {
        let response = mschap::v1_response(identifier, challenge, &mschap::nt_hash_of_octets(password));
        self.vendor_octets(number::MICROSOFT, number::MS_CHAP_CHALLENGE, challenge).vendor_octets(
            number::MICROSOFT,
            number::MS_CHAP_RESPONSE,
            &response,
        )
    }

    /// Adds MS-CHAP-Challenge and MS-CHAP2-Response, and makes [`super::check_reply`] demand the right MS-CHAP2-Success of an Accept.
    /// `user_name` is the value of User-Name.
    pub fn mschap_v2(mut self, identifier: u8, user_name: &[u8], password: &[u8], challenge: &[u8; 16], peer_challenge: &[u8; 16]) -> Self {
        let nt_hash = mschap::nt_hash_of_octets(password);
        let response = mschap::v2_response(identifier, challenge, peer_challenge, user_name, &nt_hash);
        self.expected_success = mschap::verify_v2(&response, challenge, user_name, &nt_hash).ok().map(|proven| proven.success);
        self.vendor_octets(number::MICROSOFT, number::MS_CHAP_CHALLENGE, challenge).vendor_octets(
            number::MICROSOFT,
            number::MS_CHAP2_RESPONSE,
            &response,
        )
    }

    /// Encodes and signs.
    ///
    /// # Errors
    /// [`BuildError`] if a value or the packet is too long.
    pub fn finish(self, secret: &[u8]) -> Result<Request, BuildError> {
        let mut bytes = vec![self.code as u8, self.identifier, 0, 0];
        bytes.extend_from_slice(&if self.authenticator_is_hash() { [0; 16] } else { self.authenticator });
        if self.message_authenticator == MessageAuthenticator::First {
            append(&mut bytes, number::MESSAGE_AUTHENTICATOR, &[0; 16])?;
        }
        for item in &self.items {
            self.append_item(&mut bytes, item, secret)?;
        }
        if self.message_authenticator == MessageAuthenticator::Last {
            append(&mut bytes, number::MESSAGE_AUTHENTICATOR, &[0; 16])?;
        }
        self.sign(bytes, secret)
    }

    fn authenticator_is_hash(&self) -> bool {
        !matches!(self.code, Code::AccessRequest | Code::StatusServer)
    }

    fn append_item(&self, bytes: &mut Vec<u8>, item: &Item, secret: &[u8]) -> Result<(), BuildError> {
        match item {
            Item::Plain { number, value } => append(bytes, *number, value),
            Item::UserPassword(password) => {
                append(bytes, number::USER_PASSWORD, &pap::hide_password(password, secret, &self.authenticator)?)
            }
            Item::ChapWithoutChallenge { identifier, password } => {
                append(bytes, number::CHAP_PASSWORD, &chap::chap_password(*identifier, password, &self.authenticator))
            }
            Item::Vendor { vendor, number, value } => {
                let Some(length) = u8::try_from(value.len() + 2).ok().filter(|&length| length <= 249) else {
                    return Err(BuildError::ValueTooLong { number: *number, octets: value.len(), limit: 247 });
                };
                let mut body = vendor.to_be_bytes().to_vec();
                body.extend_from_slice(&[*number, length]);
                body.extend_from_slice(value);
                append(bytes, number::VENDOR_SPECIFIC, &body)
            }
        }
    }

    fn sign(self, mut bytes: Vec<u8>, secret: &[u8]) -> Result<Request, BuildError> {
        if bytes.len() > MAX_PACKET_OCTETS {
            return Err(BuildError::PacketTooLong(bytes.len()));
        }
        let length = bytes.len() as u16;
        bytes[2..4].copy_from_slice(&length.to_be_bytes());
        let place = match self.message_authenticator {
            MessageAuthenticator::First => Some(HEADER_OCTETS + 2..HEADER_OCTETS + 18),
            MessageAuthenticator::Last => Some(bytes.len() - 16..bytes.len()),
            MessageAuthenticator::None => None,
        };
        let in_header = *bytes[4..].first_chunk().expect("the header was written above");
        if let Some(place) = place {
            let mac = sign::message_authenticator(&bytes, &in_header, place.clone(), secret);
            bytes[place].copy_from_slice(&mac);
        }
        if self.authenticator_is_hash() {
            let authenticator = sign::packet_authenticator(&bytes, &in_header, secret);
            bytes[4..HEADER_OCTETS].copy_from_slice(&authenticator);
        }
        Ok(Request { bytes, expected_success: self.expected_success })
    }
}

fn append(bytes: &mut Vec<u8>, number: u8, value: &[u8]) -> Result<(), BuildError> {
    let Some(length) = u8::try_from(value.len() + 2).ok() else {
        return Err(BuildError::ValueTooLong { number, octets: value.len(), limit: 253 });
    };
    bytes.extend_from_slice(&[number, length]);
    bytes.extend_from_slice(value);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::super::credentials::mschap::{nt_hash, verify_v1, verify_v2};
    use super::*;
    use ::radius::core::{packet::Packet, rfc2865, rfc2866};

    const SECRET: &[u8] = b"xyzzy5461";

    /// Length-checked walk, independent of the builder: (number, value) in packet order.
    fn attributes(packet: &[u8]) -> Vec<(u8, Vec<u8>)> {
        let mut rest = &packet[20..];
        let mut found = Vec::new();
        while let [number, length, ..] = *rest {
            found.push((number, rest[2..usize::from(length)].to_vec()));
            rest = &rest[usize::from(length)..];
        }
        found
    }

    /// RFC 2865 §7.1, octet for octet.
    #[test]
    fn builds_the_access_request_of_rfc_2865() {
        let authenticator = [0x0f, 0x40, 0x3f, 0x94, 0x73, 0x97, 0x80, 0x57, 0xbd, 0x83, 0xd5, 0xcb, 0x98, 0xf4, 0x22, 0x7a];
        let request = RequestBuilder::new(Code::AccessRequest, 0, authenticator)
            .message_authenticator(MessageAuthenticator::None)
            .text(1, "nemo")
            .pap(b"arctangent")
            .address(4, Ipv4Addr::new(192, 168, 1, 16).into())
            .integer(5, 3)
            .finish(SECRET)
            .unwrap();
        let expected = "010000380f403f9473978057bd83d5cb98f4227a01066e656d6f02120dbe708d93d413ce3196e43f782a0aee0406c0a80110050600000003";
        assert_eq!(crate::units::hex(&request.bytes), expected);
    }

    #[test]
    fn the_radius_crate_reads_what_we_build() {
        let request = RequestBuilder::new(Code::AccessRequest, 77, [9; 16])
            .text(1, "alice")
            .pap(b"correct horse battery staple")
            .address(4, Ipv4Addr::new(10, 0, 0, 1).into())
            .integer(61, 15)
            .vendor_octets(14988, 9, b"isp.example")
            .finish(SECRET)
            .unwrap();
        let packet = Packet::decode(&request.bytes, SECRET).unwrap();
        assert_eq!((packet.get_code(), packet.get_identifier(), &packet.get_authenticator()[..]), (Code::AccessRequest, 77, &[9; 16][..]));
        assert_eq!(rfc2865::lookup_user_name(&packet).unwrap().unwrap(), "alice");
        assert_eq!(rfc2865::lookup_user_password(&packet).unwrap().unwrap(), b"correct horse battery staple");
        assert_eq!(rfc2865::lookup_nas_ip_address(&packet).unwrap().unwrap(), Ipv4Addr::new(10, 0, 0, 1));
        assert_eq!(rfc2865::lookup_nas_port_type(&packet).unwrap().unwrap(), 15);
        assert_eq!(packet.lookup(26).unwrap().encode_bytes(), b"\0\0\x3a\x8c\x09\x0disp.example");
        assert_eq!(packet.encode().unwrap(), request.bytes, "and encodes the same octets again");
    }

    #[test]
    fn accounting_and_coa_carry_the_hash_the_crate_expects() {
        for code in [Code::AccountingRequest, Code::DisconnectRequest, Code::CoARequest] {
            for place in [MessageAuthenticator::None, MessageAuthenticator::First, MessageAuthenticator::Last] {
                let request =
                    RequestBuilder::new(code, 3, [0xff; 16]).message_authenticator(place).text(44, "8100001b").finish(SECRET).unwrap();
                assert!(Packet::is_authentic_request(&request.bytes, SECRET), "{code:?} {place:?}");
                assert!(!Packet::is_authentic_request(&request.bytes, b"other"), "{code:?} {place:?}");
                let packet = Packet::decode(&request.bytes, SECRET).unwrap();
                assert_eq!(rfc2866::lookup_acct_session_id(&packet).unwrap().unwrap(), "8100001b");
            }
        }
    }

    #[test]
    fn message_authenticator_stands_where_asked() {
        for (place, expected) in [
            (MessageAuthenticator::First, vec![80, 1, 32]),
            (MessageAuthenticator::Last, vec![1, 32, 80]),
            (MessageAuthenticator::None, vec![1, 32]),
        ] {
            let request = RequestBuilder::new(Code::AccessRequest, 1, [4; 16])
                .message_authenticator(place)
                .text(1, "alice")
                .text(32, "router")
                .finish(SECRET)
                .unwrap();
            assert_eq!(attributes(&request.bytes).iter().map(|(number, _)| *number).collect::<Vec<_>>(), expected);
        }
        let status = RequestBuilder::new(Code::StatusServer, 1, [4; 16]).finish(SECRET).unwrap();
        assert_eq!(attributes(&status.bytes)[0].0, 80, "Status-Server always has one");
    }

    /// HMAC-MD5 spelled out after RFC 2104, to check the signing without the library it uses.
    #[test]
    fn message_authenticator_is_hmac_md5_over_the_packet() {
        use md5::{Digest, Md5};
        let request = RequestBuilder::new(Code::AccessRequest, 1, [4; 16]).text(1, "alice").finish(SECRET).unwrap();
        let mut zeroed = request.bytes.clone();
        zeroed[22..38].fill(0);
        let pad = |octet: u8| -> Vec<u8> { (0..64).map(|at| SECRET.get(at).unwrap_or(&0) ^ octet).collect() };
        let inner = Md5::digest([pad(0x36), zeroed].concat());
        let outer = Md5::digest([pad(0x5c), inner.to_vec()].concat());
        assert_eq!(request.bytes[22..38], outer[..]);
    }

    #[test]
    fn credentials_verify() {
        let base = || RequestBuilder::new(Code::AccessRequest, 1, [6; 16]).message_authenticator(MessageAuthenticator::None);
        let values = |builder: RequestBuilder| attributes(&builder.finish(SECRET).unwrap().bytes);

        let chap_values = values(base().chap(5, b"pw", b"sixteen octets!!"));
        assert_eq!(chap_values[0], (60, b"sixteen octets!!".to_vec()));
        assert!(chap::verify_chap(&chap_values[1].1, &chap_values[0].1, b"pw"));

        let chap_values = values(base().chap_without_challenge(5, b"pw"));
        assert!(chap::verify_chap(&chap_values[0].1, &[6; 16], b"pw"));

        let v1 = values(base().mschap_v1(5, b"pw", b"8 octets"));
        assert_eq!(v1[0].1[..6], [0, 0, 1, 55, 11, 10]);
        assert_eq!(v1[1].1[..6], [0, 0, 1, 55, 1, 52]);
        assert_eq!(verify_v1(&v1[1].1[6..], &v1[0].1[6..], &nt_hash("pw")), Ok(()));

        let v2 = values(base().mschap_v2(5, b"ISP\\Alice", b"pw", &[1; 16], &[2; 16]));
        assert_eq!(v2[1].1[..6], [0, 0, 1, 55, 25, 52]);
        assert!(verify_v2(&v2[1].1[6..], &v2[0].1[6..], b"Alice", &nt_hash("pw")).is_ok());
    }

    #[test]
    fn refuses_what_does_not_fit() {
        let base = || RequestBuilder::new(Code::AccessRequest, 1, [6; 16]);
        let refused = |builder: RequestBuilder| builder.finish(SECRET).map(|_| ()).unwrap_err();
        assert_eq!(refused(base().octets(18, &[0; 254])), BuildError::ValueTooLong { number: 18, octets: 254, limit: 253 });
        assert_eq!(refused(base().vendor_octets(9, 1, &[0; 248])), BuildError::ValueTooLong { number: 1, octets: 248, limit: 247 });
        assert_eq!(refused(base().pap(&[b'x'; 129])), BuildError::PasswordTooLong(pap::PasswordTooLong));
        let many = (0..16).fold(base(), |builder, _| builder.octets(33, &[0; 253]));
        assert_eq!(refused(many), BuildError::PacketTooLong(20 + 18 + 16 * 255));
        assert!(base().octets(18, &[0; 253]).vendor_octets(9, 1, &[0; 247]).finish(SECRET).is_ok());
    }
}
