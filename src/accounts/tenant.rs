//! A tenant and its settings.

use jiff::tz::TimeZone;
use serde::Serialize;

use super::{AccessRules, AccountError};
use crate::units::{TenantId, UnixMs};

/// The role of a provider, as the database has it: the first one of a tenant owns what the command line creates.
pub const ROLE_ADMIN: &str = "admin";
pub(super) const MAX_NAME_CHARS: usize = 64;

/// Holder of providers, customers and routers; nothing is shared between two of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Tenant {
    /// Its id.
    pub id: TenantId,
    /// Unique on this server, over all names that tenants have and had.
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
    /// The host name under which its panel is reached; where it is not known, the account tells the tenant.
    pub host_name: Option<String>,
    /// The language of pages for accounts that chose none: a code such as `en`.
    pub language: String,
    /// When it was added.
    pub created_at: UnixMs,
}

impl Tenant {
    /// The tenant's zone; UTC if the stored name is unknown to this program's zone database.
    pub fn zone(&self) -> TimeZone {
        TimeZone::get(&self.time_zone).unwrap_or(TimeZone::UTC)
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

/// A host name as browsers send it: lower case, no port.
pub(super) fn check_host_name(name: &str) -> Result<String, AccountError> {
    let name = name.to_ascii_lowercase();
    let label =
        |l: &str| !l.is_empty() && l.len() <= 63 && l.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-') && !l.starts_with('-');
    let fits = name.len() <= 253 && name.split('.').all(label);
    fits.then_some(name.clone()).ok_or(AccountError::BadHostName(name))
}

/// A slash ends the tenant's name where somebody signs in as `TENANT/NAME`.
pub(super) fn check_name(name: &str) -> Result<String, AccountError> {
    let fits = !name.is_empty()
        && name.chars().count() <= MAX_NAME_CHARS
        && name.trim() == name
        && !name.contains(|c: char| c == '/' || c.is_control());
    fits.then(|| name.to_owned()).ok_or_else(|| AccountError::BadName(name.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_zones_and_currencies_are_checked() {
        for (ok, value) in [(true, "default"), (true, "Ümlaut Net"), (false, ""), (false, " a"), (false, "a\n"), (false, "a/b")] {
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
