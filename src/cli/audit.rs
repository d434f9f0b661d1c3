//! `tollgate audit ls`.

use clap::{Args, Subcommand};

use super::context::with_context;
use super::output::Table;
use super::{Failure, Globals, output};
use crate::accounts::{AUDIT_VERBS, AuditQuery, AuditRecord, list_audit};
use crate::lists::{Start, quoted};
use crate::units::print_instant;

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
    /// Only from this instant on, such as 2026-12-31T18:00, today or -3d
    #[arg(long, value_name = "INSTANT")]
    since: Option<String>,
    /// Only what this filter of the panel's list finds, such as 'source:panel -as:none'
    #[arg(long, value_name = "TEXT", default_value = "")]
    filter: String,
    /// Continue below this number
    #[arg(long, value_name = "N")]
    before: Option<i64>,
    /// How many at most
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(i64).range(1..=10_000))]
    limit: i64,
}

impl LsArgs {
    /// All that was asked for, as one filter.
    fn filter(&self) -> Result<String, Failure> {
        let mut text = self.filter.clone();
        let mut add = |name: &str, value: &str| text += &format!(" {name}:{value}");
        if !self.verb.is_empty() {
            let verbs: Vec<&str> = AUDIT_VERBS.iter().copied().filter(|verb| verb.starts_with(&self.verb)).collect();
            if verbs.is_empty() {
                return Err(Failure::usage(format!("nothing that is done begins with {:?}", self.verb)));
            }
            add("verb", &verbs.join(","));
        }
        for (name, value) in [("actor", &self.actor), ("kind", &self.kind)] {
            if !value.is_empty() {
                add(name, &quoted(value));
            }
        }
        if let Some(id) = self.object {
            add("id", &id.to_string());
        }
        if let Some(since) = &self.since {
            text += &format!(" at>={}", quoted(&since.trim().replacen(' ', "T", 1)));
        }
        Ok(text)
    }
}

/// Runs it.
pub fn run(globals: &Globals, args: AuditArgs) -> Result<(), Failure> {
    with_context(globals, async |ctx| {
        let Action::Ls(args) = args.action;
        let tenant = ctx.tenant().await?;
        let query = AuditQuery::read(&args.filter()?, ctx.now, tenant.zone()).map_err(Failure::usage)?;
        let scope = ctx.scope().await?;
        let start = args.before.map_or(Start::First, Start::After);
        let lines = list_audit(&mut ctx.db.read().await?, &scope, &query, start, args.limit).await?;
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
