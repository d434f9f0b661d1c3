//! A package.

use serde::Serialize;

use super::{Limits, LimitsError, RateLimit, RateLimitError};
use crate::accounts::Denial;
use crate::store::StoreError;
use crate::units::{AccountId, MOST_MINOR, PackageId, TenantId, UnixMs};

/// How often a router reports a session's counters unless told otherwise, in seconds.
pub const DEFAULT_INTERIM_SECS: u32 = 300;
/// RFC 2869 §5.16 forbids less than 60 seconds.
pub const MIN_INTERIM_SECS: u32 = 60;
const MAX_INTERIM_SECS: u32 = 86_400;
/// RouterOS keeps uptimes as 32-bit hundredths of a second and overflows beyond this many seconds.
pub const MAX_SESSION_TIMEOUT_SECS: u32 = 21_474_720;
const MAX_NAME_CHARS: usize = 64;
/// RFC 2865 §5: the value of an attribute has at most 253 octets; a vendor's sub-attribute 247.
const MAX_TEXT_OCTETS: usize = 247;

/// What a package grants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PackageTerms {
    /// Rates; empty for unlimited.
    pub rate_limit: RateLimit,
    /// Name of an existing pool on the router.
    pub framed_pool: Option<String>,
    /// Firewall list that the customer's address joins during the session.
    pub address_list: Option<String>,
    /// Longest session, in seconds.
    pub session_timeout_secs: Option<u32>,
    /// Longest silence, in seconds.
    pub idle_timeout_secs: Option<u32>,
    /// Between two reports of the counters, in seconds.
    pub interim_secs: u32,
    /// PPP or hotspot profile on the router.
    pub mikrotik_group: Option<String>,
    /// Volume, time, hours, fair use, sessions, devices, places.
    pub limits: Limits,
}

impl Default for PackageTerms {
    fn default() -> PackageTerms {
        PackageTerms {
            rate_limit: RateLimit::default(),
            framed_pool: None,
            address_list: None,
            session_timeout_secs: None,
            idle_timeout_secs: None,
            interim_secs: DEFAULT_INTERIM_SECS,
            mikrotik_group: None,
            limits: Limits::default(),
        }
    }
}

/// A package.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Package {
    /// Its id.
    pub id: PackageId,
    /// Whose.
    pub tenant_id: TenantId,
    /// Which account's.
    pub owner_id: AccountId,
    /// Unique in the tenant.
    pub name: String,
    /// What it grants.
    pub terms: PackageTerms,
    /// What a customer pays for one period, in the smallest unit of the tenant's currency; `None` = not said.
    pub retail_price_minor: Option<i64>,
    /// When it was added.
    pub created_at: UnixMs,
    /// When it was last changed.
    pub updated_at: UnixMs,
}

impl Serialize for Package {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use serde::ser::SerializeMap;
        let (terms, limit) = (&self.terms, &self.terms.rate_limit);
        let bps = |rate: Option<crate::units::BitRate>| rate.map(|r| r.0);
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("id", &self.id)?;
        map.serialize_entry("owner_id", &self.owner_id)?;
        map.serialize_entry("name", &self.name)?;
        map.serialize_entry("download_bps", &bps(limit.rate.download))?;
        map.serialize_entry("upload_bps", &bps(limit.rate.upload))?;
        map.serialize_entry("burst_download_bps", &bps(limit.burst.download))?;
        map.serialize_entry("burst_upload_bps", &bps(limit.burst.upload))?;
        map.serialize_entry("burst_threshold_download_bps", &bps(limit.threshold.download))?;
        map.serialize_entry("burst_threshold_upload_bps", &bps(limit.threshold.upload))?;
        map.serialize_entry("burst_download_secs", &limit.burst_secs.download)?;
        map.serialize_entry("burst_upload_secs", &limit.burst_secs.upload)?;
        map.serialize_entry("priority", &limit.priority)?;
        map.serialize_entry("min_download_bps", &bps(limit.min.download))?;
        map.serialize_entry("min_upload_bps", &bps(limit.min.upload))?;
        map.serialize_entry("mikrotik_rate_limit", &limit.to_mikrotik())?;
        map.serialize_entry("framed_pool", &terms.framed_pool)?;
        map.serialize_entry("address_list", &terms.address_list)?;
        map.serialize_entry("session_timeout_secs", &terms.session_timeout_secs)?;
        map.serialize_entry("idle_timeout_secs", &terms.idle_timeout_secs)?;
        map.serialize_entry("interim_secs", &terms.interim_secs)?;
        map.serialize_entry("mikrotik_group", &terms.mikrotik_group)?;
        map.serialize_entry("limits", &terms.limits.shown())?;
        map.serialize_entry("overshoot_octets", &terms.overshoot_octets())?;
        map.serialize_entry("retail_price_minor", &self.retail_price_minor)?;
        map.serialize_entry("created_at", &crate::units::print_instant(self.created_at))?;
        map.serialize_entry("updated_at", &crate::units::print_instant(self.updated_at))?;
        map.end()
    }
}

