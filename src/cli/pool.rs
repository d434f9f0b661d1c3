//! `tollgate pool add|ls|set|rm|leases`.

use clap::{Args, Subcommand};

use super::context::with_context;
use super::output::Table;
use super::values::OrNone;
use super::{Context, Failure, Globals, output};
use crate::routers::pools::{
    AddressRange, DEFAULT_GRACE_SECS, NewPool, PoolChanges, PoolError, add_pool, find_pool, list_lease_lines, list_pool_summaries,
    parse_ranges, print_ranges, remove_pool, set_pool,
};
use crate::units::{Mac, print_instant};

/// Which action.
#[derive(Debug, Args)]
pub struct PoolArgs {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Add a pool; packages and customers whose pool has this name get an address of it instead of the name
    Add {
        /// Unique in the tenant
        name: String,
        /// What it hands out: 10.0.0.0/24 (without its first and last address), 10.0.0.10-10.0.0.99 or 10.0.0.7; may be repeated
        #[arg(long, value_name = "RANGE", required = true)]
        range: Vec<String>,
        /// The only router that it serves; elsewhere the name is sent as Framed-Pool
        #[arg(long, value_name = "NAME")]
        router: Option<String>,
        /// Seconds for which an address stays the customer's own after his session
        #[arg(long, value_name = "SECS", default_value_t = DEFAULT_GRACE_SECS)]
        grace: u32,
    },
    /// List pools and how full they are
    Ls,
    /// Change a pool; who holds an address keeps it until his session ends
    Set {
        /// Which pool
        name: String,
        /// New name
        #[arg(long, value_name = "NEW")]
        rename: Option<String>,
        /// Replaces all ranges; may be repeated
        #[arg(long, value_name = "RANGE")]
        range: Vec<String>,
        /// Range to add; may be repeated
        #[arg(long, value_name = "RANGE")]
        add_range: Vec<String>,
        /// The only router that it serves; none = all
        #[arg(long, value_name = "NAME")]
        router: Option<OrNone<String>>,
        /// Seconds for which an address stays the customer's own after his session
        #[arg(long, value_name = "SECS")]
        grace: Option<u32>,
    },
    /// Remove a pool and its leases; its name is sent as Framed-Pool from then on
    Rm {
        /// Which pool
        name: String,
    },
    /// List who holds which address, and who had it last
    Leases {
        /// Which pool
        name: String,
        /// Only those that are held
        #[arg(long)]
        held: bool,
        /// How many at most
        #[arg(long, value_name = "N", default_value_t = 1_000)]
        limit: i64,
        /// Continue after this address
        #[arg(long, value_name = "IP", default_value = "")]
        after: String,
    },
}

fn ranges(given: &[String]) -> Result<Vec<AddressRange>, Failure> {
    parse_ranges(&given.join(",")).map_err(|e| Failure::usage(e.to_string()))
}

/// Runs it.
pub fn run(globals: &Globals, args: PoolArgs) -> Result<(), Failure> {
    with_context(globals, async |ctx| match args.action {
        Action::Add { name, range, router, grace } => {
            let new = NewPool { name, ranges: ranges(&range)?, router, grace_secs: grace };
            let (_, scope, owner) = ctx.tenant_and_owner().await?;
            let pool = add_pool(&ctx.db, ctx.ids().await?, &scope, owner, new, ctx.now).await?;
            if globals.json { output::json(&pool) } else { output::line(format!("pool {:?} added: {} addresses", pool.name, pool.size())) }
        }
        Action::Ls => ls(globals, ctx).await,
        Action::Set { name, rename, range, add_range, router, grace } => {
            let changes = PoolChanges {
                name: rename,
                ranges: if range.is_empty() { None } else { Some(ranges(&range)?) },
                add_ranges: ranges(&add_range)?,
                router: router.map(|OrNone(router)| router),
                grace_secs: grace,
            };
            let pool = set_pool(&ctx.db, &ctx.scope().await?, &name, changes, ctx.now).await?;
            if globals.json {
                output::json(&pool)
            } else {
                output::line(format!("pool {:?} changed: {} addresses", pool.name, pool.size()))
            }
        }
        Action::Rm { name } => {
            let id = remove_pool(&ctx.db, &ctx.scope().await?, &name, ctx.now).await?;
            if globals.json {
                output::json(&serde_json::json!({ "id": id.to_string(), "removed": name }))
            } else {
                output::line(format!("pool {name:?} removed"))
            }
        }
        Action::Leases { name, held, limit, after } => leases(globals, ctx, &name, held, limit, &after).await,
    })
}

async fn ls(globals: &Globals, ctx: &Context) -> Result<(), Failure> {
    let pools = list_pool_summaries(&mut ctx.db.read().await?, &ctx.scope().await?, ctx.now).await?;
    if globals.json {
        return output::json(&pools);
    }
    let mut table = Table::new(&["name", "ranges", "router", "addresses", "held", "grace", "last exhausted"]);
    for p in pools {
        table.row(vec![
            p.pool.name.clone(),
            print_ranges(&p.pool.ranges),
            match (p.router, p.pool.router_id) {
                (Some(name), _) => name,
                (None, Some(_)) => "(removed)".to_owned(),
                (None, None) => "all".to_owned(),
            },
            p.addresses.to_string(),
            p.held.to_string(),
            p.pool.grace_secs.to_string(),
            if p.exhausted_at == 0 { "never".to_owned() } else { print_instant(p.exhausted_at) },
        ]);
    }
    table.print("no pools; the routers hand out addresses themselves. `tollgate pool add NAME --range 10.0.0.0/24` adds one")
}

async fn leases(globals: &Globals, ctx: &Context, name: &str, held: bool, limit: i64, after: &str) -> Result<(), Failure> {
    let scope = ctx.scope().await?;
    let mut conn = ctx.db.read().await?;
    let pool = find_pool(&mut conn, &scope, name).await?.ok_or_else(|| PoolError::Unknown(name.to_owned()))?;
    let lines = list_lease_lines(&mut conn, &scope, pool.id, held, after, limit).await?;
    if globals.json {
        return output::json(&lines);
    }
    let mut table = Table::new(&["address", "username", "device", "leased", "free since"]);
    for line in lines {
        let mac = Mac::parse(line.mac.as_bytes()).map_or(String::new(), Mac::with_colons);
        table.row(vec![
            line.address,
            line.username,
            mac,
            print_instant(line.leased_at),
            line.freed_at.map_or("held".to_owned(), print_instant),
        ]);
    }
    table.print("nobody has an address of this pool")
}
