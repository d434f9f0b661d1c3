//! One customer online: what the Accept said, and the traffic that follows from it.

use super::rate_limit::{RateLimit, RateLimitError};
use super::{DemoCustomer, Service};
use crate::radius::PacketView;
use crate::radius::client::Reply;
use crate::radius::dictionary::numbers::{ACCT_INTERIM_INTERVAL, CLASS, FRAMED_IP_ADDRESS, SESSION_TIMEOUT};
use std::net::Ipv4Addr;
use std::sync::Arc;

const MIKROTIK: u32 = 14988;

/// Line speed without a rate limit, in bit/s: upload, download.
const LINE_BPS: (u64, u64) = (20_000_000, 100_000_000);
/// Customers use this much less of their upload than of their download.
const UPLOAD_DIVISOR: u64 = 8;
/// Traffic is added in steps of at least this many milliseconds.
const METER_STEP_MS: u64 = 500;
/// Mean octets in a packet, to derive packet counts.
const OCTETS_PER_PACKET: u64 = 800;

/// Acct-Terminate-Cause (RFC 2866 §5.10).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TerminateCause {
    /// The customer logged out.
    UserRequest = 1,
    /// The line went away.
    LostCarrier = 2,
    /// Session-Timeout was reached.
    SessionTimeout = 5,
    /// An administrator or a Disconnect-Request.
    AdminReset = 6,
    /// A traffic limit was reached (MikroTik manual: hotspot reports nas-request).
    NasRequest = 10,
}

/// A customer online.
#[derive(Debug, Clone)]
pub struct Session {
    /// Acct-Session-Id as a number; sent as eight hex digits.
    pub id: u32,
    /// Who is online.
    pub customer: Arc<DemoCustomer>,
    /// Address given to the customer.
    pub framed_ip: Ipv4Addr,
    /// Class values of the Accept, echoed in accounting in their order.
    pub classes: Vec<Vec<u8>>,
    /// Seconds between interim updates; none if the Accept names none.
    pub interim_secs: Option<u32>,
    /// The queue that the Accept asked for.
    pub rate_limit: Option<RateLimit>,
    /// Octets from the customer.
    pub octets_in: u64,
    /// Octets to the customer.
    pub octets_out: u64,
    /// When the Accept came, in unix milliseconds.
    pub started_ms: u64,
    pub(super) next_interim_ms: u64,
    pub(super) timeout_ms: Option<u64>,
    pub(super) leaves_ms: Option<u64>,
    pub(super) nas_port: u32,
    /// Limits in octets of upload, download and their sum (Mikrotik-Recv-Limit, -Xmit-Limit, -Total-Limit).
    limits: [Option<u64>; 3],
    /// Share of the line that this customer uses, in 1/1000.
    use_permille: u64,
    metered_ms: u64,
}

impl Session {
    /// Applies an Access-Accept. The flag tells that its Mikrotik-Rate-Limit broke the grammar; the session then has none.
    pub(super) fn from_accept(
        id: u32,
        customer: Arc<DemoCustomer>,
        own_address: Ipv4Addr,
        nas_port: u32,
        reply: &Reply,
        use_permille: u64,
        now_ms: u64,
    ) -> (Self, bool) {
        let rate_text = reply.vendor_first(MIKROTIK, 8).map(String::from_utf8_lossy);
        let parsed = rate_text.map(|text| text.parse::<RateLimit>());
        let malformed = matches!(parsed, Some(Err(_)));
        let interim_secs = reply.integer(ACCT_INTERIM_INTERVAL).filter(|&secs| secs > 0);
        let timeout_ms = reply.integer(SESSION_TIMEOUT).filter(|&secs| secs > 0).map(|secs| now_ms + u64::from(secs) * 1000);
        let session = Self {
            id,
            customer,
            framed_ip: address_of(reply).unwrap_or(own_address),
            classes: reply.all(CLASS).map(<[u8]>::to_vec).collect(),
            interim_secs,
            rate_limit: parsed.and_then(Result::ok),
            octets_in: 0,
            octets_out: 0,
            started_ms: now_ms,
            next_interim_ms: now_ms.saturating_add(interim_secs.map_or(u64::MAX, |secs| u64::from(secs) * 1000)),
            timeout_ms,
            leaves_ms: None,
            nas_port,
            limits: [limit(reply, 1, 14), limit(reply, 2, 15), limit(reply, 17, 18)],
            use_permille,
            metered_ms: now_ms,
        };
        (session, malformed)
    }

    /// Takes a change while it is online; timeouts and limits count from the session's begin.
    pub(super) fn change(&mut self, change: &Change) {
        self.rate_limit = change.rate_limit.or(self.rate_limit);
        if let Some(secs) = change.session_timeout_secs {
            self.timeout_ms = Some(self.started_ms + u64::from(secs) * 1000);
        }
        for (limit, changed) in self.limits.iter_mut().zip([change.upload_limit, change.download_limit]) {
            *limit = changed.or(*limit);
        }
    }

