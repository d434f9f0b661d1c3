//! What a router was told about a session: by the Accept (it rides in the token) and by every proven change since. Enforcement compares it with what is wanted.

use serde::{Deserialize, Serialize};

use crate::units::{OctetReader, OctetWriter, UnixMs};

/// Bits of [`Granted::flags`].
mod bit {
    pub const WALLED: u8 = 1;
    pub const TOTAL: u8 = 2;
    pub const DOWNLOAD: u8 = 4;
    pub const UPLOAD: u8 = 8;
    pub const UNKNOWN: u8 = 16;
    pub const ENDS: u8 = 32;
    pub const TOLD: u8 = 64;
    pub const ALL: u8 = 127;
}

/// What a router was told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Granted {
    /// When the router ends the session by itself (Session-Timeout), unix ms; `UnixMs::MAX` = never.
    pub ends_at: UnixMs,
    /// Octets of the whole session after which the router ends it: Mikrotik-Total-Limit, or Mikrotik-Xmit-Limit (download).
    pub(super) first: u64,
    /// Mikrotik-Recv-Limit (upload).
    pub(super) second: u64,
    /// Number of the rate (see [`rate_number`]).
    pub rate: u32,
    pub(super) told: Told,
    pub(super) flags: u8,
}

/// Fingerprints of what else the router was told (see `aaa/reply/told`). 8 octets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Told {
    /// Address, pool, address list and whatever else takes effect at a login only.
    pub at_login: u32,
    /// Filter, group and whatever else a running session takes; the lowest octet has a bit for each kind of attribute that was there.
    pub settings: u32,
}

impl Told {
    /// How fingerprints are made. Those that were made in another way are taken for unknown, never for different.
    pub const FORM: u8 = 1;
    /// The bits of kinds in [`Told::settings`].
    pub const KINDS: u32 = 0xff;
    /// Idle-Timeout among them: the one that can be taken back by a longer one.
    pub const IDLE_TIMEOUT: u32 = 2;
}

/// Volume limits of a session, octets since its start, seen from the customer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct VolumeCaps {
    /// Both together; excludes the other two.
    pub total: Option<u64>,
    /// Towards the customer.
    pub download: Option<u64>,
    /// From the customer.
    pub upload: Option<u64>,
}

/// A number for the text of a Mikrotik-Rate-Limit, so that two can be compared without keeping them. 0 = none.
pub fn rate_number(text: &[u8]) -> u32 {
    if text.is_empty() { 0 } else { crc32fast::hash(text).max(1) }
}

impl Granted {
    /// Nothing is known of what the router was told.
    pub const UNKNOWN: Granted =
        Granted { ends_at: UnixMs::MAX, first: 0, second: 0, rate: 0, told: Told { at_login: 0, settings: 0 }, flags: bit::UNKNOWN };

    /// What an Accept or an acknowledged change says.
    pub fn new(rate: u32, ends_at: UnixMs, is_walled: bool, caps: VolumeCaps) -> Granted {
        let mut flags = if is_walled { bit::WALLED } else { 0 };
        for (cap, bit) in [(caps.total, bit::TOTAL), (caps.download, bit::DOWNLOAD), (caps.upload, bit::UPLOAD)] {
            if cap.is_some() {
                flags |= bit;
            }
        }
        Granted {
            ends_at,
            first: caps.total.or(caps.download).unwrap_or(0),
            second: caps.upload.unwrap_or(0),
            rate,
            told: Told::default(),
            flags,
        }
    }

    /// The same with what else was told.
    pub fn with_told(self, told: Option<Told>) -> Granted {
        match told {
            Some(told) => Granted { told, flags: self.flags | bit::TOLD, ..self },
            None => Granted { told: Told::default(), flags: self.flags & !bit::TOLD, ..self },
        }
    }

    /// What else was told; `None` = not known, or told by a program that made other fingerprints.
    pub fn told(&self) -> Option<Told> {
        (self.flags & bit::TOLD != 0).then_some(self.told)
    }

