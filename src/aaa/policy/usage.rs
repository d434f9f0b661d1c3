//! Where policy learns what a customer used.

use crate::sessions::Used;
use crate::units::UnixMs;

/// What customers used. Asked on the data plane: answers from memory.
pub trait UsageSource: Send + Sync {
    /// What the customer used in each of his running periods, open sessions included; `None` = nothing is metered for him, so he used nothing.
    fn used(&self, customer_id: i64, now: UnixMs) -> Option<Used>;

    /// Whether what this customer uses is counted, so that each of his reports may be the one that uses something up.
    fn counts(&self, _customer_id: i64) -> bool {
        false
    }

    /// What he used in the period before each running one; `None` = that is not known, and nothing rolls over.
    fn used_before(&self, _customer_id: i64, _now: UnixMs) -> Option<Used> {
        None
    }

    /// Since when it is not known what customers use and how many sessions they have on other nodes; `None` = it is known, or there are none.
    fn blind_since(&self, _now: UnixMs) -> Option<UnixMs> {
        None
    }
}

/// Nothing is metered.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoMeters;

impl UsageSource for NoMeters {
    fn used(&self, _customer_id: i64, _now: UnixMs) -> Option<Used> {
        None
    }
}
