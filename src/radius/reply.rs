//! Writing a reply into a caller's buffer: Message-Authenticator first, attributes in order, signed at the end, never over 4096 octets.

use std::net::{Ipv4Addr, Ipv6Addr};

use super::attribute_text::Operator;
use super::code;
use super::credentials::salt;
use super::merge;
use super::packet::PacketView;
use super::secret::Secret;
use super::{HEADER_OCTETS, MAX_PACKET_OCTETS};

const VENDOR_SPECIFIC: u8 = 26;
const PROXY_STATE: u8 = 33;
const MESSAGE_AUTHENTICATOR: u8 = 80;
/// Where Message-Authenticator's value begins: it is always the first attribute (draft-ietf-radext-deprecating-radius).
const MAC_OFFSET: usize = HEADER_OCTETS + 2;

/// The reply does not fit 4096 octets, or an attribute does not fit 253.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the reply does not fit a RADIUS packet")]
pub struct ReplyTooLong;

/// Builds one reply in place. Errors are kept until [`ReplyWriter::finish`], so that calls chain.
pub struct ReplyWriter<'b> {
    buffer: &'b mut [u8; MAX_PACKET_OCTETS],
    request_authenticator: [u8; 16],
    at: usize,
    signed: bool,
    too_long: bool,
}

