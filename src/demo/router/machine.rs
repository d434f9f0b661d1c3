//! The router as a state machine: logins, replies and time go in, datagrams come out. No socket, no clock, no thread.

use super::counters::Counters;
use super::packets::{self, Attempt, Nas, Report};
use super::random::Random;
use super::session::{Session, TerminateCause};
use super::{DemoCustomer, Faults, Incoming, Method, Personality, Service};
use crate::radius::client::{self, Code, Reply, ReplyError, Request, Requirement};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

/// How often RouterOS sends a request before it gives up (captured: three times, one `timeout` apart).
pub const TRIES: u32 = 3;
/// How long a reordered datagram is held back.
pub const REORDER_MS: u64 = 400;
/// First NAS-Port of dynamic PPP interfaces, as RouterOS numbers them.
const FIRST_PPP_PORT: u32 = 15_728_640;
/// Where a clock without battery and NTP starts: 2 January 1970, in unix seconds.
const EPOCH_OF_RESET_CLOCK_SECS: u64 = 86_400;

/// What a router is and does.
#[derive(Debug, Clone)]
pub struct RouterOptions {
    /// `/system identity`: NAS-Identifier.
    pub identity: String,
    /// NAS-IP-Address.
    pub nas_address: Ipv4Addr,
    /// Shared secret.
    pub secret: Vec<u8>,
    /// Which RouterOS.
    pub personality: Personality,
    /// Boot nibble of the first boot, 0..=15.
    pub boot: u8,
    /// `/radius timeout` in milliseconds: between tries, and after the last.
    pub timeout_ms: u64,
    /// How long customers stay, in seconds, least and most; none: until somebody ends the session.
    pub stay_secs: Option<(u64, u64)>,
    /// What goes wrong.
    pub faults: Faults,
    /// What it does with CoA and Disconnect requests.
    pub incoming: Incoming,
    /// Whether it ends sessions by itself at Session-Timeout and volume limits; a router that does not leaves that to the server.
    pub enforces_limits: bool,
    /// Share of the line that every customer uses, in 1/1000; none: each another one, 5 to 404.
    pub use_permille: Option<u64>,
    /// The address of the server in `/radius`; none: CoA is taken from any address.
    pub server: Option<IpAddr>,
    /// The same seed and inputs give the same datagrams.
    pub seed: u64,
}

impl Default for RouterOptions {
    fn default() -> Self {
        Self {
            identity: "MikroTik".into(),
            nas_address: Ipv4Addr::new(192, 168, 88, 1),
            secret: Vec::new(),
            personality: Personality::default(),
            boot: 0,
            timeout_ms: 1100,
            stay_secs: None,
            faults: Faults::default(),
            incoming: Incoming::Obey,
            enforces_limits: true,
            use_permille: None,
            server: None,
            seed: 0,
        }
    }
}

/// Which of the server's ports a datagram goes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Port {
    /// 1812.
    Authentication,
    /// 1813.
    Accounting,
}

/// A datagram to send. Every exchange has a source port of its own; its resends and duplicates come from the same one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Datagram {
    /// Which exchange it belongs to; hand replies that come to its source port to [`SimulatedRouter::receive`] with this number.
    pub exchange: u64,
    /// Where to.
    pub port: Port,
    /// The payload.
    pub bytes: Vec<u8>,
}

/// What a received datagram meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The customer is online under this session id.
    Online(u32),
    /// The login was refused, with the text that came along.
    Rejected(String),
    /// An accounting record was acknowledged.
    Acknowledged,
    /// Not a good reply: the router goes on waiting.
    BadReply(ReplyError),
    /// The server accepted but did not prove that it knows the password: the customer's device hangs up.
    Unproven(ReplyError),
    /// No such exchange (any more): a late or repeated reply.
    Late,
}

struct Pending {
    request: Request,
    port: Port,
    login: Option<PendingLogin>,
    tries: u32,
    next_ms: u64,
}

struct PendingLogin {
    customer: Arc<DemoCustomer>,
    session_id: u32,
    nas_port: u32,
    address: Ipv4Addr,
}

