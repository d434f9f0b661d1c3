//! What is wanted of a session, case by case.

use std::sync::LazyLock;

use proptest::prelude::*;

use super::*;
use crate::aaa::decide::RejectReason;
use crate::aaa::policy::VolumeLeft;
use crate::packages::{PerDirection, RateLimit};
use crate::sessions::{Told, VolumeCaps};
use crate::units::BitRate;

const NOW: UnixMs = 1_800_000_000_000;
const STARTED: UnixMs = NOW - 3_600_000;
const GIB: u64 = 1 << 30;

fn rate(mbps: u64) -> RateLimit {
    let rate = Some(BitRate(mbps * 1_000_000));
    RateLimit { rate: PerDirection { download: rate, upload: rate }, ..RateLimit::default() }
}

fn number(rate: &RateLimit) -> u32 {
    rate_number(rate.to_mikrotik().unwrap_or_default().as_bytes())
}

fn well() -> Assessment {
    Assessment {
        denial: None,
        rate: rate(10),
        fair_use_step: None,
        ends_at: UnixMs::MAX,
        ends_why: EndReason::None,
        left: VolumeLeft::default(),
        next_step: VolumeLeft::default(),
        next_change_at: UnixMs::MAX,
        is_provisional: false,
    }
}

fn granted(ends_at: UnixMs, caps: VolumeCaps) -> Granted {
    Granted::new(number(&rate(10)), ends_at, false, caps)
}

fn session(granted: Granted) -> SessionFacts {
    SessionFacts { granted, started_at: STARTED, octets_in: GIB, octets_out: 5 * GIB, interim_secs: 300 }
}

fn books(assessment: &Assessment) -> Books<'_> {
    static TERMS: LazyLock<LoginTerms> = LazyLock::new(|| terms(1, 0x700));
    Books {
        assessment,
        rate: number(&assessment.rate),
        sessions: 1,
        session_maximum_secs: 0,
        tell_unknown: false,
        login_terms: &TERMS,
        written_rate: None,
        are_current: true,
    }
}

fn terms(at_login: u32, settings: u32) -> LoginTerms {
    LoginTerms { told: Told { at_login, settings }, settings: [11, 3, b'f'].into() }
}

