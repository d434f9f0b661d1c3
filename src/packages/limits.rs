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

impl FairUse {
    /// Whether the step waits for the usage that a volume limit is about.
    pub fn watches(&self, limit: &VolumeLimit) -> bool {
        matches!(self.when, FairUseWhen::After { direction, per, .. } if (direction, per) == (limit.direction, limit.per))
    }
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
    pub free_hours: Option<Vec<Hours>>,
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

/// Limits that do not make sense, or not together; says which and what to write.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct LimitsError(pub String);

/// Most limits of one kind: more would make each login slower, and no package needs them.
const MOST_OF_A_KIND: usize = 16;

impl Limits {
    /// Whether anything here must be asked at a login or during a session; simultaneous sessions, devices and places have checks of their own.
    pub fn restrict_access(&self) -> bool {
        !(self.volume.is_empty() && self.time.is_empty() && self.hours.is_empty() && self.fair_use.is_empty())
    }

    /// Checks what the types alone do not.
    pub fn check(&self) -> Result<(), LimitsError> {
        let refuse = |reason: String| Err(LimitsError(reason));
        let most = [self.volume.len(), self.time.len(), self.hours.len(), self.free_hours.len(), self.fair_use.len()].into_iter().max();
        if most.is_some_and(|n| n > MOST_OF_A_KIND) {
            return refuse(format!("there may be {MOST_OF_A_KIND} limits of one kind, not more"));
        }
        if let Some(bad) = self.hours.iter().chain(&self.free_hours).find(|h| !h.is_valid()) {
            return refuse(format!("the hours {bad} do not make sense"));
        }
        if self.validity.is_some_and(|v| v.secs < 60) {
            return refuse("a validity must be at least a minute".to_owned());
        }
        for (index, limit) in self.volume.iter().enumerate() {
            if limit.octets == 0 || limit.octets > i64::MAX as u64 {
                return refuse(format!("the volume limit {limit} must be at least one octet"));
            }
            if self.volume[..index].iter().any(|other| (other.direction, other.per) == (limit.direction, limit.per)) {
                return refuse(format!("there are two volume limits for {} per {}", limit.direction, limit.per));
            }
            if limit.rollover && matches!(limit.per, Period::Validity | Period::Once) {
                return refuse(format!("the volume limit {limit} cannot roll over: only a day, week or month has a next one"));
            }
            if limit.soft && !self.fair_use.iter().any(|step| step.watches(limit)) {
                let (direction, per) = (limit.direction, limit.per);
                return refuse(format!(
                    "the soft limit {limit} needs a step of fair use, such as --fair-use after:{direction}:AMOUNT/{per}=RATE"
                ));
            }
        }
        if self.time.iter().any(|limit| limit.secs == 0) {
            return refuse("a time limit must be at least a second".to_owned());
        }
        Ok(())
    }

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
        if let Some(free_hours) = &own.free_hours {
            limits.free_hours.clone_from(free_hours);
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_that_make_no_sense_are_refused_with_words() {
        let volume = |texts: &[&str]| texts.iter().map(|t| t.parse().expect(t)).collect::<Vec<VolumeLimit>>();
        for (limits, wanted) in [
            (Limits { volume: volume(&["1G/day", "2G/day"]), ..Limits::default() }, "two volume limits for total per day"),
            (Limits { volume: volume(&["1G/once:rollover"]), ..Limits::default() }, "cannot roll over"),
            (Limits { volume: volume(&["1G/day:soft"]), ..Limits::default() }, "needs a step of fair use"),
            (Limits { validity: Some(Validity { secs: 59, from: ValidityStart::Purchase }), ..Limits::default() }, "at least a minute"),
            (Limits { hours: vec!["08:00-09:00".parse().expect("hours"); 17], ..Limits::default() }, "16 limits"),
        ] {
            let reason = limits.check().expect_err(wanted).to_string();
            assert!(reason.contains(wanted), "{reason}");
        }
        let soft = Limits {
            volume: volume(&["1G/day:soft", "upload:1G/day"]),
            fair_use: vec!["after:1G/day=50%".parse().expect("a step")],
            ..Limits::default()
        };
        assert_eq!(soft.check(), Ok(()));
        assert!(soft.restrict_access() && soft.need_usage() && !Limits::default().restrict_access());
    }

    #[test]
    fn a_customers_parts_replace_whole_parts_and_documents_read_back() {
        let package = Limits { volume: vec!["1G/day".parse().expect("a limit")], devices: DevicePolicy::Off, ..Limits::default() };
        let own = LimitsOverride { volume: Some(Vec::new()), devices: Some(DevicePolicy::BindFirst(2)), ..LimitsOverride::default() };
        let both = package.with(&own);
        assert_eq!((both.volume.len(), both.devices), (0, DevicePolicy::BindFirst(2)));
        for limits in [package, both] {
            let text = serde_json::to_string(&limits).expect("writes");
            assert_eq!(serde_json::from_str::<Limits>(&text).expect("reads"), limits);
        }
        assert_eq!(serde_json::from_str::<Limits>("{}").expect("reads"), Limits::default());
    }
}
