//! `tollgate explain verdict USERNAME`: the last decisions about a customer with the facts behind each as they are now.

use clap::Args;
use serde::Serialize;

use super::super::context::with_context;
use super::super::trace::DECISIONS_FOLDER;
use super::super::{Context, Failure, Globals, output};
use super::limits::{LimitFact, Topic, limit_facts};
use crate::aaa::decide::RejectReason;
use crate::aaa::decision_log::{Decision, name_key};
use crate::aaa::list_router_names;
use crate::accounts::{AccessRules, Scope, Tenant};
use crate::customers::{Customer, Device, HoldKind, find_customer, list_devices, lookup_key, state};
use crate::journal::LocalLogReader;
use crate::packages::list_package_ids;
use crate::routers::pools::{PoolSummary, list_pool_summaries};
use crate::sessions::{NEWEST, SessionLine, list_newest_sessions};
use crate::units::{Mac, UnixMs, print_instant, printable};

/// Neighbours in the log may be out of order by as many.
const OUT_OF_ORDER: usize = 64;
const MOST_SESSIONS: i64 = 50;

/// Whom to explain.
#[derive(Debug, Args)]
pub struct VerdictArgs {
    /// Username, with or without realm
    username: String,
    /// How many decisions
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=1_000))]
    limit: u32,
}

/// What the store knows of the customer now.
#[derive(Debug, Default)]
struct Known {
    customer: Option<Customer>,
    package: String,
    devices: Vec<Device>,
    online: Vec<SessionLine>,
    pool: Option<PoolSummary>,
    routers: std::collections::HashMap<i64, String>,
    access_rules: AccessRules,
    /// Limits of his package and his own, with what was used of them.
    limits: Vec<LimitFact>,
}

/// A decision with what is behind it.
#[derive(Debug, Serialize)]
struct Explained {
    at: String,
    verdict: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
    router: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    mac: Option<String>,
    /// What the reason means.
    #[serde(skip_serializing_if = "Option::is_none")]
    explanation: Option<&'static str>,
    /// The facts that decide it, as they are now.
    facts: Vec<String>,
}

/// Runs the command.
pub fn run(globals: &Globals, args: VerdictArgs) -> Result<(), Failure> {
    with_context(globals, async |ctx| {
        let (tenant, scope) = ctx.tenant_and_scope().await?;
        let mut known = ask(ctx, &scope, &tenant, &args.username).await?;
        if let Some(customer) = &known.customer {
            known.limits = limit_facts(ctx, &scope, &tenant, customer, &known.package).await?;
        }
        let found = decisions(ctx, &tenant, &args, &known)?;
        let facts = known.facts(ctx.now);
        if globals.json {
            return output::json(&serde_json::json!({ "username": args.username, "decisions": found, "facts": facts }));
        }
        if found.is_empty() {
            output::line(format!(
                "no decision about {:?} is in the log of this machine; `tollgate trace` says what to check",
                args.username
            ))?;
        }
        for decision in &found {
            output::raw(&decision.in_words(&args.username))?;
        }
        output::line("now:")?;
        facts.iter().try_for_each(|fact| output::line(format!("    {fact}")))
    })
}

