//! `tollgate verify`: do the totals agree with what they were made of?

use clap::Args;

use super::catch_up::catch_up;
use super::context::with_context;
use super::{Failure, Globals, output};
use crate::sessions::sql::{UsageMismatch, count_sessions, list_usage_mismatches};
use crate::units::hex;

/// How many disagreements are shown.
const SHOWN: i64 = 20;

/// No options of its own.
#[derive(Debug, Args)]
pub struct VerifyArgs {}

/// Runs it: everything acknowledged so far is applied first, then each session's charged octets and seconds are compared with the sum of its usage rows.
pub fn run(globals: &Globals, _: VerifyArgs) -> Result<(), Failure> {
    with_context(globals, async |ctx| {
        catch_up(ctx).await?;
        let tenant = ctx.tenant().await?;
        let mut snapshot = ctx.db.snapshot().await?;
        let sessions = count_sessions(&mut snapshot, tenant.id).await?;
        let wrong = list_usage_mismatches(&mut snapshot, tenant.id, SHOWN).await?;
        if globals.json {
            output::json(&serde_json::json!({ "sessions": sessions, "wrong": wrong.iter().map(described).collect::<Vec<_>>() }))?;
        } else {
            for one in &wrong {
                output::line(described(one))?;
            }
        }
        match wrong.len() {
            0 if globals.json => Ok(()),
            0 => output::line(format!("{sessions} sessions agree with their usage.")),
            n => Err(Failure::coded("usage-mismatch", format!("at least {n} of {sessions} sessions do not agree with their usage"))),
        }
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
