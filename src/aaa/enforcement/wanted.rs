//! What the books want of a live session, against what its router was told. Pure.

use super::change::{Change, NO_CAP, Settings};
use super::reason::Reason;
use crate::aaa::decide::MAX_SESSION_TIMEOUT_SECS;
use crate::aaa::policy::{Assessment, EndReason};
use crate::aaa::reply::LoginTerms;
use crate::sessions::{Granted, rate_number};
use crate::units::UnixMs;

/// Ends that differ by less are the same: the Accept rounds down to seconds, and a session begins a little after its Accept.
const END_TOLERANCE_MS: i64 = 5_000;
/// A session's maximum counts from its begin, which a router whose clock is wrong places up to five minutes wrong (see `sessions/event`), and which comes after the
/// Accept by however long the line takes: ends that follow from the maximum are the same if they differ by less.
const MAXIMUM_TOLERANCE_MS: i64 = 600_000;
/// How long a router has to end a session that reached its maximum before it is told to.
const MAXIMUM_GRACE_MS: i64 = 60_000;
/// Caps that differ by less are the same, octets.
const CAP_TOLERANCE: u64 = 1 << 20;
/// A session younger than this is left as its login made it.
const SETTLE_MS: i64 = 5_000;
/// A direction without a rate may use this much, bit/s.
const LINE_BPS: u64 = 1_000_000_000;
/// Interims are expected this often where nothing is known, seconds.
const DEFAULT_INTERIM_SECS: u16 = 300;

/// What is known of a live session.
#[derive(Debug, Clone, Copy)]
pub struct SessionFacts {
    /// What the router was told.
    pub granted: Granted,
    /// When it began.
    pub started_at: UnixMs,
    /// Octets from the customer so far.
    pub octets_in: u64,
    /// Octets to the customer so far.
    pub octets_out: u64,
    /// Its interim interval, seconds; 0 = not known.
    pub interim_secs: u16,
}

/// What the books say, for all sessions of a customer.
#[derive(Debug, Clone, Copy)]
pub struct Books<'a> {
    /// The assessment of the customer.
    pub assessment: &'a Assessment,
    /// Number of the assessed rate (see [`rate_number`]).
    pub rate: u32,
    /// How many of his sessions are open.
    pub sessions: u32,
    /// The longest that one session may last, seconds; 0 = any.
    pub session_maximum_secs: u32,
    /// Whether a session of which it is not known what its router was told is told everything now. Not at every look, or a start without a snapshot would tell
    /// all of them; but whenever the books changed.
    pub tell_unknown: bool,
    /// What a login would be told besides.
    pub login_terms: &'a LoginTerms,
    /// Mikrotik-Rate-Limit that an administrator wrote for him, in place of the assessed rate.
    pub written_rate: Option<&'a str>,
    /// Whether these are the books as the store has them, and not an older image: nobody is sent through a new login for what may be over already.
    pub are_current: bool,
}

/// The outcome.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Want {
    /// The router was told what the books say.
    Nothing,
    /// Something that a running session can change.
    Change(Change, Reason),
    /// The session must end.
    Disconnect(Reason),
}

