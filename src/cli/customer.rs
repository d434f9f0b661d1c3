//! `tollgate customer add|ls|set|passwd|device|close|reopen|top-up|rm`.

mod top_up;

use std::collections::HashMap;
use std::net::Ipv4Addr;
use std::path::PathBuf;

use clap::{ArgGroup, Args, Subcommand};
use ipnet::Ipv6Net;
use serde::Serialize;

use super::context::with_context;
use super::device::{self, DeviceArgs};
use super::dictionary::reply_check;
use super::limit_args::{LimitArgs, RateArg};
use super::output::Table;
use super::secret_text::read_secret;
use super::values::OrNone;
use super::{Context, Failure, Globals, output};
use crate::accounts::{Scope, Tenant};
use crate::customers::{
    ActiveView, BillingType, ConnectionType, Customer, CustomerChanges, CustomerError, CustomerFilter, CustomerPassword, Hold, HoldKind,
    NewCustomer, OwnRate, State, TopUp, active_view, add_customer, find_customer, list_customers, list_top_ups, lookup_key,
    parse_ipv6_prefix, parse_macs, parse_static_ipv4, remove_customer, set_customer, set_password, state,
};
use crate::packages::list_package_ids;
use crate::routers::pools::find_other_holder;
use crate::units::{Mac, UnixMs, parse_instant, print_instant};
use top_up::{TopUpArgs, top_up};

const PAGE: i64 = 1_000;

/// Which action.
#[derive(Debug, Args)]
pub struct CustomerArgs {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Add a customer; a running server lets him in within a second
    Add(Box<AddArgs>),
    /// List customers
    Ls(LsArgs),
    /// Change a customer; the word none removes a field
    Set(Box<SetArgs>),
    /// Give a customer a new password
    Passwd(PasswdArgs),
    /// Sell a customer octets on top of his package's volume
    TopUp(TopUpArgs),
    /// A customer leaves: he may not come in any more, and stays in the books
    Close {
        /// Which customer
        username: String,
    },
    /// A customer who left comes back
    Reopen {
        /// Which customer
        username: String,
    },
    /// Add, list and remove a customer's devices
    Device(DeviceArgs),
    /// Remove a customer; his sessions and usage stay
    Rm {
        /// Which customer
        username: String,
    },
}

#[derive(Debug, Args)]
#[command(group = ArgGroup::new("the_password").args(["password", "password_file"]).required(true))]
struct AddArgs {
    /// Unique in the tenant
    username: String,
    /// Password; - reads it from standard input
    #[arg(long, allow_hyphen_values = true)]
    password: Option<String>,
    /// File that holds the password; - for standard input
    #[arg(long, value_name = "FILE")]
    password_file: Option<PathBuf>,
    /// Name of his package
    #[arg(long, value_name = "NAME")]
    package: String,
    #[command(flatten)]
    fields: FieldArgs,
}

#[derive(Debug, Args)]
struct SetArgs {
    /// Which customer
    username: String,
    /// New username
    #[arg(long, value_name = "NEW")]
    rename: Option<String>,
    /// Name of another package
    #[arg(long, value_name = "NAME")]
    package: Option<String>,
    /// Name of the package that he gets when his time runs out
    #[arg(long, value_name = "NAME", conflicts_with = "package")]
    next_package: Option<OrNone<String>>,
    /// MAC address to add; may be repeated
    #[arg(long, value_name = "MAC")]
    add_mac: Vec<Mac>,
    /// MAC address to remove; may be repeated
    #[arg(long, value_name = "MAC")]
    remove_mac: Vec<Mac>,
    /// Begin a new validity period of his package now
    #[arg(long)]
    new_period: bool,
    #[command(flatten)]
    fields: FieldArgs,
}

