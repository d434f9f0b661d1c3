//! `tollgate router add|ls|set|rm|unknown`.

use std::path::PathBuf;

use clap::{ArgGroup, Args, Subcommand};

use super::context::with_context;
use super::output::Table;
use super::secret_text::read_secret;
use super::{Context, Failure, Globals, output};
use crate::accounts::{Scope, find_account_by_name};
use crate::routers::{
    Adopt, MessageAuthenticatorMode, NewRouter, RouterAddress, RouterChanges, RouterError, RouterSecret, RouterSummary, add_router,
    list_router_summaries, list_unknown_sources, remove_router, set_router,
};
use crate::units::{AccountId, print_instant};

const PAGE: i64 = 1_000;

/// Which action.
#[derive(Debug, Args)]
pub struct RouterArgs {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Add a router; a running server answers it within a second
    Add(Box<AddArgs>),
    /// List routers with what a running server counted
    Ls,
    /// Change a router
    Set(Box<SetArgs>),
    /// Remove a router; its sessions stay
    Rm {
        /// Which router
        name: String,
    },
    /// List addresses that send requests but belong to no router
    Unknown,
}

#[derive(Debug, Args)]
struct ModeArgs {
    /// Must requests be signed with Message-Authenticator: auto learns per address
    #[arg(long, value_name = "auto|require|accept")]
    message_authenticator: Option<MessageAuthenticatorMode>,
    /// Drop unsigned requests that carry Proxy-State
    #[arg(long, value_name = "true|false")]
    limit_proxy_state: Option<bool>,
    /// The router counts octets the wrong way round
    #[arg(long, value_name = "true|false")]
    swap_octets: Option<bool>,
    /// UDP port for CoA and Disconnect
    #[arg(long, value_name = "PORT")]
    coa_port: Option<u16>,
    /// Put Message-Authenticator into CoA and Disconnect requests (RouterOS does not ask for it)
    #[arg(long, value_name = "true|false")]
    coa_message_authenticator: Option<bool>,
    /// Put Event-Timestamp into CoA and Disconnect requests (RouterOS does not ask for it)
    #[arg(long, value_name = "true|false")]
    coa_event_timestamp: Option<bool>,
    /// What counts of sessions that began before the router was added
    #[arg(long, value_name = "from-now|all")]
    adopt: Option<Adopt>,
    /// What its packets must say in NAS-Identifier; needed if several routers share an address; none removes it
    #[arg(long, value_name = "TEXT")]
    nas_identifier: Option<String>,
    /// Account that owns it
    #[arg(long, value_name = "ACCOUNT")]
    owner: Option<String>,
}

#[derive(Debug, Args)]
#[command(group = ArgGroup::new("the_secret").args(["secret", "secret_file"]).required(true))]
struct AddArgs {
    /// Unique in the tenant
    name: String,
    /// Where its packets come from; may be repeated
    #[arg(long, value_name = "IP|PREFIX", required = true)]
    address: Vec<RouterAddress>,
    /// Shared secret; - reads it from standard input
    #[arg(long, allow_hyphen_values = true)]
    secret: Option<String>,
    /// File that holds the shared secret; - for standard input
    #[arg(long, value_name = "FILE")]
    secret_file: Option<PathBuf>,
    #[command(flatten)]
    modes: ModeArgs,
}

#[derive(Debug, Args)]
struct SetArgs {
    /// Which router
    name: String,
    /// New name
    #[arg(long, value_name = "NEW")]
    rename: Option<String>,
    /// Address or prefix to add; may be repeated
    #[arg(long, value_name = "IP|PREFIX")]
    add_address: Vec<RouterAddress>,
    /// Address or prefix to remove; may be repeated
    #[arg(long, value_name = "IP|PREFIX")]
    remove_address: Vec<RouterAddress>,
    /// Replace the secret at once; - reads it from standard input
    #[arg(long, allow_hyphen_values = true)]
    secret: Option<String>,
    /// File that holds the new secret; - for standard input
    #[arg(long, value_name = "FILE", conflicts_with = "secret")]
    secret_file: Option<PathBuf>,
    /// Accept this secret besides the present one; - reads it from standard input
    #[arg(long, value_name = "SECRET", allow_hyphen_values = true)]
    next_secret: Option<String>,
    /// File that holds the next secret; - for standard input
    #[arg(long, value_name = "FILE", conflicts_with = "next_secret")]
    next_secret_file: Option<PathBuf>,
    /// The next secret becomes the secret; the old one is forgotten
    #[arg(long)]
    promote_secret: bool,
    /// Forget which addresses were seen signing
    #[arg(long)]
    relearn: bool,
    #[command(flatten)]
    modes: ModeArgs,
}

