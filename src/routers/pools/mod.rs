//! Address pools that the server hands out itself, and who holds which address. Tables `ip_pools` and `ip_leases`.

mod add;
mod list;
mod pool;
mod range;
#[cfg(test)]
mod scope_tests;
mod set;
mod sql;

pub use add::{NewPool, add_pool};
pub use list::{find_other_holder, find_pool, list_lease_lines, list_pool_summaries};
pub use pool::{DEFAULT_GRACE_SECS, Pool, PoolError};
pub use range::{AddressRange, RangeError, parse_ranges, print_ranges};
pub use set::{PoolChanges, remove_pool, set_pool};
pub use sql::{
    Lease, LeaseChange, LeaseLine, PoolSummary, find_pool_by_id, insert_lease, list_all_pools, list_leases, update_exhausted, update_lease,
};
