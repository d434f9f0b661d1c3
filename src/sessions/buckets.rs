//! Usage by buckets: what was used between two instants, split over local days, at the starts of the customer's period and package and at the edges of his free hours, pro rata
//! by time. Sums are exact.

use jiff::tz::TimeZone;

use crate::packages::{Hours, hours};
use crate::units::{DAY_MS, UnixMs, local_day, local_midnight, next_local_midnight};

/// A longer span counts on its last days only, so that one packet with an absurd Acct-Session-Time does not make ten thousand rows.
const LONGEST_SPREAD_MS: i64 = 62 * DAY_MS;

/// Octets from the customer, octets to the customer, seconds.
pub(super) type Counts = [u64; 3];

/// Charging classes of usage rows.
pub mod class {
    /// Counts against limits.
    pub const CHARGED: u8 = 0;
    /// Used in the package's free hours: shown, not counted.
    pub const FREE: u8 = 1;
}

/// What of a customer's terms splits his usage.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Charging {
    /// When his present validity period began, unix ms; 0 = not known.
    pub period_started_at: UnixMs,
    /// Since when he has his package, unix ms; 0 = not known.
    pub package_since_at: UnixMs,
    /// When traffic is not charged.
    pub free_hours: Vec<Hours>,
}

/// What falls into one bucket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Part {
    /// Where the bucket begins: the first instant of its local day, or of the customer's period or package if that began later that day.
    pub bucket_at: UnixMs,
    /// Its local day, `yyyymmdd`.
    pub day: i64,
    /// See [`class`].
    pub class: u8,
    /// How much.
    pub counts: Counts,
}

/// A span of time on one side of all edges that were asked for last.
#[derive(Debug, Clone, Default)]
struct Day {
    from: UnixMs,
    until: UnixMs,
    begins_at: UnixMs,
    number: i64,
}

/// Whether some hours hold, from an instant until the next edge.
#[derive(Debug, Clone, Default)]
struct Window {
    hours: Vec<Hours>,
    from: UnixMs,
    until: UnixMs,
    is_within: bool,
}

/// The buckets of one zone, remembering the last day and the last hours asked for: nearly all events fall on today.
#[derive(Debug, Clone)]
pub(super) struct Buckets {
    zone: TimeZone,
    day: Day,
    window: Window,
}

impl Buckets {
    /// Buckets of a zone.
    pub fn new(zone: TimeZone) -> Buckets {
        Buckets { zone, day: Day::default(), window: Window::default() }
    }

    fn day_of(&mut self, instant: UnixMs) -> &Day {
        let day = &mut self.day;
        if !(day.from..day.until).contains(&instant) {
            let number = local_day(instant, &self.zone);
            if number == day.number {
                day.from = day.from.min(instant);
            } else {
                // A zone may skip a local midnight; the day still moves on.
                let until = next_local_midnight(instant, &self.zone).max(instant + 1);
                *day = Day { from: instant, until, begins_at: local_midnight(instant, &self.zone).min(instant), number };
            }
        }
        day
    }

    /// Whether the hours hold at an instant, and until when that stays so.
    fn window_of(&mut self, free: &[Hours], instant: UnixMs) -> (bool, UnixMs) {
        if free.is_empty() {
            return (false, UnixMs::MAX);
        }
        let window = &mut self.window;
        if window.hours != free || !(window.from..window.until).contains(&instant) {
            let (is_within, until) = (hours::is_within(free, instant, &self.zone), hours::changes_at(free, instant, &self.zone));
            *window = Window { hours: free.to_vec(), from: instant, until, is_within };
        }
        (window.is_within, window.until)
    }

