//! A customer as a line of the list: his own fields and the names of what they refer to.

use crate::accounts::AccessRules;
use crate::customers::{BillingType, ConnectionType, Facts, HoldKind, State, state};
use crate::units::UnixMs;

/// See the head of the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CustomerLine {
    /// His id.
    pub id: i64,
    /// The value by which the list is sorted.
    pub key: String,
    /// Code.
    pub code: String,
    /// Full name.
    pub name: String,
    /// Phone.
    pub phone: String,
    /// Username.
    pub username: String,
    /// Name of his owner's account.
    pub owner: String,
    /// Name of his package.
    pub package: String,
    /// Name of his zone.
    pub zone: Option<String>,
    /// Expiry.
    pub expires_at: Option<UnixMs>,
    /// What staff decided.
    pub hold: HoldKind,
    /// Why.
    pub hold_reason: String,
    /// How he connects.
    pub connection_type: ConnectionType,
    /// When he pays.
    pub billing_type: BillingType,
    /// Device type.
    pub device_type: String,
    /// His own address.
    pub static_ipv4: Option<String>,
    /// When he was added.
    pub registered_at: UnixMs,
    /// When he left.
    pub closed_at: Option<UnixMs>,
    /// Whether his validity waits for a first login.
    pub is_pending: bool,
    /// E-mail address.
    pub email: String,
    /// Address.
    pub address: String,
    /// City.
    pub city: String,
    /// Note.
    pub note: String,
}

impl CustomerLine {
    /// What decides his state.
    pub fn facts(&self, rules: &AccessRules) -> Facts {
        Facts {
            hold: self.hold,
            is_closed: self.closed_at.is_some(),
            is_pending: self.is_pending,
            expires_at: self.expires_at,
            grace_ms: i64::from(rules.grace_secs) * 1000,
        }
    }

    /// His state.
    pub fn state(&self, rules: &AccessRules, now: UnixMs) -> State {
        state(self.facts(rules), now)
    }
}

/// What a customer has several of.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LineDevices {
    /// The customer.
    pub customer_id: i64,
    /// His devices.
    pub macs: Vec<String>,
    /// His tags.
    pub tags: Vec<String>,
    /// When one of his devices last logged in; 0 = never.
    pub last_login_at: UnixMs,
}
