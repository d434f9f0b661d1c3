//! What the books say of a customer who is online, from the directory: one function builds it for every live session.

use super::UsedOf;
use crate::aaa::directory::{Customer, Directory, Package};
use crate::aaa::policy::{Assessment, Standing, assess};
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
}

/// Assesses a customer. `None` = there is no such customer, or his tenant or package is not known.
pub fn assess_customer(directory: &Directory, used_of: &UsedOf, customer_id: i64, now: UnixMs) -> Option<Assessed> {
    let used = used_of(customer_id);
    let packages = directory.packages.load();
    let tenants = directory.tenants.load();
    directory.customers.with_id(customer_id, |customer: &Customer| {
        let package: &Package = packages.get(&customer.package_id)?;
        let tenant = tenants.get(&customer.tenant_id)?;
        let standing = Standing {
            hold: customer.hold(),
            is_closed: false,
            expires_at: customer.expires_at,
            is_pending: false,
            limits: &package.limits,
            rate: &package.rate_limit,
            own_rate: None,
            top_ups: &[],
            carried: &[],
            used: &used,
            zone: &tenant.time_zone,
        };
        let assessment = assess(&standing, now);
        // Nearly always the package's own rate, whose number is known.
        let rate = if assessment.rate == package.rate_limit {
            package.rate
        } else {
            rate_number(assessment.rate.to_mikrotik().unwrap_or_default().as_bytes())
        };
        Some(Assessed { assessment, rate, session_maximum_secs: package.session_timeout_secs })
    })?
}
