//! The part of what he sees that somebody looks at. The address says which (`within`), so that it can be passed on; a cookie keeps it from one page to the next, and pages
//! that are asked for without one lead to their address with it. Each request asks anew whether he sees it: it only ever narrows.

use std::fmt;
use std::str::FromStr;

use axum::http::Method;

use super::cookies::Jar;
use super::{Problem, Query, Visit, url_with};
use crate::accounts::{Scope, find_account_by_id};
use crate::customers::zones::list_zones;
use crate::store::Conn;
use crate::units::AccountId;

/// The name in addresses.
const NAME: &str = "within";

/// Pages that show less then, and whose forms act on less; others are about accounts and settings, not about a part of the customers.
const NARROWED: [&str; 3] = ["/customers", "/go", "/audit"];

/// Which part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Within {
    /// An account and those below it.
    Account(AccountId),
    /// Customers of a zone.
    Zone(i64),
}

impl fmt::Display for Within {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Within::Account(id) => write!(f, "a{id}"),
            Within::Zone(id) => write!(f, "z{id}"),
        }
    }
}

impl FromStr for Within {
    type Err = ();
    fn from_str(text: &str) -> Result<Within, ()> {
        let (kind, id) = text.split_at_checked(1).ok_or(())?;
        let id = id.parse().map_err(|_| ())?;
        match kind {
            "a" => Ok(Within::Account(AccountId(id))),
            "z" => Ok(Within::Zone(id)),
            _ => Err(()),
        }
    }
}

/// Whether a page is one of those that narrow. What was done is of accounts, not of zones.
pub(super) fn narrows_to(path: &str, within: Within) -> bool {
    narrows(path) && !(matches!(within, Within::Zone(_)) && path.starts_with("/audit"))
}

/// Whether a page is one of those that narrow at all.
pub(super) fn narrows(path: &str) -> bool {
    // whose page it is does not depend on what else is looked at
    let is_of_one = path.split('/').any(|part| part.starts_with(|c: char| c.is_ascii_digit()));
    path == "/"
        || !is_of_one && NARROWED.iter().any(|to| path.strip_prefix(to).is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '.'])))
}

/// What a request asks for, and whether its address says so; else it is what was chosen lately. An address that says something else is about nothing that there is.
pub(super) fn asked(visit: &Visit) -> Result<Option<(Within, bool)>, Problem> {
    let query = Query::read(visit.query());
    match query.get(NAME) {
        "" if query.has(NAME) => Ok(None),
        "" => Ok(visit.cookies.get(Jar::Within).and_then(|text| text.parse().ok()).map(|part| (part, false))),
        text => text.parse().map(|part| Some((part, true))).map_err(|()| Problem::NotFound),
    }
}

/// Where a page that narrows leads that was asked for without saying to what. Files, the search and pieces of pages that scripts ask for are what they are.
pub(super) fn leads_to(method: &Method, visit: &Visit, part: Within) -> Option<String> {
    let path = visit.path();
    let is_page = *method == Method::GET && !path.starts_with("/go") && !path.ends_with(".csv") && !path.ends_with("/taken");
    (is_page && !Query::read(visit.query()).has(NAME)).then(|| with_part(&visit.target, Some(part)))
}

/// An address with another part in it, or without one.
pub fn with_part(target: &str, part: Option<Within>) -> String {
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let part = part.map(|part| part.to_string()).unwrap_or_default();
    let pairs: Vec<(String, String)> = form_urlencoded::parse(query.as_bytes()).into_owned().filter(|(name, _)| name != NAME).collect();
    // first, so that it is read however long the rest is
    let added = (!part.is_empty()).then_some((NAME, part.as_str()));
    url_with(path, added.into_iter().chain(pairs.iter().map(|(name, value)| (name.as_str(), value.as_str()))))
}

impl Within {
    /// The scope that is left, and what the part is called; `None` if he does not see it (any more).
    pub async fn of(self, conn: &mut Conn, scope: &Scope) -> Result<Option<(Scope, String)>, Problem> {
        Ok(match self {
            Within::Account(id) => {
                let account = find_account_by_id(conn, scope, id).await?.filter(|account| account.role.may_own_customers());
                account.and_then(|account| Some((scope.narrowed_to(&account.path)?, account.name)))
            }
            Within::Zone(id) => {
                let zone = list_zones(conn, scope).await?.into_iter().find(|zone| zone.id == id);
                zone.map(|zone| (scope.in_zone(id), zone.name))
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_reads_as_it_is_written_and_some_pages_narrow() {
        for within in [Within::Account(AccountId(7)), Within::Zone(8)] {
            assert_eq!(within.to_string().parse(), Ok(within));
        }
        for text in ["", "a", "x7", "a7.5", "é7"] {
            assert_eq!(text.parse::<Within>(), Err(()), "{text}");
        }
        assert_eq!(with_part("/customers?q=a+b&within=z9&after=7", Some(Within::Zone(8))), "/customers?within=z8&q=a+b&after=7");
        assert_eq!(with_part("/customers?within=z9", None), "/customers");
        for (path, wanted) in [
            ("/", true),
            ("/customers", true),
            ("/customers.csv", true),
            ("/customers/7", false),
            ("/customers/new", true),
            ("/customers/import/7", false),
            ("/customersx", false),
            ("/accounts", false),
        ] {
            assert_eq!(narrows(path), wanted, "{path}");
        }
    }
}
