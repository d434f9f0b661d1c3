//! `tollgate account add|ls|show|set|passwd|reset-2fa|setup-link|sign-ins|suspend|restore|transfer|permit|revoke`.

mod args;
mod show;
mod signing_in;

use clap::{Args, Subcommand};

use super::context::with_context;
use super::values::OrNone;
use super::{Context, Failure, Globals, output};
use crate::accounts::capability::Menu;
use crate::accounts::{
    Account, AccountChanges, NewAccount, add_account, find_account_by_name, permit, restore_account, revoke, set_account, suspend_account,
    transfer_account,
};
use crate::units::parse_instant;
use args::{AddArgs, PermitArgs, SetArgs};

/// Which action.
#[derive(Debug, Args)]
pub struct AccountArgs {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Add an account; `account setup-link` or `account passwd` then lets it sign in
    Add(AddArgs),
    /// List the accounts of the tenant as a tree
    Ls(show::LsArgs),
    /// Show an account: what it is, what it holds, what it was given
    Show {
        /// Its name or e-mail address
        name: String,
    },
    /// Change an account; open sign-ins follow at once
    Set(SetArgs),
    /// Give an account a password; all its sign-ins end
    Passwd(signing_in::PasswdArgs),
    /// Take an account's second factor and recovery codes away; all its sign-ins end
    #[command(name = "reset-2fa")]
    ResetSecondFactor {
        /// Its name or e-mail address
        name: String,
    },
    /// Make a one-time link with which the account's holder chooses a password
    SetupLink(signing_in::LinkArgs),
    /// List an account's sign-ins, or end them
    SignIns(signing_in::SignInsArgs),
    /// Suspend an account and all below it; their sign-ins end
    Suspend {
        /// Its name or e-mail address
        name: String,
        /// Why
        #[arg(long, value_name = "TEXT")]
        reason: String,
    },
    /// Lift a suspension
    Restore {
        /// Its name or e-mail address
        name: String,
    },
    /// Put an account, all below it and all they own below another account
    Transfer {
        /// Its name or e-mail address
        name: String,
        /// The account that will be above it
        #[arg(long, value_name = "ACCOUNT")]
        to: String,
    },
    /// Give an account a capability of its own
    Permit(PermitArgs),
    /// Take such a capability away
    Revoke(PermitArgs),
}

/// Runs it.
pub fn run(globals: &Globals, args: AccountArgs) -> Result<(), Failure> {
    with_context(globals, async |ctx| match args.action {
        Action::Add(args) => add(globals, ctx, args).await,
        Action::Ls(args) => show::ls(globals, ctx, args).await,
        Action::Show { name } => show::show(globals, ctx, &name).await,
        Action::Set(args) => set(globals, ctx, args).await,
        Action::Passwd(args) => signing_in::passwd(globals, ctx, args).await,
        Action::ResetSecondFactor { name } => signing_in::reset_second_factor(globals, ctx, &name).await,
        Action::SetupLink(args) => signing_in::link(globals, ctx, args).await,
        Action::SignIns(args) => signing_in::sign_ins(globals, ctx, args).await,
        Action::Suspend { name, reason } => {
            let account = suspend_account(&ctx.db, &ctx.scope().await?, &name, &reason, ctx.now).await?;
            done(globals, &account, "suspended, with all below it")
        }
        Action::Restore { name } => {
            let account = restore_account(&ctx.db, &ctx.scope().await?, &name, ctx.now).await?;
            done(globals, &account, if account.is_suspended { "restored, but an account above it is suspended" } else { "restored" })
        }
        Action::Transfer { name, to } => {
            let account = transfer_account(&ctx.db, &ctx.scope().await?, &name, &to, ctx.now).await?;
            done(globals, &account, &format!("now stands below {to:?}"))
        }
        Action::Permit(args) => give(globals, ctx, args).await,
        Action::Revoke(args) => {
            let (resource, scope) = (args.resource.unwrap_or_default(), ctx.scope().await?);
            let taken = revoke(&ctx.db, &scope, &args.name, args.capability, &resource, ctx.now).await?;
            if globals.json {
                output::json(&taken)
            } else {
                output::line(format!("{:?} does not have {} any more by permission", args.name, args.capability))
            }
        }
    })
}

fn done(globals: &Globals, account: &Account, what: &str) -> Result<(), Failure> {
    if globals.json { output::json(account) } else { output::line(format!("account {:?} {what}", account.name)) }
}

async fn add(globals: &Globals, ctx: &Context, args: AddArgs) -> Result<(), Failure> {
    let new = NewAccount {
        name: args.name,
        email: args.email,
        full_name: args.full_name.unwrap_or_default(),
        phone: args.phone.unwrap_or_default(),
        role: args.role,
        parent: args.parent,
    };
    let account = add_account(&ctx.db, ctx.ids().await?, &ctx.scope().await?, &new, ctx.now).await?;
    output::note(globals, format!("it cannot sign in yet: tollgate account setup-link {}", account.name));
    done(globals, &account, "added")
}

async fn set(globals: &Globals, ctx: &Context, args: SetArgs) -> Result<(), Failure> {
    let scope = ctx.scope().await?;
    let disabled_menus = match (args.disable_menu.is_empty(), args.enable_menu.is_empty()) {
        (true, true) => None,
        _ => {
            let found = find_account_by_name(&mut ctx.db.read().await?, &scope, &args.name).await?;
            let mut menus: Vec<Menu> = found.map(|a| a.disabled_menus).unwrap_or_default();
            menus.extend(args.disable_menu);
            menus.retain(|m| !args.enable_menu.contains(m));
            Some(menus)
        }
    };
    let changes = AccountChanges {
        name: args.rename,
        email: args.email.map(|OrNone(email)| email),
        full_name: args.full_name,
        phone: args.phone,
        role: args.role,
        disabled_menus,
        since: None,
    };
    let account = set_account(&ctx.db, &scope, &args.name, &changes, ctx.now).await?;
    done(globals, &account, "changed")
}

async fn give(globals: &Globals, ctx: &Context, args: PermitArgs) -> Result<(), Failure> {
    let tenant = ctx.tenant().await?;
    let until = args.until.map(|text| parse_instant(&text, &tenant.zone()).map_err(Failure::usage)).transpose()?;
    let resource = args.resource.unwrap_or_default();
    let given = permit(&ctx.db, &ctx.scope().await?, &args.name, args.capability, &resource, until, ctx.now).await?;
    if globals.json { output::json(&given) } else { output::line(format!("{:?} may: {}", args.name, args.capability.describe())) }
}
