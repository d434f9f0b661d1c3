//! Amounts of octets and of time as people write them: `100G`, `1d12h`. Read exactly, printed in the shortest exact form.

/// Powers of 1000 have the letter alone, powers of 1024 an `i` behind it.
const OCTET_UNITS: [(&str, u64); 9] = [
    ("Ti", 1 << 40),
    ("Gi", 1 << 30),
    ("Mi", 1 << 20),
    ("Ki", 1 << 10),
    ("T", 1_000_000_000_000),
    ("G", 1_000_000_000),
    ("M", 1_000_000),
    ("k", 1_000),
    ("", 1),
];
const TIME_UNITS: [(char, u64); 5] = [('w', 604_800), ('d', 86_400), ('h', 3_600), ('m', 60), ('s', 1)];
/// What a database column and a router's counter hold.
const MOST: u64 = i64::MAX as u64;

/// Reads octets: `500M`, `1.5G`, `20Gi`, `1000`. Not 0.
pub fn parse_octets(text: &str) -> Result<u64, String> {
    let wrong = || format!("{text:?} is not an amount of octets: write 500M, 1.5G or 2T (powers of 1000), or 500Mi, 2Gi (powers of 1024)");
    let digits = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let unit = unit.strip_suffix('B').unwrap_or(unit);
    let factor = OCTET_UNITS.iter().find(|(name, _)| name.eq_ignore_ascii_case(unit)).ok_or_else(wrong)?.1;
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let is_number = !whole.is_empty() && (!number.contains('.') || (1..=9).contains(&fraction.len()));
    if !is_number || fraction.contains('.') {
        return Err(wrong());
    }
    let mut octets = whole.parse::<u64>().ok().and_then(|n| n.checked_mul(factor)).ok_or_else(wrong)?;
    if !fraction.is_empty() {
        let scaled = u128::from(fraction.parse::<u64>().map_err(|_| wrong())?) * u128::from(factor);
        octets = octets.checked_add((scaled / 10u128.pow(fraction.len() as u32)) as u64).ok_or_else(wrong)?;
    }
    if (1..=MOST).contains(&octets) { Ok(octets) } else { Err(wrong()) }
}

/// Prints octets so that they read back; none as `0`.
pub fn print_octets(octets: u64) -> String {
    // Every unit divides nothing at all.
    if octets == 0 {
        return "0".to_owned();
    }
    let exact = OCTET_UNITS.iter().filter(|(_, factor)| octets.is_multiple_of(*factor));
    let (unit, factor) = exact.max_by_key(|(_, factor)| *factor).copied().unwrap_or(("", 1));
    format!("{}{unit}", octets / factor)
}

/// Reads a length of time in seconds: `30d`, `1d12h`, `90m`, `3600`. Not 0.
pub fn parse_secs(text: &str) -> Result<u64, String> {
    let wrong = || format!("{text:?} is not a length of time: write 45s, 90m, 30h, 7d, 2w or several in a row such as 1d12h");
    if !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit()) {
        return text.parse().ok().filter(|n| (1..=MOST / 1000).contains(n)).ok_or_else(wrong);
    }
    let (mut secs, mut rest, mut last) = (0u64, text, u64::MAX);
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit()).filter(|n| *n > 0).ok_or_else(wrong)?;
        let number: u64 = rest[..digits].parse().map_err(|_| wrong())?;
        let letter = rest[digits..].chars().next().ok_or_else(wrong)?;
        let factor = TIME_UNITS.iter().find(|(name, _)| *name == letter.to_ascii_lowercase()).ok_or_else(wrong)?.1;
        if factor >= last {
            return Err(wrong());
        }
        (rest, last) = (&rest[digits + letter.len_utf8()..], factor);
        secs = number.checked_mul(factor).and_then(|n| secs.checked_add(n)).ok_or_else(wrong)?;
    }
    if (1..=MOST / 1000).contains(&secs) { Ok(secs) } else { Err(wrong()) }
}

/// Prints seconds so that they read back.
pub fn print_secs(mut secs: u64) -> String {
    let whole = TIME_UNITS.iter().take(4).find(|(_, factor)| secs.is_multiple_of(*factor) && secs > 0);
    if let Some((letter, factor)) = whole {
        return format!("{}{letter}", secs / factor);
    }
    let mut text = String::new();
    for (letter, factor) in &TIME_UNITS[1..] {
        if secs >= *factor {
            text.push_str(&format!("{}{letter}", secs / factor));
            secs %= factor;
        }
    }
    if text.is_empty() { "0s".to_owned() } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn amounts_are_read_exactly() {
        for (text, octets, printed) in [
            ("100G", 100_000_000_000, "100G"),
            ("1.5g", 1_500_000_000, "1500M"),
            ("20GiB", 20 << 30, "20Gi"),
            ("1024", 1024, "1Ki"),
            ("1000", 1000, "1k"),
            ("7", 7, "7"),
        ] {
            assert_eq!(parse_octets(text), Ok(octets), "{text}");
            assert_eq!(print_octets(octets), printed);
        }
        assert_eq!(print_octets(0), "0");
        for text in ["", "0", "G", "1.G", "-1G", "1e3", "1 G", "9999999999T", "1.2.3G", "1Q"] {
            assert!(parse_octets(text).is_err(), "{text}");
        }
        for (text, secs, printed) in [("30h", 108_000, "30h"), ("1d12h", 129_600, "36h"), ("2w", 1_209_600, "2w"), ("90", 90, "1m30s")] {
            assert_eq!(parse_secs(text), Ok(secs), "{text}");
            assert_eq!(print_secs(secs), printed);
        }
        for text in ["", "0s", "h", "12x", "5m1h", "1h 5m", "99999999999999999999s"] {
            assert!(parse_secs(text).is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_is_printed_reads_back(octets in 1..=MOST, secs in 1..=MOST / 1000, noise in "\\PC{0,12}") {
            prop_assert_eq!(parse_octets(&print_octets(octets)), Ok(octets));
            prop_assert_eq!(parse_secs(&print_secs(secs)), Ok(secs));
            drop((parse_octets(&noise), parse_secs(&noise)));
        }
    }
}
