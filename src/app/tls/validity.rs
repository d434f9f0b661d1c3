//! From when until when a certificate is valid, read off its DER (RFC 5280 section 4.1). Nothing else of it is looked at here.

use crate::units::UnixMs;

const SEQUENCE: u8 = 0x30;
const EXPLICIT_VERSION: u8 = 0xa0;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;

/// The span of a certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Validity {
    /// From this instant,
    pub not_before: UnixMs,
    /// until this one.
    pub not_after: UnixMs,
}

impl Validity {
    /// Reads it; `None` if this is no certificate.
    pub fn of(certificate: &[u8]) -> Option<Validity> {
        let (certificate, _) = expect(certificate, SEQUENCE)?;
        let (signed, _) = expect(certificate, SEQUENCE)?;
        let after_version = match element(signed)? {
            (EXPLICIT_VERSION, _, rest) => rest,
            _ => signed,
        };
        let (_, _serial, rest) = element(after_version)?;
        let (_, _algorithm, rest) = element(rest)?;
        let (_, _issuer, rest) = element(rest)?;
        let (validity, _) = expect(rest, SEQUENCE)?;
        let (tag, text, rest) = element(validity)?;
        let not_before = instant(tag, text)?;
        let (tag, text, _) = element(rest)?;
        Some(Validity { not_before, not_after: instant(tag, text)? })
    }

    /// When two thirds of it are over: time for a new one, with the last third to get it.
    pub fn two_thirds(self) -> UnixMs {
        self.not_before + self.not_after.saturating_sub(self.not_before) / 3 * 2
    }
}

/// What follows is the contents of the element at the head, and what stands behind it.
fn expect(der: &[u8], wanted: u8) -> Option<(&[u8], &[u8])> {
    let (tag, contents, rest) = element(der)?;
    (tag == wanted).then_some((contents, rest))
}

/// Tag and contents of the element at the head, and what stands behind it.
fn element(der: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (&tag, rest) = der.split_first()?;
    let (&first, rest) = rest.split_first()?;
    let (length, rest) = match first {
        ..=0x7f => (usize::from(first), rest),
        0x81..=0x83 => {
            let (octets, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
            (octets.iter().fold(0, |length, octet| length << 8 | usize::from(*octet)), rest)
        }
        _ => return None,
    };
    let (contents, rest) = rest.split_at_checked(length)?;
    Some((tag, contents, rest))
}

/// `YYMMDDHHMMSSZ` or `YYYYMMDDHHMMSSZ`.
fn instant(tag: u8, text: &[u8]) -> Option<UnixMs> {
    let digits = text.strip_suffix(b"Z").filter(|digits| digits.iter().all(u8::is_ascii_digit))?;
    let number = |at: usize, octets: usize| digits.get(at..at + octets).map(|d| d.iter().fold(0i16, |n, o| n * 10 + i16::from(o - b'0')));
    let (year, at) = match (tag, digits.len()) {
        (UTC_TIME, 12) => (number(0, 2).map(|year| if year < 50 { 2000 + year } else { 1900 + year })?, 2),
        (GENERALIZED_TIME, 14) => (number(0, 4)?, 4),
        _ => return None,
    };
    let pair = |index: usize| number(at + 2 * index, 2).and_then(|n| i8::try_from(n).ok());
    let civil = jiff::civil::DateTime::new(year, pair(0)?, pair(1)?, pair(2)?, pair(3)?, pair(4)?, 0).ok()?;
    // The last day that can be written means "no end" and lies beyond what instants can be.
    Some(jiff::tz::TimeZone::UTC.to_timestamp(civil).map_or(UnixMs::MAX, |timestamp| timestamp.as_millisecond()))
}

#[cfg(test)]
mod tests {
    use rcgen::{CertificateParams, KeyPair, date_time_ymd};

    use super::*;
    use crate::units::DAY_MS;

    fn made(from: (i32, u8, u8), until: (i32, u8, u8)) -> Vec<u8> {
        let mut params = CertificateParams::new(vec!["a.example".to_owned()]).expect("a name");
        params.not_before = date_time_ymd(from.0, from.1, from.2);
        params.not_after = date_time_ymd(until.0, until.1, until.2);
        params.self_signed(&KeyPair::generate().expect("a key")).expect("signed").der().to_vec()
    }

    #[test]
    fn the_span_is_read_in_both_forms() {
        let at = |text: &str| text.parse::<jiff::Timestamp>().expect("an instant").as_millisecond();
        for (from, until, wanted) in [
            ((2026, 1, 1), (2026, 4, 1), ("2026-01-01T00:00:00Z", "2026-04-01T00:00:00Z")),
            ((1975, 6, 30), (2049, 12, 31), ("1975-06-30T00:00:00Z", "2049-12-31T00:00:00Z")),
            ((2050, 1, 1), (4096, 1, 1), ("2050-01-01T00:00:00Z", "4096-01-01T00:00:00Z")),
        ] {
            let found = Validity::of(&made(from, until)).expect("a certificate");
            assert_eq!(found, Validity { not_before: at(wanted.0), not_after: at(wanted.1) });
        }
        let ninety = Validity { not_before: 0, not_after: 90 * DAY_MS };
        assert_eq!(ninety.two_thirds(), 60 * DAY_MS);
        assert_eq!(instant(GENERALIZED_TIME, b"99991231235959Z"), Some(UnixMs::MAX));
        let endless = Validity { not_before: 0, not_after: UnixMs::MAX };
        assert!(endless.two_thirds() > 0);
    }

    #[test]
    fn what_is_no_certificate_has_no_span() {
        let whole = made((2026, 1, 1), (2026, 4, 1));
        for end in 0..whole.len() {
            // Only the outermost lengths are checked first, so a cut one never gets further.
            assert_eq!(Validity::of(&whole[..end]), None, "{end} octets");
        }
        for (tag, text) in [(UTC_TIME, &b"2601010000Z"[..]), (UTC_TIME, b"261301000000Z"), (GENERALIZED_TIME, b"20260101000000"), (4, b"")]
        {
            assert_eq!(instant(tag, text), None);
        }
    }

    proptest::proptest! {
        #[test]
        fn no_octets_make_it_panic(octets in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..80)) {
            let _ = Validity::of(&octets);
            let _ = element(&octets);
        }
    }
}
