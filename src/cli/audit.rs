//! `tollgate audit ls`.

use clap::{Args, Subcommand};

use super::context::with_context;
use super::output::Table;
use super::{Failure, Globals, output};
use crate::accounts::{AuditFilter, AuditRecord, list_audit};
use crate::units::{parse_instant, print_instant};

/// Which action.
#[derive(Debug, Args)]
pub struct AuditArgs {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// List who changed what in the tenant, the newest first
    Ls(LsArgs),
}

#[derive(Debug, Args)]
struct LsArgs {
    /// Only verbs that begin so, such as customer. or account.suspend
    #[arg(long, value_name = "TEXT", default_value = "")]
    verb: String,
    /// Only what this one did: an account's name, or cli:USER
    #[arg(long, value_name = "NAME", default_value = "")]
    actor: String,
    /// Only rows of this table, such as customers
    #[arg(long, value_name = "TABLE", default_value = "")]
    kind: String,
    /// Only this row
    #[arg(long, value_name = "ID")]
    object: Option<i64>,
    /// Only from this instant on, such as 2026-12-31 18:00
    #[arg(long, value_name = "INSTANT")]
    since: Option<String>,
    /// Continue below this number
    #[arg(long, value_name = "N")]
    before: Option<i64>,
    /// How many at most
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(i64).range(1..=10_000))]
    limit: i64,
}

/// Runs it.
pub fn run(globals: &Globals, args: AuditArgs) -> Result<(), Failure> {
    with_context(globals, async |ctx| {
        let Action::Ls(args) = args.action;
        let tenant = ctx.tenant().await?;
        let since = args.since.map(|text| parse_instant(&text, &tenant.zone()).map_err(Failure::usage)).transpose()?;
        let filter = AuditFilter {
            verb_prefix: args.verb,
            actor: args.actor,
            kind: args.kind,
            object_id: args.object,
            since,
            ..AuditFilter::default()
        };
        let scope = ctx.scope().await?;
        let lines = list_audit(&mut ctx.db.read().await?, &scope, &filter, args.before.unwrap_or(i64::MAX), args.limit).await?;
        if globals.json {
            return output::json(&lines);
        }
        let mut table = Table::new(&["number", "at", "who", "did", "to", "changes"]);
        let last = lines.last().map(|l| l.seq).filter(|_| lines.len() as i64 == args.limit);
        for line in lines {
            let who = if line.on_behalf_of.is_empty() { line.actor.clone() } else { format!("{} as {}", line.actor, line.on_behalf_of) };
            let changes = in_words(&line);
            table.row(vec![line.seq.to_string(), print_instant(line.at), who, line.verb, line.object, changes]);
        }
        table.print("nothing was changed")?;
        if let Some(last) = last {
            output::note(globals, format!("there may be more: add --before {last}"));
        }
        Ok(())
    })
}

/// `field: before → after`, several parted by commas; long values are cut.
fn in_words(line: &AuditRecord) -> String {
    const MOST_CHARS: usize = 160;
    let Some(changes) = line.changes.as_object() else { return String::new() };
    let plain = |value: &serde_json::Value| match value {
        serde_json::Value::Null => "-".to_owned(),
        serde_json::Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let parts: Vec<String> = changes
        .iter()
        .map(|(field, pair)| match pair[0].is_null() {
            true => format!("{field}: {}", plain(&pair[1])),
            false => format!("{field}: {} → {}", plain(&pair[0]), plain(&pair[1])),
        })
        .collect();
    let text = parts.join(", ");
    if text.chars().count() > MOST_CHARS { text.chars().take(MOST_CHARS).chain(['…']).collect() } else { text }
}
