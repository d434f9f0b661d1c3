//! A tenant and its settings.

use jiff::tz::TimeZone;
use serde::Serialize;

use super::AccessRules;
use crate::store::StoreError;
use crate::units::{TenantId, UnixMs};

/// The role of a tenant's first account, which owns what the command line creates.
pub const ROLE_ADMIN: &str = "admin";
const MAX_NAME_CHARS: usize = 64;

/// Holder of providers, customers and routers; nothing is shared between two of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Tenant {
    /// Its id.
    pub id: TenantId,
    /// Unique on this server.
    pub name: String,
    /// IANA name; expiry dates and usage days are meant in this zone.
    pub time_zone: String,
    /// ISO 4217 code.
    pub currency: String,
    /// Whether `Bob` and `bob` are two customers.
    pub case_sensitive_usernames: bool,
    /// Whether a customer of one provider may log in on a router of another provider of this tenant.
    pub cross_provider_login: bool,
    /// What happens to customers who may not come in.
    pub access_rules: AccessRules,
    /// When it was added.
    pub created_at: UnixMs,
}

impl Tenant {
    /// The tenant's zone; UTC if the stored name is unknown to this program's zone database.
    pub fn zone(&self) -> TimeZone {
        TimeZone::get(&self.time_zone).unwrap_or(TimeZone::UTC)
    }
}

/// Why a tenant cannot be added, found or changed.
#[derive(Debug, thiserror::Error)]
pub enum AccountError {
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// No such tenant.
    #[error("there is no tenant {0:?}; `tollgate tenant ls` shows those there are")]
    UnknownTenant(String),
    /// The name is in use.
    #[error("the tenant name {0:?} is taken")]
    NameTaken(String),
    /// Not a usable name.
    #[error("the tenant name {0:?} must have 1 to {MAX_NAME_CHARS} characters, no control characters and no spaces around it")]
    BadName(String),
    /// Not in the zone database.
    #[error("{0:?} is not a time zone: write an IANA name such as Asia/Dhaka or UTC")]
    BadTimeZone(String),
    /// Not an ISO 4217 code.
    #[error("{0:?} is not a currency: write three capital letters such as USD")]
    BadCurrency(String),
    /// A rule about who may not come in that routers would refuse.
    #[error("{0}")]
    BadAccessRule(String),
    /// Turning case folding on would make two customers one.
    #[error("usernames cannot become case-insensitive: {first:?} and {second:?} would be the same; rename one of them first")]
    UsernamesCollide {
        /// One username.
        first: String,
        /// The other.
        second: String,
    },
}

impl AccountError {
    /// The stable code of this error.
    pub fn code(&self) -> &'static str {
        match self {
            AccountError::Store(_) => "store",
            AccountError::UnknownTenant(_) => "tenant-unknown",
            AccountError::NameTaken(_) => "tenant-name-taken",
            AccountError::BadName(_) => "tenant-name-invalid",
            AccountError::BadTimeZone(_) => "time-zone-invalid",
            AccountError::BadCurrency(_) => "currency-invalid",
            AccountError::BadAccessRule(_) => "access-rule-invalid",
            AccountError::UsernamesCollide { .. } => "usernames-collide",
        }
    }
}

/// Accepts a name of the zone database and returns it.
pub fn check_time_zone(name: &str) -> Result<String, AccountError> {
    TimeZone::get(name).map(|_| name.to_owned()).map_err(|_| AccountError::BadTimeZone(name.to_owned()))
}

pub(super) fn check_currency(code: &str) -> Result<String, AccountError> {
    let fits = code.len() == 3 && code.bytes().all(|b| b.is_ascii_uppercase());
    fits.then(|| code.to_owned()).ok_or_else(|| AccountError::BadCurrency(code.to_owned()))
}

pub(super) fn check_name(name: &str) -> Result<String, AccountError> {
    let fits = !name.is_empty() && name.chars().count() <= MAX_NAME_CHARS && name.trim() == name && !name.chars().any(char::is_control);
    fits.then(|| name.to_owned()).ok_or_else(|| AccountError::BadName(name.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_zones_and_currencies_are_checked() {
        for (ok, value) in [(true, "default"), (true, "Ümlaut Net"), (false, ""), (false, " a"), (false, "a\n")] {
            assert_eq!(check_name(value).is_ok(), ok, "{value:?}");
        }
        for (ok, value) in [(true, "Asia/Dhaka"), (true, "UTC"), (false, "Dhaka"), (false, "")] {
            assert_eq!(check_time_zone(value).is_ok(), ok, "{value:?}");
        }
        for (ok, value) in [(true, "USD"), (false, "usd"), (false, "US"), (false, "€")] {
            assert_eq!(check_currency(value).is_ok(), ok, "{value:?}");
        }
    }
}