/// Why a package cannot be added, changed or removed.
#[derive(Debug, thiserror::Error)]
pub enum PackageError {
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Not allowed.
    #[error(transparent)]
    Denied(#[from] Denial),
    /// No such package.
    #[error("there is no package {0:?}; `tollgate package ls` shows those there are")]
    Unknown(String),
    /// The name is in use.
    #[error("the package name {0:?} is taken")]
    NameTaken(String),
    /// Not a usable name.
    #[error("the package name {0:?} must have 1 to {MAX_NAME_CHARS} characters, no control characters and no spaces around it")]
    BadName(String),
    /// Rates that do not fit together.
    #[error(transparent)]
    RateLimit(#[from] RateLimitError),
    /// Limits that do not make sense together.
    #[error(transparent)]
    Limits(#[from] LimitsError),
    /// Too often or too seldom.
    #[error("the interim interval must be {MIN_INTERIM_SECS} to {MAX_INTERIM_SECS} seconds")]
    BadInterim,
    /// Zero would end each session at once.
    #[error("the {0} timeout must be at least one second; leave it out for none")]
    BadTimeout(&'static str),
    /// Below nothing, or more than sums can hold.
    #[error("the price must be 0 to {MOST_MINOR} of the currency's smallest unit")]
    BadPrice,
    /// Not a usable attribute value.
    #[error("the {0} must have 1 to {MAX_TEXT_OCTETS} octets and no control characters")]
    BadText(&'static str),
    /// Customers have it.
    #[error("package {name:?} still has {customers} customers: give them another package first")]
    InUse {
        /// Which package.
        name: String,
        /// How many.
        customers: i64,
    },
    /// No such account.
    #[error("there is no account {0:?}")]
    UnknownOwner(String),
}

impl PackageError {
    /// The stable code of this error.
    pub fn code(&self) -> &'static str {
        match self {
            PackageError::Store(_) => "store",
            PackageError::Denied(denial) => denial.code(),
            PackageError::Unknown(_) => "package-unknown",
            PackageError::NameTaken(_) => "package-name-taken",
            PackageError::BadName(_) => "package-name-invalid",
            PackageError::RateLimit(_) => "rate-limit-invalid",
            PackageError::Limits(_) => "limits-invalid",
            PackageError::BadInterim => "interim-invalid",
            PackageError::BadTimeout(_) => "timeout-invalid",
            PackageError::BadPrice => "price-invalid",
            PackageError::BadText(_) => "text-invalid",
            PackageError::InUse { .. } => "package-in-use",
            PackageError::UnknownOwner(_) => "account-unknown",
        }
    }
}

pub(super) fn check_name(name: &str) -> Result<(), PackageError> {
    let fits = !name.is_empty() && name.chars().count() <= MAX_NAME_CHARS && name.trim() == name && !name.chars().any(char::is_control);
    fits.then_some(()).ok_or_else(|| PackageError::BadName(name.to_owned()))
}

impl PackageTerms {
    /// Checks every term and clamps timeouts to what RouterOS can count.
    pub fn checked(mut self) -> Result<PackageTerms, PackageError> {
        self.rate_limit.check()?;
        self.limits.check()?;
        if !(MIN_INTERIM_SECS..=MAX_INTERIM_SECS).contains(&self.interim_secs) {
            return Err(PackageError::BadInterim);
        }
        for (name, timeout) in [("session", &mut self.session_timeout_secs), ("idle", &mut self.idle_timeout_secs)] {
            if *timeout == Some(0) {
                return Err(PackageError::BadTimeout(name));
            }
            *timeout = timeout.map(|secs| secs.min(MAX_SESSION_TIMEOUT_SECS));
        }
        for (name, text) in
            [("pool name", &self.framed_pool), ("address list", &self.address_list), ("Mikrotik-Group", &self.mikrotik_group)]
        {
            if text.as_ref().is_some_and(|t| t.is_empty() || t.len() > MAX_TEXT_OCTETS || t.chars().any(char::is_control)) {
                return Err(PackageError::BadText(name));
            }
        }
        Ok(self)
    }
}

/// What a price may be.
pub(super) fn check_price(minor: Option<i64>) -> Result<Option<i64>, PackageError> {
    if minor.is_none_or(|minor| (0..=MOST_MINOR).contains(&minor)) { Ok(minor) } else { Err(PackageError::BadPrice) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terms_are_checked_and_clamped() {
        let terms = PackageTerms { session_timeout_secs: Some(99_999_999), ..Default::default() };
        assert_eq!(terms.checked().expect("clamped").session_timeout_secs, Some(MAX_SESSION_TIMEOUT_SECS));
        for (terms, code) in [
            (PackageTerms { interim_secs: 59, ..Default::default() }, "interim-invalid"),
            (PackageTerms { idle_timeout_secs: Some(0), ..Default::default() }, "timeout-invalid"),
            (PackageTerms { framed_pool: Some(String::new()), ..Default::default() }, "text-invalid"),
            (PackageTerms { address_list: Some("x".repeat(248)), ..Default::default() }, "text-invalid"),
            (
                PackageTerms { rate_limit: RateLimit { priority: Some(1), ..Default::default() }, ..Default::default() },
                "rate-limit-invalid",
            ),
        ] {
            assert_eq!(terms.checked().expect_err(code).code(), code);
        }
    }
}
