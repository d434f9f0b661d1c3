//! Tenants and accounts: who may sign in, what each may see and do, and what was done.
//!
//! Owns: `tenants`, `tenant_names`, `accounts`, `role_changes`, `account_permissions`, `sign_ins`, `setup_links`, `recovery_codes`, `api_keys`, `api_key_hours`, `saved_views`; reads
//! `audit_log`, which the store writes with each change. Must not know: RADIUS.
//!
//! Reading order: [`capability`] (the catalogue), [`Role`] (presets), [`Standing`] (what an account holds, derived), [`Scope`] (what every SQL function takes),
//! `rules` (who may do what to whom), `change` (how every change begins), then the use cases.

mod access_rules;
mod account;
mod add_account;
mod add_tenant;
mod api_key;
mod audit_fields;
#[cfg(test)]
mod audit_tests;
pub mod capability;
mod change;
mod credentials;
mod error;
mod fold_full_names;
#[cfg(test)]
mod found_tests;
mod look;
mod make_link;
mod password;
mod path;
mod permit;
mod preferences;
mod role;
mod rules;
mod scope;
mod secret_token;
mod set_account;
mod set_tenant;
mod sign_in;
mod sql;
mod standing;
mod tenant;
#[cfg(test)]
pub mod test_scopes;
#[cfg(test)]
mod tests;
mod totp;
mod views;

pub use access_rules::{AccessRules, WalledGarden, WhenDenied};
pub use account::{Account, account_key, check_account_name, check_email};
pub use add_account::{NewAccount, add_account};
pub use add_tenant::{NewTenant, add_tenant, ensure_default_tenant, open_tenant};
pub use api_key::{ApiKey, KEY_HOURLY_LIMIT, KeyHolder, NewApiKey, add_api_key, check_api_key, list_api_keys, revoke_api_key};
pub use audit_fields::{AUDIT_FIELDS, AUDIT_KINDS, AUDIT_SOURCES, AUDIT_VERBS};
pub use change::Whom;
pub use credentials::{end_sign_ins, reset_password, reset_second_factor};
pub use error::AccountError;
pub use fold_full_names::fold_full_names;
pub use look::{account_standing, find_seen_tenant, list_seen_tenants, scope_of_asker};
pub use make_link::{LINK_SECS, first_setup_link, make_setup_link, make_sign_in_link};
pub use password::{PasswordCost, PasswordHasher, PasswordVerdict, check_password};
pub use path::AccountPath;
pub use permit::{RoleChanges, permit, revoke, set_role};
pub use preferences::{PAGE_ROW_CHOICES, PAGE_ROWS, Preferences, set_preferences};
pub use role::{CUSTOMER_LEVEL, Creates, Role, RoleBook, RoleChange, RoleTerms};
pub use rules::{
    Denial, Target, may_add_tenant, may_create, may_edit_role, may_manage, may_permit, may_rename_role, may_set_host_name, may_set_tenant,
    may_stand_below,
};
pub use scope::{Held, Scope};
pub use secret_token::{SecretToken, token_hash};
pub use set_account::{AccountChanges, restore_account, set_account, set_own_account, suspend_account, transfer_account};
pub use set_tenant::{TenantChanges, set_tenant};
pub use sign_in::{Attempt, Guest, Impersonation, Opened, Principal, SignInDesk, SignInRules, SignInThrottle, Step};
pub use sql::{
    ACCOUNT_FIELDS, AccountFilter, AccountOrder, AuditQuery, AuditRecord, SignIn, count_audit, count_found_accounts, delete_old_sign_ins,
    find_account, find_account_by_id, find_account_by_name, find_owner, find_preferences, find_tenant, find_tenant_by_host,
    find_tenant_by_id, list_accounts, list_audit, list_found_accounts, list_looks_at, list_permissions, list_role_book, list_sign_ins,
    list_tenants, list_timeline,
};
pub use standing::{Link, Permission, Standing};
pub use tenant::{ROLE_ADMIN, Tenant, check_time_zone};
pub use views::{NewView, SavedView, ViewError, add_view, list_views, remove_view};
