//! Events of sessions as the journal still holds them.

use serde::Serialize;

use crate::cli::{Context, Failure};
use crate::sessions::find_position;
use crate::sessions::{JournalHome, Record, Update, flag, open_reader};
use crate::units::{hex, print_instant, printable};

/// One event.
#[derive(Debug, Clone, Serialize)]
pub struct Event {
    /// Its place in the journal.
    pub seq: u64,
    /// Whether it is in the store.
    pub is_applied: bool,
    /// When it happened.
    pub at: String,
    /// Start, interim, stop.
    pub status: &'static str,
    /// Under which name.
    pub session_key: String,
    /// Acct-Session-Time, if sent.
    pub session_secs: Option<u32>,
    /// From the customer, if sent.
    pub octets_in: Option<u64>,
    /// To the customer, if sent.
    pub octets_out: Option<u64>,
    /// What else is to be said about it.
    pub notes: Vec<&'static str>,
}

/// What the journal of this data folder says.
#[derive(Debug, Serialize)]
pub struct Events {
    /// The oldest record that it holds; earlier events are gone.
    pub from_seq: u64,
    /// Records up to here are in the store.
    pub applied_seq: u64,
    /// Those asked for.
    pub events: Vec<Event>,
}

/// Events that `which` picks, oldest first; `None` if this data folder has no journal. Reads the whole journal.
pub async fn find_events(ctx: &Context, which: impl Fn(&Update<'_>) -> bool) -> Result<Option<Events>, Failure> {
    let Some(home) = JournalHome::find(&ctx.config.data.folder)? else { return Ok(None) };
    let applied_seq = find_position(&mut ctx.db.read().await?, home.journal_id).await?.unwrap_or(0);
    let mut reader = open_reader(&home, ctx.identity.store_id)?;
    let mut found = Events { from_seq: reader.next_seq(), applied_seq, events: Vec::new() };
    while let Some(record) = reader.next().map_err(|e| Failure::new(format!("the journal: {e}")))? {
        if let Ok(Record::Update(update)) = Record::read(record.kind, record.payload)
            && which(&update)
        {
            found.events.push(event(record.seq, record.seq <= applied_seq, &update));
        }
    }
    Ok(Some(found))
}

fn event(seq: u64, is_applied: bool, update: &Update<'_>) -> Event {
    let notes = [
        (!is_applied, "not in the store yet"),
        (update.carried_over, "used before Tollgate's time is not charged"),
        (update.is_stray, "found by its start"),
        (update.is_past, "a newer session had taken its name"),
        (update.replaces.is_some(), "took the name of a session whose Stop was lost"),
        (update.is_local, "let in by the router's own list"),
        (!update.has_gigawords && update.octets_in.is_some(), "without high words"),
    ];
    Event {
        seq,
        is_applied,
        at: print_instant(update.at),
        status: update.status.name(),
        session_key: hex(&update.session_key),
        session_secs: update.session_secs,
        octets_in: update.octets_in,
        octets_out: update.octets_out,
        notes: notes.into_iter().filter_map(|(holds, note)| holds.then_some(note)).collect(),
    }
}

/// Whether an event is about a user name, whatever its case.
pub fn is_of_name(update: &Update<'_>, username: &str) -> bool {
    printable(update.username).eq_ignore_ascii_case(username)
}

/// What was noticed about a session, in words.
pub fn flags_in_words(flags: i64) -> Vec<&'static str> {
    let words = [
        (flag::END_INFERRED, "its end was inferred; a later report takes that back"),
        (flag::BACKWARDS, "a counter went backwards; the higher value was kept"),
        (flag::WRAPPED, "a 32-bit counter wrapped and was carried on"),
        (flag::IMPLAUSIBLE, "an absurd value was left out"),
        (flag::LOCAL, "the router's own list let this one in"),
        (flag::NO_START, "no Start was seen"),
        (flag::CARRIED_OVER, "it began before its router was added: what it had used then is not charged"),
    ];
    words.into_iter().filter(|(bit, _)| flags & i64::from(*bit) != 0).map(|(_, word)| word).collect()
}