#[derive(Debug, Args)]
struct FieldArgs {
    /// Customer code [default: generated]
    #[arg(long)]
    code: Option<String>,
    /// Full name
    #[arg(long)]
    name: Option<String>,
    /// Phone number
    #[arg(long)]
    phone: Option<String>,
    /// End of service: 2026-12-31 (that day included), 2026-12-31 18:00, 2026-12-31T18:00:00Z; local times in the tenant's zone
    #[arg(long, value_name = "INSTANT")]
    expires_at: Option<OrNone<String>>,
    /// Sets or lifts the hold
    #[arg(long, visible_alias = "hold", value_name = "active|suspended|disabled", value_parser = parse_status)]
    status: Option<HoldKind>,
    /// Why he is suspended
    #[arg(long, value_name = "TEXT", requires = "status")]
    reason: Option<String>,
    /// How he connects
    #[arg(long, value_name = "pppoe|hotspot|static|dhcp|vpn|other")]
    connection: Option<ConnectionType>,
    /// When he pays
    #[arg(long, value_name = "prepaid|postpaid|free")]
    billing_type: Option<BillingType>,
    /// Free text, such as laptop
    #[arg(long, value_name = "TEXT")]
    device_type: Option<String>,
    /// The only MAC addresses he may use, several separated by semicolons; may be repeated
    #[arg(long, value_name = "MAC")]
    mac: Vec<String>,
    /// His own IPv4 address
    #[arg(long, value_name = "IP")]
    static_ip: Option<OrNone<String>>,
    /// Framed-IPv6-Prefix
    #[arg(long, value_name = "PREFIX")]
    framed_ipv6_prefix: Option<OrNone<String>>,
    /// Delegated-IPv6-Prefix
    #[arg(long, value_name = "PREFIX")]
    delegated_ipv6_prefix: Option<OrNone<String>>,
    /// Pool on the router instead of the package's
    #[arg(long, value_name = "POOL")]
    pool: Option<OrNone<String>>,
    /// Sessions at once
    #[arg(long, value_name = "N")]
    simultaneous_sessions: Option<OrNone<u32>>,
    /// Extra attribute of the answer, such as "Filter-Id = gold"; may be repeated; replaces all
    #[arg(long, value_name = "NAME = VALUE")]
    reply_attribute: Vec<String>,
    /// A rate of his own, DOWNLOAD/UPLOAD: holds over package and fair use
    #[arg(long, value_name = "RATE")]
    rate: Option<OrNone<RateArg>>,
    /// When that rate ends, like --expires-at [default: never]
    #[arg(long, value_name = "INSTANT", requires = "rate")]
    rate_until: Option<String>,
    /// The customer to whom he belongs, such as his firm
    #[arg(long, value_name = "USERNAME")]
    parent: Option<OrNone<String>>,
    #[command(flatten)]
    limits: LimitArgs,
}

#[derive(Debug, Args)]
struct LsArgs {
    /// Only this customer
    username: Option<String>,
    /// Only those of this package
    #[arg(long, value_name = "NAME")]
    package: Option<String>,
    /// Only those whose username begins so
    #[arg(long, value_name = "TEXT", default_value = "")]
    prefix: String,
    /// How many at most
    #[arg(long, value_name = "N", default_value_t = 100)]
    limit: usize,
    /// Continue after this username
    #[arg(long, value_name = "USERNAME")]
    after: Option<String>,
}

#[derive(Debug, Args)]
#[command(group = ArgGroup::new("the_password").args(["password", "password_file"]).required(true))]
struct PasswdArgs {
    /// Which customer
    username: String,
    /// New password; - reads it from standard input
    #[arg(long, allow_hyphen_values = true)]
    password: Option<String>,
    /// File that holds the new password; - for standard input
    #[arg(long, value_name = "FILE")]
    password_file: Option<PathBuf>,
}

fn parse_status(text: &str) -> Result<HoldKind, String> {
    match text {
        "active" | "none" => Ok(HoldKind::None),
        "suspended" => Ok(HoldKind::Suspended),
        "disabled" => Ok(HoldKind::Disabled),
        _ => Err("write active, suspended or disabled".to_owned()),
    }
}

/// A customer for JSON: with what people ask for first.
#[derive(Serialize)]
struct Shown<'a> {
    state: State,
    view: ActiveView,
    package: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    top_ups: Option<Vec<TopUp>>,
    #[serde(flatten)]
    customer: &'a Customer,
}

fn optional<T>(given: &Option<OrNone<String>>, parse: impl Fn(&str) -> Result<T, Failure>) -> Result<Option<Option<T>>, Failure> {
    given.as_ref().map(|OrNone(text)| text.as_deref().map(&parse).transpose()).transpose()
}

fn usage(e: CustomerError) -> Failure {
    Failure::usage(e.to_string())
}

