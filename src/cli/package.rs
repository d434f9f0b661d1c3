//! `tollgate package add|ls|set|rm`.

use clap::{Args, Subcommand};

use super::context::with_context;
use super::limit_args::PackageLimitArgs;
use super::output::Table;
use super::values::OrNone;
use super::{Context, Failure, Globals, output};
use crate::accounts::{Scope, Tenant};
use crate::packages::{
    NewPackage, Package, PackageChanges, PackageTerms, PerDirection, add_package, list_packages, remove_package, set_package,
};
use crate::units::{BitRate, parse_minor, print_minor};

const PAGE: i64 = 1_000;

/// Which action.
#[derive(Debug, Args)]
pub struct PackageArgs {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Add a package
    Add {
        /// Unique in the tenant
        name: String,
        #[command(flatten)]
        terms: Box<TermArgs>,
    },
    /// List packages
    Ls,
    /// Change a package; the word none removes a term
    Set {
        /// Which package
        name: String,
        /// New name
        #[arg(long, value_name = "NEW")]
        rename: Option<String>,
        #[command(flatten)]
        terms: Box<TermArgs>,
    },
    /// Remove a package that no customer has
    Rm {
        /// Which package
        name: String,
    },
}

#[derive(Debug, Args)]
struct TermArgs {
    /// Rate towards the customer, such as 20M
    #[arg(long, value_name = "RATE")]
    download: Option<OrNone<BitRate>>,
    /// Rate from the customer, such as 10M
    #[arg(long, value_name = "RATE")]
    upload: Option<OrNone<BitRate>>,
    /// Rate towards the customer during a burst
    #[arg(long, value_name = "RATE")]
    burst_download: Option<OrNone<BitRate>>,
    /// Rate from the customer during a burst
    #[arg(long, value_name = "RATE")]
    burst_upload: Option<OrNone<BitRate>>,
    /// A download burst is allowed while the average is below this [default: the download rate]
    #[arg(long, value_name = "RATE")]
    burst_threshold_download: Option<OrNone<BitRate>>,
    /// An upload burst is allowed while the average is below this [default: the upload rate]
    #[arg(long, value_name = "RATE")]
    burst_threshold_upload: Option<OrNone<BitRate>>,
    /// Seconds over which the download average is taken
    #[arg(long, value_name = "SECS")]
    burst_download_secs: Option<OrNone<u32>>,
    /// Seconds over which the upload average is taken
    #[arg(long, value_name = "SECS")]
    burst_upload_secs: Option<OrNone<u32>>,
    /// 1 (best) to 8
    #[arg(long, value_name = "1..8")]
    priority: Option<OrNone<u8>>,
    /// Guaranteed rate towards the customer
    #[arg(long, value_name = "RATE")]
    min_download: Option<OrNone<BitRate>>,
    /// Guaranteed rate from the customer
    #[arg(long, value_name = "RATE")]
    min_upload: Option<OrNone<BitRate>>,
    /// Name of an existing pool on the router
    #[arg(long, value_name = "POOL")]
    framed_pool: Option<OrNone<String>>,
    /// Firewall list that the customer's address joins
    #[arg(long, value_name = "LIST")]
    address_list: Option<OrNone<String>>,
    /// Longest session, in seconds
    #[arg(long, value_name = "SECS")]
    session_timeout: Option<OrNone<u32>>,
    /// Longest silence, in seconds
    #[arg(long, value_name = "SECS")]
    idle_timeout: Option<OrNone<u32>>,
    /// Seconds between two reports of the counters [default: 300]
    #[arg(long, value_name = "SECS")]
    interim: Option<u32>,
    /// PPP or hotspot profile on the router
    #[arg(long, value_name = "PROFILE")]
    mikrotik_group: Option<OrNone<String>>,
    /// What a customer pays for one period, in the tenant's currency, such as 500.00
    #[arg(long, value_name = "AMOUNT")]
    retail_price: Option<OrNone<String>>,
    #[command(flatten)]
    limits: PackageLimitArgs,
}

