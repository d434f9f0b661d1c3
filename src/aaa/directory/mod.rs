//! The directory: an image of routers, packages and customers in memory, from which every request is decided without asking the database.

mod customers;
mod extras;
mod follow;
#[cfg(test)]
mod follow_tests;
mod load;
mod nas;
mod package;

use std::collections::HashMap;
use std::sync::Arc;

use arc_swap::ArcSwap;

use super::addresses::AddressPools;

pub(in crate::aaa) use customers::SHARDS;
pub use customers::{Customer, CustomerFields, Customers, DeviceOwner};
pub use follow::{FollowStatus, Follower};
pub use load::{LoadError, LoadReport, Loader};
pub use nas::{MessageAuthenticatorMode, Nas, NasCounters, NasFields, NasTable};
pub use package::Package;

/// A tenant's rules for logins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TenantRules {
    /// Whether `Bob` and `bob` are two customers.
    pub case_sensitive_usernames: bool,
    /// Whether a customer of one provider may log in on a router of another provider of the same tenant.
    pub cross_provider_login: bool,
    /// For local days.
    pub time_zone: jiff::tz::TimeZone,
}

/// Packages by id.
pub type Packages = HashMap<i64, Arc<Package>>;
/// Tenants by id.
pub type Tenants = HashMap<i64, Arc<TenantRules>>;
/// The provider (admin account) that each account belongs to.
pub type Providers = HashMap<i64, i64>;

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
    /// Address pools that the server hands out itself.
    pub pools: AddressPools,
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
            pools: AddressPools::default(),
        }
    }

    /// Whether a customer of `customer_owner` may use a router of `router_owner` (accounts of one tenant).
    pub fn may_use(&self, tenant: &TenantRules, customer_owner: i64, router_owner: i64) -> bool {
        if customer_owner == router_owner || tenant.cross_provider_login {
            return true;
        }
        let providers = self.providers.load();
        let provider = |account: i64| providers.get(&account).copied().unwrap_or(account);
        provider(customer_owner) == provider(router_owner)
    }
}
