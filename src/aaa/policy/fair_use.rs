//! Which step of fair use applies, and the rate that holds.
//!
//! A rate of the customer's own holds over everything until it ends. Else, of the steps that apply, the last in the package's order counts; else the package's rate.

use super::known_windows::window;
use super::volume::on_top;
use super::{Standing, VolumeLeft};
use crate::packages::{FairUseRate, FairUseWhen, PerDirection, RateLimit, Spans};
use crate::units::{BitRate, UnixMs};

/// What the steps say now.
pub(super) struct Steps {
    /// The last one that applies.
    pub number: Option<usize>,
    /// Octets until the next threshold, per direction.
    pub next: VolumeLeft,
    /// When that may change without usage.
    pub changes_at: UnixMs,
}

pub(super) fn steps(standing: &Standing<'_>, running: &Spans, now: UnixMs) -> Steps {
    let mut found = Steps { number: None, next: VolumeLeft::default(), changes_at: UnixMs::MAX };
    for (number, step) in standing.limits.fair_use.iter().enumerate() {
        let applies = match &step.when {
            FairUseWhen::After { direction, octets, per } => {
                let used = standing.used.of(*per).octets(*direction);
                // Fresh octets on a soft limit are octets at full speed: they move the steps that watch it.
                let soft = standing.limits.volume.iter().enumerate().filter(|(_, limit)| limit.soft && step.watches(limit));
                let carried = |index: usize| standing.carried.get(index).copied().unwrap_or(0);
                let more = soft.map(|(index, limit)| on_top(limit, carried(index), standing.top_ups, now)).max().unwrap_or(0);
                let threshold = octets.saturating_add(more);
                if used < threshold {
                    found.next.lower(*direction, threshold - used);
                }
                found.changes_at = found.changes_at.min(running.end(*per));
                used >= threshold
            }
            FairUseWhen::During(span) => {
                let window = window(std::slice::from_ref(span), now, standing.zone);
                found.changes_at = found.changes_at.min(window.changes_at);
                window.is_within
            }
        };
        if applies {
            found.number = Some(number);
        }
    }
    found
}

/// A part of a number, the largest there is where the result does not fit.
fn percent_of(number: u64, percent: u64) -> u64 {
    // Division of 128 bits takes longer than all the rest, and no rate of today needs it.
    match number.checked_mul(percent) {
        Some(product) => product / 100,
        None => u64::try_from(u128::from(number) * u128::from(percent) / 100).unwrap_or(u64::MAX),
    }
}

/// The rate of a step for a package of this rate. A percentage is taken of every number but priority and times; what is unlimited stays so.
pub fn step_rate(rate: &FairUseRate, package: &RateLimit) -> RateLimit {
    let percent = match rate {
        FairUseRate::Fixed(fixed) => return *fixed,
        FairUseRate::Percent(percent) => u64::from(*percent),
    };
    let of = |rate: BitRate| match rate.0 {
        0 => BitRate(0),
        bps => BitRate(percent_of(bps, percent).max(1)),
    };
    let both = |pair: PerDirection<Option<BitRate>>| PerDirection { download: pair.download.map(of), upload: pair.upload.map(of) };
    RateLimit {
        rate: both(package.rate),
        burst: both(package.burst),
        threshold: both(package.threshold),
        min: both(package.min),
        ..*package
    }
}
