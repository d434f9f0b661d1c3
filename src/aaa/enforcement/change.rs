//! A change of a running session, as far as RouterOS can make one: rate, end, download and upload limit, filter, group, idle timeout and the like. Address, pool,
//! address list and Total-Limit cannot be changed; what needs them ends the session instead (RouterOS manual, "RADIUS", list of attributes supported in CoA).

use std::fmt;

use crate::aaa::decide::MAX_SESSION_TIMEOUT_SECS;
use crate::aaa::reply::LoginTerms;
use crate::radius::dictionary::numbers::mikrotik::{
    ADVERTISE_INTERVAL, ADVERTISE_URL, GROUP, MARK_ID, RATE_LIMIT, RECV_LIMIT, RECV_LIMIT_GIGAWORDS, VENDOR, XMIT_LIMIT,
    XMIT_LIMIT_GIGAWORDS,
};
use crate::radius::dictionary::numbers::{FILTER_ID, IDLE_TIMEOUT, PORT_LIMIT, SESSION_TIMEOUT, VENDOR_SPECIFIC};
use crate::radius::merge;
use crate::sessions::{Granted, Told, VolumeCaps, rate_number};
use crate::units::{UnixMs, printable};

/// Mikrotik-Rate-Limit for "no limit": an empty text cannot be sent.
const NO_RATE: &str = "0/0";
/// A volume limit that is none: 0 might mean "no limit" or "nothing left", so a limit beyond reach is sent instead (4 EiB).
pub const NO_CAP: u64 = 1 << 62;

/// What to change; parts that are `None` stay as they are.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Change {
    /// Mikrotik-Rate-Limit; empty = no limit.
    pub rate: Option<Box<str>>,
    /// Session-Timeout, seconds since the session began.
    pub session_timeout_secs: Option<u32>,
    /// Mikrotik-Xmit-Limit with Gigawords: octets to the customer since the session began.
    pub download_cap: Option<u64>,
    /// Mikrotik-Recv-Limit with Gigawords: octets from the customer since the session began.
    pub upload_cap: Option<u64>,
    /// All settings that the session is to have (see `aaa/reply/told`).
    pub settings: Option<Settings>,
}

/// Settings of a session, encoded as attributes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Settings {
    /// The attributes.
    pub attributes: Box<[u8]>,
    /// Their fingerprint, [`crate::sessions::Told::settings`].
    pub number: u32,
}

impl Settings {
    /// What takes a session from the settings that it was told to these; `None` if an attribute must go that a session cannot lose. An idle timeout is as good as gone
    /// when it is as long as RouterOS takes it.
    pub fn after(told: u32, wanted: &LoginTerms) -> Option<Settings> {
        let lost = told & !wanted.told.settings & Told::KINDS;
        let mut attributes = wanted.settings.to_vec();
        if lost == Told::IDLE_TIMEOUT {
            attributes.extend_from_slice(&[IDLE_TIMEOUT, 6]);
            attributes.extend_from_slice(&(MAX_SESSION_TIMEOUT_SECS as u32).to_be_bytes());
        }
        (lost & !Told::IDLE_TIMEOUT == 0).then(|| Settings { attributes: attributes.into(), number: wanted.told.settings })
    }

    /// Each attribute by its name.
    fn texts(&self) -> Vec<String> {
        let text = |name: &str, value: &[u8]| format!("{name}=\"{}\"", printable(value));
        let number = |name: &str, value: &[u8]| format!("{name}={}", value.try_into().map_or(0, u32::from_be_bytes));
        let all = merge::attributes(&self.attributes).map(|attribute| match (attribute[0], attribute.get(6).copied()) {
            (FILTER_ID, _) => text("Filter-Id", &attribute[2..]),
            (IDLE_TIMEOUT, _) => number("Idle-Timeout", &attribute[2..]),
            (PORT_LIMIT, _) => number("Port-Limit", &attribute[2..]),
            (VENDOR_SPECIFIC, Some(GROUP)) => text("Mikrotik-Group", &attribute[8..]),
            (VENDOR_SPECIFIC, Some(MARK_ID)) => text("Mikrotik-Mark-Id", &attribute[8..]),
            (VENDOR_SPECIFIC, Some(ADVERTISE_URL)) => text("Mikrotik-Advertise-URL", &attribute[8..]),
            (VENDOR_SPECIFIC, Some(ADVERTISE_INTERVAL)) => number("Mikrotik-Advertise-Interval", &attribute[8..]),
            (kind, _) => format!("Attr-{kind}"),
        });
        all.collect()
    }
}

impl Change {
    /// Whether nothing changes.
    pub fn is_empty(&self) -> bool {
        *self == Change::default()
    }

    /// Appends the attributes.
    pub fn write(&self, out: &mut Vec<u8>) {
        if let Some(rate) = &self.rate {
            vendor(out, RATE_LIMIT, if rate.is_empty() { NO_RATE } else { rate }.as_bytes());
        }
        if let Some(secs) = self.session_timeout_secs {
            out.extend_from_slice(&[SESSION_TIMEOUT, 6]);
            out.extend_from_slice(&secs.to_be_bytes());
        }
        for (cap, low, high) in [(self.download_cap, XMIT_LIMIT, XMIT_LIMIT_GIGAWORDS), (self.upload_cap, RECV_LIMIT, RECV_LIMIT_GIGAWORDS)]
        {
            if let Some(octets) = cap {
                vendor(out, low, &(octets as u32).to_be_bytes());
                vendor(out, high, &((octets >> 32) as u32).to_be_bytes());
            }
        }
        if let Some(settings) = &self.settings {
            out.extend_from_slice(&settings.attributes);
        }
    }

