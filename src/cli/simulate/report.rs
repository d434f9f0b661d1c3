//! What a simulated login shows: verdict, checks in order, attributes, what is left, what happens next.

use jiff::Timestamp;
use serde::Serialize;

use crate::aaa::decide::RejectReason;
use crate::aaa::explain::{ReplyAttribute, Said};
use crate::aaa::simulate::{Report, Then, What};
use crate::accounts::Tenant;
use crate::packages::{Direction, print_octets};
use crate::units::{UnixMs, print_instant};

/// The outcome; its fields are the keys of the JSON output.
#[derive(Debug, Serialize)]
pub struct PrintedReport {
    at: String,
    local_time: String,
    username: String,
    router: String,
    verdict: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    explanation: Option<&'static str>,
    checks: Vec<PrintedCheck>,
    attributes: Vec<ReplyAttribute>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rate: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    fair_use_step: Option<usize>,
    left: Vec<PrintedLeft>,
    next: Vec<PrintedNext>,
}

#[derive(Debug, Serialize)]
struct PrintedCheck {
    check: &'static str,
    outcome: &'static str,
}

/// Octets of a direction until something happens.
#[derive(Debug, Serialize)]
struct PrintedLeft {
    direction: Direction,
    octets: u64,
    then: &'static str,
}

/// Something that happens at an instant without any usage.
#[derive(Debug, Serialize)]
struct PrintedNext {
    at: String,
    what: &'static str,
}

impl PrintedReport {
    /// For printing.
    pub fn new(report: Report, tenant: &Tenant) -> PrintedReport {
        let reason = report.said.reason();
        PrintedReport {
            at: print_instant(report.at),
            local_time: local_time(report.at, tenant),
            username: report.username,
            router: report.router,
            verdict: match report.said {
                Said::Rejected(_) => "rejected",
                Said::WalledGarden(_) => "walled-garden",
                Said::Accepted => "accepted",
            },
            reason: reason.map(RejectReason::code),
            explanation: reason.map(RejectReason::explanation),
            checks: report.checks.iter().map(|c| PrintedCheck { check: c.check.code(), outcome: c.outcome.words() }).collect(),
            attributes: report.attributes,
            rate: report.rate,
            fair_use_step: report.fair_use_step,
            left: report.left.iter().map(|l| PrintedLeft { direction: l.direction, octets: l.octets, then: then(l.then) }).collect(),
            next: report.next.iter().map(|n| PrintedNext { at: print_instant(n.at), what: what(n.what) }).collect(),
        }
    }

    /// For people.
    pub fn in_words(&self) -> String {
        let why = self.reason.map_or(String::new(), |code| format!(" ({code})"));
        let mut text = format!("{}  {}{why}: {} on router {}\n", self.local_time, self.verdict.to_uppercase(), self.username, self.router);
        if let Some(explanation) = self.explanation {
            text.push_str(&format!("    because {explanation}\n"));
        }
        text.push_str("checks, in their order:\n");
        for check in &self.checks {
            text.push_str(&format!("    {:<20} {}\n", check.check, check.outcome));
        }
        text.push_str("reply:\n");
        for attribute in &self.attributes {
            text.push_str(&format!("    {} = {}\n", attribute.name, attribute.value));
        }
        if let Some(rate) = &self.rate {
            let step = self.fair_use_step.map_or(String::new(), |step| format!(", by step {step} of fair use"));
            text.push_str(&format!("rate (download/upload): {rate}{step}\n"));
        }
        if !self.left.is_empty() || !self.next.is_empty() {
            text.push_str("next:\n");
        }
        for left in &self.left {
            text.push_str(&format!("    after {} ({}): {}\n", print_octets(left.octets), left.direction, left.then));
        }
        for next in &self.next {
            text.push_str(&format!("    at {}: {}\n", next.at, next.what));
        }
        text
    }
}

fn then(then: Then) -> &'static str {
    match then {
        Then::NextStep => "the next step of fair use",
        Then::UsedUp => "the volume is used up",
    }
}

fn what(what: What) -> &'static str {
    match what {
        What::Expiry => "the package runs out",
        What::HoursOver => "the allowed hours are over",
        What::TimeUsedUp => "the time online is used up, if he stays online",
        What::Opens => "access is allowed again",
        What::MayChange => "limits or rate may change (a period begins, a step of fair use, an end)",
    }
}

fn local_time(at: UnixMs, tenant: &Tenant) -> String {
    let Ok(instant) = Timestamp::from_millisecond(at) else { return at.to_string() };
    instant.to_zoned(tenant.zone()).strftime("%Y-%m-%d %H:%M:%S %Z").to_string()
}
