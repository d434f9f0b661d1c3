//! Options of limits, which packages and customers share. See `packages/limit_text.rs` for how each is written.

use std::str::FromStr;

use clap::Args;

use super::values::OrNone;
use super::{Context, Failure};
use crate::accounts::Scope;
use crate::packages::{
    DevicePolicy, FairUse, Hours, LimitsChanges, TimeLimit, Validity, VolumeLimit, WhenFull, WhenUnknown, parse_rate, parse_service,
};
use crate::routers::find_named_router;

/// Limits that a package has and a customer may have instead.
#[derive(Debug, Args)]
pub struct LimitArgs {
    /// Octets per period, such as total:100G/month, upload:5G/day:rollover or 50G/month:soft; may be repeated; none removes all
    #[arg(long, value_name = "[DIRECTION:]AMOUNT/PERIOD")]
    volume: Vec<OrNone<VolumeLimit>>,
    /// Time online per period, such as 30h/month; may be repeated; none removes all
    #[arg(long, value_name = "DURATION/PERIOD")]
    time: Vec<OrNone<TimeLimit>>,
    /// Hours at which access is allowed, in the tenant's zone, such as mon-fri:08:00-18:00; may be repeated; none removes all
    #[arg(long, value_name = "[DAYS:]HH:MM-HH:MM")]
    hours: Vec<OrNone<Hours>>,
    /// Hours at which traffic is counted and not charged; may be repeated; none removes all
    #[arg(long, value_name = "[DAYS:]HH:MM-HH:MM")]
    free_hours: Vec<OrNone<Hours>>,
    /// A step of fair use, such as after:80G/month=2M/1M (download/upload) or during:00:00-06:00=200%; repeated in order; none removes all
    #[arg(long, value_name = "STEP")]
    fair_use: Vec<OrNone<FairUse>>,
    /// Devices: listed, off, bind-first:N, ask-at-portal or fixed
    #[arg(long, value_name = "POLICY")]
    devices: Option<DevicePolicy>,
    /// Only this service: pppoe, hotspot, dhcp, wireless or vpn; may be repeated; any allows all
    #[arg(long, value_name = "SERVICE")]
    service: Vec<String>,
    /// Only this router; may be repeated; any allows all
    #[arg(long, value_name = "NAME")]
    router: Vec<String>,
    /// Removes all limits first
    #[arg(long)]
    no_limits: bool,
}

/// Limits that only a package has.
#[derive(Debug, Args)]
pub struct PackageLimitArgs {
    #[command(flatten)]
    common: LimitArgs,
    /// How long a purchase lasts, such as 30d or 7d:from-first-login; none removes it
    #[arg(long, value_name = "DURATION[:from-first-login]")]
    validity: Option<OrNone<Validity>>,
    /// Sessions at once of customers without a number of their own; 0 for any number
    #[arg(long, value_name = "N")]
    sessions: Option<u16>,
    /// When there are as many: refuse-new, replace-oldest or same-mac-replaces
    #[arg(long, value_name = "RULE")]
    when_full: Option<WhenFull>,
    /// Whether overdue sessions count: does-not-count or counts
    #[arg(long, value_name = "RULE")]
    when_unknown: Option<WhenUnknown>,
}

/// The values given; an empty list if one of them is the word none; `None` if there are none.
fn several<T>(given: Vec<OrNone<T>>) -> Option<Vec<T>> {
    if given.is_empty() {
        return None;
    }
    let values: Option<Vec<T>> = given.into_iter().map(|OrNone(value)| value).collect();
    Some(values.unwrap_or_default())
}

impl LimitArgs {
    /// What they change; routers are looked up by name.
    pub async fn changes(self, ctx: &Context, scope: &Scope) -> Result<LimitsChanges, Failure> {
        let services = match self.service.as_slice() {
            [] => None,
            [any] if any == "any" => Some(0),
            names => Some(names.iter().try_fold(0, |bits, name| parse_service(name).map(|bit| bits | bit)).map_err(Failure::usage)?),
        };
        let routers = match self.router.as_slice() {
            [] => None,
            [any] if any == "any" => Some(Vec::new()),
            names => Some(router_ids(ctx, scope, names).await?),
        };
        Ok(LimitsChanges {
            none: self.no_limits,
            volume: several(self.volume),
            time: several(self.time),
            hours: several(self.hours),
            free_hours: several(self.free_hours),
            fair_use: several(self.fair_use),
            devices: self.devices,
            services,
            routers,
            ..LimitsChanges::default()
        })
    }
}

impl PackageLimitArgs {
    /// What they change.
    pub async fn changes(self, ctx: &Context, scope: &Scope) -> Result<LimitsChanges, Failure> {
        Ok(LimitsChanges {
            validity: self.validity.map(|OrNone(validity)| validity),
            sessions: self.sessions,
            when_full: self.when_full,
            when_unknown: self.when_unknown,
            ..self.common.changes(ctx, scope).await?
        })
    }
}

async fn router_ids(ctx: &Context, scope: &Scope, names: &[String]) -> Result<Vec<i64>, Failure> {
    let mut conn = ctx.db.read().await?;
    let mut ids = Vec::new();
    for name in names {
        let router = find_named_router(&mut conn, scope, name).await?;
        let unknown =
            || Failure::coded("router-unknown", format!("there is no router {name:?}; `tollgate router ls` shows those there are"));
        ids.push(router.ok_or_else(unknown)?.id);
    }
    Ok(ids)
}

/// A rate as an option: DOWNLOAD/UPLOAD.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RateArg(pub crate::packages::RateLimit);

impl FromStr for RateArg {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        parse_rate(text).map(RateArg)
    }
}

/// A length of time as an option, in seconds; 0 is allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SecsArg(pub u32);

impl FromStr for SecsArg {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        if text == "0" {
            return Ok(SecsArg(0));
        }
        let secs = crate::packages::parse_secs(text)?;
        u32::try_from(secs).map(SecsArg).map_err(|_| format!("{text:?} is too long"))
    }
}
