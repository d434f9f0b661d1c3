//! Packet codes (RFC 2865 section 4, RFC 2866, RFC 5176, RFC 5997).

/// Access-Request.
pub const ACCESS_REQUEST: u8 = 1;
/// Access-Accept.
pub const ACCESS_ACCEPT: u8 = 2;
/// Access-Reject.
pub const ACCESS_REJECT: u8 = 3;
/// Accounting-Request.
pub const ACCOUNTING_REQUEST: u8 = 4;
/// Accounting-Response.
pub const ACCOUNTING_RESPONSE: u8 = 5;
/// Access-Challenge.
pub const ACCESS_CHALLENGE: u8 = 11;
/// Status-Server.
pub const STATUS_SERVER: u8 = 12;
/// Disconnect-Request.
pub const DISCONNECT_REQUEST: u8 = 40;
/// Disconnect-ACK.
pub const DISCONNECT_ACK: u8 = 41;
/// Disconnect-NAK.
pub const DISCONNECT_NAK: u8 = 42;
/// CoA-Request.
pub const COA_REQUEST: u8 = 43;
/// CoA-ACK.
pub const COA_ACK: u8 = 44;
/// CoA-NAK.
pub const COA_NAK: u8 = 45;
