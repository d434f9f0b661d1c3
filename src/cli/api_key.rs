//! `tollgate api-key add|ls|revoke`.

use clap::{Args, Subcommand};
use ipnet::IpNet;

use super::context::with_context;
use super::output::Table;
use super::{Context, Failure, Globals, output};
use crate::accounts::capability::Capability;
use crate::accounts::{KEY_HOURLY_LIMIT, NewApiKey, add_api_key, list_api_keys, revoke_api_key};
use crate::units::{parse_instant, print_instant};

/// Which action.
#[derive(Debug, Args)]
pub struct ApiKeyArgs {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Make a key for an account; it is printed this once
    Add(AddArgs),
    /// List an account's keys
    Ls {
        /// Whose
        account: String,
    },
    /// Revoke a key
    Revoke {
        /// Whose
        account: String,
        /// How the key begins, as `api-key ls` shows it, or its id
        key: String,
    },
}

#[derive(Debug, Args)]
struct AddArgs {
    /// Whose
    account: String,
    /// What it is for
    #[arg(long)]
    name: String,
    /// What it may do, as far as the account may; may be repeated
    #[arg(long, value_name = "CAPABILITY", required = true)]
    capability: Vec<Capability>,
    /// Network from which it may be used; may be repeated [default: anywhere]
    #[arg(long, value_name = "IP|PREFIX", value_parser = parse_network)]
    from: Vec<IpNet>,
    /// Requests per hour
    #[arg(long, value_name = "N", default_value_t = KEY_HOURLY_LIMIT)]
    hourly_limit: u32,
    /// When it ends, such as 2026-12-31 [default: never]
    #[arg(long, value_name = "INSTANT")]
    expires: Option<String>,
}

fn parse_network(text: &str) -> Result<IpNet, String> {
    let one = text.parse::<std::net::IpAddr>().map(IpNet::from).ok();
    one.or_else(|| text.parse().ok()).ok_or_else(|| format!("{text:?} is neither an address nor a prefix such as 192.0.2.0/24"))
}

/// Runs it.
pub fn run(globals: &Globals, args: ApiKeyArgs) -> Result<(), Failure> {
    with_context(globals, async |ctx| match args.action {
        Action::Add(args) => add(globals, ctx, args).await,
        Action::Ls { account } => ls(globals, ctx, &account).await,
        Action::Revoke { account, key } => {
            let key = revoke_api_key(&ctx.db, &ctx.scope().await?, &account, &key, ctx.now).await?;
            if globals.json { output::json(&key) } else { output::line(format!("API key {}... of {account:?} revoked", key.prefix)) }
        }
    })
}

async fn add(globals: &Globals, ctx: &Context, args: AddArgs) -> Result<(), Failure> {
    let zone = ctx.tenant().await?.zone();
    let expires_at = args.expires.map(|text| parse_instant(&text, &zone).map_err(Failure::usage)).transpose()?;
    let new = NewApiKey {
        name: args.name,
        capabilities: args.capability.into_iter().collect(),
        networks: args.from,
        hourly_limit: args.hourly_limit,
        expires_at,
    };
    let (key, token) = add_api_key(&ctx.db, ctx.ids().await?, &ctx.scope().await?, Some(&args.account), new, ctx.now).await?;
    if globals.json {
        return output::json(&serde_json::json!({ "key": token.expose(), "api_key": key }));
    }
    output::note(globals, "it is shown this once:");
    output::line(token.expose())
}

async fn ls(globals: &Globals, ctx: &Context, account: &str) -> Result<(), Failure> {
    let keys = list_api_keys(&ctx.db, &ctx.scope().await?, account).await?;
    if globals.json {
        return output::json(&keys);
    }
    let mut table = Table::new(&["key", "name", "may", "from", "per hour", "last used", "state"]);
    for k in keys {
        let from: Vec<String> = k.networks.iter().map(ToString::to_string).collect();
        let state = match (k.revoked_at, k.expires_at) {
            (Some(at), _) => format!("revoked {}", print_instant(at)),
            (None, Some(at)) if at <= ctx.now => "over".to_owned(),
            (None, Some(at)) => format!("until {}", print_instant(at)),
            (None, None) => String::new(),
        };
        let used = k.last_used_at.map(print_instant).unwrap_or_default();
        table.row(vec![k.prefix, k.name, k.capabilities.to_words(), from.join(" "), k.hourly_limit.to_string(), used, state]);
    }
    table.print("no API keys")
}
