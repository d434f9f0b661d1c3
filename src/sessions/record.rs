//! What the journal keeps: accounting updates with their session already named, and the other facts that the data plane finds. Little-endian, length-prefixed.

use std::net::{IpAddr, Ipv4Addr};

use super::event::Status;
use crate::units::{Mac, OctetReader, OctetWriter, UnixMs};

/// A record does not read as what its kind says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a journal record of kind {0} does not read")]
pub struct RecordError(pub u8);

/// An accounting event whose session has been named.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Update<'a> {
    /// Whose session.
    pub tenant_id: i64,
    /// By which router entry.
    pub router_id: i64,
    /// By which box behind it.
    pub nas_instance: i64,
    /// Whose; 0 = not known to the data plane.
    pub customer_id: i64,
    /// The session's name in the store.
    pub session_key: [u8; 16],
    /// When the session began.
    pub started_at: UnixMs,
    /// When the event happened.
    pub at: UnixMs,
    /// What happened.
    pub status: Status,
    /// Whether no row is expected in the store yet.
    pub opens: bool,
    /// Used before Tollgate's time: not charged.
    pub carried_over: bool,
    /// Whether the session was found by nothing but its start, which a lost packet may have blurred: look for a neighbour in the store first.
    pub is_stray: bool,
    /// Whether a newer session has taken the name: this one has ended, whatever it says of itself.
    pub is_past: bool,
    /// The router's own list let this one in.
    pub is_local: bool,
    /// Whether the counters came with high words.
    pub has_gigawords: bool,
    /// Acct-Session-Time.
    pub session_secs: Option<u32>,
    /// From the customer.
    pub octets_in: Option<u64>,
    /// To the customer.
    pub octets_out: Option<u64>,
    /// Acct-Terminate-Cause.
    pub terminate_cause: u32,
    /// Framed-IP-Address.
    pub framed_ip: Option<Ipv4Addr>,
    /// Calling-Station-Id, if it is a MAC.
    pub mac: Option<Mac>,
    /// A session whose Stop must have been lost, since this one took its name.
    pub replaces: Option<[u8; 16]>,
    /// Acct-Session-Id.
    pub acct_session_id: &'a [u8],
    /// User-Name as sent.
    pub username: &'a [u8],
    /// Called-Station-Id.
    pub called_station: &'a [u8],
    /// NAS-Port-Id.
    pub nas_port_id: &'a [u8],
}

/// A router was found to sign all its requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RouterLearned {
    /// Whose router.
    pub tenant_id: i64,
    /// Which entry.
    pub router_id: i64,
    /// From which address.
    pub address: IpAddr,
    /// When.
    pub at: UnixMs,
}

/// A login put a device on a customer's list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MacBound {
    /// Whose customer.
    pub tenant_id: i64,
    /// Whose device.
    pub customer_id: i64,
    /// On which router.
    pub router_id: i64,
    /// Which device.
    pub mac: Mac,
    /// How many devices the list may have so.
    pub most: u8,
    /// When.
    pub at: UnixMs,
}

/// A login leased an address of one of the server's pools.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Leased {
    /// Whose pool.
    pub tenant_id: i64,
    /// Which pool.
    pub pool_id: i64,
    /// To whom.
    pub customer_id: i64,
    /// Which address.
    pub address: Ipv4Addr,
    /// For which device.
    pub mac: Option<Mac>,
    /// When.
    pub at: UnixMs,
}

/// Anything the data plane writes to the journal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Record<'a> {
    /// An accounting event.
    Update(Update<'a>),
    /// Sessions of a NAS instance that began before `at` ended with it; `only` limits them to one service octet of MikroTik's ids with another boot digit.
    NasRestarted {
        /// Which box.
        nas_instance: i64,
        /// When.
        at: UnixMs,
        /// Service octet and present boot digit (two and one hex digits), `None` for all.
        only: Option<(u8, u8)>,
    },
    /// A session went silent.
    Ended {
        /// Whose.
        tenant_id: i64,
        /// By which box.
        nas_instance: i64,
        /// Which.
        session_key: [u8; 16],
        /// Why.
        terminate_cause: u32,
        /// If its newest event is still this one.
        last_event_at: UnixMs,
        /// Its Acct-Session-Id, by which memory finds it.
        acct_session_id: &'a [u8],
    },
    /// A packet that was answered but is about no session, as it came.
    Odd {
        /// When.
        at: UnixMs,
        /// From which router.
        router_id: i64,
        /// The packet.
        packet: &'a [u8],
    },
    /// See [`RouterLearned`].
    RouterLearned(RouterLearned),
    /// See [`MacBound`].
    MacBound(MacBound),
    /// See [`Leased`].
    Leased(Leased),
    /// A box was seen for the first time since start.
    NasSeen {
        /// Whose.
        tenant_id: i64,
        /// Its name.
        nas_instance: i64,
        /// Behind which entry.
        router_id: i64,
        /// When.
        at: UnixMs,
        /// NAS-Identifier.
        nas_identifier: &'a [u8],
        /// NAS-IP-Address or NAS-IPv6-Address, as octets.
        nas_address: &'a [u8],
    },
    /// A customer whose validity begins with his first login was let in: the first record of him counts.
    FirstLogin {
        /// Whose.
        tenant_id: i64,
        /// Who.
        customer_id: i64,
        /// When.
        at: UnixMs,
    },
}