fn change(want: Want) -> Change {
    match want {
        Want::Change(change, _) => change,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_session_that_is_as_the_books_say_is_left_alone() {
    let plain = session(granted(UnixMs::MAX, VolumeCaps::default()));
    assert_eq!(wanted(&books(&well()), &plain, NOW), Want::Nothing);
    let expires = Assessment { ends_at: NOW + 600_500, ends_why: EndReason::Expiry, ..well() };
    let told = session(granted(NOW + 600_000 - 2_000, VolumeCaps::default()));
    assert_eq!(wanted(&books(&expires), &told, NOW), Want::Nothing, "rounded down and begun a little later");
    let far = Assessment { ends_at: NOW + 9_000 * 86_400_000, ends_why: EndReason::Expiry, ..well() };
    let longest = session(granted(STARTED + MAX_SESSION_TIMEOUT_SECS * 1000, VolumeCaps::default()));
    assert_eq!(wanted(&books(&far), &longest, NOW), Want::Nothing, "no router waits longer than its longest timeout");
}

#[test]
fn who_may_not_be_online_goes_and_who_is_in_the_garden_stays_there() {
    let denied = Assessment { denial: Some(RejectReason::Expired), ..well() };
    let plain = session(granted(UnixMs::MAX, VolumeCaps::default()));
    let walled = session(Granted::new(1, UnixMs::MAX, true, VolumeCaps::default()));
    assert_eq!(wanted(&books(&denied), &plain, NOW), Want::Disconnect(Reason::Denied(RejectReason::Expired)));
    assert_eq!(wanted(&books(&denied), &session(Granted::UNKNOWN), NOW), Want::Disconnect(Reason::Denied(RejectReason::Expired)));
    assert_eq!(wanted(&books(&denied), &walled, NOW), Want::Nothing);
    assert_eq!(wanted(&books(&well()), &walled, NOW), Want::Disconnect(Reason::LeavesGarden), "an address list cannot be changed live");
}

#[test]
fn a_renewal_changes_rate_and_end_in_one_request() {
    let renewed = Assessment { ends_at: NOW + 30 * 86_400_000, ends_why: EndReason::Expiry, rate: rate(50), ..well() };
    let old = session(granted(NOW + 60_000, VolumeCaps::default()));
    let change = change(wanted(&books(&renewed), &old, NOW));
    assert_eq!(change.rate.as_deref(), Some("50M/50M"));
    assert_eq!(change.session_timeout_secs, Some(3_600 + 30 * 86_400), "seconds since the session began");
    let after = SessionFacts { granted: change.granted_after(&old.granted, STARTED), ..old };
    assert_eq!(wanted(&books(&renewed), &after, NOW), Want::Nothing, "once acknowledged, nothing is left to do");
    let unlimited = Assessment { rate: RateLimit::default(), ..well() };
    let told = session(granted(UnixMs::MAX, VolumeCaps::default()));
    let change = self::change(wanted(&books(&unlimited), &told, NOW));
    let after = SessionFacts { granted: change.granted_after(&told.granted, STARTED), ..told };
    assert_eq!((change.rate.as_deref(), wanted(&books(&unlimited), &after, NOW)), (Some(""), Want::Nothing));
}

#[test]
fn what_is_not_known_is_told_when_the_books_change_and_not_at_every_look() {
    let unknown = session(Granted::UNKNOWN);
    let expires = Assessment { ends_at: NOW + 600_000, ends_why: EndReason::Expiry, ..well() };
    assert_eq!(wanted(&books(&expires), &unknown, NOW), Want::Nothing);
    let change = change(wanted(&Books { tell_unknown: true, ..books(&expires) }, &unknown, NOW));
    assert_eq!((change.rate.as_deref(), change.session_timeout_secs), (Some("10M/10M"), Some(4_200)));
}

#[test]
fn the_end_of_time_online_moves_with_reports_and_only_a_real_extension_is_told() {
    let told = session(granted(NOW + 600_000, VolumeCaps::default()));
    for (ends_in_ms, is_told) in [(600_000, false), (900_000, false), (1_200_000, true), (590_000, true), (596_000, false)] {
        let assessment = Assessment { ends_at: NOW + ends_in_ms, ends_why: EndReason::TimeUsedUp, ..well() };
        assert_eq!(wanted(&books(&assessment), &told, NOW) != Want::Nothing, is_told, "{ends_in_ms} ms");
    }
}

#[test]
fn a_session_beyond_its_maximum_is_ended_if_its_router_does_not() {
    let assessment = well();
    let told = session(granted(STARTED + 3_600_000, VolumeCaps::default()));
    let at = |secs| Books { session_maximum_secs: secs, ..books(&assessment) };
    assert_eq!(wanted(&at(3_600), &told, NOW), Want::Nothing, "the router's own end is due now");
    assert_eq!(wanted(&at(3_540), &told, NOW), Want::Disconnect(Reason::SessionMaximum));
    let begun_late = session(granted(STARTED + 3_600_000 - 90_000, VolumeCaps::default()));
    assert_eq!(wanted(&at(3_600), &begun_late, NOW - 600_000), Want::Nothing, "a slow line, or a clock that is wrong");
    assert!(matches!(wanted(&at(7_200), &told, NOW), Want::Change(..)), "the package allows more now");
    assert_eq!(look_again_at(&at(3_540), &told, NOW), STARTED + 3_600_000);
    assert_eq!(look_again_at(&books(&assessment), &told, NOW), UnixMs::MAX);
}

#[test]
fn volume_is_sent_as_used_plus_rest_and_only_when_it_matters() {
    let left = |octets| Assessment { left: VolumeLeft { download: Some(octets), ..VolumeLeft::default() }, ..well() };
    let told = |octets| session(granted(UnixMs::MAX, VolumeCaps { download: Some(octets), ..VolumeCaps::default() }));
    assert_eq!(wanted(&books(&left(10 * GIB)), &told(15 * GIB), NOW), Want::Nothing);
    let topped_up = change(wanted(&books(&left(20 * GIB)), &told(15 * GIB), NOW));
    assert_eq!(topped_up.download_cap, Some(25 * GIB));
    let lifted = change(wanted(&books(&well()), &told(15 * GIB), NOW));
    assert_eq!(lifted.download_cap, Some(NO_CAP));
    let after = SessionFacts { granted: lifted.granted_after(&told(15 * GIB).granted, STARTED), ..told(0) };
    assert_eq!(wanted(&books(&well()), &after, NOW), Want::Nothing);
    let total = session(granted(UnixMs::MAX, VolumeCaps { total: Some(15 * GIB), ..VolumeCaps::default() }));
    let more = Assessment { left: VolumeLeft { total: Some(20 * GIB), ..VolumeLeft::default() }, ..well() };
    assert_eq!(wanted(&books(&more), &total, NOW), Want::Nothing, "Total-Limit cannot be changed live");
}

#[test]
fn a_limit_on_both_directions_together_holds_for_each_that_has_one_of_its_own_besides() {
    // 5 GiB down and 1 GiB up were used: what the login was told is what the books still say.
    let left = VolumeLeft { total: Some(94 * GIB), download: Some(200 * GIB), upload: Some(500 * GIB) };
    let books_say = Assessment { left, ..well() };
    let told = session(granted(UnixMs::MAX, VolumeCaps { total: None, download: Some(99 * GIB), upload: Some(95 * GIB) }));
    assert_eq!(wanted(&books(&books_say), &told, NOW), Want::Nothing);
    let given_away = session(granted(UnixMs::MAX, VolumeCaps { total: None, download: Some(205 * GIB), upload: Some(501 * GIB) }));
    let lowered = change(wanted(&books(&books_say), &given_away, NOW));
    assert_eq!((lowered.download_cap, lowered.upload_cap), (Some(99 * GIB), Some(95 * GIB)));
}

#[test]
fn two_sessions_share_the_rest_only_near_its_end() {
    // 10 Mbit/s use 937,500,000 octets in two and a half interims of 300 s.
    let (far, near) = (10 * GIB, GIB);
    assert_eq!(share(far, 2, 10_000_000, 300), (far, false));
    assert_eq!(share(near, 1, 10_000_000, 300), (near, false), "alone he has all of it");
    assert_eq!(share(near, 2, 10_000_000, 300), (GIB / 2, true));
    assert_eq!(share(1000, 3, 10_000_000, 300), (1000, true), "nobody is cut before he can be asked again");
    let left = |octets| Assessment { left: VolumeLeft { download: Some(octets), ..VolumeLeft::default() }, ..well() };
    let told = session(granted(UnixMs::MAX, VolumeCaps { download: Some(15 * GIB), ..VolumeCaps::default() }));
    let (far, near) = (left(9 * GIB), left(GIB));
    let two = |assessment| Books { sessions: 2, ..books(assessment) };
    assert_eq!(wanted(&two(&far), &told, NOW), Want::Nothing, "what the other one used does not matter yet");
    assert_eq!(change(wanted(&two(&near), &told, NOW)).download_cap, Some(5 * GIB + GIB / 2));
}

#[test]
fn another_address_or_list_needs_a_login_and_another_filter_does_not() {
    let assessment = well();
    let told = |at_login, settings| session(granted(UnixMs::MAX, VolumeCaps::default()).with_told(Some(Told { at_login, settings })));
    let with = |terms| Books { login_terms: terms, ..books(&assessment) };
    let (same, filter) = (terms(1, 0x700), terms(1, 0x801));
    assert_eq!(wanted(&with(&same), &told(1, 0x700), NOW), Want::Nothing);
    assert_eq!(wanted(&with(&same), &told(2, 0x700), NOW), Want::Disconnect(Reason::NewLogin));
    assert_eq!(wanted(&with(&same), &told(1, 0x709), NOW), Want::Disconnect(Reason::NewLogin), "a group cannot be taken back");
    let Want::Change(change, Reason::Settings) = wanted(&with(&filter), &told(1, 0x700), NOW) else { panic!("a filter") };
    assert_eq!(change.to_string(), "Filter-Id=\"f\"");
    let after = SessionFacts { granted: change.granted_after(&told(1, 0x700).granted, STARTED), ..told(1, 0x700) };
    assert_eq!(wanted(&with(&filter), &after, NOW), Want::Nothing);
    // Nobody is touched for what may be over already, or for what is not known.
    assert_eq!(wanted(&Books { are_current: false, ..with(&same) }, &told(2, 0x700), NOW), Want::Nothing);
    assert_eq!(
        wanted(&with(&same), &session(granted(UnixMs::MAX, VolumeCaps::default())), NOW),
        Want::Nothing,
        "an older program's session"
    );
    let unknown = wanted(&Books { tell_unknown: true, ..with(&filter) }, &session(Granted::UNKNOWN), NOW);
    assert_eq!(unknown, Want::Change(Change { rate: Some("10M/10M".into()), ..Change::default() }, Reason::Rate));
    let young = SessionFacts { started_at: NOW - 1_000, ..told(2, 0x700) };
    assert_eq!((wanted(&with(&same), &young, NOW), look_again_at(&with(&same), &young, NOW)), (Want::Nothing, NOW + 4_000));
    assert_eq!(wanted(&with(&same), &young, NOW + 4_000), Want::Disconnect(Reason::NewLogin));
}

#[test]
fn a_rate_that_an_administrator_wrote_goes_before_the_assessed_one() {
    let (assessment, told) = (well(), session(granted(UnixMs::MAX, VolumeCaps::default())));
    let own = Books { rate: rate_number(b"1M/2M"), written_rate: Some("1M/2M"), ..books(&assessment) };
    let change = change(wanted(&own, &told, NOW));
    assert_eq!(change.rate.as_deref(), Some("1M/2M"));
    let after = SessionFacts { granted: change.granted_after(&told.granted, STARTED), ..told };
    assert_eq!(wanted(&own, &after, NOW), Want::Nothing);
}

proptest! {
    #[test]
    fn shares_leave_nobody_short_and_overshoot_by_a_bounded_amount(left in 1u64..1 << 45, sessions in 1u32..20, mbps in 0u64..1000, interim in 60u16..3600) {
        let bps = mbps * 1_000_000;
        let (share, is_split) = share(left, sessions, bps, interim);
        let next_report = (if bps == 0 { LINE_BPS } else { bps }) / 8 * u64::from(interim) * 125 / 100;
        prop_assert!(share >= 1 && share <= left);
        prop_assert!(share >= left.min(next_report), "cut with something left before the next report");
        if is_split {
            let overshoot = share * u64::from(sessions) - left.min(share * u64::from(sessions));
            prop_assert!(overshoot <= (u64::from(sessions) - 1) * next_report);
        }
    }

    #[test]
    fn an_acknowledged_change_is_never_asked_for_again(
        ends_in in -10_000_000i64..100_000_000_000, left_down in proptest::option::of(1u64..1 << 40), left_up in proptest::option::of(1u64..1 << 40),
        mbps in 0u64..100, sessions in 1u32..4, told_end in 0i64..100_000_000_000, used in 0u64..1 << 40, is_known: bool, why in 0u8..2,
    ) {
        let assessment = Assessment {
            ends_at: if ends_in < 0 { UnixMs::MAX } else { NOW + ends_in },
            ends_why: if why == 0 { EndReason::Expiry } else { EndReason::TimeUsedUp },
            left: VolumeLeft { download: left_down, upload: left_up, total: None },
            rate: if mbps == 0 { RateLimit::default() } else { rate(mbps) },
            ..well()
        };
        let before = if is_known { granted(NOW + told_end, VolumeCaps::default()) } else { Granted::UNKNOWN };
        let books = Books { sessions, tell_unknown: true, ..books(&assessment) };
        let session = SessionFacts { octets_in: used, octets_out: used, ..session(before) };
        if let Want::Change(change, _) = wanted(&books, &session, NOW) {
            let after = SessionFacts { granted: change.granted_after(&before, STARTED), ..session };
            prop_assert_eq!(wanted(&books, &after, NOW), Want::Nothing);
        }
    }
}
