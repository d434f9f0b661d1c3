//! The limits that hold for a customer, each with where it comes from and what was used of it: the same account that a login's decision makes.

use jiff::tz::TimeZone;

use crate::aaa::access::Access;
use crate::aaa::policy::{Standing, volume_account};
use crate::aaa::reply::written_rate;
use crate::customers::{Customer, TopUp};
use crate::packages::{FairUseWhen, LimitsOverride, Period, hours, print_octets, print_rate, print_secs, service, spans};
use crate::units::{UnixMs, print_instant, printable};

/// What a fact is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Topic {
    /// Octets that he may use.
    Volume,
    /// Octets that were bought on top.
    TopUp,
    /// Time online.
    Time,
    /// Hours of the day.
    Hours,
    /// How fast he is.
    Rate,
    /// Which devices may log in.
    Devices,
    /// Services and routers.
    Places,
    /// How many sessions at once.
    Sessions,
}

/// A fact in words.
#[derive(Debug)]
pub struct LimitFact {
    /// What it is about.
    pub topic: Topic,
    /// For people, in English.
    pub text: String,
}

/// Everything that the package and the customer's own overrides limit, as it stands in the directory now. `bought` are his top-ups.
pub fn limit_facts(access: &Access, bought: &[TopUp], customer: &Customer, package: &str, now: UnixMs) -> Vec<LimitFact> {
    let mut open = 0;
    access.live.open_sessions(customer.id.0, |_| open += 1);
    let starts = (customer.period_started_at.unwrap_or(0), customer.package_since_at.unwrap_or(0));
    let found = access.assess_customer(customer.id.0, open.max(1), now, |rules, who, gathered, assessment| {
        access.with_standing(
            rules,
            who,
            gathered,
            || open.max(1),
            now,
            |standing, _| {
                let teller = Teller { standing, written_rate: written_rate(who), own: &customer.limits, package, starts, now };
                let mut facts = teller.volume();
                facts.extend(bought.iter().map(|top_up| teller.top_up(top_up)));
                facts.extend(teller.others(assessment.fair_use_step));
                facts
            },
        )
    });
    found.unwrap_or_default()
}

/// When the hours of a customer open again, if they are closed and ever do.
pub fn opens_at(access: &Access, customer_id: i64, zone: &TimeZone, now: UnixMs) -> Option<UnixMs> {
    let at = access.assess_customer(customer_id, 1, now, |_, _, gathered, _| {
        let list = &gathered.limits().hours;
        let is_closed = !list.is_empty() && !hours::window(list, now, zone).is_within;
        is_closed.then(|| hours::opens_at(list, now, zone))
    });
    at.flatten().filter(|at| *at < UnixMs::MAX)
}

/// What the facts are told from.
struct Teller<'t> {
    standing: &'t Standing<'t>,
    /// Mikrotik-Rate-Limit among his reply attributes, in place of every other rate.
    written_rate: Option<&'t str>,
    own: &'t LimitsOverride,
    package: &'t str,
    /// When his validity and his package began.
    starts: (UnixMs, UnixMs),
    now: UnixMs,
}

fn fact(topic: Topic, text: String) -> LimitFact {
    LimitFact { topic, text }
}