async fn ask(ctx: &Context, scope: &Scope, tenant: &Tenant, username: &str) -> Result<Known, Failure> {
    let mut conn = ctx.db.read().await?;
    let mut known = Known {
        routers: list_router_names(&mut conn).await?.into_iter().collect(),
        access_rules: tenant.access_rules.clone(),
        ..Known::default()
    };
    // As a login looks a name up: in full, then without realm.
    let mut buffer = crate::customers::LookupBuffer::default();
    for name in crate::customers::lookup_candidates(username.as_bytes(), tenant.case_sensitive_usernames, &mut buffer) {
        if known.customer.is_none() {
            known.customer = find_customer(&mut conn, scope, &lookup_key(name, tenant.case_sensitive_usernames)).await?;
        }
    }
    let Some(customer) = &known.customer else { return Ok(known) };
    known.devices = list_devices(&mut conn, scope, customer.id).await?;
    known.online = list_newest_sessions(&mut conn, scope, true, &customer.username, &NEWEST, MOST_SESSIONS).await?;
    let packages = list_package_ids(&mut conn, scope).await?;
    known.package = packages.into_iter().find(|(_, id)| *id == customer.package_id).map(|(name, _)| name).unwrap_or_default();
    let pool_name = match &customer.framed_pool {
        Some(own) => Some(own.clone()),
        None => crate::packages::find_package(&mut conn, scope, &known.package).await?.and_then(|p| p.terms.framed_pool),
    };
    let pools = list_pool_summaries(&mut conn, scope, ctx.now).await?;
    known.pool = pools.into_iter().find(|p| Some(&p.pool.name) == pool_name.as_ref());
    Ok(known)
}

fn decisions(ctx: &Context, tenant: &Tenant, args: &VerdictArgs, known: &Known) -> Result<Vec<Explained>, Failure> {
    let Ok(reader) = LocalLogReader::open(&ctx.config.data.folder.join(DECISIONS_FOLDER)) else { return Ok(Vec::new()) };
    let mut entries = reader.find(name_key(args.username.trim().as_bytes()), args.limit as usize + OUT_OF_ORDER)?;
    entries.sort_by_key(|e| std::cmp::Reverse(e.unix_ms));
    let read = entries.iter().filter_map(|e| Decision::read(&e.payload)).filter(|d| d.tenant_id == tenant.id.0);
    let mut found: Vec<Explained> = read.take(args.limit as usize).map(|d| known.explain(&d, ctx.now)).collect();
    found.reverse();
    Ok(found)
}

impl Known {
    fn explain(&self, d: &Decision<'_>, now: UnixMs) -> Explained {
        Explained {
            at: print_instant(d.at),
            verdict: if d.reject.is_some() { "rejected" } else { "accepted" },
            reason: d.reject.map(RejectReason::code),
            router: self.routers.get(&d.router_id).cloned().unwrap_or_else(|| d.router_id.to_string()),
            mac: d.mac.map(Mac::with_colons),
            explanation: d.reject.map(RejectReason::explanation),
            facts: {
                let mut facts = d.reject.map_or_else(Vec::new, |reason| self.behind(reason, d.mac, now));
                facts.extend(
                    d.blind_since.map(|since| format!("limits of other nodes not known: store away since {}", print_instant(since))),
                );
                facts
            },
        }
    }