impl FieldArgs {
    async fn changes(self, ctx: &Context, scope: &Scope, tenant: &Tenant) -> Result<CustomerChanges, Failure> {
        let zone = tenant.zone();
        let instant = |text: &str| -> Result<UnixMs, Failure> { parse_instant(text, &zone).map_err(Failure::usage) };
        let address = |text: &str| -> Result<Ipv4Addr, Failure> { parse_static_ipv4(text).map_err(usage) };
        let prefix = |text: &str| -> Result<Ipv6Net, Failure> { parse_ipv6_prefix(text).map_err(usage) };
        let macs = match self.mac.as_slice() {
            [] => None,
            [none] if none == "none" => Some(Vec::new()),
            given => Some(parse_macs(&given.join(";")).map_err(usage)?),
        };
        let reply_attributes = match self.reply_attribute.as_slice() {
            [] => None,
            [none] if none == "none" => Some(String::new()),
            given => Some(given.join("\n")),
        };
        let until = self.rate_until.as_deref().map(instant).transpose()?;
        let own_rate = self.rate.map(|OrNone(rate)| rate.map(|RateArg(rate)| OwnRate { rate, until }));
        let parent_id = match self.parent {
            None => None,
            Some(OrNone(None)) => Some(None),
            Some(OrNone(Some(username))) => Some(Some(named(ctx, scope, tenant, &username).await?.id)),
        };
        Ok(CustomerChanges {
            own_rate,
            parent_id,
            limits: self.limits.changes(ctx, scope).await?,
            code: self.code,
            name: self.name,
            phone: self.phone,
            expires_at: optional(&self.expires_at, instant)?,
            hold: self.status.map(|kind| Hold::new(kind, self.reason.as_deref().unwrap_or_default())),
            connection_type: self.connection,
            billing_type: self.billing_type,
            device_type: self.device_type,
            macs,
            static_ipv4: optional(&self.static_ip, address)?,
            framed_ipv6_prefix: optional(&self.framed_ipv6_prefix, prefix)?,
            delegated_ipv6_prefix: optional(&self.delegated_ipv6_prefix, prefix)?,
            framed_pool: self.pool.map(|OrNone(pool)| pool),
            simultaneous_sessions: self.simultaneous_sessions.map(|OrNone(n)| n),
            reply_attributes,
            ..CustomerChanges::default()
        })
    }
}

async fn named(ctx: &Context, scope: &Scope, tenant: &Tenant, username: &str) -> Result<Customer, CustomerError> {
    let key = lookup_key(username, tenant.case_sensitive_usernames);
    let found = find_customer(&mut ctx.db.read().await?, scope, &key).await?;
    found.ok_or_else(|| CustomerError::Unknown(username.to_owned()))
}

/// Runs it.
pub fn run(globals: &Globals, args: CustomerArgs) -> Result<(), Failure> {
    with_context(globals, async |ctx| match args.action {
        Action::Add(args) => add(globals, ctx, *args).await,
        Action::Ls(args) => ls(globals, ctx, args).await,
        Action::Set(args) => set(globals, ctx, *args).await,
        Action::Passwd(args) => {
            let text = read_secret(args.password.as_deref(), args.password_file.as_ref())?.unwrap_or_default();
            let (password, (tenant, scope)) = (CustomerPassword::new(&text)?, ctx.tenant_and_scope().await?);
            let id = set_password(&ctx.db, &ctx.sealer, &scope, &tenant, &args.username, &password, ctx.now).await?;
            done(
                globals,
                serde_json::json!({ "id": id, "username": args.username }),
                format!("customer {:?} has a new password", args.username),
            )
        }
        Action::TopUp(args) => top_up(globals, ctx, args).await,
        Action::Close { username } => close(globals, ctx, &username, true).await,
        Action::Reopen { username } => close(globals, ctx, &username, false).await,
        Action::Device(args) => device::run(globals, ctx, args).await,
        Action::Rm { username } => {
            let (tenant, scope) = ctx.tenant_and_scope().await?;
            let id = remove_customer(&ctx.db, &scope, &tenant, &username, ctx.now).await?;
            done(globals, serde_json::json!({ "id": id, "removed": username }), format!("customer {username:?} removed"))
        }
    })
}

fn done(globals: &Globals, json: serde_json::Value, line: String) -> Result<(), Failure> {
    if globals.json { output::json(&json) } else { output::line(line) }
}

