//! When a kind runs by itself. Pure: what was missed while no server ran is due at once, and once only, because only the next instant is kept.

use std::fmt;

use jiff::civil::Time;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

use crate::units::{DAY_MS, UnixMs};

/// See the head of the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Schedule {
    /// Only when it is asked for.
    None,
    /// Once a day when the clock shows this hour.
    Daily {
        /// 0 to 23.
        hour: u8,
    },
    /// Again so many seconds after it was due.
    Every {
        /// At least one.
        secs: u32,
    },
}

impl Schedule {
    /// The first instant after another one at which it is due; `None` if it never is.
    ///
    /// An hour that a change of clocks leaves out is taken when the clock has passed it; one that comes twice is taken the first time.
    pub fn next(self, after: UnixMs, zone: &TimeZone) -> Option<UnixMs> {
        match self {
            Schedule::None => None,
            Schedule::Every { secs } => Some(after + i64::from(secs.max(1)) * 1000),
            Schedule::Daily { hour } => {
                let local = Timestamp::from_millisecond(after).ok()?.to_zoned(zone.clone()).date();
                let time = Time::new(i8::try_from(hour).ok()?, 0, 0, 0).ok()?;
                // the day before as well: in some zones a change of clocks at midnight puts its hour behind this one's begin
                (-1..=2).find_map(|days: i64| {
                    let date = local.checked_add(days.days()).ok()?;
                    let at = date.to_datetime(time).to_zoned(zone.clone()).ok()?.timestamp().as_millisecond();
                    (at > after).then_some(at)
                })
            }
        }
    }

    /// The usual time from one run to the next, in milliseconds; 0 if there is none.
    pub fn interval_ms(self) -> i64 {
        match self {
            Schedule::None => 0,
            Schedule::Daily { .. } => DAY_MS,
            Schedule::Every { secs } => i64::from(secs.max(1)) * 1000,
        }
    }
}

impl fmt::Display for Schedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Schedule::None => f.write_str("when asked for"),
            Schedule::Daily { hour } => write!(f, "daily at {hour:02}:00"),
            Schedule::Every { secs } => write!(f, "every {secs} s"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::parse_instant;

    fn at(text: &str) -> UnixMs {
        parse_instant(text, &TimeZone::UTC).expect("an instant")
    }

    #[test]
    fn a_day_has_its_hour_once_whatever_the_clocks_do() {
        for (zone, hour, after, wanted) in [
            ("UTC", 3, "2026-11-30T02:59:59Z", "2026-11-30T03:00:00Z"),
            ("UTC", 3, "2026-11-30T03:00:00Z", "2026-12-01T03:00:00Z"),
            ("UTC", 0, "2026-12-31T23:59:59Z", "2027-01-01T00:00:00Z"),
            ("Asia/Dhaka", 3, "2026-11-30T00:00:00Z", "2026-11-30T21:00:00Z"),
            ("Asia/Dhaka", 3, "2026-11-30T21:00:00Z", "2026-12-01T21:00:00Z"),
            // 2026-03-29: 02:00 becomes 03:00, so two o'clock is left out and taken an hour later
            ("Europe/Berlin", 2, "2026-03-28T12:00:00Z", "2026-03-29T01:00:00Z"),
            ("Europe/Berlin", 2, "2026-03-29T01:00:00Z", "2026-03-30T00:00:00Z"),
            ("Europe/Berlin", 3, "2026-03-28T12:00:00Z", "2026-03-29T01:00:00Z"),
            // 2026-10-25: 03:00 becomes 02:00, so two o'clock comes twice and is taken the first time only
            ("Europe/Berlin", 2, "2026-10-24T12:00:00Z", "2026-10-25T00:00:00Z"),
            ("Europe/Berlin", 2, "2026-10-25T00:00:00Z", "2026-10-26T01:00:00Z"),
            ("Europe/Berlin", 2, "2026-10-25T01:00:00Z", "2026-10-26T01:00:00Z"),
            // 2026-03-29: midnight is left out, the day begins at one
            ("Asia/Beirut", 0, "2026-03-28T12:00:00Z", "2026-03-28T22:00:00Z"),
            ("Asia/Beirut", 0, "2026-03-28T22:00:00Z", "2026-03-29T21:00:00Z"),
        ] {
            let next = Schedule::Daily { hour }.next(at(after), &TimeZone::get(zone).expect("a bundled zone"));
            assert_eq!(next, Some(at(wanted)), "{zone} at {hour}, after {after}");
        }
    }

    #[test]
    fn seconds_are_counted_and_no_schedule_is_never_due() {
        assert_eq!(Schedule::Every { secs: 90 }.next(1_000, &TimeZone::UTC), Some(91_000));
        assert_eq!(Schedule::Every { secs: 0 }.next(1_000, &TimeZone::UTC), Some(2_000), "time goes on");
        assert_eq!(Schedule::None.next(1_000, &TimeZone::UTC), None);
        assert_eq!((Schedule::Daily { hour: 3 }.interval_ms(), Schedule::None.interval_ms()), (DAY_MS, 0));
        assert_eq!(Schedule::Daily { hour: 3 }.to_string(), "daily at 03:00");
    }

    #[test]
    fn nights_that_were_missed_are_made_up_for_once() {
        // due at night while the server was off for three days: due when it starts, then again the next night
        let (daily, zone) = (Schedule::Daily { hour: 3 }, TimeZone::UTC);
        let due = daily.next(at("2026-11-26T12:00:00Z"), &zone).expect("due");
        let start = at("2026-11-30T09:00:00Z");
        assert!(due <= start, "due at the start");
        assert_eq!(daily.next(start, &zone), Some(at("2026-12-01T03:00:00Z")), "one run for all that were missed");
    }
}
