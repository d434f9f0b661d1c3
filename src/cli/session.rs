//! `tollgate session disconnect`.

use clap::{Args, Subcommand};

use super::catch_up::catch_up;
use super::context::with_context;
use super::{Failure, Globals, output};
use crate::aaa::enforcement::ask_disconnect;

/// Which action.
#[derive(Debug, Args)]
pub struct SessionArgs {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// End open sessions; a running server tells the router within a second
    Disconnect {
        /// All of this user name, or the one of this Acct-Session-Id
        #[arg(value_name = "USERNAME|ACCT_SESSION_ID")]
        which: String,
    },
}

/// Runs it.
pub fn run(globals: &Globals, args: SessionArgs) -> Result<(), Failure> {
    let Action::Disconnect { which } = args.action;
    with_context(globals, async |ctx| {
        let scope = ctx.scope().await?;
        catch_up(ctx).await?;
        let asked = ask_disconnect(&ctx.db, ctx.ids().await?, &scope, &which, ctx.now).await?;
        if asked.is_empty() {
            return Err(Failure::new(format!("no session of {which:?} is online; `tollgate sessions ls --online` shows those that are")));
        }
        if globals.json {
            return output::json(&serde_json::json!({ "acct_session_ids": asked }));
        }
        output::line(format!("{} to be ended: {}; `tollgate actions ls` shows what came of it", count(asked.len()), asked.join(" ")))
    })
}

fn count(sessions: usize) -> String {
    if sessions == 1 { "one session is".to_owned() } else { format!("{sessions} sessions are") }
}
