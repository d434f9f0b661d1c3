//! `tollgate tenant add|ls|set`.

use clap::{Args, Subcommand};

use super::context::with_context;
use super::output::Table;
use super::tenant_rules::AccessRuleArgs;
use super::values::OrNone;
use super::{Failure, Globals, output};
use crate::accounts::{AccountError, Scope, TenantChanges, add_tenant, find_tenant, list_tenants};
use crate::customers::set_tenant_settings;

/// Which action.
#[derive(Debug, Args)]
pub struct TenantArgs {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Add a tenant with its Super Admin and its first provider's account
    Add {
        /// Unique on this server
        name: String,
        /// IANA name, such as Asia/Dhaka
        #[arg(long, default_value = "UTC")]
        time_zone: String,
        /// ISO 4217 code
        #[arg(long, default_value = "USD")]
        currency: String,
    },
    /// List tenants
    Ls,
    /// Change a tenant's settings
    Set {
        /// Which tenant
        name: String,
        /// Another name, unique on this server; commands and sign-ins that say the old one still mean this tenant
        #[arg(long, value_name = "NEW")]
        rename: Option<String>,
        /// IANA name, such as Asia/Dhaka
        #[arg(long)]
        time_zone: Option<String>,
        /// ISO 4217 code
        #[arg(long)]
        currency: Option<String>,
        /// Whether Bob and bob are two customers
        #[arg(long, value_name = "true|false")]
        case_sensitive_usernames: Option<bool>,
        /// Whether customers of one provider may log in on another provider's routers
        #[arg(long, value_name = "true|false")]
        cross_provider_login: Option<bool>,
        /// Language of pages for accounts that chose none, a code such as en
        #[arg(long)]
        language: Option<String>,
        /// Host name under which this tenant's panel is reached; none removes it
        #[arg(long, value_name = "HOST")]
        host_name: Option<OrNone<String>>,
        #[command(flatten)]
        rules: Box<AccessRuleArgs>,
    },
}

/// Runs it.
pub fn run(globals: &Globals, args: TenantArgs) -> Result<(), Failure> {
    with_context(globals, async |ctx| match args.action {
        Action::Add { name, time_zone, currency } => {
            let (tenant, _) = add_tenant(&ctx.db, ctx.ids().await?, &name, &time_zone, &currency, ctx.now).await?;
            if globals.json { output::json(&tenant) } else { output::line(format!("tenant {name:?} added")) }
        }
        Action::Ls => {
            let tenants = list_tenants(&mut ctx.db.read().await?).await?;
            if globals.json {
                return output::json(&tenants);
            }
            let mut table = Table::new(&["name", "time zone", "currency", "case-sensitive", "cross-provider login"]);
            let yes = |b: bool| if b { "yes" } else { "no" }.to_owned();
            for t in tenants {
                table.row(vec![t.name, t.time_zone, t.currency, yes(t.case_sensitive_usernames), yes(t.cross_provider_login)]);
            }
            table.print("no tenants")
        }
        Action::Set { name, rename, language, time_zone, currency, case_sensitive_usernames, cross_provider_login, host_name, rules } => {
            let tenant = find_tenant(&mut ctx.db.read().await?, &name).await?;
            let access_rules = rules.apply(&tenant.as_ref().map(|t| t.access_rules.clone()).unwrap_or_default());
            let host_name = host_name.map(|OrNone(name)| name);
            let changes = TenantChanges {
                name: rename,
                language,
                time_zone,
                currency,
                case_sensitive_usernames,
                cross_provider_login,
                access_rules,
                host_name,
                ..TenantChanges::default()
            };
            let tenant = tenant.ok_or_else(|| AccountError::UnknownTenant(name.clone()))?;
            let after = set_tenant_settings(&ctx.db, &Scope::administrator(tenant.id), &changes, ctx.now).await?;
            if globals.json { output::json(&after) } else { output::line(format!("tenant {:?} changed", after.name)) }
        }
    })
}
