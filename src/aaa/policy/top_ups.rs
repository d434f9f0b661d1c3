//! What is left of top-ups when the running periods began, worked out from the customer's days: it is stored nowhere. Pure.
//!
//! In each past period of a limit, what was used beyond its allowance came from the top-ups that held in that period, the first to expire first. Days are the
//! smallest unit, so a top-up counts for the whole of the day on which it is bought and of the day on which it expires. On a limit per validity a top-up
//! belongs to the validity period in which it is bought.

use jiff::tz::TimeZone;

use super::usage_days::UsageDay;
use super::{Standing, TopUp};
use crate::packages::{Direction, Period, VolumeLimit, spans};
use crate::units::{DAY_MS, UnixMs, local_day};

/// No period that comes again is longer, summer time included, milliseconds.
const LONGEST_PERIOD_MS: i64 = 32 * DAY_MS;

/// A top-up as it was sold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bought {
    /// Its id.
    pub id: i64,
    /// Which octets.
    pub direction: Direction,
    /// How many.
    pub octets: u64,
    /// When, unix ms.
    pub bought_at: UnixMs,
    /// When the rest is lost, unix ms; `UnixMs::MAX` = never.
    pub expires_at: UnixMs,
}

/// Octets of the running period of a limit that came from top-ups which have expired since: they are no part of its own allowance that was used.
pub type ExpiredShare = (Direction, Period, u64);

/// What settling finds.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Settled {
    /// Top-ups that hold now, with what was left of them when the running periods began; the first to expire first.
    pub top_ups: Vec<TopUp>,
    /// What expired ones gave to running periods.
    pub expired: Vec<ExpiredShare>,
}

/// One limit's view of a customer's top-ups.
struct Account<'a> {
    limit: &'a VolumeLimit,
    zone: &'a TimeZone,
    /// With the octets that are left of each.
    left: Vec<(Bought, u64)>,
}

/// Settles a customer's top-ups. `days` are his charged days, the oldest first; `period_started_at` is when his present validity began (0 = ever).
pub fn settle(
    limits: &[VolumeLimit],
    bought: &[Bought],
    days: &[UsageDay],
    period_started_at: UnixMs,
    now: UnixMs,
    zone: &TimeZone,
) -> Settled {
    let mut ordered = bought.to_vec();
    ordered.sort_by_key(|b| (b.expires_at, b.bought_at, b.id));
    let mut left: Vec<u64> = ordered.iter().map(|b| b.octets).collect();
    let mut expired = Vec::new();
    for limit in limits {
        let mine: Vec<(Bought, u64)> = ordered.iter().filter(|b| b.direction == limit.direction).map(|b| (*b, b.octets)).collect();
        if mine.is_empty() {
            continue;
        }
        let mut account = Account { limit, zone, left: mine };
        match limit.per {
            Period::Once => {}
            Period::Validity => account.left.iter_mut().filter(|(b, _)| b.bought_at < period_started_at).for_each(|(_, left)| *left = 0),
            Period::Day | Period::Week | Period::Month => account.use_past_periods(days, now),
        }
        let given = account.given_by_expired(days, period_started_at, now);
        if given > 0 {
            expired.push((limit.direction, limit.per, given));
        }
        // Of several limits of a direction the one that took most counts.
        for (b, rest) in &account.left {
            if let Some(at) = ordered.iter().position(|o| o.id == b.id) {
                left[at] = left[at].min(*rest);
            }
        }
    }
    let holding = ordered.iter().zip(left).filter(|(b, left)| b.expires_at > now && *left > 0);
    let top_ups = holding.map(|(b, left)| TopUp { id: b.id, direction: b.direction, octets_left: left, expires_at: b.expires_at });
    Settled { top_ups: top_ups.collect(), expired }
}

