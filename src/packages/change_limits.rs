//! Changing limits part by part, and showing them to people and programs.

use serde::Serialize;

use super::{
    DevicePolicy, FairUse, Hours, Limits, LimitsOverride, TimeLimit, Validity, ValidityStart, VolumeLimit, WhenFull, WhenUnknown, service,
};

/// What to change of a package's limits; `None` leaves a part as it is, an empty list removes it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LimitsChanges {
    /// Removes all limits before the rest is applied.
    pub none: bool,
    /// Volume.
    pub volume: Option<Vec<VolumeLimit>>,
    /// Seconds online.
    pub time: Option<Vec<TimeLimit>>,
    /// Length of a period; `Some(None)` removes it.
    pub validity: Option<Option<Validity>>,
    /// When access is allowed.
    pub hours: Option<Vec<Hours>>,
    /// When traffic is not charged.
    pub free_hours: Option<Vec<Hours>>,
    /// Steps.
    pub fair_use: Option<Vec<FairUse>>,
    /// Sessions at once; 0 = any number.
    pub sessions: Option<u16>,
    /// When there are as many.
    pub when_full: Option<WhenFull>,
    /// When some of them are overdue.
    pub when_unknown: Option<WhenUnknown>,
    /// Devices.
    pub devices: Option<DevicePolicy>,
    /// Bits of [`service`]; 0 = any.
    pub services: Option<u8>,
    /// Router ids; empty = any.
    pub routers: Option<Vec<i64>>,
}

fn put<T: Clone>(part: &mut T, change: &Option<T>) {
    if let Some(new) = change {
        part.clone_from(new);
    }
}

impl LimitsChanges {
    /// The limits after the changes, unchecked.
    pub fn apply(&self, limits: Limits) -> Limits {
        let mut limits = if self.none { Limits::default() } else { limits };
        put(&mut limits.volume, &self.volume);
        put(&mut limits.time, &self.time);
        put(&mut limits.validity, &self.validity);
        put(&mut limits.hours, &self.hours);
        put(&mut limits.free_hours, &self.free_hours);
        put(&mut limits.fair_use, &self.fair_use);
        put(&mut limits.simultaneous.sessions, &self.sessions);
        put(&mut limits.simultaneous.when_full, &self.when_full);
        put(&mut limits.simultaneous.when_unknown, &self.when_unknown);
        put(&mut limits.devices, &self.devices);
        put(&mut limits.places.services, &self.services);
        put(&mut limits.places.routers, &self.routers);
        limits
    }

    /// A customer's overrides after the changes: each part named becomes his own, also an empty one.
    pub fn apply_to_override(&self, own: LimitsOverride) -> LimitsOverride {
        let mut own = if self.none { LimitsOverride::default() } else { own };
        own.volume = self.volume.clone().or(own.volume);
        own.time = self.time.clone().or(own.time);
        own.hours = self.hours.clone().or(own.hours);
        own.free_hours = self.free_hours.clone().or(own.free_hours);
        own.fair_use = self.fair_use.clone().or(own.fair_use);
        own.devices = self.devices.or(own.devices);
        if self.services.is_some() || self.routers.is_some() {
            let places = own.places.get_or_insert_default();
            put(&mut places.services, &self.services);
            put(&mut places.routers, &self.routers);
        }
        own
    }
}

/// Limits in the words of the command line, for JSON: what is shown can be given back.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct ShownLimits {
    #[serde(skip_serializing_if = "Option::is_none")]
    volume: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    time: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    validity: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    validity_from_first_login: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    hours: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    free_hours: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    fair_use: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sessions: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    when_full: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    when_unknown: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    devices: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    services: Option<Vec<&'static str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    router_ids: Option<Vec<String>>,
}

fn texts<T: ToString>(parts: &[T]) -> Vec<String> {
    parts.iter().map(ToString::to_string).collect()
}

