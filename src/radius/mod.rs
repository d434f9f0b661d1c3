//! The wire: reading packets in place, writing replies, authenticators, credentials, dictionary. RFC 2865 and its family.
//! Must not know: sockets, the clock, the database.

pub mod attribute_text;
pub mod client;
pub mod code;
pub mod credentials;
pub mod describe;
pub mod dictionary;
mod dynamic;
pub mod merge;
pub mod packet;
pub mod reply;
pub mod secret;

pub use dynamic::{DynamicOptions, DynamicReply, dynamic_reply, dynamic_request, read_dynamic_reply};
pub use packet::{Malformed, PacketView};
pub use reply::{ReplyTooLong, ReplyWriter};
pub use secret::Secret;

/// A packet is at most this long (RFC 2865 section 3).
pub const MAX_PACKET_OCTETS: usize = 4096;
/// Code, identifier, length and authenticator.
pub const HEADER_OCTETS: usize = 20;
