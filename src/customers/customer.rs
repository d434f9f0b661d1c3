//! A customer: who authenticates and pays.

use std::net::Ipv4Addr;

use ipnet::Ipv6Net;
use serde::{Serialize, Serializer};

use super::{Contact, Facts};
use crate::accounts::AccessRules;
use crate::packages::{LimitsOverride, RateLimit, print_rate};
use crate::units::{AccountId, CustomerId, Mac, PackageId, TenantId, UnixMs, print_instant, words};

/// What staff decided about a customer's access, without the reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum HoldKind {
    /// Nothing.
    #[default]
    None,
    /// Held for a reason that can pass.
    Suspended,
    /// Held for good.
    Disabled,
}

/// What staff decided about a customer's access.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Hold {
    /// Nothing.
    #[default]
    None,
    /// Held for a reason that can pass.
    Suspended {
        /// In words; may be empty.
        reason: String,
    },
    /// Held for good.
    Disabled,
}

/// How a customer connects.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ConnectionType {
    /// PPP over Ethernet.
    #[default]
    Pppoe,
    /// Captive portal.
    Hotspot,
    /// Fixed address.
    Static,
    /// DHCP lease.
    Dhcp,
    /// L2TP, PPTP, SSTP, OpenVPN.
    Vpn,
    /// Anything else.
    Other,
}

/// When a customer pays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum BillingType {
    /// Before the period.
    #[default]
    Prepaid,
    /// After it.
    Postpaid,
    /// Never.
    Free,
}

words!(HoldKind, "a hold", "none" = None, "suspended" = Suspended, "disabled" = Disabled);
words!(
    ConnectionType,
    "a connection type",
    "pppoe" = Pppoe,
    "hotspot" = Hotspot,
    "static" = Static,
    "dhcp" = Dhcp,
    "vpn" = Vpn,
    "other" = Other
);
words!(BillingType, "a billing type", "prepaid" = Prepaid, "postpaid" = Postpaid, "free" = Free);

impl Hold {
    /// The hold of this kind; the reason is kept for a suspension only.
    pub fn new(kind: HoldKind, reason: &str) -> Hold {
        match kind {
            HoldKind::None => Hold::None,
            HoldKind::Suspended => Hold::Suspended { reason: reason.to_owned() },
            HoldKind::Disabled => Hold::Disabled,
        }
    }

    /// Without the reason.
    pub fn kind(&self) -> HoldKind {
        match self {
            Hold::None => HoldKind::None,
            Hold::Suspended { .. } => HoldKind::Suspended,
            Hold::Disabled => HoldKind::Disabled,
        }
    }

    /// The reason; empty if there is none.
    pub fn reason(&self) -> &str {
        match self {
            Hold::Suspended { reason } => reason,
            Hold::None | Hold::Disabled => "",
        }
    }
}

/// A rate of a customer's own, which holds over the package's and fair use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OwnRate {
    /// How fast.
    pub rate: RateLimit,
    /// Until when, unix ms; `None` for ever.
    pub until: Option<UnixMs>,
}

