//! The facts that decide about a customer's logins as they are now, and those behind a decision that was made.

use super::ExplainError;
use super::limits::{LimitFact, Topic};
use crate::aaa::decide::RejectReason;
use crate::accounts::capability::Capability;
use crate::accounts::{AccessRules, Scope};
use crate::customers::{Customer, Device, HoldKind, list_devices, state};
use crate::packages::find_package_by_id;
use crate::routers::pools::{PoolSummary, list_pool_summaries};
use crate::sessions::{NEWEST, SessionLine, list_newest_sessions};
use crate::store::Conn;
use crate::units::{Mac, UnixMs, print_instant, printable};

const MOST_SESSIONS: i64 = 50;

/// What the store knows of a customer now.
#[derive(Debug, Default)]
pub struct Known {
    /// The customer; `None` = there is none.
    pub customer: Option<Customer>,
    /// His package's name.
    pub package: String,
    /// His devices.
    pub devices: Vec<Device>,
    /// His open sessions.
    pub online: Vec<SessionLine>,
    /// The pool that his address comes from: his own before the package's.
    pub pool_name: Option<String>,
    /// The same, if it is the server's and the scope sees it.
    pub pool: Option<PoolSummary>,
    /// The rules of his tenant.
    pub access_rules: AccessRules,
    /// Limits of his package and his own, with what was used of them; whoever has a directory fills it in by [`limit_facts`](super::limit_facts).
    pub limits: Vec<LimitFact>,
}

/// Asks the store for what decides about a customer, whom the scope was asked for before.
pub async fn find_known(
    conn: &mut Conn,
    scope: &Scope,
    access_rules: &AccessRules,
    customer: Option<Customer>,
    now: UnixMs,
) -> Result<Known, ExplainError> {
    let mut known = Known { customer, access_rules: access_rules.clone(), ..Known::default() };
    let Some(customer) = &known.customer else { return Ok(known) };
    known.devices = list_devices(conn, scope, customer.id).await?;
    known.online = list_newest_sessions(conn, scope, true, &customer.username, &NEWEST, MOST_SESSIONS).await?;
    let package = find_package_by_id(conn, customer.package_id).await?;
    known.package = package.as_ref().map(|p| p.name.clone()).unwrap_or_default();
    known.pool_name = customer.framed_pool.clone().or_else(|| package.and_then(|p| p.terms.framed_pool));
    if known.pool_name.is_some() && scope.may(Capability::PoolsView) {
        let pools = list_pool_summaries(conn, scope, now).await?;
        known.pool = pools.into_iter().find(|p| Some(&p.pool.name) == known.pool_name.as_ref());
    }
    Ok(known)
}

impl Known {
    /// Whether a reason for a rejection would still hold now; `None` where the facts here do not tell.
    pub fn still_holds(&self, reason: RejectReason, mac: Option<Mac>, now: UnixMs) -> Option<bool> {
        let customer = self.customer.as_ref()?;
        match reason {
            RejectReason::UnknownUsername => Some(false),
            RejectReason::Closed => Some(customer.closed_at.is_some()),
            RejectReason::Disabled => Some(customer.hold.kind() == HoldKind::Disabled),
            RejectReason::Suspended => Some(customer.hold.kind() == HoldKind::Suspended),
            RejectReason::Expired => {
                let facts = customer.facts(&self.access_rules);
                Some(facts.expires_at.is_some_and(|at| at.saturating_add(facts.grace_ms) <= now))
            }
            // without a list any device may come, unless it has to be confirmed
            RejectReason::MacNotAllowed => mac.map(|mac| !self.devices.is_empty() && !self.lists(mac)),
            RejectReason::DeviceNotConfirmed => mac.map(|mac| !self.lists(mac)),
            RejectReason::PoolExhausted => self.pool.as_ref().map(|p| p.held.max(0) as u64 >= p.addresses),
            _ => None,
        }
    }

    /// The facts that decide for this reason; where they would decide otherwise now, that is said.
    pub fn behind(&self, reason: RejectReason, mac: Option<Mac>, now: UnixMs) -> Vec<String> {
        let Some(customer) = &self.customer else {
            return vec!["there is no such customer now".to_owned()];
        };
        match reason {
            RejectReason::UnknownUsername => vec!["there is such a customer now".to_owned()],
            RejectReason::Expired => vec![expiry(customer, now)],
            RejectReason::Disabled | RejectReason::Suspended => vec![hold(customer)],
            RejectReason::MacNotAllowed | RejectReason::DeviceNotConfirmed | RejectReason::AmbiguousDevice => self.device_facts(mac),
            RejectReason::TooManySessions => {
                let mut facts = vec![self.allowed_sessions(customer)];
                facts.extend(self.online.iter().map(session_in_words));
                if self.online.is_empty() {
                    facts.push("nothing is online now".to_owned());
                }
                facts
            }
            RejectReason::PoolExhausted => self.pool_fact().into_iter().collect(),
            RejectReason::VolumeUsedUp => self.limits_of(&[Topic::Volume, Topic::TopUp]),
            RejectReason::TimeUsedUp => self.limits_of(&[Topic::Time]),
            RejectReason::OutsideHours => self.limits_of(&[Topic::Hours]),
            RejectReason::RouterNotAllowed | RejectReason::ServiceNotAllowed => self.limits_of(&[Topic::Places]),
            RejectReason::Closed => {
                vec![if customer.closed_at.is_some() { "his account is closed" } else { "his account is open now" }.to_owned()]
            }
            _ => Vec::new(),
        }
    }