/// The earliest instant of which [`settle`] needs the days: of all that a customer ever used, the running periods and those in which a top-up held of which
/// something may be left, or that shared a period with such a one. 0 = all days.
pub fn days_since(limits: &[VolumeLimit], bought: &[Bought], period_started_at: UnixMs, now: UnixMs, zone: &TimeZone) -> UnixMs {
    let running = |per| spans(now, zone, period_started_at, 0).start(per);
    let mut since = limits.iter().map(|limit| running(limit.per)).min().unwrap_or(now).min(now);
    // Whom a top-up leaves its periods to: those that hold now, or held in a running period.
    let holding = bought.iter().filter(|b| b.expires_at > since).map(|b| b.bought_at);
    since = holding.min().unwrap_or(since).min(since);
    // Those that shared a period with one of these took their part of what was used then.
    while let Some(earlier) =
        bought.iter().filter(|b| b.expires_at > since - LONGEST_PERIOD_MS).map(|b| b.bought_at).min().filter(|at| *at < since)
    {
        since = earlier;
    }
    // The whole of the first period, and the one before it, which may carry over to it.
    (since - 2 * LONGEST_PERIOD_MS - DAY_MS).max(0)
}

impl Account<'_> {
    /// Takes what past periods used beyond their allowance from the top-ups that held in them.
    fn use_past_periods(&mut self, days: &[UsageDay], now: UnixMs) {
        let running = local_day(spans(now, self.zone, 0, 0).start(self.limit.per), self.zone);
        let past = days.iter().take_while(|day| day.day < running);
        // (first day, last day, octets) of each past period with usage.
        let mut periods: Vec<(i64, i64, u64)> = Vec::new();
        for day in past {
            let (first, octets) = (self.first_day(day.day), day.amounts.octets(self.limit.direction));
            match periods.last_mut() {
                Some(last) if last.0 == first => (last.1, last.2) = (day.day, last.2.saturating_add(octets)),
                _ => periods.push((first, day.day, octets)),
            }
        }
        let mut before: Option<(i64, u64)> = None;
        for (first, last, used) in periods {
            let carried = match before {
                // Only the period right before carries on; a period without usage carries all of its own.
                Some((last_of_before, used)) if self.follows(last_of_before, first) => self.limit.octets.saturating_sub(used),
                _ => self.limit.octets,
            };
            let allowance = if self.limit.rollover { self.limit.octets.saturating_add(carried) } else { self.limit.octets };
            self.take(used.saturating_sub(allowance), first, last);
            before = Some((last, used));
        }
    }

    /// First day of the period that a day belongs to.
    fn first_day(&self, day: i64) -> i64 {
        local_day(spans(noon(day, self.zone), self.zone, 0, 0).start(self.limit.per), self.zone)
    }

    /// Whether the period that begins on `first` comes right after the one that holds the day `before`.
    fn follows(&self, before: i64, first: i64) -> bool {
        local_day(spans(noon(before, self.zone), self.zone, 0, 0).end(self.limit.per), self.zone) == first
    }

    fn take(&mut self, mut over: u64, first: i64, last: i64) {
        for (b, left) in &mut self.left {
            let held = local_day(b.bought_at, self.zone) <= last && last_day(b, self.zone) >= first;
            let taken = if held { over.min(*left) } else { 0 };
            (*left, over) = (*left - taken, over - taken);
        }
    }

    /// What top-ups that have expired by now gave to the running period.
    fn given_by_expired(&self, days: &[UsageDay], period_started_at: UnixMs, now: UnixMs) -> u64 {
        let start = spans(now, self.zone, period_started_at, 0).start(self.limit.per);
        let first = if start > 0 { local_day(start, self.zone) } else { 0 };
        let mut given = 0u64;
        for (b, left) in self.left.iter().filter(|(b, _)| b.expires_at <= now && b.expires_at > start) {
            let until = days.iter().filter(|d| d.day >= first && d.day <= last_day(b, self.zone));
            let used = until.fold(0u64, |sum, d| sum.saturating_add(d.amounts.octets(self.limit.direction)));
            given += used.saturating_sub(self.limit.octets.saturating_add(given)).min(*left);
        }
        given
    }
}