/// A simulated router. All times are unix milliseconds and must not run backwards.
pub struct SimulatedRouter {
    options: RouterOptions,
    nas: Nas,
    counters: Arc<Counters>,
    random: Random,
    booted_ms: u64,
    session_counter: u32,
    identifier: u8,
    exchanges: u64,
    pending: BTreeMap<u64, Pending>,
    sessions: BTreeMap<u32, Session>,
    busy: BTreeSet<String>,
    outbox: VecDeque<Datagram>,
    held: Vec<(u64, Datagram)>,
}

impl SimulatedRouter {
    /// A router that boots at `now_ms` and counts into `counters`.
    pub fn new(options: RouterOptions, counters: Arc<Counters>, now_ms: u64) -> Self {
        let nas = Nas {
            identity: options.identity.clone(),
            address: options.nas_address,
            secret: options.secret.clone(),
            personality: options.personality,
        };
        Self {
            nas,
            counters,
            random: Random::new(options.seed),
            booted_ms: now_ms,
            session_counter: 0,
            identifier: 0,
            exchanges: 0,
            pending: BTreeMap::new(),
            sessions: BTreeMap::new(),
            busy: BTreeSet::new(),
            outbox: VecDeque::new(),
            held: Vec::new(),
            options,
        }
    }

    /// Sessions online, by id.
    pub fn sessions(&self) -> impl Iterator<Item = &Session> {
        self.sessions.values()
    }

    pub(super) fn options(&self) -> &RouterOptions {
        &self.options
    }

    pub(super) fn counters(&self) -> &Counters {
        &self.counters
    }

    pub(super) fn session_mut(&mut self, session_id: u32) -> Option<&mut Session> {
        self.sessions.get_mut(&session_id)
    }

    /// Whether this customer is online or being logged in.
    pub fn is_busy(&self, username: &str) -> bool {
        self.busy.contains(username)
    }

    /// Whether the exchange still waits for its reply; once it does not, its socket can be closed.
    pub fn is_pending(&self, exchange: u64) -> bool {
        self.pending.contains_key(&exchange)
    }

    /// Exchanges that wait for replies.
    pub fn pending(&self) -> usize {
        self.pending.len()
    }

    /// A customer dials: the Access-Request to send now. `password` is what was typed, which may differ from the customer's.
    /// `None` if the request cannot be built (a name or password too long for its attribute).
    pub fn login(&mut self, customer: &Arc<DemoCustomer>, password: &str, method: Method, now_ms: u64) -> Option<Datagram> {
        let session_id = self.next_session_id(customer.service);
        let nas_port = match customer.service {
            Service::Ppp => FIRST_PPP_PORT | (self.session_counter & 0xf_ffff),
            Service::Hotspot => session_id,
        };
        let host = self.session_counter;
        let address = Ipv4Addr::new(10, 64 | (host >> 16) as u8 & 0x0f, (host >> 8) as u8, host as u8);
        let attempt = Attempt {
            customer,
            password: password.as_bytes(),
            method,
            session_id,
            nas_port,
            address,
            authenticator: self.random.octets(),
            challenge: self.random.octets(),
            peer_challenge: self.random.octets(),
        };
        let request = packets::access_request(&self.nas, self.identifier, &attempt).ok()?;
        Counters::add(&self.counters.logins, 1);
        self.busy.insert(customer.username.clone());
        let login = PendingLogin { customer: Arc::clone(customer), session_id, nas_port, address };
        Some(self.open_exchange(request, Port::Authentication, Some(login), now_ms))
    }

    /// A datagram came to the source port of `exchange`. What the router wants to send on it comes from [`Self::due`].
    pub fn receive(&mut self, exchange: u64, datagram: &[u8], now_ms: u64) -> Outcome {
        let Some(pending) = self.pending.get(&exchange) else { return Outcome::Late };
        // RouterOS demands Message-Authenticator of replies to Access-Requests only (require-message-auth=yes-for-request-resp).
        let requirement = match (self.options.personality, pending.port) {
            (Personality::V7, Port::Authentication) => Requirement::Required,
            _ => Requirement::IfPresent,
        };
        let checked = client::check_reply(&pending.request, datagram, &self.nas.secret, requirement);
        let reply = match checked {
            Ok(reply) => reply,
            Err(error @ (ReplyError::NoServerProof | ReplyError::WrongServerProof)) => {
                Counters::add(&self.counters.bad_replies, 1);
                self.close_exchange(exchange);
                return Outcome::Unproven(error);
            }
            Err(error) => {
                Counters::add(&self.counters.bad_replies, 1);
                return Outcome::BadReply(error);
            }
        };
        let login = self.pending.remove(&exchange).and_then(|pending| pending.login);
        match (login, reply.code) {
            (Some(login), Code::AccessAccept) => Outcome::Online(self.begin_session(login, &reply, now_ms)),
            (Some(login), _) => {
                let text = reject_text(&reply);
                self.counters.count_reject(&text);
                self.busy.remove(&login.customer.username);
                Outcome::Rejected(text)
            }
            (None, _) => {
                Counters::add(&self.counters.accounting_responses, 1);
                Outcome::Acknowledged
            }
        }
    }