/// Runs it.
pub fn run(globals: &Globals, args: RouterArgs) -> Result<(), Failure> {
    with_context(globals, async |ctx| match args.action {
        Action::Add(args) => add(globals, ctx, *args).await,
        Action::Ls => ls(globals, ctx).await,
        Action::Set(args) => set(globals, ctx, *args).await,
        Action::Rm { name } => {
            let id = remove_router(&ctx.db, &ctx.scope().await?, &name, ctx.now).await?;
            if globals.json {
                output::json(&serde_json::json!({ "id": id, "removed": name }))
            } else {
                output::line(format!("router {name:?} removed"))
            }
        }
        Action::Unknown => unknown(globals, ctx).await,
    })
}

fn checked_secret(globals: &Globals, text: &str) -> Result<RouterSecret, Failure> {
    let secret = RouterSecret::new(text.as_bytes())?;
    if let Some(warning) = secret.warning() {
        output::note(globals, format!("warning: {warning}"));
    }
    Ok(secret)
}

async fn owner_named(ctx: &Context, scope: &Scope, name: Option<&str>) -> Result<Option<AccountId>, Failure> {
    let Some(name) = name else { return Ok(None) };
    let found = find_account_by_name(&mut ctx.db.read().await?, scope, name).await?;
    Ok(Some(found.ok_or_else(|| RouterError::UnknownOwner(name.to_owned()))?.id))
}

async fn add(globals: &Globals, ctx: &Context, args: AddArgs) -> Result<(), Failure> {
    let text = read_secret(args.secret.as_deref(), args.secret_file.as_ref())?.unwrap_or_default();
    let (_, scope, owner) = ctx.tenant_and_owner().await?;
    let owner = owner_named(ctx, &scope, args.modes.owner.as_deref()).await?.unwrap_or(owner);
    let mut new = NewRouter::new(&args.name, args.address, checked_secret(globals, &text)?);
    new.nas_identifier = without_none(args.modes.nas_identifier).unwrap_or_default();
    new.message_authenticator = args.modes.message_authenticator.unwrap_or(new.message_authenticator);
    new.limit_proxy_state = args.modes.limit_proxy_state.unwrap_or(new.limit_proxy_state);
    new.swap_octets = args.modes.swap_octets.unwrap_or(new.swap_octets);
    new.coa_port = args.modes.coa_port.unwrap_or(new.coa_port);
    new.coa_message_authenticator = args.modes.coa_message_authenticator.unwrap_or(new.coa_message_authenticator);
    new.coa_event_timestamp = args.modes.coa_event_timestamp.unwrap_or(new.coa_event_timestamp);
    new.adopt = args.modes.adopt.unwrap_or(new.adopt);
    let router = add_router(&ctx.db, ctx.ids().await?, &ctx.sealer, &scope, owner, &new, ctx.now).await?;
    if globals.json { output::json(&router) } else { output::line(format!("router {:?} added", router.name)) }
}

async fn set(globals: &Globals, ctx: &Context, args: SetArgs) -> Result<(), Failure> {
    let secret = read_secret(args.secret.as_deref(), args.secret_file.as_ref())?;
    let next_secret = read_secret(args.next_secret.as_deref(), args.next_secret_file.as_ref())?;
    let scope = ctx.scope().await?;
    let changes = RouterChanges {
        name: args.rename,
        owner: owner_named(ctx, &scope, args.modes.owner.as_deref()).await?,
        add_addresses: args.add_address,
        remove_addresses: args.remove_address,
        secret: secret.map(|s| checked_secret(globals, &s)).transpose()?,
        next_secret: next_secret.map(|s| checked_secret(globals, &s)).transpose()?,
        promote_secret: args.promote_secret,
        nas_identifier: without_none(args.modes.nas_identifier),
        message_authenticator: args.modes.message_authenticator,
        relearn: args.relearn,
        limit_proxy_state: args.modes.limit_proxy_state,
        swap_octets: args.modes.swap_octets,
        coa_port: args.modes.coa_port,
        coa_message_authenticator: args.modes.coa_message_authenticator,
        coa_event_timestamp: args.modes.coa_event_timestamp,
        adopt: args.modes.adopt,
    };
    let router = set_router(&ctx.db, &ctx.sealer, &scope, &args.name, &changes, ctx.now).await?;
    if globals.json { output::json(&router) } else { output::line(format!("router {:?} changed", router.name)) }
}

