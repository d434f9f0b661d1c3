//! The spans over which usage is counted, in a tenant's zone: where the running ones began, when they end, and the ones before them. Pure.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

use super::{FairUseWhen, Limits, Period};
use crate::units::UnixMs;

/// The running span of each kind of period.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spans {
    starts: [UnixMs; Period::ALL.len()],
    ends: [UnixMs; Period::ALL.len()],
    /// Where the span before the running one began; its own start where there is none.
    before: [UnixMs; Period::ALL.len()],
}

impl Spans {
    /// The first instant of a kind's running span, unix ms; 0 = all that is known.
    pub fn start(&self, period: Period) -> UnixMs {
        self.starts[period as usize]
    }

    /// The first instant after a kind's running span, unix ms; `UnixMs::MAX` = the clock alone does not end it.
    pub fn end(&self, period: Period) -> UnixMs {
        self.ends[period as usize]
    }

    /// Where the span before a kind's running one began, unix ms; the same as [`Spans::start`] where there is none.
    pub fn start_before(&self, period: Period) -> UnixMs {
        self.before[period as usize]
    }

    /// The earliest instant at which one of them ends, unix ms.
    pub fn earliest_end(&self) -> UnixMs {
        self.ends.iter().copied().min().unwrap_or(UnixMs::MAX)
    }

    /// These days, weeks and months for a customer with starts of his own.
    pub fn with_starts(mut self, period_started_at: UnixMs, package_since_at: UnixMs) -> Spans {
        for (period, at) in [(Period::Validity, period_started_at), (Period::Once, package_since_at)] {
            (self.starts[period as usize], self.before[period as usize]) = (at, at);
        }
        self
    }
}

/// The spans around an instant. `period_started_at` is when the customer's present validity began and `package_since_at` since when he has his package; 0 where
/// nothing is known, so that all he ever used counts. Days, weeks and months begin at the first instant of a local day, also where a change of clocks skips midnight.
pub fn spans(now: UnixMs, zone: &TimeZone, period_started_at: UnixMs, package_since_at: UnixMs) -> Spans {
    let today = date_of(now, zone);
    let monday = today.checked_sub(i64::from(today.weekday().to_monday_zero_offset()).days()).unwrap_or(today);
    let first = today.first_of_month();
    let begin = |date: Result<Date, jiff::Error>, else_: UnixMs| {
        date.and_then(|d| d.to_zoned(zone.clone())).map_or(else_, |z| z.timestamp().as_millisecond())
    };
    let day = begin(Ok(today), 0);
    Spans {
        starts: [day, begin(Ok(monday), 0), begin(Ok(first), 0), period_started_at, package_since_at],
        ends: [
            begin(today.tomorrow(), UnixMs::MAX),
            begin(monday.checked_add(7.days()), UnixMs::MAX),
            begin(first.checked_add(1.month()), UnixMs::MAX),
            UnixMs::MAX,
            UnixMs::MAX,
        ],
        before: [
            // Not by the calendar: a zone may skip a whole day.
            begin(Ok(date_of(day - 1, zone)), 0),
            begin(monday.checked_sub(7.days()), 0),
            begin(first.checked_sub(1.month()), 0),
            period_started_at,
            package_since_at,
        ],
    }
}

fn date_of(instant: UnixMs, zone: &TimeZone) -> Date {
    Timestamp::from_millisecond(instant).unwrap_or(Timestamp::UNIX_EPOCH).to_zoned(zone.clone()).date()
}

/// Some kinds of periods.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PeriodSet(u8);

impl PeriodSet {
    /// None.
    pub const NONE: PeriodSet = PeriodSet(0);

    /// Those over which these limits count usage.
    pub fn counted_by(limits: &Limits) -> PeriodSet {
        let volume = limits.volume.iter().map(|limit| limit.per);
        let time = limits.time.iter().map(|limit| limit.per);
        let steps = limits.fair_use.iter().filter_map(|step| match step.when {
            FairUseWhen::After { per, .. } => Some(per),
            FairUseWhen::During(_) => None,
        });
        volume.chain(time).chain(steps).collect()
    }

    /// Those whose span before the running one matters too: what it left over rolls over.
    pub fn rolled_over_by(limits: &Limits) -> PeriodSet {
        limits.volume.iter().filter(|limit| limit.rollover).map(|limit| limit.per).collect()
    }

    /// Whether there is none.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Whether this kind is among them.
    pub fn has(self, period: Period) -> bool {
        self.0 >> period as u8 & 1 == 1
    }

    /// Whether all of `other` are among them.
    pub fn has_all(self, other: PeriodSet) -> bool {
        other.0 & !self.0 == 0
    }

    /// As bits, in the order of [`Period::ALL`].
    pub fn bits(self) -> u8 {
        self.0
    }

