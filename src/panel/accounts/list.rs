//! The list of accounts: as the tree has them, each line indented by its place, or by name or age; the same as CSV.

use axum::response::Response;

use super::{EXPORT, VIEW, state};
use crate::accounts::{
    ACCOUNT_FIELDS, Account, AccountFilter, AccountOrder, AccountPath, count_found_accounts, find_account_by_id, list_accounts,
    list_found_accounts, list_views,
};
use crate::lists::{Filter, Slice, Start, csv_text};
use crate::store::Conn;
use crate::units::{AccountId, print_instant};
use crate::web::list::{COUNT_CAP, Cell, Column, List, ListPage, ListState, Parts, Row};
use crate::web::{CsvExport, Problem, Query, Routes, Shell, Signed, send_csv};

/// Indentations that the style sheet has.
const INDENTS: [&str; 6] = ["tree-0", "tree-1", "tree-2", "tree-3", "tree-4", "tree-5"];
/// Names that a form of a filter offers at most.
const MOST_NAMES: i64 = 500;

/// Its routes.
pub fn routes() -> Routes {
    Routes::new().get("/accounts", VIEW, show).get("/accounts.csv", EXPORT, send)
}

/// See the head of the file.
pub static LIST: List = List {
    name: "accounts",
    path: "/accounts",
    csv: Some(("/accounts.csv", EXPORT)),
    fields: ACCOUNT_FIELDS,
    columns: &[
        Column::shown("name").sorted("name"),
        Column::shown("role"),
        Column::shown("fullname"),
        Column::shown("email"),
        Column::shown("state"),
        Column::shown("secondfactor"),
        Column::further("phone"),
        Column::further("created").sorted("created"),
    ],
    order: "tree",
    descends: false,
    filter: "",
    views: &[
        ("view-all", ""),
        ("view-accounts-suspended", "q=suspended%3Ayes"),
        ("view-accounts-no-second-factor", "q=secondfactor%3Ano"),
        ("view-accounts-newest", "sort=-created"),
    ],
};

fn order_of(state: &ListState) -> (AccountOrder, bool) {
    (state.order.parse().unwrap_or_default(), state.descending)
}

async fn count(who: &Signed, filter: &Filter) -> Result<i64, Problem> {
    let mut conn = who.site.db.read().await?;
    Ok(count_found_accounts(&mut conn, who.scope(), (filter, who.now(), &who.tenant.zone()), COUNT_CAP + 1).await?)
}

async fn show(who: Signed, query: Query) -> Result<Response, Problem> {
    let state = match ListState::read(&LIST, &query) {
        Ok(state) => state,
        Err(leads_on) => return Ok(*leads_on),
    };
    let (shell, rows, zone) = (who.shell("menu-accounts"), who.preferences.rows() as usize, who.tenant.zone());
    let found = count(&who, &state.filter).await?;
    let mut conn = who.site.db.read().await?;
    let start = match state.start::<i64>() {
        Start::First => Start::First,
        Start::After(id) => Start::After(seen(&who, &mut conn, id).await?),
        Start::Before(id) => Start::Before(seen(&who, &mut conn, id).await?),
    };
    let filter = (&state.filter, who.now(), &zone);
    let accounts = list_found_accounts(&mut conn, who.scope(), filter, order_of(&state), start, rows as i64 + 1).await?;
    let Slice { lines, has_before, has_after } = Slice::of(accounts, &start, rows);
    let own = match who.scope().acting() {
        Some(id) => find_account_by_id(&mut conn, who.scope(), id).await?,
        None => None,
    };
    let may_create = own.is_some_and(|own| super::create::roles_below(&who, &own).next().is_some());
    let names = match state.edited_field() {
        Some("below") => list_accounts(&mut conn, who.scope(), &AccountFilter::default(), &AccountPath::TOP, MOST_NAMES).await?,
        _ => Vec::new(),
    };
    let views = list_views(&mut conn, who.scope(), LIST.name).await?;
    drop(conn);
    let key = |line: Option<&Account>| line.map(|line| line.id.to_string());
    let mut parts = Parts {
        before: key(lines.first()).filter(|_| has_before),
        after: key(lines.last()).filter(|_| has_after),
        count: Some((found.min(COUNT_CAP), found > COUNT_CAP)),
        rows: lines.iter().map(|account| row(&who, &shell, &state, account)).collect(),
        views,
        names: names.into_iter().map(|account| account.name).collect(),
        choices: who.book().all().into_iter().map(|terms| ("role", terms.role.to_string(), terms.label)).collect(),
        primary: may_create.then(|| ("/accounts/new".to_owned(), shell.t("account-new"))),
        ..Parts::default()
    };
    if lines.is_empty() && state.wrong.is_empty() {
        for (at, filter) in state.without_one() {
            let without = count(&who, &filter).await?;
            parts.hidden_by.extend((without > 0).then_some((at, without)));
        }
    }
    ListPage::answer(&who, shell, state, parts)
}

