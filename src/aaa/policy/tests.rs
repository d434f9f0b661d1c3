//! Every rule of the assessment in tables, and what must hold for all customers as properties.

use super::*;
use crate::packages::{DevicePolicy, Period, RateLimit, parse_rate};
use crate::sessions::{Amounts, VolumeCaps};
use crate::units::{DAY_MS, parse_instant};
use proptest::prelude::*;

const HOUR_MS: i64 = 3_600_000;
const G: u64 = 1_000_000_000;

/// A customer to be changed by a test.
#[derive(Debug)]
struct Case {
    limits: Limits,
    rate: RateLimit,
    used: Used,
    top_ups: Vec<TopUp>,
    carried: Vec<u64>,
    own_rate: Option<(RateLimit, UnixMs)>,
    hold: HoldFact,
    is_closed: bool,
    expires_at: UnixMs,
    open_sessions: u32,
    zone: TimeZone,
}

impl Case {
    fn new(zone: &str) -> Case {
        Case {
            limits: Limits::default(),
            rate: parse_rate("20M/10M").expect("a rate"),
            used: Used::default(),
            top_ups: Vec::new(),
            carried: Vec::new(),
            own_rate: None,
            hold: HoldFact::None,
            is_closed: false,
            expires_at: UnixMs::MAX,
            open_sessions: 1,
            zone: TimeZone::get(zone).expect("a bundled zone"),
        }
    }

    fn volume(mut self, texts: &[&str]) -> Case {
        self.limits.volume = texts.iter().map(|t| t.parse().expect(t)).collect();
        self
    }

    fn fair_use(mut self, texts: &[&str]) -> Case {
        self.limits.fair_use = texts.iter().map(|t| t.parse().expect(t)).collect();
        self
    }

    fn time(mut self, texts: &[&str]) -> Case {
        self.limits.time = texts.iter().map(|t| t.parse().expect(t)).collect();
        self
    }

    fn hours(mut self, texts: &[&str]) -> Case {
        self.limits.hours = texts.iter().map(|t| t.parse().expect(t)).collect();
        self
    }

    fn used(mut self, period: Period, download: u64, upload: u64, secs: u64) -> Case {
        *self.used.of_mut(period) = Amounts { download, upload, secs };
        self
    }

    fn top_up(mut self, direction: Direction, octets_left: u64, expires_at: UnixMs) -> Case {
        self.top_ups.push(TopUp { id: 1, direction, octets_left, expires_at });
        self
    }

    fn at(&self, text: &str) -> UnixMs {
        parse_instant(text, &self.zone).expect(text)
    }

    fn assess(&self, now: UnixMs) -> Assessment {
        let standing = Standing {
            hold: self.hold,
            is_closed: self.is_closed,
            expires_at: self.expires_at,
            is_pending: false,
            limits: &self.limits,
            rate: &self.rate,
            own_rate: self.own_rate,
            top_ups: &self.top_ups,
            carried: &self.carried,
            used: &self.used,
            open_sessions: self.open_sessions,
            zone: &self.zone,
        };
        assess(&standing, now)
    }
}

#[test]
fn denials_come_in_one_order() {
    let mut case = Case::new("UTC").volume(&["1G/day"]).time(&["1h/day"]).hours(&["08:00-09:00"]).used(Period::Day, G, 0, 3600);
    let now = case.at("2026-11-18 12:00");
    (case.is_closed, case.hold, case.expires_at) = (true, HoldFact::Disabled, now);
    type Mend = fn(&mut Case);
    let mends: [(RejectReason, Mend); 7] = [
        (RejectReason::Closed, |c| c.is_closed = false),
        (RejectReason::Disabled, |c| c.hold = HoldFact::Suspended),
        (RejectReason::Suspended, |c| c.hold = HoldFact::None),
        (RejectReason::Expired, |c| c.expires_at = UnixMs::MAX),
        (RejectReason::OutsideHours, |c| c.limits.hours.clear()),
        (RejectReason::VolumeUsedUp, |c| c.limits.volume.clear()),
        (RejectReason::TimeUsedUp, |c| c.limits.time.clear()),
    ];
    for (reason, mend) in mends {
        assert_eq!(case.assess(now).denial, Some(reason));
        mend(&mut case);
    }
    assert_eq!(case.assess(now).denial, None);
}