    /// From bits; unknown ones are dropped.
    pub fn from_bits(bits: u8) -> PeriodSet {
        PeriodSet(bits & 31)
    }
}

impl FromIterator<Period> for PeriodSet {
    fn from_iter<I: IntoIterator<Item = Period>>(periods: I) -> PeriodSet {
        PeriodSet(periods.into_iter().fold(0, |bits, period| bits | 1 << period as u8))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::packages::{Direction, VolumeLimit};
    use crate::units::{DAY_MS, parse_instant};
    use proptest::prelude::*;

    #[test]
    fn spans_begin_at_local_midnights() {
        for (zone, now, day, week, month, ends) in [
            ("Asia/Dhaka", "2026-11-14 23:59", "2026-11-14 00:00", "2026-11-09 00:00", "2026-11-01 00:00", "2026-11-15 00:00"),
            ("Asia/Dhaka", "2026-11-15 00:00", "2026-11-15 00:00", "2026-11-09 00:00", "2026-11-01 00:00", "2026-11-16 00:00"),
            ("UTC", "2028-02-29 12:00", "2028-02-29 00:00", "2028-02-28 00:00", "2028-02-01 00:00", "2028-03-01 00:00"),
            ("UTC", "2027-01-01 00:00", "2027-01-01 00:00", "2026-12-28 00:00", "2027-01-01 00:00", "2027-01-02 00:00"),
            (
                "Europe/Berlin",
                "2026-10-25 12:00",
                "2026-10-25T00:00:00+02:00",
                "2026-10-19T00:00:00+02:00",
                "2026-10-01 00:00",
                "2026-10-26T00:00:00+01:00",
            ),
            // Clocks went from 00:00 to 01:00.
            ("America/Sao_Paulo", "2018-11-04 12:00", "2018-11-04 01:00", "2018-10-29 00:00", "2018-11-01 00:00", "2018-11-05 00:00"),
        ] {
            let zone = TimeZone::get(zone).expect("a bundled zone");
            let at = |text: &str| parse_instant(text, &zone).expect("an instant");
            let running = spans(at(now), &zone, 7, 5);
            let starts = [Period::Day, Period::Week, Period::Month].map(|p| running.start(p));
            assert_eq!(starts, [at(day), at(week), at(month)], "{now}");
            assert_eq!((running.earliest_end(), running.start(Period::Validity), running.start(Period::Once)), (at(ends), 7, 5));
        }
    }

    #[test]
    fn the_span_before_ends_where_this_one_begins() {
        let at = |text: &str| parse_instant(text, &TimeZone::UTC).expect("an instant");
        let running = spans(at("2026-03-31 08:00"), &TimeZone::UTC, 0, 0);
        assert_eq!(running.start_before(Period::Month), at("2026-02-01 00:00"));
        assert_eq!(running.start_before(Period::Week), at("2026-03-23 00:00"));
        assert_eq!(running.start_before(Period::Day), at("2026-03-30 00:00"));
        assert_eq!(running.end(Period::Month), at("2026-04-01 00:00"));
    }

    #[test]
    fn limits_name_the_periods_that_they_count() {
        let volume = |per, rollover| VolumeLimit { direction: Direction::Total, octets: 1, per, rollover, soft: false };
        let limits = Limits { volume: vec![volume(Period::Month, true), volume(Period::Day, false)], ..Limits::default() };
        let counted = PeriodSet::counted_by(&limits);
        assert!(counted.has(Period::Month) && counted.has(Period::Day) && !counted.has(Period::Week));
        assert_eq!(PeriodSet::rolled_over_by(&limits), [Period::Month].into_iter().collect());
        assert!(counted.has_all(PeriodSet::rolled_over_by(&limits)) && PeriodSet::counted_by(&Limits::default()).is_empty());
        assert_eq!(PeriodSet::from_bits(counted.bits()), counted);
    }

    proptest! {
        #[test]
        fn now_lies_in_its_spans_and_their_ends_begin_the_next(
            zone in prop::sample::select(vec!["UTC", "Asia/Dhaka", "Europe/Berlin", "America/Sao_Paulo", "Pacific/Apia", "Asia/Beirut"]),
            now in 1_262_304_000_000i64..1_900_000_000_000,
        ) {
            let zone = TimeZone::get(zone).expect("a bundled zone");
            let running = spans(now, &zone, 0, 0);
            for period in [Period::Day, Period::Week, Period::Month] {
                prop_assert!(running.start(period) <= now && now < running.end(period));
                let next = spans(running.end(period), &zone, 0, 0);
                prop_assert_eq!(next.start(period), running.end(period));
                let before = spans(running.start(period) - 1, &zone, 0, 0);
                prop_assert_eq!(before.start(period), running.start_before(period), "{:?}", period);
            }
            prop_assert!(running.earliest_end() - now <= DAY_MS + 3_600_000 * 2);
        }
    }
}
