//! Which session an event is about, when the router has used its name before.

use super::LiveSession;
use crate::sessions::event::{AccountingEvent, Status};
use crate::sessions::token::TokenKey;
use crate::units::UnixMs;

/// A repeated Start names the same second, give or take the way of the packet.
const SAME_START_MS: i64 = 5_000;
/// Starts worked out from Acct-Session-Time wander with clocks and delays.
const SAME_IMPLIED_START_MS: i64 = 60_000;

/// What an event's session is to the one in memory under the same name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    /// The same session.
    Same,
    /// A newer one: the name is used again, and if the old one is open its Stop was lost.
    Later,
    /// An older one that was replaced already: only the store still knows it.
    Earlier {
        /// Its name in the store.
        session_key: [u8; 16],
        /// Its start.
        started_at: UnixMs,
    },
}

/// Tokens decide if both sides have one; else user name and start do.
pub(super) fn fate(session: &LiveSession, event: &AccountingEvent<'_>, tokens: &TokenKey) -> Fate {
    if let Some(token) = event.token.filter(|_| session.token_issued_at() != 0) {
        let session_key = tokens.session_key(&token, event.acct_session_id);
        return if session_key == session.session_key {
            Fate::Same
        } else if token.issued_at >= session.token_issued_at() {
            Fate::Later
        } else {
            Fate::Earlier { session_key, started_at: event.implied_start().unwrap_or(token.issued_at) }
        };
    }
    // User-Name may be left out of accounting (RFC 2866 section 5.13); then the id alone speaks.
    let is_unnamed = event.username.is_empty() || session.username().is_empty();
    let same_user = is_unnamed || session.username().eq_ignore_ascii_case(event.username);
    let implied = event.implied_start();
    let tolerance = if event.status == Status::Start { SAME_START_MS } else { SAME_IMPLIED_START_MS };
    let distance = implied.map_or(0, |start| start - session.started_at());
    // The router cannot have used the name for another session of this user before it last spoke of this one.
    let overlaps = implied.is_some_and(|start| start > session.started_at() && start < session.last_event_at());
    // Nor can an event after its start belong to a session before it, whatever its Acct-Session-Time claims.
    let runs_on = event.status != Status::Start && event.at > session.started_at() && implied.is_some_and(|s| s < session.started_at());
    if same_user && (distance.abs() <= tolerance || overlaps || runs_on) && !starts_after_end(session, event) {
        return Fate::Same;
    }
    match implied {
        Some(started_at) if started_at < session.started_at() => Fate::Earlier {
            session_key: tokens.natural_key(session.nas().nas_instance, event.acct_session_id, event.username, started_at),
            started_at,
        },
        _ => Fate::Later,
    }
}

/// A Start that happens at or after a real Stop is another session, however soon it comes.
fn starts_after_end(session: &LiveSession, event: &AccountingEvent<'_>) -> bool {
    event.status == Status::Start && !session.is_open() && event.at >= session.tally().ended_at && event.at > session.started_at()
}

/// Service octet and boot digit of an id as RouterOS makes it: eight hex digits, the first an 8, the third one more after each boot.
pub(super) fn boot_digit(acct_session_id: &[u8]) -> Option<(u8, u8)> {
    let id: &[u8; 8] = acct_session_id.try_into().ok()?;
    if id[0] != b'8' || !id.iter().all(u8::is_ascii_hexdigit) {
        return None;
    }
    let digit = |c: u8| (c as char).to_digit(16).map(|d| d as u8);
    Some((digit(id[0])? << 4 | digit(id[1])?, digit(id[2])?))
}
