//! An Accounting-Request as an event: typed, normalised, with its instant decided (RFC 2866, RFC 2869).

use crate::radius::dictionary::numbers as attribute;
use std::net::Ipv4Addr;

use super::token::{SessionToken, TokenKey};
use crate::radius::PacketView;
use crate::units::{Mac, UnixMs};

/// An Event-Timestamp further than this from arrival is not believed (a router without a clock says 1970).
pub const MAX_SKEW_MS: i64 = 300_000;

/// An Acct-Session-Time above ten years is a broken counter and counts as absent.
const MAX_SESSION_SECS: u32 = 10 * 366 * 86_400;

/// Acct-Status-Type, as far as it concerns sessions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// A session began.
    Start,
    /// A session goes on.
    Interim,
    /// A session ended.
    Stop,
    /// The router begins to account: all its sessions are gone.
    On,
    /// The router ends to account: all its sessions are gone.
    Off,
}

impl Status {
    /// The word for people.
    pub fn name(self) -> &'static str {
        match self {
            Status::Start => "start",
            Status::Interim => "interim",
            Status::Stop => "stop",
            Status::On => "accounting-on",
            Status::Off => "accounting-off",
        }
    }
}

/// A request that is answered and kept as it came, but changes no session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Odd {
    /// No Acct-Status-Type, or one that is not about a session (tunnels, unknown numbers).
    StatusType,
    /// No Acct-Session-Id.
    SessionId,
}

/// When something happened, and what the router's clock said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EventTime {
    /// The instant taken.
    pub at: UnixMs,
    /// Event-Timestamp minus arrival, if the router sent one.
    pub skew_ms: Option<i64>,
}

/// One accounting event, borrowing its texts from the packet.
#[derive(Debug, Clone)]
pub struct AccountingEvent<'a> {
    /// What happened.
    pub status: Status,
    /// When, by the rules of [`event_time`].
    pub at: UnixMs,
    /// When the packet arrived.
    pub arrived_at: UnixMs,
    /// Acct-Session-Id, empty only for On and Off.
    pub acct_session_id: &'a [u8],
    /// User-Name as sent.
    pub username: &'a [u8],
    /// Calling-Station-Id, if it is a MAC.
    pub mac: Option<Mac>,
    /// Called-Station-Id.
    pub called_station: &'a [u8],
    /// NAS-Port-Id.
    pub nas_port_id: &'a [u8],
    /// Framed-IP-Address.
    pub framed_ip: Option<Ipv4Addr>,
    /// Acct-Session-Time.
    pub session_secs: Option<u32>,
    /// Octets from the customer (upload); `None` if the packet has no counter.
    pub octets_in: Option<u64>,
    /// Octets to the customer (download).
    pub octets_out: Option<u64>,
    /// Whether the high words of the counters came with them.
    pub has_gigawords: bool,
    /// Acct-Terminate-Cause, 0 if absent.
    pub terminate_cause: u32,
    /// Our token from Class.
    pub token: Option<SessionToken>,
    /// Acct-Authentic = Local: the router's own user list let this one in.
    pub is_local: bool,
}

