//! What is known of a customer, gathered for [`assess`]: from the directory, his terms and what he used. Logins, enforcement and `simulate` ask here.

use std::sync::Arc;

use super::Access;
use crate::aaa::directory::{Customer, Effective, Package, RateText, TenantRules, Terms};
use crate::aaa::policy::{Assessment, EndReason, Standing, VolumeLeft, assess, carried, plain_denial};
use crate::customers::after;
use crate::packages::{Limits, PeriodSet};
use crate::sessions::Used;
use crate::units::UnixMs;

/// A customer's terms together with his package's.
pub struct Gathered<'p> {
    /// What he has of his own.
    pub terms: Terms,
    /// Limits and rates with his own parts put in; `None` = the package's as they are.
    pub effective: Option<Arc<Effective>>,
    /// The package.
    pub package: &'p Arc<Package>,
    /// The first instant without service, grace and a first login at this instant included.
    pub expires_at: UnixMs,
    /// Whether his validity begins with a first login that nobody has noted yet.
    pub is_pending: bool,
}

impl Gathered<'_> {
    /// The limits that hold.
    pub fn limits(&self) -> &Limits {
        self.effective.as_ref().map_or(&self.package.limits, |e| &e.limits)
    }

    /// The rate that an assessment chose, as it is sent; `None` = the package's own attributes have it.
    pub fn rate_text<'g>(&'g self, assessment: &Assessment, now: UnixMs) -> Option<&'g RateText> {
        let steps = self.effective.as_ref().map_or(&self.package.steps, |e| &e.steps);
        let own_rate = self.effective.as_ref().and_then(|e| e.own_rate.as_ref()).filter(|_| self.own_rate_until() > now);
        own_rate.or_else(|| steps.get(assessment.fair_use_step?))
    }

    fn own_rate_until(&self) -> UnixMs {
        self.terms.own.as_ref().and_then(|own| own.terms.rate).map_or(UnixMs::MIN, |(_, until)| until)
    }

    fn restricts(&self) -> bool {
        self.effective.is_some() || self.package.restricts
    }
}

