//! Where policy learns what a customer used.

use crate::packages::PeriodSet;
use crate::sessions::Used;
use crate::units::UnixMs;

/// What customers used. Asked on the data plane: answers from memory.
pub trait UsageSource: Send + Sync {
    /// What the customer used in each of his running periods, open sessions included. `counted` are the kinds that matter; `None` = of one of them it is not known
    /// (yet): his limits begin to count it just now.
    fn used(&self, customer_id: i64, counted: PeriodSet, now: UnixMs) -> Option<Used>;

    /// Whether what this customer uses is counted, so that each of his reports may be the one that uses something up.
    fn counts(&self, _customer_id: i64) -> bool {
        false
    }

    /// What he used in the period before each running one, of the kinds in `rolled_over`; `None` = that is not known, and nothing rolls over.
    fn used_before(&self, _customer_id: i64, _rolled_over: PeriodSet, _now: UnixMs) -> Option<Used> {
        None
    }

    /// Since when it is not known what customers use and how many sessions they have on other nodes; `None` = it is known, or there are none.
    fn blind_since(&self, _now: UnixMs) -> Option<UnixMs> {
        None
    }
}

/// Nobody used anything.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoMeters;

impl UsageSource for NoMeters {
    fn used(&self, _customer_id: i64, _counted: PeriodSet, _now: UnixMs) -> Option<Used> {
        Some(Used::default())
    }

    fn used_before(&self, _customer_id: i64, _rolled_over: PeriodSet, _now: UnixMs) -> Option<Used> {
        Some(Used::default())
    }
}
