//! Where an account stands in its tenant's tree: the ids of all its ancestors and itself, 19 digits each.
//!
//! A materialised path rather than a closure table: one column instead of a row per pair, the subtree is one range of an index on both databases, the
//! ancestors are read off without a query, and a move rewrites the paths below in one statement. Digits only, so octet order is tree order.

use crate::units::AccountId;

const DIGITS: usize = 19;
/// Deepest tree: levels grow on the way down, so that no real one comes near.
pub const MAX_DEPTH: usize = 16;
/// Above every path: ids have at most 63 bits, 9223372036854775807.
const ABOVE_ALL: &str = "9999999999999999999";

/// See the head of the file. Empty means "above all accounts of the tenant".
#[derive(Debug, Clone, PartialEq, Eq, Default, Hash, PartialOrd, Ord)]
pub struct AccountPath(String);

impl AccountPath {
    /// Above all accounts of a tenant.
    pub const TOP: AccountPath = AccountPath(String::new());

    /// From the database; `None` if it is no path.
    pub fn read(text: &str) -> Option<AccountPath> {
        let fits = text.len().is_multiple_of(DIGITS) && text.len() / DIGITS <= MAX_DEPTH && text.bytes().all(|b| b.is_ascii_digit());
        fits.then(|| AccountPath(text.to_owned()))
    }

    /// As it stands in the database.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The path of a child.
    pub fn child(&self, id: AccountId) -> AccountPath {
        AccountPath(format!("{}{:0DIGITS$}", self.0, id.0))
    }

    /// How many accounts are on it, its own included.
    pub fn depth(&self) -> usize {
        self.0.len() / DIGITS
    }

    /// From the tenant's Super Admin down to the account itself.
    pub fn ids(&self) -> impl DoubleEndedIterator<Item = AccountId> {
        (0..self.depth()).filter_map(|at| self.0[at * DIGITS..(at + 1) * DIGITS].parse().ok().map(AccountId))
    }

    /// The account above; `None` for one without.
    pub fn parent(&self) -> Option<AccountId> {
        self.ids().rev().nth(1)
    }

    /// The path of the account above; the top for one without.
    pub fn above(&self) -> AccountPath {
        AccountPath(self.0[..self.0.len().saturating_sub(DIGITS)].to_owned())
    }

    /// Whether the other is this one or below it.
    pub fn covers(&self, other: &AccountPath) -> bool {
        other.0.starts_with(&self.0)
    }

    /// Whether the other is below this one and not the same.
    pub fn is_above(&self, other: &AccountPath) -> bool {
        self.covers(other) && self != other
    }

    /// The subtree as a range of paths: from (included) to (excluded). For `path >= $a AND path < $b`.
    pub fn range(&self) -> (&str, String) {
        let Some(last) = self.ids().next_back() else { return ("", ABOVE_ALL.to_owned()) };
        // ids have at most 63 bits, so one more still has 19 digits
        (&self.0, format!("{}{:0DIGITS$}", self.above().0, last.0.unsigned_abs() + 1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn path(ids: &[i64]) -> AccountPath {
        ids.iter().fold(AccountPath::TOP, |path, id| path.child(AccountId(*id)))
    }

    #[test]
    fn a_path_tells_ancestors_and_subtree() {
        let p = path(&[1, 22, i64::MAX]);
        assert_eq!(p.ids().map(|id| id.0).collect::<Vec<_>>(), [1, 22, i64::MAX]);
        assert_eq!((p.depth(), p.parent()), (3, Some(AccountId(22))));
        assert_eq!(AccountPath::read(p.as_str()), Some(p.clone()));
        assert!(path(&[1]).covers(&p) && path(&[1]).is_above(&p) && !p.is_above(&p) && p.covers(&p));
        assert!(!path(&[2]).covers(&p) && AccountPath::TOP.covers(&p));
        assert_eq!(p.above(), path(&[1, 22]));
        for bad in ["1", "000000000000000000x", "00000000000000000010"] {
            assert_eq!(AccountPath::read(bad), None);
        }
    }

    proptest! {
        /// The range of the index holds exactly the subtree.
        #[test]
        fn the_range_is_the_subtree(a in proptest::collection::vec(prop_oneof![0..4i64, i64::MAX - 2..=i64::MAX], 0..4),
                                    b in proptest::collection::vec(prop_oneof![0..4i64, i64::MAX - 2..=i64::MAX], 1..5)) {
            let (a, b) = (path(&a), path(&b));
            let (from, to) = a.range();
            prop_assert_eq!(b.as_str() >= from && b.as_str() < to.as_str(), a.covers(&b));
        }
    }
}
