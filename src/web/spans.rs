//! Spans of time, and how long ago or from now something is, in words of `locales/`. Pure.

use super::locale::{Language, Said};
use crate::units::UnixMs;

/// Parts of a span: the id of the text, and seconds.
const SPANS: [(&str, u64); 4] = [("span-days", 86_400), ("span-hours", 3_600), ("span-minutes", 60), ("span-seconds", 1)];
/// What is told of an instant: texts for the past and for the future, and from how many seconds on.
const DISTANCES: [(&str, &str, u64); 3] =
    [("ago-days", "in-days", 86_400), ("ago-hours", "in-hours", 3_600), ("ago-minutes", "in-minutes", 60)];
/// Rows may be stamped a moment after the request that shows them.
const MOMENT_MS: i64 = 5_000;

fn counted(language: Language, id: &str, count: u64) -> String {
    language.text(id, &[("count", Said::from(count))])
}

/// A span of time by its two greatest units: 3 d 4 h.
pub fn span(language: Language, secs: u64) -> String {
    let first = SPANS.iter().position(|(_, unit)| secs >= *unit).unwrap_or(SPANS.len() - 1);
    let (mut rest, mut parts) = (secs, Vec::new());
    for (id, unit) in SPANS.iter().skip(first).take(2) {
        if rest >= *unit || parts.is_empty() {
            parts.push(counted(language, id, rest / unit));
        }
        rest %= unit;
    }
    parts.join(" ")
}

/// An instant by its distance from now: 2 days ago, in 3 h.
pub fn ago(language: Language, at: UnixMs, now: UnixMs) -> String {
    let (secs, is_past) = (now.abs_diff(at) / 1000, at <= now.saturating_add(MOMENT_MS));
    match DISTANCES.iter().find(|(_, _, unit)| secs >= *unit) {
        Some((past, future, unit)) => counted(language, if is_past { past } else { future }, secs / unit),
        None if is_past => language.text("ago-now", &[]),
        None => counted(language, "in-minutes", 1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bengali() -> Language {
        Language::of("bn").expect("Bengali")
    }

    #[test]
    fn spans_are_told_by_two_units() {
        for (secs, english, in_bengali) in [
            (0, "0 s", "০ সেকেন্ড"),
            (59, "59 s", "৫৯ সেকেন্ড"),
            (90, "1 min 30 s", "১ মিনিট ৩০ সেকেন্ড"),
            (3_600, "1 h", "১ ঘণ্টা"),
            (273_600, "3 d 4 h", "৩ দিন ৪ ঘণ্টা"),
            (259_260, "3 d", "৩ দিন"),
            (100_000_000, "1,157 d 9 h", "১,১৫৭ দিন ৯ ঘণ্টা"),
        ] {
            assert_eq!((span(Language::FIRST, secs), span(bengali(), secs)), (english.into(), in_bengali.into()), "{secs}");
        }
    }

    #[test]
    fn instants_are_told_by_their_distance() {
        let now = 1_800_000_000_000;
        for (secs, english, in_bengali) in [
            (0, "just now", "এইমাত্র"),
            (2, "just now", "এইমাত্র"),
            (-59, "just now", "এইমাত্র"),
            (-60, "1 min ago", "১ মিনিট আগে"),
            (-7_200, "2 h ago", "২ ঘণ্টা আগে"),
            (-86_400, "1 day ago", "১ দিন আগে"),
            (-2 * 86_400, "2 days ago", "২ দিন আগে"),
            (20, "in 1 min", "১ মিনিট পরে"),
            (3 * 3_600, "in 3 h", "৩ ঘণ্টা পরে"),
            (86_400, "in 1 day", "১ দিন পরে"),
            (30 * 86_400, "in 30 days", "৩০ দিন পরে"),
        ] {
            let at = now + secs * 1000;
            assert_eq!((ago(Language::FIRST, at, now), ago(bengali(), at, now)), (english.into(), in_bengali.into()), "{secs}");
        }
        assert!(ago(Language::FIRST, i64::MIN, i64::MAX).ends_with(" days ago"));
    }
}