    /// Splits what was used from `from` to `to` and hands out each bucket's part in order of time, no empty part; parts of one bucket may come more than once. An
    /// empty span, which a late event has, counts in the bucket of `to`.
    pub fn split(&mut self, from: UnixMs, to: UnixMs, counts: Counts, charging: &Charging, mut each: impl FnMut(Part)) {
        let from = from.max(to.saturating_sub(LONGEST_SPREAD_MS)).min(to);
        let length_ms = (to - from).max(1) as u128;
        let mut done: Counts = [0; 3];
        let mut at = from;
        loop {
            let (is_free, window_ends) = self.window_of(&charging.free_hours, at);
            let day = self.day_of(at);
            let (mut bucket_at, mut until) = (day.begins_at, day.until.min(window_ends));
            for start in [charging.period_started_at, charging.package_since_at] {
                if start > at {
                    until = until.min(start);
                } else {
                    bucket_at = bucket_at.max(start);
                }
            }
            let number = day.number;
            let is_last = until >= to;
            let share_ms = if is_last { length_ms } else { (until - from) as u128 };
            let upto = counts.map(|count| (u128::from(count) * share_ms / length_ms) as u64);
            let part = [upto[0] - done[0], upto[1] - done[1], upto[2] - done[2]];
            if part != [0; 3] {
                let class = if is_free { class::FREE } else { class::CHARGED };
                each(Part { bucket_at, day: number, class, counts: part });
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

    fn split(zone: &str, from: &str, to: &str, counts: Counts) -> Vec<(i64, Counts)> {
        let zone = TimeZone::get(zone).expect("a bundled zone");
        let instant = |text| parse_instant(text, &zone).expect("an instant");
        let mut parts = Vec::new();
        let none = Charging::default();
        Buckets::new(zone.clone()).split(instant(from), instant(to), counts, &none, |part| parts.push((part.day, part.counts)));
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

    #[test]
    fn a_period_that_begins_within_a_day_and_free_hours_have_buckets_of_their_own() {
        let at = |text: &str| parse_instant(text, &TimeZone::UTC).expect("an instant");
        let night = Hours { days: 127, from_minute: 120, until_minute: 300 };
        let charging =
            Charging { period_started_at: at("2026-11-15 12:00"), package_since_at: at("2026-11-15 18:00"), free_hours: vec![night] };
        let mut parts = Vec::new();
        let day = 24 * 3600;
        Buckets::new(TimeZone::UTC).split(at("2026-11-15 00:00"), at("2026-11-16 00:00"), [0, day, 0], &charging, |part| parts.push(part));
        let midnight = at("2026-11-15 00:00");
        let part = |bucket_at, class, hours: u64| Part { bucket_at, day: 20261115, class, counts: [0, hours * 3600, 0] };
        let wanted = [
            part(midnight, class::CHARGED, 2),
            part(midnight, class::FREE, 3),
            part(midnight, class::CHARGED, 7),
            part(at("2026-11-15 12:00"), class::CHARGED, 6),
            part(at("2026-11-15 18:00"), class::CHARGED, 6),
        ];
        assert_eq!(parts, wanted);
    }

    proptest! {
        #[test]
        fn nothing_is_lost_and_every_part_lies_in_its_bucket(
            zone in prop::sample::select(vec!["UTC", "Asia/Dhaka", "Europe/Berlin", "America/Sao_Paulo", "Pacific/Apia", "Asia/Beirut"]),
            spans in prop::collection::vec((1_262_304_000_000i64..1_900_000_000_000, -DAY_MS..(90 * DAY_MS), any::<[u64; 3]>()), 1..8),
            period_starts in -DAY_MS..(90 * DAY_MS), package_since in -DAY_MS..(90 * DAY_MS),
            windows in prop::collection::vec((any::<u8>(), 0..1440u16, 1..=1440u16), 0..3),
        ) {
            let zone = TimeZone::get(zone).expect("a bundled zone");
            let mut buckets = Buckets::new(zone.clone());
            let free_hours: Vec<_> = windows.iter().map(|(days, from, until)| Hours { days: days & 127, from_minute: *from, until_minute: *until }).collect();
            for (from, length, counts) in spans {
                let (period_started_at, package_since_at) = (from + period_starts, from + package_since);
                let charging = Charging { period_started_at, package_since_at, free_hours: free_hours.clone() };
                let counts = counts.map(|n| n >> 3);
                let mut sum = [0u64; 3];
                let mut last = (0, 0);
                buckets.split(from, from + length, counts, &charging, |part| {
                    assert!((part.day, part.bucket_at) >= last, "{part:?} after {last:?}");
                    assert_eq!(local_day(part.bucket_at, &zone), part.day);
                    assert!(part.bucket_at == local_midnight(part.bucket_at, &zone) || [period_started_at, package_since_at].contains(&part.bucket_at), "{part:?}");
                    last = (part.day, part.bucket_at);
                    (0..3).for_each(|i| sum[i] += part.counts[i]);
                });
                prop_assert_eq!(sum, counts);
                prop_assert!(last.0 <= local_day(from + length, &zone));
            }
        }
    }
}
