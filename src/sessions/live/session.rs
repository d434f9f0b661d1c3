//! One live session as memory keeps it. There are hundreds of thousands, so it is laid out to take 200 octets in all: what nearly all lack lies in [`Rare`],
//! names that are short enough lie in it, and what all sessions of a box share is kept once. Everyone else sees it through its methods.

use std::net::Ipv4Addr;
use std::sync::Arc;

use super::texts::Texts;
use super::{Applied, DEFAULT_INTERIM_SECS, UNKNOWN_INTERIM};
use crate::sessions::grant::{Granted, Told};
use crate::sessions::tally::Tally;
use crate::units::{Mac, UnixMs};

/// The box that has a session: kept once for all sessions of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NasInstance {
    /// Whose router.
    pub tenant_id: i64,
    /// Which router entry.
    pub router_id: i64,
    /// Which box behind it.
    pub nas_instance: i64,
}

/// What a session begins with.
pub(super) struct Opening<'a> {
    pub session_key: [u8; 16],
    pub nas: Arc<NasInstance>,
    /// 0 = not known.
    pub customer_id: i64,
    /// Whether its key was made from a token.
    pub has_token: bool,
    pub heard_at: UnixMs,
    pub tally: Tally,
    pub applied: Applied,
    pub granted: Granted,
    /// Seconds; [`UNKNOWN_INTERIM`] = not known.
    pub interim_secs: u16,
    pub mac: Option<Mac>,
    pub framed_ip: Option<Ipv4Addr>,
    pub acct_session_id: &'a [u8],
    pub username: &'a [u8],
}

/// One session in memory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LiveSession {
    /// Its name in the store.
    pub session_key: [u8; 16],
    /// Whose; 0 = not known.
    pub customer_id: i64,
    /// When its newest packet arrived.
    pub heard_at: UnixMs,
    nas: Arc<NasInstance>,
    started_at: UnixMs,
    last_event_at: UnixMs,
    ended_at: UnixMs,
    octets_in: u64,
    octets_out: u64,
    applied_in: u64,
    applied_out: u64,
    applied_at: UnixMs,
    grant_ends_at: UnixMs,
    first_cap: u64,
    rare: Option<Box<Rare>>,
    terminate_cause: u32,
    session_secs: u32,
    applied_secs: u32,
    rate: u32,
    told: Told,
    /// 0.0.0.0 = none.
    framed_ip: u32,
    flags: u16,
    /// Expected interval of interims, seconds; [`UNKNOWN_INTERIM`] = not known.
    pub(super) interim_secs: u16,
    mac: [u8; 6],
    grant_flags: u8,
    /// See [`bit`].
    bits: u8,
    texts: Texts,
}

/// Bits of [`LiveSession::bits`].
mod bit {
    pub const HAS_MAC: u8 = 1;
    pub const HAS_TOKEN: u8 = 2;
}

/// What few sessions have: use from before their router was added, or limits of both directions.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Rare {
    uncharged_in: u64,
    uncharged_out: u64,
    second_cap: u64,
    uncharged_secs: u32,
}

impl LiveSession {
    pub(super) fn new(opening: Opening<'_>) -> LiveSession {
        let mut session = LiveSession {
            session_key: opening.session_key,
            customer_id: opening.customer_id,
            heard_at: opening.heard_at,
            nas: opening.nas,
            started_at: 0,
            last_event_at: 0,
            ended_at: 0,
            octets_in: 0,
            octets_out: 0,
            applied_in: 0,
            applied_out: 0,
            applied_at: 0,
            grant_ends_at: 0,
            first_cap: 0,
            rare: None,
            terminate_cause: 0,
            session_secs: 0,
            applied_secs: 0,
            rate: 0,
            told: Told::default(),
            framed_ip: 0,
            flags: 0,
            interim_secs: opening.interim_secs,
            mac: [0; 6],
            grant_flags: 0,
            bits: if opening.has_token { bit::HAS_TOKEN } else { 0 },
            texts: Texts::new(opening.acct_session_id, opening.username),
        };
        session.set_tally(&opening.tally);
        session.set_applied(opening.applied);
        session.set_granted(opening.granted);
        session.note_line(opening.mac, opening.framed_ip);
        session
    }

    /// The box that has it.
    pub fn nas(&self) -> &NasInstance {
        &self.nas
    }

    /// By which router entry.
    pub fn router_id(&self) -> i64 {
        self.nas.router_id
    }

