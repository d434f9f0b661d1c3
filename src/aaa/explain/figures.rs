//! What is going on: how many are online, how many come in, who is turned away and why.

use serde::Serialize;

use super::ExplainError;
use super::past::count_rejects;
use crate::aaa::decide::RejectReason;
use crate::accounts::Scope;
use crate::sessions::{count_begun_sessions, count_open_sessions};
use crate::store::Conn;
use crate::units::UnixMs;

/// The widget's name.
pub const FIGURES: &str = "live-figures";
/// Over so long logins are counted: shorter would jump, longer would hide a breakdown.
const LOGINS_MS: i64 = 5 * 60_000;
/// Over so long rejects are.
const REJECTS_MS: i64 = 15 * 60_000;

/// See the head of the file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Figures {
    /// Sessions that are open.
    pub online: i64,
    /// Sessions that began, a minute, over the last five; rounded up, so that one is not none.
    pub logins_per_minute: i64,
    /// Why logins were refused within the last fifteen minutes, the most frequent first.
    pub rejects: Vec<RejectsOf>,
}

/// How often a reason was given.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RejectsOf {
    /// Its code.
    #[serde(serialize_with = "code")]
    pub reason: RejectReason,
    /// How often.
    pub count: i64,
}

fn code<S: serde::Serializer>(reason: &RejectReason, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(reason.code())
}

/// Counts them. Of a subtree the sessions and rejects of its customers.
pub async fn count_figures(conn: &mut Conn, scope: &Scope, now: UnixMs) -> Result<Figures, ExplainError> {
    let begun = count_begun_sessions(conn, scope, now - LOGINS_MS).await?;
    let rejects = count_rejects(conn, scope, now - REJECTS_MS).await?;
    Ok(Figures {
        online: count_open_sessions(conn, scope).await?,
        logins_per_minute: (begun * 60_000 + LOGINS_MS - 1) / LOGINS_MS,
        rejects: rejects.into_iter().map(|(reason, count)| RejectsOf { reason, count }).collect(),
    })
}
