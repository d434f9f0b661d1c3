//! The rate of a package, typed, and its text for RouterOS.
//!
//! Mikrotik-Rate-Limit: `rate [burst [threshold [time [priority [min]]]]]`, each but the priority as `RX/TX`, where RX is what the
//! router receives, so the customer's **upload** comes first (RouterOS manual, "PPP AAA"). Administrators mix this up; hence typed fields.

use serde::{Deserialize, Serialize};

use crate::units::BitRate;

/// RouterOS's own default: 1 is best, 8 is last.
const DEFAULT_PRIORITY: u8 = 8;
/// What RouterOS takes if a burst comes without a time.
const DEFAULT_BURST_SECS: u32 = 1;
const MAX_BURST_SECS: u32 = 86_400;

/// One value for each direction, seen from the customer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct PerDirection<T> {
    /// Towards the customer.
    pub download: T,
    /// From the customer.
    pub upload: T,
}

/// Rates of a package. A rate of 0 bit/s is unlimited.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RateLimit {
    /// Sustained rate; without one, no other field may be set.
    pub rate: PerDirection<Option<BitRate>>,
    /// Rate during a burst, at least the sustained one.
    pub burst: PerDirection<Option<BitRate>>,
    /// A burst is allowed while the average stays below this; by default the sustained rate.
    pub threshold: PerDirection<Option<BitRate>>,
    /// Seconds over which the average is taken.
    pub burst_secs: PerDirection<Option<u32>>,
    /// 1 (best) to 8.
    pub priority: Option<u8>,
    /// Guaranteed rate (limit-at), at most the sustained one; by default the sustained one.
    pub min: PerDirection<Option<BitRate>>,
}

