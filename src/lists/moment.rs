//! An instant as a filter says it: a day, a minute, or how far it is from now. It stays as it was written, so that a kept view means another day tomorrow.

use std::fmt;
use std::str::FromStr;

use jiff::tz::TimeZone;

use crate::units::{DAY_MS, HOUR_MS, UnixMs, local_midnight, next_local_midnight, parse_instant};

/// Farthest from now, in units of [`Moment::Away`].
const MOST: i64 = 100_000;

/// See the head of the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Moment {
    /// `now`.
    Now,
    /// `today`, `yesterday`, `tomorrow`: a whole local day, so many days from now.
    Day(i8),
    /// `3d`, `-12h`: days (of 24 hours) or hours from now.
    Away {
        /// How many; negative is past.
        count: i64,
        /// `d` or `h`.
        unit: char,
    },
    /// `2026-12-31`, a whole day, or `2026-12-31T18:00`.
    Written(String),
}

impl FromStr for Moment {
    type Err = String;
    fn from_str(text: &str) -> Result<Moment, String> {
        match text {
            "now" => return Ok(Moment::Now),
            "yesterday" => return Ok(Moment::Day(-1)),
            "today" => return Ok(Moment::Day(0)),
            "tomorrow" => return Ok(Moment::Day(1)),
            _ => {}
        }
        if let Some(unit) = text.chars().last().filter(|unit| matches!(unit, 'd' | 'h')) {
            let count = text[..text.len() - 1].parse::<i64>().ok().filter(|count| count.abs() <= MOST);
            return count.map(|count| Moment::Away { count, unit }).ok_or_else(|| wrong(text));
        }
        // whether it is a day of the calendar does not depend on the zone
        parse_instant(text, &TimeZone::UTC).map_err(|_| wrong(text))?;
        Ok(Moment::Written(text.to_owned()))
    }
}

fn wrong(text: &str) -> String {
    format!("{text:?} is not an instant: write 2026-12-31, 2026-12-31T18:00, today, now, 3d (in three days) or -12h (twelve hours ago)")
}

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Moment::Now => f.write_str("now"),
            Moment::Day(-1) => f.write_str("yesterday"),
            Moment::Day(0) => f.write_str("today"),
            Moment::Day(_) => f.write_str("tomorrow"),
            Moment::Away { count, unit } => write!(f, "{count}{unit}"),
            Moment::Written(text) => f.write_str(text),
        }
    }
}

impl Moment {
    /// Its first and the first instant after it: a day is long, everything else has no length.
    pub fn span(&self, now: UnixMs, zone: &TimeZone) -> (UnixMs, UnixMs) {
        let at = |at: UnixMs| (at, at);
        match self {
            Moment::Now => at(now),
            Moment::Day(days) => {
                let midnight = local_midnight(now, zone);
                let begin = match days {
                    -1 => local_midnight(midnight - 1, zone),
                    0 => midnight,
                    _ => next_local_midnight(now, zone),
                };
                (begin, next_local_midnight(begin, zone))
            }
            Moment::Away { count, unit } => at(now + count * if *unit == 'd' { DAY_MS } else { HOUR_MS }),
            Moment::Written(text) => {
                let end = parse_instant(text, zone).unwrap_or(now);
                if text.len() <= 10 { (local_midnight(end - 1, zone), end) } else { at(end) }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_whole_and_local_and_the_rest_is_counted_from_now() {
        let dhaka = TimeZone::get("Asia/Dhaka").expect("a bundled zone");
        let read = |text: &str| parse_instant(text, &dhaka).expect(text);
        let now = read("2026-11-20 09:00");
        for (text, from, to) in [
            ("now", "2026-11-20 09:00", "2026-11-20 09:00"),
            ("today", "2026-11-20 00:00", "2026-11-21 00:00"),
            ("yesterday", "2026-11-19 00:00", "2026-11-20 00:00"),
            ("tomorrow", "2026-11-21 00:00", "2026-11-22 00:00"),
            ("3d", "2026-11-23 09:00", "2026-11-23 09:00"),
            ("-12h", "2026-11-19 21:00", "2026-11-19 21:00"),
            ("2026-12-31", "2026-12-31 00:00", "2027-01-01 00:00"),
            ("2026-12-31T18:00", "2026-12-31 18:00", "2026-12-31 18:00"),
        ] {
            let moment: Moment = text.parse().expect(text);
            assert_eq!(moment.span(now, &dhaka), (read(from), read(to)), "{text}");
            assert_eq!(moment.to_string(), text);
        }
        for text in ["", "d", "3w", "31.12.2026", "2026-13-01", "999999999d", "-"] {
            assert!(text.parse::<Moment>().is_err(), "{text:?}");
        }
    }
}
