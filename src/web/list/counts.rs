//! How many rows a filter finds, kept for a minute: the number beside the title and the way in which a page is read, never what is on it.

use std::time::Duration;

use moka::sync::Cache;

use crate::accounts::Scope;
use crate::accounts::capability::Capability;

/// domain: capped counts are at most so old.
const KEPT_FOR: Duration = Duration::from_secs(60);
const MOST: u64 = 20_000;

/// See the head of the file.
pub struct Counts(Cache<String, i64>);

impl Default for Counts {
    fn default() -> Counts {
        Counts(Cache::builder().max_capacity(MOST).time_to_live(KEPT_FOR).support_invalidation_closures().build())
    }
}

impl Counts {
    /// Of whom, in which list, by which filter: what a count depends on.
    pub fn key(scope: &Scope, list: &str, filter: &str) -> String {
        // of all customers, or of those of some zones
        let zones = scope.zones(Capability::CustomersView);
        format!("{}\n{}\n{zones:?}\n{list}\n{filter}", scope.tenant(), scope.subtree().0)
    }

    /// What was counted lately.
    pub fn get(&self, key: &str) -> Option<i64> {
        self.0.get(key)
    }

    /// Keeps a count.
    pub fn put(&self, key: String, count: i64) {
        self.0.insert(key, count);
    }

    /// Something of a tenant was changed through a page: what is shown next is counted anew.
    pub fn forget(&self, scope: &Scope) {
        let tenant = format!("{}\n", scope.tenant());
        if self.0.invalidate_entries_if(move |key, _| key.starts_with(&tenant)).is_err() {
            self.0.invalidate_all();
        }
    }
}
