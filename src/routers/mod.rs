//! Routers: who they are on the wire (addresses, NAS-Identifier, secrets) and how strictly each is held to signing its requests.
//!
//! Owns: `routers`, `router_addresses`, `router_learned`, and in [`pools`] `ip_pools`, `ip_leases`. Reads `router_counters` and `unknown_sources`, which a running server
//! writes. Must not know: money. An operator sees the routers of his own subtree; of those of accounts above him he learns name and id, to name them, and no more.

mod add;
mod address;
mod list;
pub mod pools;
mod remove;
mod router;
#[cfg(test)]
mod scope_tests;
mod secret;
mod set;
mod sql;

pub use add::{NewRouter, add_router};
pub use address::{RouterAddress, RouterAddressError};
pub use list::{
    RouterSecrets, RouterSummary, find_router, find_router_with_secrets, list_named_routers, list_router_summaries,
    list_routers_with_secrets, list_silent_routers, list_unknown_sources,
};
pub use remove::remove_router;
pub use router::{Adopt, DEFAULT_COA_PORT, MessageAuthenticatorMode, Router, RouterError};
pub use secret::{RouterSecret, SHORT_SECRET_OCTETS};
pub use set::{RouterChanges, set_router};
pub use sql::{LearnedAddress, NamedRouter, RouterCounters, UnknownSource, find_named_router, list_learned};