impl<'a> AccountingEvent<'a> {
    /// Reads a packet whose authenticator was verified. `swap_octets` is for routers that count from their own point of view; `tokens` tells our token for a
    /// router's tenant.
    pub fn read(
        view: &PacketView<'a>,
        arrived_at: UnixMs,
        swap_octets: bool,
        tenant_id: i64,
        tokens: &TokenKey,
    ) -> Result<AccountingEvent<'a>, Odd> {
        let status = match view.get_u32(attribute::ACCT_STATUS_TYPE) {
            Some(1) => Status::Start,
            Some(2) => Status::Stop,
            Some(3) => Status::Interim,
            Some(7) => Status::On,
            Some(8) => Status::Off,
            _ => return Err(Odd::StatusType),
        };
        let acct_session_id = view.get(attribute::ACCT_SESSION_ID).unwrap_or_default();
        if acct_session_id.is_empty() && !matches!(status, Status::On | Status::Off) {
            return Err(Odd::SessionId);
        }
        let has_gigawords = view.has(attribute::ACCT_INPUT_GIGAWORDS) || view.has(attribute::ACCT_OUTPUT_GIGAWORDS);
        let octets = |low: u8, high: u8| {
            let high = u64::from(view.get_u32(high).unwrap_or(0)) << 32;
            view.get_u32(low).map(|low| high | u64::from(low))
        };
        let (mut octets_in, mut octets_out) = (
            octets(attribute::ACCT_INPUT_OCTETS, attribute::ACCT_INPUT_GIGAWORDS),
            octets(attribute::ACCT_OUTPUT_OCTETS, attribute::ACCT_OUTPUT_GIGAWORDS),
        );
        if swap_octets {
            std::mem::swap(&mut octets_in, &mut octets_out);
        }
        Ok(AccountingEvent {
            status,
            at: event_time(view.get_u32(attribute::EVENT_TIMESTAMP), view.get_u32(attribute::ACCT_DELAY_TIME), arrived_at).at,
            arrived_at,
            acct_session_id,
            username: view.get(attribute::USER_NAME).unwrap_or_default(),
            mac: view.get(attribute::CALLING_STATION_ID).and_then(Mac::parse),
            called_station: view.get(attribute::CALLED_STATION_ID).unwrap_or_default(),
            nas_port_id: view.get(attribute::NAS_PORT_ID).unwrap_or_default(),
            framed_ip: view.get_ipv4(attribute::FRAMED_IP_ADDRESS),
            session_secs: view.get_u32(attribute::ACCT_SESSION_TIME).filter(|secs| *secs <= MAX_SESSION_SECS),
            octets_in,
            octets_out,
            has_gigawords,
            terminate_cause: view.get_u32(attribute::ACCT_TERMINATE_CAUSE).unwrap_or(0),
            token: if view.has(attribute::CLASS) {
                view.all(attribute::CLASS).find_map(|class| tokens.verify(tenant_id, class.value))
            } else {
                None
            },
            is_local: view.get_u32(attribute::ACCT_AUTHENTIC) == Some(2),
        })
    }

    /// When the session began as far as this event tells: a Start's own instant, else the event less Acct-Session-Time; `None` if it does not say.
    pub fn implied_start(&self) -> Option<UnixMs> {
        match (self.status, self.session_secs) {
            (Status::Start, None | Some(0)) => Some(self.at),
            (_, Some(secs)) => Some(self.at - i64::from(secs) * 1000),
            (_, None) => None,
        }
    }
}

/// The instant of an event: Event-Timestamp if it is near arrival (Acct-Delay-Time is not taken off it), else arrival less Acct-Delay-Time.
pub fn event_time(event_timestamp: Option<u32>, delay_secs: Option<u32>, arrived_at: UnixMs) -> EventTime {
    // A delay of more than a day is a broken counter.
    let delay_ms = i64::from(delay_secs.filter(|secs| *secs <= 86_400).unwrap_or(0)) * 1000;
    let skew_ms = event_timestamp.map(|t| i64::from(t) * 1000 - arrived_at);
    // A delayed packet rightly carries an old timestamp; it may be older by the delay it admits.
    let at = match skew_ms {
        Some(skew) if (-MAX_SKEW_MS - delay_ms..=MAX_SKEW_MS).contains(&skew) => arrived_at + skew.min(0),
        _ => arrived_at - delay_ms,
    };
    EventTime { at, skew_ms }
}

#[cfg(test)]
mod tests {
    use super::event_time;

    #[test]
    fn the_event_time_follows_the_rules() {
        let now = 1_800_000_000_500;
        let secs = (now / 1000) as u32;
        for (timestamp, delay, wanted, why) in [
            (Some(secs - 10), None, now - 10_500, "a believable timestamp"),
            (Some(secs - 10), Some(10), now - 10_500, "delay is not taken off a timestamp"),
            (None, Some(7), now - 7000, "delay alone"),
            (None, None, now, "neither"),
            (Some(0), None, now, "1970"),
            (Some(u32::MAX), Some(3), now - 3000, "far future"),
            (Some(secs + 100), None, now, "a little ahead: nothing happens after it arrived"),
            (Some(secs - 1000), None, now, "skewed"),
            (Some(secs - 1000), Some(900), now - 1_000_500, "old, but admitted by its delay"),
            (None, Some(u32::MAX), now, "an absurd delay"),
            (Some(1), Some(1_799_999_999), now, "1970, admitted by an absurd delay"),
        ] {
            assert_eq!(event_time(timestamp, delay, now).at, wanted, "{why}");
        }
    }
}