impl<'b> ReplyWriter<'b> {
    /// Starts a reply. Every reply but an Accounting-Response to a request without Message-Authenticator is signed.
    pub fn new(buffer: &'b mut [u8; MAX_PACKET_OCTETS], reply_code: u8, request: &PacketView<'_>) -> ReplyWriter<'b> {
        let signed = reply_code != code::ACCOUNTING_RESPONSE || request.has(MESSAGE_AUTHENTICATOR);
        buffer[0] = reply_code;
        buffer[1] = request.id();
        let mut at = HEADER_OCTETS;
        if signed {
            buffer[at] = MESSAGE_AUTHENTICATOR;
            buffer[at + 1] = 18;
            at += 18;
        }
        ReplyWriter { buffer, request_authenticator: *request.authenticator(), at, signed, too_long: false }
    }

    /// Makes it another kind of reply; its attributes stay.
    pub fn set_code(&mut self, reply_code: u8) {
        self.buffer[0] = reply_code;
    }

    /// Octets written so far.
    pub fn len(&self) -> usize {
        self.at
    }

    /// Whether nothing but the header was written.
    pub fn is_empty(&self) -> bool {
        self.at <= MAC_OFFSET + 16
    }

    /// Room for `octets` more, or a note that the reply is too long.
    fn take(&mut self, octets: usize) -> Option<&mut [u8]> {
        if self.too_long || self.at + octets > MAX_PACKET_OCTETS {
            self.too_long = true;
            return None;
        }
        let start = self.at;
        self.at += octets;
        Some(&mut self.buffer[start..start + octets])
    }

    /// An attribute of octets; an empty value is not written (RFC 2865 section 5 forbids empty strings).
    pub fn octets(&mut self, kind: u8, value: &[u8]) -> &mut Self {
        if value.len() > 253 {
            self.too_long = true;
        } else if !value.is_empty()
            && let Some(room) = self.take(value.len() + 2)
        {
            room[0] = kind;
            room[1] = value.len() as u8 + 2;
            room[2..].copy_from_slice(value);
        }
        self
    }

    /// A 32-bit number.
    pub fn number(&mut self, kind: u8, value: u32) -> &mut Self {
        self.octets(kind, &value.to_be_bytes())
    }

    /// An IPv4 address.
    pub fn ipv4(&mut self, kind: u8, value: Ipv4Addr) -> &mut Self {
        self.octets(kind, &value.octets())
    }

    /// An IPv6 prefix (RFC 3162 section 2.3): reserved octet, length in bits, and no more octets of the prefix than it needs; bits beyond it are zeroed.
    pub fn ipv6_prefix(&mut self, kind: u8, address: Ipv6Addr, prefix_bits: u8) -> &mut Self {
        let bits = prefix_bits.min(128);
        let kept = if bits == 0 { 0 } else { u128::from(address) & (u128::MAX << (128 - u32::from(bits))) };
        let mut value = [0u8; 18];
        value[1] = bits;
        value[2..].copy_from_slice(&kept.to_be_bytes());
        self.octets(kind, &value[..2 + usize::from(bits).div_ceil(8)])
    }

    /// A tagged string (RFC 2868 section 3): the tag octet, then the text.
    pub fn tagged_octets(&mut self, kind: u8, tag: u8, value: &[u8]) -> &mut Self {
        self.framed(kind, 1, value, |head| head[0] = tag)
    }

    /// A tagged number (RFC 2868 section 3.1): the tag replaces the highest octet.
    pub fn tagged_number(&mut self, kind: u8, tag: u8, value: u32) -> &mut Self {
        self.number(kind, u32::from(tag) << 24 | value & 0x00ff_ffff)
    }

    /// A vendor's attribute (RFC 2865 section 5.26), one per Vendor-Specific.
    pub fn vendor(&mut self, vendor: u32, kind: u8, value: &[u8]) -> &mut Self {
        if value.len() > 247 {
            self.too_long = true;
            return self;
        }
        self.framed(VENDOR_SPECIFIC, 6, value, |head| {
            head[..4].copy_from_slice(&vendor.to_be_bytes());
            head[4] = kind;
            head[5] = value.len() as u8 + 2;
        })
    }

    /// A vendor's attribute under salt encryption (RFC 2548 section 2.4.2, MS-MPPE-Send-Key and its kin).
    pub fn vendor_salted(&mut self, vendor: u32, kind: u8, plain: &[u8], secret: &Secret, salt: [u8; 2]) -> &mut Self {
        let mut sealed = [0u8; 256];
        match salt::salt_encrypt(plain, secret.octets(), &self.request_authenticator, salt, &mut sealed) {
            Some(octets) => self.vendor(vendor, kind, &sealed[..octets]),
            None => {
                self.too_long = true;
                self
            }
        }
    }

    /// A tagged attribute under salt encryption (RFC 2868 section 3.5, Tunnel-Password).
    pub fn tagged_salted(&mut self, kind: u8, tag: u8, plain: &[u8], secret: &Secret, salt: [u8; 2]) -> &mut Self {
        let mut sealed = [0u8; 256];
        match salt::salt_encrypt(plain, secret.octets(), &self.request_authenticator, salt, &mut sealed) {
            Some(octets) => self.tagged_octets(kind, tag, &sealed[..octets]),
            None => {
                self.too_long = true;
                self
            }
        }
    }

    /// Attributes that were encoded before, copied as they are.
    pub fn encoded(&mut self, attributes: &[u8]) -> &mut Self {
        if let Some(room) = self.take(attributes.len()) {
            room.copy_from_slice(attributes);
        }
        self
    }

    /// An attribute beside those of its name (`+=`), in their place (`:=`), or only if there is none (`=`).
    pub fn merge(&mut self, operator: Operator, attribute: &[u8]) -> &mut Self {
        // Message-Authenticator stays where it is, and only once.
        let start = if self.signed { MAC_OFFSET + 16 } else { HEADER_OCTETS };
        let written = &mut self.buffer[start..self.at];
        match operator {
            Operator::Set if merge::has(written, attribute) => return self,
            Operator::Replace => self.at = start + merge::remove(written, attribute),
            Operator::Set | Operator::Add => {}
        }
        self.encoded(attribute)
    }

    /// Copies all Proxy-State of the request, unmodified and in order (RFC 2865 section 5.33).
    pub fn proxy_state(&mut self, request: &PacketView<'_>) -> &mut Self {
        if request.has(PROXY_STATE) {
            for state in request.all(PROXY_STATE) {
                self.encoded(&[PROXY_STATE, state.value.len() as u8 + 2]).encoded(state.value);
            }
        }
        self
    }

    fn framed(&mut self, kind: u8, head_octets: usize, value: &[u8], write_head: impl FnOnce(&mut [u8])) -> &mut Self {
        let octets = 2 + head_octets + value.len();
        if octets > 255 {
            self.too_long = true;
        } else if let Some(room) = self.take(octets) {
            room[0] = kind;
            room[1] = octets as u8;
            write_head(&mut room[2..2 + head_octets]);
            room[2 + head_octets..].copy_from_slice(value);
        }
        self
    }

    /// Signs the reply and says how many octets of the buffer it is.
    pub fn finish(self, secret: &Secret) -> Result<usize, ReplyTooLong> {
        if self.too_long {
            return Err(ReplyTooLong);
        }
        let reply = &mut self.buffer[..self.at];
        reply[2..4].copy_from_slice(&(self.at as u16).to_be_bytes());
        if self.signed {
            let mac = secret.message_authenticator(reply, MAC_OFFSET, &self.request_authenticator);
            reply[MAC_OFFSET..MAC_OFFSET + 16].copy_from_slice(&mac);
        }
        let authenticator = secret.response_authenticator(reply, &self.request_authenticator);
        reply[4..20].copy_from_slice(&authenticator);
        Ok(self.at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(attributes: &[u8]) -> Vec<u8> {
        let mut bytes = vec![1, 42, 0, 0];
        bytes.extend([7; 16]);
        bytes.extend(attributes);
        let length = (bytes.len() as u16).to_be_bytes();
        bytes[2..4].copy_from_slice(&length);
        bytes
    }

    /// What stands in a finished reply after its Message-Authenticator.
    fn written(write: impl FnOnce(&mut ReplyWriter<'_>)) -> Result<Vec<u8>, ReplyTooLong> {
        let request = request(&[33, 4, 1, 2, 33, 3, 9]);
        let view = PacketView::parse(&request).expect("well formed");
        let mut buffer = [0; MAX_PACKET_OCTETS];
        let mut reply = ReplyWriter::new(&mut buffer, code::ACCESS_ACCEPT, &view);
        write(&mut reply);
        reply.proxy_state(&view);
        let octets = reply.finish(&Secret::new(b"s"))?;
        Ok(buffer[38..octets].to_vec())
    }

    #[test]
    fn the_message_authenticator_is_first_and_both_signatures_hold() {
        let request = request(&[]);
        let view = PacketView::parse(&request).expect("well formed");
        let secret = Secret::new(b"xyzzy5461");
        for reply_code in [code::ACCESS_ACCEPT, code::ACCESS_REJECT, code::ACCESS_CHALLENGE] {
            let mut buffer = [0; MAX_PACKET_OCTETS];
            let mut reply = ReplyWriter::new(&mut buffer, reply_code, &view);
            reply.octets(18, b"hello");
            let octets = reply.finish(&secret).expect("fits");
            assert_eq!((buffer[0], buffer[1], buffer[20], buffer[21]), (reply_code, 42, 80, 18));
            let mac = secret.message_authenticator(&buffer[..octets], 22, view.authenticator());
            assert_eq!(buffer[22..38], mac);
            assert_eq!(buffer[4..20], secret.response_authenticator(&buffer[..octets], view.authenticator()));
        }
    }

    #[test]
    fn an_accounting_response_is_the_bare_header_of_rfc_2866() {
        let request = request(&[]);
        let view = PacketView::parse(&request).expect("well formed");
        let mut buffer = [0; MAX_PACKET_OCTETS];
        assert_eq!(ReplyWriter::new(&mut buffer, code::ACCOUNTING_RESPONSE, &view).finish(&Secret::new(b"s")), Ok(20));
    }

    #[test]
    fn values_are_encoded_as_their_rfcs_say_and_proxy_state_comes_last_in_order() {
        let tail: &[u8] = &[33, 4, 1, 2, 33, 3, 9];
        let prefix: Ipv6Addr = "2001:db8:ffff::1".parse().expect("an address");
        for (write, wanted) in [
            (
                Box::new(|r: &mut ReplyWriter<'_>| {
                    r.number(27, 258);
                }) as Box<dyn FnOnce(&mut ReplyWriter<'_>)>,
                vec![27, 6, 0, 0, 1, 2],
            ),
            (
                Box::new(|r| {
                    r.ipv4(8, Ipv4Addr::new(10, 1, 2, 3));
                }),
                vec![8, 6, 10, 1, 2, 3],
            ),
            (
                Box::new(move |r| {
                    r.ipv6_prefix(97, prefix, 36);
                }),
                vec![97, 9, 0, 36, 0x20, 1, 0x0d, 0xb8, 0xf0],
            ),
            (
                Box::new(|r| {
                    r.tagged_octets(81, 1, b"12");
                }),
                vec![81, 5, 1, b'1', b'2'],
            ),
            (
                Box::new(|r| {
                    r.tagged_number(64, 1, 13);
                }),
                vec![64, 6, 1, 0, 0, 13],
            ),
            (
                Box::new(|r| {
                    r.vendor(14988, 8, b"1M");
                }),
                vec![26, 10, 0, 0, 0x3a, 0x8c, 8, 4, b'1', b'M'],
            ),
            (
                Box::new(|r| {
                    r.octets(11, b"");
                }),
                vec![],
            ),
        ] {
            assert_eq!(written(write), Ok([&wanted, tail].concat()));
        }
    }

    #[test]
    fn nothing_over_the_limits_is_ever_sent() {
        assert_eq!(
            written(|r| {
                r.octets(18, &[b'x'; 254]);
            }),
            Err(ReplyTooLong)
        );
        assert_eq!(
            written(|r| {
                r.vendor(1, 1, &[b'x'; 248]);
            }),
            Err(ReplyTooLong)
        );
        assert!(
            written(|r| {
                r.vendor(1, 1, &[b'x'; 247]);
            })
            .is_ok()
        );
        assert_eq!(
            written(|r| (0..17).for_each(|_| {
                r.octets(18, &[b'x'; 240]);
            })),
            Err(ReplyTooLong)
        );
    }
}
