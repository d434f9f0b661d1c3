//! Instants: unix milliseconds UTC, read and printed as RFC 3339, and local days in a tenant's time zone.

use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

/// Unix milliseconds UTC.
pub type UnixMs = i64;

/// Milliseconds of a day without a change of clocks.
pub const DAY_MS: i64 = 24 * HOUR_MS;
/// An hour in milliseconds.
pub const HOUR_MS: i64 = 3_600_000;

/// Reads `2026-12-31T23:59:59Z`, with an offset, or `2026-12-31 23:59:59`, `2026-12-31T23:59`, `2026-12-31` in the given zone (a bare date = its end, so
/// that an expiry date is still a day of service).
pub fn parse_instant(text: &str, zone: &TimeZone) -> Result<UnixMs, String> {
    let text = text.trim();
    if let Ok(instant) = text.parse::<Timestamp>() {
        return Ok(instant.as_millisecond());
    }
    let wrong = || format!("{text:?} is not an instant: write 2026-12-31, 2026-12-31 18:00 or 2026-12-31T18:00:00Z");
    if text.len() <= 10 {
        let date: Date = text.parse().map_err(|_| wrong())?;
        let end = date.tomorrow().and_then(|d| d.to_zoned(zone.clone())).map_err(|_| wrong())?;
        return Ok(end.timestamp().as_millisecond());
    }
    let local: DateTime = text.parse().map_err(|_| wrong())?;
    Ok(local.to_zoned(zone.clone()).map_err(|_| wrong())?.timestamp().as_millisecond())
}

/// RFC 3339 in UTC, to the second.
pub fn print_instant(instant: UnixMs) -> String {
    Timestamp::from_second(instant.div_euclid(1000)).map_or_else(|_| instant.to_string(), |t| t.to_string())
}

/// The local day of an instant as the number `yyyymmdd`.
pub fn local_day(instant: UnixMs, zone: &TimeZone) -> i64 {
    let date = Timestamp::from_millisecond(instant).unwrap_or(Timestamp::UNIX_EPOCH).to_zoned(zone.clone()).date();
    i64::from(date.year()) * 10_000 + i64::from(date.month()) * 100 + i64::from(date.day())
}

/// The first instant of the local day of `instant`.
pub fn local_midnight(instant: UnixMs, zone: &TimeZone) -> UnixMs {
    let local = Timestamp::from_millisecond(instant).unwrap_or(Timestamp::UNIX_EPOCH).to_zoned(zone.clone());
    local.start_of_day().map_or(instant, |midnight| midnight.timestamp().as_millisecond())
}

/// The first instant of the local day after the one of `instant`.
pub fn next_local_midnight(instant: UnixMs, zone: &TimeZone) -> UnixMs {
    let local = Timestamp::from_millisecond(instant).unwrap_or(Timestamp::UNIX_EPOCH).to_zoned(zone.clone());
    local
        .date()
        .checked_add(1.day())
        .and_then(|d| d.to_zoned(zone.clone()))
        .map_or(instant + DAY_MS, |midnight| midnight.timestamp().as_millisecond())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn zone(name: &str) -> TimeZone {
        TimeZone::get(name).expect("a bundled zone")
    }

    #[test]
    fn instants_are_read_in_the_tenants_zone() {
        let dhaka = zone("Asia/Dhaka");
        assert_eq!(parse_instant("2026-12-31T18:00:00Z", &dhaka), Ok(1_798_740_000_000));
        assert_eq!(parse_instant("2027-01-01 00:00", &dhaka), Ok(1_798_740_000_000));
        assert_eq!(parse_instant("2026-12-31", &dhaka), Ok(1_798_740_000_000));
        assert_eq!(print_instant(1_798_740_000_000), "2026-12-31T18:00:00Z");
        for text in ["", "tomorrow", "2026-13-01", "31.12.2026", "2026-12-31T25:00"] {
            assert!(parse_instant(text, &dhaka).is_err(), "{text}");
        }
    }

    #[test]
    fn days_follow_the_zone_and_its_clock_changes() {
        let berlin = zone("Europe/Berlin");
        let before = parse_instant("2026-10-25T00:30:00+02:00", &berlin).expect("an instant");
        assert_eq!(local_day(before, &berlin), 20261025);
        assert_eq!(next_local_midnight(before, &berlin) - before, (24 * 60 + 30) * 60_000);
        assert_eq!(local_day(next_local_midnight(before, &berlin), &berlin), 20261026);
    }
}
