//! Names that nobody had, and who was perhaps meant. Pure.

use super::sql::KeptLine;
use crate::customers::{LookupBuffer, lookup_candidates};
use crate::units::{Mac, UnixMs};

/// Names told at most.
const MOST: usize = 5;

/// How a name is like another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Likeness {
    /// The same: the customer was not known yet.
    Same,
    /// But for the case of its letters, which this tenant tells apart.
    OtherCase,
    /// But for its realm.
    OtherRealm,
    /// But for a letter or two.
    Close,
}

/// A name that was rejected as unknown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SimilarName {
    /// As it was sent, printable.
    pub username: String,
    /// From which device, the last time.
    pub mac: Option<Mac>,
    /// At which router, the last time.
    pub router_id: i64,
    /// When last, unix ms.
    pub last_at: UnixMs,
    /// How often.
    pub times: i64,
    /// How it is like the name that is looked for.
    pub likeness: Likeness,
}

/// Names among decisions about nobody (the newest first) that are like a username, each once, the likest first.
pub fn similar_names(username: &str, lines: &[KeptLine]) -> Vec<SimilarName> {
    let mut found: Vec<SimilarName> = Vec::new();
    for line in lines.iter().filter(|line| line.customer_id.is_none() && line.reason == "unknown-username") {
        if let Some(known) = found.iter_mut().find(|known| known.username == line.username) {
            known.times += line.repeats;
            continue;
        }
        let Some(likeness) = likeness(username, &line.username) else { continue };
        let (username, mac) = (line.username.clone(), line.mac());
        found.push(SimilarName { username, mac, router_id: line.router_id, last_at: line.last_at, times: line.repeats, likeness });
    }
    found.sort_by_key(|name| name.likeness as u8);
    found.truncate(MOST);
    found
}

fn likeness(wanted: &str, sent: &str) -> Option<Likeness> {
    if wanted == sent {
        return Some(Likeness::Same);
    }
    let (wanted, sent) = (wanted.to_lowercase(), sent.to_lowercase());
    if wanted == sent {
        return Some(Likeness::OtherCase);
    }
    let bare =
        |name: &str| lookup_candidates(name.as_bytes(), false, &mut LookupBuffer::default()).last().map(str::to_owned).unwrap_or_default();
    let (wanted, sent) = (bare(&wanted), bare(&sent));
    if wanted == sent {
        return Some(Likeness::OtherRealm);
    }
    // of a short name every other is a letter or two away
    let most = match wanted.chars().count() {
        0..=2 => return None,
        3..=5 => 1,
        _ => 2,
    };
    (distance(&wanted, &sent, most) <= most).then_some(Likeness::Close)
}

/// Levenshtein's distance, with neighbours exchanged as one step; more than `most` for what is further.
fn distance(a: &str, b: &str, most: usize) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    if a.len().abs_diff(b.len()) > most {
        return most + 1;
    }
    let mut before: Vec<usize> = Vec::new();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for i in 1..=a.len() {
        let mut next = vec![i];
        for j in 1..=b.len() {
            let mut cost = (row[j] + 1).min(next[j - 1] + 1).min(row[j - 1] + usize::from(a[i - 1] != b[j - 1]));
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                cost = cost.min(before[j - 2] + 1);
            }
            next.push(cost);
        }
        before = std::mem::replace(&mut row, next);
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_like_another_by_case_realm_or_a_letter() {
        for (wanted, sent, how) in [
            ("rahim07", "rahim07", Some(Likeness::Same)),
            ("rahim07", "Rahim07", Some(Likeness::OtherCase)),
            ("rahim07", "rahim07@isp", Some(Likeness::OtherRealm)),
            ("rahim07@isp", "RAHIM07", Some(Likeness::OtherRealm)),
            ("rahim07", "rahmi07", Some(Likeness::Close)),
            ("rahim07", "rahim7", Some(Likeness::Close)),
            ("rahim07", "rahim", Some(Likeness::Close)),
            ("rahim07", "salam07", None),
            ("bob", "bo", Some(Likeness::Close)),
            ("bob", "b", None),
            ("ab", "ac", None),
            ("রহিম", "রহম", Some(Likeness::Close)),
        ] {
            assert_eq!(likeness(wanted, sent), how, "{wanted} {sent}");
        }
    }

    #[test]
    fn each_name_is_told_once_and_only_of_nobody() {
        let line = |username: &str, customer_id, reason: &str| KeptLine {
            customer_id,
            router_id: 2,
            username: username.into(),
            mac_text: String::new(),
            reason: reason.into(),
            first_at: 1,
            last_at: 2,
            repeats: 3,
        };
        let unknown = "unknown-username";
        let lines = [
            line("bobb", None, unknown),
            line("BOB", None, unknown),
            line("bobb", None, unknown),
            line("bob1", Some(4), unknown),
            line("bobx", None, "expired"),
        ];
        let found = similar_names("bob", &lines);
        let told: Vec<_> = found.iter().map(|name| (name.username.as_str(), name.times, name.likeness)).collect();
        assert_eq!(told, [("BOB", 3, Likeness::OtherCase), ("bobb", 6, Likeness::Close)]);
    }
}