const UPDATE: u8 = 1;
const NAS_RESTARTED: u8 = 2;
const ENDED: u8 = 3;
const ODD: u8 = 4;
const ROUTER_LEARNED: u8 = 5;
const NAS_SEEN: u8 = 6;
const FIRST_LOGIN: u8 = 7;
const MAC_BOUND: u8 = 20;
const LEASED: u8 = 21;

mod bit {
    pub const OPENS: u16 = 1;
    pub const CARRIED_OVER: u16 = 2;
    pub const STRAY: u16 = 4;
    pub const LOCAL: u16 = 8;
    pub const GIGAWORDS: u16 = 16;
    pub const SECS: u16 = 32;
    pub const OCTETS_IN: u16 = 64;
    pub const OCTETS_OUT: u16 = 128;
    pub const FRAMED_IP: u16 = 256;
    pub const MAC: u16 = 512;
    pub const REPLACES: u16 = 1024;
    pub const PAST: u16 = 2048;
}

impl<'a> Record<'a> {
    /// The kind octet under which the journal keeps it.
    pub fn kind(&self) -> u8 {
        match self {
            Record::Update(_) => UPDATE,
            Record::NasRestarted { .. } => NAS_RESTARTED,
            Record::Ended { .. } => ENDED,
            Record::Odd { .. } => ODD,
            Record::RouterLearned(_) => ROUTER_LEARNED,
            Record::NasSeen { .. } => NAS_SEEN,
            Record::FirstLogin { .. } => FIRST_LOGIN,
            Record::MacBound(_) => MAC_BOUND,
            Record::Leased(_) => LEASED,
        }
    }

    /// Appends the payload.
    pub fn write(&self, payload: &mut Vec<u8>) {
        let mut w = OctetWriter(payload);
        match self {
            Record::Update(update) => update.write(&mut w),
            Record::NasRestarted { nas_instance, at, only } => {
                w.i64(*nas_instance).i64(*at);
                let (service, digit) = only.unwrap_or((0, 255));
                w.u8(service).u8(digit);
            }
            Record::Ended { tenant_id, nas_instance, session_key, terminate_cause, last_event_at, acct_session_id } => {
                w.i64(*tenant_id).i64(*nas_instance).octets(session_key).u32(*terminate_cause).i64(*last_event_at).short(acct_session_id);
            }
            Record::Odd { at, router_id, packet } => {
                w.i64(*at).i64(*router_id).octets(packet);
            }
            Record::RouterLearned(learned) => {
                w.i64(learned.tenant_id).i64(learned.router_id).i64(learned.at).short(learned.address.to_string().as_bytes());
            }
            Record::MacBound(b) => {
                w.i64(b.tenant_id).i64(b.customer_id).i64(b.router_id).octets(&b.mac.0).u8(b.most).i64(b.at);
            }
            Record::Leased(l) => {
                w.i64(l.tenant_id).i64(l.pool_id).i64(l.customer_id).octets(&l.address.octets()).i64(l.at);
                w.short(l.mac.as_ref().map_or(&[], |m| &m.0));
            }
            Record::NasSeen { tenant_id, nas_instance, router_id, at, nas_identifier, nas_address } => {
                w.i64(*tenant_id).i64(*nas_instance).i64(*router_id).i64(*at).short(nas_identifier).short(nas_address);
            }
            Record::FirstLogin { tenant_id, customer_id, at } => {
                w.i64(*tenant_id).i64(*customer_id).i64(*at);
            }
        }
    }

