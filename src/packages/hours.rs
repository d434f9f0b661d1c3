//! Spans of the week in a tenant's zone: whether an instant is inside, and when that changes. Pure; metering and policy share it.
//!
//! A span begins and ends by the wall clock. Where clocks change, a wall-clock time that does not exist means the instant at which the gap ends, and one that
//! exists twice means the first of the two (jiff's "compatible" rule, RFC 5545 section 3.3.5).

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

use super::Hours;
use crate::units::UnixMs;

const MINUTES_PER_DAY: u16 = 1440;
/// Days looked ahead: a span that is open on one day of the week recurs within this many.
const LOOK_AHEAD_DAYS: i64 = 9;

impl Hours {
    /// Whether any day and any minute belongs to it.
    pub fn is_valid(&self) -> bool {
        (1..=127).contains(&self.days) && self.from_minute < MINUTES_PER_DAY && (1..=MINUTES_PER_DAY).contains(&self.until_minute)
    }

    /// The span that begins on a day, as instants; `None` if it does not begin on that day of the week, or a change of clocks swallows it.
    fn on(&self, date: Date, zone: &TimeZone) -> Option<(UnixMs, UnixMs)> {
        let bit = date.weekday().to_monday_zero_offset();
        if self.days & (1 << bit) == 0 {
            return None;
        }
        let ends_on = if self.until_minute > self.from_minute { date } else { date.tomorrow().ok()? };
        let from = instant(date, self.from_minute, zone)?;
        let until = instant(ends_on, self.until_minute, zone)?;
        (from < until).then_some((from, until))
    }

    /// The end of the span that holds the instant; of two (the days overlap) the later.
    fn end_around(&self, at: UnixMs, zone: &TimeZone) -> Option<UnixMs> {
        let today = local_date(at, zone)?;
        let days = [today.yesterday().ok(), Some(today)];
        let spans = days.into_iter().flatten().filter_map(|date| self.on(date, zone));
        spans.filter(|(from, until)| (*from..*until).contains(&at)).map(|(_, until)| until).max()
    }

    /// The first instant after `at` at which the span opens.
    fn next_opening(&self, at: UnixMs, zone: &TimeZone) -> Option<UnixMs> {
        let today = local_date(at, zone)?;
        (0..LOOK_AHEAD_DAYS).find_map(|ahead| {
            let (from, _) = self.on(today.checked_add(ahead.days()).ok()?, zone)?;
            (from > at).then_some(from)
        })
    }
}

/// Whether an instant lies in any of the spans.
pub fn is_within(hours: &[Hours], at: UnixMs, zone: &TimeZone) -> bool {
    hours.iter().any(|span| span.end_around(at, zone).is_some())
}

/// When the spans that hold `at` close: spans that touch or overlap count as one. `at` itself if it lies in none; [`UnixMs::MAX`] if they cover the week.
pub fn closes_at(hours: &[Hours], at: UnixMs, zone: &TimeZone) -> UnixMs {
    const WEEK_MS: i64 = 7 * crate::units::DAY_MS;
    let mut end = at;
    while let Some(later) = hours.iter().filter_map(|span| span.end_around(end, zone)).max() {
        end = later;
        if end - at > WEEK_MS {
            return UnixMs::MAX;
        }
    }
    end
}

/// When the next span opens after `at`; [`UnixMs::MAX`] if none ever does.
pub fn opens_at(hours: &[Hours], at: UnixMs, zone: &TimeZone) -> UnixMs {
    hours.iter().filter_map(|span| span.next_opening(at, zone)).min().unwrap_or(UnixMs::MAX)
}

/// How an instant lies to spans; the same for every instant from this one until `changes_at`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// Whether it lies in any.
    pub is_within: bool,
    /// When that changes, unix ms; [`UnixMs::MAX`] if it never does.
    pub changes_at: UnixMs,
}

/// How `at` lies to the spans.
pub fn window(hours: &[Hours], at: UnixMs, zone: &TimeZone) -> Window {
    let is_within = is_within(hours, at, zone);
    Window { is_within, changes_at: if is_within { closes_at(hours, at, zone) } else { opens_at(hours, at, zone) } }
}

/// The next instant after `at` at which being within the spans begins or ends; [`UnixMs::MAX`] if that never happens.
pub fn changes_at(hours: &[Hours], at: UnixMs, zone: &TimeZone) -> UnixMs {
    window(hours, at, zone).changes_at
}

