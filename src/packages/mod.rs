//! Packages: what AAA needs of them now, that is rate, pool, address list, timeouts and interim interval.
//!
//! Owns: `packages`. Must not know: customers (it counts them by join before it lets a package go).

mod add;
mod change_limits;
pub mod hours;
mod limit_text;
mod limits;
mod list;
mod overshoot;
mod package;
mod periods;
mod quantity;
mod rate_limit;
#[cfg(test)]
mod scope_tests;
mod set;
mod sql;

pub use add::{NewPackage, add_package};
pub use change_limits::{LimitsChanges, ShownLimits};
pub use limit_text::{parse_rate, parse_service, print_rate};
pub use limits::{
    DevicePolicy, Direction, FairUse, FairUseRate, FairUseWhen, Hours, Limits, LimitsError, LimitsOverride, Period, Places, Simultaneous,
    TimeLimit, Validity, ValidityStart, VolumeLimit, WhenFull, WhenUnknown, service,
};
pub use list::{find_package, list_package_ids, list_packages};
pub use package::{DEFAULT_INTERIM_SECS, MAX_SESSION_TIMEOUT_SECS, MIN_INTERIM_SECS, Package, PackageError, PackageTerms};
pub use periods::{PeriodSet, Spans, spans};
pub use quantity::{parse_octets, parse_secs, print_octets, print_secs};
pub use rate_limit::{PerDirection, RateLimit, RateLimitError};
pub use set::{PackageChanges, remove_package, set_package};
pub use sql::{PackagePurchase, find_package_by_id, find_package_to_give, list_package_purchases, list_packages_after_id};
