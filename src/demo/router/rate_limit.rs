//! Mikrotik-Rate-Limit as the router reads it: `rate [burst [threshold [time [priority [minimum]]]]]`, each of them `RX[/TX]`
//! but priority. RX is the customer's upload, TX the download (MikroTik manual, "RADIUS client").

/// Rates in bit/s of a Mikrotik-Rate-Limit, upload first; 0 = no limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RateLimit {
    /// Upload and download.
    pub rate_bps: (u64, u64),
    /// Upload and download while a burst lasts.
    pub burst_bps: Option<(u64, u64)>,
    /// 1 (best) ..= 8.
    pub priority: u8,
}

/// Why the text is no rate limit: the field that is wrong, counted from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("Mikrotik-Rate-Limit: field {0} is wrong")]
pub struct RateLimitError(pub usize);

impl std::str::FromStr for RateLimit {
    type Err = RateLimitError;

    fn from_str(text: &str) -> Result<Self, RateLimitError> {
        let fields: Vec<&str> = text.split(' ').collect();
        let read = |at: usize, read: fn(&str) -> Option<(u64, u64)>| match fields.get(at) {
            Some(field) => read(field).map(Some).ok_or(RateLimitError(at + 1)),
            None => Ok(None),
        };
        let rate_bps = read(0, pair_of_rates)?.ok_or(RateLimitError(1))?;
        let burst_bps = read(1, pair_of_rates)?;
        read(2, pair_of_rates)?;
        read(3, pair_of_seconds)?;
        let priority = read(4, priority)?.map_or(8, |(priority, _)| priority as u8);
        if let Some(minimum) = read(5, pair_of_rates)? {
            let above = |minimum, rate| rate != 0 && minimum > rate;
            if above(minimum.0, rate_bps.0) || above(minimum.1, rate_bps.1) {
                return Err(RateLimitError(6));
            }
        }
        if fields.len() > 6 { Err(RateLimitError(7)) } else { Ok(Self { rate_bps, burst_bps, priority }) }
    }
}

fn pair(field: &str, one: fn(&str) -> Option<u64>) -> Option<(u64, u64)> {
    match field.split_once('/') {
        Some((receive, transmit)) => Some((one(receive)?, one(transmit)?)),
        None => one(field).map(|both| (both, both)),
    }
}

fn pair_of_rates(field: &str) -> Option<(u64, u64)> {
    pair(field, |text| match text.as_bytes() {
        [.., b'k'] => digits(&text[..text.len() - 1])?.checked_mul(1_000),
        [.., b'M'] => digits(&text[..text.len() - 1])?.checked_mul(1_000_000),
        _ => digits(text),
    })
}

fn pair_of_seconds(field: &str) -> Option<(u64, u64)> {
    pair(field, digits)
}

fn priority(field: &str) -> Option<(u64, u64)> {
    digits(field).filter(|priority| (1..=8).contains(priority)).map(|priority| (priority, priority))
}

fn digits(text: &str) -> Option<u64> {
    if text.bytes().all(|octet| octet.is_ascii_digit()) { text.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn reads_what_the_manual_shows() {
        for (text, rate_bps, priority) in [
            ("10M", (10_000_000, 10_000_000), 8),
            ("512k/768k", (512_000, 768_000), 8),
            ("64000/128000", (64_000, 128_000), 8),
            ("10M/20M 0/0 0/0 0/0 5 1M/1M", (10_000_000, 20_000_000), 5),
            ("5M/10M 10M/20M 4M/8M 16/16 8 1M/2M", (5_000_000, 10_000_000), 8),
            ("0/0 0/0 0/0 0/0 1 5M/5M", (0, 0), 1),
        ] {
            let read: RateLimit = text.parse().unwrap_or_else(|error| panic!("{text}: {error}"));
            assert_eq!((read.rate_bps, read.priority), (rate_bps, priority), "{text}");
        }
    }

    #[test]
    fn names_the_field_that_is_wrong() {
        for (text, field) in [
            ("", 1),
            ("fast", 1),
            ("10m", 1),
            ("10G", 1),
            ("+5M", 1),
            ("10M/", 1),
            ("10M/20M/30M", 1),
            ("99999999999999999999", 1),
            ("10M  20M", 2),
            ("10M 20M x", 3),
            ("10M 20M 5M 1s", 4),
            ("10M/20M 0/0 0/0 0/0 0 512000/512000", 5),
            ("10M/20M 0/0 0/0 0/0 9", 5),
            ("10M/20M 0/0 0/0 0/0 5/5", 5),
            ("10M/20M 0/0 0/0 0/0 5 11M/1M", 6),
            ("10M 10M 10M 1 5 1M more", 7),
        ] {
            assert_eq!(text.parse::<RateLimit>(), Err(RateLimitError(field)), "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn never_panics(text in "[0-9kM/ x]{0,40}") {
            let _ = text.parse::<RateLimit>();
        }
    }
}
