//! The directory: an image of routers, packages and customers in memory, from which every request is decided without asking the database.

mod customers;
mod extras;
mod follow;
#[cfg(test)]
mod follow_tests;
mod load;
mod nas;
mod own_terms;
mod package;
mod settle;
mod terms;
mod walled;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use arc_swap::ArcSwap;

use super::addresses::AddressPools;
use super::decide::RejectReason;
use crate::accounts::{AccessRules, WhenDenied};
use crate::customers::{LookupBuffer, lookup_candidates};
use crate::units::{FastMap, Mac};

pub(in crate::aaa) use customers::SHARDS;
pub use customers::{Customer, CustomerFields, Customers, DeviceOwner};
pub use follow::{Changed, FollowStatus, Follower, OnChange};
pub use load::{LoadError, LoadReport, Loader};
pub use nas::{MessageAuthenticatorMode, Nas, NasCounters, NasFields, NasTable};
pub use package::{Package, RateText};
pub use terms::{Effective, Own, OwnTerms, Terms, TermsTable};
pub use walled::WalledReply;

/// A tenant's rules for logins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TenantRules {
    /// Whether `Bob` and `bob` are two customers.
    pub case_sensitive_usernames: bool,
    /// Whether a customer of one provider may log in on a router of another provider of the same tenant.
    pub cross_provider_login: bool,
    /// For local days.
    pub time_zone: jiff::tz::TimeZone,
    /// What happens to those who may not come in.
    pub access_rules: AccessRules,
    /// What goes into the Accept of the walled garden.
    pub walled: WalledReply,
}

impl Default for TenantRules {
    /// A tenant with no option set, in UTC.
    fn default() -> TenantRules {
        TenantRules {
            case_sensitive_usernames: false,
            cross_provider_login: false,
            time_zone: jiff::tz::TimeZone::UTC,
            access_rules: Default::default(),
            walled: WalledReply::new(&Default::default()),
        }
    }
}

impl TenantRules {
    /// Whether a login that is refused for this reason is let into the walled garden instead.
    pub fn walls(&self, reason: RejectReason) -> bool {
        let rules = &self.access_rules;
        let verdict = match reason {
            RejectReason::Suspended => rules.when_suspended,
            RejectReason::Expired => rules.when_expired,
            RejectReason::VolumeUsedUp => rules.when_volume_used_up,
            RejectReason::TimeUsedUp => rules.when_time_used_up,
            _ => WhenDenied::Reject,
        };
        verdict == WhenDenied::WalledGarden
    }

    /// The reasons of [`TenantRules::walls`], bit n = reason number n.
    pub fn walled_reasons(&self) -> u32 {
        let all = [RejectReason::Suspended, RejectReason::Expired, RejectReason::VolumeUsedUp, RejectReason::TimeUsedUp];
        all.into_iter().filter(|reason| self.walls(*reason)).fold(0, |bits, reason| bits | 1 << reason as u32)
    }

    /// How long an expired customer is served, milliseconds.
    pub fn grace_ms(&self) -> i64 {
        i64::from(self.access_rules.grace_secs) * 1000
    }
}

/// Packages by id.
pub type Packages = FastMap<i64, Arc<Package>>;
/// Tenants by id.
pub type Tenants = FastMap<i64, Arc<TenantRules>>;
/// The provider (admin account) that each account belongs to; [`ABOVE_PROVIDERS`] for those above.
pub type Providers = FastMap<i64, i64>;
/// In place of a provider: the account stands above all of the tenant's.
pub const ABOVE_PROVIDERS: i64 = 0;

/// Everything that deciding needs. The small tables are swapped whole; customers change one by one.
pub struct Directory {
    /// Routers by address.
    pub routers: ArcSwap<NasTable>,
    /// Packages.
    pub packages: ArcSwap<Packages>,
    /// Tenants.
    pub tenants: ArcSwap<Tenants>,
    /// Accounts' providers.
    pub providers: ArcSwap<Providers>,
    /// Customers.
    pub customers: Customers,
    /// What some of them have of their own.
    pub terms: TermsTable,
    /// Address pools that the server hands out itself.
    pub pools: AddressPools,
    is_current: AtomicBool,
}

impl Directory {
    /// Nothing known yet.
    pub fn empty() -> Directory {
        Directory {
            routers: ArcSwap::from_pointee(NasTable::default()),
            packages: ArcSwap::from_pointee(Packages::new()),
            tenants: ArcSwap::from_pointee(Tenants::new()),
            providers: ArcSwap::from_pointee(Providers::new()),
            customers: Customers::new(),
            terms: TermsTable::default(),
            pools: AddressPools::default(),
            is_current: AtomicBool::new(false),
        }
    }

    /// Whether this has been the store's image since the start, and not only an older snapshot's. The store may have been away since.
    pub fn is_current(&self) -> bool {
        self.is_current.load(Ordering::Relaxed)
    }

    /// The change feed was read to its end.
    pub fn note_current(&self) {
        self.is_current.store(true, Ordering::Relaxed);
    }

    /// Whether a customer of `customer_owner` may use a router of `router_owner` (accounts of one tenant). Routers of an account above the providers are no other provider's.
    pub fn may_use(&self, tenant: &TenantRules, customer_owner: i64, router_owner: i64) -> bool {
        if customer_owner == router_owner || tenant.cross_provider_login {
            return true;
        }
        let providers = self.providers.load();
        let provider = |account: i64| providers.get(&account).copied().unwrap_or(account);
        let routers = provider(router_owner);
        routers == ABOVE_PROVIDERS || provider(customer_owner) == routers
    }

    /// Customer and interim interval of an accounting packet without token, by its user name or device.
    pub fn customer_of(&self, tenant_id: i64, username: &[u8], mac: Option<Mac>) -> Option<(i64, u16)> {
        let packages = self.packages.load();
        let of = |c: &Customer| (c.id, packages.get(&c.package_id).map_or(300, |p| p.interim_secs_for(c.id)));
        let case_sensitive = self.tenants.load().get(&tenant_id).is_some_and(|t| t.case_sensitive_usernames);
        let mut buffer = LookupBuffer::default();
        let by_name = lookup_candidates(username, case_sensitive, &mut buffer)
            .find_map(|name| self.customers.with_name(tenant_id, name.as_bytes(), of));
        by_name.or_else(|| {
            let device = Mac::parse(username).or(mac.filter(|_| username.is_empty()))?;
            match self.customers.with_mac(tenant_id, device, of) {
                DeviceOwner::One(found) => Some(found),
                _ => None,
            }
        })
    }
}