/// The last local day on which a top-up held.
fn last_day(b: &Bought, zone: &TimeZone) -> i64 {
    if b.expires_at == UnixMs::MAX { i64::MAX } else { local_day(b.expires_at - 1, zone) }
}

/// An instant within a local day given as `yyyymmdd`.
fn noon(day: i64, zone: &TimeZone) -> UnixMs {
    let date = jiff::civil::Date::new((day / 10_000) as i16, (day / 100 % 100) as i8, (day % 100) as i8);
    let local = date.map(|d| d.at(12, 0, 0, 0).to_zoned(zone.clone()));
    local.ok().and_then(Result::ok).map_or(0, |z| z.timestamp().as_millisecond())
}

impl Standing<'_> {
    /// Adds to what rolled over what expired top-ups gave to each limit's running period.
    pub fn with_expired(mut carried: Vec<u64>, limits: &[VolumeLimit], expired: &[ExpiredShare]) -> Vec<u64> {
        if !expired.is_empty() {
            carried.resize(limits.len(), 0);
            for (more, limit) in carried.iter_mut().zip(limits) {
                let given = expired.iter().filter(|(direction, per, _)| (*direction, *per) == (limit.direction, limit.per));
                *more = given.fold(*more, |sum, (_, _, octets)| sum.saturating_add(*octets));
            }
        }
        carried
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sessions::Amounts;
    use crate::units::parse_instant;

    const G: u64 = 1_000_000_000;

    fn zone() -> TimeZone {
        TimeZone::get("Asia/Dhaka").expect("a bundled zone")
    }

    fn at(text: &str) -> UnixMs {
        parse_instant(text, &zone()).expect(text)
    }

    fn bought(id: i64, octets: u64, bought_at: &str, expires: Option<&str>) -> Bought {
        let expires_at = expires.map_or(UnixMs::MAX, at);
        Bought { id, direction: Direction::Total, octets: octets * G, bought_at: at(bought_at), expires_at }
    }

    fn day(day: i64, used: u64) -> UsageDay {
        UsageDay { day, amounts: Amounts { download: used * G, ..Amounts::default() } }
    }

    fn settled(limit: &str, all: &[Bought], days: &[UsageDay], now: &str) -> (Vec<(i64, u64)>, u64) {
        let settled = settle(&[limit.parse().expect(limit)], all, days, at("2026-11-10 00:00"), at(now), &zone());
        (settled.top_ups.iter().map(|t| (t.id, t.octets_left / G)).collect(), settled.expired.iter().map(|e| e.2 / G).sum())
    }

    #[test]
    fn past_periods_took_what_they_used_beyond_their_allowance() {
        let two = [bought(2, 5, "2026-10-05 10:00", None), bought(1, 4, "2026-10-20 10:00", Some("2026-12-01 00:00"))];
        let october = [day(20261003, 60), day(20261021, 46), day(20261102, 99)];
        for (limit, days, now, left, why) in [
            (
                "100G/month",
                &october[..],
                "2026-11-18 12:00",
                vec![(2, 3)],
                "6 over in October: 4 from the first to expire, 2 from the other",
            ),
            ("100G/month", &[day(20261003, 60)], "2026-11-18 12:00", vec![(1, 4), (2, 5)], "nothing beyond the allowance"),
            ("200G/month", &october, "2026-11-18 12:00", vec![(1, 4), (2, 5)], "the running month takes nothing yet"),
            ("100G/month", &[], "2026-12-01 12:00", vec![(2, 5)], "the first is lost"),
            ("100G/once", &october, "2026-11-18 12:00", vec![(1, 4), (2, 5)], "once has one period"),
            ("100G/validity", &october, "2026-11-18 12:00", vec![], "bought in an earlier validity"),
            ("50G/day", &[day(20261004, 80), day(20261021, 52)], "2026-11-18 12:00", vec![(1, 2), (2, 5)], "bought after the first day"),
        ] {
            assert_eq!(settled(limit, &two, days, now).0, left, "{why}");
        }
    }

    #[test]
    fn days_long_past_are_not_read() {
        let since = |limit: &str, all: &[Bought]| {
            days_since(&[limit.parse().expect(limit)], all, at("2026-11-10 00:00"), at("2026-11-18 12:00"), &zone())
        };
        let old = bought(1, 4, "2024-01-05 10:00", Some("2024-06-01 00:00"));
        let (lately, beside) = (bought(2, 4, "2026-09-20 10:00", None), bought(3, 4, "2026-08-01 10:00", Some("2026-09-02 00:00")));
        let two_periods = 65 * DAY_MS;
        assert_eq!(since("1G/month", &[old]), at("2026-11-01 00:00") - two_periods);
        assert_eq!(since("1G/month", &[old, lately]), at("2026-09-20 10:00") - two_periods);
        assert_eq!(since("1G/month", &[old, lately, beside]), at("2026-08-01 10:00") - two_periods, "both held in September");
        assert_eq!(since("1G/once", &[old]), 0);
    }

    proptest::proptest! {
        #[test]
        fn the_days_that_are_read_give_the_same_as_all_days(
            tops in proptest::collection::vec((0i64..500, 1u64..9, proptest::option::of(1i64..200)), 0..5),
            used in proptest::collection::vec(0u64..6, 500),
            which in 0usize..7,
        ) {
            let begin = at("2025-07-10 00:00");
            let bought: Vec<Bought> = tops.iter().zip(1..).map(|((day, octets, lasts), id)| {
                let bought_at = begin + day * DAY_MS + 7_200_000;
                let expires_at = lasts.map_or(UnixMs::MAX, |days| bought_at + days * DAY_MS);
                Bought { id, direction: Direction::Total, octets: octets * G, bought_at, expires_at }
            }).collect();
            let limit = ["3G/day", "20G/week", "90G/month", "80G/month:rollover", "15G/week:rollover", "40G/validity", "900G/once"][which];
            let (limits, now, validity) = ([limit.parse().expect("a limit")], begin + 499 * DAY_MS, at("2026-11-10 00:00"));
            let all: Vec<(UnixMs, UsageDay)> = used.iter().enumerate().filter(|(_, used)| **used > 0).map(|(n, used)| {
                let begins_at = begin + n as i64 * DAY_MS;
                (begins_at, day(local_day(begins_at, &zone()), *used))
            }).collect();
            let since = days_since(&limits, &bought, validity, now, &zone());
            let days = |since| all.iter().filter(|(at, _)| *at >= since).map(|(_, day)| *day).collect::<Vec<_>>();
            let settle = |days: Vec<UsageDay>| settle(&limits, &bought, &days, validity, now, &zone());
            proptest::prop_assert_eq!(settle(days(since)), settle(days(0)));
        }
    }

    #[test]
    fn what_rolled_over_was_used_before_top_ups() {
        let one = [bought(1, 9, "2026-09-01 10:00", None)];
        let days = [day(20260905, 6), day(20261003, 16)];
        assert_eq!(settled("10G/month:rollover", &one, &days, "2026-11-18 12:00").0, [(1, 7)], "10 + 4 carried, 16 used");
        assert_eq!(settled("10G/month", &one, &days, "2026-11-18 12:00").0, [(1, 3)]);
    }

    #[test]
    fn what_an_expired_one_gave_to_this_period_is_not_taken_from_the_next() {
        let two = [bought(1, 5, "2026-11-02 10:00", Some("2026-11-10 00:00")), bought(2, 5, "2026-11-02 10:00", None)];
        let days = [day(20261103, 13), day(20261115, 1)];
        let (left, expired) = settled("10G/month", &two, &days, "2026-11-18 12:00");
        assert_eq!((left, expired), (vec![(2, 5)], 3), "14 used of 10 + 3 + 5");
        let limits = ["10G/month".parse().expect("a limit")];
        assert_eq!(Standing::with_expired(vec![], &limits, &[(Direction::Total, Period::Month, 3)]), [3]);
    }
}
