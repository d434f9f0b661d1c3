//! An address pool.

use serde::{Serialize, Serializer};

use super::range::{AddressRange, RangeError};
use crate::accounts::Denial;
use crate::store::StoreError;
use crate::units::TenantId;

/// An address stays the customer's own this long after his session, unless told otherwise, in seconds.
pub const DEFAULT_GRACE_SECS: u32 = 300;
const MAX_GRACE_SECS: u32 = 30 * 86_400;
const MAX_NAME_OCTETS: usize = 247;
/// Memory is taken per address that was ever leased; more than this many in one pool is a typing error.
const MAX_ADDRESSES: u64 = 1 << 18;

/// Addresses that the server hands out itself. A package or customer names it by `framed_pool`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Pool {
    /// Its id.
    #[serde(serialize_with = "id_text")]
    pub id: i64,
    /// Whose.
    #[serde(skip)]
    pub tenant_id: TenantId,
    /// Unique in the tenant.
    pub name: String,
    /// What it hands out.
    #[serde(serialize_with = "ranges")]
    pub ranges: Vec<AddressRange>,
    /// The only router that it serves; elsewhere the name is sent as Framed-Pool. `None` = all.
    #[serde(serialize_with = "optional_id_text")]
    pub router_id: Option<i64>,
    /// How long an address stays the customer's own after his session, seconds.
    pub grace_secs: u32,
}

/// Why a pool cannot be added, changed or found; [`PoolError::code`] is stable.
#[derive(Debug, thiserror::Error)]
pub enum PoolError {
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Not allowed.
    #[error(transparent)]
    Denied(#[from] Denial),
    /// No such pool.
    #[error("there is no pool {0:?}; `tollgate pool ls` shows those there are")]
    Unknown(String),
    /// The name is in use.
    #[error("the pool name {0:?} is taken")]
    NameTaken(String),
    /// Not a usable name.
    #[error("the pool name {0:?} must have 1 to {MAX_NAME_OCTETS} octets, no control characters and no spaces around it")]
    BadName(String),
    /// A range does not read.
    #[error(transparent)]
    Range(#[from] RangeError),
    /// No range at all.
    #[error("a pool needs at least one range")]
    NoRange,
    /// Too many addresses.
    #[error("a pool may have at most {MAX_ADDRESSES} addresses")]
    TooLarge,
    /// Another pool has some of the addresses.
    #[error("{range} overlaps {}", others(.other.as_ref()))]
    Overlap {
        /// Which range.
        range: String,
        /// The other one and its pool, if the scope sees that.
        other: Option<(String, String)>,
    },
    /// Not a usable time.
    #[error("the grace time may be at most {MAX_GRACE_SECS} seconds")]
    BadGrace,
    /// No such router.
    #[error("there is no router {0:?}; `tollgate router ls` shows those there are")]
    UnknownRouter(String),
    /// No such account.
    #[error("there is no account {0:?}")]
    UnknownOwner(String),
}

impl PoolError {
    /// The stable code of this error.
    pub fn code(&self) -> &'static str {
        match self {
            PoolError::Store(_) => "store",
            PoolError::Denied(denial) => denial.code(),
            PoolError::Unknown(_) => "pool-unknown",
            PoolError::NameTaken(_) => "pool-name-taken",
            PoolError::BadName(_) => "pool-name-invalid",
            PoolError::Range(_) | PoolError::NoRange | PoolError::TooLarge => "pool-range-invalid",
            PoolError::Overlap { .. } => "pool-range-taken",
            PoolError::BadGrace => "pool-grace-invalid",
            PoolError::UnknownRouter(_) => "router-unknown",
            PoolError::UnknownOwner(_) => "account-unknown",
        }
    }
}

impl Pool {
    /// How many addresses it has.
    pub fn size(&self) -> u64 {
        self.ranges.iter().map(|r| r.size()).sum()
    }