/// Compares.
pub fn wanted(books: &Books<'_>, session: &SessionFacts, now: UnixMs) -> Want {
    let assessment = books.assessment;
    let granted = &session.granted;
    if let Some(denial) = assessment.denial {
        // Behind the walled garden he is where a denied customer belongs.
        return if granted.is_walled() { Want::Nothing } else { Want::Disconnect(Reason::Denied(denial)) };
    }
    if granted.is_walled() && !assessment.is_provisional {
        return Want::Disconnect(Reason::LeavesGarden);
    }
    let maximum_at = session_maximum_at(books, session);
    if maximum_at.saturating_add(MAXIMUM_GRACE_MS) <= now {
        return Want::Disconnect(Reason::SessionMaximum);
    }
    // Rate, end and what is left may all depend on what he used; he is looked at again when that is known.
    if assessment.is_provisional || (!granted.is_known() && !books.tell_unknown) {
        return Want::Nothing;
    }
    let settings = match settings(books, session, now) {
        Ok(settings) => settings,
        Err(reason) => return Want::Disconnect(reason),
    };
    let mut reason = Reason::Settings;
    let mut change = Change { settings, ..Change::default() };
    let caps = granted.caps();
    let left = assessment.left.as_told();
    change.download_cap = cap(books, session, left.download, caps.download, session.octets_out, down_bps(assessment));
    change.upload_cap = cap(books, session, left.upload, caps.upload, session.octets_in, up_bps(assessment));
    if change.download_cap.or(change.upload_cap).is_some() {
        reason = Reason::Volume;
    }
    change.session_timeout_secs = session_timeout(books, session, maximum_at, now);
    if change.session_timeout_secs.is_some() {
        reason = Reason::EndsAt;
    }
    if books.rate != granted.rate || !granted.is_known() {
        let written = books.written_rate.map(str::to_owned);
        change.rate = Some(written.or_else(|| assessment.rate.to_mikrotik()).unwrap_or_default().into());
        debug_assert_eq!(rate_number(change.rate.as_deref().unwrap_or_default().as_bytes()), books.rate);
        reason = Reason::Rate;
    }
    if change.is_empty() { Want::Nothing } else { Want::Change(change, reason) }
}

/// The settings to send, if they differ from those that the router was told; an error is that only a new login brings what the books say. Of a session whose router
/// was told by a program that kept no such fingerprints, nothing is known and nothing wanted.
fn settings(books: &Books<'_>, session: &SessionFacts, now: UnixMs) -> Result<Option<Settings>, Reason> {
    let (Some(told), wanted) = (session.granted.told(), &books.login_terms) else { return Ok(None) };
    if told == wanted.told || !books.are_current || now < settled_at(session) {
        return Ok(None);
    }
    if told.at_login != wanted.told.at_login {
        return Err(Reason::NewLogin);
    }
    Settings::after(told.settings, wanted).map(Some).ok_or(Reason::NewLogin)
}

/// Another node may have let the session in by newer books than ours; by then we have them too.
fn settled_at(session: &SessionFacts) -> UnixMs {
    session.started_at.saturating_add(SETTLE_MS)
}

/// When a session's own maximum is reached; `UnixMs::MAX` = never.
pub fn session_maximum_at(books: &Books<'_>, session: &SessionFacts) -> UnixMs {
    match books.session_maximum_secs {
        0 => UnixMs::MAX,
        secs => session.started_at + i64::from(secs) * 1000,
    }
}

/// The next instant at which this session must be looked at again, if nothing happens before.
pub fn look_again_at(books: &Books<'_>, session: &SessionFacts, now: UnixMs) -> UnixMs {
    let assessment = books.assessment;
    let end = if assessment.denial.is_some() { UnixMs::MAX } else { assessment.ends_at };
    let differs = session.granted.told().is_some_and(|told| told != books.login_terms.told);
    let settled_at = if differs { settled_at(session) } else { UnixMs::MAX };
    // What is behind us was looked at just now.
    let settled_at = if settled_at > now { settled_at } else { UnixMs::MAX };
    end.min(assessment.next_change_at).min(session_maximum_at(books, session).saturating_add(MAXIMUM_GRACE_MS)).min(settled_at)
}

