//! The decisions about a customer: what this server's log has, and what all nodes keep in the store.

use std::io;
use std::path::Path;

use super::runs::{Run, runs, with_kept};
use super::similar::{SimilarName, similar_names};
use super::sql::{self, KeptLine};
use super::{ExplainError, Subject};
use crate::aaa::decide::RejectReason;
use crate::aaa::decision_log::Decision;
use crate::accounts::Scope;
use crate::accounts::capability::Capability;
use crate::customers::Customer;
use crate::journal::{Entry, LocalLogReader};
use crate::store::Conn;
use crate::units::{DAY_MS, UnixMs};

/// Folder of the decision log in the data folder.
pub const DECISIONS_FOLDER: &str = "decisions";

/// Each worker hands its decisions over in lots, so neighbours in the log may be out of order by as many as a lot holds for one name.
const OUT_OF_ORDER: usize = 64;
/// Decisions of one name that are read, so that repeated ones are counted.
const READ_OF_EACH: usize = 300;
/// Decisions about nobody that are looked through, and of how long.
const READ_OF_NOBODY: i64 = 2_000;
const NOBODY_SINCE_MS: i64 = 7 * DAY_MS;

/// Entries under a key, the newest first: at least the newest `limit`, if there are as many.
pub fn newest_entries(reader: &LocalLogReader, key: u64, limit: usize) -> io::Result<Vec<Entry>> {
    let mut entries = reader.find(key, limit + OUT_OF_ORDER)?;
    entries.sort_by_key(|entry| std::cmp::Reverse(entry.unix_ms));
    Ok(entries)
}

/// Entries under any of some keys, the newest first and each once; none where no server has written a log yet.
pub fn decisions_under(folder: &Path, keys: &[u64], limit: usize) -> io::Result<Vec<Entry>> {
    let Ok(reader) = LocalLogReader::open(folder) else { return Ok(Vec::new()) };
    let mut all = Vec::new();
    for (at, key) in keys.iter().enumerate() {
        // one that bears a name and a device is found under both
        all.extend(newest_entries(&reader, *key, limit)?.into_iter().filter(|entry| !keys[..at].iter().any(|other| entry.has_key(*other))));
    }
    all.sort_by_key(|entry| std::cmp::Reverse(entry.unix_ms));
    Ok(all)
}

/// The newest decisions about a customer, repeated ones as one line; those of other nodes, and those that the log in `folder` has no more, as far as the store keeps them.
pub async fn list_decisions_about(
    conn: &mut Conn,
    scope: &Scope,
    customer: &Customer,
    subject: &Subject,
    folder: &Path,
    limit: usize,
    now: UnixMs,
) -> Result<Vec<Run>, ExplainError> {
    scope.require(Capability::CustomersView)?;
    scope.require(Capability::SessionsView)?;
    let mut kept = sql::list_kept_of(conn, scope, customer.id, limit as i64).await?;
    kept.extend(list_nobodys(conn, scope, now).await?);
    let (id, folder, subject) = (customer.id.0, folder.to_path_buf(), subject.clone());
    let logged = tokio::task::spawn_blocking(move || {
        let entries = decisions_under(&folder, &subject.keys(), READ_OF_EACH)?;
        let decisions = entries.iter().filter_map(|entry| Decision::read(&entry.payload));
        let logged = runs(decisions.filter(|d| subject.has(d.tenant_id, d.customer_id, d.username, d.mac)));
        let is_his = |line: &&KeptLine| line.customer_id == Some(id) || subject.has_nobodys(line);
        Ok::<_, io::Error>(with_kept(logged, kept.iter().filter(is_his), limit))
    });
    Ok(logged.await.map_err(io::Error::other)??)
}

/// Names like a username that were rejected as unknown within the last day, at routers that may serve the scope's customers.
pub async fn list_similar_names(conn: &mut Conn, scope: &Scope, username: &str, now: UnixMs) -> Result<Vec<SimilarName>, ExplainError> {
    scope.require(Capability::SessionsView)?;
    let recent = sql::list_kept_of_nobody(conn, scope, now - DAY_MS, READ_OF_NOBODY).await?;
    Ok(similar_names(username, &recent))
}

/// Why logins were refused since an instant, and how often, the most frequent first.
pub(super) async fn count_rejects(conn: &mut Conn, scope: &Scope, since: UnixMs) -> Result<Vec<(RejectReason, i64)>, ExplainError> {
    scope.require(Capability::SessionsView)?;
    let counted = sql::count_rejects(conn, scope, since).await?;
    Ok(counted.into_iter().filter_map(|(code, count)| RejectReason::from_code(&code).map(|reason| (reason, count))).collect())
}

async fn list_nobodys(conn: &mut Conn, scope: &Scope, now: UnixMs) -> Result<Vec<KeptLine>, ExplainError> {
    Ok(sql::list_kept_of_nobody(conn, scope, now - NOBODY_SINCE_MS, READ_OF_NOBODY).await?)
}