async fn add(globals: &Globals, ctx: &Context, args: AddArgs) -> Result<(), Failure> {
    let text = read_secret(args.password.as_deref(), args.password_file.as_ref())?.unwrap_or_default();
    let (tenant, scope, owner) = ctx.tenant_and_owner().await?;
    let fields = args.fields.changes(ctx, &scope, &tenant).await?;
    let new = NewCustomer {
        code: fields.code,
        name: fields.name.unwrap_or_default(),
        phone: fields.phone.unwrap_or_default(),
        expires_at: fields.expires_at.flatten(),
        hold: fields.hold.unwrap_or_default(),
        connection_type: fields.connection_type.unwrap_or_default(),
        billing_type: fields.billing_type.unwrap_or_default(),
        device_type: fields.device_type.unwrap_or_default(),
        macs: fields.macs.unwrap_or_default(),
        static_ipv4: fields.static_ipv4.flatten(),
        framed_ipv6_prefix: fields.framed_ipv6_prefix.flatten(),
        delegated_ipv6_prefix: fields.delegated_ipv6_prefix.flatten(),
        framed_pool: fields.framed_pool.flatten(),
        simultaneous_sessions: fields.simultaneous_sessions.flatten(),
        reply_attributes: fields.reply_attributes.unwrap_or_default(),
        limits: fields.limits.apply_to_override(Default::default()),
        own_rate: fields.own_rate.flatten(),
        parent_id: fields.parent_id.flatten(),
        ..NewCustomer::new(&args.username, CustomerPassword::new(&text)?, &args.package)
    };
    let customer = add_customer(
        &ctx.db,
        ctx.ids().await?,
        &ctx.sealer,
        &scope,
        &tenant,
        owner,
        new,
        &reply_check(ctx.config.radius.dictionaries.clone()),
        ctx.now,
    )
    .await?;
    warn_if_leased(globals, ctx, &scope, &customer).await?;
    show_one(globals, ctx, &tenant, &args.package, &customer, format!("customer {:?} added with code {}", customer.username, customer.code))
}

async fn set(globals: &Globals, ctx: &Context, args: SetArgs) -> Result<(), Failure> {
    let (tenant, scope) = ctx.tenant_and_scope().await?;
    let mut changes = args.fields.changes(ctx, &scope, &tenant).await?;
    changes.username = args.rename;
    changes.package = args.package;
    changes.next_package = args.next_package.map(|OrNone(name)| name);
    changes.add_macs = args.add_mac;
    changes.remove_macs = args.remove_mac;
    changes.new_period = args.new_period;
    let check = reply_check(ctx.config.radius.dictionaries.clone());
    let customer = set_customer(&ctx.db, &scope, &tenant, &args.username, &changes, &check, ctx.now).await?;
    if changes.static_ipv4.is_some() {
        warn_if_leased(globals, ctx, &scope, &customer).await?;
    }
    let packages = package_names(ctx, &scope).await?;
    let package = packages.get(&customer.package_id.0).map_or("", String::as_str);
    show_one(globals, ctx, &tenant, package, &customer, format!("customer {:?} changed", customer.username))
}

/// A static address that somebody holds by a lease is used twice until that one's session ends.
async fn warn_if_leased(globals: &Globals, ctx: &Context, scope: &Scope, customer: &Customer) -> Result<(), Failure> {
    let Some(address) = customer.static_ipv4 else { return Ok(()) };
    let holder = find_other_holder(&mut ctx.db.read().await?, scope, address, customer.id).await?;
    if let Some((pool, username)) = holder {
        output::note(globals, format!("warning: {username:?} holds {address} of pool {pool:?} until his session ends"));
    }
    Ok(())
}

async fn close(globals: &Globals, ctx: &Context, username: &str, closed: bool) -> Result<(), Failure> {
    let (tenant, scope) = ctx.tenant_and_scope().await?;
    let changes = CustomerChanges { closed: Some(closed), ..CustomerChanges::default() };
    let customer = set_customer(&ctx.db, &scope, &tenant, username, &changes, &|_| Ok(()), ctx.now).await?;
    let packages = package_names(ctx, &scope).await?;
    let package = packages.get(&customer.package_id.0).map_or("", String::as_str);
    let done = if closed { "closed" } else { "reopened" };
    show_one(globals, ctx, &tenant, package, &customer, format!("customer {:?} {done}", customer.username))
}

