//! The filters of the audit log: from the query, and as the fields of their form.

use jiff::tz::TimeZone;

use super::words::{VERBS, in_words};
use crate::accounts::AuditFilter;
use crate::units::{UnixMs, parse_instant};
use crate::web::{Complaints, Form, Query, Shell};

/// Names in the query.
pub const FIELDS: [&str; 7] = ["actor", "verb", "kind", "object", "from", "until", "source"];
/// From so many digits on, what looks for an object is its id: no phone number has as many (E.164: 15).
const ID_DIGITS: usize = 16;

/// What the query asks for, with instants in the tenant's zone; a bare date means the whole day.
pub fn read(query: &Query, zone: &TimeZone) -> Result<AuditFilter, Complaints> {
    let mut complaints = Complaints::default();
    let mut instant = |name: &'static str, text: &str| -> Option<UnixMs> {
        if text.is_empty() {
            return None;
        }
        parse_instant(text, zone).map_err(|why| complaints.add(name, why)).ok()
    };
    let since = match &*query.ascii("from") {
        day if !day.is_empty() && day.len() <= 10 => instant("from", &format!("{day} 00:00")),
        text => instant("from", text),
    };
    let until = instant("until", &query.ascii("until"));
    if !complaints.is_empty() {
        return Err(complaints);
    }
    let object = query.ascii("object");
    let object_id = object.parse::<i64>().ok().filter(|_| object.len() >= ID_DIGITS);
    Ok(AuditFilter {
        verb_prefix: query.get("verb").to_owned(),
        actor: query.get("actor").to_owned(),
        kind: query.get("kind").to_owned(),
        object_prefix: if object_id.is_some() { String::new() } else { object.into_owned() },
        object_id,
        source: query.get("source").to_owned(),
        since,
        until,
    })
}

/// The fields as they were filled in.
pub fn as_form(query: &Query) -> Form {
    let pairs: Vec<(&str, &str)> = FIELDS.iter().map(|name| (*name, query.get(name))).collect();
    Form::of(&pairs)
}

/// All, and each of some words; also the one that is asked for, should it be none of them.
pub fn choices(shell: &Shell, stem: &str, words: &[&str], asked: &str) -> Vec<(String, String)> {
    let other = (!asked.is_empty() && !words.contains(&asked)).then_some(asked);
    let words = words.iter().copied().chain(other).map(|word| (word.to_owned(), in_words(shell, stem, word)));
    std::iter::once((String::new(), shell.t("filter-all"))).chain(words).collect()
}

/// The verbs, in the order of their texts.
pub fn verb_choices(shell: &Shell, asked: &str) -> Vec<(String, String)> {
    let mut all = choices(shell, "verb", VERBS, asked);
    all[1..].sort_by(|a, b| a.1.cmp(&b.1));
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filter(query: &str) -> Result<AuditFilter, Complaints> {
        read(&Query::read(query), &TimeZone::get("Asia/Dhaka").expect("a bundled zone"))
    }

    #[test]
    fn days_are_whole_and_in_the_tenants_zone() {
        let read = filter("from=2026-12-31&until=2026-12-31").expect("reads");
        // 18:00 UTC is midnight in Dhaka
        assert_eq!((read.since, read.until), (Some(1_798_653_600_000), Some(1_798_740_000_000)));
        let read = filter("from=2026-12-31+18:00&until=2026-12-31T18:30").expect("reads");
        assert_eq!(read.until.zip(read.since).map(|(until, since)| until - since), Some(30 * 60_000));
        let bad = filter("from=yesterday&until=31.12.2026").expect_err("refused");
        assert!(bad.of("from").is_some() && bad.of("until").is_some());
        assert_eq!(filter("").expect("reads"), AuditFilter::default());
    }

    #[test]
    fn an_object_is_an_id_or_how_its_name_begins() {
        let read = filter("kind=accounts&object=272919263918227456").expect("reads");
        assert_eq!((read.object_id, read.object_prefix.as_str()), (Some(272_919_263_918_227_456), ""));
        let read = filter("object=01712345678").expect("reads");
        assert_eq!((read.object_id, read.object_prefix.as_str()), (None, "01712345678"));
    }
}
