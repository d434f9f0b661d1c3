//! What is handed to those who speak with routers: the sender of CoA and Disconnect requests, and the fallback by the router's own interface.

use std::net::IpAddr;
use std::net::SocketAddr;
use std::sync::Arc;

use super::action::{Action, ActionKind};
use super::ways::Way;
use crate::aaa::directory::Nas;
use crate::radius::code;
use crate::radius::dictionary::numbers::{ACCT_SESSION_ID, CALLING_STATION_ID, FRAMED_IP_ADDRESS, USER_NAME};
use crate::sessions::LiveSession;

/// A request to a router.
#[derive(Debug, Clone)]
pub struct Order {
    /// Number of the action; the answer repeats it.
    pub serial: u64,
    /// The router, with its secrets and switches.
    pub nas: Arc<Nas>,
    /// Which of the router's secrets signs it.
    pub secret: usize,
    /// Where to.
    pub to: SocketAddr,
    /// From which address of ours; `None` = the system's choice.
    pub from: Option<IpAddr>,
    /// 40 Disconnect-Request or 43 CoA-Request.
    pub code: u8,
    /// Attributes, encoded.
    pub attributes: Vec<u8>,
}

/// Speaks CoA and Disconnect with routers. Answers come back through [`super::Enforcer::answered`], one for each order. Never blocks.
pub trait CoaSender: Send + Sync {
    /// Takes an order.
    fn send(&self, order: Order);
}

/// Ends a session by the router's own interface, where RADIUS does not work. Answers come back like those of a [`CoaSender`]. Nothing implements it yet: a server
/// is built without one, and drift then says so.
pub trait Kick: Send + Sync {
    /// Takes an order whose attributes name the session. False if this router has no such interface.
    fn kick(&self, order: Order) -> bool;
}

/// The order of an action about a live session.
pub fn order(action: &Action, session: &LiveSession, nas: &Arc<Nas>, way: Way) -> Order {
    let mut attributes = Vec::with_capacity(96);
    name_session(&mut attributes, session, action.named_by_less);
    if action.kind == ActionKind::Coa {
        action.change.write(&mut attributes);
    }
    let secrets = nas.fields.secrets.len().max(1);
    Order {
        serial: action.serial,
        nas: nas.clone(),
        // While a secret is being changed, every other try uses the other one.
        secret: (nas.secret_in_use() + action.tries.saturating_sub(1) as usize) % secrets,
        to: SocketAddr::new(way.peer, nas.fields.coa_port),
        from: way.local,
        code: if action.kind == ActionKind::Coa { code::COA_REQUEST } else { code::DISCONNECT_REQUEST },
        attributes,
    }
}

/// The attributes by which RouterOS finds a session: User-Name as it sent it itself and Acct-Session-Id, Framed-IP-Address (without it a hotspot customer is not
/// found, and User-Name alone can hit a wireless station instead), and Calling-Station-Id where there is no address, which is what wireless has. Never
/// NAS-IP-Address: behind NAT it would not be the router's.
fn name_session(out: &mut Vec<u8>, session: &LiveSession, by_less: bool) {
    let mut add = |kind: u8, value: &[u8]| {
        let value = &value[..value.len().min(253)];
        if !value.is_empty() {
            out.extend_from_slice(&[kind, value.len() as u8 + 2]);
            out.extend_from_slice(value);
        }
    };
    add(USER_NAME, session.username());
    add(ACCT_SESSION_ID, session.acct_session_id());
    match (session.framed_ip(), session.mac()) {
        _ if by_less => {}
        (Some(address), _) => add(FRAMED_IP_ADDRESS, &address.octets()),
        (None, Some(mac)) => add(CALLING_STATION_ID, mac.with_colons().as_bytes()),
        (None, None) => {}
    }
}
