//! Bringing live sessions back after a start: from the snapshot or the store, then from the journal's tail. And writing that snapshot.

use std::net::Ipv4Addr;
use std::sync::Arc;

use super::session::{Opening, key_instant};
use super::{Applied, LiveSession, LiveSessions, NasInstance, UNKNOWN_INTERIM, is_named};
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
    pub fn restore(&self, mut session: LiveSession) {
        let name = self.table.name_of(&session);
        let mut shard = self.table.write(name);
        if shard.find(name, |s| is_named(s, session.nas().nas_instance, session.acct_session_id())).is_none() {
            *session.shared_nas() = self.shared(*session.nas());
            self.note(&session, name);
            self.remember_boot(&session);
            self.table.insert(&mut shard, name, session);
        }
    }

    /// Forgets everything, before live sessions are brought back from elsewhere.
    pub fn clear(&self) {
        self.table.clear();
        self.boxes.clear();
        self.boots.clear();
        self.open_at.clear();
        self.open.store(0, std::sync::atomic::Ordering::Relaxed);
    }

    fn remember_boot(&self, session: &LiveSession) {
        let Some((service, digit)) = super::identity::boot_digit(session.acct_session_id()) else { return };
        let started_at = session.started_at();
        let mut boot = self.boots.entry((session.nas().nas_instance, service)).or_insert((digit, started_at));
        if started_at > boot.1 && boot.0 != digit {
            *boot = (digit, started_at);
        }
    }

    /// Counts every open session as heard of now: while the server was down, nobody could be heard. Called once, when all are back.
    pub fn listen_anew(&self, now: UnixMs) {
        self.table.for_each_mut(|session| {
            if session.is_open() {
                session.heard_at = session.heard_at.max(now);
            }
        });
    }

    /// Applies a journal record again, as it was applied when it was written. Records that are already contained change nothing.
    pub fn replay(&self, record: &Record<'_>, now: UnixMs) {
        match record {
            Record::Update(update) => self.replay_update(update, now),
            Record::NasRestarted { nas_instance, at, only } => self.end_all(*nas_instance, *at, *only),
            Record::Ended { nas_instance, session_key, terminate_cause, last_event_at, acct_session_id, .. } => {
                let name = self.table.name(*nas_instance, acct_session_id);
                let is_meant = |s: &LiveSession| s.session_key == *session_key && s.last_event_at() <= *last_event_at;
                if let Some(session) = self.table.write(name).find_mut(name, |s| is_meant(s)) {
                    self.infer_end(session, *terminate_cause);
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
        let name = self.table.name(update.nas_instance, update.acct_session_id);
        let mut shard = self.table.write(name);
        let Some(known) = shard.find_mut(name, |s| is_named(s, update.nas_instance, update.acct_session_id)) else {
            let session = self.session_of(update);
            self.note(&session, name);
            self.remember_boot(&session);
            return self.table.insert(&mut shard, name, session);
        };
        if known.session_key == update.session_key {
            let was_open = known.is_open();
            known.change_tally(|tally| tally.apply(&Update { carried_over: false, ..update.clone() }));
            known.heard_at = known.heard_at.max(update.at).min(now);
            self.recount(known, was_open);
        } else if update.opens && update.started_at >= known.started_at() {
            self.replace(known, self.session_of(update), name);
            self.remember_boot(known);
        }
    }

    fn session_of(&self, update: &Update<'_>) -> LiveSession {
        let mut tally = Tally::open(update.started_at);
        if update.status != Status::Start {
            tally.flags |= flag::NO_START;
        }
        tally.apply(update);
        if update.is_past {
            tally.infer_end(cause::LOST_SERVICE);
        }
        LiveSession::new(Opening {
            session_key: update.session_key,
            nas: self.shared(NasInstance { tenant_id: update.tenant_id, router_id: update.router_id, nas_instance: update.nas_instance }),
            customer_id: update.customer_id,
            has_token: has_token(&update.session_key, &tally),
            heard_at: update.at,
            tally,
            applied: Applied::none(update.started_at),
            granted: Granted::UNKNOWN,
            interim_secs: UNKNOWN_INTERIM,
            mac: update.mac,
            framed_ip: update.framed_ip,
            acct_session_id: update.acct_session_id,
            username: update.username,
        })
    }

    /// Writes every session for a snapshot, handing over what fits memory well. No session is locked while `write` runs.
    pub fn write_snapshot<E>(&self, mut write: impl FnMut(&[u8]) -> Result<(), E>) -> Result<(), E> {
        let mut all = Vec::with_capacity(usize::try_from(self.open_count()).unwrap_or(0));
        self.table.for_each(|session| all.push((self.table.name_of(session), session.session_key)));
        let mut out = Vec::new();
        for some in all.chunks(SNAPSHOT_AT_ONCE) {
            for (name, key) in some {
                let shard = self.table.read(*name);
                let Some(session) = shard.find(*name, |s| s.session_key == *key) else { continue };
                let start = out.len();
                out.extend_from_slice(&[0; 4]);
                write_session(session, &mut out);
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
        LiveSession::new(Opening {
            session_key,
            nas: Arc::new(NasInstance { tenant_id, router_id, nas_instance }),
            customer_id,
            has_token: has_token(&session_key, &tally),
            heard_at: tally.last_event_at,
            applied: Applied::all(&tally),
            tally,
            granted: Granted::UNKNOWN,
            interim_secs: UNKNOWN_INTERIM,
            mac,
            framed_ip,
            acct_session_id: acct_session_id.as_bytes(),
            username: username.as_bytes(),
        })
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

/// Whether a session's key was made from a token: it then begins with another instant than the session.
pub(super) fn has_token(session_key: &[u8; 16], tally: &Tally) -> bool {
    key_instant(session_key) != tally.started_at
}

fn write_session(s: &LiveSession, out: &mut Vec<u8>) {
    let (t, a, nas) = (s.tally(), s.applied(), s.nas());
    out.extend_from_slice(&s.session_key);
    for n in [nas.tenant_id, nas.router_id, nas.nas_instance, s.customer_id, s.token_issued_at(), s.heard_at] {
        out.extend_from_slice(&n.to_le_bytes());
    }
    for n in [t.started_at, t.last_event_at, t.ended_at] {
        out.extend_from_slice(&n.to_le_bytes());
    }
    for n in [t.octets_in, t.octets_out, t.uncharged_in, t.uncharged_out, a.octets_in, a.octets_out, a.at as u64] {
        out.extend_from_slice(&n.to_le_bytes());
    }
    for n in [t.terminate_cause, t.session_secs, t.uncharged_secs, s.framed_ip().map_or(0, u32::from), a.secs] {
        out.extend_from_slice(&n.to_le_bytes());
    }
    out.extend_from_slice(&t.flags.to_le_bytes());
    out.extend_from_slice(&s.interim_secs().to_le_bytes());
    out.push(u8::from(s.mac().is_some()));
    out.extend_from_slice(&s.mac().map_or([0; 6], |m| m.0));
    s.granted().write(out);
    out.push(s.acct_session_id().len() as u8);
    out.extend_from_slice(s.acct_session_id());
    out.extend_from_slice(s.username());
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
    let acct_session_id = r.short()?;
    Some(LiveSession::new(Opening {
        session_key,
        nas: Arc::new(NasInstance { tenant_id: i64s[0], router_id: i64s[1], nas_instance: i64s[2] }),
        customer_id: i64s[3],
        has_token: i64s[4] != 0,
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
        acct_session_id,
        username: r.0,
    }))
}
