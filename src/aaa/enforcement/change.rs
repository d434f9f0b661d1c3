//! A change of a running session, as far as RouterOS can make one: rate, end, download and upload limit. Address, pool, address list and Total-Limit cannot be
//! changed; what needs them ends the session instead (RouterOS manual, "RADIUS", list of attributes supported in CoA).

use std::fmt;

use crate::aaa::decide::MAX_SESSION_TIMEOUT_SECS;
use crate::radius::dictionary::numbers::mikrotik::{
    RATE_LIMIT, RECV_LIMIT, RECV_LIMIT_GIGAWORDS, VENDOR, XMIT_LIMIT, XMIT_LIMIT_GIGAWORDS,
};
use crate::radius::dictionary::numbers::{SESSION_TIMEOUT, VENDOR_SPECIFIC};
use crate::sessions::{Granted, VolumeCaps, rate_number};
use crate::units::UnixMs;

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
        Granted::new(rate, ends_at, before.is_walled(), caps)
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
        let parts: Vec<String> = parts.into_iter().flatten().collect();
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
}
