//! Usage by local days: what was used between two instants, split over the tenant's days pro rata by time. Sums are exact.

use jiff::tz::TimeZone;

use crate::units::{DAY_MS, UnixMs, local_day, next_local_midnight};

/// A longer span counts on its last days only, so that one packet with an absurd Acct-Session-Time does not make ten thousand rows.
const LONGEST_SPREAD_MS: i64 = 62 * DAY_MS;

/// Octets from the customer, octets to the customer, seconds.
pub(super) type Amounts = [u64; 3];

/// The days of one zone, remembering the last day asked for: nearly all events fall on today.
#[derive(Debug, Clone)]
pub(super) struct LocalDays {
    zone: TimeZone,
    /// Instants in `from..until` are on `day`; empty at first.
    from: UnixMs,
    until: UnixMs,
    day: i64,
}

impl LocalDays {
    /// Days of a zone.
    pub fn new(zone: TimeZone) -> LocalDays {
        LocalDays { zone, from: 0, until: 0, day: 0 }
    }

    /// The day (`yyyymmdd`) of an instant and where it ends.
    fn day_of(&mut self, instant: UnixMs) -> (i64, UnixMs) {
        if !(self.from..self.until).contains(&instant) {
            let day = local_day(instant, &self.zone);
            if day == self.day {
                self.from = self.from.min(instant);
            } else {
                // A zone may skip a local midnight; the day still moves on.
                (self.from, self.until, self.day) = (instant, next_local_midnight(instant, &self.zone).max(instant + 1), day);
            }
        }
        (self.day, self.until)
    }

    /// Splits what was used from `from` to `to` and hands out each day's part, days ascending, no empty part. An empty span, which a late
    /// event has, counts on the day of `to`.
    pub fn split(&mut self, from: UnixMs, to: UnixMs, amounts: Amounts, mut each: impl FnMut(i64, Amounts)) {
        let from = from.max(to.saturating_sub(LONGEST_SPREAD_MS)).min(to);
        let length_ms = (to - from).max(1) as u128;
        let mut done: Amounts = [0; 3];
        let mut at = from;
        loop {
            let (day, until) = self.day_of(at);
            let is_last = until >= to;
            let share_ms = if is_last { length_ms } else { (until - from) as u128 };
            let upto = amounts.map(|amount| (u128::from(amount) * share_ms / length_ms) as u64);
            let part = [upto[0] - done[0], upto[1] - done[1], upto[2] - done[2]];
            if part != [0; 3] {
                each(day, part);
            }
            if is_last {
                return;
            }
            (done, at) = (upto, until);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::parse_instant;
    use proptest::prelude::*;

    fn split(zone: &str, from: &str, to: &str, amounts: Amounts) -> Vec<(i64, Amounts)> {
        let zone = TimeZone::get(zone).expect("a bundled zone");
        let instant = |text| parse_instant(text, &zone).expect("an instant");
        let mut parts = Vec::new();
        LocalDays::new(zone.clone()).split(instant(from), instant(to), amounts, |day, part| parts.push((day, part)));
        parts
    }

    #[test]
    fn a_span_over_midnight_is_split_by_time() {
        for (zone, from, to, wanted, why) in [
            ("Asia/Dhaka", "2026-11-14 23:00", "2026-11-14 23:05", vec![(20261114, [40, 400, 4])], "one day"),
            (
                "Asia/Dhaka",
                "2026-11-14 23:00",
                "2026-11-15 03:00",
                vec![(20261114, [10, 100, 1]), (20261115, [30, 300, 3])],
                "a quarter before",
            ),
            (
                "UTC",
                "2026-11-14 22:00",
                "2026-11-16 06:00",
                vec![(20261114, [2, 25, 0]), (20261115, [30, 300, 3]), (20261116, [8, 75, 1])],
                "three days",
            ),
            ("UTC", "2026-11-15 00:00", "2026-11-15 00:00", vec![(20261115, [40, 400, 4])], "an empty span"),
            ("UTC", "2026-11-14 22:00", "2026-11-15 00:00", vec![(20261114, [40, 400, 4])], "midnight itself has no length"),
            ("UTC", "2026-11-15 05:00", "2026-11-15 04:00", vec![(20261115, [40, 400, 4])], "a late event"),
        ] {
            assert_eq!(split(zone, from, to, [40, 400, 4]), wanted, "{why}");
        }
    }

    #[test]
    fn the_day_on_which_clocks_change_has_its_true_length() {
        let long = split("Europe/Berlin", "2026-10-24 23:00", "2026-10-26 01:00", [0, 27_000, 0]);
        assert_eq!(long, [(20261024, [0, 1000, 0]), (20261025, [0, 25_000, 0]), (20261026, [0, 1000, 0])]);
        let short = split("Europe/Berlin", "2026-03-28 23:00", "2026-03-30 01:00", [0, 25_000, 0]);
        assert_eq!(short, [(20260328, [0, 1000, 0]), (20260329, [0, 23_000, 0]), (20260330, [0, 1000, 0])]);
    }

    #[test]
    fn an_absurd_span_makes_no_more_rows_than_two_months() {
        let parts = split("UTC", "2001-01-01 00:00", "2026-11-15 12:00", [1 << 60, 0, 0]);
        assert_eq!(parts.len(), 63);
        assert_eq!(parts.iter().map(|(_, p)| p[0]).sum::<u64>(), 1 << 60);
    }

    proptest! {
        #[test]
        fn nothing_is_lost_and_no_day_comes_twice(
            zone in prop::sample::select(vec!["UTC", "Asia/Dhaka", "Europe/Berlin", "America/Sao_Paulo", "Pacific/Apia", "Asia/Beirut"]),
            spans in prop::collection::vec((1_262_304_000_000i64..1_900_000_000_000, -DAY_MS..(90 * DAY_MS), any::<[u64; 3]>()), 1..8),
        ) {
            let zone = TimeZone::get(zone).expect("a bundled zone");
            let mut days = LocalDays::new(zone.clone());
            for (from, length, amounts) in spans {
                let amounts = amounts.map(|n| n >> 3);
                let mut sum = [0u64; 3];
                let mut last = 0;
                days.split(from, from + length, amounts, |day, part| {
                    assert!(day > last, "{day} after {last}");
                    last = day;
                    (0..3).for_each(|i| sum[i] += part[i]);
                });
                prop_assert_eq!(sum, amounts);
                prop_assert!(last <= local_day(from + length, &zone));
            }
        }
    }
}
