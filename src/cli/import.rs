//! `tollgate import customers FILE.csv`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::context::with_context;
use super::dictionary::reply_check;
use super::{Context, Failure, Globals, output};
use crate::customers::import::{BadRow, plan_import, write_import};

/// What to import.
#[derive(Debug, Args)]
pub struct ImportArgs {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Import customers from CSV with a header row: username,password,package,status,expires_at,mac,static_ip,connection and, if wanted,
    /// name,phone,code,hold_reason,billing_type,device_type,simultaneous_sessions,pool,framed_ipv6_prefix,delegated_ipv6_prefix,reply_attributes,
    /// zone,email,address,city,postal_code,note
    Customers(CustomersArgs),
}

#[derive(Debug, Args)]
struct CustomersArgs {
    /// The file; - for standard input
    file: PathBuf,
    /// Check every row, write nothing
    #[arg(long)]
    dry_run: bool,
    /// Import the good rows although there are bad ones
    #[arg(long)]
    skip_bad: bool,
}

/// Runs it.
pub fn run(globals: &Globals, args: ImportArgs) -> Result<(), Failure> {
    let What::Customers(args) = args.what;
    with_context(globals, async |ctx| customers(globals, ctx, args).await)
}

async fn customers(globals: &Globals, ctx: &Context, args: CustomersArgs) -> Result<(), Failure> {
    let (tenant, scope, owner) = ctx.tenant_and_owner().await?;
    let ids = ctx.ids().await?;
    let name = args.file.display().to_string();
    let file: Box<dyn std::io::Read> = if name == "-" {
        Box::new(std::io::stdin().lock())
    } else {
        Box::new(std::fs::File::open(&args.file).map_err(|e| Failure::new(format!("{name}: {e}")))?)
    };
    let mut conn = ctx.db.read().await?;
    let check = reply_check(ctx.config.radius.dictionaries.clone());
    let plan = plan_import(&mut conn, &scope, ids, &tenant, owner, file, None, &check, ctx.now).await?;
    drop(conn);
    let (good, bad) = (plan.good(), plan.bad.clone());
    let refused = !bad.is_empty() && !args.skip_bad;
    let imported = if args.dry_run || refused { 0 } else { write(globals, ctx, plan).await? };
    if globals.json {
        output::json(&serde_json::json!({ "good": good, "imported": imported, "dry_run": args.dry_run, "bad": bad }))?;
    } else {
        for BadRow { line, reason, .. } in &bad {
            output::line(format!("line {line}: {reason}"))?;
        }
        let done = match (args.dry_run, refused) {
            (true, _) => format!("{good} good rows, {} bad; nothing was written", bad.len()),
            (false, true) => format!("{good} good rows, {} bad; nothing was imported (--skip-bad imports the good ones)", bad.len()),
            (false, false) => format!("{imported} customers imported, {} bad rows left out", bad.len()),
        };
        output::line(done)?;
    }
    if refused { Err(Failure::coded("import-refused", format!("{name} has {} bad rows", bad.len()))) } else { Ok(()) }
}

async fn write(globals: &Globals, ctx: &Context, plan: crate::customers::import::ImportPlan) -> Result<usize, Failure> {
    const REPORT_EVERY: usize = 100_000;
    let mut next = REPORT_EVERY;
    let progress = |written: usize| {
        if written >= next {
            output::note(globals, format!("{written} customers written"));
            next += REPORT_EVERY;
        }
    };
    Ok(write_import(&ctx.db, &ctx.sealer, plan, ctx.now, progress).await?)
}