    pub(super) fn shared_nas(&mut self) -> &mut Arc<NasInstance> {
        &mut self.nas
    }

    /// When the token that its packets carry was issued, unix ms; 0 = it has none. A key that was made from a token begins with that instant.
    pub fn token_issued_at(&self) -> UnixMs {
        if self.bits & bit::HAS_TOKEN == 0 { 0 } else { key_instant(&self.session_key) }
    }

    /// What accounting says.
    pub fn tally(&self) -> Tally {
        let rare = self.rare.as_deref();
        Tally {
            started_at: self.started_at,
            last_event_at: self.last_event_at,
            ended_at: self.ended_at,
            terminate_cause: self.terminate_cause,
            session_secs: self.session_secs,
            octets_in: self.octets_in,
            octets_out: self.octets_out,
            uncharged_in: rare.map_or(0, |r| r.uncharged_in),
            uncharged_out: rare.map_or(0, |r| r.uncharged_out),
            uncharged_secs: rare.map_or(0, |r| r.uncharged_secs),
            flags: self.flags,
        }
    }

    pub(super) fn set_tally(&mut self, tally: &Tally) {
        (self.started_at, self.last_event_at, self.ended_at) = (tally.started_at, tally.last_event_at, tally.ended_at);
        (self.octets_in, self.octets_out, self.session_secs) = (tally.octets_in, tally.octets_out, tally.session_secs);
        (self.terminate_cause, self.flags) = (tally.terminate_cause, tally.flags);
        let uncharged = (tally.uncharged_in, tally.uncharged_out, tally.uncharged_secs);
        if uncharged != (0, 0, 0) || self.rare.is_some() {
            let rare = self.rare.get_or_insert_default();
            (rare.uncharged_in, rare.uncharged_out, rare.uncharged_secs) = uncharged;
        }
    }

    /// Changes what accounting says.
    pub(super) fn change_tally(&mut self, change: impl FnOnce(&mut Tally)) {
        let mut tally = self.tally();
        change(&mut tally);
        self.set_tally(&tally);
    }

    /// When it began.
    pub fn started_at(&self) -> UnixMs {
        self.started_at
    }

    /// When its newest event happened.
    pub fn last_event_at(&self) -> UnixMs {
        self.last_event_at
    }

    /// Whether it is open.
    pub fn is_open(&self) -> bool {
        self.ended_at == 0
    }

    /// What was noticed about it, see [`crate::sessions::flag`].
    pub fn flags(&self) -> u16 {
        self.flags
    }

    /// What of it is in the store.
    pub fn applied(&self) -> Applied {
        Applied { octets_in: self.applied_in, octets_out: self.applied_out, at: self.applied_at, secs: self.applied_secs }
    }

    pub(super) fn set_applied(&mut self, applied: Applied) {
        (self.applied_in, self.applied_out) = (applied.octets_in, applied.octets_out);
        (self.applied_at, self.applied_secs) = (applied.at, applied.secs);
    }

    /// What of its charged counters is not in the store: octets from the customer, octets to the customer, seconds.
    pub fn rest(&self) -> [u64; 3] {
        self.applied().rest(&self.tally())
    }

    /// What the router was told.
    pub fn granted(&self) -> Granted {
        Granted {
            ends_at: self.grant_ends_at,
            first: self.first_cap,
            second: self.rare.as_deref().map_or(0, |r| r.second_cap),
            rate: self.rate,
            told: self.told,
            flags: self.grant_flags,
        }
    }

    pub(super) fn set_granted(&mut self, granted: Granted) {
        (self.grant_ends_at, self.first_cap) = (granted.ends_at, granted.first);
        (self.rate, self.told, self.grant_flags) = (granted.rate, granted.told, granted.flags);
        if granted.second != 0 || self.rare.is_some() {
            self.rare.get_or_insert_default().second_cap = granted.second;
        }
    }

    /// Expected interval of interims, seconds; 0 = not known.
    pub fn interim_secs(&self) -> u16 {
        self.interim_secs
    }

    /// The customer's device.
    pub fn mac(&self) -> Option<Mac> {
        (self.bits & bit::HAS_MAC != 0).then_some(Mac(self.mac))
    }

    /// The customer's address.
    pub fn framed_ip(&self) -> Option<Ipv4Addr> {
        (self.framed_ip != 0).then(|| Ipv4Addr::from(self.framed_ip))
    }