    /// Whether anything is known.
    pub fn is_known(&self) -> bool {
        self.flags & bit::UNKNOWN == 0
    }

    /// Whether the session is behind the walled garden.
    pub fn is_walled(&self) -> bool {
        self.flags & bit::WALLED != 0
    }

    /// The volume limits.
    pub fn caps(&self) -> VolumeCaps {
        let has = |bit: u8, octets: u64| (self.flags & bit != 0).then_some(octets);
        VolumeCaps { total: has(bit::TOTAL, self.first), download: has(bit::DOWNLOAD, self.first), upload: has(bit::UPLOAD, self.second) }
    }

    /// Appends it, as short as it allows.
    pub fn write(&self, out: &mut Vec<u8>) {
        let ends = if self.ends_at == UnixMs::MAX { 0 } else { bit::ENDS };
        let mut w = OctetWriter(out);
        w.u8(self.flags | ends).u32(self.rate);
        if ends != 0 {
            w.i64(self.ends_at);
        }
        if self.flags & (bit::TOTAL | bit::DOWNLOAD) != 0 {
            w.u64(self.first);
        }
        if self.flags & bit::UPLOAD != 0 {
            w.u64(self.second);
        }
        if self.flags & bit::TOLD != 0 {
            w.u8(Told::FORM).u32(self.told.at_login).u32(self.told.settings);
        }
    }

    /// Reads what [`Granted::write`] wrote.
    pub fn read(r: &mut OctetReader<'_>) -> Option<Granted> {
        let (flags, rate) = (r.u8()?, r.u32()?);
        let has = |bits: u8| flags & bits != 0;
        let ends_at = if has(bit::ENDS) { r.i64()? } else { UnixMs::MAX };
        let first = if has(bit::TOTAL | bit::DOWNLOAD) { r.u64()? } else { 0 };
        let second = if has(bit::UPLOAD) { r.u64()? } else { 0 };
        let (form, told) = if has(bit::TOLD) { (r.u8()?, Told { at_login: r.u32()?, settings: r.u32()? }) } else { (0, Told::default()) };
        let granted = Granted { ends_at, first, second, rate, told: Told::default(), flags: flags & !(bit::ENDS | bit::TOLD) };
        (flags & !bit::ALL == 0).then_some(granted.with_told((form == Told::FORM).then_some(told)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_grant_reads_back_as_it_was_written() {
        let caps = [
            VolumeCaps::default(),
            VolumeCaps { total: Some(5 << 32), ..VolumeCaps::default() },
            VolumeCaps { download: Some(7), upload: Some(u64::MAX), total: None },
            VolumeCaps { upload: Some(9), ..VolumeCaps::default() },
        ];
        for granted in caps
            .map(|caps| Granted::new(rate_number(b"1M/2M"), 1_800_000_000_000, true, caps))
            .into_iter()
            .chain([Granted::UNKNOWN])
            .flat_map(|granted| [granted, granted.with_told(Some(Told { at_login: 7, settings: u32::MAX }))])
        {
            let mut octets = Vec::new();
            granted.write(&mut octets);
            assert_eq!(Granted::read(&mut OctetReader(&octets)), Some(granted));
            assert!((0..octets.len()).all(|cut| Granted::read(&mut OctetReader(&octets[..cut])).is_none()));
        }
        assert_eq!(Granted::new(1, i64::MAX, false, caps[2]).caps(), caps[2]);
        assert!(!Granted::UNKNOWN.is_known() && rate_number(b"") == 0);
    }

    #[test]
    fn fingerprints_of_another_form_are_unknown_and_nothing_else_is_lost() {
        let plain = Granted::new(9, 1_800_000_000_000, false, VolumeCaps { upload: Some(5), ..VolumeCaps::default() });
        let mut octets = Vec::new();
        plain.with_told(Some(Told { at_login: 1, settings: 2 })).write(&mut octets);
        let form_at = octets.len() - 9;
        octets[form_at] += 1;
        assert_eq!(Granted::read(&mut OctetReader(&octets)), Some(plain));
    }
}
