//! How much of what is left one session is told it may use: what becomes Mikrotik-Total-Limit, or Recv-Limit and Xmit-Limit.
//!
//! While what is left exceeds what all open sessions can use in 2.5 interim intervals at their rates, each gets the whole rest: there is time to hear of it and
//! to tell the others. Nearer the end the rest is split between them, and they report more often (RFC 2869 section 5.16 sets the floor of 60 s), so that
//! shares are renewed before they are used up. A router ends a session that has used up its share, so one session never overshoots by more than the router's own
//! counting; several do so only while reports are lost, by at most one share each.

use super::VolumeLeft;
use crate::packages::{MIN_INTERIM_SECS, RateLimit};
use crate::sessions::VolumeCaps;
use crate::units::BitRate;

/// What a session without a rate is taken to be able to use, bit/s.
const ASSUMED_BPS: u64 = 1_000_000_000;

/// What one session is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Share {
    /// Octets from now on, each at least 1.
    pub caps: VolumeCaps,
    /// Seconds between its reports.
    pub interim_secs: u16,
    /// Whether it is less than the whole rest.
    pub is_split: bool,
}

/// The share of one of `sessions` open sessions (itself included) that report every `interim_secs`. Nothing of `left` may be 0: that is a denial.
pub fn share(left: &VolumeLeft, rate: &RateLimit, sessions: u32, interim_secs: u16) -> Share {
    let mut whole = Share { caps: VolumeCaps::default(), interim_secs, is_split: false };
    if left.is_unlimited() {
        return whole;
    }
    let (download, upload) = (octets_per_sec(rate.rate.download, rate.burst.download), octets_per_sec(rate.rate.upload, rate.burst.upload));
    let mut sharing = Sharing { sessions: u64::from(sessions.max(1)), share: &mut whole };
    let left = left.as_told();
    let caps = VolumeCaps {
        total: left.total.map(|rest| sharing.of(rest, download.saturating_add(upload))),
        download: left.download.map(|rest| sharing.of(rest, download)),
        upload: left.upload.map(|rest| sharing.of(rest, upload)),
    };
    whole.caps = caps;
    whole
}

struct Sharing<'s> {
    sessions: u64,
    share: &'s mut Share,
}

impl Sharing<'_> {
    /// The part of a rest that one session gets, if each can use so much per second; notes how often it must report.
    fn of(&mut self, rest: u64, octets_per_sec: u64) -> u64 {
        let per_interim_sec = octets_per_sec.saturating_mul(self.sessions).saturating_mul(5) / 2;
        if rest > per_interim_sec.saturating_mul(u64::from(self.share.interim_secs)) {
            return rest;
        }
        let floor = MIN_INTERIM_SECS as u16;
        let in_time = u16::try_from(rest / per_interim_sec.max(1)).unwrap_or(u16::MAX).max(floor);
        self.share.interim_secs = self.share.interim_secs.min(in_time);
        self.share.is_split |= self.sessions > 1;
        (rest / self.sessions).max(1)
    }
}

fn octets_per_sec(rate: Option<BitRate>, burst: Option<BitRate>) -> u64 {
    let bps = match rate {
        None | Some(BitRate(0)) => ASSUMED_BPS,
        Some(BitRate(bps)) => bps.max(burst.map_or(0, |b| b.0)),
    };
    (bps / 8).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::packages::{PerDirection, parse_rate};
    use proptest::prelude::*;

    fn total(octets: u64) -> VolumeLeft {
        VolumeLeft { total: Some(octets), ..VolumeLeft::default() }
    }

    #[test]
    fn the_rest_is_given_whole_until_the_end_is_near() {
        // 8 Mbit/s each way: 2 MB/s, 1,500 MB in 2.5 interims of 300 s.
        let rate = parse_rate("8M/8M").expect("a rate");
        for (left, sessions, wanted, interim_secs, is_split) in [
            (2_000_000_000, 1, 2_000_000_000, 300, false),
            (1_000_000_000, 1, 1_000_000_000, 200, false),
            (2_000_000_000, 2, 1_000_000_000, 200, true),
            (3_000_000_001, 2, 3_000_000_001, 300, false),
            (1_000, 3, 333, 60, true),
            (1, 3, 1, 60, true),
        ] {
            let share = share(&total(left), &rate, sessions, 300);
            assert_eq!(
                (share.caps.total, share.interim_secs, share.is_split),
                (Some(wanted), interim_secs, is_split),
                "{left} for {sessions}"
            );
            assert_eq!((share.caps.download, share.caps.upload), (None, None));
        }
    }

    #[test]
    fn one_set_of_limits_is_sent() {
        let rate = RateLimit::default();
        let left = VolumeLeft { total: Some(10 << 40), download: Some(20 << 40), upload: None };
        let caps = share(&left, &rate, 1, 60).caps;
        assert_eq!(caps, VolumeCaps { total: None, download: Some(10 << 40), upload: Some(10 << 40) });
        let left = VolumeLeft { upload: Some(5 << 40), ..VolumeLeft::default() };
        assert_eq!(share(&left, &rate, 1, 60).caps, VolumeCaps { upload: Some(5 << 40), ..VolumeCaps::default() });
        assert_eq!(share(&VolumeLeft::default(), &rate, 9, 300).caps, VolumeCaps::default());
    }

    proptest! {
        #[test]
        fn shares_of_a_split_never_exceed_the_rest_and_none_is_nothing(
            left in 1u64..1 << 50, sessions in 1u32..20, interim_secs in 60u16..3600, bps in 0u64..10_000_000_000,
        ) {
            let both = PerDirection { download: Some(BitRate(bps)), upload: Some(BitRate(bps)) };
            let rate = RateLimit { rate: both, ..RateLimit::default() };
            let share = share(&total(left), &rate, sessions, interim_secs);
            let cap = share.caps.total.expect("a limit");
            prop_assert!(cap >= 1 && cap <= left);
            prop_assert!(!share.is_split || cap == 1 || cap * u64::from(sessions) <= left);
            prop_assert!((60..=interim_secs).contains(&share.interim_secs));
        }
    }
}
