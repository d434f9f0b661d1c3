//! Do the totals agree with what they were made of: usage rows with sessions, sessions with the events that the journal still holds.

use hashbrown::HashMap;

use super::journal_home::JournalHome;
use super::record::Record;
use super::recount::Recount;
use super::sql::bulk::list_tallies;
use super::sql::{UsageMismatch, count_sessions, find_position, list_nodes, list_usage_mismatches};
use super::tally::Tally;
use crate::accounts::capability::Capability;
use crate::accounts::{Denial, Scope};
use crate::journal::{self, ReadError};
use crate::store::{Conn, StoreError};
use crate::units::TenantId;

const LOT: usize = 2_048;

/// Why it could not be checked.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Not allowed.
    #[error(transparent)]
    Denied(#[from] Denial),
    /// The journal.
    #[error(transparent)]
    Journal(#[from] ReadError),
    /// The journal's folder.
    #[error("the journal: {0}")]
    Folder(#[from] std::io::Error),
}

/// Totals of a session: octets from and to the customer, seconds, and what of these is not charged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub struct Totals {
    /// Octets from the customer.
    pub octets_in: u64,
    /// Octets to the customer.
    pub octets_out: u64,
    /// Seconds.
    pub secs: u32,
    /// Octets from the customer before Tollgate's time.
    pub uncharged_in: u64,
    /// Octets to the customer before Tollgate's time.
    pub uncharged_out: u64,
}

impl From<&Tally> for Totals {
    fn from(tally: &Tally) -> Totals {
        Totals {
            octets_in: tally.octets_in,
            octets_out: tally.octets_out,
            secs: tally.session_secs,
            uncharged_in: tally.uncharged_in,
            uncharged_out: tally.uncharged_out,
        }
    }
}

/// A session of which the store says something else than its events.
#[derive(Debug, Clone)]
pub struct RecountMismatch {
    /// Its name.
    pub session_key: [u8; 16],
    /// By the events.
    pub counted: Totals,
    /// In the store.
    pub stored: Totals,
}

/// How the recount from the journal went.
#[derive(Debug, Clone, Default)]
pub struct RecountReport {
    /// The oldest record that the journal holds.
    pub first_seq: u64,
    /// The newest one that was counted: where the store stands.
    pub last_seq: u64,
    /// The tenant's sessions that records told of.
    pub sessions: u64,
    /// Of these, those that are there as a whole and were compared.
    pub checked: u64,
    /// Those that differ, at most as many as asked for.
    pub wrong: Vec<RecountMismatch>,
}

/// What was found.
#[derive(Debug, Clone)]
pub struct UsageReport {
    /// Sessions of the tenant in the store.
    pub sessions: i64,
    /// Those whose usage rows do not add up to what they are charged, at most as many as asked for.
    pub wrong: Vec<UsageMismatch>,
    /// The recount; `None` = there is no journal here.
    pub recount: Option<RecountReport>,
}

/// Checks the sessions that the scope sees. `conn` must see one snapshot. Reads both tables and the whole journal: for quiet hours. Shows at most `shown` of each kind of
/// mistake. Counted again is only the whole tenant: the journal does not say who owns a session.
pub async fn verify_usage(
    conn: &mut Conn,
    scope: &Scope,
    journal: Option<(&JournalHome, [u8; 16])>,
    shown: i64,
) -> Result<UsageReport, VerifyError> {
    scope.require(Capability::SessionsView)?;
    let sessions = count_sessions(conn, scope).await?;
    let wrong = list_usage_mismatches(conn, scope, shown).await?;
    let recount = match journal.filter(|_| scope.sees_whole_tenant()) {
        Some((home, store_id)) => Some(recount(conn, scope.tenant(), home, store_id, shown as usize).await?),
        None => None,
    };
    Ok(UsageReport { sessions, wrong, recount })
}

async fn recount(
    conn: &mut Conn,
    tenant: TenantId,
    home: &JournalHome,
    store_id: [u8; 16],
    shown: usize,
) -> Result<RecountReport, VerifyError> {
    let last_seq = find_position(conn, home.journal_id).await?.unwrap_or(0);
    let (first_seq, counted) = count_again(home, store_id, last_seq)?;
    let mut report = RecountReport { first_seq, last_seq, ..RecountReport::default() };
    report.sessions = counted.sessions(tenant.0).count() as u64;
    // Another node may have heard events that this journal does not have.
    let has_others = list_nodes(conn).await?.iter().any(|node| node.journal_id != home.journal_id);
    let whole: Vec<_> = counted.sessions(tenant.0).filter(|(_, session)| session.is_whole).collect();
    for lot in whole.chunks(LOT) {
        let keys: Vec<_> = lot.iter().map(|(key, _)| (tenant.0, **key)).collect();
        let mut stored = HashMap::new();
        list_tallies(conn, &keys, &mut stored).await?;
        for (key, session) in lot {
            // Removed by retention, or given to a neighbour that only the store knew.
            let Some(stored) = stored.get(&(tenant.0, **key)) else { continue };
            report.checked += 1;
            let (counted, stored) = (Totals::from(&session.tally), Totals::from(stored));
            let more_is_stored =
                stored.octets_in >= counted.octets_in && stored.octets_out >= counted.octets_out && stored.secs >= counted.secs;
            if counted != stored && !(has_others && more_is_stored) && report.wrong.len() < shown {
                report.wrong.push(RecountMismatch { session_key: **key, counted, stored });
            }
        }
    }
    Ok(report)
}

/// The oldest record and the count of all up to `last_seq`.
fn count_again(home: &JournalHome, store_id: [u8; 16], last_seq: u64) -> Result<(u64, Recount), VerifyError> {
    let mut reader = open_reader(home, store_id)?;
    let first_seq = reader.next_seq();
    let mut recount = Recount::new(first_seq == 1);
    while reader.next_seq() <= last_seq {
        let Some(record) = reader.next()? else { break };
        if let Ok(record) = Record::read(record.kind, record.payload) {
            recount.take(&record);
        }
    }
    Ok((first_seq, recount))
}

/// Reads a journal that another process may be writing, from the oldest record that it still holds.
pub fn open_reader(home: &JournalHome, store_id: [u8; 16]) -> Result<journal::Reader, VerifyError> {
    let identity = Some(home.identity(store_id));
    match journal::read_only(home.disk()?, identity, 0) {
        Err(ReadError::Pruned { oldest_seq }) => Ok(journal::read_only(home.disk()?, identity, oldest_seq - 1)?),
        opened => Ok(opened?),
    }
}