impl TermArgs {
    async fn changes(self, ctx: &Context, tenant: &Tenant, scope: &Scope, name: Option<String>) -> Result<PackageChanges, Failure> {
        fn value<T>(given: Option<OrNone<T>>) -> Option<Option<T>> {
            given.map(|OrNone(value)| value)
        }
        fn both<T>(download: Option<OrNone<T>>, upload: Option<OrNone<T>>) -> PerDirection<Option<Option<T>>> {
            PerDirection { download: value(download), upload: value(upload) }
        }
        let price = |OrNone(text): OrNone<String>| text.map(|text| parse_minor(&text, &tenant.currency)).transpose();
        let retail_price_minor = self.retail_price.map(price).transpose().map_err(Failure::usage)?;
        Ok(PackageChanges {
            name,
            retail_price_minor,
            rate: both(self.download, self.upload),
            burst: both(self.burst_download, self.burst_upload),
            threshold: both(self.burst_threshold_download, self.burst_threshold_upload),
            burst_secs: both(self.burst_download_secs, self.burst_upload_secs),
            priority: value(self.priority),
            min: both(self.min_download, self.min_upload),
            framed_pool: value(self.framed_pool),
            address_list: value(self.address_list),
            session_timeout_secs: value(self.session_timeout),
            idle_timeout_secs: value(self.idle_timeout),
            interim_secs: self.interim,
            mikrotik_group: value(self.mikrotik_group),
            limits: self.limits.changes(ctx, scope).await?,
        })
    }
}

/// Runs it.
pub fn run(globals: &Globals, args: PackageArgs) -> Result<(), Failure> {
    with_context(globals, async |ctx| match args.action {
        Action::Add { name, terms } => {
            let (tenant, scope, owner) = ctx.tenant_and_owner().await?;
            let said = terms.changes(ctx, &tenant, &scope, None).await?;
            let new =
                NewPackage { name, retail_price_minor: said.retail_price_minor.flatten(), terms: said.apply(PackageTerms::default()) };
            let package = add_package(&ctx.db, ctx.ids().await?, &scope, owner, new, ctx.now).await?;
            if globals.json { output::json(&package) } else { output::line(format!("package {:?} added", package.name)) }
        }
        Action::Ls => ls(globals, ctx).await,
        Action::Set { name, rename, terms } => {
            let (tenant, scope) = ctx.tenant_and_scope().await?;
            let changes = terms.changes(ctx, &tenant, &scope, rename).await?;
            let package = set_package(&ctx.db, &scope, &name, &changes, ctx.now).await?;
            if globals.json { output::json(&package) } else { output::line(format!("package {:?} changed", package.name)) }
        }
        Action::Rm { name } => {
            let id = remove_package(&ctx.db, &ctx.scope().await?, &name, ctx.now).await?;
            if globals.json {
                output::json(&serde_json::json!({ "id": id, "removed": name }))
            } else {
                output::line(format!("package {name:?} removed"))
            }
        }
    })
}

async fn ls(globals: &Globals, ctx: &Context) -> Result<(), Failure> {
    let (tenant, scope) = ctx.tenant_and_scope().await?;
    let mut conn = ctx.db.read().await?;
    let mut all: Vec<Package> = Vec::new();
    loop {
        let after = all.last().map(|p| p.name.clone()).unwrap_or_default();
        let page = list_packages(&mut conn, &scope, &after, PAGE).await?;
        if page.is_empty() {
            break;
        }
        all.extend(page);
    }
    if globals.json {
        return output::json(&all);
    }
    let mut table = Table::new(&[
        "name",
        "download",
        "upload",
        "Mikrotik-Rate-Limit",
        "pool",
        "address list",
        "session timeout",
        "interim",
        "price",
        "limits",
    ]);
    for Package { name, terms, retail_price_minor, .. } in all {
        let rate = |rate: Option<BitRate>| rate.map_or_else(|| "unlimited".to_owned(), |r| r.to_string());
        table.row(vec![
            name,
            rate(terms.rate_limit.rate.download),
            rate(terms.rate_limit.rate.upload),
            terms.rate_limit.to_mikrotik().unwrap_or_default(),
            terms.framed_pool.unwrap_or_default(),
            terms.address_list.unwrap_or_default(),
            terms.session_timeout_secs.map(|s| s.to_string()).unwrap_or_default(),
            terms.interim_secs.to_string(),
            retail_price_minor.map(|minor| print_minor(minor, &tenant.currency)).unwrap_or_default(),
            terms.limits.in_a_line(),
        ]);
    }
    table.print("no packages; `tollgate package add NAME --download 20M --upload 10M` adds one")
}