impl Access {
    /// Gathers a customer's terms.
    pub fn gather<'p>(&self, tenant: &TenantRules, customer: &Customer, package: &'p Arc<Package>, now: UnixMs) -> Gathered<'p> {
        let terms = if customer.has_terms() { self.directory.terms.of(customer.id) } else { Terms::default() };
        let effective = terms.own.as_ref().map(|own| own.effective(package));
        let (mut expires_at, mut is_pending) = (customer.expires_at, false);
        if terms.first_login_secs > 0 {
            let noted = self.directory.terms.first_login(customer.id);
            is_pending = noted.is_none();
            if expires_at == UnixMs::MAX {
                expires_at = after(noted.unwrap_or(now), terms.first_login_secs);
            }
        }
        Gathered { effective, package, expires_at: expires_at.saturating_add(tenant.grace_ms()), is_pending, terms }
    }

    /// Assesses a customer with so many open sessions, the one that asks included.
    pub fn assess(
        &self,
        tenant: &TenantRules,
        customer: &Customer,
        gathered: &Gathered<'_>,
        open_sessions: impl FnOnce() -> u32,
        now: UnixMs,
    ) -> Assessment {
        if !gathered.restricts() {
            return unrestricted(customer, gathered, now);
        }
        self.with_standing(tenant, customer, gathered, open_sessions, now, |standing, is_provisional| Assessment {
            is_provisional,
            ..assess(standing, now)
        })
    }

    /// Everything that the rule looks at, for the rule itself and for people who ask why; and whether what he used is not known yet.
    pub fn with_standing<T>(
        &self,
        tenant: &TenantRules,
        customer: &Customer,
        gathered: &Gathered<'_>,
        open_sessions: impl FnOnce() -> u32,
        now: UnixMs,
        see: impl FnOnce(&Standing<'_>, bool) -> T,
    ) -> T {
        let limits = gathered.limits();
        // Of somebody whose limits begin to count just now it is not known what he used; until it is, he counts as one who used nothing, and the outcome says so.
        let (counted, rolled_over) = (PeriodSet::counted_by(limits), PeriodSet::rolled_over_by(limits));
        let used = if counted.is_empty() { Some(Used::default()) } else { self.usage.used(customer.id, counted, now) };
        let before = if rolled_over.is_empty() { None } else { self.usage.used_before(customer.id, rolled_over, now) };
        let is_provisional = used.is_none() || (before.is_none() && !rolled_over.is_empty());
        let used = used.unwrap_or_default();
        let own = gathered.terms.own.as_ref().map(|own| &own.terms);
        let rolled_over = before.map(|before| carried(&limits.volume, &before)).unwrap_or_default();
        let carried = Standing::with_expired(rolled_over, &limits.volume, own.map_or(&[], |own| own.expired.as_slice()));
        let standing = Standing {
            hold: customer.hold(),
            is_closed: customer.is_closed(),
            expires_at: gathered.expires_at,
            is_pending: gathered.is_pending,
            limits,
            rate: &gathered.package.rate_limit,
            own_rate: own.and_then(|own| own.rate),
            top_ups: own.map_or(&[], |own| own.top_ups.as_slice()),
            carried: &carried,
            used: &used,
            open_sessions: if limits.time.is_empty() { 1 } else { open_sessions() },
            zone: &tenant.time_zone,
        };
        see(&standing, is_provisional)
    }

    /// Assesses a customer of the directory as he stands now, for enforcement and for people; `None` if there is no such customer, tenant or package.
    pub fn assess_customer<T>(
        &self,
        customer_id: i64,
        open_sessions: u32,
        now: UnixMs,
        see: impl FnOnce(&TenantRules, &Customer, &Gathered<'_>, &Assessment) -> T,
    ) -> Option<T> {
        let (packages, tenants) = (self.directory.packages.load(), self.directory.tenants.load());
        let judge = |customer: &Customer| {
            let (package, tenant) = (packages.get(&customer.package_id)?, tenants.get(&customer.tenant_id)?);
            let gathered = self.gather(tenant, customer, package, now);
            let assessment = self.assess(tenant, customer, &gathered, || open_sessions, now);
            Some(see(tenant, customer, &gathered, &assessment))
        };
        self.directory.customers.with_id(customer_id, judge)?
    }

    /// The same for many: `open_sessions` and `see` are given the place among `ids`; `see` gets `None` where there is no such customer, tenant or package. In no order.
    pub fn assess_customers(
        &self,
        ids: &[i64],
        open_sessions: impl Fn(usize) -> u32,
        now: UnixMs,
        mut see: impl FnMut(usize, Option<(&Customer, &Gathered<'_>, Assessment)>),
    ) {
        let (packages, tenants) = (self.directory.packages.load(), self.directory.tenants.load());
        self.directory.customers.with_ids(ids, |at, customer| {
            let known = customer.and_then(|c| Some((c, packages.get(&c.package_id)?, tenants.get(&c.tenant_id)?)));
            let Some((customer, package, tenant)) = known else { return see(at, None) };
            let gathered = self.gather(tenant, customer, package, now);
            let assessment = self.assess(tenant, customer, &gathered, || open_sessions(at), now);
            see(at, Some((customer, &gathered, assessment)));
        });
    }
}

/// Without limits only hold and expiry count; nobody asks what was used.
fn unrestricted(customer: &Customer, gathered: &Gathered<'_>, now: UnixMs) -> Assessment {
    let expires_at = gathered.expires_at;
    Assessment {
        denial: plain_denial(customer.hold(), customer.is_closed(), expires_at, now),
        rate: gathered.package.rate_limit,
        fair_use_step: None,
        ends_at: expires_at,
        ends_why: if expires_at == UnixMs::MAX { EndReason::None } else { EndReason::Expiry },
        left: VolumeLeft::default(),
        next_step: VolumeLeft::default(),
        next_change_at: if expires_at > now { expires_at } else { UnixMs::MAX },
        is_provisional: false,
    }
}
