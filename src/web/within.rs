//! The part of what he sees that somebody looks at: a cookie says which, and each request asks anew whether he sees it. It only ever narrows.

use std::fmt;
use std::str::FromStr;

use super::Problem;
use crate::accounts::{Scope, find_account_by_id};
use crate::customers::zones::list_zones;
use crate::store::Conn;
use crate::units::AccountId;

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
    path == "/" || NARROWED.iter().any(|to| path.strip_prefix(to).is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '.'])))
}

impl Within {
    /// The scope that is left, and what the part is called; `None` if he does not see it (any more).
    pub(super) async fn of(self, conn: &mut Conn, scope: &Scope) -> Result<Option<(Scope, String)>, Problem> {
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
        for (path, wanted) in [
            ("/", true),
            ("/customers", true),
            ("/customers.csv", true),
            ("/customers/7", true),
            ("/customersx", false),
            ("/accounts", false),
        ] {
            assert_eq!(narrows(path), wanted, "{path}");
        }
    }
}