    /// Everything that decides about a login now.
    pub fn all(&self, now: UnixMs) -> Vec<String> {
        let Some(customer) = &self.customer else {
            return vec!["no customer has this name".to_owned()];
        };
        let mut facts = vec![
            format!(
                "{} is {}, package {}",
                printable(customer.username.as_bytes()),
                state(customer.facts(&self.access_rules), now).as_str(),
                self.package
            ),
            expiry(customer, now),
            hold(customer),
            self.device_list(),
            self.allowed_sessions(customer),
            format!("{} online", self.online.len()),
        ];
        facts.extend(self.online.iter().map(session_in_words));
        facts.extend(customer.static_ipv4.map(|address| format!("address {address}, his own")));
        facts.extend(self.pool_fact().filter(|_| customer.static_ipv4.is_none()));
        facts.extend(self.limits.iter().filter(|fact| fact.topic != Topic::Sessions).map(|fact| fact.text.clone()));
        facts
    }

    fn limits_of(&self, topics: &[Topic]) -> Vec<String> {
        let facts: Vec<String> = self.limits.iter().filter(|fact| topics.contains(&fact.topic)).map(|fact| fact.text.clone()).collect();
        if facts.is_empty() { vec!["neither his package nor he himself has such a limit now".to_owned()] } else { facts }
    }

    fn device_facts(&self, mac: Option<Mac>) -> Vec<String> {
        let mut facts = vec![self.device_list()];
        if let Some(mac) = mac {
            facts.push(format!("{} is {} his list now", mac.with_colons(), if self.lists(mac) { "on" } else { "not on" }));
        }
        facts
    }

    fn lists(&self, mac: Mac) -> bool {
        self.devices.iter().any(|d| d.mac == mac)
    }

    fn device_list(&self) -> String {
        let names: Vec<String> = self.devices.iter().map(|d| d.mac.with_colons()).collect();
        if names.is_empty() { "no devices are listed".to_owned() } else { format!("devices: {}", names.join(", ")) }
    }

    fn pool_fact(&self) -> Option<String> {
        let p = self.pool.as_ref()?;
        Some(format!("pool {} of the server: {} of {} addresses are held", p.pool.name, p.held, p.addresses))
    }

    fn allowed_sessions(&self, customer: &Customer) -> String {
        let of_package = self.limits.iter().find(|fact| fact.topic == Topic::Sessions).map(|fact| fact.text.as_str());
        match customer.simultaneous_sessions {
            Some(n) => format!("{n} sessions at once are allowed, by his own number"),
            None => of_package.unwrap_or("any number of sessions at once is allowed").to_owned(),
        }
    }
}

fn expiry(customer: &Customer, now: UnixMs) -> String {
    match customer.expires_at {
        None => "the package never runs out".to_owned(),
        Some(at) if at > now => format!("the package runs out at {}", print_instant(at)),
        Some(at) => format!("the package ran out at {}", print_instant(at)),
    }
}

fn hold(customer: &Customer) -> String {
    match (customer.hold.kind(), customer.hold.reason()) {
        (HoldKind::Disabled, _) => "staff disabled him".to_owned(),
        (HoldKind::Suspended, "") => "he is suspended; no reason was given".to_owned(),
        (HoldKind::Suspended, reason) => format!("he is suspended: {reason}"),
        _ => "nobody holds him back".to_owned(),
    }
}

fn session_in_words(s: &SessionLine) -> String {
    let device = Mac::parse(s.mac.as_bytes()).map_or(String::new(), |mac| format!(" from {}", mac.with_colons()));
    format!(
        "session {} on router {}{device}, since {}, last heard of at {}",
        printable(s.acct_session_id.as_bytes()),
        printable(s.router.as_bytes()),
        print_instant(s.started_at),
        print_instant(s.last_event_at)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_nobody_nothing_is_known() {
        let known = Known::default();
        assert_eq!(known.behind(RejectReason::Expired, None, 0), ["there is no such customer now"]);
        assert_eq!(known.all(0), ["no customer has this name"]);
        assert_eq!(known.still_holds(RejectReason::Expired, None, 0), None);
    }
}
