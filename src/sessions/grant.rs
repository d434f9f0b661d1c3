//! What a router was told about a session: by the Accept (it rides in the token) and by every proven change since. Enforcement compares it with what is wanted.

use crate::units::{OctetReader, OctetWriter, UnixMs};

/// Bits of [`Granted::flags`].
mod bit {
    pub const WALLED: u8 = 1;
    pub const TOTAL: u8 = 2;
    pub const DOWNLOAD: u8 = 4;
    pub const UPLOAD: u8 = 8;
    pub const UNKNOWN: u8 = 16;
    pub const ENDS: u8 = 32;
    pub const ALL: u8 = 63;
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
    pub(super) flags: u8,
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
    pub const UNKNOWN: Granted = Granted { ends_at: UnixMs::MAX, first: 0, second: 0, rate: 0, flags: bit::UNKNOWN };

    /// What an Accept or an acknowledged change says.
    pub fn new(rate: u32, ends_at: UnixMs, is_walled: bool, caps: VolumeCaps) -> Granted {
        let mut flags = if is_walled { bit::WALLED } else { 0 };
        for (cap, bit) in [(caps.total, bit::TOTAL), (caps.download, bit::DOWNLOAD), (caps.upload, bit::UPLOAD)] {
            if cap.is_some() {
                flags |= bit;
            }
        }
        Granted { ends_at, first: caps.total.or(caps.download).unwrap_or(0), second: caps.upload.unwrap_or(0), rate, flags }
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
    }

    /// Reads what [`Granted::write`] wrote.
    pub fn read(r: &mut OctetReader<'_>) -> Option<Granted> {
        let (flags, rate) = (r.u8()?, r.u32()?);
        let has = |bits: u8| flags & bits != 0;
        let ends_at = if has(bit::ENDS) { r.i64()? } else { UnixMs::MAX };
        let first = if has(bit::TOTAL | bit::DOWNLOAD) { r.u64()? } else { 0 };
        let second = if has(bit::UPLOAD) { r.u64()? } else { 0 };
        (flags & !bit::ALL == 0).then_some(Granted { ends_at, first, second, rate, flags: flags & !bit::ENDS })
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
        for granted in
            caps.map(|caps| Granted::new(rate_number(b"1M/2M"), 1_800_000_000_000, true, caps)).into_iter().chain([Granted::UNKNOWN])
        {
            let mut octets = Vec::new();
            granted.write(&mut octets);
            assert_eq!(Granted::read(&mut OctetReader(&octets)), Some(granted));
            assert!((0..octets.len()).all(|cut| Granted::read(&mut OctetReader(&octets[..cut])).is_none()));
        }
        assert_eq!(Granted::new(1, i64::MAX, false, caps[2]).caps(), caps[2]);
        assert!(!Granted::UNKNOWN.is_known() && rate_number(b"") == 0);
    }
}
