//! Bringing live sessions back after a start: from the snapshot or the store, then from the journal's tail. And writing that snapshot.

use std::net::Ipv4Addr;

use super::{Applied, LiveSession, LiveSessions, Slot, UNKNOWN_INTERIM, texts};
use crate::sessions::cause;
use crate::sessions::event::Status;
use crate::sessions::grant::Granted;
use crate::sessions::record::{Record, Update};
use crate::sessions::sql::bulk::SessionRow;
use crate::sessions::tally::{Tally, flag};
use crate::units::{Mac, OctetReader, UnixMs};

/// Sessions that a snapshot takes up before it writes them.
const SNAPSHOT_AT_ONCE: usize = 1024;

impl LiveSessions {
    /// Puts a session in as it was; one that is already there stays.
    pub fn restore(&self, session: LiveSession) {
        let slot = self.slot(session.nas_instance, session.acct_session_id());
        if let dashmap::Entry::Vacant(entry) = self.sessions.entry(slot) {
            self.note(&session, slot);
            self.remember_boot(&session);
            entry.insert(Box::new(session));
        }
    }

    /// Forgets everything, before live sessions are brought back from elsewhere.
    pub fn clear(&self) {
        self.sessions.clear();
        self.by_customer.clear();
        self.boots.clear();
        self.open_at.clear();
        self.open.store(0, std::sync::atomic::Ordering::Relaxed);
    }

    fn remember_boot(&self, session: &LiveSession) {
        let Some((service, digit)) = super::identity::boot_digit(session.acct_session_id()) else { return };
        let started_at = session.tally.started_at;
        let mut boot = self.boots.entry((session.nas_instance, service)).or_insert((digit, started_at));
        if started_at > boot.1 && boot.0 != digit {
            *boot = (digit, started_at);
        }
    }

    /// Counts every open session as heard of now: while the server was down, nobody could be heard. Called once, when all are back.
    pub fn listen_anew(&self, now: UnixMs) {
        for mut session in self.sessions.iter_mut().filter(|s| s.tally.is_open()) {
            session.heard_at = session.heard_at.max(now);
        }
    }

    /// Applies a journal record again, as it was applied when it was written. Records that are already contained change nothing.
    pub fn replay(&self, record: &Record<'_>, now: UnixMs) {
        match record {
            Record::Update(update) => self.replay_update(update, now),
            Record::NasRestarted { nas_instance, at, only } => self.end_all(*nas_instance, *at, *only),
            Record::Ended { nas_instance, session_key, terminate_cause, last_event_at, acct_session_id, .. } => {
                if let Some(mut session) = self.sessions.get_mut(&self.slot(*nas_instance, acct_session_id))
                    && session.session_key == *session_key
                    && session.tally.last_event_at <= *last_event_at
                {
                    self.infer_end(&mut session, *terminate_cause);
                }
            }
            Record::Odd { .. }
            | Record::RouterLearned(_)
            | Record::NasSeen { .. }
            | Record::FirstLogin { .. }
            | Record::MacBound(_)
            | Record::Leased(_) => {}
        }
    }

    fn replay_update(&self, update: &Update<'_>, now: UnixMs) {
        let slot = self.slot(update.nas_instance, update.acct_session_id);
        let mut entry = match self.sessions.entry(slot) {
            dashmap::Entry::Occupied(entry) => entry,
            dashmap::Entry::Vacant(entry) => {
                let session = Box::new(from_update(update));
                self.note(&session, slot);
                self.remember_boot(&session);
                entry.insert(session);
                return;
            }
        };
        if entry.get().session_key == update.session_key {
            let session = entry.get_mut();
            let was_open = session.tally.is_open();
            let mut update = update.clone();
            update.carried_over = false;
            session.tally.apply(&update);
            session.heard_at = session.heard_at.max(update.at).min(now);
            self.recount(session, was_open);
        } else if update.opens && update.started_at >= entry.get().tally.started_at {
            let session = Box::new(from_update(update));
            let old = std::mem::replace(entry.get_mut(), session);
            self.forget(&old, slot);
            self.note(entry.get(), slot);
            self.remember_boot(entry.get());
            self.retire(*old);
        }
    }

    /// Writes every session for a snapshot, handing over what fits memory well. No session is locked while `write` runs.
    pub fn write_snapshot<E>(&self, mut write: impl FnMut(&[u8]) -> Result<(), E>) -> Result<(), E> {
        let slots: Vec<Slot> = self.sessions.iter().map(|session| *session.key()).collect();
        let mut out = Vec::new();
        for some in slots.chunks(SNAPSHOT_AT_ONCE) {
            for slot in some {
                let Some(session) = self.sessions.get(slot) else { continue };
                let start = out.len();
                out.extend_from_slice(&[0; 4]);
                write_session(&session, &mut out);
                let octets = (out.len() - start - 4) as u32;
                out[start..start + 4].copy_from_slice(&octets.to_le_bytes());
            }
            write(&out)?;
            out.clear();
        }
        Ok(())
    }

    /// Takes in one session that [`LiveSessions::write_snapshot`] wrote, without its length; `None` if it does not read.
    pub fn read_snapshot(&self, session: &[u8]) -> Option<()> {
        self.restore(read_session(session)?);
        Some(())
    }
}