impl Teller<'_> {
    fn source(&self, is_own: bool) -> String {
        if is_own { "by a limit of his own".to_owned() } else { format!("by package {}", self.package) }
    }

    fn since(&self, per: Period) -> String {
        match spans(self.now, self.standing.zone, self.starts.0, self.starts.1).start(per) {
            ..=0 => "ever".to_owned(),
            at => format!("since {}", print_instant(at)),
        }
    }

    /// Each volume limit as an account: allowance, what came on top, used, left.
    fn volume(&self) -> Vec<LimitFact> {
        let source = self.source(self.own.volume.is_some());
        let limits = self.standing.limits.volume.iter().enumerate();
        let facts = limits.map(|(index, limit)| {
            let account = volume_account(self.standing, index, limit, self.now);
            let mut text = format!("volume {limit}, {source}:");
            for (octets, what) in [(account.carried, "carried over"), (account.top_ups, "from top-ups")] {
                if octets > 0 {
                    text.push_str(&format!(" + {} {what},", print_octets(octets)));
                }
            }
            text.push_str(&format!(" {} used {}, {} left", print_octets(account.used), self.since(limit.per), print_octets(account.left)));
            if account.left == 0 {
                text.push_str(if limit.soft { "; the end of it slows down only" } else { "; so he may not be online" });
            }
            fact(Topic::Volume, text)
        });
        facts.collect()
    }

    /// What was bought, and what of it held when the running periods began.
    fn top_up(&self, bought: &TopUp) -> LimitFact {
        let new = &bought.bought;
        let until = new.expires_at.map_or("without end".to_owned(), |at| format!("until {}", print_instant(at)));
        let holds = self.standing.top_ups.iter().find(|t| t.id == bought.id);
        let state = match holds {
            Some(t) => format!("{} of it were left when the running period began", print_octets(t.octets_left)),
            None if new.expires_at.is_some_and(|at| at <= self.now) => "expired".to_owned(),
            None => "used up, or of an earlier validity".to_owned(),
        };
        let what = format!("top-up of {} {}, bought at {}", print_octets(new.octets), new.direction, print_instant(bought.bought_at));
        fact(Topic::TopUp, format!("{what}, {until}: {state}"))
    }

    fn others(&self, fair_use_step: Option<usize>) -> Vec<LimitFact> {
        let (limits, own) = (self.standing.limits, self.own);
        let mut facts = Vec::new();
        for limit in &limits.time {
            let used = self.standing.used.of(limit.per).secs;
            let (used_text, left) = (print_secs(used), print_secs(limit.secs.saturating_sub(used)));
            let source = self.source(own.time.is_some());
            facts
                .push(fact(Topic::Time, format!("time online {limit}, {source}: {used_text} used {}, {left} left", self.since(limit.per))));
        }
        if !limits.hours.is_empty() {
            let window = hours::window(&limits.hours, self.now, self.standing.zone);
            let list: Vec<String> = limits.hours.iter().map(ToString::to_string).collect();
            let state = if window.is_within { "open now" } else { "closed now" };
            let until =
                if window.changes_at == UnixMs::MAX { String::new() } else { format!(", until {}", print_instant(window.changes_at)) };
            facts.push(fact(Topic::Hours, format!("hours {}, {}: {state}{until}", list.join(" "), self.source(own.hours.is_some()))));
        }
        facts.push(self.rate(fair_use_step));
        facts.extend(limits.fair_use.iter().enumerate().map(|(number, step)| {
            let used = match step.when {
                FairUseWhen::After { direction, per, .. } => {
                    format!(": {} used {}", print_octets(self.standing.used.of(per).octets(direction)), self.since(per))
                }
                FairUseWhen::During(_) => String::new(),
            };
            let holds = if fair_use_step == Some(number) { "; it holds now" } else { "" };
            fact(Topic::Rate, format!("fair use, step {}: {step}, {}{used}{holds}", number + 1, self.source(own.fair_use.is_some())))
        }));
        facts.push(fact(Topic::Devices, format!("devices: {}, {}", limits.devices, self.source(own.devices.is_some()))));
        if limits.simultaneous.sessions > 0 {
            let rules = limits.simultaneous;
            let text = format!("{} sessions at once are allowed, {}; when full: {}", rules.sessions, self.source(false), rules.when_full);
            facts.push(fact(Topic::Sessions, text));
        }
        if limits.places.services != 0 || !limits.places.routers.is_empty() {
            let names = service::ALL.iter().filter(|(bit, _)| limits.places.services & bit != 0).map(|(_, name)| *name);
            let services = if limits.places.services == 0 { "any".to_owned() } else { names.collect::<Vec<_>>().join(" ") };
            let routers =
                if limits.places.routers.is_empty() { "any".to_owned() } else { format!("{} of them", limits.places.routers.len()) };
            facts.push(fact(Topic::Places, format!("services {services}, routers {routers}, {}", self.source(own.places.is_some()))));
        }
        facts
    }

    fn rate(&self, fair_use_step: Option<usize>) -> LimitFact {
        let own = self.standing.own_rate.filter(|(_, until)| *until > self.now);
        let text = match (own, fair_use_step) {
            _ if self.written_rate.is_some() => {
                format!("Mikrotik-Rate-Limit {}, by his reply attributes", printable(self.written_rate.unwrap_or_default().as_bytes()))
            }
            (Some((rate, UnixMs::MAX)), _) => format!("rate {}, his own", print_rate(&rate)),
            (Some((rate, until)), _) => format!("rate {}, his own until {}", print_rate(&rate), print_instant(until)),
            (None, Some(step)) => format!("rate by step {} of fair use", step + 1),
            (None, None) => format!("rate {}, by package {}", print_rate(self.standing.rate), self.package),
        };
        fact(Topic::Rate, text)
    }
}
