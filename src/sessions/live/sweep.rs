//! Ends that no packet tells: a router that restarted, a session that went silent; and forgetting what ended long ago.

use std::sync::atomic::Ordering;

use super::identity::boot_digit;
use super::{LiveSession, LiveSessions, UNKNOWN_INTERIM};
use crate::sessions::cause;
use crate::sessions::record::Record;
use crate::sessions::tally::flag;
use crate::units::{DAY_MS, UnixMs};

/// A stopped session stays in memory this long, so that late packets find it.
pub(in crate::sessions) const REMEMBER_STOPPED_MS: i64 = 15 * 60_000;
/// One whose end was inferred stays longer: it may come back.
const REMEMBER_INFERRED_MS: i64 = DAY_MS;
/// One that the store does not have in full, because it is away.
const REMEMBER_UNAPPLIED_MS: i64 = 2 * DAY_MS;

impl LiveSessions {
    /// Ends the open sessions of a NAS instance that began before `at`; `only` as in [`Record::NasRestarted`].
    pub(super) fn end_all(&self, nas_instance: i64, at: UnixMs, only: Option<(u8, u8)>) {
        // A router that says it again and again costs nothing.
        if self.open_at(nas_instance) == 0 {
            return;
        }
        self.table.for_each_mut(|session| {
            let concerned = session.nas().nas_instance == nas_instance && session.is_open() && session.started_at() <= at;
            if concerned && matches_boot(session.acct_session_id(), only) {
                self.infer_end(session, cause::NAS_REBOOT);
            }
        });
    }

    /// Ends sessions that went silent and forgets old ended ones. Returns how many were ended. A session that sent interims is silent after two and a half
    /// intervals and a minute; one that never did, after a day.
    pub fn sweep<E>(&self, now: UnixMs, mut append: impl FnMut(&Record<'_>) -> Result<u64, E>) -> Result<usize, E> {
        let (mut silent, mut old) = (Vec::new(), Vec::new());
        self.table.for_each(|session| {
            if session.is_open() {
                if is_silent(session, now) {
                    silent.push((self.table.name_of(session), session.session_key));
                }
            } else if is_old(session, now) {
                old.push((self.table.name_of(session), session.session_key));
            }
        });
        let mut ended = 0;
        for (name, key) in silent {
            let mut shard = self.table.write(name);
            let Some(session) = shard.find_mut(name, |s| s.session_key == key && s.is_open() && is_silent(s, now)) else { continue };
            append(&session.ended(cause::LOST_CARRIER))?;
            self.infer_end(session, cause::LOST_CARRIER);
            ended += 1;
        }
        for (name, key) in old {
            // Forgotten while it is still in its place, so that a session which takes the place is not forgotten with it.
            if let Ok(entry) = self.table.write(name).find_entry(name, |s| s.session_key == key && is_old(s, now)) {
                self.forget(entry.get(), name);
                entry.remove();
            }
        }
        self.remote.forget_old(now);
        self.retired.retain(|_, sessions| {
            sessions.retain(|session| now - session.heard_at <= REMEMBER_INFERRED_MS);
            self.retired_customers.fetch_sub(usize::from(sessions.is_empty()), Ordering::AcqRel);
            !sessions.is_empty()
        });
        Ok(ended)
    }
}

/// Whether an id belongs to the boots that ended: all of them, or those of one service with another boot digit.
pub(in crate::sessions) fn matches_boot(acct_session_id: &[u8], only: Option<(u8, u8)>) -> bool {
    match only {
        None => true,
        Some((service, digit)) => boot_digit(acct_session_id).is_some_and(|(s, d)| s == service && d != digit),
    }
}

fn is_silent(session: &LiveSession, now: UnixMs) -> bool {
    let is_periodic = session.flags() & flag::HAD_INTERIM != 0 && session.interim_secs != UNKNOWN_INTERIM;
    let patience = if is_periodic { i64::from(session.interim_secs) * 2_500 + 60_000 } else { DAY_MS };
    now - session.heard_at > patience
}

fn is_old(session: &LiveSession, now: UnixMs) -> bool {
    let remember_ms = if session.flags() & flag::END_INFERRED != 0 { REMEMBER_INFERRED_MS } else { REMEMBER_STOPPED_MS };
    // What the store does not have yet still counts against the customer's limits.
    !session.is_open() && now - session.heard_at > if session.is_applied() { remember_ms } else { REMEMBER_UNAPPLIED_MS }
}
