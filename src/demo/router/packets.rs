//! The requests of a router, attribute by attribute in the order RouterOS sends them.
//!
//! The hotspot orders are those of public captures of RouterOS 7; the order of PPPoE accounting is assumed where captures are silent.

use super::session::{Session, TerminateCause};
use super::{DemoCustomer, Method, Personality, Service};
use crate::radius::client::{BuildError, Code, MessageAuthenticator, Request, RequestBuilder};
use std::net::Ipv4Addr;

const MIKROTIK: u32 = 14988;
const WISPR: u32 = 14122;

/// What a router says about itself in every request.
#[derive(Debug, Clone)]
pub(super) struct Nas {
    pub identity: String,
    pub address: Ipv4Addr,
    pub secret: Vec<u8>,
    pub personality: Personality,
}

/// One login: the customer's side and the octets that chance decides.
pub(super) struct Attempt<'a> {
    pub customer: &'a DemoCustomer,
    pub password: &'a [u8],
    pub method: Method,
    pub session_id: u32,
    pub nas_port: u32,
    pub address: Ipv4Addr,
    pub authenticator: [u8; 16],
    pub challenge: [u8; 16],
    pub peer_challenge: [u8; 16],
}

/// What an Accounting-Request reports.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Report {
    Start,
    Interim,
    Stop(TerminateCause),
}

pub(super) fn access_request(nas: &Nas, identifier: u8, attempt: &Attempt<'_>) -> Result<Request, BuildError> {
    let place = match nas.personality {
        Personality::V6 => MessageAuthenticator::None,
        Personality::V7 => MessageAuthenticator::Last,
    };
    let builder = RequestBuilder::new(Code::AccessRequest, identifier, attempt.authenticator).message_authenticator(place);
    let session_id = format!("{:08x}", attempt.session_id);
    let builder = match attempt.customer.service {
        Service::Ppp => {
            let builder = ppp_line(builder, attempt.customer, attempt.nas_port).text(44, &session_id);
            credential(builder, attempt)
        }
        Service::Hotspot => {
            let builder = hotspot_line(builder, attempt.customer, attempt.nas_port, &session_id, attempt.address);
            let logoff = format!("http://{}/logout", nas.address);
            credential(builder, attempt).integer(6, 1).vendor_octets(WISPR, 3, logoff.as_bytes())
        }
    };
    builder.text(32, &nas.identity).address(4, nas.address.into()).finish(&nas.secret)
}

/// Service-Type to NAS-Port-Id, common to PPPoE login and accounting.
fn ppp_line(builder: RequestBuilder, customer: &DemoCustomer, nas_port: u32) -> RequestBuilder {
    builder
        .integer(6, 2)
        .integer(7, 1)
        .integer(5, nas_port)
        .integer(61, 15)
        .text(1, &customer.username)
        .text(31, &customer.mac)
        .text(30, "internet")
        .text(87, "ether2")
}

/// NAS-Port-Type to Mikrotik-Host-IP, common to hotspot login and accounting.
fn hotspot_line(builder: RequestBuilder, customer: &DemoCustomer, nas_port: u32, session_id: &str, address: Ipv4Addr) -> RequestBuilder {
    builder
        .integer(61, 19)
        .text(31, &customer.mac)
        .text(30, "hotspot1")
        .text(87, "bridge-hotspot")
        .text(1, &customer.username)
        .integer(5, nas_port)
        .text(44, session_id)
        .address(8, address.into())
        .vendor_ipv4(MIKROTIK, 10, address)
}

fn credential(builder: RequestBuilder, attempt: &Attempt<'_>) -> RequestBuilder {
    let identifier = attempt.peer_challenge[0];
    match attempt.method {
        Method::Pap => builder.pap(attempt.password),
        Method::Chap => builder.chap(identifier, attempt.password, &attempt.challenge),
        Method::MsChapV1 => {
            let challenge = attempt.challenge.first_chunk().expect("eight of sixteen octets");
            builder.mschap_v1(identifier, attempt.password, challenge)
        }
        Method::MsChapV2 => builder.mschap_v2(
            identifier,
            attempt.customer.username.as_bytes(),
            attempt.password,
            &attempt.challenge,
            &attempt.peer_challenge,
        ),
    }
}

/// `event_secs` is Event-Timestamp by the router's own clock.
pub(super) fn accounting_request(
    nas: &Nas,
    identifier: u8,
    session: &Session,
    report: Report,
    session_secs: u32,
    event_secs: u32,
) -> Result<Request, BuildError> {
    let builder = RequestBuilder::new(Code::AccountingRequest, identifier, [0; 16]);
    let status = |builder: RequestBuilder| match report {
        Report::Start => builder.integer(40, 1),
        Report::Interim => builder.integer(40, 3),
        Report::Stop(cause) => builder.integer(40, 2).integer(49, cause as u32),
    };
    let class = |builder| session.classes.iter().fold(builder, |builder: RequestBuilder, class| builder.octets(25, class));
    let builder = match session.service() {
        Service::Ppp => {
            let builder = ppp_line(builder, &session.customer, session.nas_port).text(44, &session.acct_session_id());
            let builder = class(builder.address(8, session.framed_ip.into()).integer(45, 1)).integer(55, event_secs);
            status(usage(builder, session, report, session_secs))
        }
        Service::Hotspot => {
            let builder = hotspot_line(status(builder), &session.customer, session.nas_port, &session.acct_session_id(), session.framed_ip);
            usage(class(builder).integer(55, event_secs), session, report, session_secs)
        }
    };
    builder.text(32, &nas.identity).integer(41, 0).address(4, nas.address.into()).finish(&nas.secret)
}

/// Time and 64-bit counters; the gigawords are always present, also when zero, as captured.
fn usage(builder: RequestBuilder, session: &Session, report: Report, session_secs: u32) -> RequestBuilder {
    if report == Report::Start {
        return builder;
    }
    let words = |octets: u64| ((octets >> 32) as u32, octets as u32);
    let ((in_high, in_low), (out_high, out_low)) = (words(session.octets_in), words(session.octets_out));
    builder
        .integer(46, session_secs)
        .integer(42, in_low)
        .integer(52, in_high)
        .integer(47, Session::packets(session.octets_in))
        .integer(43, out_low)
        .integer(53, out_high)
        .integer(48, Session::packets(session.octets_out))
}