    /// Lets time pass: resends, give-ups, traffic, interims, ends of sessions. Returns everything that is to be sent now.
    pub fn due(&mut self, now_ms: u64) -> Vec<Datagram> {
        self.release_held(now_ms);
        self.resend(now_ms);
        let ids: Vec<u32> = self.sessions.keys().copied().collect();
        for id in ids {
            let Some(session) = self.sessions.get_mut(&id) else { continue };
            let (octets_in, octets_out) = session.meter(now_ms);
            Counters::add(&self.counters.octets_in, octets_in);
            Counters::add(&self.counters.octets_out, octets_out);
            if let Some(cause) = session.ends(self.options.enforces_limits, now_ms) {
                self.logout(id, cause, now_ms);
            } else if session.next_interim_ms <= now_ms {
                let interval_ms = u64::from(session.interim_secs.unwrap_or(u32::MAX)) * 1000;
                session.next_interim_ms = now_ms + interval_ms;
                let session = session.clone();
                self.account(&session, Report::Interim, now_ms);
            }
        }
        self.outbox.drain(..).collect()
    }

    /// Ends a session; its Stop comes from [`Self::due`], unless a fault swallows it. False if there is no such session.
    pub fn logout(&mut self, session_id: u32, cause: TerminateCause, now_ms: u64) -> bool {
        let Some(session) = self.remove_session(session_id) else { return false };
        if self.random.happens(self.options.faults.lost_stops) {
            Counters::add(&self.counters.lost_stops, 1);
        } else {
            self.account(&session, Report::Stop(cause), now_ms);
        }
        true
    }

    /// The customer's device roams to another router: the session is gone here, without a Stop. False if there is no such session.
    pub fn roam_away(&mut self, session_id: u32) -> bool {
        self.remove_session(session_id).is_some()
    }

    /// Power cut and boot: sessions and pending exchanges vanish without a word (RouterOS sends no Accounting-Off or -On as far as its manual says),
    /// the boot nibble goes up by one and the session counter begins anew.
    pub fn reboot(&mut self, now_ms: u64) {
        self.counters.online.fetch_sub(self.sessions.len() as u64, Relaxed);
        self.sessions.clear();
        self.pending.clear();
        self.outbox.clear();
        self.held.clear();
        self.busy.clear();
        self.options.boot = (self.options.boot + 1) & 0x0f;
        self.session_counter = 0;
        self.booted_ms = now_ms;
    }

    fn next_session_id(&mut self, service: Service) -> u32 {
        self.session_counter = (self.session_counter + 1) & 0x000f_ffff;
        u32::from(service.byte()) << 24 | u32::from(self.options.boot & 0x0f) << 20 | self.session_counter
    }

    fn begin_session(&mut self, login: PendingLogin, reply: &Reply, now_ms: u64) -> u32 {
        Counters::add(&self.counters.accepts, 1);
        let by_chance = 5 + self.random.below(400);
        let use_permille = self.options.use_permille.unwrap_or(by_chance);
        let (mut session, malformed_rate) =
            Session::from_accept(login.session_id, login.customer, login.address, login.nas_port, reply, use_permille, now_ms);
        if malformed_rate {
            Counters::add(&self.counters.bad_rate_limits, 1);
        }
        if let Some((least, most)) = self.options.stay_secs {
            session.leaves_ms = Some(now_ms + 1000 * least + self.random.below(1000 * most.saturating_sub(least) + 1));
        }
        Counters::add(&self.counters.online, 1);
        self.account(&session, Report::Start, now_ms);
        self.sessions.insert(session.id, session);
        login.session_id
    }