    /// Checks everything that needs no other pool.
    pub(super) fn check(&self) -> Result<(), PoolError> {
        let name = self.name.as_str();
        let is_named = !name.is_empty() && name.len() <= MAX_NAME_OCTETS && name.trim() == name && !name.chars().any(char::is_control);
        if !is_named {
            return Err(PoolError::BadName(name.to_owned()));
        }
        if self.ranges.is_empty() {
            return Err(PoolError::NoRange);
        }
        if self.size() > MAX_ADDRESSES {
            return Err(PoolError::TooLarge);
        }
        if self.grace_secs > MAX_GRACE_SECS {
            return Err(PoolError::BadGrace);
        }
        for (at, range) in self.ranges.iter().enumerate() {
            if let Some(other) = self.ranges[at + 1..].iter().find(|o| o.overlaps(*range)) {
                return Err(overlap(*range, Some((*other, name))));
            }
        }
        Ok(())
    }

    /// Checks it against another pool of the tenant, which is named only to who sees it. Pools of two routers may hold the same addresses: private ones are often used twice.
    pub(super) fn check_beside(&self, other: &Pool, is_seen: bool) -> Result<(), PoolError> {
        let apart = matches!((self.router_id, other.router_id), (Some(a), Some(b)) if a != b);
        if apart || self.id == other.id {
            return Ok(());
        }
        for range in &self.ranges {
            if let Some(taken) = other.ranges.iter().find(|o| o.overlaps(*range)) {
                return Err(overlap(*range, is_seen.then_some((*taken, &other.name))));
            }
        }
        Ok(())
    }
}

fn overlap(range: AddressRange, other: Option<(AddressRange, &str)>) -> PoolError {
    PoolError::Overlap { range: range.to_string(), other: other.map(|(other, pool)| (other.to_string(), pool.to_owned())) }
}

fn others(other: Option<&(String, String)>) -> String {
    other.map_or_else(|| "addresses of another pool".to_owned(), |(range, pool)| format!("{range} of pool {pool:?}"))
}

fn id_text<S: Serializer>(id: &i64, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(id)
}

fn optional_id_text<S: Serializer>(id: &Option<i64>, serializer: S) -> Result<S::Ok, S::Error> {
    id.map(|n| n.to_string()).serialize(serializer)
}

fn ranges<S: Serializer>(ranges: &[AddressRange], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(ranges.iter().map(ToString::to_string))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::routers::pools::parse_ranges;

    fn pool(id: i64, ranges: &str, router_id: Option<i64>) -> Pool {
        let ranges = parse_ranges(ranges).expect("ranges");
        Pool { id, tenant_id: TenantId(1), name: format!("p{id}"), ranges, router_id, grace_secs: 300 }
    }

    #[test]
    fn overlaps_are_refused_but_between_pools_of_two_routers() {
        let one = pool(1, "10.0.0.0/24", None);
        assert!(one.check().is_ok());
        assert_eq!(pool(1, "10.0.0.0/24,10.0.0.9", None).check().expect_err("overlap").code(), "pool-range-taken");
        assert_eq!(pool(2, "10.0.0.9", None).check_beside(&one, true).expect_err("overlap").code(), "pool-range-taken");
        let hidden = pool(2, "10.0.0.9", None).check_beside(&one, false).expect_err("overlap").to_string();
        assert_eq!(hidden, "10.0.0.9 overlaps addresses of another pool");
        assert!(pool(2, "10.0.1.0/24", None).check_beside(&one, true).is_ok());
        assert!(pool(2, "10.0.0.9", Some(2)).check_beside(&one, true).is_err());
        assert!(pool(2, "10.0.0.9", Some(2)).check_beside(&pool(3, "10.0.0.0/24", Some(3)), true).is_ok());
        assert!(pool(2, "10.0.0.9", Some(2)).check_beside(&pool(3, "10.0.0.0/24", Some(2)), true).is_err());
        assert_eq!(pool(1, "", None).check().expect_err("empty").code(), "pool-range-invalid");
        assert_eq!(pool(1, "10.0.0.0/8", None).check().expect_err("large").code(), "pool-range-invalid");
    }
}
