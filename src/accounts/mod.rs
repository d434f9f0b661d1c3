//! Tenants and accounts (their minimum for now): who owns every row, and the settings that a tenant decides for itself.
//!
//! Owns: `tenants`, `accounts`. Must not know: RADIUS.

mod access_rules;
mod add_tenant;
mod set_tenant;
mod sql;
mod tenant;

pub use access_rules::{AccessRules, WalledGarden, WhenDenied};
pub use add_tenant::{add_tenant, ensure_default_tenant};
pub use set_tenant::{TenantChanges, set_tenant};
pub use sql::{find_account, find_owner, find_tenant, list_tenants};
pub use tenant::{AccountError, ROLE_ADMIN, Tenant, check_time_zone};