fn service_names(bits: u8) -> Vec<&'static str> {
    service::ALL.iter().filter(|(bit, _)| bits & bit != 0).map(|(_, name)| *name).collect()
}

impl Limits {
    /// All parts that limit anything.
    pub fn shown(&self) -> ShownLimits {
        fn some<T: ToString>(parts: &[T]) -> Option<Vec<String>> {
            (!parts.is_empty()).then(|| texts(parts))
        }
        let (rules, is_first) = (&self.simultaneous, |v: Validity| v.from == ValidityStart::FirstLogin);
        ShownLimits {
            volume: some(&self.volume),
            time: some(&self.time),
            validity: self.validity.map(|v| v.to_string()),
            validity_from_first_login: self.validity.map(is_first),
            hours: some(&self.hours),
            free_hours: some(&self.free_hours),
            fair_use: some(&self.fair_use),
            sessions: (rules.sessions > 0).then_some(rules.sessions),
            when_full: (rules.when_full != WhenFull::default()).then(|| rules.when_full.to_string()),
            when_unknown: (rules.when_unknown != WhenUnknown::default()).then(|| rules.when_unknown.to_string()),
            devices: (self.devices != DevicePolicy::default()).then(|| self.devices.to_string()),
            services: (self.places.services != 0).then(|| service_names(self.places.services)),
            router_ids: some(&self.places.routers),
        }
    }

    /// One line for a table; empty if nothing is limited.
    pub fn in_a_line(&self) -> String {
        let shown = self.shown();
        let mut parts: Vec<String> = [shown.volume, shown.time].into_iter().flatten().flatten().collect();
        parts.extend(shown.validity.map(|v| format!("valid {v}")));
        for (name, texts) in [("hours", shown.hours), ("free", shown.free_hours), ("fair use", shown.fair_use)] {
            parts.extend(texts.into_iter().flatten().map(|text| format!("{name} {text}")));
        }
        parts.join(", ")
    }
}

impl LimitsOverride {
    /// The customer's own parts, also empty ones.
    pub fn shown(&self) -> ShownLimits {
        let places = self.places.as_ref();
        ShownLimits {
            volume: self.volume.as_deref().map(texts),
            time: self.time.as_deref().map(texts),
            hours: self.hours.as_deref().map(texts),
            free_hours: self.free_hours.as_deref().map(texts),
            fair_use: self.fair_use.as_deref().map(texts),
            devices: self.devices.map(|d| d.to_string()),
            services: places.map(|p| service_names(p.services)),
            router_ids: places.map(|p| texts(&p.routers)),
            ..ShownLimits::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_change_one_by_one_and_are_shown_as_they_are_written() {
        let changes = LimitsChanges {
            volume: Some(vec!["100G/month".parse().expect("a limit")]),
            hours: Some(vec!["mon-fri:08:00-18:00".parse().expect("hours")]),
            ..LimitsChanges::default()
        };
        let limits = changes.apply(Limits { devices: DevicePolicy::Fixed, ..Limits::default() });
        let shown = serde_json::json!({ "volume": ["total:100G/month"], "hours": ["mon-fri:08:00-18:00"], "devices": "fixed" });
        assert_eq!(serde_json::json!(limits.shown()), shown);
        assert_eq!(limits.in_a_line(), "total:100G/month, hours mon-fri:08:00-18:00");
        let none = LimitsChanges { none: true, sessions: Some(2), ..LimitsChanges::default() };
        assert_eq!(serde_json::json!(none.apply(limits).shown()), serde_json::json!({ "sessions": 2 }));
        let own = changes.apply_to_override(LimitsOverride { time: Some(Vec::new()), ..LimitsOverride::default() });
        let shown = serde_json::json!({ "volume": ["total:100G/month"], "time": [], "hours": ["mon-fri:08:00-18:00"] });
        assert_eq!(serde_json::json!(own.shown()), shown);
        assert_eq!(none.apply_to_override(own), LimitsOverride::default());
    }
}
