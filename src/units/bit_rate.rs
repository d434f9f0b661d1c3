//! Bit rates, as people write them (`20M`) and as RouterOS reads them.

use std::fmt;
use std::str::FromStr;

/// Bits per second; 0 means unlimited where RouterOS reads it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(transparent)]
pub struct BitRate(pub u64);

/// The text is not a bit rate.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a bit rate: write bits per second, or with k, M or G (1k = 1000), such as 512k, 20M or 1.5G")]
pub struct BitRateError(String);

/// The highest rate accepted: ten terabits per second.
const MAX_BPS: u64 = 10_000_000_000_000;

impl FromStr for BitRate {
    type Err = BitRateError;
    fn from_str(text: &str) -> Result<Self, BitRateError> {
        let wrong = || BitRateError(text.to_owned());
        let trimmed = text.trim();
        let (number, factor) = match trimmed.as_bytes().last() {
            Some(b'k' | b'K') => (&trimmed[..trimmed.len() - 1], 1_000),
            Some(b'm' | b'M') => (&trimmed[..trimmed.len() - 1], 1_000_000),
            Some(b'g' | b'G') => (&trimmed[..trimmed.len() - 1], 1_000_000_000),
            _ => (trimmed, 1),
        };
        let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
        let all_digits = |s: &str| s.bytes().all(|c| c.is_ascii_digit());
        if whole.is_empty() || !all_digits(whole) || !all_digits(fraction) || (number.contains('.') && fraction.is_empty()) {
            return Err(wrong());
        }
        let mut bps = whole.parse::<u64>().ok().and_then(|n| n.checked_mul(factor)).ok_or_else(wrong)?;
        let mut unit = factor;
        for digit in fraction.bytes() {
            if unit % 10 != 0 {
                return Err(wrong());
            }
            unit /= 10;
            bps += unit * u64::from(digit - b'0');
        }
        (bps <= MAX_BPS).then_some(BitRate(bps)).ok_or_else(wrong)
    }
}

impl fmt::Display for BitRate {
    /// The shortest exact form with RouterOS's suffixes: `20M`, `512k`, `1500`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            0 => f.write_str("0"),
            n if n % 1_000_000 == 0 => write!(f, "{}M", n / 1_000_000),
            n if n % 1_000 == 0 => write!(f, "{}k", n / 1_000),
            n => write!(f, "{n}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_are_read_exactly_and_printed_for_routeros() {
        for (text, bps, printed) in [
            ("20M", 20_000_000, "20M"),
            ("512k", 512_000, "512k"),
            ("1.5M", 1_500_000, "1500k"),
            ("64", 64, "64"),
            ("0", 0, "0"),
            ("1g", 1_000_000_000, "1000M"),
            ("2500k", 2_500_000, "2500k"),
        ] {
            let rate: BitRate = text.parse().expect(text);
            assert_eq!(rate, BitRate(bps), "{text}");
            assert_eq!(rate.to_string(), printed);
        }
        for text in ["", "M", "-1", "1.M", ".5M", "10 M b", "20Mb", "1.2345k", "99999999999G", "1e6", "20M/10M"] {
            assert!(text.parse::<BitRate>().is_err(), "{text}");
        }
    }
}
