//! `/radius incoming`: CoA and Disconnect as RouterOS takes them (MikroTik manual, "RADIUS", "Connection Terminating from RADIUS" and "Supported RADIUS attributes";
//! the exact Error-Causes are assumed).

use std::net::IpAddr;

use super::machine::SimulatedRouter;
use super::session::{Change, Session, TerminateCause};
use super::{Counters, Service};
use crate::radius::dictionary::numbers::mikrotik::VENDOR;
use crate::radius::dictionary::numbers::{
    ACCT_SESSION_ID, CALLING_STATION_ID, FRAMED_IP_ADDRESS, FRAMED_IPV6_PREFIX, FRAMED_POOL, NAS_IP_ADDRESS, USER_NAME,
};
use crate::radius::{DynamicReply, PacketView, Secret, code, dynamic_reply};

/// What the router does with requests that it would take.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Incoming {
    /// Its own rules.
    #[default]
    Obey,
    /// It acknowledges and does nothing.
    AckOnly,
    /// It refuses with this Error-Cause; 0 = without one.
    Refuse(u32),
    /// It says nothing, as with `accept=no` or a firewall on the way.
    Silent,
}

/// Attributes of MikroTik that a running session does not take.
const NOT_LIVE: [u8; 3] = [17, 18, 19];

impl SimulatedRouter {
    /// A datagram came to the port of `/radius incoming` from `source`; the answer, if it gives one. Stops come from [`SimulatedRouter::due`].
    pub fn incoming(&mut self, datagram: &[u8], source: IpAddr, now_ms: u64) -> Option<Vec<u8>> {
        let view = PacketView::parse(datagram).ok()?;
        let secret = Secret::new(&self.options().secret);
        let is_known = self.options().server.is_none_or(|server| server == source);
        let is_request = matches!(view.code(), code::COA_REQUEST | code::DISCONNECT_REQUEST);
        if !is_request || !is_known || !secret.verifies_request_authenticator(&view) {
            Counters::add(&self.counters().coa_ignored, 1);
            return None;
        }
        let reply = match self.options().incoming {
            Incoming::Silent => {
                Counters::add(&self.counters().coa_ignored, 1);
                return None;
            }
            Incoming::AckOnly => DynamicReply::Ack,
            Incoming::Refuse(cause) => DynamicReply::Nak(Some(cause).filter(|cause| *cause != 0)),
            Incoming::Obey => self.obey(&view, now_ms),
        };
        let counter = match reply {
            DynamicReply::Ack if view.code() == code::COA_REQUEST => &self.counters().coa_acks,
            DynamicReply::Ack => &self.counters().disconnect_acks,
            DynamicReply::Nak(_) => &self.counters().coa_naks,
        };
        Counters::add(counter, 1);
        Some(dynamic_reply(view.bytes(), reply, self.options().identity.as_bytes(), &secret))
    }

    fn obey(&mut self, view: &PacketView<'_>, now_ms: u64) -> DynamicReply {
        // The address of the router itself must be its own; behind NAT a server cannot know it.
        if view.get_ipv4(NAS_IP_ADDRESS).is_some_and(|address| address != self.options().nas_address) {
            return DynamicReply::Nak(Some(403));
        }
        let found = self.sessions().find(|session| is_meant(session, view)).map(|session| (session.id, session.service()));
        let Some((id, service)) = found else { return DynamicReply::Nak(Some(503)) };
        // A hotspot customer is found by address only (PacketFence issue 7703).
        if service == Service::Hotspot && !view.has(FRAMED_IP_ADDRESS) {
            return DynamicReply::Nak(Some(402));
        }
        if view.code() == code::DISCONNECT_REQUEST {
            self.logout(id, TerminateCause::AdminReset, now_ms);
            return DynamicReply::Ack;
        }
        let asks_too_much =
            view.has(FRAMED_POOL) || view.has(FRAMED_IPV6_PREFIX) || view.vendor(VENDOR).any(|a| NOT_LIVE.contains(&a.kind));
        match Change::read(view) {
            _ if asks_too_much => DynamicReply::Nak(Some(401)),
            Err(_) => DynamicReply::Nak(Some(407)),
            Ok(change) => {
                if let Some(session) = self.session_mut(id) {
                    session.change(&change);
                }
                DynamicReply::Ack
            }
        }
    }
}

/// Whether every naming attribute of the request fits the session.
fn is_meant(session: &Session, view: &PacketView<'_>) -> bool {
    let fits = |kind: u8, value: &[u8]| view.get(kind).is_none_or(|given| given.eq_ignore_ascii_case(value));
    let names = [USER_NAME, ACCT_SESSION_ID, FRAMED_IP_ADDRESS];
    names.iter().any(|kind| view.has(*kind))
        && fits(USER_NAME, session.customer.username.as_bytes())
        && fits(ACCT_SESSION_ID, session.acct_session_id().as_bytes())
        && fits(FRAMED_IP_ADDRESS, &session.framed_ip.octets())
        && fits(CALLING_STATION_ID, session.customer.mac.as_bytes())
}
