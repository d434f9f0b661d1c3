//! MikroTik's attributes (vendor 14988) of a package, encoded once when the package is loaded.

use crate::radius::ReplyWriter;
use crate::radius::dictionary::numbers::mikrotik::{
    ADDRESS_LIST, GROUP, RATE_LIMIT, RECV_LIMIT, RECV_LIMIT_GIGAWORDS, TOTAL_LIMIT, TOTAL_LIMIT_GIGAWORDS, VENDOR, XMIT_LIMIT,
    XMIT_LIMIT_GIGAWORDS,
};
use crate::radius::dictionary::numbers::{IDLE_TIMEOUT, VENDOR_SPECIFIC};
use crate::sessions::VolumeCaps;

/// What of a package becomes attributes that are the same for all its customers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PackageAttributes<'a> {
    /// Mikrotik-Rate-Limit, rendered.
    pub rate_limit: Option<&'a str>,
    /// Mikrotik-Address-List.
    pub address_list: Option<&'a str>,
    /// Mikrotik-Group.
    pub group: Option<&'a str>,
    /// Idle-Timeout, seconds.
    pub idle_timeout_secs: Option<u32>,
}

/// Encodes them; a text that does not fit an attribute is left out, which the package's own check prevents.
pub fn encode(package: &PackageAttributes<'_>) -> Box<[u8]> {
    let mut out = Vec::new();
    for (kind, text) in [(RATE_LIMIT, package.rate_limit), (ADDRESS_LIST, package.address_list), (GROUP, package.group)] {
        if let Some(text) = text.filter(|t| !t.is_empty() && t.len() <= 247) {
            let octets = text.len() as u8;
            out.extend_from_slice(&[VENDOR_SPECIFIC, octets + 8]);
            out.extend_from_slice(&VENDOR.to_be_bytes());
            out.extend_from_slice(&[kind, octets + 2]);
            out.extend_from_slice(text.as_bytes());
        }
    }
    if let Some(secs) = package.idle_timeout_secs {
        out.extend_from_slice(&[IDLE_TIMEOUT, 6]);
        out.extend_from_slice(&secs.to_be_bytes());
    }
    out.into_boxed_slice()
}

/// Writes volume limits: octets of the session since its start, split into low and high words. RouterOS counts from its own side: Recv is the customer's upload.
pub fn write_caps(reply: &mut ReplyWriter<'_>, caps: &VolumeCaps) {
    let limits = [
        (TOTAL_LIMIT, TOTAL_LIMIT_GIGAWORDS, caps.total),
        (XMIT_LIMIT, XMIT_LIMIT_GIGAWORDS, caps.download),
        (RECV_LIMIT, RECV_LIMIT_GIGAWORDS, caps.upload),
    ];
    for (low, high, octets) in limits.into_iter().filter_map(|(low, high, cap)| Some((low, high, cap?))) {
        // Nothing in both words would mean "no limit".
        let octets = octets.max(1);
        reply.vendor(VENDOR, low, &(octets as u32).to_be_bytes());
        if octets >> 32 != 0 {
            reply.vendor(VENDOR, high, &((octets >> 32) as u32).to_be_bytes());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attributes_are_vendor_specific_and_absent_ones_are_not_sent() {
        let package = PackageAttributes {
            rate_limit: Some("10M/20M"),
            idle_timeout_secs: Some(300),
            group: Some(""),
            ..PackageAttributes::default()
        };
        let wanted = [&[26, 15, 0, 0, 0x3a, 0x8c, 8, 9][..], b"10M/20M", &[28, 6, 0, 0, 1, 44]].concat();
        assert_eq!(&*encode(&package), wanted);
    }
}
