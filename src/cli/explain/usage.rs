//! `tollgate explain usage USERNAME`.

use clap::{Args, ValueEnum};
use serde::Serialize;

use super::events::{Event, find_events, is_of_name};
use super::session::{Bucket, events};
use crate::cli::context::with_context;
use crate::cli::output::Table;
use crate::cli::{Failure, Globals, output};
use crate::customers::{find_customer, lookup_key};
use crate::packages::{Period, spans};
use crate::sessions::list_usage_of_customer;
use crate::units::{UnixMs, hex, print_instant};

/// Since when.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Since {
    Day,
    Week,
    Month,
    All,
}

/// Whose usage.
#[derive(Debug, Args)]
pub struct UsageArgs {
    /// The customer's username
    #[arg(value_name = "USERNAME")]
    username: String,
    /// The running day, week or month in the tenant's zone, or all that is stored
    #[arg(long, value_enum, default_value_t = Since::Month)]
    period: Since,
    /// How many rows at most, the newest first
    #[arg(long, value_name = "N", default_value_t = 200, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    limit: u32,
}

#[derive(Debug, Serialize)]
struct Row {
    session_key: String,
    /// Whether it is what is left of sessions that were removed after their time.
    is_folded: bool,
    #[serde(flatten)]
    bucket: Bucket,
}

#[derive(Debug, Default, Serialize)]
struct Sum {
    octets_in: i64,
    octets_out: i64,
    secs: i64,
}

#[derive(Debug, Serialize)]
struct Explained {
    username: String,
    since: String,
    charged: Sum,
    free: Sum,
    rows: Vec<Row>,
    /// Whether more rows are stored than were asked for: the sums are of these rows only.
    is_cut: bool,
    /// Events of this name that the store does not have yet.
    waiting: Vec<Event>,
}

/// Runs it.
pub fn run(globals: &Globals, args: UsageArgs) -> Result<(), Failure> {
    with_context(globals, async |ctx| {
        let (tenant, scope) = ctx.tenant_and_scope().await?;
        let mut conn = ctx.db.read().await?;
        let key = lookup_key(&args.username, tenant.case_sensitive_usernames);
        let Some(customer) = find_customer(&mut conn, &scope, &key).await? else {
            return Err(Failure::coded("unknown-customer", format!("there is no customer {:?}", args.username)));
        };
        let since = begin(args.period, ctx.now, &tenant.zone());
        let lines = list_usage_of_customer(&mut conn, &scope, customer.id, since, i64::from(args.limit)).await?;
        drop(conn);
        let waiting =
            find_events(ctx, |update| update.customer_id == customer.id.0 || update.customer_id == 0 && is_of_name(update, &args.username))
                .await?;
        let rows = lines.iter().map(|line| Row {
            session_key: hex(&line.session_key),
            is_folded: line.session_key.starts_with(&[0; 8]),
            bucket: Bucket::from(line),
        });
        let mut explained = Explained {
            username: args.username.clone(),
            since: print_instant(since),
            charged: Sum::default(),
            free: Sum::default(),
            rows: rows.collect(),
            is_cut: lines.len() == args.limit as usize,
            waiting: waiting.map(|w| w.events.into_iter().filter(|event| !event.is_applied).collect()).unwrap_or_default(),
        };
        for row in &explained.rows {
            let sum = if row.bucket.is_charged { &mut explained.charged } else { &mut explained.free };
            sum.octets_in += row.bucket.octets_in;
            sum.octets_out += row.bucket.octets_out;
            sum.secs += row.bucket.secs;
        }
        if globals.json { output::json(&explained) } else { print(&explained) }
    })
}

fn begin(since: Since, now: UnixMs, zone: &jiff::tz::TimeZone) -> UnixMs {
    let running = spans(now, zone, 0, 0);
    match since {
        Since::Day => running.start(Period::Day),
        Since::Week => running.start(Period::Week),
        Since::Month => running.start(Period::Month),
        Since::All => 0,
    }
}

fn print(e: &Explained) -> Result<(), Failure> {
    let mut table = Table::new(&["bucket from", "session", "counts", "octets in", "octets out", "seconds"]);
    for row in &e.rows {
        let b = &row.bucket;
        let session = if row.is_folded { "(removed sessions)".to_owned() } else { row.session_key.clone() };
        let counts = if b.is_charged { "charged" } else { "free hours" };
        let numbers = [b.octets_in, b.octets_out, b.secs].map(|n| n.to_string());
        table.row([b.bucket_at.clone(), session, counts.to_owned()].into_iter().chain(numbers).collect());
    }
    table.print("nothing is stored")?;
    let of = if e.is_cut { "these rows" } else { "all" };
    output::line(format!("{:?} since {}, sum of {of}:", e.username, e.since))?;
    output::line(format!("  charged: {} octets in, {} out, {} s", e.charged.octets_in, e.charged.octets_out, e.charged.secs))?;
    output::line(format!("  free hours: {} octets in, {} out, {} s", e.free.octets_in, e.free.octets_out, e.free.secs))?;
    if e.waiting.is_empty() {
        return output::line("Everything that was acknowledged here is in the store.");
    }
    output::line("Not in the store yet:")?;
    events(&e.waiting).print("nothing")
}
