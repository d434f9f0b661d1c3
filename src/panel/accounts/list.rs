//! The tree as a list: filters, pages by key, each line indented by its place.

use askama::Template;
use axum::response::Response;

use super::state;
use crate::accounts::{Account, AccountFilter, AccountPath, Role, find_account_by_id, list_accounts};
use crate::units::AccountId;
use crate::web::{Complaints, Form, Problem, Query, Shell, Signed, html};

/// Deepest indentation that the style sheet has.
const DEEPEST: usize = 5;

struct Line {
    account: Account,
    role: String,
    indent: usize,
    mark: &'static str,
    state: &'static str,
}

#[derive(Template)]
#[template(path = "panel/accounts/list.html")]
struct Page {
    shell: Shell,
    form: Form,
    complaints: Complaints,
    roles: Vec<(String, String)>,
    lines: Vec<Line>,
    below: Option<Account>,
    is_filtered: bool,
    may_create: bool,
    first: Option<String>,
    next: Option<String>,
}

pub(super) async fn show(who: Signed, query: Query) -> Result<Response, Problem> {
    let role: Option<Role> = query.parse("role");
    let rows = i64::from(who.preferences.rows());
    let mut conn = who.site.db.read().await?;
    let below = match query.parse::<i64>("below") {
        Some(id) => Some(find_account_by_id(&mut conn, who.scope(), AccountId(id)).await?.ok_or(Problem::NotFound)?),
        None => None,
    };
    let path = below.as_ref().map_or(AccountPath::TOP, |account| account.path.clone());
    let filter = AccountFilter { role, below: path, text: query.ascii("q").into_owned(), parent: None };
    // the key of a page is an id: a path would tell the ids of those above
    let after = match query.parse::<i64>("after") {
        Some(id) => find_account_by_id(&mut conn, who.scope(), AccountId(id)).await?.ok_or(Problem::NotFound)?.path,
        None => AccountPath::TOP,
    };
    let mut accounts = list_accounts(&mut conn, who.scope(), &filter, &after, rows + 1).await?;
    let has_more = accounts.len() as i64 > rows;
    accounts.truncate(rows as usize);
    let last = accounts.last().map(|account| account.id.to_string()).unwrap_or_default();
    let top = who.scope().depth();
    let own = match who.scope().acting() {
        Some(id) => find_account_by_id(&mut conn, who.scope(), id).await?,
        None => None,
    };
    let may_create = own.is_some_and(|own| super::create::roles_below(&who, &own).next().is_some());
    let shell = who.shell("menu-accounts");
    let mut roles = vec![(String::new(), shell.t("filter-all"))];
    roles.extend(who.book().all().into_iter().map(|terms| (terms.role.to_string(), terms.label)));
    let role_text = role.map(|r| r.to_string()).unwrap_or_default();
    html(&Page {
        form: Form::of(&[("role", &role_text), ("q", query.get("q"))]),
        complaints: Complaints::default(),
        roles,
        lines: accounts.into_iter().map(|account| line(&who, account, top)).collect(),
        is_filtered: role.is_some() || !query.get("q").is_empty() || below.is_some(),
        may_create,
        first: (after != AccountPath::TOP).then(|| query.with("/accounts", &[("after", "")])),
        next: has_more.then(|| query.with("/accounts", &[("after", &last)])),
        below,
        shell,
    })
}

fn line(who: &Signed, account: Account, top: usize) -> Line {
    let (mark, state) = state(&account);
    Line {
        role: who.book().terms(account.role).label,
        indent: account.path.depth().saturating_sub(top.max(1)).min(DEEPEST),
        mark,
        state,
        account,
    }
}
