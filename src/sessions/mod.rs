//! Accounting that loses nothing: Accounting-Requests become events, events change live sessions and go to the journal, the applier carries them into the store.
//!
//! Owns the tables `nas_instances`, `sessions`, `closed_sessions`, `usage`, `journals`. A session's facts are changed by one pure rule ([`Tally::apply`]), in memory by the
//! workers and in the store by the applier. Must not know: money.

mod applier;
mod buckets;
mod error;
mod event;
mod grant;
mod history;
mod journal_home;
mod list;
mod live;
mod meters;
mod record;
mod recount;
#[cfg(test)]
mod scope_tests;
pub(crate) mod sql;
mod tally;
mod token;
mod used;
mod verify;

pub use applier::{AppliedBatch, AppliedSink, Applier, ApplierStatus, ApplyError, NoSink, StoredSession, UsageAdded};
pub use buckets::{Charging, class};
pub use error::SessionError;
pub use event::{AccountingEvent, EventTime, Odd, Status};
pub use grant::{Granted, Told, VolumeCaps, rate_number};
pub use history::{HistoryKeeper, date_usage};
pub use journal_home::JournalHome;
pub use list::{
    count_begun_sessions, count_open_sessions, find_session, find_session_facts, list_charged_buckets, list_newest_sessions,
    list_open_sessions_of, list_sessions_after, list_sessions_of_id, list_usage_after, list_usage_of_customer, list_usage_of_session,
};
pub use live::{Applied, LiveSession, LiveSessions, NasContext, Recorded, SessionName, Sighting};
pub use meters::{MeterNeed, MeterStatus, Meters};
pub use record::{Leased, MacBound, Record, RecordError, RouterLearned, Update};
pub use sql::{BucketSum, NEWEST, SessionFacts, SessionLine, UsageLine, UsageMismatch, find_position};
pub use tally::{Tally, flag};
pub use token::{SessionToken, TokenKey};
pub use used::{Amounts, Used};
pub use verify::{RecountMismatch, RecountReport, Totals, UsageReport, VerifyError, open_reader, verify_usage};

/// Terminate causes that Tollgate itself gives (RFC 2866 section 5.10 numbers).
pub mod cause {
    /// The customer vanished: no interim for too long.
    pub const LOST_CARRIER: u32 = 2;
    /// A Start with the same Acct-Session-Id followed: the Stop was lost.
    pub const LOST_SERVICE: u32 = 3;
    /// An administrator ended it, or the server did.
    pub const ADMIN_RESET: u32 = 6;
    /// The router said that it restarts accounting.
    pub const NAS_REBOOT: u32 = 11;
}
