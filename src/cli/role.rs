//! `tollgate role ls|set|label`.

use clap::{Args, Subcommand};

use super::context::with_context;
use super::output::Table;
use super::values::OrNone;
use super::{Failure, Globals, output};
use crate::accounts::capability::Capability;
use crate::accounts::{Role, RoleChanges, RoleTerms, list_role_book, set_role};

/// Which action.
#[derive(Debug, Args)]
pub struct RoleArgs {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// List the roles as they hold in the tenant
    Ls {
        /// List what there is to hold instead
        #[arg(long)]
        capabilities: bool,
    },
    /// Change what a role may do in the tenant; accounts follow at once
    Set {
        /// Which role
        role: Role,
        /// Capability to hold; may be repeated
        #[arg(long, value_name = "CAPABILITY")]
        add: Vec<Capability>,
        /// Capability not to hold; may be repeated
        #[arg(long, value_name = "CAPABILITY")]
        withhold: Vec<Capability>,
        /// Smaller means more power; none for the program's own
        #[arg(long, value_name = "N")]
        level: Option<OrNone<u16>>,
        /// Forget earlier changes of its capabilities
        #[arg(long)]
        reset: bool,
    },
    /// Rename a role for people
    Label {
        /// Which role
        role: Role,
        /// Such as Partner; none for the program's own
        label: OrNone<String>,
    },
}

/// Runs it.
pub fn run(globals: &Globals, args: RoleArgs) -> Result<(), Failure> {
    with_context(globals, async |ctx| {
        let (role, changes) = match args.action {
            Action::Ls { capabilities: true } => return list_capabilities(globals),
            Action::Ls { capabilities: false } => {
                let book = list_role_book(&mut ctx.db.read().await?, ctx.tenant().await?.id).await?;
                return list(globals, &book.all());
            }
            Action::Set { role, add, withhold, level, reset } => {
                let level = level.map(|OrNone(level)| level);
                let (add, withhold) = (add.into_iter().collect(), withhold.into_iter().collect());
                (role, RoleChanges { level, add, withhold, reset, ..RoleChanges::default() })
            }
            Action::Label { role, label: OrNone(label) } => {
                (role, RoleChanges { label: Some(label.unwrap_or_default()), ..RoleChanges::default() })
            }
        };
        let terms = set_role(&ctx.db, &ctx.scope().await?, role, &changes, ctx.now).await?;
        if globals.json { output::json(&terms) } else { output::line(format!("role {role} ({}) changed", terms.label)) }
    })
}

fn list(globals: &Globals, roles: &[RoleTerms]) -> Result<(), Failure> {
    if globals.json {
        return output::json(&roles);
    }
    let mut table = Table::new(&["role", "level", "called", "holds"]);
    for r in roles {
        let count = format!("{} capabilities", r.capabilities.iter().count());
        let words = r.capabilities.to_words();
        let holds = if words.len() > 100 { count } else { words };
        table.row(vec![r.role.to_string(), r.level.to_string(), r.label.clone(), holds]);
    }
    table.print("no roles")
}

fn list_capabilities(globals: &Globals) -> Result<(), Failure> {
    if globals.json {
        let all: Vec<_> =
            Capability::ALL.iter().map(|c| serde_json::json!({ "capability": c, "menu": c.menu(), "means": c.describe() })).collect();
        return output::json(&all);
    }
    let mut table = Table::new(&["capability", "menu group", "means"]);
    for c in Capability::ALL {
        table.row(vec![c.to_string(), c.menu().map(|m| m.to_string()).unwrap_or_default(), c.describe().to_owned()]);
    }
    table.print("none")
}