async fn ls(globals: &Globals, ctx: &Context) -> Result<(), Failure> {
    let scope = ctx.scope().await?;
    let mut conn = ctx.db.read().await?;
    let mut all: Vec<RouterSummary> = Vec::new();
    loop {
        let after = all.last().map(|r| r.router.name.clone()).unwrap_or_default();
        let page = list_router_summaries(&mut conn, &scope, &after, PAGE).await?;
        if page.is_empty() {
            break;
        }
        all.extend(page);
    }
    if globals.json {
        return output::json(&all);
    }
    let headings =
        ["name", "addresses", "signed", "requests", "accepts", "rejects", "accounting", "wrong secret", "unsigned dropped", "last request"];
    let mut table = Table::new(&headings);
    for summary in &all {
        table.row(summary_cells(summary));
    }
    table.print("no routers; `tollgate router add NAME --address IP --secret SECRET` adds one")?;
    for summary in all.iter().filter(|s| s.counters.is_some_and(|c| c.missing_message_authenticator > 0)) {
        let name = &summary.router.name;
        let remedy = match summary.router.message_authenticator {
            MessageAuthenticatorMode::Auto if summary.learned_addresses > 0 => "--relearn",
            MessageAuthenticatorMode::Require => "--message-authenticator auto",
            // Dropped once; it was learned anew or is allowed by now.
            MessageAuthenticatorMode::Auto | MessageAuthenticatorMode::Accept => continue,
        };
        output::note(
            globals,
            format!("{name}: unsigned requests were dropped; if it cannot sign any more: tollgate router set {name:?} {remedy}"),
        );
    }
    Ok(())
}

fn summary_cells(summary: &RouterSummary) -> Vec<String> {
    let (router, c) = (&summary.router, summary.counters.unwrap_or_default());
    let addresses: Vec<String> = router.addresses.iter().map(ToString::to_string).collect();
    let signed = match (router.message_authenticator, summary.learned_addresses) {
        (MessageAuthenticatorMode::Auto, 0) => "auto".to_owned(),
        (MessageAuthenticatorMode::Auto, n) => format!("auto, {n} learned"),
        (mode, _) => mode.to_string(),
    };
    let last = c.last_access_at.max(c.last_accounting_at);
    let wrong_secret = c.bad_authenticator + c.bad_message_authenticator + c.garbled_passwords;
    let unsigned = c.missing_message_authenticator + c.proxy_state_drops;
    let figures = [c.access_requests, c.accepts, c.rejects, c.accounting_requests, wrong_secret, unsigned];
    let mut cells = vec![router.name.clone(), addresses.join(" "), signed];
    cells.extend(figures.map(|n| n.to_string()));
    cells.push(if last == 0 { "never".to_owned() } else { print_instant(last) });
    cells
}

async fn unknown(globals: &Globals, ctx: &Context) -> Result<(), Failure> {
    let sources = list_unknown_sources(&mut ctx.db.read().await?, &ctx.scope().await?, PAGE).await?;
    if globals.json {
        return output::json(&sources);
    }
    let mut table = Table::new(&["address", "NAS-Identifier", "packets", "first seen", "last seen"]);
    for s in sources {
        table.row(vec![s.address, s.nas_identifier, s.packets.to_string(), print_instant(s.first_seen_at), print_instant(s.last_seen_at)]);
    }
    table.print("no unknown sources")
}

/// `none` removes a text, as in the other commands.
fn without_none(text: Option<String>) -> Option<String> {
    text.map(|t| if t == "none" { String::new() } else { t })
}
