//! `tollgate actions ls`: what routers were told to do about sessions, and what came of it.

use clap::{Args, Subcommand};
use serde::Serialize;

use super::context::with_context;
use super::output::Table;
use super::{Failure, Globals, output};
use crate::aaa::enforcement::{ActionLine, list_action_lines};
use crate::units::print_instant;

/// Which action.
#[derive(Debug, Args)]
pub struct ActionsArgs {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// List what routers were told, newest first
    Ls {
        /// Only where books and network disagree although it was tried several times
        #[arg(long)]
        drift: bool,
        /// Only those about this user name, in whatever case
        #[arg(long, value_name = "NAME", default_value = "", hide_default_value = true)]
        username: String,
        /// How many at most
        #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
        limit: u32,
    },
}

/// An action as commands print it: instants RFC 3339 in UTC.
#[derive(Debug, Serialize)]
struct PrintedAction {
    #[serde(flatten)]
    line: ActionLine,
    created: String,
    updated: String,
    proven: Option<String>,
}

/// Runs it.
pub fn run(globals: &Globals, args: ActionsArgs) -> Result<(), Failure> {
    let Action::Ls { drift, username, limit } = args.action;
    with_context(globals, async |ctx| {
        let scope = ctx.scope().await?;
        let lines = list_action_lines(&mut ctx.db.read().await?, &scope, &username, drift, i64::from(limit)).await?;
        if globals.json {
            let printed = |line: ActionLine| PrintedAction {
                created: print_instant(line.created_at),
                updated: print_instant(line.updated_at),
                proven: line.proven_at.map(print_instant),
                line,
            };
            return output::json(&lines.into_iter().map(printed).collect::<Vec<_>>());
        }
        table(lines).print(if drift { "no drift" } else { "no actions" })
    })
}

fn table(lines: Vec<ActionLine>) -> Table {
    let mut table = Table::new(&["since", "username", "router", "session", "what", "reason", "state", "tries", "wanted or why not"]);
    for line in lines {
        table.row(vec![
            print_instant(line.created_at),
            line.username,
            line.router,
            line.acct_session_id,
            line.kind,
            line.reason,
            line.state,
            line.tries.to_string(),
            if line.note.is_empty() { line.wanted } else { line.note },
        ]);
    }
    table
}
