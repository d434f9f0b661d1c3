//! A customer's devices: who put each on his list and when, when it last logged in, and the record of every change. Tables `customer_macs`, `device_events`.

mod bind;
mod list;
#[cfg(test)]
mod scope_tests;
mod sql;
mod write;

use serde::{Serialize, Serializer};

pub use bind::{Bound, DeviceBinding, bind_device};
pub use list::{list_device_events, list_devices};
pub use sql::{DeviceSeen, update_devices_seen};
pub(super) use sql::{insert_import_events, insert_macs_of_import};
pub use write::{add_device, remove_device, set_device_note};
pub(super) use write::{insert_first_macs, remove_macs, write_macs};

use crate::units::{Mac, UnixMs, print_instant, words};

/// What happened to a device.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeviceAction {
    /// Staff put it on the list.
    Added,
    /// Staff took it off.
    Removed,
    /// A login put it on the list.
    Bound,
    /// A login would have, but other devices had taken the last places.
    Refused,
}

words!(DeviceAction, "an action", "added" = Added, "removed" = Removed, "bound" = Bound, "refused" = Refused);

/// Who changed a list, and by what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DeviceActor<'a> {
    /// Name of staff, or `auto` for a login.
    pub name: &'a str,
    /// `command line`, `import`, or the router of the login.
    pub source: &'a str,
}

/// Whoever runs a command, where it is not known better.
pub const STAFF: DeviceActor<'static> = DeviceActor { name: "staff", source: "command line" };
/// A login.
const AUTO: &str = "auto";

/// A device on a customer's list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Device {
    /// Its address.
    #[serde(serialize_with = "mac")]
    pub mac: Mac,
    /// When it came on the list; 0 = before this was noted.
    #[serde(serialize_with = "instant")]
    pub added_at: UnixMs,
    /// By whom: name of staff, `import`, or `auto` for a login; empty = before this was noted.
    pub added_by: String,
    /// Its newest login, to the hour or so; 0 = none since this is noted.
    #[serde(serialize_with = "instant")]
    pub last_seen_at: UnixMs,
    /// Whether the address is locally administered, as the random ones of phones are: it may be another one tomorrow.
    pub is_random: bool,
    /// Free text.
    pub note: String,
}

/// One change of a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DeviceEvent {
    /// When.
    #[serde(serialize_with = "instant")]
    pub at: UnixMs,
    /// Which device.
    #[serde(serialize_with = "mac")]
    pub mac: Mac,
    /// What.
    pub action: DeviceAction,
    /// Who.
    pub actor: String,
    /// By what.
    pub source: String,
}

fn mac<S: Serializer>(mac: &Mac, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&mac.with_colons())
}

fn instant<S: Serializer>(at: &UnixMs, serializer: S) -> Result<S::Ok, S::Error> {
    (*at != 0).then(|| print_instant(*at)).serialize(serializer)
}

#[cfg(test)]
mod tests;
