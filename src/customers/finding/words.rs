//! What people say of a customer, as SQL: a part of his name, the beginning of his username, his code, the end of his phone, a device, an address. Two ways: looked for by
//! indexes, and looked for in a row that is at hand. They find the same; a test compares them.
//!
//! Three characters and more of a name are found by an index of all its parts (SQLite: trigrams of `customer_names`; PostgreSQL: `pg_trgm`, where it could be made).

use crate::customers::contact::phone_key;
use crate::lists::{escaped, holds};
use crate::store::Statement;
use crate::units::Mac;

/// From so many digits on a word is looked for at the end of phones.
pub(super) const PHONE_DIGITS: usize = 4;
/// From so many characters on a part of a name has an index.
const INDEXED_CHARS: usize = 3;

/// Whether a part of a name is found by its index.
pub(super) fn has_index(word: &str) -> bool {
    word.chars().count() >= INDEXED_CHARS
}

/// That a column whose texts compare by octets begins so, as a range of its index.
pub(super) fn begins(to: &mut Statement, column: &'static str, text: &str) {
    // the character after all that can follow
    to.push(column).push(" >= ").text(text).push(" AND ").push(column).push(" < ").text(format!("{text}\u{10FFFF}"));
}

/// The same of phones backwards, which are digits.
pub(super) fn phone_begins(to: &mut Statement, column: &'static str, key: &str) {
    to.push(column).push(" >= ").text(key).push(" AND ").push(column).push(" < ").text(format!("{key}:"));
}

/// ` AND` that his name holds the word, which is in lower case.
pub(super) fn name_in_row(to: &mut Statement, word: &str) {
    to.push(" AND ");
    holds(to, "c.name_key", word);
}

/// ` AND` that his name holds all of the words, by the index of those that have one.
pub(super) fn name_by_index(to: &mut Statement, words: &[String], is_lite: bool) {
    let (indexed, others): (Vec<&String>, Vec<&String>) = words.iter().partition(|word| is_lite && has_index(word));
    if !indexed.is_empty() {
        to.push(" AND c.id IN (SELECT rowid FROM customer_names WHERE customer_names MATCH ").text(phrases(&indexed)).push(")");
    }
    others.into_iter().for_each(|word| name_in_row(to, word));
}

/// Ids of the first so many whose names hold all of the words, each of which has an index: SQLite only.
pub(super) fn namesakes(to: &mut Statement, words: &[&String], most: i64) {
    to.push("SELECT rowid FROM customer_names WHERE customer_names MATCH ").text(phrases(words)).push(" LIMIT ").number(most);
}

/// For MATCH, each word as a phrase of trigrams: a part of the text.
fn phrases(words: &[&String]) -> String {
    words.iter().map(|word| format!("\"{}\"", word.replace('"', "\"\""))).collect::<Vec<_>>().join(" AND ")
}

/// ` AND` that the word, in lower case, is any of what people say of him.
pub(super) fn anything_in_row(to: &mut Statement, word: &str) {
    to.push(" AND (");
    holds(to, "c.name_key", word);
    to.push(" OR c.username_key LIKE ").text(format!("{}%", escaped(word))).push(" ESCAPE '\\'");
    to.push(" OR LOWER(c.code) = ").text(word);
    let phone = phone_key(word);
    if phone.len() >= PHONE_DIGITS {
        to.push(" OR (");
        phone_begins(to, "c.phone_key", &phone);
        to.push(")");
    }
    if let Some(mac) = Mac::parse(word.as_bytes()) {
        to.push(" OR c.id IN (SELECT customer_id FROM customer_macs WHERE tenant_id = $1 AND mac = ").text(mac.to_string()).push(")");
    }
    if word.parse::<std::net::Ipv4Addr>().is_ok() {
        to.push(" OR c.static_ipv4 = ").text(word);
    }
    to.push(")");
}

/// Ids of those of whom the word, in lower case, is any of what people say. It has an index.
pub(super) fn anything_of(to: &mut Statement, word: &String, is_lite: bool) {
    match is_lite {
        true => {
            to.push("SELECT rowid FROM customer_names WHERE customer_names MATCH ").text(phrases(&[word]));
        }
        false => {
            to.push("SELECT n.id FROM customers n WHERE n.tenant_id = $1 AND ");
            holds(to, "n.name_key", word);
        }
    }
    to.push(" UNION SELECT u.id FROM customers u WHERE u.tenant_id = $1 AND ");
    begins(to, "u.username_key", word);
    to.push(" UNION SELECT k.id FROM customers k").push(if is_lite { " INDEXED BY customers_by_code" } else { "" });
    to.push(" WHERE k.tenant_id = $1 AND LOWER(k.code) = ").text(word);
    let phone = phone_key(word);
    if phone.len() >= PHONE_DIGITS {
        to.push(" UNION SELECT f.id FROM customers f WHERE f.tenant_id = $1 AND ");
        phone_begins(to, "f.phone_key", &phone);
    }
    if let Some(mac) = Mac::parse(word.as_bytes()) {
        to.push(" UNION SELECT customer_id FROM customer_macs WHERE tenant_id = $1 AND mac = ").text(mac.to_string());
    }
    if word.parse::<std::net::Ipv4Addr>().is_ok() {
        to.push(" UNION SELECT a.id FROM customers a WHERE a.tenant_id = $1 AND a.static_ipv4 = ").text(word);
    }
}