/// Why rates do not fit together.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RateLimitError {
    /// Something else was set.
    #[error("a burst, threshold, burst time, priority or minimum needs a download or upload rate")]
    WithoutRate,
    /// RouterOS ignores the whole limit when the priority is out of range.
    #[error("the priority must be 1 (best) to 8, not {0}")]
    Priority(u8),
    /// Burst below rate.
    #[error("the {0} burst must be at least the {0} rate")]
    BurstBelowRate(&'static str),
    /// Threshold above burst.
    #[error("the {0} burst threshold must not be above the {0} burst")]
    ThresholdAboveBurst(&'static str),
    /// Threshold or time without burst.
    #[error("the {0} burst threshold and time need a {0} burst")]
    WithoutBurst(&'static str),
    /// Minimum above rate.
    #[error("the minimum {0} must not be above the {0} rate")]
    MinAboveRate(&'static str),
    /// Not a usable time.
    #[error("the {0} burst time must be 1 to {MAX_BURST_SECS} seconds")]
    BurstTime(&'static str),
}

/// One direction's fields with RouterOS's defaults filled in.
struct Filled {
    rate: u64,
    burst: u64,
    threshold: u64,
    secs: u32,
    min: u64,
}

impl RateLimit {
    /// Checks what RouterOS would not take, or would silently take for something else.
    pub fn check(&self) -> Result<(), RateLimitError> {
        if self.rate == PerDirection::default() {
            return if *self == RateLimit::default() { Ok(()) } else { Err(RateLimitError::WithoutRate) };
        }
        if let Some(priority) = self.priority
            && !(1..=8).contains(&priority)
        {
            return Err(RateLimitError::Priority(priority));
        }
        check_direction(
            "download",
            self.rate.download,
            self.burst.download,
            self.threshold.download,
            self.burst_secs.download,
            self.min.download,
        )?;
        check_direction("upload", self.rate.upload, self.burst.upload, self.threshold.upload, self.burst_secs.upload, self.min.upload)
    }

    /// The value of Mikrotik-Rate-Limit; `None` if the package has no rate. Later fields need the earlier ones, so those are filled
    /// with what RouterOS would take for them.
    pub fn to_mikrotik(&self) -> Option<String> {
        if self.rate == PerDirection::default() {
            return None;
        }
        let down = filled(self.rate.download, self.burst.download, self.threshold.download, self.burst_secs.download, self.min.download);
        let up = filled(self.rate.upload, self.burst.upload, self.threshold.upload, self.burst_secs.upload, self.min.upload);
        let pair = |up: u64, down: u64| format!("{}/{}", BitRate(up), BitRate(down));
        let mut fields = vec![pair(up.rate, down.rate)];
        let has_min = self.min != PerDirection::default();
        let has_priority = has_min || self.priority.is_some();
        let has_burst = self.burst != PerDirection::default();
        if has_burst || has_priority {
            fields.push(pair(up.burst, down.burst));
            fields.push(pair(up.threshold, down.threshold));
            fields.push(format!("{}/{}", up.secs, down.secs));
        }
        if has_priority {
            fields.push(self.priority.unwrap_or(DEFAULT_PRIORITY).to_string());
        }
        if has_min {
            fields.push(pair(up.min, down.min));
        }
        Some(fields.join(" "))
    }
}

/// An absent rate, and the rate 0, mean unlimited.
fn ceiling(rate: Option<BitRate>) -> u64 {
    match rate {
        None | Some(BitRate(0)) => u64::MAX,
        Some(BitRate(bps)) => bps,
    }
}

fn check_direction(
    name: &'static str,
    rate: Option<BitRate>,
    burst: Option<BitRate>,
    threshold: Option<BitRate>,
    secs: Option<u32>,
    min: Option<BitRate>,
) -> Result<(), RateLimitError> {
    match burst {
        None if threshold.is_some() || secs.is_some() => return Err(RateLimitError::WithoutBurst(name)),
        Some(burst) if burst.0 < ceiling(rate) => return Err(RateLimitError::BurstBelowRate(name)),
        Some(burst) if threshold.is_some_and(|t| t.0 > burst.0) => return Err(RateLimitError::ThresholdAboveBurst(name)),
        _ => {}
    }
    if secs.is_some_and(|s| s == 0 || s > MAX_BURST_SECS) {
        return Err(RateLimitError::BurstTime(name));
    }
    if min.is_some_and(|m| m.0 > ceiling(rate)) {
        return Err(RateLimitError::MinAboveRate(name));
    }
    Ok(())
}

fn filled(rate: Option<BitRate>, burst: Option<BitRate>, threshold: Option<BitRate>, secs: Option<u32>, min: Option<BitRate>) -> Filled {
    let rate = rate.map_or(0, |r| r.0);
    match burst {
        Some(burst) => Filled {
            rate,
            burst: burst.0,
            threshold: threshold.map_or(rate, |t| t.0),
            secs: secs.unwrap_or(DEFAULT_BURST_SECS),
            min: min.map_or(rate, |m| m.0),
        },
        // 0 means "no burst"
        None => Filled { rate, burst: 0, threshold: 0, secs: 0, min: min.map_or(rate, |m| m.0) },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn rate(text: &str) -> Option<BitRate> {
        (!text.is_empty()).then(|| text.parse().expect(text))
    }

    fn both(text: &str) -> PerDirection<Option<BitRate>> {
        let (download, upload) = text.split_once(' ').unwrap_or((text, text));
        PerDirection { download: rate(download), upload: rate(upload.trim_start_matches('-')) }
    }

    #[test]
    fn the_customers_upload_comes_first() {
        let limit = |r: &str| RateLimit { rate: both(r), ..Default::default() };
        for (limit, wanted) in [
            (limit("20M 10M"), "10M/20M"),
            (limit("20M -"), "0/20M"),
            (limit("512k"), "512k/512k"),
            (RateLimit { priority: Some(3), ..limit("20M 10M") }, "10M/20M 0/0 0/0 0/0 3"),
            (RateLimit { min: both("2M 1M"), ..limit("20M 10M") }, "10M/20M 0/0 0/0 0/0 8 1M/2M"),
            (RateLimit { min: both("2M -"), priority: Some(5), ..limit("20M 10M") }, "10M/20M 0/0 0/0 0/0 5 10M/2M"),
            (RateLimit { burst: both("40M 20M"), ..limit("20M 10M") }, "10M/20M 20M/40M 10M/20M 1/1"),
            (
                RateLimit {
                    burst: both("40M 20M"),
                    threshold: both("15M 7500k"),
                    burst_secs: PerDirection { download: Some(16), upload: Some(8) },
                    priority: Some(1),
                    min: both("4M 2M"),
                    ..limit("20M 10M")
                },
                "10M/20M 20M/40M 7500k/15M 8/16 1 2M/4M",
            ),
            (RateLimit { burst: both("40M -"), ..limit("20M 10M") }, "10M/20M 0/40M 0/20M 0/1"),
        ] {
            assert_eq!(limit.check(), Ok(()), "{wanted}");
            assert_eq!(limit.to_mikrotik().as_deref(), Some(wanted));
        }
        assert_eq!(RateLimit::default().to_mikrotik(), None);
    }

    #[test]
    fn rates_that_do_not_fit_together_are_refused() {
        let base = RateLimit { rate: both("20M 10M"), ..Default::default() };
        for (limit, wanted) in [
            (RateLimit { priority: Some(0), ..base }, RateLimitError::Priority(0)),
            (RateLimit { priority: Some(9), ..base }, RateLimitError::Priority(9)),
            (RateLimit { burst: both("10M 20M"), ..base }, RateLimitError::BurstBelowRate("download")),
            (RateLimit { burst: both("40M"), threshold: both("30M 50M"), ..base }, RateLimitError::ThresholdAboveBurst("upload")),
            (RateLimit { threshold: both("10M"), ..base }, RateLimitError::WithoutBurst("download")),
            (RateLimit { min: both("5M 11M"), ..base }, RateLimitError::MinAboveRate("upload")),
            (RateLimit { priority: Some(3), ..Default::default() }, RateLimitError::WithoutRate),
            (
                RateLimit { burst: both("40M"), burst_secs: PerDirection { download: Some(0), upload: None }, ..base },
                RateLimitError::BurstTime("download"),
            ),
        ] {
            assert_eq!(limit.check(), Err(wanted));
        }
    }

    /// A strict reader of the grammar, written from the manual and not from the code above.
    fn parse(text: &str) -> Result<RateLimit, String> {
        fn pair<T>(field: &str, read: impl Fn(&str) -> Option<T>) -> Result<(T, T), String> {
            let (rx, tx) = field.split_once('/').ok_or_else(|| format!("{field}: no slash"))?;
            Ok((read(rx).ok_or_else(|| rx.to_owned())?, read(tx).ok_or_else(|| tx.to_owned())?))
        }
        let bits = |t: &str| {
            let digits = t.trim_end_matches(['k', 'M']);
            let factor = match &t[digits.len()..] {
                "" => 1,
                "k" => 1_000,
                "M" => 1_000_000,
                _ => return None,
            };
            (!digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()))
                .then(|| digits.parse::<u64>().ok().map(|n| n * factor))
                .flatten()
        };
        let fields: Vec<&str> = text.split(' ').collect();
        let mut limit = RateLimit::default();
        let some = |(rx, tx): (u64, u64)| PerDirection { upload: Some(BitRate(rx)), download: Some(BitRate(tx)) };
        for (at, field) in fields.iter().enumerate() {
            match at {
                0 => limit.rate = some(pair(field, bits)?),
                1 => limit.burst = some(pair(field, bits)?),
                2 => limit.threshold = some(pair(field, bits)?),
                3 => {
                    let (rx, tx) = pair(field, |t| t.parse::<u32>().ok())?;
                    limit.burst_secs = PerDirection { upload: Some(rx), download: Some(tx) };
                }
                4 => limit.priority = Some(field.parse().ok().filter(|p| (1..=8).contains(p)).ok_or("priority")?),
                5 => limit.min = some(pair(field, bits)?),
                _ => return Err("too many fields".into()),
            }
        }
        Ok(limit)
    }

    /// One direction whose fields fit together, as `(rate, burst, threshold, secs, min)` in bit/s.
    type Direction = (Option<BitRate>, Option<BitRate>, Option<BitRate>, Option<u32>, Option<BitRate>);

    fn direction() -> impl Strategy<Value = Direction> {
        let rate = prop_oneof![1u64..2_000_000, (1u64..5_000).prop_map(|k| k * 1_000), (1u64..2_000).prop_map(|m| m * 1_000_000)];
        let burst = proptest::option::of((0u64..9_000_000, proptest::option::of(0u64..=100), proptest::option::of(1u32..100)));
        (rate, burst, proptest::option::of(0u64..=100)).prop_map(|(rate, burst, min)| {
            let above = burst.map(|(more, _, _)| rate + more);
            let threshold = burst.and_then(|(more, percent, _)| percent.map(|p| (rate + more) * p / 100));
            (Some(BitRate(rate)), above.map(BitRate), threshold.map(BitRate), burst.and_then(|b| b.2), min.map(|p| BitRate(rate * p / 100)))
        })
    }

    proptest! {
        #[test]
        fn what_passes_the_check_renders_to_the_grammar_with_the_same_meaning(
            down in direction(), up in direction(), priority in proptest::option::of(1u8..=8),
        ) {
            let limit = RateLimit {
                rate: PerDirection { download: down.0, upload: up.0 },
                burst: PerDirection { download: down.1, upload: up.1 },
                threshold: PerDirection { download: down.2, upload: up.2 },
                burst_secs: PerDirection { download: down.3, upload: up.3 },
                priority,
                min: PerDirection { download: down.4, upload: up.4 },
            };
            prop_assert_eq!(limit.check(), Ok(()));
            let RateLimit { rate, burst, threshold, burst_secs, min, .. } = limit;
            let Some(text) = limit.to_mikrotik() else { return Ok(()) };
            let read = parse(&text).map_err(|e| TestCaseError::fail(format!("{text}: {e}")))?;
            let zero = Some(BitRate(0));
            prop_assert_eq!(read.rate.download, rate.download.or(zero));
            prop_assert_eq!(read.rate.upload, rate.upload.or(zero));
            if let Some(wanted) = burst.download {
                prop_assert_eq!(read.burst.download, Some(wanted));
                prop_assert_eq!(read.threshold.download, threshold.download.or(rate.download).or(zero));
                prop_assert_eq!(read.burst_secs.download, burst_secs.download.or(Some(1)));
            }
            if let Some(wanted) = min.upload {
                prop_assert_eq!(read.min.upload, Some(wanted));
            }
            if priority.is_some() {
                prop_assert_eq!(read.priority, priority);
            }
        }
    }
}