#[test]
fn volume_is_left_per_direction_and_comes_back_with_the_period() {
    let month = |download, upload| Case::new("Asia/Dhaka").volume(&["total:100G/month"]).used(Period::Month, download, upload, 0);
    let case = month(60 * G, 15 * G);
    let now = case.at("2026-11-18 12:00");
    let left = |total, download, upload| VolumeLeft { total, download, upload };
    assert_eq!((case.assess(now).left, case.assess(now).denial), (left(Some(25 * G), None, None), None));
    assert_eq!(case.assess(now).next_change_at, case.at("2026-12-01 00:00"));
    let over = month(90 * G, 10 * G + 1).assess(now);
    assert_eq!((over.left.total, over.denial), (Some(0), Some(RejectReason::VolumeUsedUp)));
    assert_eq!(over.next_change_at, case.at("2026-12-01 00:00"), "when it comes back");
    let two = Case::new("UTC").volume(&["download:10G/month", "download:1G/day", "upload:2G/once"]).used(Period::Day, G / 2, G, 0);
    let two = two.used(Period::Once, 0, G, 0).used(Period::Month, 9 * G, 0, 0);
    let assessed = two.assess(two.at("2026-11-18 12:00"));
    assert_eq!(assessed.left, left(None, Some(G / 2), Some(G)), "of two limits of a direction the nearer");
    assert_eq!(assessed.next_change_at, two.at("2026-11-19 00:00"));
    assert_eq!(assessed.ends_at, UnixMs::MAX);
}

#[test]
fn what_rolled_over_is_used_first_then_top_ups_the_first_to_expire_first() {
    let case = |used: u64| {
        let mut case = Case::new("UTC").volume(&["10G/month:rollover"]).used(Period::Month, used, 0, 0);
        case.carried = vec![2 * G];
        let soon = case.at("2026-11-20 00:00");
        case.top_up(Direction::Total, 3 * G, soon).top_up(Direction::Total, 4 * G, UnixMs::MAX).top_up(
            Direction::Upload,
            9 * G,
            UnixMs::MAX,
        )
    };
    let now = case(0).at("2026-11-18 12:00");
    for (used, left) in [(0, 19), (12, 7), (14, 5), (19, 0), (25, 0)] {
        assert_eq!(case(used * G).assess(now).left.total, Some(left * G), "{used} G used");
    }
    assert_eq!(case(19 * G).assess(now).denial, Some(RejectReason::VolumeUsedUp));
    assert_eq!(case(0).assess(now).next_change_at, case(0).at("2026-11-20 00:00"), "the first top-up is lost");
    let later = case(0).at("2026-11-21 12:00");
    assert_eq!(case(14 * G).assess(later).left.total, Some(2 * G));
    let mut before = Used::default();
    *before.of_mut(Period::Month) = Amounts { download: 7 * G, upload: G, secs: 0 };
    assert_eq!(carried(&case(0).limits.volume, &before), [2 * G]);
    *before.of_mut(Period::Month) = Amounts { download: 70 * G, upload: G, secs: 0 };
    assert_eq!(carried(&case(0).limits.volume, &before), [0]);
}

