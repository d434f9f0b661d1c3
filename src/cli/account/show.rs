//! `account ls|show`.

use std::collections::HashMap;

use clap::Args;
use serde::Serialize;

use crate::accounts::{
    Account, AccountError, AccountFilter, AccountPath, Permission, Role, account_standing, find_account_by_name, list_accounts,
    list_permissions, list_role_book,
};
use crate::cli::output::Table;
use crate::cli::{Context, Failure, Globals, output};
use crate::units::print_instant;

const PAGE: i64 = 1_000;

#[derive(Debug, Args)]
pub struct LsArgs {
    /// Only this role
    #[arg(long)]
    role: Option<Role>,
    /// Only this account and those below it
    #[arg(long, value_name = "ACCOUNT")]
    below: Option<String>,
}

/// An account for JSON: with the name of the one above it.
#[derive(Serialize)]
struct Shown<'a> {
    state: &'static str,
    parent: Option<&'a str>,
    #[serde(flatten)]
    account: &'a Account,
}

fn state(account: &Account) -> &'static str {
    match (account.suspended_at, account.is_suspended) {
        (Some(_), _) => "suspended",
        (None, true) => "suspended above",
        (None, false) => "active",
    }
}

pub async fn ls(globals: &Globals, ctx: &Context, args: LsArgs) -> Result<(), Failure> {
    let scope = ctx.scope().await?;
    let mut conn = ctx.db.read().await?;
    let below = match &args.below {
        None => AccountPath::TOP,
        Some(name) => find_account_by_name(&mut conn, &scope, name).await?.ok_or_else(|| AccountError::UnknownAccount(name.clone()))?.path,
    };
    let filter = AccountFilter { role: args.role, below, ..AccountFilter::default() };
    let mut all: Vec<Account> = Vec::new();
    loop {
        let after = all.last().map(|a| a.path.clone()).unwrap_or_default();
        let page = list_accounts(&mut conn, &scope, &filter, &after, PAGE).await?;
        if page.is_empty() {
            break;
        }
        all.extend(page);
    }
    if globals.json {
        let names: HashMap<i64, &str> = all.iter().map(|a| (a.id.0, a.name.as_str())).collect();
        let parent = |a: &Account| a.path.parent().and_then(|id| names.get(&id.0).copied());
        return output::json(&all.iter().map(|a| Shown { state: state(a), parent: parent(a), account: a }).collect::<Vec<_>>());
    }
    let book = list_role_book(&mut conn, scope.tenant()).await?;
    let yes = |b: bool| if b { "yes" } else { "no" }.to_owned();
    let mut table = Table::new(&["name", "role", "e-mail", "full name", "state", "password", "second factor"]);
    for a in all {
        let indent = "  ".repeat(a.path.depth().saturating_sub(1));
        table.row(vec![
            format!("{indent}{}", a.name),
            book.terms(a.role).label,
            a.email.clone().unwrap_or_default(),
            a.full_name.clone(),
            state(&a).to_owned(),
            yes(a.has_password),
            yes(a.has_second_factor),
        ]);
    }
    table.print("no such accounts")
}

pub async fn show(globals: &Globals, ctx: &Context, name: &str) -> Result<(), Failure> {
    let scope = ctx.scope().await?;
    let mut conn = ctx.db.read().await?;
    let account = find_account_by_name(&mut conn, &scope, name).await?.ok_or_else(|| AccountError::UnknownAccount(name.to_owned()))?;
    let permissions = list_permissions(&mut conn, &scope, account.id).await?;
    let standing = account_standing(&mut conn, &scope, account.id, ctx.now).await?;
    let held = standing.map(|s| s.scope.held().clone()).unwrap_or_default();
    let book = list_role_book(&mut conn, scope.tenant()).await?;
    if globals.json {
        let limited: Vec<String> = held.limited().iter().map(|(c, r)| format!("{c} {r}")).collect();
        return output::json(&serde_json::json!({
            "account": account, "state": state(&account), "level": book.level(account.role), "role_label": book.terms(account.role).label,
            "holds": held.whole(), "holds_for_one_resource": limited, "permissions": permissions,
        }));
    }
    let menus: Vec<&str> = account.disabled_menus.iter().map(|m| m.as_str()).collect();
    for (what, value) in [
        ("name", account.name.clone()),
        ("role", format!("{} (level {})", book.terms(account.role).label, book.level(account.role))),
        ("e-mail", account.email.clone().unwrap_or_default()),
        ("full name", account.full_name.clone()),
        ("phone", account.phone.clone()),
        ("state", [state(&account), account.suspended_reason.as_str()].join(" ")),
        ("menus off", menus.join(" ")),
        ("holds", held.whole().to_words()),
    ] {
        output::line(format!("{what:<10} {}", value.trim_end()))?;
    }
    output::line("")?;
    permission_table(permissions, ctx.now).print("no permissions of its own")
}

fn permission_table(permissions: Vec<Permission>, now: i64) -> Table {
    let mut table = Table::new(&["permission", "for", "given by", "at", "until"]);
    for p in permissions {
        let until = match p.expires_at {
            None => String::new(),
            Some(at) if at <= now => format!("{} (over)", print_instant(at)),
            Some(at) => print_instant(at),
        };
        table.row(vec![p.capability.to_string(), p.resource, p.granted_by, print_instant(p.granted_at), until]);
    }
    table
}