    /// What the router has been told in all, once it acknowledged this.
    pub fn granted_after(&self, before: &Granted, started_at: UnixMs) -> Granted {
        let caps = before.caps();
        let caps = VolumeCaps { total: caps.total, download: self.download_cap.or(caps.download), upload: self.upload_cap.or(caps.upload) };
        let ends_at = match self.session_timeout_secs {
            Some(secs) if i64::from(secs) >= MAX_SESSION_TIMEOUT_SECS => UnixMs::MAX,
            Some(secs) => started_at + i64::from(secs) * 1000,
            None => before.ends_at,
        };
        let rate = self.rate.as_ref().map_or(before.rate, |text| rate_number(text.as_bytes()));
        let settings = |told: Told| Told { settings: self.settings.as_ref().map_or(told.settings, |s| s.number), ..told };
        Granted::new(rate, ends_at, before.is_walled(), caps).with_told(before.told().map(settings))
    }
}

/// Each part by its attribute's name, as FreeRADIUS and `radtest` write attributes.
impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rate = self.rate.as_deref().map(|text| format!("Mikrotik-Rate-Limit=\"{}\"", if text.is_empty() { NO_RATE } else { text }));
        let number = |name: &str, n: Option<u64>| n.map(|n| format!("{name}={n}"));
        let parts = [
            rate,
            number("Session-Timeout", self.session_timeout_secs.map(u64::from)),
            number("Mikrotik-Xmit-Limit", self.download_cap),
            number("Mikrotik-Recv-Limit", self.upload_cap),
        ];
        let settings = self.settings.iter().flat_map(Settings::texts);
        let parts: Vec<String> = parts.into_iter().flatten().chain(settings).collect();
        f.write_str(&parts.join(" "))
    }
}

/// A vendor attribute; a text too long for one is cut off by the package's own check before it comes here.
fn vendor(out: &mut Vec<u8>, kind: u8, value: &[u8]) {
    let value = &value[..value.len().min(247)];
    out.extend_from_slice(&[VENDOR_SPECIFIC, value.len() as u8 + 8]);
    out.extend_from_slice(&VENDOR.to_be_bytes());
    out.extend_from_slice(&[kind, value.len() as u8 + 2]);
    out.extend_from_slice(value);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attributes_carry_both_words_and_unlimited_is_said_in_figures() {
        let change = Change { rate: Some("".into()), download_cap: Some((3 << 32) + 5), ..Change::default() };
        let mut out = Vec::new();
        change.write(&mut out);
        let wanted = [
            &[26, 11, 0, 0, 0x3a, 0x8c, 8, 5, b'0', b'/', b'0'][..],
            &[26, 12, 0, 0, 0x3a, 0x8c, 2, 6, 0, 0, 0, 5],
            &[26, 12, 0, 0, 0x3a, 0x8c, 15, 6, 0, 0, 0, 3],
        ]
        .concat();
        assert_eq!(out, wanted);
        assert_eq!(change.to_string(), "Mikrotik-Rate-Limit=\"0/0\" Mikrotik-Xmit-Limit=12884901893");
    }

    #[test]
    fn what_was_granted_changes_only_where_the_change_speaks() {
        let caps = VolumeCaps { upload: Some(7), ..VolumeCaps::default() };
        let before = Granted::new(rate_number(b"1M/2M"), 1_000_000, false, caps);
        let change = Change { session_timeout_secs: Some(60), download_cap: Some(9), ..Change::default() };
        let after = change.granted_after(&before, 5_000);
        assert_eq!((after.ends_at, after.rate), (65_000, before.rate));
        assert_eq!(after.caps(), VolumeCaps { total: None, download: Some(9), upload: Some(7) });
        let longest = Change { session_timeout_secs: Some(MAX_SESSION_TIMEOUT_SECS as u32), ..Change::default() };
        assert_eq!(longest.granted_after(&Granted::UNKNOWN, 5_000).ends_at, UnixMs::MAX);
        assert!(longest.granted_after(&Granted::UNKNOWN, 5_000).is_known());
    }

    #[test]
    fn settings_come_in_place_of_others_but_only_an_idle_timeout_can_go() {
        let terms =
            |settings: &[u8], kinds: u32| LoginTerms { told: Told { at_login: 5, settings: kinds | 0x700 }, settings: settings.into() };
        let (filter, group) = (&[11, 3, b'f'][..], &[26, 9, 0, 0, 0x3a, 0x8c, 3, 3, b'g'][..]);
        let both = Settings::after(1, &terms(&[filter, group].concat(), 9)).expect("a filter more");
        let change = Change { settings: Some(both), ..Change::default() };
        let mut out = Vec::new();
        change.write(&mut out);
        assert_eq!((out, change.to_string()), ([filter, group].concat(), "Filter-Id=\"f\" Mikrotik-Group=\"g\"".to_owned()));
        assert_eq!(Settings::after(9, &terms(filter, 1)), None, "the group cannot go");
        let longer = Settings::after(Told::IDLE_TIMEOUT | 1, &terms(filter, 1)).expect("idle timeout");
        assert_eq!(Change { settings: Some(longer), ..Change::default() }.to_string(), "Filter-Id=\"f\" Idle-Timeout=21474720");
        let told = Told { at_login: 5, settings: 1 };
        let before = Granted::new(1, 9, false, VolumeCaps::default());
        assert_eq!(change.granted_after(&before.with_told(Some(told)), 0).told(), Some(Told { settings: 9 | 0x700, ..told }));
        assert_eq!(change.granted_after(&before, 0).told(), None, "the rest is still unknown");
    }
}
