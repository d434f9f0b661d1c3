//! Customers: who may come in, and the pure rule that says in which state one is.
//!
//! Owns: `customers`, `customer_macs`, `customer_tags`, `zones`, `device_events`, `top_ups`. Must not know: RADIUS (reply attributes are checked by a closure that the caller brings), the
//! panel. Uses the rooms `accounts` (tenant settings) and `packages` (names of packages).

mod add;
pub mod bulk;
mod checks;
mod contact;
mod customer;
pub mod devices;
mod error;
pub mod finding;
mod fold;
pub mod import;
mod list;
mod next_package;
mod parent;
mod password;
mod purchase;
mod rekey;
mod remove;
mod reveal;
#[cfg(test)]
mod scope_tests;
mod set;
mod sql;
mod state;
pub mod tags;
mod taken;
mod tenant_settings;
#[cfg(test)]
mod tests;
mod top_up;
mod username;
pub mod zones;

pub use add::{NewCustomer, add_customer};
pub use checks::{ReplyCheck, check_reply_attributes, check_reply_syntax, parse_ipv6_prefix, parse_macs, parse_static_ipv4};
pub use contact::Contact;
pub use customer::{BillingType, ConnectionType, Customer, Hold, HoldKind, OwnRate};
pub use devices::{
    Bound, Device, DeviceActor, DeviceBinding, DeviceEvent, DeviceSeen, add_device, bind_device, list_device_events, list_devices,
    remove_device, set_device_note, update_devices_seen,
};
pub use error::CustomerError;
pub use fold::fold_customers;
pub use list::{
    CustomerFilter, CustomerWithPassword, count_customers, find_customer, find_customer_by_id, find_customer_with_password, list_customers,
    list_top_ups,
};
pub use next_package::take_next_packages;
pub use parent::count_belonging;
pub use password::{CustomerPassword, PASSWORD_PLACE, set_password};
pub use purchase::after;
pub use rekey::rekey_usernames;
pub use remove::remove_customer;
pub use reveal::{readable_password, reset_password, show_password};
pub use set::{CustomerChanges, set_customer, set_customer_by_id};
pub use sql::{list_all_top_ups, list_top_ups_of, update_first_login};
pub use state::{ActiveView, Facts, State, active_view, state};
pub use taken::{Unique, find_taken};
pub use tenant_settings::set_tenant_settings;
pub use top_up::{NewTopUp, TopUp, add_top_up};
pub use username::{LookupBuffer, UsernameError, check_username, lookup_candidates, lookup_key};
