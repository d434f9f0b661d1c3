//! Numbers as a language writes them: digits, groups, octets, rates; and digits of any script as people type them. Pure. What has to be typed again (codes,
//! names, phone numbers, addresses, ids) is never written by here.

use std::borrow::Cow;

use super::locale::{Language, Said};

/// A whole number of any width, also borrowed: templates hand over both.
pub trait Whole {
    /// The number.
    fn whole(&self) -> i128;
}

macro_rules! whole {
    ($($kind:ty),+) => { $(impl Whole for $kind {
        fn whole(&self) -> i128 {
            *self as i128
        }
    })+ };
}
whole!(i32, i64, u8, u16, u32, u64, usize);

impl<T: Whole + ?Sized> Whole for &T {
    fn whole(&self) -> i128 {
        (**self).whole()
    }
}

/// Zeros of the scripts that people type in here: Arabic-Indic, Persian, Devanagari, Bengali. The other nine follow each.
const ZEROS: [char; 4] = ['\u{660}', '\u{6f0}', '\u{966}', '\u{9e6}'];
const BENGALI_ZERO: char = ZEROS[3];
const OCTETS: [&str; 7] = ["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];
const RATES: [&str; 7] = ["b/s", "kb/s", "Mb/s", "Gb/s", "Tb/s", "Pb/s", "Eb/s"];

fn is_bengali(language: Language) -> bool {
    language.code() == "bn"
}

/// A text with its digits in the language's script.
pub fn digits(language: Language, text: &str) -> String {
    let digit = |c: char| match c.to_digit(10) {
        Some(value) if is_bengali(language) => char::from_u32(BENGALI_ZERO as u32 + value).unwrap_or(c),
        _ => c,
    };
    text.chars().map(digit).collect()
}

/// A text with digits of other scripts as ASCII ones: what programs read of what people type.
pub fn ascii_digits(text: &str) -> Cow<'_, str> {
    let value = |c: char| ZEROS.iter().find_map(|zero| (c as u32).checked_sub(*zero as u32).filter(|value| *value < 10));
    if text.chars().all(|c| value(c).is_none()) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.chars().map(|c| value(c).and_then(|value| char::from_digit(value, 10)).unwrap_or(c)).collect())
}

/// A plain decimal number in groups, in the language's digits: 1,234,567 or ১২,৩৪,৫৬৭.
pub(super) fn grouped(language: Language, plain: &str) -> String {
    let (sign, plain) = plain.strip_prefix('-').map_or(("", plain), |rest| ("-", rest));
    let (whole, fraction) = plain.find('.').map_or((plain, ""), |at| plain.split_at(at));
    // in South Asia three digits stand at the end and pairs before them
    let group = if is_bengali(language) { 2 } else { 3 };
    let mut text = sign.to_owned();
    for (at, digit) in whole.chars().enumerate() {
        let left = whole.len() - at;
        if at > 0 && left >= 3 && (left - 3).is_multiple_of(group) {
            text.push(',');
        }
        text.push(digit);
    }
    digits(language, &(text + fraction))
}

/// A whole number.
pub fn integer(language: Language, number: impl Whole) -> String {
    grouped(language, &number.whole().to_string())
}

/// A number among the values of a text; `None` for what is no number.
pub(super) fn said(language: Language, value: &Said<'_>) -> Option<String> {
    let Said::Number(number) = value else { return None };
    let plain = number.as_string();
    Some(if number.options.use_grouping { grouped(language, &plain) } else { digits(language, &plain) })
}

/// With one decimal place below 100, unless it is 0.
fn scaled(language: Language, number: u64, step: u128, units: &[&str]) -> String {
    let (number, mut at, mut unit) = (u128::from(number), 0, 1);
    // rounded first: 1023.9 KiB would be said as 1,024 KiB
    while at + 1 < units.len() && (number + unit / 2) / unit >= step {
        (at, unit) = (at + 1, unit * step);
    }
    let tenths = (number * 10 + unit / 2) / unit;
    let plain = if tenths >= 1_000 {
        ((number + unit / 2) / unit).to_string()
    } else if tenths.is_multiple_of(10) {
        (tenths / 10).to_string()
    } else {
        format!("{}.{}", tenths / 10, tenths % 10)
    };
    format!("{} {}", grouped(language, &plain), units[at])
}

/// An amount of data: 3.4 GiB.
pub fn octets(language: Language, octets: u64) -> String {
    scaled(language, octets, 1024, &OCTETS)
}

/// Bits per second: 20 Mb/s.
pub fn rate(language: Language, bits: u64) -> String {
    scaled(language, bits, 1000, &RATES)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bengali() -> Language {
        Language::of("bn").expect("Bengali")
    }

    #[test]
    fn whole_numbers_stand_in_the_groups_and_digits_of_their_language() {
        for (number, english, in_bengali) in [
            (0, "0", "০"),
            (999, "999", "৯৯৯"),
            (1_000, "1,000", "১,০০০"),
            (-12_345, "-12,345", "-১২,৩৪৫"),
            (123_456, "123,456", "১,২৩,৪৫৬"),
            (1_234_567, "1,234,567", "১২,৩৪,৫৬৭"),
            (i64::MIN, "-9,223,372,036,854,775,808", "-৯২,২৩,৩৭,২০,৩৬,৮৫,৪৭,৭৫,৮০৮"),
        ] {
            assert_eq!(integer(Language::FIRST, number), english);
            assert_eq!(integer(bengali(), number), in_bengali);
        }
        let borrowed = &7_usize;
        assert_eq!(integer(Language::FIRST, borrowed), "7");
    }

    #[test]
    fn digits_are_mapped_and_nothing_else() {
        assert_eq!(digits(bengali(), "2026-12-01 14:05"), "২০২৬-১২-০১ ১৪:০৫");
        assert_eq!(digits(bengali(), "zone ab"), "zone ab");
        assert_eq!(digits(Language::FIRST, "2026"), "2026");
        for (typed, read) in [("০১৭১২৩৪৫৬৭৮৯", "017123456789"), ("२०M", "20M"), ("٠٩", "09"), ("۰۹", "09"), ("bob-7", "bob-7"), ("", "")]
        {
            assert_eq!(ascii_digits(typed), read, "{typed}");
        }
        assert!(matches!(ascii_digits("plain ৳ অ"), Cow::Borrowed(_)), "neither letters nor signs are digits");
    }

    #[test]
    fn octets_and_rates_are_short() {
        for (amount, english, in_bengali) in [
            (0, "0 B", "০ B"),
            (1_023, "1,023 B", "১,০২৩ B"),
            (1_536, "1.5 KiB", "১.৫ KiB"),
            (20 << 30, "20 GiB", "২০ GiB"),
            (3_650_722_202, "3.4 GiB", "৩.৪ GiB"),
            (107_320_000_000, "99.9 GiB", "৯৯.৯ GiB"),
            (536_870_912_000, "500 GiB", "৫০০ GiB"),
            ((1 << 20) - 100, "1 MiB", "১ MiB"),
            (u64::MAX, "16 EiB", "১৬ EiB"),
        ] {
            assert_eq!((octets(Language::FIRST, amount), octets(bengali(), amount)), (english.into(), in_bengali.into()), "{amount}");
        }
        for (bits, said) in [(0, "0 b/s"), (512_000, "512 kb/s"), (1_500_000, "1.5 Mb/s"), (20_000_000, "20 Mb/s"), (999_999_999, "1 Gb/s")]
        {
            assert_eq!(rate(Language::FIRST, bits), said);
        }
        assert_eq!(rate(bengali(), 2_500_000), "২.৫ Mb/s");
    }
}
