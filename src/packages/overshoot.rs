//! By how much a customer can use more than a hard volume limit allows, where his router does not end the session by itself: stated for each package.
//!
//! What is used is known by reports, so until the next one a session can use what its rates allow. The report that crosses the limit is acted upon at once.

use super::{Direction, FairUseRate, PackageTerms, RateLimit};
use crate::units::BitRate;

/// Intervals between reports are up to a tenth longer than the package says (so that not all report at once).
const LONGEST_INTERVAL_PERCENT: u64 = 110;
/// From a report until the session is ended: the way there and back, and one repetition of the Disconnect.
const REACTION_SECS: u64 = 5;

impl PackageTerms {
    /// Octets beyond the limit, per session; `None` = there is no hard limit, or a direction that one counts has no rate, so that nothing can be stated.
    pub fn overshoot_octets(&self) -> Option<u64> {
        let secs = u64::from(self.interim_secs) * LONGEST_INTERVAL_PERCENT / 100 + REACTION_SECS;
        let fastest = |rate: fn(&RateLimit) -> [Option<BitRate>; 2]| self.fastest_bps(rate).map(|bps| (bps / 8).saturating_mul(secs));
        let download = fastest(|limit| [limit.rate.download, limit.burst.download]);
        let upload = fastest(|limit| [limit.rate.upload, limit.burst.upload]);
        let of = |direction| match direction {
            Direction::Download => download,
            Direction::Upload => upload,
            Direction::Total => Some(download?.saturating_add(upload?)),
        };
        let hard = self.limits.volume.iter().filter(|limit| !limit.soft).map(|limit| of(limit.direction));
        hard.collect::<Option<Vec<u64>>>()?.into_iter().max()
    }

    /// The highest rate of a direction, bursts and steps of fair use included; `None` = unlimited.
    fn fastest_bps(&self, rates: fn(&RateLimit) -> [Option<BitRate>; 2]) -> Option<u64> {
        let bounded = |limit: &RateLimit| {
            let [rate, burst] = rates(limit).map(|rate| rate.map_or(0, |rate| rate.0));
            (rate > 0).then_some(rate.max(burst))
        };
        let own = bounded(&self.rate_limit)?;
        let steps = self.limits.fair_use.iter().map(|step| match &step.rate {
            FairUseRate::Percent(percent) => Some(own.saturating_mul(u64::from(*percent)) / 100),
            FairUseRate::Fixed(limit) => bounded(limit),
        });
        steps.collect::<Option<Vec<u64>>>().map(|steps| steps.into_iter().fold(own, u64::max))
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Limits, PerDirection};
    use super::*;

    #[test]
    fn it_follows_from_rates_and_interval() {
        let rate = PerDirection { download: Some(BitRate(20_000_000)), upload: Some(BitRate(8_000_000)) };
        let package = |limits: &[&str], steps: &[&str], rate| PackageTerms {
            rate_limit: RateLimit { rate, ..RateLimit::default() },
            interim_secs: 300,
            limits: Limits {
                volume: limits.iter().map(|text| text.parse().expect("a limit")).collect(),
                fair_use: steps.iter().map(|text| text.parse().expect("a step")).collect(),
                ..Limits::default()
            },
            ..PackageTerms::default()
        };
        // 300 s and a tenth, and 5 s.
        for (limits, steps, rate, wanted) in [
            (&["upload:1G/day"][..], &[][..], rate, Some(335_000_000)),
            (&["100G/month"], &[], rate, Some(335_000_000 + 837_500_000)),
            (&["100G/month", "upload:1G/day"], &[], rate, Some(335_000_000 + 837_500_000)),
            (&["download:100G/month"], &["during:00:00-06:00=200%"], rate, Some(2 * 837_500_000)),
            (&["download:100G/month"], &["after:50G/month=1M/1M"], rate, Some(837_500_000)),
            (&["100G/month:soft"], &["after:100G/month=1M/1M"], rate, None),
            (&[], &[], rate, None),
            (&["100G/month"], &[], PerDirection { upload: None, ..rate }, None),
        ] {
            assert_eq!(package(limits, steps, rate).overshoot_octets(), wanted, "{limits:?} {steps:?}");
        }
    }
}