#[test]
fn fair_use_steps_the_last_that_applies_counts() {
    let case = |used: u64, at: &str| {
        let steps = ["after:50G/month=50%", "after:80G/month=2M/1M", "during:00:00-06:00=200%"];
        let case = Case::new("Asia/Dhaka").fair_use(&steps).used(Period::Month, used * G, 0, 0);
        case.assess(case.at(at))
    };
    let rate = |text| parse_rate(text).expect(text);
    for (used, at, step, wanted, next) in [
        (0, "2026-11-18 12:00", None, "20M/10M", Some(50)),
        (50, "2026-11-18 12:00", Some(0), "10M/5M", Some(30)),
        (79, "2026-11-18 12:00", Some(0), "10M/5M", Some(1)),
        (80, "2026-11-18 12:00", Some(1), "2M/1M", None),
        (80, "2026-11-18 05:59", Some(2), "40M/20M", None),
        (0, "2026-11-18 00:00", Some(2), "40M/20M", Some(50)),
    ] {
        let assessed = case(used, at);
        assert_eq!((assessed.fair_use_step, assessed.rate), (step, rate(wanted)), "{used} G at {at}");
        assert_eq!(assessed.next_step.total, next.map(|n| n * G));
        assert_eq!(assessed.denial, None);
    }
    let zone = Case::new("Asia/Dhaka");
    assert_eq!(case(0, "2026-11-18 12:00").next_change_at, zone.at("2026-11-19 00:00"));
    assert_eq!(case(0, "2026-11-18 05:00").next_change_at, zone.at("2026-11-18 06:00"));
    assert_eq!(case(0, "2026-11-30 12:00").next_change_at, zone.at("2026-12-01 00:00"));
}

#[test]
fn a_soft_limit_ends_nothing_and_its_top_ups_move_the_step() {
    let case =
        |used: u64| Case::new("UTC").volume(&["10G/month:soft"]).fair_use(&["after:10G/month=1M/1M"]).used(Period::Month, used * G, 0, 0);
    let now = case(0).at("2026-11-18 12:00");
    let over = case(10).assess(now);
    assert_eq!((over.denial, over.fair_use_step, over.left), (None, Some(0), VolumeLeft::default()));
    let more = case(12).top_up(Direction::Total, 5 * G, UnixMs::MAX).assess(now);
    assert_eq!((more.fair_use_step, more.next_step.total), (None, Some(3 * G)));
}

#[test]
fn a_rate_of_ones_own_holds_until_it_ends() {
    let mut case = Case::new("UTC").fair_use(&["after:1G/day=1M/1M"]).used(Period::Day, 2 * G, 0, 0);
    let now = case.at("2026-11-18 12:00");
    case.own_rate = Some((parse_rate("50M/20M").expect("a rate"), now + HOUR_MS));
    let assessed = case.assess(now);
    assert_eq!((assessed.rate, assessed.fair_use_step), (parse_rate("50M/20M").expect("a rate"), None));
    assert_eq!(assessed.next_change_at, now + HOUR_MS);
    let later = case.assess(now + HOUR_MS);
    assert_eq!((later.rate, later.fair_use_step), (parse_rate("1M/1M").expect("a rate"), Some(0)));
}

#[test]
fn percentages_keep_what_is_unlimited_and_priorities() {
    let mut package = parse_rate("20M/0").expect("a rate");
    package.priority = Some(3);
    package.burst.download = Some(crate::units::BitRate(40_000_000));
    let half = step_rate(&crate::packages::FairUseRate::Percent(50), &package);
    assert_eq!(half.to_mikrotik().as_deref(), Some("0/10M 0/20M 0/10M 0/1 3"));
    assert_eq!(step_rate(&crate::packages::FairUseRate::Percent(1), &RateLimit::default()).to_mikrotik(), None);
}