fn local_date(at: UnixMs, zone: &TimeZone) -> Option<Date> {
    Some(zone.to_datetime(Timestamp::from_millisecond(at).ok()?).date())
}

fn instant(date: Date, minute: u16, zone: &TimeZone) -> Option<UnixMs> {
    let (date, minute) = if minute == MINUTES_PER_DAY { (date.tomorrow().ok()?, 0) } else { (date, minute) };
    let local = date.at((minute / 60) as i8, (minute % 60) as i8, 0, 0);
    Some(zone.to_ambiguous_timestamp(local).compatible().ok()?.as_millisecond())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::{DAY_MS, parse_instant};
    use proptest::prelude::*;

    fn zone(name: &str) -> TimeZone {
        TimeZone::get(name).expect("a bundled zone")
    }

    fn hours(text: &str) -> Vec<Hours> {
        text.split(' ').filter(|t| !t.is_empty()).map(|t| t.parse().expect(t)).collect()
    }

    #[test]
    fn spans_open_and_close_by_the_wall_clock() {
        for (name, spans, at, closes, opens) in [
            ("UTC", "mon-fri:08:00-18:00", "2026-11-16 07:59", None, "2026-11-16 08:00"),
            ("UTC", "mon-fri:08:00-18:00", "2026-11-16 08:00", Some("2026-11-16 18:00"), "2026-11-17 08:00"),
            ("UTC", "mon-fri:08:00-18:00", "2026-11-20 18:00", None, "2026-11-23 08:00"),
            ("Asia/Dhaka", "22:00-06:00", "2026-11-16 05:59", Some("2026-11-16 06:00"), "2026-11-16 22:00"),
            ("Asia/Dhaka", "sat:22:00-06:00", "2026-11-22 05:00", Some("2026-11-22 06:00"), "2026-11-28 22:00"),
            ("Asia/Dhaka", "sat:22:00-06:00", "2026-11-23 05:00", None, "2026-11-28 22:00"),
            ("UTC", "mon:18:00-24:00 tue:00:00-06:00", "2026-11-16 20:00", Some("2026-11-17 06:00"), "2026-11-17 00:00"),
            // Clocks go back at 03:00: the night has an hour more; and forward at 02:00: 02:30 is 03:00.
            ("Europe/Berlin", "00:00-06:00", "2026-10-25 00:30", Some("2026-10-25 06:00"), "2026-10-26 00:00"),
            ("Europe/Berlin", "02:30-06:00", "2026-03-29 01:59", None, "2026-03-29T01:30:00Z"),
        ] {
            let (zone, spans) = (zone(name), hours(spans));
            let read = |text: &str| parse_instant(text, &zone).expect(text);
            let now = read(at);
            assert_eq!(is_within(&spans, now, &zone), closes.is_some(), "{at}");
            assert_eq!(closes_at(&spans, now, &zone), closes.map_or(now, read), "{at}");
            assert_eq!(opens_at(&spans, now, &zone), read(opens), "{at}");
        }
        let (utc, always) = (zone("UTC"), hours("00:00-24:00"));
        assert_eq!(closes_at(&always, 0, &utc), UnixMs::MAX);
        assert_eq!(opens_at(&[], 0, &utc), UnixMs::MAX);
        assert!(!is_within(&[], 0, &utc));
    }

    proptest! {
        #[test]
        fn nothing_changes_before_the_next_change(
            name in prop::sample::select(vec!["UTC", "Asia/Dhaka", "Europe/Berlin", "America/Sao_Paulo", "Pacific/Apia", "Africa/Cairo"]),
            spans in prop::collection::vec((1u8..=127, 0u16..1440, 1u16..=1440), 1..4),
            at in 1_500_000_000_000i64..1_900_000_000_000, part in 0.0f64..1.0,
        ) {
            let zone = zone(name);
            let spans: Vec<Hours> = spans.into_iter().map(|(days, from_minute, until_minute)| Hours { days, from_minute, until_minute }).collect();
            let inside = is_within(&spans, at, &zone);
            let change = changes_at(&spans, at, &zone);
            prop_assert!(change > at);
            let until = change.min(at + 8 * DAY_MS);
            let between = at + ((until - at - 1) as f64 * part) as i64;
            prop_assert_eq!(is_within(&spans, between, &zone), inside, "{} to {}", at, change);
            if change < UnixMs::MAX {
                prop_assert_eq!(is_within(&spans, change, &zone), !inside, "at the change {}", change);
            }
        }
    }
}
