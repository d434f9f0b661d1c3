//! What a simulated login comes to: verdict, checks in order, attributes, what is left, what happens next. Surfaces have the words.

use super::Login;
use crate::aaa::access::{Access, Answer};
use crate::aaa::decide::RejectReason;
use crate::aaa::directory::Nas;
use crate::aaa::explain::{Check, ReplyAttribute, Said, checks, reply_attributes};
use crate::aaa::policy::{Assessment, EndReason, VolumeLeft};
use crate::accounts::Tenant;
use crate::packages::{Direction, Hours, hours, print_rate};
use crate::radius::HEADER_OCTETS;
use crate::radius::code::{ACCESS_ACCEPT, ACCESS_REJECT};
use crate::radius::dictionary::Dictionary;
use crate::units::UnixMs;

/// Attributes of a reply begin after the header and Message-Authenticator.
const REPLY_ATTRIBUTES: usize = HEADER_OCTETS + 18;

/// The outcome.
#[derive(Debug)]
pub struct Report {
    /// When, unix ms.
    pub at: UnixMs,
    /// Who.
    pub username: String,
    /// At which router.
    pub router: String,
    /// The verdict.
    pub said: Said,
    /// The checks in their order.
    pub checks: Vec<Check>,
    /// What the reply carries.
    pub attributes: Vec<ReplyAttribute>,
    /// How fast he would be, if he is let in.
    pub rate: Option<String>,
    /// By which step of fair use, from 1.
    pub fair_use_step: Option<usize>,
    /// Octets until something happens.
    pub left: Vec<Left>,
    /// Instants at which something happens.
    pub next: Vec<Next>,
}

/// Octets of a direction until something happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Left {
    /// Which way.
    pub direction: Direction,
    /// How many.
    pub octets: u64,
    /// What happens then.
    pub then: Then,
}

/// What happens after so many octets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Then {
    /// The next step of fair use.
    NextStep,
    /// The volume is used up.
    UsedUp,
}

/// Something that happens at an instant without any usage.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Next {
    /// When, unix ms.
    pub at: UnixMs,
    /// What.
    pub what: What,
}

/// What happens at an instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What {
    /// The package runs out.
    Expiry,
    /// The allowed hours are over.
    HoursOver,
    /// The time online is used up, if he stays online.
    TimeUsedUp,
    /// Access is allowed again.
    Opens,
    /// Limits or rate may change.
    MayChange,
}

/// What the assessment says of a customer, for people.
pub(super) struct Standing {
    assessment: Assessment,
    hours: Vec<Hours>,
    first_step_rate: String,
}

/// Assesses the customer by the rule that the login will use.
pub(super) fn standing(access: &Access, customer_id: i64, tenant: &Tenant, now: UnixMs) -> Option<Standing> {
    let mut open = 1;
    access.live.fresh_sessions(customer_id, now, |session| open += u32::from(session.nas().tenant_id == tenant.id.0));
    access.assess_customer(customer_id, open, now, |_, _, gathered, assessment| Standing {
        assessment: assessment.clone(),
        hours: gathered.limits().hours.clone(),
        first_step_rate: print_rate(&assessment.rate),
    })
}

impl Report {
    /// Puts it together from the answer that production code wrote into the buffer.
    pub(super) fn new(
        login: &Login,
        nas: &Nas,
        tenant: &Tenant,
        dictionary: &Dictionary,
        answer: &Answer,
        buffer: &[u8],
        standing: Option<Standing>,
    ) -> Report {
        let said = match (answer.reject, answer.walled) {
            (Some(reason), _) => Said::Rejected(reason),
            (None, Some(reason)) => Said::WalledGarden(reason),
            (None, None) => Said::Accepted,
        };
        let code = if answer.reject.is_some() { ACCESS_REJECT } else { ACCESS_ACCEPT };
        let let_in = standing.as_ref().filter(|_| said == Said::Accepted);
        Report {
            at: login.at,
            username: login.username.clone(),
            router: nas.fields.name.to_string(),
            said,
            checks: checks(answer.reject, answer.walled),
            attributes: reply_attributes(dictionary, code, buffer.get(REPLY_ATTRIBUTES..answer.loggable).unwrap_or_default()),
            rate: let_in.map(|s| s.first_step_rate.clone()),
            fair_use_step: let_in.and_then(|s| s.assessment.fair_use_step).map(|n| n + 1),
            left: standing.as_ref().map(|s| left(&s.assessment)).unwrap_or_default(),
            next: standing.as_ref().map(|s| next(s, tenant, login.at)).unwrap_or_default(),
        }
    }
}

fn left(assessment: &Assessment) -> Vec<Left> {
    let of = |left: VolumeLeft, then: Then| {
        let all = [Direction::Total, Direction::Download, Direction::Upload];
        all.into_iter().filter_map(move |direction| Some(Left { direction, octets: left.of(direction)?, then }))
    };
    of(assessment.next_step, Then::NextStep).chain(of(assessment.left, Then::UsedUp)).collect()
}

fn next(standing: &Standing, tenant: &Tenant, now: UnixMs) -> Vec<Next> {
    let assessment = &standing.assessment;
    let ends = match assessment.ends_why {
        EndReason::Expiry => Some(What::Expiry),
        EndReason::HoursOver => Some(What::HoursOver),
        EndReason::TimeUsedUp => Some(What::TimeUsedUp),
        EndReason::None => None,
    };
    let mut events: Vec<Next> = Vec::new();
    events.extend(ends.filter(|_| assessment.denial.is_none()).map(|what| Next { at: assessment.ends_at, what }));
    if assessment.denial == Some(RejectReason::OutsideHours) {
        events.push(Next { at: hours::opens_at(&standing.hours, now, &tenant.zone()), what: What::Opens });
    }
    if !events.iter().any(|event| event.at == assessment.next_change_at) {
        events.push(Next { at: assessment.next_change_at, what: What::MayChange });
    }
    events.sort_by_key(|event| event.at);
    events.retain(|event| event.at < UnixMs::MAX);
    events
}