/// Session-Timeout counts from the session's begin, like every limit of a session (RFC 2865 section 5.27). RouterOS takes at most [`MAX_SESSION_TIMEOUT_SECS`];
/// what is later than that is as good as never.
fn session_timeout(books: &Books<'_>, session: &SessionFacts, maximum_at: UnixMs, now: UnixMs) -> Option<u32> {
    let latest = session.started_at + MAX_SESSION_TIMEOUT_SECS * 1000;
    let bounded = |at: UnixMs| if at >= latest - END_TOLERANCE_MS { UnixMs::MAX } else { at };
    let (wanted, told) = (bounded(books.assessment.ends_at.min(maximum_at)), bounded(session.granted.ends_at));
    let (later_by, sooner_by) = match books.assessment.ends_why {
        _ if maximum_at < books.assessment.ends_at => (MAXIMUM_TOLERANCE_MS, MAXIMUM_TOLERANCE_MS),
        // Time online is known as of the last report: its end seems to move until the next one, and only a real extension counts.
        EndReason::TimeUsedUp => (i64::from(interim_secs(session)) * 1250 + 60_000, END_TOLERANCE_MS),
        _ => (END_TOLERANCE_MS, END_TOLERANCE_MS),
    };
    let differs = wanted > told.saturating_add(later_by) || wanted.saturating_add(sooner_by) < told;
    // What ends within a second is ended by a Disconnect then; a timeout of nothing would mean none.
    if !differs || wanted <= now + 1000 {
        return None;
    }
    let secs = if wanted == UnixMs::MAX { MAX_SESSION_TIMEOUT_SECS } else { (wanted - session.started_at) / 1000 };
    Some(secs.clamp(1, MAX_SESSION_TIMEOUT_SECS) as u32)
}

fn interim_secs(session: &SessionFacts) -> u16 {
    if session.interim_secs == 0 { DEFAULT_INTERIM_SECS } else { session.interim_secs }
}

fn down_bps(assessment: &Assessment) -> u64 {
    assessment.rate.rate.download.map_or(0, |r| r.0)
}

fn up_bps(assessment: &Assessment) -> u64 {
    assessment.rate.rate.upload.map_or(0, |r| r.0)
}

/// What one of several sessions may use of what is left, and whether that is less than all of it. While all of them together cannot use it up within two and a
/// half interims, each gets all of it. Nearer the end each gets an equal part, but never less than it can use until its next report is in and has been answered:
/// so nobody with something left is cut, and together they overshoot by at most that much for each session but one.
pub fn share(left: u64, sessions: u32, bps: u64, interim_secs: u16) -> (u64, bool) {
    let bps = if bps == 0 { LINE_BPS } else { bps };
    // Octets within a hundredth of an interim, times hundredths.
    let within = |hundredths: u64| (bps / 8).saturating_mul(u64::from(interim_secs)).saturating_mul(hundredths) / 100;
    if sessions <= 1 || left > within(250).saturating_mul(u64::from(sessions)) {
        return (left, false);
    }
    ((left / u64::from(sessions)).max(left.min(within(125))).max(1), true)
}

/// The cap to send, if it differs enough from the one that the router has.
fn cap(books: &Books<'_>, session: &SessionFacts, left: Option<u64>, told: Option<u64>, used: u64, bps: u64) -> Option<u64> {
    let told_none = told.is_none_or(|cap| cap >= NO_CAP);
    let Some(left) = left else { return if told_none { None } else { Some(NO_CAP) } };
    // A package with a limit on both together cannot be changed live; the router ends the session at the old limit and the next login gets the new one.
    if session.granted.caps().total.is_some() {
        return None;
    }
    let (share, is_split) = share(left, books.sessions, bps, interim_secs(session));
    let wanted = used.saturating_add(share).min(NO_CAP - 1);
    let Some(told) = told.filter(|_| !told_none) else { return Some(wanted) };
    let tolerance = CAP_TOLERANCE.max(share / 8).min(share / 2);
    // While each has all of it, what the others use shrinks the rest of this one, which does not matter before the end is near.
    let shrinks = wanted.saturating_add(tolerance) < told && (is_split || books.sessions <= 1);
    (wanted > told.saturating_add(tolerance) || shrinks).then_some(wanted)
}

#[cfg(test)]
#[path = "wanted_tests.rs"]
mod tests;