/// A customer without his password.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Customer {
    /// Its id.
    pub id: CustomerId,
    /// Whose.
    #[serde(skip)]
    pub tenant_id: TenantId,
    /// Which account's.
    pub owner_id: AccountId,
    /// Unique in the tenant; what staff and invoices call him.
    pub code: String,
    /// Full name; may be empty.
    pub name: String,
    /// As written; may be empty.
    pub phone: String,
    /// How he is reached.
    #[serde(flatten)]
    pub contact: Contact,
    /// What staff should know of him; may be empty.
    pub note: String,
    /// The customer to whom he belongs, such as a firm to which a branch does.
    #[serde(serialize_with = "customer_text")]
    pub parent_id: Option<CustomerId>,
    /// Zone, if any.
    #[serde(serialize_with = "id_text")]
    pub zone_id: Option<i64>,
    /// As he writes it; unique in the tenant under the tenant's rule.
    pub username: String,
    /// His package.
    pub package_id: PackageId,
    /// The first instant without service; `None` for ever.
    #[serde(serialize_with = "optional_instant")]
    pub expires_at: Option<UnixMs>,
    /// What staff decided.
    #[serde(serialize_with = "hold")]
    pub hold: Hold,
    /// How he connects.
    pub connection_type: ConnectionType,
    /// When he pays.
    pub billing_type: BillingType,
    /// Free text, such as "laptop".
    pub device_type: String,
    /// Devices he may use; empty for any.
    #[serde(serialize_with = "macs")]
    pub macs: Vec<Mac>,
    /// His own address; unique in the tenant.
    pub static_ipv4: Option<Ipv4Addr>,
    /// Framed-IPv6-Prefix.
    pub framed_ipv6_prefix: Option<Ipv6Net>,
    /// Delegated-IPv6-Prefix.
    pub delegated_ipv6_prefix: Option<Ipv6Net>,
    /// Pool on the router instead of the package's.
    pub framed_pool: Option<String>,
    /// How many sessions at once; `None` for the default.
    pub simultaneous_sessions: Option<u32>,
    /// Extra reply attributes, one `Name = value` per line.
    pub reply_attributes: String,
    /// His own limits instead of the package's.
    #[serde(serialize_with = "own_limits")]
    pub limits: LimitsOverride,
    /// A rate of his own.
    #[serde(serialize_with = "own_rate")]
    pub own_rate: Option<OwnRate>,
    /// Seconds of validity that begin with his first login; `None` = his validity does not wait for one.
    pub first_login_secs: Option<u64>,
    /// When that first login was.
    #[serde(serialize_with = "optional_instant")]
    pub activated_at: Option<UnixMs>,
    /// When his present period began; `None` = when he was added.
    #[serde(serialize_with = "optional_instant")]
    pub period_started_at: Option<UnixMs>,
    /// Since when he has his package; `None` = since he was added.
    #[serde(serialize_with = "optional_instant")]
    pub package_since_at: Option<UnixMs>,
    /// The package that he gets when his time runs out.
    pub next_package_id: Option<PackageId>,
    /// When that is: the end of what he had paid for when it was said.
    #[serde(serialize_with = "optional_instant")]
    pub next_package_at: Option<UnixMs>,
    /// When he left.
    #[serde(serialize_with = "optional_instant")]
    pub closed_at: Option<UnixMs>,
    /// When he was added.
    #[serde(serialize_with = "instant")]
    pub registered_at: UnixMs,
    /// When he was last changed.
    #[serde(serialize_with = "instant")]
    pub updated_at: UnixMs,
}

impl Customer {
    /// What decides his state, with his tenant's rules.
    pub fn facts(&self, rules: &AccessRules) -> Facts {
        Facts {
            hold: self.hold.kind(),
            is_closed: self.closed_at.is_some(),
            is_pending: self.first_login_secs.is_some() && self.activated_at.is_none(),
            expires_at: self.expires_at,
            grace_ms: i64::from(rules.grace_secs) * 1000,
        }
    }
}

fn instant<S: Serializer>(at: &UnixMs, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&print_instant(*at))
}

fn optional_instant<S: Serializer>(at: &Option<UnixMs>, serializer: S) -> Result<S::Ok, S::Error> {
    at.map(print_instant).serialize(serializer)
}

fn customer_text<S: Serializer>(id: &Option<CustomerId>, serializer: S) -> Result<S::Ok, S::Error> {
    id_text(&id.map(|id| id.0), serializer)
}

fn id_text<S: Serializer>(id: &Option<i64>, serializer: S) -> Result<S::Ok, S::Error> {
    id.map(|n| n.to_string()).serialize(serializer)
}

fn hold<S: Serializer>(hold: &Hold, serializer: S) -> Result<S::Ok, S::Error> {
    #[derive(Serialize)]
    struct Shape<'a> {
        kind: HoldKind,
        reason: &'a str,
    }
    Shape { kind: hold.kind(), reason: hold.reason() }.serialize(serializer)
}

fn own_limits<S: Serializer>(limits: &LimitsOverride, serializer: S) -> Result<S::Ok, S::Error> {
    limits.shown().serialize(serializer)
}

fn own_rate<S: Serializer>(own: &Option<OwnRate>, serializer: S) -> Result<S::Ok, S::Error> {
    #[derive(Serialize)]
    struct Shape {
        rate: String,
        mikrotik_rate_limit: Option<String>,
        until: Option<String>,
    }
    let shape = |own: &OwnRate| Shape {
        rate: print_rate(&own.rate),
        mikrotik_rate_limit: own.rate.to_mikrotik(),
        until: own.until.map(print_instant),
    };
    own.as_ref().map(shape).serialize(serializer)
}

fn macs<S: Serializer>(macs: &[Mac], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(macs.iter().map(|m| m.with_colons()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_read_back() {
        for kind in [HoldKind::None, HoldKind::Suspended, HoldKind::Disabled] {
            assert_eq!(kind.as_str().parse(), Ok(kind));
            assert_eq!(Hold::new(kind, "unpaid").kind(), kind);
        }
        for text in ["pppoe", "hotspot", "static", "dhcp", "vpn", "other"] {
            assert_eq!(text.parse::<ConnectionType>().map(ConnectionType::as_str), Ok(text));
        }
        for text in ["prepaid", "postpaid", "free"] {
            assert_eq!(text.parse::<BillingType>().map(BillingType::as_str), Ok(text));
        }
        assert_eq!(Hold::new(HoldKind::Disabled, "lost").reason(), "");
    }
}
