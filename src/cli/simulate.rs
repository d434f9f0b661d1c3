//! `tollgate simulate login USERNAME`: the production code decides a real request, on a directory read from the store. Nothing is sent and nothing is written.

mod report;

use std::sync::Arc;

use clap::builder::PossibleValue;
use clap::{Args, Subcommand, ValueEnum};

use super::context::with_context;
use super::dictionary::load_dictionary;
use super::{Context, Failure, Globals, output};
use crate::aaa::simulate::{Books, Login, Service, find_nas};
use crate::accounts::{Scope, Tenant};
use crate::customers::{find_customer, lookup_key};
use crate::radius::dictionary::Dictionary;
use crate::units::{Mac, parse_instant};
use report::PrintedReport;

/// What to simulate.
#[derive(Debug, Args)]
pub struct SimulateArgs {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// A login: the checks in their order, the reply's attributes, and what happens next
    Login(LoginArgs),
}

#[derive(Debug, Args)]
struct LoginArgs {
    /// Who logs in; his password is taken to be right
    username: String,
    /// His device
    #[arg(long, value_name = "MAC")]
    mac: Option<Mac>,
    /// On which router [default: the first one]
    #[arg(long, value_name = "NAME")]
    router: Option<String>,
    /// By which service
    #[arg(long, value_enum, default_value_t = Service::Pppoe)]
    service: Service,
    /// When, like --expires-at of `customer add`; usage is as it is now [default: now]
    #[arg(long, value_name = "INSTANT")]
    at: Option<String>,
}

impl ValueEnum for Service {
    fn value_variants<'a>() -> &'a [Service] {
        &Service::ALL
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(PossibleValue::new(self.as_str()))
    }
}

/// Runs it.
pub fn run(globals: &Globals, args: SimulateArgs) -> Result<(), Failure> {
    let Action::Login(args) = args.action;
    with_context(globals, async |ctx| {
        let (tenant, scope) = ctx.tenant_and_scope().await?;
        let at = match &args.at {
            Some(text) => parse_instant(text, &tenant.zone()).map_err(Failure::usage)?,
            None => ctx.now,
        };
        let key = lookup_key(&args.username, tenant.case_sensitive_usernames);
        let customer = find_customer(&mut ctx.db.read().await?, &scope, &key).await?;
        let dictionary = Arc::new(load_dictionary(ctx.config.radius.dictionaries.as_deref())?);
        let books = books(ctx, &scope, &tenant, &dictionary);
        let access = books.open(customer.as_ref(), at).await?;
        let name = args.router.as_deref();
        let nas = find_nas(&access, &tenant, name).ok_or_else(|| match name {
            Some(name) => {
                Failure::coded("router-unknown", format!("there is no router {name:?}; `tollgate router ls` shows those there are"))
            }
            None => Failure::new("there is no router yet: `tollgate router add NAME --address IP --secret SECRET` adds one"),
        })?;
        let login = Login { username: args.username, service: args.service, mac: args.mac, at };
        let report = PrintedReport::new(books.decide(&access, customer.as_ref(), &nas, &login)?, &tenant);
        if globals.json { output::json(&report) } else { output::raw(&report.in_words()) }
    })
}

/// The store's books, for a decision outside of a server.
pub(super) fn books<'b>(ctx: &'b Context, scope: &'b Scope, tenant: &'b Tenant, dictionary: &'b Arc<Dictionary>) -> Books<'b> {
    Books { db: &ctx.db, sealer: &ctx.sealer, dictionary, scope, tenant, now: ctx.now }
}
