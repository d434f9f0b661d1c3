//! Months of UTC, as partitions are named and bounded.

use std::fmt;

use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::units::UnixMs;

/// A calendar month in UTC, written `2026_11`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Month {
    year: i16,
    month: i8,
}

impl Month {
    /// The month of an instant; instants out of the calendar have the nearest one.
    pub fn of(at: UnixMs) -> Month {
        let at = at.clamp(0, first_of(9999, 1));
        let date = jiff::Timestamp::from_millisecond(at).unwrap_or_default().to_zoned(TimeZone::UTC);
        Month { year: date.year(), month: date.month() }
    }

    /// The one after it.
    pub fn next(self) -> Month {
        if self.month == 12 { Month { year: self.year + 1, month: 1 } } else { Month { month: self.month + 1, ..self } }
    }

    /// Its first instant, unix ms.
    pub fn begins_at(self) -> UnixMs {
        first_of(self.year, self.month)
    }

    /// Reads what `Display` writes; `None` if it is nothing else than that.
    pub fn parse(text: &str) -> Option<Month> {
        let (year, month) = text.split_once('_')?;
        let found = Month { year: year.parse().ok()?, month: month.parse().ok()? };
        (found.to_string() == text && (1..=12).contains(&found.month)).then_some(found)
    }
}

fn first_of(year: i16, month: i8) -> UnixMs {
    Date::new(year, month, 1).and_then(|date| date.to_zoned(TimeZone::UTC)).map_or(UnixMs::MAX, |begin| begin.timestamp().as_millisecond())
}

impl fmt::Display for Month {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}_{:02}", self.year, self.month)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_are_named_follow_each_other_and_hold_their_instants() {
        for (at, name, next) in [
            (1_794_694_400_000, "2026_11", "2026_12"),
            (1_798_761_599_999, "2026_12", "2027_01"),
            (1_798_761_600_000, "2027_01", "2027_02"),
            (0, "1970_01", "1970_02"),
            (-5, "1970_01", "1970_02"),
        ] {
            let month = Month::of(at);
            assert_eq!((month.to_string().as_str(), month.next().to_string().as_str()), (name, next));
            assert_eq!(Month::parse(name), Some(month));
            assert!((month.begins_at()..month.next().begins_at()).contains(&at.max(0)));
        }
        assert_eq!(Month::of(UnixMs::MAX).to_string(), "9999_01");
        for wrong in ["default", "2026_13", "2026_1", "2026", "x_01", "2026_11_"] {
            assert_eq!(Month::parse(wrong), None, "{wrong}");
        }
    }
}
