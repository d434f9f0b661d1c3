//! Usage of a customer computed from the store's days: for commands, which have no meters, and for what lies before the running periods. Pure.
//!
//! Day, week and month begin with a day, so they are exact; a validity period or package that began within a day counts from the beginning of that day.

use jiff::tz::TimeZone;

use super::UsageSource;
use crate::packages::{Period, PeriodSet, spans};
use crate::sessions::{Amounts, Used};
use crate::units::{UnixMs, local_day};

/// Charged amounts of one local day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UsageDay {
    /// As the number `yyyymmdd`.
    pub day: i64,
    /// What was used.
    pub amounts: Amounts,
}

/// What a customer used as the store has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct StoredUsage {
    /// Whose.
    pub customer_id: i64,
    /// In the running periods.
    pub used: Used,
    /// In those before them; nothing for validity and once.
    pub before: Used,
}

impl StoredUsage {
    /// Sums days up. The two instants are those of [`spans`].
    pub fn of_days(
        customer_id: i64,
        days: &[UsageDay],
        now: UnixMs,
        zone: &TimeZone,
        period_started_at: UnixMs,
        package_since_at: UnixMs,
    ) -> StoredUsage {
        let running = spans(now, zone, period_started_at, package_since_at);
        let mut stored = StoredUsage { customer_id, ..StoredUsage::default() };
        for period in Period::ALL {
            let start = running.start(period);
            let first = if start > 0 { local_day(start, zone) } else { 0 };
            let last_first = match period {
                Period::Validity | Period::Once => first,
                _ => local_day(spans(start - 1, zone, 0, 0).start(period), zone),
            };
            for day in days {
                if day.day >= first {
                    *stored.used.of_mut(period) += day.amounts;
                } else if day.day >= last_first {
                    *stored.before.of_mut(period) += day.amounts;
                }
            }
        }
        stored
    }
}

impl UsageSource for StoredUsage {
    fn used(&self, customer_id: i64, _counted: PeriodSet, _now: UnixMs) -> Option<Used> {
        (customer_id == self.customer_id).then_some(self.used)
    }

    fn used_before(&self, customer_id: i64, _rolled_over: PeriodSet, _now: UnixMs) -> Option<Used> {
        (customer_id == self.customer_id).then_some(self.before)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::parse_instant;

    #[test]
    fn days_add_up_to_the_running_periods_and_those_before() {
        let zone = TimeZone::get("Asia/Dhaka").expect("a bundled zone");
        let now = parse_instant("2026-11-18 12:00", &zone).expect("an instant");
        let day = |day, download| UsageDay { day, amounts: Amounts { download, ..Amounts::default() } };
        let days = [day(20261001, 1), day(20261031, 2), day(20261109, 4), day(20261116, 8), day(20261117, 16), day(20261118, 32)];
        let since = parse_instant("2026-11-17 18:00", &zone).expect("an instant");
        let stored = StoredUsage::of_days(7, &days, now, &zone, since, 0);
        let used = Period::ALL.map(|p| stored.used.of(p).download);
        let before = Period::ALL.map(|p| stored.before.of(p).download);
        assert_eq!(used, [32, 56, 60, 48, 63]);
        assert_eq!(before, [16, 4, 3, 0, 0]);
        let all = PeriodSet::from_iter(Period::ALL);
        assert!(stored.used(8, all, now).is_none() && stored.used(7, all, now).is_some());
    }
}
