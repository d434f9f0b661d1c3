//! Limits of a package, typed: volume, time, hours, fair use, simultaneous sessions, devices, places. Kept as one JSON document per package; a customer's
//! overrides ([`LimitsOverride`]) replace whole parts of it.

use serde::{Deserialize, Serialize};

use super::RateLimit;

/// Over which span usage is counted. Spans begin in the tenant's zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Period {
    /// From one local midnight to the next.
    Day,
    /// From Monday's local midnight.
    Week,
    /// From the first local midnight of a calendar month.
    Month,
    /// The customer's present validity period: since it was bought or, if the package says so, first used.
    Validity,
    /// Since the customer has this package: never again.
    Once,
}

impl Period {
    /// All of them; a counter of usage keeps them in this order.
    pub const ALL: [Period; 5] = [Period::Day, Period::Week, Period::Month, Period::Validity, Period::Once];
}

/// Which octets count, seen from the customer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Direction {
    /// Towards the customer.
    Download,
    /// From the customer.
    Upload,
    /// Both together.
    Total,
}

/// So many octets per period.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VolumeLimit {
    /// Which octets.
    pub direction: Direction,
    /// How many, at least 1.
    pub octets: u64,
    /// Per what.
    pub per: Period,
    /// Whether what the last period left over is added to the next one (once: what was left over itself does not carry on).
    #[serde(default)]
    pub rollover: bool,
    /// Whether the end of it is no end of access: the fair-use steps say what comes then.
    #[serde(default)]
    pub soft: bool,
}

/// So many seconds online per period.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TimeLimit {
    /// Seconds online, all sessions together; at least 1.
    pub secs: u64,
    /// Per what.
    pub per: Period,
}

/// From when a validity period runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ValidityStart {
    /// From the purchase: the customer's expiry is set then.
    #[default]
    Purchase,
    /// From the first accepted login: until then the customer is pending.
    FirstLogin,
}

/// How long a period of the package lasts by the wall clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Validity {
    /// Seconds, at least 60.
    pub secs: u64,
    /// From when.
    #[serde(default)]
    pub from: ValidityStart,
}

/// A span of the week in the tenant's zone. A span over midnight belongs to the day it begins on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hours {
    /// Bit 0 = Monday ... bit 6 = Sunday; 127 = every day.
    pub days: u8,
    /// Minute of the day at which it begins, 0..1440.
    pub from_minute: u16,
    /// Minute of the day at which it ends, 1..=1440; not after `from_minute`: on the next day.
    pub until_minute: u16,
}

/// When a fair-use step applies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FairUseWhen {
    /// After so many octets in a period.
    After {
        /// Which octets.
        direction: Direction,
        /// How many.
        octets: u64,
        /// Per what.
        per: Period,
    },
    /// During these hours.
    During(Hours),
}

/// The rate of a fair-use step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FairUseRate {
    /// The package's rate times so many hundredths, 1..=10000.
    Percent(u16),
    /// This rate.
    Fixed(RateLimit),
}

/// One step of fair use. Steps are in order; of those that apply the last one counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FairUse {
    /// When.
    pub when: FairUseWhen,
    /// How fast then.
    pub rate: FairUseRate,
}

/// What happens when one session more than allowed is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum WhenFull {
    /// The new one is refused.
    #[default]
    RefuseNew,
    /// The oldest one is ended.
    ReplaceOldest,
    /// The new one is refused unless it is of a device that is online already: then that session is ended, also on another router.
    SameMacReplaces,
}

/// Whether a session whose liveness is not known (its interims are overdue) counts against the number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum WhenUnknown {
    /// It does not: nobody is locked out by a lost packet.
    #[default]
    DoesNotCount,
    /// It counts until it is closed.
    Counts,
}

/// Rules for several sessions of one customer. The number is the customer's own, else the package's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Simultaneous {
    /// Sessions at once for customers who have no number of their own; 0 = any number.
    pub sessions: u16,
    /// When there are as many.
    pub when_full: WhenFull,
    /// When some of them are overdue.
    pub when_unknown: WhenUnknown,
}

/// Which devices a customer may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DevicePolicy {
    /// Those on his list if he has one, else any.
    #[default]
    Listed,
    /// Any, whatever is on his list.
    Off,
    /// The first so many that log in are put on his list; then only these.
    BindFirst(u8),
    /// Only those on his list; a new one is confirmed at the portal.
    AskAtPortal,
    /// Only those on his list.
    Fixed,
}

/// Services that a login can come from; bits of [`Places::services`].
pub mod service {
    /// PPP over Ethernet.
    pub const PPPOE: u8 = 1;
    /// Hotspot.
    pub const HOTSPOT: u8 = 2;
    /// DHCP lease.
    pub const DHCP: u8 = 4;
    /// Wi-Fi.
    pub const WIRELESS: u8 = 8;
    /// L2TP, PPTP, SSTP, OpenVPN, IPsec.
    pub const VPN: u8 = 16;
    /// Each with its name.
    pub const ALL: [(u8, &str); 5] = [(PPPOE, "pppoe"), (HOTSPOT, "hotspot"), (DHCP, "dhcp"), (WIRELESS, "wireless"), (VPN, "vpn")];
}

/// Where a customer may log in.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Places {
    /// Router ids; empty = any that the tenant's rules allow.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub routers: Vec<i64>,
    /// See [`service`]; 0 = any.
    pub services: u8,
}

/// All limits of a package.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// All of them hold.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub volume: Vec<VolumeLimit>,
    /// All of them hold.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub time: Vec<TimeLimit>,
    /// How long a period lasts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub validity: Option<Validity>,
    /// When access is allowed; empty = always.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub hours: Vec<Hours>,
    /// When traffic is counted but not charged.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub free_hours: Vec<Hours>,
    /// In order.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub fair_use: Vec<FairUse>,
    /// Several sessions at once.
    pub simultaneous: Simultaneous,
    /// Devices.
    pub devices: DevicePolicy,
    /// Routers and services.
    pub places: Places,
}

/// A customer's own limits; each part that is there replaces the package's whole part.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LimitsOverride {
    /// Instead of the package's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub volume: Option<Vec<VolumeLimit>>,
    /// Instead of the package's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time: Option<Vec<TimeLimit>>,
    /// Instead of the package's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hours: Option<Vec<Hours>>,
    /// Instead of the package's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fair_use: Option<Vec<FairUse>>,
    /// Instead of the package's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub devices: Option<DevicePolicy>,
    /// Instead of the package's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub places: Option<Places>,
}

impl Limits {
    /// Whether any of them needs to know what was used.
    pub fn need_usage(&self) -> bool {
        !self.volume.is_empty() || !self.time.is_empty() || self.fair_use.iter().any(|step| matches!(step.when, FairUseWhen::After { .. }))
    }

    /// These limits with a customer's own parts put in.
    pub fn with(&self, own: &LimitsOverride) -> Limits {
        let mut limits = self.clone();
        if let Some(volume) = &own.volume {
            limits.volume.clone_from(volume);
        }
        if let Some(time) = &own.time {
            limits.time.clone_from(time);
        }
        if let Some(hours) = &own.hours {
            limits.hours.clone_from(hours);
        }
        if let Some(fair_use) = &own.fair_use {
            limits.fair_use.clone_from(fair_use);
        }
        if let Some(devices) = own.devices {
            limits.devices = devices;
        }
        if let Some(places) = &own.places {
            limits.places.clone_from(places);
        }
        limits
    }
}
