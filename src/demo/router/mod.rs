//! A simulated MikroTik router: PPPoE and hotspot customers who log in, use their line and leave, as RADIUS sees it.
//!
//! [`SimulatedRouter`] is a pure state machine (the clock and the seed come from outside), so tests drive it without sockets or waiting;
//! [`run`] drives one over UDP. Behaviour taken from captures or MikroTik's manual is stated as such; the rest is marked "assumed".

mod counters;
mod driver;
mod incoming;
mod machine;
mod packets;
mod random;
mod rate_limit;
mod session;

pub use counters::{Counters, CountersSnapshot};
pub use driver::{SimulationOptions, run};
pub use incoming::Incoming;
pub use machine::{Datagram, Outcome, Port, RouterOptions, SimulatedRouter};
pub use rate_limit::{RateLimit, RateLimitError};
pub use session::{Session, TerminateCause};

/// Which RouterOS the router pretends to be, as far as RADIUS can tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Personality {
    /// RouterOS 6 and 7 before 7.15: sends no Message-Authenticator and demands none.
    V6,
    /// RouterOS since 7.15: Message-Authenticator last in Access-Requests, demanded of every reply to them.
    #[default]
    V7,
}

/// The service a customer dials.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Service {
    /// PPPoE; session ids begin with 81.
    Ppp,
    /// Hotspot; session ids begin with 80.
    Hotspot,
}

impl Service {
    /// First octet of the service's Acct-Session-Id.
    pub const fn byte(self) -> u8 {
        match self {
            Self::Ppp => 0x81,
            Self::Hotspot => 0x80,
        }
    }
}

/// How a password reaches the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// User-Password.
    Pap,
    /// CHAP-Password with CHAP-Challenge.
    Chap,
    /// MS-CHAPv1, NT part.
    MsChapV1,
    /// MS-CHAPv2.
    MsChapV2,
}

/// A customer behind the router.
#[derive(Debug, Clone)]
pub struct DemoCustomer {
    /// User-Name as typed.
    pub username: String,
    /// The password in clear.
    pub password: String,
    /// MAC address as the router writes it: upper case with colons.
    pub mac: String,
    /// What the customer dials.
    pub service: Service,
}

/// What goes wrong, as shares between 0 and 1 of the packets concerned.
#[derive(Debug, Clone, Copy, Default)]
pub struct Faults {
    /// Stops that are never sent.
    pub lost_stops: f64,
    /// Accounting datagrams sent twice at once.
    pub duplicates: f64,
    /// Accounting datagrams held back for 400 ms, so that later ones overtake them.
    pub reordered: f64,
    /// The clock starts on 2 January 1970, as after a power cut without NTP.
    pub clock_at_1970: bool,
}
