//! All SQL of this room, one file per table or two.

mod accounts;
mod api_keys;
mod audit;
mod chain;
mod found;
mod roles;
mod seen;
mod sign_ins;
mod tenants;

pub(super) use accounts::*;
pub use accounts::{AccountFilter, find_account_by_id, find_account_by_name, find_preferences, list_accounts};
pub(super) use api_keys::*;
pub use audit::{AuditQuery, AuditRecord, count_audit, list_audit, list_looks_at, list_timeline};
#[cfg(test)]
pub(super) use audit::{explain_audit, try_to_change_the_audit_log};
pub(super) use chain::*;
pub use found::{ACCOUNT_FIELDS, AccountOrder, count_found_accounts, list_found_accounts};
pub(super) use roles::*;
pub use roles::{list_permissions, list_role_book};
pub(super) use sign_ins::*;
pub use sign_ins::{SignIn, delete_old_sign_ins, list_sign_ins};
pub(super) use tenants::*;
pub use tenants::{find_account, find_owner, find_tenant, find_tenant_by_host, find_tenant_by_id, list_tenants};
