//! Whether a customer is online: from the live sessions in memory, so to the moment.

use crate::aaa::access::Access;
use crate::units::UnixMs;

/// A customer's session, the one that began first if he has several.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Online {
    /// When it began.
    pub since: UnixMs,
    /// For so long, seconds.
    pub for_secs: i64,
    /// When it was last heard of.
    pub heard_at: UnixMs,
    /// His address there.
    pub ip: Option<String>,
    /// The router's name.
    pub router: String,
    /// How many sessions he has.
    pub sessions: u32,
}

/// See the head of the file; `None` = offline.
pub fn online(access: &Access, customer_id: i64, now: UnixMs) -> Option<Online> {
    let mut found: Option<Online> = None;
    let mut router_id = 0;
    access.live.known_sessions(customer_id, now, |session, _| {
        if !session.is_open() {
            return;
        }
        let since = session.started_at();
        let sessions = found.as_ref().map_or(0, |o| o.sessions) + 1;
        if found.as_ref().is_none_or(|o| since < o.since) {
            router_id = session.router_id();
            let (heard_at, ip) = (session.last_event_at(), session.framed_ip().map(|ip| ip.to_string()));
            found = Some(Online { since, for_secs: ((now - since) / 1000).max(0), heard_at, ip, router: String::new(), sessions });
        }
        found.iter_mut().for_each(|o| o.sessions = sessions);
    });
    let routers = access.directory.routers.load();
    if let Some(online) = &mut found {
        online.router = routers.find(router_id).map(|nas| nas.fields.name.to_string()).unwrap_or_default();
    }
    found
}
