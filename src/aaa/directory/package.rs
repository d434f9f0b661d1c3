//! A package as replies need it: the attributes that do not depend on the customer are encoded once.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::aaa::policy::step_rate;
use crate::aaa::reply::LoginTerms;
use crate::packages::{FairUse, Limits, RateLimit};
use crate::sessions::rate_number;

/// A package in memory.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Package {
    /// Its id.
    pub id: i64,
    /// Its tenant.
    pub tenant_id: i64,
    /// Rate limit, address list, group and idle timeout, encoded as RADIUS attributes.
    pub attributes: Box<[u8]>,
    /// Framed-Pool, if the customer has neither address nor pool of his own.
    pub framed_pool: Option<Box<str>>,
    /// Limit of one session, seconds; 0 = none.
    pub session_timeout_secs: u32,
    /// The rate, typed: fair use computes others from it.
    pub rate_limit: RateLimit,
    /// Number of the rate within `attributes` (see [`crate::sessions::rate_number`]).
    pub rate: u32,
    /// Address list, group and idle timeout, without the rate: for when another rate holds.
    pub plain_attributes: Box<[u8]>,
    /// What of it a login of a customer with nothing of his own is told, comparable.
    pub login_terms: Arc<LoginTerms>,
    /// Limits.
    pub limits: Limits,
    /// Whether the limits say anything about access: if not, nobody asks what was used.
    pub restricts: bool,
    /// Rates of the steps of fair use, in order.
    pub steps: Vec<RateText>,
    /// Acct-Interim-Interval before the customer's jitter, seconds.
    pub interim_secs: u16,
}

/// A rate ready to be sent.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct RateText {
    /// Value of Mikrotik-Rate-Limit; empty = unlimited.
    pub text: Box<str>,
    /// Its number (see [`crate::sessions::rate_number`]).
    pub number: u32,
}

impl RateText {
    /// Renders a rate.
    pub fn new(rate: &RateLimit) -> RateText {
        let text = rate.to_mikrotik().unwrap_or_default();
        RateText { number: rate_number(text.as_bytes()), text: text.into() }
    }

    /// The rates of a package's steps.
    pub fn of_steps(steps: &[FairUse], package: &RateLimit) -> Vec<RateText> {
        steps.iter().map(|step| RateText::new(&step_rate(&step.rate, package))).collect()
    }
}

impl Package {
    /// The interval for one customer: up to 10 % more or less, always the same for him, so that thousands who log in at once do not report at once. RFC 2869
    /// section 5.16 sets the floor of 60 s.
    pub fn interim_secs_for(&self, customer_id: i64) -> u16 {
        let spread = u32::from(self.interim_secs) / 5;
        let mixed = (customer_id as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 33;
        let jitter = if spread == 0 { 0 } else { (mixed % u64::from(spread + 1)) as u32 };
        (u32::from(self.interim_secs) - spread / 2 + jitter).clamp(60, 65_535) as u16
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_interval_stays_within_a_tenth_and_spreads() {
        let package = Package { id: 1, tenant_id: 1, interim_secs: 300, ..Package::default() };
        let all: Vec<u16> = (0..1000).map(|id| package.interim_secs_for(id << 22)).collect();
        assert!(all.iter().all(|s| (270..=330).contains(s)));
        let distinct: std::collections::BTreeSet<_> = all.iter().collect();
        assert!(distinct.len() > 40, "only {} different intervals", distinct.len());
        assert_eq!(
            Package { interim_secs: 60, ..package }.interim_secs_for(5).max(60),
            Package { interim_secs: 60, id: 2, tenant_id: 1, ..Package::default() }.interim_secs_for(5)
        );
    }
}