#[test]
fn time_online_ends_a_session_when_it_will_be_used_up() {
    let case = |limits: &[&str], used, open| {
        let mut case = Case::new("UTC").time(limits).used(Period::Day, 0, 0, used).used(Period::Month, 0, 0, used);
        case.open_sessions = open;
        case
    };
    for (limits, used, open, at, ends) in [
        (&["2h/day"][..], 3600, 1, "2026-11-18 12:00", Some("2026-11-18 13:00")),
        (&["2h/day"], 3600, 2, "2026-11-18 12:00", Some("2026-11-18 12:30")),
        // Midnight comes first: the new day's two hours are used up at 02:00.
        (&["2h/day"], 0, 1, "2026-11-18 23:00", Some("2026-11-19 02:00")),
        (&["24h/day"], 0, 1, "2026-11-18 12:00", None),
        (&["2h/day", "90m/month"], 3600, 1, "2026-11-18 12:00", Some("2026-11-18 12:30")),
    ] {
        let case = case(limits, used, open);
        let assessed = case.assess(case.at(at));
        assert_eq!(assessed.ends_at, ends.map_or(UnixMs::MAX, |e| case.at(e)), "{limits:?} at {at}");
        assert_eq!(assessed.ends_why, if ends.is_some() { EndReason::TimeUsedUp } else { EndReason::None });
    }
    let over = case(&["2h/day"], 7200, 1);
    let assessed = over.assess(over.at("2026-11-18 12:00"));
    assert_eq!((assessed.denial, assessed.next_change_at), (Some(RejectReason::TimeUsedUp), over.at("2026-11-19 00:00")));
}

#[test]
fn the_nearest_end_is_named() {
    let mut case = Case::new("Europe/Berlin").hours(&["mon-fri:08:00-18:00"]).time(&["1h/once"]);
    let now = case.at("2026-11-18 16:30");
    case.expires_at = now + 3 * HOUR_MS;
    let of = |case: &Case| (case.assess(now).ends_why, case.assess(now).ends_at);
    assert_eq!(of(&case), (EndReason::TimeUsedUp, now + HOUR_MS));
    case.limits.time.clear();
    assert_eq!(of(&case), (EndReason::HoursOver, case.at("2026-11-18 18:00")));
    case.expires_at = now + HOUR_MS;
    assert_eq!(of(&case), (EndReason::Expiry, now + HOUR_MS));
    let outside = case.assess(case.at("2026-11-18 18:00"));
    assert_eq!(outside.denial, Some(RejectReason::Expired));
    case.expires_at = UnixMs::MAX;
    let outside = case.assess(case.at("2026-11-20 18:00"));
    assert_eq!((outside.denial, outside.next_change_at), (Some(RejectReason::OutsideHours), case.at("2026-11-23 08:00")));
}

#[test]
fn a_customer_without_limits_has_none() {
    let case = Case::new("UTC");
    let assessed = case.assess(1_800_000_000_000);
    let free = (None, UnixMs::MAX, EndReason::None, UnixMs::MAX);
    assert_eq!((assessed.denial, assessed.ends_at, assessed.ends_why, assessed.next_change_at), free);
    assert_eq!(share(&assessed.left, &assessed.rate, 3, 300).caps, VolumeCaps::default());
    assert!(!Limits { devices: DevicePolicy::Fixed, ..Limits::default() }.restrict_access());
}

fn any_period() -> impl Strategy<Value = Period> {
    prop::sample::select(Period::ALL.to_vec())
}

fn any_direction() -> impl Strategy<Value = Direction> {
    prop::sample::select(vec![Direction::Total, Direction::Download, Direction::Upload])
}

