//! `tollgate customer device add|note|rm|ls`.

use clap::{Args, Subcommand};

use super::output::Table;
use super::{Context, Failure, Globals, output};
use crate::customers::{
    CustomerError, DeviceActor, add_device, find_customer, list_device_events, list_devices, lookup_key, remove_device, set_device_note,
};
use crate::units::{Mac, print_instant};

/// Which action.
#[derive(Debug, Args)]
pub struct DeviceArgs {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Put a device on a customer's list; a running server follows within a second
    Add {
        /// Whose
        username: String,
        /// Its MAC address, in any spelling
        mac: Mac,
        /// What it is
        #[arg(long, value_name = "TEXT", default_value = "")]
        note: String,
    },
    /// Take a device off a customer's list
    Rm {
        /// Whose
        username: String,
        /// Its MAC address, in any spelling
        mac: Mac,
    },
    /// Say what a device on a customer's list is
    Note {
        /// Whose
        username: String,
        /// Its MAC address, in any spelling
        mac: Mac,
        /// What it is; empty for nothing
        note: String,
    },
    /// List a customer's devices
    Ls {
        /// Whose
        username: String,
        /// Also every change of the list, the newest first
        #[arg(long)]
        history: bool,
    },
}

/// How many changes are shown.
const MOST_EVENTS: i64 = 1_000;

/// Runs it.
pub async fn run(globals: &Globals, ctx: &Context, args: DeviceArgs) -> Result<(), Failure> {
    let (tenant, scope) = ctx.tenant_and_scope().await?;
    let name = staff_name();
    let by = DeviceActor { name: &name, source: "command line" };
    match args.action {
        Action::Add { username, mac, note } => {
            let is_new = add_device(&ctx.db, &scope, &tenant, &username, mac, &note, by, ctx.now).await?;
            let random = if mac.is_locally_administered() { "; the address is a random one, which a phone may change" } else { "" };
            let said = if is_new { "added" } else { "was there already" };
            done(globals, &username, mac, is_new, format!("device {} of {username:?} {said}{random}", mac.with_colons()))
        }
        Action::Rm { username, mac } => {
            let was_there = remove_device(&ctx.db, &scope, &tenant, &username, mac, by, ctx.now).await?;
            if !was_there {
                return Err(unknown(&username, mac));
            }
            done(globals, &username, mac, true, format!("device {} of {username:?} removed", mac.with_colons()))
        }
        Action::Note { username, mac, note } => {
            let before = set_device_note(&ctx.db, &scope, &tenant, &username, mac, &note, None, ctx.now).await?;
            let before = before.ok_or_else(|| unknown(&username, mac))?;
            done(globals, &username, mac, before != note, format!("device {} of {username:?} noted", mac.with_colons()))
        }
        Action::Ls { username, history } => ls(globals, ctx, &username, history).await,
    }
}

fn unknown(username: &str, mac: Mac) -> Failure {
    Failure::coded("device-unknown", format!("{username:?} has no device {}", mac.with_colons()))
}

fn done(globals: &Globals, username: &str, mac: Mac, changed: bool, line: String) -> Result<(), Failure> {
    if globals.json {
        return output::json(&serde_json::json!({ "username": username, "mac": mac.with_colons(), "changed": changed }));
    }
    output::line(line)
}

/// Who runs the command, for the record of changes.
fn staff_name() -> String {
    let named = ["SUDO_USER", "USER", "LOGNAME"].iter().find_map(|name| std::env::var(name).ok().filter(|v| !v.is_empty()));
    named.unwrap_or_else(|| "staff".to_owned())
}

async fn ls(globals: &Globals, ctx: &Context, username: &str, history: bool) -> Result<(), Failure> {
    let (tenant, scope) = ctx.tenant_and_scope().await?;
    let mut conn = ctx.db.read().await?;
    let found = find_customer(&mut conn, &scope, &lookup_key(username, tenant.case_sensitive_usernames)).await?;
    let customer = found.ok_or_else(|| CustomerError::Unknown(username.to_owned()))?;
    let devices = list_devices(&mut conn, &scope, customer.id).await?;
    let events = if history { list_device_events(&mut conn, &scope, customer.id, MOST_EVENTS).await? } else { Vec::new() };
    if globals.json {
        return match history {
            true => output::json(&serde_json::json!({ "devices": devices, "history": events })),
            false => output::json(&devices),
        };
    }
    let at = |instant| if instant == 0 { String::new() } else { print_instant(instant) };
    let mut table = Table::new(&["device", "random", "added", "by", "last login", "note"]);
    for d in devices {
        let random = if d.is_random { "yes" } else { "no" };
        table.row(vec![d.mac.with_colons(), random.to_owned(), at(d.added_at), d.added_by, at(d.last_seen_at), d.note]);
    }
    table.print("no devices: any may be used, unless the package says otherwise")?;
    if history {
        let mut table = Table::new(&["at", "device", "change", "by", "through"]);
        for e in events {
            table.row(vec![print_instant(e.at), e.mac.with_colons(), e.action.to_string(), e.actor, e.source]);
        }
        output::line("")?;
        table.print("the list was never changed")?;
    }
    Ok(())
}
