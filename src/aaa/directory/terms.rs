//! What only some customers have and a login needs: limits, rate and instants of their own, octets bought on top. Beside the customers, whose flag says that there
//! is an entry here, so that those without cost nothing more.

use std::sync::Arc;

use dashmap::DashMap;
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};

use super::Package;
use super::package::RateText;
use crate::aaa::policy::{ExpiredShare, TopUp};
use crate::packages::{Limits, LimitsOverride, RateLimit};
use crate::units::{FastHash, UnixMs};

/// What few customers have.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct OwnTerms {
    /// Limits instead of the package's.
    pub limits: LimitsOverride,
    /// A rate and until when it holds, unix ms; `UnixMs::MAX` = for ever.
    pub rate: Option<(RateLimit, UnixMs)>,
    /// Octets bought on top, the first to expire first.
    pub top_ups: Vec<TopUp>,
    /// What top-ups that have expired gave to running periods.
    #[serde(default)]
    pub expired: Vec<ExpiredShare>,
}

/// The terms of one customer.
#[derive(Debug, Clone, Default)]
pub struct Terms {
    /// When his present validity began, unix ms; 0 = with his first session.
    pub period_started_at: UnixMs,
    /// Since when he has his package; 0 = ever.
    pub package_since_at: UnixMs,
    /// Seconds of validity that begin with a first login that has not been; 0 = it waits for none.
    pub first_login_secs: u64,
    /// Limits, rate and top-ups of his own.
    pub own: Option<Arc<Own>>,
}

/// Terms of a customer's own with what is made of them and his package.
#[derive(Debug, Default)]
pub struct Own {
    /// As stored.
    pub terms: OwnTerms,
    merged: Mutex<Option<Merged>>,
}

/// A package's limits with a customer's parts put in.
#[derive(Debug, Clone)]
struct Merged {
    package: Arc<Package>,
    effective: Arc<Effective>,
}

/// Limits and rates that hold for one customer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Effective {
    /// Limits.
    pub limits: Limits,
    /// Rates of the steps of fair use, in order.
    pub steps: Vec<RateText>,
    /// His own rate.
    pub own_rate: Option<RateText>,
}

impl Own {
    /// Keeps what was stored.
    pub fn new(terms: OwnTerms) -> Own {
        Own { terms, merged: Mutex::default() }
    }

    /// What holds with this package. Computed when the package has changed, not at each login.
    pub fn effective(&self, package: &Arc<Package>) -> Arc<Effective> {
        let mut merged = self.merged.lock();
        match &*merged {
            Some(known) if Arc::ptr_eq(&known.package, package) => known.effective.clone(),
            _ => {
                let limits = package.limits.with(&self.terms.limits);
                let steps = RateText::of_steps(&limits.fair_use, &package.rate_limit);
                let own_rate = self.terms.rate.map(|(rate, _)| RateText::new(&rate));
                let effective = Arc::new(Effective { limits, steps, own_rate });
                *merged = Some(Merged { package: package.clone(), effective: effective.clone() });
                effective
            }
        }
    }
}

/// Terms by customer.
#[derive(Debug, Default)]
pub struct TermsTable {
    terms: DashMap<i64, Terms, FastHash>,
    /// First logins that were accepted and are not yet in the store's rows, unix ms.
    first_logins: DashMap<i64, UnixMs>,
}

impl TermsTable {
    /// The terms of a customer; the default if he has none.
    pub fn of(&self, customer_id: i64) -> Terms {
        self.terms.get(&customer_id).map(|terms| terms.clone()).unwrap_or_default()
    }

    /// Puts a customer's terms in, or takes them out.
    pub fn put(&self, customer_id: i64, terms: Option<Terms>) {
        match terms {
            Some(terms) => {
                if terms.first_login_secs == 0 {
                    self.first_logins.remove(&customer_id);
                }
                self.terms.insert(customer_id, terms);
            }
            None => {
                self.terms.remove(&customer_id);
                self.first_logins.remove(&customer_id);
            }
        }
    }

    /// Changes a customer's terms if he has any.
    pub fn change(&self, customer_id: i64, change: impl FnOnce(&mut Terms)) {
        if let Some(mut terms) = self.terms.get_mut(&customer_id) {
            change(&mut terms);
        }
    }

    /// Notes the first accepted login of a customer; the earliest stays. Returns whether this is the first that is known.
    pub fn note_first_login(&self, customer_id: i64, at: UnixMs) -> bool {
        let mut is_first = false;
        let mut known = self.first_logins.entry(customer_id).or_insert_with(|| {
            is_first = true;
            at
        });
        *known = at.min(*known);
        is_first
    }

    /// When a customer first logged in, if the store's row does not say so yet.
    pub fn first_login(&self, customer_id: i64) -> Option<UnixMs> {
        if self.first_logins.is_empty() { None } else { self.first_logins.get(&customer_id).map(|at| *at) }
    }

    /// Forgets a first login that could not be made durable.
    pub fn forget_first_login(&self, customer_id: i64) {
        self.first_logins.remove(&customer_id);
    }

    /// Every customer with terms.
    pub fn for_each(&self, mut visit: impl FnMut(i64, &Terms)) {
        self.terms.iter().for_each(|entry| visit(*entry.key(), entry.value()));
    }

    /// First logins that are not yet in the store's rows.
    pub fn first_logins(&self) -> Vec<(i64, UnixMs)> {
        self.first_logins.iter().map(|entry| (*entry.key(), *entry.value())).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_package_that_changes_changes_what_holds() {
        let limits = |text: &str| Limits { volume: vec![text.parse().expect(text)], ..Limits::default() };
        let own = Own::new(OwnTerms {
            limits: LimitsOverride { hours: Some(vec!["08:00-09:00".parse().expect("hours")]), ..LimitsOverride::default() },
            ..OwnTerms::default()
        });
        let first = Arc::new(Package { limits: limits("1G/day"), ..Package::default() });
        let second = Arc::new(Package { limits: limits("2G/day"), ..Package::default() });
        let effective = own.effective(&first);
        assert_eq!((effective.limits.volume[0].octets, effective.limits.hours.len()), (1_000_000_000, 1));
        assert!(Arc::ptr_eq(&effective, &own.effective(&first)), "not computed twice");
        assert_eq!(own.effective(&second).limits.volume[0].octets, 2_000_000_000);
    }

    #[test]
    fn the_earliest_first_login_counts_until_the_row_says_so() {
        let table = TermsTable::default();
        table.put(7, Some(Terms { first_login_secs: 60, ..Terms::default() }));
        assert!(table.note_first_login(7, 100) && !table.note_first_login(7, 200) && !table.note_first_login(7, 50));
        assert_eq!(table.first_login(7), Some(50));
        table.put(7, Some(Terms { period_started_at: 50, ..Terms::default() }));
        assert_eq!((table.first_login(7), table.of(7).period_started_at, table.of(8).first_login_secs), (None, 50, 0));
    }
}
