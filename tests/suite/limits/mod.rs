//! Limits as a router and an administrator see them.

mod access;
mod explained;
mod lifecycle;
mod simulated;

use crate::harness::{Client, PASSWORD, Packet, Reply, TestServer, code, wait};

pub const MIKROTIK: u32 = 14988;
pub const RATE_LIMIT: u8 = 8;
pub const ADDRESS_LIST: u8 = 19;
/// Low and high word.
pub const TOTAL: (u8, u8) = (17, 18);
pub const RECV: (u8, u8) = (1, 14);
pub const XMIT: (u8, u8) = (2, 15);
pub const FRAMED_POOL: u8 = 88;
pub const REPLY_MESSAGE: u8 = 18;
pub const SESSION_TIMEOUT: u8 = 27;
pub const INTERIM: u8 = 85;

/// Adds a package with these options, and a customer of the same name.
pub fn add(server: &TestServer, name: &str, options: &[&str]) {
    server.must(&[&["package", "add", name, "--download", "20M", "--upload", "10M"], options].concat());
    server.must(&["customer", "add", name, "--password", PASSWORD, "--package", name]);
}

pub fn login(server: &TestServer, user: &str) -> Reply {
    Client::new().exchange(server.auth, &Packet::pap(user, PASSWORD))
}

/// Logs in until the answer is as wanted: changes reach a running server within a second.
pub fn login_until(server: &TestServer, user: &str, what: &str, wanted: impl Fn(&Reply) -> bool) -> Reply {
    wait::until(what, wait::SOON, || Some(login(server, user)).filter(&wanted))
}

pub fn is_accept(reply: &Reply) -> bool {
    reply.code == code::ACCESS_ACCEPT
}

/// A limit of low and high word; 0 if neither is there.
pub fn octets(reply: &Reply, (low, high): (u8, u8)) -> u64 {
    let word = |kind| reply.vendor(MIKROTIK, kind).map_or(0, |v| u64::from(u32::from_be_bytes(v.try_into().expect("four octets"))));
    word(high) << 32 | word(low)
}

pub fn rate(reply: &Reply) -> String {
    String::from_utf8(reply.vendor(MIKROTIK, RATE_LIMIT).unwrap_or_default().to_vec()).expect("text")
}

/// A number of the reply; `None` if it is absent.
pub fn number(reply: &Reply, kind: u8) -> Option<u32> {
    reply.all(kind).first().map(|v| u32::from_be_bytes((*v).try_into().expect("four octets")))
}

pub fn text(reply: &Reply, kind: u8) -> String {
    reply.all(kind).first().map(|v| String::from_utf8_lossy(v).into_owned()).unwrap_or_default()
}

/// What the command printed as JSON.
pub fn json(server: &TestServer, arguments: &[&str]) -> serde_json::Value {
    let text = server.must(&[arguments, &["--json"]].concat());
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"))
}
