//! The client's half of RADIUS: building requests and checking replies, for commands, the simulated router and tests.
//!
//! The `radius` crate decodes replies here and serves as oracle in the tests; signing, checking and vendor attributes are ours, because
//! that crate knows no Message-Authenticator and its own client accepts forged replies.

mod builder;
mod reply;
mod sign;

pub use builder::{BuildError, MessageAuthenticator, Request, RequestBuilder};
pub use reply::{Reply, ReplyError, Requirement, check_reply};

#[cfg(test)]
pub(crate) use reply::tests::reply_to;

pub use ::radius::core::code::Code;

/// Longest RADIUS packet in octets (RFC 2865 §3).
pub const MAX_PACKET_OCTETS: usize = 4096;
const HEADER_OCTETS: usize = 20;

/// Attribute numbers that the client itself writes or reads.
mod number {
    pub const USER_PASSWORD: u8 = 2;
    pub const CHAP_PASSWORD: u8 = 3;
    pub const VENDOR_SPECIFIC: u8 = 26;
    pub const CHAP_CHALLENGE: u8 = 60;
    pub const MESSAGE_AUTHENTICATOR: u8 = 80;
    pub const MICROSOFT: u32 = 311;
    pub const MS_CHAP_RESPONSE: u8 = 1;
    pub const MS_CHAP_CHALLENGE: u8 = 11;
    pub const MS_CHAP2_RESPONSE: u8 = 25;
    pub const MS_CHAP2_SUCCESS: u8 = 26;
}
