//! A decision as a compact record of the local log: what was asked, what was answered, how long it waited. Found again by name and by device.

use std::hash::Hasher;

use siphasher::sip::SipHasher13;

use super::decide::RejectReason;
use crate::customers::{LookupBuffer, lookup_candidates};
use crate::units::{Mac, UnixMs};

/// Set beside a reason's number: accepted into the walled garden for it.
const WALLED: u8 = 128;
/// Set where there is a device.
const HAS_MAC: u8 = 1;
/// Set where an instant precedes the attributes: since when other nodes were not known of.
const BLIND: u8 = 2;

/// One verdict.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Decision<'a> {
    /// When.
    pub at: UnixMs,
    /// Whose router.
    pub tenant_id: i64,
    /// Which router.
    pub router_id: i64,
    /// Who; 0 = nobody known.
    pub customer_id: i64,
    /// User-Name as sent.
    pub username: &'a [u8],
    /// The device.
    pub mac: Option<Mac>,
    /// `None` = accepted.
    pub reject: Option<RejectReason>,
    /// Accepted into the walled garden only, for this reason.
    pub walled: Option<RejectReason>,
    /// Since when it was not known what the customer did on other nodes, unix ms: his limits counted only this one.
    pub blind_since: Option<UnixMs>,
    /// PAP, CHAP, ...
    pub method: &'a str,
    /// From arrival at the socket until the answer was ready, microseconds.
    pub took_us: u32,
    /// Attributes of the reply as they were sent, without keys and Proxy-State.
    pub attributes: &'a [u8],
}

impl<'a> Decision<'a> {
    /// Keys under which the record is found: its name without realm in any case of letters, and its device.
    pub fn keys(&self) -> [u64; 2] {
        [name_key(self.username), self.mac.map_or(0, mac_key)]
    }

    /// Writes the record after whatever `out` holds.
    pub fn write(&self, out: &mut Vec<u8>) {
        for n in [self.at, self.tenant_id, self.router_id, self.customer_id] {
            out.extend_from_slice(&n.to_le_bytes());
        }
        out.extend_from_slice(&self.took_us.to_le_bytes());
        out.push(self.walled.map_or(self.reject.map_or(0, |r| r as u8), |r| WALLED | r as u8));
        out.push(self.mac.map_or(0, |_| HAS_MAC) | self.blind_since.map_or(0, |_| BLIND));
        out.extend_from_slice(&self.mac.map_or([0; 6], |m| m.0));
        for text in [self.username, self.method.as_bytes()] {
            let text = &text[..text.len().min(255)];
            out.push(text.len() as u8);
            out.extend_from_slice(text);
        }
        if let Some(since) = self.blind_since {
            out.extend_from_slice(&since.to_le_bytes());
        }
        out.extend_from_slice(self.attributes);
    }

    /// Reads a record; `None` if it is not one.
    pub fn read(mut rest: &'a [u8]) -> Option<Decision<'a>> {
        fn take<'a>(rest: &mut &'a [u8], octets: usize) -> Option<&'a [u8]> {
            let (head, tail) = rest.split_at_checked(octets)?;
            *rest = tail;
            Some(head)
        }
        let mut number = || take(&mut rest, 8).and_then(|b| b.try_into().ok()).map(i64::from_le_bytes);
        let (at, tenant_id, router_id, customer_id) = (number()?, number()?, number()?, number()?);
        let took_us = u32::from_le_bytes(take(&mut rest, 4)?.try_into().ok()?);
        let (reject, flags) = (take(&mut rest, 1)?[0], take(&mut rest, 1)?[0]);
        let mac: [u8; 6] = take(&mut rest, 6)?.try_into().ok()?;
        let mut text = || {
            let octets = take(&mut rest, 1)?[0];
            take(&mut rest, usize::from(octets))
        };
        let (username, method) = (text()?, std::str::from_utf8(text()?).ok()?);
        let blind_since = match flags & BLIND {
            0 => None,
            _ => Some(take(&mut rest, 8).and_then(|b| b.try_into().ok()).map(i64::from_le_bytes)?),
        };
        let reason = if reject == 0 { None } else { Some(RejectReason::from_number(reject & !WALLED)?) };
        let (reject, walled) = if reject & WALLED == 0 { (reason, None) } else { (None, reason) };
        Some(Decision {
            at,
            tenant_id,
            router_id,
            customer_id,
            username,
            mac: (flags & HAS_MAC != 0).then_some(Mac(mac)),
            reject,
            walled,
            blind_since,
            method,
            took_us,
            attributes: rest,
        })
    }
}

/// Key of a user name: without realm, whatever the case of its letters; a name that is a device's address has the device's key.
pub fn name_key(username: &[u8]) -> u64 {
    if let Some(device) = Mac::parse(username) {
        return mac_key(device);
    }
    let mut buffer = LookupBuffer::default();
    let bare = lookup_candidates(username, false, &mut buffer).last();
    key(1, bare.map_or(username, str::as_bytes))
}

/// Key of a device.
pub fn mac_key(mac: Mac) -> u64 {
    key(2, &mac.0)
}

fn key(kind: u8, octets: &[u8]) -> u64 {
    let mut hash = SipHasher13::new();
    hash.write_u8(kind);
    hash.write(octets);
    hash.finish().max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_decision_is_read_as_it_was_written_and_found_by_every_spelling() {
        let decision = Decision {
            at: 1,
            tenant_id: 2,
            router_id: 3,
            customer_id: 4,
            username: b"Bob@isp",
            mac: Some(Mac([1, 2, 3, 4, 5, 6])),
            reject: Some(RejectReason::Expired),
            walled: None,
            blind_since: None,
            method: "CHAP",
            took_us: 77,
            attributes: &[18, 3, b'x'],
        };
        let mut record = Vec::new();
        decision.write(&mut record);
        assert_eq!(Decision::read(&record), Some(decision));
        (0..50).for_each(|cut| assert!(Decision::read(&record[..cut]).is_none()));
        let blind = Decision { blind_since: Some(1_800_000_000_000), ..decision };
        record.clear();
        blind.write(&mut record);
        assert_eq!(Decision::read(&record), Some(blind));
        assert_eq!(decision.keys(), [name_key(b"bob"), mac_key(Mac([1, 2, 3, 4, 5, 6]))]);
        assert_eq!(name_key(b"01-02-03-04-05-06"), decision.keys()[1]);
        assert_ne!(name_key(b"eve"), name_key(b"bob"));
    }
}
