//! Who is metered, and by which terms his usage is split: from the directory to the meters and the applier.

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use super::directory::{Customer, Directory, Packages, SHARDS};
use super::policy::UsageSource;
use crate::packages::{Limits, PeriodSet};
use crate::sessions::{AppliedBatch, AppliedSink, Charging, MeterNeed, Meters, Used};
use crate::units::{Mac, UnixMs};

/// What the applier asks and tells: the directory, and the meters if this process has some.
pub struct DirectorySink {
    directory: Arc<Directory>,
    meters: Option<Arc<Meters>>,
}

impl DirectorySink {
    /// A sink over this directory.
    pub fn new(directory: Arc<Directory>, meters: Option<Arc<Meters>>) -> DirectorySink {
        DirectorySink { directory, meters }
    }
}

impl AppliedSink for DirectorySink {
    fn find_customer(&self, tenant_id: i64, username: &[u8], mac: Option<Mac>) -> Option<i64> {
        self.directory.customer_of(tenant_id, username, mac).map(|(id, _)| id)
    }

    fn charging(&self, customer_id: i64) -> Charging {
        let packages = self.directory.packages.load();
        self.directory.customers.with_id(customer_id, |customer| charging(customer, &self.directory, &packages)).unwrap_or_default()
    }

    fn applied(&self, batch: &AppliedBatch<'_>) {
        if let Some(meters) = &self.meters {
            meters.applied(batch, now());
        }
    }

    fn lost_track(&self) {
        if let Some(meters) = &self.meters {
            meters.lost_track();
        }
    }
}

fn now() -> UnixMs {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis() as UnixMs)
}

/// What splits a customer's usage. The one place that reads his terms for it.
fn charging(customer: &Customer, directory: &Directory, packages: &Packages) -> Charging {
    let free_hours = packages.get(&customer.package_id).map(|p| p.limits.free_hours.clone()).unwrap_or_default();
    if !customer.has_terms() {
        return Charging { period_started_at: 0, package_since_at: 0, free_hours };
    }
    let terms = directory.terms.of(customer.id);
    // A first login may be known here before the store's row says so.
    let noted = || directory.terms.first_login(customer.id).unwrap_or(0);
    let period_started_at = if terms.period_started_at == 0 { noted() } else { terms.period_started_at };
    Charging { period_started_at, package_since_at: terms.package_since_at, free_hours }
}

/// What is to be metered of a customer. The one place that reads his limits for it.
fn need(customer: &Customer, directory: &Directory, packages: &Packages) -> MeterNeed {
    let of = |limits: &Limits| match limits.need_usage() {
        true => (PeriodSet::counted_by(limits), PeriodSet::rolled_over_by(limits)),
        false => (PeriodSet::NONE, PeriodSet::NONE),
    };
    let own = if customer.has_terms() { directory.terms.of(customer.id).own } else { None };
    let (counted, rolled_over) = match (packages.get(&customer.package_id), own) {
        (Some(package), Some(own)) => of(&own.effective(package).limits),
        (Some(package), None) => of(&package.limits),
        (None, _) => (PeriodSet::NONE, PeriodSet::NONE),
    };
    let charging = charging(customer, directory, packages);
    MeterNeed { tenant_id: customer.tenant_id, customer_id: customer.id, counted, rolled_over, charging }
}

impl UsageSource for Meters {
    fn used(&self, customer_id: i64, counted: PeriodSet, now: UnixMs) -> Option<Used> {
        Meters::used(self, customer_id, counted, now)
    }

    fn counts(&self, customer_id: i64) -> bool {
        self.has_meter(customer_id)
    }

    fn used_before(&self, customer_id: i64, rolled_over: PeriodSet, now: UnixMs) -> Option<Used> {
        Meters::used_before(self, customer_id, rolled_over, now)
    }

    fn blind_since(&self, now: UnixMs) -> Option<UnixMs> {
        Meters::blind_since(self, now)
    }
}

/// Says of every customer what is to be metered, after the directory was loaded.
pub fn want_all(directory: &Directory, meters: &Meters) {
    want_where(directory, meters, |_| true);
}

/// The same for the customers of some packages.
pub fn want_of_packages(directory: &Directory, meters: &Meters, packages: &[i64]) {
    if !packages.is_empty() {
        want_where(directory, meters, |customer| packages.contains(&customer.package_id));
    }
}

/// The same for some customers; who is gone loses his meter.
pub fn want_of_customers(directory: &Directory, meters: &Meters, customers: &[i64]) {
    let packages = directory.packages.load();
    for id in customers {
        match directory.customers.with_id(*id, |customer| need(customer, directory, &packages)) {
            Some(need) => meters.want(need),
            None => meters.drop_meter(*id),
        }
    }
}

/// Tells the meters where each tenant's days begin.
pub fn set_zones(directory: &Directory, meters: &Meters) {
    for (id, rules) in directory.tenants.load().iter() {
        meters.set_zone(*id, &rules.time_zone, now());
    }
}

fn want_where(directory: &Directory, meters: &Meters, which: impl Fn(&Customer) -> bool) {
    set_zones(directory, meters);
    let packages = directory.packages.load();
    let mut needs = Vec::new();
    for shard in 0..SHARDS {
        // Collected first: a meter is not asked for under the lock of a customer.
        directory.customers.for_each_of(shard, |customer| {
            if which(customer) {
                needs.push(need(customer, directory, &packages));
            }
        });
        needs.drain(..).for_each(|need| meters.want(need));
    }
}
