//! The running day, week and month in a tenant's zone, and where each period's counter starts. Pure; metering and policy share it.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

use super::Period;
use crate::units::{DAY_MS, UnixMs};

/// Where the running period of each kind began and where it ends, unix ms.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spans {
    starts: [UnixMs; Period::ALL.len()],
    ends: [UnixMs; Period::ALL.len()],
}

impl Spans {
    /// When the running period began.
    pub fn start(&self, period: Period) -> UnixMs {
        self.starts[period as usize]
    }

    /// When the next one begins; [`UnixMs::MAX`] for validity (its end is the customer's expiry) and once.
    pub fn end(&self, period: Period) -> UnixMs {
        self.ends[period as usize]
    }

    /// The earliest end of any: until then the spans stay as they are.
    pub fn earliest_end(&self) -> UnixMs {
        self.ends.iter().copied().min().unwrap_or(UnixMs::MAX)
    }
}

/// The spans around an instant. `period_started_at` is when the customer's present validity began and `package_since_at` since when he has his package; 0 where
/// nothing is known, so that all he ever used counts.
pub fn spans(now: UnixMs, zone: &TimeZone, period_started_at: UnixMs, package_since_at: UnixMs) -> Spans {
    let today = zone.to_datetime(Timestamp::from_millisecond(now).unwrap_or(Timestamp::UNIX_EPOCH)).date();
    let monday = today.checked_sub(i64::from(today.weekday().to_monday_zero_offset()).days()).unwrap_or(today);
    let first = today.first_of_month();
    let midnight = |date: Date| midnight(date, zone);
    let after = |date: Date, span: jiff::Span| date.checked_add(span).map_or(now.saturating_add(DAY_MS), midnight);
    Spans {
        starts: [midnight(today), midnight(monday), midnight(first), period_started_at, package_since_at],
        ends: [after(today, 1.day()), after(monday, 7.days()), after(first, 1.month()), UnixMs::MAX, UnixMs::MAX],
    }
}

/// The first instant of a local day: midnight, or where the clocks skip it, what follows the gap.
fn midnight(date: Date, zone: &TimeZone) -> UnixMs {
    date.to_zoned(zone.clone()).map_or(0, |z| z.timestamp().as_millisecond())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::parse_instant;
    use proptest::prelude::*;

    #[test]
    fn periods_begin_at_local_midnights() {
        for (name, now, day, week, month, ends) in [
            ("UTC", "2026-11-18 15:00", "2026-11-18 00:00", "2026-11-16 00:00", "2026-11-01 00:00", "2026-11-19 00:00"),
            ("Asia/Dhaka", "2026-11-30 23:59", "2026-11-30 00:00", "2026-11-30 00:00", "2026-11-01 00:00", "2026-12-01 00:00"),
            // A leap day, and the week over a year's end.
            ("UTC", "2028-02-29 00:00", "2028-02-29 00:00", "2028-02-28 00:00", "2028-02-01 00:00", "2028-03-01 00:00"),
            ("UTC", "2027-01-01 01:00", "2027-01-01 00:00", "2026-12-28 00:00", "2027-01-01 00:00", "2027-01-02 00:00"),
            // A day without midnight: clocks go forward at 00:00.
            ("Africa/Cairo", "2026-04-24 12:00", "2026-04-23T22:00:00Z", "2026-04-20 00:00", "2026-04-01 00:00", "2026-04-25 00:00"),
        ] {
            let zone = TimeZone::get(name).expect("a bundled zone");
            let read = |text: &str| parse_instant(text, &zone).expect(text);
            let spans = spans(read(now), &zone, 7, 5);
            let starts = Period::ALL.map(|p| spans.start(p));
            assert_eq!(starts, [read(day), read(week), read(month), 7, 5], "{now}");
            assert_eq!(spans.earliest_end(), read(ends), "{now}");
        }
    }

    proptest! {
        #[test]
        fn an_instant_lies_in_its_spans_and_they_join_without_gap(
            name in prop::sample::select(vec!["UTC", "Asia/Dhaka", "Europe/Berlin", "America/Sao_Paulo", "Pacific/Apia", "Africa/Cairo", "Asia/Beirut"]),
            now in 1_000_000_000_000i64..2_000_000_000_000,
        ) {
            let zone = TimeZone::get(name).expect("a bundled zone");
            let at = spans(now, &zone, 0, 0);
            for period in [Period::Day, Period::Week, Period::Month] {
                prop_assert!((at.start(period)..at.end(period)).contains(&now), "{:?}", period);
                prop_assert_eq!(spans(at.end(period), &zone, 0, 0).start(period), at.end(period));
                prop_assert_eq!(spans(at.end(period) - 1, &zone, 0, 0).start(period), at.start(period));
            }
        }
    }
}
