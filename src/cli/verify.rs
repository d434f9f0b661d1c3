//! `tollgate verify usage`: do the totals agree with what they were made of?

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::catch_up::catch_up;
use super::context::with_context;
use super::{Failure, Globals, output};
use crate::sessions::{JournalHome, RecountMismatch, RecountReport, SessionError, UsageMismatch, UsageReport, VerifyError, verify_usage};
use crate::units::hex;

/// How many disagreements of each kind are shown.
const SHOWN: i64 = 20;

/// What to verify; usage if nothing is named.
#[derive(Debug, Args)]
pub struct VerifyArgs {
    #[command(subcommand)]
    what: Option<What>,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Each session's charged octets and seconds against its usage, and against the events that the journal still holds
    Usage,
}

impl From<VerifyError> for Failure {
    fn from(e: VerifyError) -> Failure {
        match e {
            VerifyError::Store(e) => e.into(),
            VerifyError::Denied(e) => SessionError::from(e).into(),
            e => Failure::new(e.to_string()),
        }
    }
}

/// Runs it: everything acknowledged so far is applied first.
pub fn run(globals: &Globals, args: VerifyArgs) -> Result<(), Failure> {
    let VerifyArgs { what: None | Some(What::Usage) } = args;
    with_context(globals, async |ctx| {
        catch_up(ctx).await?;
        let scope = ctx.scope().await?;
        let home = JournalHome::find(&ctx.config.data.folder)?;
        let mut snapshot = ctx.db.snapshot().await?;
        let journal = home.as_ref().map(|home| (home, ctx.identity.store_id));
        let report = verify_usage(&mut snapshot, &scope, journal, SHOWN).await?;
        if globals.json {
            output::json(&as_json(&report))?
        } else {
            print(&report)?
        }
        let wrong = report.wrong.len() + report.recount.as_ref().map_or(0, |r| r.wrong.len());
        match wrong {
            0 => Ok(()),
            n => {
                let message = format!("at least {n} of {} sessions do not agree with their usage or their events", report.sessions);
                Err(Failure::coded("usage-mismatch", message))
            }
        }
    })
}

fn print(report: &UsageReport) -> Result<(), Failure> {
    for one in &report.wrong {
        output::line(described(one))?;
    }
    if report.wrong.is_empty() {
        output::line(format!("{} sessions agree with their usage.", report.sessions))?;
    }
    let Some(recount) = &report.recount else { return Ok(()) };
    for one in &recount.wrong {
        output::line(described_recount(one))?;
    }
    if recount.wrong.is_empty() {
        output::line(counted(recount))?;
    }
    Ok(())
}

fn counted(recount: &RecountReport) -> String {
    format!(
        "{} of them were counted again from the events in the journal (records {} to {}) and agree; {} began before it or cannot be told apart.",
        recount.checked,
        recount.first_seq,
        recount.last_seq,
        recount.sessions - recount.checked
    )
}

fn as_json(report: &UsageReport) -> Value {
    let mismatch = |one: &UsageMismatch| {
        json!({
            "session_key": hex(&one.session_key), "acct_session_id": one.acct_session_id,
            "charged": { "octets_in": one.charged_in, "octets_out": one.charged_out, "secs": one.charged_secs },
            "usage": { "octets_in": one.usage_in, "octets_out": one.usage_out, "secs": one.usage_secs },
        })
    };
    let recount = report.recount.as_ref().map(|r| {
        let difference =
            |one: &RecountMismatch| json!({ "session_key": hex(&one.session_key), "counted": one.counted, "stored": one.stored });
        json!({
            "first_seq": r.first_seq, "last_seq": r.last_seq, "sessions": r.sessions, "checked": r.checked,
            "differences": r.wrong.iter().map(difference).collect::<Vec<_>>(),
        })
    });
    let wrong: Vec<String> =
        report.wrong.iter().map(described).chain(report.recount.iter().flat_map(|r| r.wrong.iter().map(described_recount))).collect();
    json!({
        "sessions": report.sessions, "wrong": wrong, "mismatches": report.wrong.iter().map(mismatch).collect::<Vec<_>>(), "journal": recount,
    })
}

fn described(one: &UsageMismatch) -> String {
    format!(
        "session {} (Acct-Session-Id {}): charged {}/{} octets and {} s, but usage says {}/{} and {} s",
        hex(&one.session_key),
        one.acct_session_id,
        one.charged_in,
        one.charged_out,
        one.charged_secs,
        one.usage_in,
        one.usage_out,
        one.usage_secs
    )
}

fn described_recount(one: &RecountMismatch) -> String {
    let (c, s) = (&one.counted, &one.stored);
    format!(
        "session {}: stored {}/{} octets and {} s, but its events say {}/{} and {} s",
        hex(&one.session_key),
        s.octets_in,
        s.octets_out,
        s.secs,
        c.octets_in,
        c.octets_out,
        c.secs
    )
}