/// The key of a page, if that account is one that he sees.
async fn seen(who: &Signed, conn: &mut Conn, id: i64) -> Result<AccountId, Problem> {
    Ok(find_account_by_id(conn, who.scope(), AccountId(id)).await?.ok_or(Problem::NotFound)?.id)
}

fn row(who: &Signed, shell: &Shell, list: &ListState, account: &Account) -> Row {
    let (mark, state) = state(account);
    let cell = |column: &&'static Column| match column.name {
        "name" => Cell::text(&account.name),
        "role" => Cell::text(who.book().terms(account.role).label),
        "fullname" => Cell::text(&account.full_name),
        "email" => Cell { is_ltr: true, ..Cell::text(account.email.clone().unwrap_or_default()) },
        "state" => Cell::state(mark, shell.t(state)).titled(&account.suspended_reason),
        "secondfactor" if account.has_second_factor => Cell::text(shell.t("yes")),
        "secondfactor" => Cell { class: "muted", ..Cell::text(shell.t("no")) },
        "phone" => Cell::code(&account.phone),
        _ => Cell::instant(shell.day(account.created_at), shell.when_exactly(account.created_at)),
    };
    // where something is left out or the order is another, a place in the tree says nothing
    let is_tree = list.order == LIST.order && list.filter.is_empty();
    let indent = account.path.depth().saturating_sub(who.scope().depth().max(1)).min(INDENTS.len() - 1);
    Row {
        id: account.id.0,
        link: format!("/accounts/{}", account.id),
        class: if is_tree { INDENTS[indent] } else { "" },
        cells: list.columns.iter().map(cell).collect(),
    }
}

/// `GET /accounts.csv`: exactly what the filter finds, in its order.
async fn send(who: Signed, query: Query) -> Result<Response, Problem> {
    let state = ListState::of_file(&LIST, &query)?;
    let order = order_of(&state);
    send_csv(who, EXPORT, "accounts.csv", Export { filter: state.filter, order, start: Start::First }).await
}

struct Export {
    filter: Filter,
    order: (AccountOrder, bool),
    start: Start<AccountId>,
}

impl CsvExport for Export {
    fn head(&self) -> Vec<&'static str> {
        vec!["id", "name", "role", "full_name", "email", "phone", "suspended_at", "suspended_reason", "second_factor", "created_at"]
    }

    async fn batch(&mut self, who: &Signed, rows: i64) -> Result<Vec<Vec<String>>, Problem> {
        let mut conn = who.site.db.read().await?;
        let filter = (&self.filter, who.now(), &who.tenant.zone());
        // without the account after which it goes on there would seem to be no more
        if let Start::After(last) = self.start {
            seen(who, &mut conn, last.0).await?;
        }
        let lines = list_found_accounts(&mut conn, who.scope(), filter, self.order, self.start, rows).await?;
        self.start = lines.last().map_or(self.start, |line| Start::After(line.id));
        Ok(lines.iter().map(csv_row).collect())
    }
}

fn csv_row(account: &Account) -> Vec<String> {
    vec![
        account.id.to_string(),
        csv_text(&account.name),
        account.role.to_string(),
        csv_text(&account.full_name),
        csv_text(account.email.as_deref().unwrap_or_default()),
        csv_text(&account.phone),
        account.suspended_at.map(print_instant).unwrap_or_default(),
        csv_text(&account.suspended_reason),
        if account.has_second_factor { "yes" } else { "no" }.to_owned(),
        print_instant(account.created_at),
    ]
}