    fn remove_session(&mut self, session_id: u32) -> Option<Session> {
        let session = self.sessions.remove(&session_id)?;
        self.busy.remove(&session.customer.username);
        self.counters.online.fetch_sub(1, Relaxed);
        Some(session)
    }

    fn account(&mut self, session: &Session, report: Report, now_ms: u64) {
        let clock_secs = if self.options.faults.clock_at_1970 {
            EPOCH_OF_RESET_CLOCK_SECS + now_ms.saturating_sub(self.booted_ms) / 1000
        } else {
            now_ms / 1000
        };
        let built =
            packets::accounting_request(&self.nas, self.identifier, session, report, session.session_secs(now_ms), clock_secs as u32);
        // A Class of 253 octets many times over could exceed a packet; RouterOS' behaviour then is unknown, so nothing is sent.
        let Ok(request) = built else { return };
        Counters::add(&self.counters.accounting_requests, 1);
        let delay_ms = if self.random.happens(self.options.faults.reordered) { REORDER_MS } else { 0 };
        let datagram = self.open_exchange(request, Port::Accounting, None, now_ms + delay_ms);
        let copies = if self.random.happens(self.options.faults.duplicates) { 2 } else { 1 };
        for _ in 0..copies {
            if delay_ms > 0 {
                self.held.push((now_ms + delay_ms, datagram.clone()));
            } else {
                self.outbox.push_back(datagram.clone());
            }
        }
    }

    fn open_exchange(&mut self, request: Request, port: Port, login: Option<PendingLogin>, sent_ms: u64) -> Datagram {
        self.exchanges += 1;
        self.identifier = self.identifier.wrapping_add(1);
        let datagram = Datagram { exchange: self.exchanges, port, bytes: request.bytes.clone() };
        self.pending.insert(self.exchanges, Pending { request, port, login, tries: 1, next_ms: sent_ms + self.options.timeout_ms });
        datagram
    }

    fn close_exchange(&mut self, exchange: u64) {
        if let Some(login) = self.pending.remove(&exchange).and_then(|pending| pending.login) {
            self.busy.remove(&login.customer.username);
        }
    }

    fn release_held(&mut self, now_ms: u64) {
        let (ready, held) = std::mem::take(&mut self.held).into_iter().partition(|(at, _)| *at <= now_ms);
        self.held = held;
        let ready: Vec<(u64, Datagram)> = ready;
        self.outbox.extend(ready.into_iter().map(|(_, datagram)| datagram));
    }

    fn resend(&mut self, now_ms: u64) {
        let mut given_up = Vec::new();
        for (&exchange, pending) in self.pending.iter_mut().filter(|(_, pending)| pending.next_ms <= now_ms) {
            if pending.tries == TRIES {
                given_up.push(exchange);
                continue;
            }
            pending.tries += 1;
            pending.next_ms = now_ms + self.options.timeout_ms;
            Counters::add(&self.counters.resends, 1);
            self.outbox.push_back(Datagram { exchange, port: pending.port, bytes: pending.request.bytes.clone() });
        }
        for exchange in given_up {
            Counters::add(&self.counters.timeouts, 1);
            self.close_exchange(exchange);
        }
    }
}

/// The words that came with a Reject: Reply-Message, else the message of MS-CHAP-Error, else none.
fn reject_text(reply: &Reply) -> String {
    let messages: Vec<_> = reply.all(18).map(String::from_utf8_lossy).collect();
    if !messages.is_empty() {
        return messages.concat();
    }
    match reply.vendor_first(311, 2) {
        Some([_identifier, text @ ..]) => ms_chap_error_text(&String::from_utf8_lossy(text)),
        _ if reply.code == Code::AccessChallenge => "(challenge)".into(),
        _ => "(no text)".into(),
    }
}

/// Code and message of `E=691 R=0 C=<challenge> V=3 M=<message>`; the challenge differs every time and says nothing.
fn ms_chap_error_text(text: &str) -> String {
    let code = text.split(' ').next().unwrap_or_default();
    match text.split_once(" M=") {
        Some((_, message)) => format!("{code} {message}"),
        None => code.to_owned(),
    }
}

#[cfg(test)]
#[path = "machine_tests.rs"]
mod tests;
