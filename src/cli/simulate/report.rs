//! What a simulated login shows: verdict, checks in order, attributes, what is left, what happens next.

use jiff::Timestamp;
use serde::Serialize;

use crate::aaa::access::{Access, Answer};
use crate::aaa::decide::{CHECKS_IN_ORDER, RejectReason};
use crate::aaa::directory::Nas;
use crate::aaa::policy::{Assessment, EndReason, VolumeLeft};
use crate::accounts::Tenant;
use crate::cli::trace::{ReplyAttribute, reply_attributes};
use crate::packages::{Direction, Hours, hours, print_octets, print_rate};
use crate::radius::HEADER_OCTETS;
use crate::radius::dictionary::Dictionary;
use crate::units::{UnixMs, print_instant};

const ACCESS_ACCEPT: u8 = 2;
const ACCESS_REJECT: u8 = 3;
/// Attributes of a reply begin after the header and Message-Authenticator.
const REPLY_ATTRIBUTES: usize = HEADER_OCTETS + 18;

/// The outcome; its fields are the keys of the JSON output.
#[derive(Debug, Serialize)]
pub struct Report {
    at: String,
    local_time: String,
    username: String,
    router: String,
    verdict: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    explanation: Option<&'static str>,
    checks: Vec<Check>,
    attributes: Vec<ReplyAttribute>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rate: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    fair_use_step: Option<usize>,
    left: Vec<Left>,
    next: Vec<Next>,
}

#[derive(Debug, Serialize)]
struct Check {
    check: &'static str,
    outcome: &'static str,
}

/// Octets of a direction until something happens.
#[derive(Debug, Serialize)]
struct Left {
    direction: Direction,
    octets: u64,
    then: &'static str,
}

/// Something that happens at an instant without any usage.
#[derive(Debug, Serialize)]
struct Next {
    at: String,
    what: &'static str,
}

/// What the assessment says of a customer, for people.
pub struct StandingReport {
    assessment: Assessment,
    hours: Vec<Hours>,
    first_step_rate: String,
}

/// Assesses the customer by the rule that the login will use.
pub fn standing(access: &Access, customer_id: i64, tenant: &Tenant, now: UnixMs) -> Option<StandingReport> {
    let mut open = 1;
    access.live.fresh_sessions(customer_id, now, |session| open += u32::from(session.nas().tenant_id == tenant.id.0));
    access.assess_customer(customer_id, open, now, |_, _, gathered, assessment| StandingReport {
        assessment: assessment.clone(),
        hours: gathered.limits().hours.clone(),
        first_step_rate: print_rate(&assessment.rate),
    })
}

impl Report {
    /// Puts it together from the answer that production code wrote into the buffer.
    pub fn new(
        username: &str,
        nas: &Nas,
        tenant: &Tenant,
        answer: &Answer,
        buffer: &[u8],
        standing: Option<StandingReport>,
        now: UnixMs,
    ) -> Report {
        let code = if answer.reject.is_some() { ACCESS_REJECT } else { ACCESS_ACCEPT };
        let attributes = reply_attributes(&Dictionary::embedded(), code, buffer.get(REPLY_ATTRIBUTES..answer.loggable).unwrap_or_default());
        let reason = answer.reject.or(answer.walled);
        let left = standing.as_ref().map(|s| left(&s.assessment)).unwrap_or_default();
        let next = standing.as_ref().map(|s| next(s, tenant, now)).unwrap_or_default();
        let let_in = standing.as_ref().filter(|_| reason.is_none());
        Report {
            at: print_instant(now),
            local_time: local_time(now, tenant),
            username: username.to_owned(),
            router: nas.fields.name.to_string(),
            verdict: match (answer.reject, answer.walled) {
                (Some(_), _) => "rejected",
                (None, Some(_)) => "walled-garden",
                (None, None) => "accepted",
            },
            reason: reason.map(RejectReason::code),
            explanation: reason.map(RejectReason::explanation),
            checks: checks(answer),
            attributes,
            rate: let_in.map(|s| s.first_step_rate.clone()),
            fair_use_step: let_in.and_then(|s| s.assessment.fair_use_step).map(|n| n + 1),
            left,
            next,
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

/// Each check with its outcome: those before the one that decided were passed, those after it were not made. The walled garden is no end of the checks.
fn checks(answer: &Answer) -> Vec<Check> {
    let mut decided = false;
    let mut outcome = |reason: RejectReason| match reason {
        _ if decided => "not made",
        _ if Some(reason) == answer.reject => {
            decided = true;
            "failed"
        }
        _ if Some(reason) == answer.walled => "walled garden",
        _ => "passed",
    };
    CHECKS_IN_ORDER.into_iter().map(|reason| Check { check: reason.code(), outcome: outcome(reason) }).collect()
}

fn left(assessment: &Assessment) -> Vec<Left> {
    let of = |left: VolumeLeft, then: &'static str| {
        let all = [Direction::Total, Direction::Download, Direction::Upload];
        all.into_iter().filter_map(move |direction| Some(Left { direction, octets: left.of(direction)?, then }))
    };
    of(assessment.next_step, "the next step of fair use").chain(of(assessment.left, "the volume is used up")).collect()
}

fn next(standing: &StandingReport, tenant: &Tenant, now: UnixMs) -> Vec<Next> {
    let assessment = &standing.assessment;
    let mut events = Vec::new();
    if assessment.denial.is_none() && assessment.ends_why != EndReason::None {
        let what = match assessment.ends_why {
            EndReason::Expiry => "the package runs out",
            EndReason::HoursOver => "the allowed hours are over",
            EndReason::TimeUsedUp => "the time online is used up, if he stays online",
            EndReason::None => "",
        };
        events.push((assessment.ends_at, what));
    }
    if assessment.denial == Some(RejectReason::OutsideHours) {
        events.push((hours::opens_at(&standing.hours, now, &tenant.zone()), "access is allowed again"));
    }
    let is_told = events.iter().any(|(at, _)| *at == assessment.next_change_at);
    if !is_told {
        events.push((assessment.next_change_at, "limits or rate may change (a period begins, a step of fair use, an end)"));
    }
    events.sort_unstable();
    events.into_iter().filter(|(at, _)| *at < UnixMs::MAX).map(|(at, what)| Next { at: print_instant(at), what }).collect()
}

fn local_time(at: UnixMs, tenant: &Tenant) -> String {
    let Ok(instant) = Timestamp::from_millisecond(at) else { return at.to_string() };
    instant.to_zoned(tenant.zone()).strftime("%Y-%m-%d %H:%M:%S %Z").to_string()
}
