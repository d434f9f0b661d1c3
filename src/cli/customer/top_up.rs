//! `tollgate customer top-up`.

use clap::Args;

use super::super::{Context, Failure, Globals, output};
use super::done;
use crate::accounts::Scope;
use crate::customers::{NewTopUp, add_top_up, find_customer_by_id};
use crate::packages::{Direction, find_package_by_id, parse_octets, print_octets};
use crate::units::{CustomerId, parse_instant};

#[derive(Debug, Args)]
pub struct TopUpArgs {
    /// Which customer
    username: String,
    /// How many octets, of the direction that his package limits [default direction: total]
    #[arg(long, value_name = "[DIRECTION:]AMOUNT")]
    volume: String,
    /// When what is left is lost, like --expires-at of `customer add` [default: never]
    #[arg(long, value_name = "INSTANT")]
    expires: Option<String>,
    /// In words
    #[arg(long, value_name = "TEXT", default_value = "")]
    note: String,
}

/// Runs it.
pub async fn top_up(globals: &Globals, ctx: &Context, args: TopUpArgs) -> Result<(), Failure> {
    let (tenant, scope) = ctx.tenant_and_scope().await?;
    let (direction, amount) = match args.volume.split_once(':') {
        Some((direction, amount)) => (direction.parse().map_err(Failure::usage)?, amount),
        None => (Direction::Total, args.volume.as_str()),
    };
    let expires_at = args.expires.map(|text| parse_instant(&text, &tenant.zone()).map_err(Failure::usage)).transpose()?;
    let octets = parse_octets(amount).map_err(Failure::usage)?;
    let new = NewTopUp { direction, octets, expires_at, note: args.note, created_by: "command line".to_owned() };
    let (id, top_up) = add_top_up(&ctx.db, ctx.ids().await?, &scope, &tenant, &args.username, new, ctx.now).await?;
    if !has_volume_limit(ctx, &scope, id, direction).await? {
        output::note(globals, format!("note: nothing limits this customer's {direction} volume, so there is nothing to add to"));
    }
    let json = serde_json::json!({ "customer_id": id, "username": args.username, "top_up": top_up });
    done(globals, json, format!("customer {:?} has {} more octets ({direction})", args.username, print_octets(octets)))
}

async fn has_volume_limit(ctx: &Context, scope: &Scope, id: CustomerId, direction: Direction) -> Result<bool, Failure> {
    let mut conn = ctx.db.read().await?;
    let Some(customer) = find_customer_by_id(&mut conn, scope, id).await? else { return Ok(false) };
    let package = find_package_by_id(&mut conn, customer.package_id).await?;
    let limits = package.map(|p| p.terms.limits.with(&customer.limits)).unwrap_or_default();
    Ok(limits.volume.iter().any(|limit| limit.direction == direction))
}
