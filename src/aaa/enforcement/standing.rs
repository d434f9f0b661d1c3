//! What the books say of a customer who is online: the same question that a login asks, for all his sessions.

use crate::aaa::access::{Access, Gathered};
use crate::aaa::policy::Assessment;
use crate::units::UnixMs;

/// A customer's books at an instant.
pub struct Assessed {
    /// The outcome of the rule.
    pub assessment: Assessment,
    /// Number of its rate.
    pub rate: u32,
    /// The longest that one session may last, seconds; 0 = any.
    pub session_maximum_secs: u32,
}

impl Assessed {
    /// What enforcement needs of an assessment.
    pub fn new(gathered: &Gathered, assessment: Assessment, now: UnixMs) -> Assessed {
        // Nearly always the package's own rate, whose number is known.
        let rate = gathered.rate_text(&assessment, now).map_or(gathered.package.rate, |rate| rate.number);
        Assessed { assessment, rate, session_maximum_secs: gathered.package.session_timeout_secs }
    }
}

/// Assesses a customer with so many open sessions. `None` = there is no such customer, or his tenant or package is not known.
pub fn assess_customer(access: &Access, customer_id: i64, open_sessions: usize, now: UnixMs) -> Option<Assessed> {
    let open_sessions = u32::try_from(open_sessions).unwrap_or(u32::MAX);
    access.assess_customer(customer_id, open_sessions, now, |_, _, gathered, assessment| Assessed::new(gathered, assessment.clone(), now))
}
