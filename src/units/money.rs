//! Amounts of money: whole numbers of a currency's smallest unit, `_minor` in names. Never a fraction, never a float.

/// How many digits of an amount are behind the point (ISO 4217): 2 except for these.
pub fn minor_digits(currency: &str) -> usize {
    match currency {
        "BIF" | "CLP" | "DJF" | "GNF" | "ISK" | "JPY" | "KMF" | "KRW" | "PYG" | "RWF" | "UGX" | "UYI" | "VND" | "VUV" | "XAF" | "XOF"
        | "XPF" => 0,
        "BHD" | "IQD" | "JOD" | "KWD" | "LYD" | "OMR" | "TND" => 3,
        _ => 2,
    }
}

/// An amount with its point: `500.00`.
pub fn print_minor(amount_minor: i64, currency: &str) -> String {
    let digits = minor_digits(currency);
    let (sign, plain) = (if amount_minor < 0 { "-" } else { "" }, format!("{:0width$}", amount_minor.unsigned_abs(), width = digits + 1));
    let (whole, fraction) = plain.split_at(plain.len() - digits);
    if digits == 0 { format!("{sign}{whole}") } else { format!("{sign}{whole}.{fraction}") }
}

/// Reads an amount that is not negative, such as `500` or `500.50`; says what is wrong with it.
pub fn parse_minor(text: &str, currency: &str) -> Result<i64, String> {
    let digits = minor_digits(currency);
    let wrong = || format!("{text:?} is not an amount of {currency}: write it as {}", print_minor(50_000, currency));
    let (whole, fraction) = text.split_once('.').map_or((text, None), |(whole, fraction)| (whole, Some(fraction)));
    let is_number = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    if !is_number(whole) || !fraction.is_none_or(|f| is_number(f) && f.len() <= digits) {
        return Err(wrong());
    }
    // more than what any price is would overflow sums
    format!("{whole}{:0<digits$}", fraction.unwrap_or_default()).parse().ok().filter(|minor| *minor <= MOST_MINOR).ok_or_else(wrong)
}

/// The highest amount that anybody can write: a thousandth of what a sum of them may be.
pub const MOST_MINOR: i64 = 1_000_000_000_000_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_read_and_printed_by_their_currency() {
        for (text, currency, minor, printed) in [
            ("500", "BDT", 50_000, "500.00"),
            ("0.5", "USD", 50, "0.50"),
            ("7", "JPY", 7, "7"),
            ("1.234", "KWD", 1_234, "1.234"),
            ("0", "EUR", 0, "0.00"),
        ] {
            assert_eq!(parse_minor(text, currency), Ok(minor), "{text} {currency}");
            assert_eq!(print_minor(minor, currency), printed);
        }
        assert_eq!(print_minor(-5, "USD"), "-0.05");
        for (text, currency) in [
            ("", "USD"),
            ("-1", "USD"),
            ("1.", "USD"),
            (".5", "USD"),
            ("1.005", "USD"),
            ("1.5", "JPY"),
            ("1e3", "USD"),
            ("99999999999999999999", "USD"),
            ("1,000", "USD"),
        ] {
            assert!(parse_minor(text, currency).is_err(), "{text} {currency}");
        }
    }
}