    /// The facts that decide for this reason; where they would decide otherwise now, that is said.
    fn behind(&self, reason: RejectReason, mac: Option<Mac>, now: UnixMs) -> Vec<String> {
        let Some(customer) = &self.customer else {
            return vec!["there is no such customer now".to_owned()];
        };
        match reason {
            RejectReason::UnknownUsername => vec!["there is such a customer now".to_owned()],
            RejectReason::Expired => vec![self.expiry(customer, now)],
            RejectReason::Disabled | RejectReason::Suspended => vec![self.hold(customer)],
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

    fn limits_of(&self, topics: &[Topic]) -> Vec<String> {
        let facts: Vec<String> = self.limits.iter().filter(|fact| topics.contains(&fact.topic)).map(|fact| fact.text.clone()).collect();
        if facts.is_empty() { vec!["neither his package nor he himself has such a limit now".to_owned()] } else { facts }
    }

    fn device_facts(&self, mac: Option<Mac>) -> Vec<String> {
        let mut facts = vec![self.device_list()];
        if let Some(mac) = mac {
            let is_listed = self.devices.iter().any(|d| d.mac == mac);
            facts.push(format!("{} is {} his list now", mac.with_colons(), if is_listed { "on" } else { "not on" }));
        }
        facts
    }

    fn device_list(&self) -> String {
        let names: Vec<String> = self.devices.iter().map(|d| d.mac.with_colons()).collect();
        if names.is_empty() { "no devices are listed".to_owned() } else { format!("devices: {}", names.join(", ")) }
    }

    fn expiry(&self, customer: &Customer, now: UnixMs) -> String {
        match customer.expires_at {
            None => "the package never runs out".to_owned(),
            Some(at) if at > now => format!("the package runs out at {}", print_instant(at)),
            Some(at) => format!("the package ran out at {}", print_instant(at)),
        }
    }

    fn hold(&self, customer: &Customer) -> String {
        match (customer.hold.kind(), customer.hold.reason()) {
            (HoldKind::Disabled, _) => "staff disabled him".to_owned(),
            (HoldKind::Suspended, "") => "he is suspended; no reason was given".to_owned(),
            (HoldKind::Suspended, reason) => format!("he is suspended: {reason}"),
            _ => "nobody holds him back".to_owned(),
        }
    }

    fn pool_fact(&self) -> Option<String> {
        let p = self.pool.as_ref()?;
        Some(format!("pool {} of the server: {} of {} addresses are held", p.pool.name, p.held, p.addresses))
    }

    /// Everything that decides about a login now.
    fn facts(&self, now: UnixMs) -> Vec<String> {
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
            self.expiry(customer, now),
            self.hold(customer),
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

    fn allowed_sessions(&self, customer: &Customer) -> String {
        let of_package = self.limits.iter().find(|fact| fact.topic == Topic::Sessions).map(|fact| fact.text.as_str());
        match customer.simultaneous_sessions {
            Some(n) => format!("{n} sessions at once are allowed, by his own number"),
            None => of_package.unwrap_or("any number of sessions at once is allowed").to_owned(),
        }
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

impl Explained {
    fn in_words(&self, username: &str) -> String {
        let why = self.reason.map_or(String::new(), |code| format!(" ({code})"));
        let device = self.mac.as_ref().map_or(String::new(), |mac| format!(" from device {mac}"));
        let (username, router) = (printable(username.as_bytes()), printable(self.router.as_bytes()));
        let mut text = format!("{}  {}{why}: {username}{device} on router {router}\n", self.at, self.verdict.to_uppercase());
        if let Some(explanation) = self.explanation {
            text.push_str(&format!("    because {explanation}\n"));
        }
        for fact in &self.facts {
            text.push_str(&format!("    - {fact}\n"));
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: UnixMs = 1_800_000_000_000;

    fn decision(reject: Option<RejectReason>) -> Decision<'static> {
        Decision {
            walled: None,
            blind_since: None,
            at: NOW,
            tenant_id: 1,
            router_id: 2,
            customer_id: 3,
            username: b"bob",
            mac: Some(Mac([0x48, 0, 0, 0, 0, 1])),
            reject,
            method: "PAP",
            took_us: 1,
            attributes: &[],
        }
    }

    #[test]
    fn a_verdict_says_what_is_behind_it_and_what_changed_since() {
        let known = Known { routers: [(2, "core".to_owned())].into(), ..Known::default() };
        let gone = known.explain(&decision(Some(RejectReason::Expired)), NOW);
        assert_eq!(gone.facts, ["there is no such customer now"]);
        assert_eq!(known.facts(NOW), ["no customer has this name"]);
        assert!(
            gone.in_words("bob")
                .starts_with("2027-01-15T08:00:00Z  REJECTED (expired): bob from device 48:00:00:00:00:01 on router core\n")
        );
        let blind = known.explain(&Decision { blind_since: Some(NOW), ..decision(None) }, NOW);
        assert_eq!(blind.facts, ["limits of other nodes not known: store away since 2027-01-15T08:00:00Z"]);
        let accepted = known.explain(&decision(None), NOW);
        assert_eq!(accepted.in_words("bob"), "2027-01-15T08:00:00Z  ACCEPTED: bob from device 48:00:00:00:00:01 on router core\n");
    }
}