    /// Eight lower-case hex digits: service byte, boot nibble, counter.
    pub fn acct_session_id(&self) -> String {
        format!("{:08x}", self.id)
    }

    /// Which service the session belongs to.
    pub fn service(&self) -> Service {
        self.customer.service
    }

    /// Whole seconds online (Acct-Session-Time).
    pub fn session_secs(&self, now_ms: u64) -> u32 {
        u32::try_from(now_ms.saturating_sub(self.started_ms) / 1000).unwrap_or(u32::MAX)
    }

    /// Lets traffic flow until `now_ms`; returns the octets added in and out.
    pub(super) fn meter(&mut self, now_ms: u64) -> (u64, u64) {
        let elapsed_ms = now_ms.saturating_sub(self.metered_ms);
        // Shorter steps would lose the fractions of octets that they round away.
        if elapsed_ms < METER_STEP_MS {
            return (0, 0);
        }
        self.metered_ms = now_ms;
        let (up, down) = self.rate_limit.map_or((0, 0), |limit| limit.rate_bps);
        let octets = |bps: u64, line: u64| {
            let bps = if bps == 0 { line } else { bps };
            // bit/s * ms * permille / 8 bits / 1000 ms / 1000 permille; 128 bits so that no rate overflows
            (u128::from(bps) * u128::from(elapsed_ms) * u128::from(self.use_permille) / 8_000_000) as u64
        };
        let added = (octets(up, LINE_BPS.0) / UPLOAD_DIVISOR, octets(down, LINE_BPS.1));
        self.octets_in = self.octets_in.saturating_add(added.0);
        self.octets_out = self.octets_out.saturating_add(added.1);
        added
    }

    /// Packets that make up these octets.
    pub(super) fn packets(octets: u64) -> u32 {
        octets.div_ceil(OCTETS_PER_PACKET) as u32
    }

    /// Why the session ends now, if it does; its limits end it only where they are enforced. Session-Timeout goes before the customer's own wish.
    pub(super) fn ends(&self, enforces_limits: bool, now_ms: u64) -> Option<TerminateCause> {
        let reached = |limit: Option<u64>, octets: u64| enforces_limits && limit.is_some_and(|limit| octets >= limit);
        let [upload, download, total] = self.limits;
        if enforces_limits && self.timeout_ms.is_some_and(|at| at <= now_ms) {
            Some(TerminateCause::SessionTimeout)
        } else if reached(upload, self.octets_in)
            || reached(download, self.octets_out)
            || reached(total, self.octets_in.saturating_add(self.octets_out))
        {
            Some(TerminateCause::NasRequest)
        } else {
            self.leaves_ms.filter(|&at| at <= now_ms).map(|_| TerminateCause::UserRequest)
        }
    }
}

/// What a CoA-Request changes of a session.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Change {
    pub rate_limit: Option<RateLimit>,
    pub session_timeout_secs: Option<u32>,
    pub upload_limit: Option<u64>,
    pub download_limit: Option<u64>,
}

impl Change {
    pub fn read(view: &PacketView<'_>) -> Result<Change, RateLimitError> {
        let rate_text = view.vendor_get(MIKROTIK, 8).map(String::from_utf8_lossy);
        let word = |kind: u8| view.vendor_get(MIKROTIK, kind).and_then(|value| value.try_into().ok()).map_or(0, u32::from_be_bytes);
        let limit = |low: u8, high: u8| Some(u64::from(word(high)) << 32 | u64::from(word(low))).filter(|octets| *octets > 0);
        Ok(Change {
            rate_limit: rate_text.map(|text| text.parse()).transpose()?,
            session_timeout_secs: view.get_u32(SESSION_TIMEOUT).filter(|secs| *secs > 0),
            upload_limit: limit(1, 14),
            download_limit: limit(2, 15),
        })
    }
}

/// Framed-IP-Address of the Accept, unless it means "take one of your pool" (127/8, 224/3, 255.255.255.254).
fn address_of(reply: &Reply) -> Option<Ipv4Addr> {
    let octets: [u8; 4] = reply.first(FRAMED_IP_ADDRESS)?.try_into().ok()?;
    (octets[0] != 127 && octets[0] < 224).then(|| Ipv4Addr::from(octets))
}

/// A 64-bit limit from its low and high attribute; absent or 0 means none.
fn limit(reply: &Reply, low: u8, high: u8) -> Option<u64> {
    let word = |number| reply.vendor_first(MIKROTIK, number).and_then(|value| value.try_into().ok()).map_or(0, u32::from_be_bytes);
    Some(u64::from(word(high)) << 32 | u64::from(word(low))).filter(|&octets| octets > 0)
}