    /// Reads a payload of a kind.
    pub fn read(kind: u8, payload: &'a [u8]) -> Result<Record<'a>, RecordError> {
        let mut r = OctetReader(payload);
        Self::read_from(kind, &mut r).ok_or(RecordError(kind))
    }

    fn read_from(kind: u8, r: &mut OctetReader<'a>) -> Option<Record<'a>> {
        Some(match kind {
            UPDATE => Record::Update(Update::read(r)?),
            NAS_RESTARTED => {
                let (nas_instance, at, service, digit) = (r.i64()?, r.i64()?, r.u8()?, r.u8()?);
                Record::NasRestarted { nas_instance, at, only: (digit != 255).then_some((service, digit)) }
            }
            ENDED => Record::Ended {
                tenant_id: r.i64()?,
                nas_instance: r.i64()?,
                session_key: r.array()?,
                terminate_cause: r.u32()?,
                last_event_at: r.i64()?,
                acct_session_id: r.short()?,
            },
            ODD => Record::Odd { at: r.i64()?, router_id: r.i64()?, packet: r.0 },
            ROUTER_LEARNED => {
                let (tenant_id, router_id, at) = (r.i64()?, r.i64()?, r.i64()?);
                let address = std::str::from_utf8(r.short()?).ok()?.parse().ok()?;
                Record::RouterLearned(RouterLearned { tenant_id, router_id, address, at })
            }
            MAC_BOUND => Record::MacBound(MacBound {
                tenant_id: r.i64()?,
                customer_id: r.i64()?,
                router_id: r.i64()?,
                mac: Mac(r.array()?),
                most: r.u8()?,
                at: r.i64()?,
            }),
            LEASED => Record::Leased(Leased {
                tenant_id: r.i64()?,
                pool_id: r.i64()?,
                customer_id: r.i64()?,
                address: r.array::<4>()?.into(),
                at: r.i64()?,
                mac: <[u8; 6]>::try_from(r.short()?).ok().map(Mac),
            }),
            NAS_SEEN => Record::NasSeen {
                tenant_id: r.i64()?,
                nas_instance: r.i64()?,
                router_id: r.i64()?,
                at: r.i64()?,
                nas_identifier: r.short()?,
                nas_address: r.short()?,
            },
            FIRST_LOGIN => Record::FirstLogin { tenant_id: r.i64()?, customer_id: r.i64()?, at: r.i64()? },
            _ => return None,
        })
    }
}

impl<'a> Update<'a> {
    fn bits(&self) -> u16 {
        [
            (self.opens, bit::OPENS),
            (self.carried_over, bit::CARRIED_OVER),
            (self.is_stray, bit::STRAY),
            (self.is_past, bit::PAST),
            (self.is_local, bit::LOCAL),
            (self.has_gigawords, bit::GIGAWORDS),
            (self.session_secs.is_some(), bit::SECS),
            (self.octets_in.is_some(), bit::OCTETS_IN),
            (self.octets_out.is_some(), bit::OCTETS_OUT),
            (self.framed_ip.is_some(), bit::FRAMED_IP),
            (self.mac.is_some(), bit::MAC),
            (self.replaces.is_some(), bit::REPLACES),
        ]
        .into_iter()
        .fold(0, |bits, (set, bit)| if set { bits | bit } else { bits })
    }

    fn write(&self, w: &mut OctetWriter<'_>) {
        w.i64(self.tenant_id).i64(self.router_id).i64(self.nas_instance).i64(self.customer_id).octets(&self.session_key);
        w.i64(self.started_at).i64(self.at).u8(self.status as u8).u16(self.bits());
        w.u32(self.session_secs.unwrap_or(0)).u64(self.octets_in.unwrap_or(0)).u64(self.octets_out.unwrap_or(0)).u32(self.terminate_cause);
        w.octets(&self.framed_ip.map_or([0; 4], |ip| ip.octets())).octets(&self.mac.map_or([0; 6], |m| m.0));
        if let Some(replaced) = &self.replaces {
            w.octets(replaced);
        }
        w.short(self.acct_session_id).short(self.username).short(self.called_station).short(self.nas_port_id);
    }

    fn read(r: &mut OctetReader<'a>) -> Option<Update<'a>> {
        let (tenant_id, router_id, nas_instance, customer_id) = (r.i64()?, r.i64()?, r.i64()?, r.i64()?);
        let (session_key, started_at, at) = (r.array()?, r.i64()?, r.i64()?);
        let status = [Status::Start, Status::Interim, Status::Stop, Status::On, Status::Off].get(usize::from(r.u8()?)).copied()?;
        let bits = r.u16()?;
        let has = |bit: u16| bits & bit != 0;
        let session_secs = r.u32().map(|n| has(bit::SECS).then_some(n))?;
        let octets_in = r.u64().map(|n| has(bit::OCTETS_IN).then_some(n))?;
        let octets_out = r.u64().map(|n| has(bit::OCTETS_OUT).then_some(n))?;
        let terminate_cause = r.u32()?;
        let framed_ip = r.array::<4>().map(|ip| has(bit::FRAMED_IP).then_some(Ipv4Addr::from(ip)))?;
        let mac = r.array::<6>().map(|m| has(bit::MAC).then_some(Mac(m)))?;
        let replaces = if has(bit::REPLACES) { Some(r.array()?) } else { None };
        Some(Update {
            tenant_id,
            router_id,
            nas_instance,
            customer_id,
            session_key,
            started_at,
            at,
            status,
            opens: has(bit::OPENS),
            carried_over: has(bit::CARRIED_OVER),
            is_stray: has(bit::STRAY),
            is_past: has(bit::PAST),
            is_local: has(bit::LOCAL),
            has_gigawords: has(bit::GIGAWORDS),
            session_secs,
            octets_in,
            octets_out,
            terminate_cause,
            framed_ip,
            mac,
            replaces,
            acct_session_id: r.short()?,
            username: r.short()?,
            called_station: r.short()?,
            nas_port_id: r.short()?,
        })
    }

    /// An update with nothing special about it, for tests of the rules.
    #[cfg(test)]
    pub fn sample() -> Update<'static> {
        Update {
            tenant_id: 1,
            router_id: 2,
            nas_instance: 3,
            customer_id: 4,
            session_key: [5; 16],
            started_at: 1_800_000_000_000,
            at: 1_800_000_000_000,
            status: Status::Interim,
            opens: false,
            carried_over: false,
            is_stray: false,
            is_past: false,
            is_local: false,
            has_gigawords: true,
            session_secs: None,
            octets_in: None,
            octets_out: None,
            terminate_cause: 0,
            framed_ip: None,
            mac: None,
            replaces: None,
            acct_session_id: b"81000001",
            username: b"bob",
            called_station: b"service1",
            nas_port_id: b"ether2",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn every_kind_of_record_is_read_as_it_was_written() {
        let full = Update {
            session_secs: Some(7),
            octets_in: Some(u64::MAX),
            octets_out: Some(0),
            framed_ip: Some(Ipv4Addr::new(10, 0, 0, 9)),
            mac: Some(Mac([1, 2, 3, 4, 5, 6])),
            replaces: Some([8; 16]),
            opens: true,
            is_stray: true,
            is_past: true,
            status: Status::Stop,
            ..Update::sample()
        };
        for record in [
            Record::Update(full),
            Record::Update(Update::sample()),
            Record::NasRestarted { nas_instance: 5, at: 6, only: None },
            Record::NasRestarted { nas_instance: 5, at: 6, only: Some((0x81, 3)) },
            Record::Ended {
                tenant_id: 1,
                nas_instance: 4,
                session_key: [3; 16],
                terminate_cause: 2,
                last_event_at: 9,
                acct_session_id: b"81000001",
            },
            Record::Odd { at: 3, router_id: 4, packet: b"packet" },
            Record::RouterLearned(RouterLearned { tenant_id: 1, router_id: 2, address: "2001:db8::1".parse().expect("an address"), at: 3 }),
            Record::MacBound(MacBound { tenant_id: 1, customer_id: 2, router_id: 3, mac: Mac([4; 6]), most: 5, at: 6 }),
            Record::Leased(Leased {
                tenant_id: 1,
                pool_id: 2,
                customer_id: 3,
                address: [10, 0, 0, 1].into(),
                mac: Some(Mac([4; 6])),
                at: 5,
            }),
            Record::Leased(Leased { tenant_id: 1, pool_id: 2, customer_id: 3, address: [10, 0, 0, 1].into(), mac: None, at: 5 }),
            Record::NasSeen { tenant_id: 1, nas_instance: 2, router_id: 3, at: 4, nas_identifier: b"rb", nas_address: &[10, 0, 0, 1] },
            Record::FirstLogin { tenant_id: 1, customer_id: 2, at: 3 },
        ] {
            let mut payload = Vec::new();
            record.write(&mut payload);
            assert_eq!(Record::read(record.kind(), &payload), Ok(record.clone()));
            for cut in 0..payload.len() {
                drop(Record::read(record.kind(), &payload[..cut]));
            }
        }
    }

    proptest! {
        #[test]
        fn no_octets_make_the_reader_panic(kind in 0..24u8, payload in proptest::collection::vec(any::<u8>(), 0..300)) {
            drop(Record::read(kind, &payload));
        }
    }
}