    /// Takes the first device and the newest address that its packets name.
    pub(super) fn note_line(&mut self, mac: Option<Mac>, framed_ip: Option<Ipv4Addr>) {
        if let Some(mac) = mac.filter(|_| self.mac().is_none()) {
            self.mac = mac.0;
            self.bits |= bit::HAS_MAC;
        }
        if let Some(framed_ip) = framed_ip {
            self.framed_ip = framed_ip.into();
        }
    }

    /// Acct-Session-Id.
    pub fn acct_session_id(&self) -> &[u8] {
        self.texts.acct_session_id()
    }

    /// User-Name as the router sent it.
    pub fn username(&self) -> &[u8] {
        self.texts.username()
    }

    /// Whether it was heard of within two and a half of its interim intervals (and half a minute for the packet's way).
    pub fn is_fresh(&self, now: UnixMs) -> bool {
        let interim_secs = if self.interim_secs == UNKNOWN_INTERIM { DEFAULT_INTERIM_SECS } else { self.interim_secs };
        self.is_open() && now - self.heard_at <= i64::from(interim_secs) * 2_500 + 30_000
    }
}

/// The instant that a session's key begins with: when its token was issued, or its start if it has none.
pub(super) fn key_instant(session_key: &[u8; 16]) -> UnixMs {
    session_key[..6].iter().fold(0, |n, octet| n << 8 | i64::from(*octet))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sessions::grant::VolumeCaps;

    fn opening() -> Opening<'static> {
        Opening {
            session_key: [1; 16],
            nas: Arc::new(NasInstance { tenant_id: 1, router_id: 2, nas_instance: 3 }),
            customer_id: 4,
            has_token: false,
            heard_at: 5,
            tally: Tally::open(6),
            applied: Applied::none(6),
            granted: Granted::UNKNOWN,
            interim_secs: 300,
            mac: None,
            framed_ip: None,
            acct_session_id: b"81000001",
            username: b"somebody@example.net",
        }
    }

    #[test]
    fn a_session_takes_200_octets_with_its_names() {
        assert_eq!(std::mem::size_of::<LiveSession>(), 200);
        let session = LiveSession::new(opening());
        assert_eq!((session.acct_session_id(), session.username()), (&b"81000001"[..], &b"somebody@example.net"[..]));
        assert!(session.texts.is_inline() && session.rare.is_none());
    }

    #[test]
    fn what_goes_in_comes_out_also_where_few_have_it() {
        let tally = Tally {
            started_at: 10,
            last_event_at: 20,
            ended_at: 30,
            terminate_cause: 4,
            session_secs: 5,
            octets_in: u64::MAX,
            octets_out: 1 << 40,
            uncharged_in: 8,
            uncharged_out: 9,
            uncharged_secs: 1,
            flags: 511,
        };
        let caps = VolumeCaps { download: Some(1 << 50), upload: Some(1 << 51), total: None };
        let granted = Granted::new(7, UnixMs::MAX, true, caps);
        let mut session = LiveSession::new(opening());
        for (tally, granted) in
            [(tally.clone(), Granted::UNKNOWN), (Tally::open(1), granted), (tally, granted), (Tally::open(2), Granted::UNKNOWN)]
        {
            session.set_tally(&tally);
            session.set_granted(granted);
            assert_eq!((session.tally(), session.granted()), (tally, granted));
        }
        let applied = Applied { octets_in: 1 << 60, octets_out: 2, at: -3, secs: 4 };
        session.set_applied(applied);
        assert_eq!(session.applied(), applied);
    }

    #[test]
    fn the_first_device_and_the_newest_address_stay() {
        let mut session = LiveSession::new(opening());
        assert_eq!((session.mac(), session.framed_ip()), (None, None));
        session.note_line(Some(Mac([0; 6])), Some(Ipv4Addr::new(10, 0, 0, 1)));
        session.note_line(Some(Mac([2; 6])), Some(Ipv4Addr::new(10, 0, 0, 2)));
        session.note_line(None, None);
        assert_eq!((session.mac(), session.framed_ip()), (Some(Mac([0; 6])), Some(Ipv4Addr::new(10, 0, 0, 2))));
    }

    #[test]
    fn a_key_tells_when_its_token_was_issued() {
        let mut key = [9; 16];
        key[..6].copy_from_slice(&1_800_000_000_123i64.to_be_bytes()[2..]);
        let with = LiveSession::new(Opening { session_key: key, has_token: true, ..opening() });
        let without = LiveSession::new(Opening { session_key: key, ..opening() });
        assert_eq!((with.token_issued_at(), without.token_issued_at()), (1_800_000_000_123, 0));
    }
}