impl LiveSession {
    /// A session from its row in the store.
    #[expect(clippy::too_many_arguments, reason = "one row, column by column")]
    pub fn from_row(
        session_key: [u8; 16],
        tenant_id: i64,
        router_id: i64,
        nas_instance: i64,
        customer_id: i64,
        tally: Tally,
        mac: Option<Mac>,
        framed_ip: Option<Ipv4Addr>,
        acct_session_id: &str,
        username: &str,
    ) -> LiveSession {
        LiveSession {
            session_key,
            tenant_id,
            router_id,
            nas_instance,
            customer_id,
            token_issued_at: token_issued_at(&session_key, &tally),
            heard_at: tally.last_event_at,
            applied: Applied::all(&tally),
            tally,
            granted: Granted::UNKNOWN,
            interim_secs: UNKNOWN_INTERIM,
            mac,
            framed_ip,
            texts: texts(acct_session_id.as_bytes(), username.as_bytes()),
        }
    }

    /// The same from a row as the applier holds it.
    pub(in crate::sessions) fn of_row(row: &SessionRow) -> LiveSession {
        LiveSession::from_row(
            row.session_key,
            row.tenant_id,
            row.router_id,
            row.nas_instance,
            row.customer_id.unwrap_or(0),
            row.tally.clone(),
            Mac::parse(row.mac.as_bytes()),
            row.framed_ip.parse().ok(),
            &row.acct_session_id,
            &row.username,
        )
    }

    /// Appends it as the snapshot keeps it.
    pub(in crate::sessions) fn write(&self, out: &mut Vec<u8>) {
        write_session(self, out);
    }

    /// Reads what [`LiveSession::write`] wrote.
    pub(in crate::sessions) fn read(octets: &[u8]) -> Option<LiveSession> {
        read_session(octets)
    }
}

/// A key begins with the instant its token was issued, or with the session's start if it has no token.
pub(super) fn token_issued_at(session_key: &[u8; 16], tally: &Tally) -> UnixMs {
    let at = session_key[..6].iter().fold(0i64, |n, o| n << 8 | i64::from(*o));
    if at == tally.started_at { 0 } else { at }
}

fn from_update(update: &Update<'_>) -> LiveSession {
    let mut tally = Tally::open(update.started_at);
    if update.status != Status::Start {
        tally.flags |= flag::NO_START;
    }
    tally.apply(update);
    if update.is_past {
        tally.infer_end(cause::LOST_SERVICE);
    }
    LiveSession {
        session_key: update.session_key,
        tenant_id: update.tenant_id,
        router_id: update.router_id,
        nas_instance: update.nas_instance,
        customer_id: update.customer_id,
        token_issued_at: token_issued_at(&update.session_key, &tally),
        heard_at: update.at,
        applied: Applied::none(update.started_at),
        tally,
        granted: Granted::UNKNOWN,
        interim_secs: UNKNOWN_INTERIM,
        mac: update.mac,
        framed_ip: update.framed_ip,
        texts: texts(update.acct_session_id, update.username),
    }
}

fn write_session(s: &LiveSession, out: &mut Vec<u8>) {
    out.extend_from_slice(&s.session_key);
    let t = &s.tally;
    for n in
        [s.tenant_id, s.router_id, s.nas_instance, s.customer_id, s.token_issued_at, s.heard_at, t.started_at, t.last_event_at, t.ended_at]
    {
        out.extend_from_slice(&n.to_le_bytes());
    }
    let a = &s.applied;
    for n in [t.octets_in, t.octets_out, t.uncharged_in, t.uncharged_out, a.octets_in, a.octets_out, a.at as u64] {
        out.extend_from_slice(&n.to_le_bytes());
    }
    for n in [t.terminate_cause, t.session_secs, t.uncharged_secs, s.framed_ip.map_or(0, u32::from), a.secs] {
        out.extend_from_slice(&n.to_le_bytes());
    }
    out.extend_from_slice(&t.flags.to_le_bytes());
    out.extend_from_slice(&s.interim_secs.to_le_bytes());
    out.push(u8::from(s.mac.is_some()));
    out.extend_from_slice(&s.mac.map_or([0; 6], |m| m.0));
    s.granted.write(out);
    out.extend_from_slice(&s.texts);
}

fn read_session(octets: &[u8]) -> Option<LiveSession> {
    let mut r = OctetReader(octets);
    let session_key: [u8; 16] = r.array()?;
    let mut i64s = [0i64; 9];
    for n in &mut i64s {
        *n = r.i64()?;
    }
    let mut u64s = [0u64; 7];
    for n in &mut u64s {
        *n = r.u64()?;
    }
    let mut u32s = [0u32; 5];
    for n in &mut u32s {
        *n = r.u32()?;
    }
    let (flags, interim_secs) = (r.u16()?, r.u16()?);
    let ([has_mac], mac): ([u8; 1], [u8; 6]) = (r.array()?, r.array()?);
    let granted = Granted::read(&mut r)?;
    let rest = r.0;
    if rest.is_empty() || usize::from(rest[0]) >= rest.len() {
        return None;
    }
    Some(LiveSession {
        session_key,
        tenant_id: i64s[0],
        router_id: i64s[1],
        nas_instance: i64s[2],
        customer_id: i64s[3],
        token_issued_at: i64s[4],
        heard_at: i64s[5],
        tally: Tally {
            started_at: i64s[6],
            last_event_at: i64s[7],
            ended_at: i64s[8],
            octets_in: u64s[0],
            octets_out: u64s[1],
            uncharged_in: u64s[2],
            uncharged_out: u64s[3],
            terminate_cause: u32s[0],
            session_secs: u32s[1],
            uncharged_secs: u32s[2],
            flags,
        },
        applied: Applied { octets_in: u64s[4], octets_out: u64s[5], at: u64s[6] as i64, secs: u32s[4] },
        granted,
        interim_secs,
        mac: (has_mac == 1).then_some(Mac(mac)),
        framed_ip: (u32s[3] != 0).then_some(Ipv4Addr::from(u32s[3])),
        texts: rest.into(),
    })
}
