//! Weekly windows in a tenant's zone: whether an instant lies within, and when that changes next. Pure.
//!
//! A window opens and closes by the clock on the wall: on days when clocks change it is longer or shorter. An opening that the change skips happens right after it.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::Hours;
use crate::units::UnixMs;

/// Whether an instant (unix ms) lies in one of the windows.
pub fn is_within(hours: &[Hours], instant: UnixMs, zone: &TimeZone) -> bool {
    let today = local_date(instant, zone);
    // A window lasts a day at most, so none that is open began before yesterday.
    let days = [today.yesterday().ok(), Some(today)];
    let is_open = |window: &Hours, day: Date| span(window, day, zone).is_some_and(|(opens, closes)| (opens..closes).contains(&instant));
    hours.iter().any(|window| days.iter().flatten().any(|day| is_open(window, *day)))
}

/// The first instant after `instant` at which [`is_within`] changes, unix ms; `UnixMs::MAX` = never.
pub fn changes_at(hours: &[Hours], instant: UnixMs, zone: &TimeZone) -> UnixMs {
    let now = is_within(hours, instant, zone);
    let mut edges = Vec::with_capacity(hours.len() * 20);
    let mut day = local_date(instant, zone).yesterday().ok();
    // Yesterday's windows may still be open; after eight more days every weekday has come again.
    for _ in 0..10 {
        let Some(this) = day else { break };
        let of_day = hours.iter().filter_map(|window| span(window, this, zone));
        edges.extend(of_day.flat_map(|(opens, closes)| [opens, closes]).filter(|edge| *edge > instant));
        day = this.tomorrow().ok();
    }
    edges.sort_unstable();
    edges.into_iter().find(|edge| is_within(hours, *edge, zone) != now).unwrap_or(UnixMs::MAX)
}

fn local_date(instant: UnixMs, zone: &TimeZone) -> Date {
    Timestamp::from_millisecond(instant).unwrap_or(Timestamp::UNIX_EPOCH).to_zoned(zone.clone()).date()
}

/// The window that begins on a day: its first instant and the first one after it.
fn span(window: &Hours, day: Date, zone: &TimeZone) -> Option<(UnixMs, UnixMs)> {
    if window.days >> day.weekday().to_monday_zero_offset() & 1 == 0 {
        return None;
    }
    let last = if window.until_minute > window.from_minute { day } else { day.tomorrow().ok()? };
    Some((instant_of(day, window.from_minute, zone)?, instant_of(last, window.until_minute, zone)?))
}

fn instant_of(day: Date, minute: u16, zone: &TimeZone) -> Option<UnixMs> {
    let (day, minute) = if minute >= 1440 { (day.tomorrow().ok()?, minute - 1440) } else { (day, minute) };
    let local = day.at((minute / 60) as i8, (minute % 60) as i8, 0, 0);
    Some(local.to_zoned(zone.clone()).ok()?.timestamp().as_millisecond())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::parse_instant;
    use proptest::prelude::*;

    const DAILY: u8 = 127;

    fn at(text: &str, zone: &TimeZone) -> UnixMs {
        parse_instant(text, zone).expect("an instant")
    }

    fn window(days: u8, from: u16, until: u16) -> Hours {
        Hours { days, from_minute: from * 60, until_minute: until * 60 }
    }

    #[test]
    fn windows_open_and_close_by_the_local_clock() {
        // 2026-11-14 is a Saturday.
        for (zone, hours, instant, within, edge) in [
            ("Asia/Dhaka", vec![window(DAILY, 8, 18)], "2026-11-14 07:59", false, "2026-11-14 08:00"),
            ("Asia/Dhaka", vec![window(DAILY, 8, 18)], "2026-11-14 08:00", true, "2026-11-14 18:00"),
            ("Asia/Dhaka", vec![window(DAILY, 8, 18)], "2026-11-14 18:00", false, "2026-11-15 08:00"),
            ("UTC", vec![window(0b1_1111, 8, 18)], "2026-11-14 12:00", false, "2026-11-16 08:00"),
            ("UTC", vec![window(DAILY, 22, 6)], "2026-11-14 23:00", true, "2026-11-15 06:00"),
            ("UTC", vec![window(0b010_0000, 22, 6)], "2026-11-15 05:59", true, "2026-11-15 06:00"),
            ("UTC", vec![window(0b010_0000, 22, 6)], "2026-11-15 22:00", false, "2026-11-21 22:00"),
            ("UTC", vec![window(DAILY, 0, 6), window(DAILY, 4, 8)], "2026-11-14 01:00", true, "2026-11-14 08:00"),
            ("UTC", vec![window(DAILY, 20, 24), window(DAILY, 0, 2)], "2026-11-14 21:00", true, "2026-11-15 02:00"),
            // The hour from 02:00 is skipped in March and comes twice in October.
            ("Europe/Berlin", vec![window(DAILY, 2, 4)], "2026-03-29 01:59", false, "2026-03-29T01:00:00Z"),
            ("Europe/Berlin", vec![window(DAILY, 1, 4)], "2026-10-25T00:30:00+02:00", false, "2026-10-25T01:00:00+02:00"),
            ("Europe/Berlin", vec![window(DAILY, 1, 4)], "2026-10-25T02:30:00+01:00", true, "2026-10-25T04:00:00+01:00"),
        ] {
            let zone = TimeZone::get(zone).expect("a bundled zone");
            let now = at(instant, &zone);
            assert_eq!(is_within(&hours, now, &zone), within, "{instant}");
            assert_eq!(changes_at(&hours, now, &zone), at(edge, &zone), "after {instant}");
        }
    }

    #[test]
    fn what_never_changes_has_no_edge() {
        for (hours, within) in
            [(vec![], false), (vec![window(DAILY, 0, 24)], true), (vec![window(DAILY, 7, 7)], true), (vec![window(0, 1, 2)], false)]
        {
            assert_eq!(is_within(&hours, 1_800_000_000_000, &TimeZone::UTC), within);
            assert_eq!(changes_at(&hours, 1_800_000_000_000, &TimeZone::UTC), UnixMs::MAX);
        }
    }

    proptest! {
        #[test]
        fn nothing_changes_before_the_edge_and_something_at_it(
            zone in prop::sample::select(vec!["UTC", "Asia/Dhaka", "Europe/Berlin", "America/Sao_Paulo", "Asia/Beirut", "Australia/Lord_Howe"]),
            windows in prop::collection::vec((any::<u8>(), 0..1440u16, 1..=1440u16), 0..4),
            instant in 1_262_304_000_000i64..1_900_000_000_000, within in 0.0..1.0f64,
        ) {
            let zone = TimeZone::get(zone).expect("a bundled zone");
            let hours: Vec<_> = windows.iter().map(|(days, from, until)| Hours { days: days & 127, from_minute: *from, until_minute: *until }).collect();
            let now = is_within(&hours, instant, &zone);
            let edge = changes_at(&hours, instant, &zone);
            prop_assert!(edge > instant);
            let until = edge.min(instant + 8 * 86_400_000);
            let between = instant + ((until - instant - 1) as f64 * within) as i64;
            prop_assert_eq!(is_within(&hours, between, &zone), now);
            prop_assert!(edge == UnixMs::MAX || is_within(&hours, edge, &zone) != now);
        }
    }
}
