//! Totals of sessions, counted again from the events that the journal still holds: the same rule, nothing stored, no database. For checking.

use hashbrown::HashMap;

use super::event::Status;
use super::record::{Record, Update};
use super::sql::bulk::{NEIGHBOUR_MS, RowKey};
use super::tally::Tally;
use crate::units::UnixMs;

/// A session as the events tell it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recounted {
    /// Its totals.
    pub tally: Tally,
    /// How many events told of it.
    pub events: u64,
    /// Whether all its events are there, and none that may be another's.
    pub is_whole: bool,
}

/// Counts records, in their order.
#[derive(Default)]
pub struct Recount {
    sessions: HashMap<RowKey, Recounted>,
    /// Sessions of one name on one box: an event without a session of its own may belong to a neighbour.
    by_name: HashMap<(i64, Box<[u8]>), Vec<RowKey>>,
    /// Whether the journal is there from its first record.
    from_first: bool,
}

impl Recount {
    /// Begins; `from_first` tells whether no record was removed from the journal yet.
    pub fn new(from_first: bool) -> Recount {
        Recount { from_first, ..Recount::default() }
    }

    /// Counts one record.
    pub fn take(&mut self, record: &Record<'_>) {
        // Ends change no counter.
        if let Record::Update(update) = record {
            self.update(update);
        }
    }

    /// What was counted of a tenant's sessions, by session key.
    pub fn sessions(&self, tenant_id: i64) -> impl Iterator<Item = (&[u8; 16], &Recounted)> {
        self.sessions.iter().filter(move |((tenant, _), _)| *tenant == tenant_id).map(|((_, key), session)| (key, session))
    }

    fn update(&mut self, update: &Update<'_>) {
        let key = (update.tenant_id, update.session_key);
        if let Some(session) = self.sessions.get_mut(&key) {
            session.tally.apply(&Update { carried_over: false, ..update.clone() });
            session.events += 1;
            return;
        }
        let names = self.by_name.entry((update.nas_instance, update.acct_session_id.into())).or_default();
        let mut may_be_another = false;
        if update.is_stray || !update.opens {
            // The applier asks the store, which knows more neighbours than the journal: whichever it takes, these are in doubt.
            for name in names.iter() {
                if let Some(neighbour) = self.sessions.get_mut(name).filter(|s| is_near(s.tally.started_at, update.started_at)) {
                    (neighbour.is_whole, may_be_another) = (false, true);
                }
            }
        }
        names.push(key);
        let is_first = update.opens && (update.status == Status::Start || self.from_first);
        let mut tally = Tally::open(update.started_at);
        tally.apply(update);
        self.sessions.insert(key, Recounted { tally, events: 1, is_whole: is_first && !may_be_another });
    }
}

fn is_near(a: UnixMs, b: UnixMs) -> bool {
    (a - b).abs() <= NEIGHBOUR_MS
}

#[cfg(test)]
mod tests {
    use super::*;

    fn update(key: u8, status: Status, octets: u64) -> Update<'static> {
        Update { session_key: [key; 16], status, octets_in: Some(octets), opens: status == Status::Start, ..Update::sample() }
    }

    #[test]
    fn only_sessions_whose_first_event_is_there_are_whole() {
        let mut recount = Recount::new(false);
        for update in [
            update(1, Status::Start, 0),
            update(1, Status::Interim, 70),
            update(1, Status::Interim, 70),
            update(1, Status::Stop, 90),
            Update { acct_session_id: b"81000002", ..update(2, Status::Interim, 5) },
            // May be the applier's neighbour of the next.
            Update { acct_session_id: b"81000003", ..update(3, Status::Start, 5) },
            Update { acct_session_id: b"81000003", is_stray: true, opens: true, ..update(4, Status::Interim, 5) },
        ] {
            recount.take(&Record::Update(update));
        }
        let mut found: Vec<_> = recount.sessions(1).map(|(key, s)| (key[0], s.tally.octets_in, s.events, s.is_whole)).collect();
        found.sort_unstable();
        assert_eq!(found, [(1, 90, 4, true), (2, 5, 1, false), (3, 5, 1, false), (4, 5, 1, false)]);
        assert_eq!(recount.sessions(2).count(), 0);
    }
}
