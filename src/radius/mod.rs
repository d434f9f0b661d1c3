//! The wire: reading packets in place, writing replies, authenticators, credentials, dictionary. RFC 2865 and its family.
//! Must not know: sockets, the clock, the database.

pub mod attribute_text;
pub mod client;
pub mod credentials;
pub mod describe;
pub mod dictionary;
