//! `account passwd|reset-2fa|setup-link|sign-ins`.

use std::path::PathBuf;

use clap::Args;

use crate::accounts::{
    AccountError, LINK_SECS, PasswordHasher, end_sign_ins, find_account_by_name, list_sign_ins, make_setup_link, reset_password,
    reset_second_factor as reset,
};
use crate::cli::limit_args::SecsArg;
use crate::cli::output::Table;
use crate::cli::secret_text::read_secret;
use crate::cli::{Context, Failure, Globals, output};
use crate::units::print_instant;

const MOST_SIGN_INS: i64 = 200;

#[derive(Debug, Args)]
pub struct PasswdArgs {
    /// Its name or e-mail address
    name: String,
    /// File that holds the new password; - for standard input
    #[arg(long, value_name = "FILE")]
    password_file: PathBuf,
}

#[derive(Debug, Args)]
pub struct LinkArgs {
    /// Its name or e-mail address
    name: String,
    /// How long the link is good, such as 1h [default: 1d]
    #[arg(long, value_name = "DURATION")]
    valid: Option<SecsArg>,
}

#[derive(Debug, Args)]
pub struct SignInsArgs {
    /// Its name or e-mail address
    name: String,
    /// End all that are open
    #[arg(long)]
    end: bool,
}

pub async fn passwd(globals: &Globals, ctx: &Context, args: PasswdArgs) -> Result<(), Failure> {
    let password = read_secret(None, Some(&args.password_file))?.unwrap_or_default();
    let account = reset_password(&ctx.db, &PasswordHasher::for_this_machine(), &ctx.scope().await?, &args.name, &password, ctx.now).await?;
    super::done(globals, &account, "has a new password; its sign-ins were ended")
}

pub async fn reset_second_factor(globals: &Globals, ctx: &Context, name: &str) -> Result<(), Failure> {
    let account = reset(&ctx.db, &ctx.scope().await?, name, ctx.now).await?;
    super::done(globals, &account, "has no second factor any more; its sign-ins were ended")
}

pub async fn link(globals: &Globals, ctx: &Context, args: LinkArgs) -> Result<(), Failure> {
    let valid_secs = args.valid.map_or(LINK_SECS, |SecsArg(secs)| secs);
    let (token, expires_at) = make_setup_link(&ctx.db, ctx.ids().await?, &ctx.scope().await?, &args.name, valid_secs, ctx.now).await?;
    let path = format!("/setup/{}", token.expose());
    if globals.json {
        return output::json(&serde_json::json!({ "account": args.name, "path": path, "token": token.expose(), "expires_at": expires_at }));
    }
    output::note(globals, format!("good once, until {}; put the panel's address before it", print_instant(expires_at)));
    output::line(path)
}

pub async fn sign_ins(globals: &Globals, ctx: &Context, args: SignInsArgs) -> Result<(), Failure> {
    let scope = ctx.scope().await?;
    if args.end {
        let ended = end_sign_ins(&ctx.db, &scope, &args.name, ctx.now).await?;
        let json = serde_json::json!({ "account": args.name, "ended": ended });
        return if globals.json { output::json(&json) } else { output::line(format!("{ended} sign-ins of {:?} ended", args.name)) };
    }
    let mut conn = ctx.db.read().await?;
    let account =
        find_account_by_name(&mut conn, &scope, &args.name).await?.ok_or_else(|| AccountError::UnknownAccount(args.name.clone()))?;
    let all = list_sign_ins(&mut conn, account.tenant_id, account.id, MOST_SIGN_INS).await?;
    if globals.json {
        return output::json(&all);
    }
    let mut table = Table::new(&["began", "last seen", "ended", "why", "from", "with"]);
    for s in all {
        let ended = s.ended_at.map(print_instant).unwrap_or_default();
        table.row(vec![print_instant(s.created_at), print_instant(s.seen_at), ended, s.end_reason, s.ip, s.user_agent]);
    }
    table.print("it never signed in")
}