fn shown<'a>(tenant: &Tenant, package: &'a str, customer: &'a Customer, now: UnixMs) -> Shown<'a> {
    let facts = customer.facts(&tenant.access_rules);
    Shown { state: state(facts, now), view: active_view(facts, now, &tenant.zone()), package, top_ups: None, customer }
}

fn show_one(globals: &Globals, ctx: &Context, tenant: &Tenant, package: &str, customer: &Customer, line: String) -> Result<(), Failure> {
    if globals.json { output::json(&shown(tenant, package, customer, ctx.now)) } else { output::line(line) }
}

async fn package_names(ctx: &Context, scope: &Scope) -> Result<HashMap<i64, String>, Failure> {
    let names = list_package_ids(&mut ctx.db.read().await?, scope).await?;
    Ok(names.into_iter().map(|(name, id)| (id.0, name)).collect())
}

async fn ls(globals: &Globals, ctx: &Context, args: LsArgs) -> Result<(), Failure> {
    let (tenant, scope) = ctx.tenant_and_scope().await?;
    let packages = package_names(ctx, &scope).await?;
    let (customers, more) = if let Some(username) = &args.username {
        (vec![named(ctx, &scope, &tenant, username).await?], false)
    } else {
        list(ctx, &scope, &tenant, &packages, &args).await?
    };
    if globals.json {
        let package = |c: &Customer| packages.get(&c.package_id.0).map_or("", String::as_str);
        let mut all: Vec<Shown<'_>> = customers.iter().map(|c| shown(&tenant, package(c), c, ctx.now)).collect();
        if let ([one], Some(_)) = (all.as_mut_slice(), &args.username) {
            one.top_ups = Some(list_top_ups(&mut ctx.db.read().await?, &scope, one.customer.id).await?);
        }
        return output::json(&all);
    }
    let mut table =
        Table::new(&["username", "code", "name", "package", "state", "expires", "connection", "MAC addresses", "static address"]);
    for c in &customers {
        let macs: Vec<String> = c.macs.iter().map(|m| m.with_colons()).collect();
        table.row(vec![
            c.username.clone(),
            c.code.clone(),
            c.name.clone(),
            packages.get(&c.package_id.0).cloned().unwrap_or_default(),
            state(c.facts(&tenant.access_rules), ctx.now).as_str().to_owned(),
            c.expires_at.map(print_instant).unwrap_or_default(),
            c.connection_type.to_string(),
            macs.join(" "),
            c.static_ipv4.map(|a| a.to_string()).unwrap_or_default(),
        ]);
    }
    table.print("no customers; `tollgate customer add USERNAME --password PASSWORD --package NAME` adds one")?;
    if let (true, Some(last)) = (more, customers.last()) {
        output::note(globals, format!("there are more: add --after {:?}, or a higher --limit", last.username));
    }
    Ok(())
}

/// Up to `--limit` customers, and whether there are more.
async fn list(
    ctx: &Context,
    scope: &Scope,
    tenant: &Tenant,
    packages: &HashMap<i64, String>,
    args: &LsArgs,
) -> Result<(Vec<Customer>, bool), Failure> {
    let package_id = match &args.package {
        Some(name) => {
            let found = packages.iter().find(|(_, n)| *n == name).map(|(id, _)| crate::units::PackageId(*id));
            Some(found.ok_or_else(|| CustomerError::UnknownPackage(name.clone()))?)
        }
        None => None,
    };
    let folded = |text: &str| if tenant.case_sensitive_usernames { text.to_owned() } else { text.to_lowercase() };
    let filter = CustomerFilter { package_id, username_prefix: folded(&args.prefix) };
    let mut after = args.after.as_deref().map(|u| lookup_key(u, tenant.case_sensitive_usernames)).unwrap_or_default();
    let mut all = Vec::new();
    let mut conn = ctx.db.read().await?;
    while all.len() <= args.limit {
        let page = list_customers(&mut conn, scope, &filter, &after, PAGE.min(args.limit as i64 + 1)).await?;
        let Some((key, _)) = page.last() else { break };
        after = key.clone();
        all.extend(page.into_iter().map(|(_, customer)| customer));
    }
    let more = all.len() > args.limit;
    all.truncate(args.limit);
    Ok((all, more))
}
