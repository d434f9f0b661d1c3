//! What the books say of a customer who is online: the same question that a login asks, for all his sessions.

use std::sync::Arc;

use crate::aaa::access::{Access, Gathered};
use crate::aaa::directory::Customer;
use crate::aaa::policy::Assessment;
use crate::aaa::reply::{LoginTerms, login_terms, written_rate};
use crate::sessions::rate_number;
use crate::units::UnixMs;

/// A customer's books at an instant.
pub struct Assessed {
    /// The outcome of the rule.
    pub assessment: Assessment,
    /// Number of its rate.
    pub rate: u32,
    /// The longest that one session may last, seconds; 0 = any.
    pub session_maximum_secs: u32,
    /// What a login would be told besides.
    pub login_terms: Arc<LoginTerms>,
    /// Mikrotik-Rate-Limit that an administrator wrote for him; its number is `rate`.
    pub written_rate: Option<Box<str>>,
    /// Whether the directory has followed the store to its end since the start.
    pub are_current: bool,
}

impl Assessed {
    /// What enforcement needs of an assessment.
    pub fn new(access: &Access, customer: &Customer, gathered: &Gathered, assessment: Assessment, now: UnixMs) -> Assessed {
        let written_rate = written_rate(customer);
        // Nearly always the package's own rate, whose number is known.
        let assessed_rate = || gathered.rate_text(&assessment, now).map_or(gathered.package.rate, |rate| rate.number);
        Assessed {
            rate: written_rate.map_or_else(assessed_rate, |text| rate_number(text.as_bytes())),
            session_maximum_secs: gathered.package.session_timeout_secs,
            login_terms: login_terms(customer, gathered.package),
            written_rate: written_rate.map(Box::from),
            are_current: access.directory.is_current(),
            assessment,
        }
    }
}

/// Assesses a customer with so many open sessions. `None` = there is no such customer, or his tenant or package is not known.
pub fn assess_customer(access: &Access, customer_id: i64, open_sessions: usize, now: UnixMs) -> Option<Assessed> {
    let open_sessions = u32::try_from(open_sessions).unwrap_or(u32::MAX);
    access.assess_customer(customer_id, open_sessions, now, |_, customer, gathered, assessment| {
        Assessed::new(access, customer, gathered, assessment.clone(), now)
    })
}
