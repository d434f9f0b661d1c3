//! How far a job is, as server-sent events, for programs and browsers that listen. It asks the store once a second, so it does not matter which node runs the job; with
//! each look the sign-in is looked at again. It ends with the job.

use std::time::Duration;

use axum::response::Response;
use tokio::sync::mpsc;

use super::VIEW;
use crate::jobs::{Job, find_job};
use crate::units::JobId;
use crate::web::{CutOff, Id, Problem, Signed, StreamPlace, events_in_pieces};

const LOOK_EVERY: Duration = Duration::from_secs(1);
/// How long a reader may take for one event.
const PATIENCE: Duration = Duration::from_secs(20);
/// Looks after which something is said even though nothing changed, so that no proxy takes the connection for dead.
const QUIET_LOOKS: u32 = 15;
/// Whoever listens longer connects again, as browsers do by themselves.
const MOST_LOOKS: u32 = 1800;

/// `GET /jobs/{id}/events`.
pub(super) async fn send(who: Signed, Id(id): Id) -> Result<Response, Problem> {
    let job = find_job(&mut who.site.db.read().await?, who.scope(), JobId(id)).await?.ok_or(Problem::NotFound)?;
    let place = who.site.streams.take(who.principal.account).ok_or(Problem::Busy)?;
    let (sender, pieces) = mpsc::channel(1);
    tokio::spawn(write(who, job, place, sender));
    Ok(events_in_pieces(pieces))
}

async fn write(who: Signed, first: Job, _place: StreamPlace, to: mpsc::Sender<Result<String, CutOff>>) {
    let (mut job, mut told, mut quiet) = (first, String::new(), 0);
    for _ in 0..MOST_LOOKS {
        let event = as_event(&job);
        quiet = if event == told { quiet + 1 } else { 0 };
        let piece = match quiet {
            0 => Some(event.clone()),
            looks if looks % QUIET_LOOKS == 0 => Some(": still here\n\n".to_owned()),
            _ => None,
        };
        if let Some(piece) = piece
            && !matches!(tokio::time::timeout(PATIENCE, to.send(Ok(piece))).await, Ok(Ok(())))
        {
            return;
        }
        told = event;
        if job.state.is_over() {
            return;
        }
        tokio::select! {
            () = tokio::time::sleep(LOOK_EVERY) => {}
            () = to.closed() => return,
        }
        if who.site.streams.is_closed() {
            return;
        }
        job = match again(&who, job.id).await {
            Ok(job) => job,
            Err(problem) => {
                let why = CutOff(format!("the events of a job were cut off: {}", problem.text_id()));
                tracing::debug!(account = %who.principal.account_name, "{why}");
                // whoever listened has gone, perhaps
                let _ = to.send(Err(why)).await;
                return;
            }
        };
    }
}

/// The job as it is now, for whoever it is by now.
async fn again(who: &Signed, id: JobId) -> Result<Job, Problem> {
    let who = who.again(VIEW).await?;
    find_job(&mut who.site.db.read().await?, who.scope(), id).await?.ok_or(Problem::NotFound)
}

/// `progress` while it is under way, `end` when it is over.
fn as_event(job: &Job) -> String {
    let name = if job.state.is_over() { "end" } else { "progress" };
    let data = serde_json::json!({
        "id": job.id,
        "state": job.state,
        "step": job.step,
        "done": job.done,
        "total": job.total,
        "attempts": job.attempts,
        "error": job.error,
    });
    format!("event: {name}\ndata: {data}\n\n")
}