prop_compose! {
    fn any_case()(
        zone in prop::sample::select(vec!["UTC", "Asia/Dhaka", "Europe/Berlin", "America/Sao_Paulo", "Pacific/Apia", "Africa/Cairo"]),
        volume in prop::collection::vec((any_direction(), 1u64..1000, any_period(), any::<bool>()), 0..4),
        time in prop::collection::vec((1u64..200_000, any_period()), 0..3),
        hours in prop::collection::vec((1u8..=127, 0u16..1440, 1u16..=1440), 0..3),
        after in prop::collection::vec((any_direction(), 1u64..1000, any_period()), 0..3),
        top_ups in prop::collection::vec((any_direction(), 1u64..500, prop::option::of(-DAY_MS..40 * DAY_MS)), 0..3),
        used in prop::collection::vec((0u64..600, 0u64..600, 0u64..100_000), 5),
        carried in prop::collection::vec(0u64..300, 0..4),
        expires in prop::option::of(-DAY_MS..90 * DAY_MS),
        own in prop::option::of(-DAY_MS..9 * DAY_MS),
        open_sessions in 1u32..4,
        now in 1_600_000_000_000i64..1_900_000_000_000,
    ) -> (Case, UnixMs) {
        let mut case = Case::new(zone);
        let limit = |(direction, octets, per, soft)| crate::packages::VolumeLimit { direction, octets, per, rollover: false, soft };
        case.limits.volume = volume.into_iter().map(limit).collect();
        case.limits.time = time.into_iter().map(|(secs, per)| crate::packages::TimeLimit { secs, per }).collect();
        case.limits.hours = hours.into_iter().map(|(days, from_minute, until_minute)| crate::packages::Hours { days, from_minute, until_minute }).collect();
        let step = |(direction, octets, per)| crate::packages::FairUse {
            when: crate::packages::FairUseWhen::After { direction, octets, per },
            rate: crate::packages::FairUseRate::Percent(50),
        };
        case.limits.fair_use = after.into_iter().map(step).collect();
        let top_up = |(direction, octets_left, expires): (_, _, Option<i64>)| {
            TopUp { id: 1, direction, octets_left, expires_at: expires.map_or(UnixMs::MAX, |e| now + e) }
        };
        case.top_ups = top_ups.into_iter().map(top_up).collect();
        for (period, (download, upload, secs)) in Period::ALL.into_iter().zip(used) {
            *case.used.of_mut(period) = Amounts { download, upload, secs };
        }
        (case.carried, case.open_sessions) = (carried, open_sessions);
        case.expires_at = expires.map_or(UnixMs::MAX, |e| now + e);
        case.own_rate = own.map(|until| (RateLimit::default(), now + until));
        (case, now)
    }
}

/// What a customer may notice.
fn noticed(a: &Assessment) -> (Option<RejectReason>, RateLimit, VolumeLeft, VolumeLeft) {
    (a.denial, a.rate, a.left, a.next_step)
}

proptest! {
    #[test]
    fn more_usage_never_gives_more_left((case, now) in any_case(), period in any_period(), more in (0u64..300, 0u64..300, 0u64..9000)) {
        let before = case.assess(now);
        let mut case = case;
        *case.used.of_mut(period) += Amounts { download: more.0, upload: more.1, secs: more.2 };
        let after = case.assess(now);
        for direction in [Direction::Total, Direction::Download, Direction::Upload] {
            prop_assert!(after.left.of(direction) <= before.left.of(direction));
            prop_assert_eq!(after.left.of(direction).is_some(), before.left.of(direction).is_some());
        }
        prop_assert!(before.denial.is_none() || after.denial.is_some());
        prop_assert!(after.ends_at <= before.ends_at);
    }

    #[test]
    fn nothing_changes_by_itself_before_the_next_change((case, now) in any_case(), part in 0.0f64..1.0) {
        let assessed = case.assess(now);
        prop_assert!(assessed.next_change_at > now);
        prop_assert!(assessed.denial.is_some() || assessed.ends_at > now);
        let until = assessed.next_change_at.min(now + 40 * DAY_MS);
        let between = now + ((until - now - 1) as f64 * part) as i64;
        prop_assert_eq!(noticed(&case.assess(between)), noticed(&assessed));
    }

    #[test]
    fn who_may_come_in_has_something_of_everything((case, now) in any_case()) {
        let assessed = case.assess(now);
        if assessed.denial.is_none() {
            let left = [assessed.left.total, assessed.left.download, assessed.left.upload];
            prop_assert!(!left.contains(&Some(0)));
            prop_assert!(assessed.ends_at > now);
        }
    }
}
