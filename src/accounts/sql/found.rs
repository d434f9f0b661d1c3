//! The list of accounts: what it can be filtered by, its orders, a page by key.

use jiff::tz::TimeZone;

use super::accounts::{AccountRow, account_columns};
use crate::accounts::{Account, Role, Scope, account_key};
use crate::lists::{Field, Filter, Kind, Means, Start, push_filter};
use crate::store::{Conn, Statement, StoreError};
use crate::units::{AccountId, UnixMs};

/// What accounts can be filtered by, in the order in which a form offers it.
pub const ACCOUNT_FIELDS: &[Field] = &[
    Field::new("role", Kind::Choice(Role::WORDS)),
    Field::new("suspended", Kind::YesNo),
    Field::new("secondfactor", Kind::YesNo),
    Field::new("below", Kind::Name),
    Field::new("name", Kind::Text),
    Field::lacking("fullname", Kind::Text),
    Field::lacking("email", Kind::Text),
    Field::lacking("phone", Kind::Text),
    Field::new("created", Kind::Moment),
];

/// By what the list is sorted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum AccountOrder {
    /// As the tree has them: each account before those below it.
    #[default]
    Tree,
    /// Name in lower case.
    Name,
    /// When it was added.
    Created,
}
crate::units::words!(AccountOrder, "an order", "tree" = Tree, "name" = Name, "created" = Created);

/// A page of the accounts that the scope sees and a filter finds; the key of a page is an account's id, since a path would tell the ids of those above.
pub async fn list_found_accounts(
    conn: &mut Conn,
    scope: &Scope,
    (filter, now, zone): (&Filter, UnixMs, &TimeZone),
    (order, descending): (AccountOrder, bool),
    start: Start<AccountId>,
    limit: i64,
) -> Result<Vec<Account>, StoreError> {
    let mut statement = Statement::new();
    statement.push(concat!("SELECT ", account_columns!()));
    found(&mut statement, scope, filter, now, zone);
    let (key, is_back) = start.parts();
    let is_up = descending == is_back;
    let column = match order {
        AccountOrder::Tree => "path",
        AccountOrder::Name => "name_key",
        AccountOrder::Created => "created_at",
    };
    if let Some(id) = key {
        statement.push(" AND (").push(column).push(if is_up { ", id) > (SELECT k." } else { ", id) < (SELECT k." }).push(column);
        statement.push(", k.id FROM accounts k WHERE k.tenant_id = $1 AND k.path >= $2 AND k.path < $3 AND k.id = ").number(id.0).push(")");
    }
    let direction = if is_up { "" } else { " DESC" };
    statement.push(" ORDER BY ").push(column).push(direction).push(", id").push(direction).push(" LIMIT ").number(limit);
    let rows: Vec<AccountRow> = statement.fetch(conn).await?;
    let mut accounts = rows.into_iter().map(AccountRow::into_account).collect::<Result<Vec<_>, _>>()?;
    if is_back {
        accounts.reverse();
    }
    Ok(accounts)
}

/// How many they are, at most `most`.
pub async fn count_found_accounts(
    conn: &mut Conn,
    scope: &Scope,
    (filter, now, zone): (&Filter, UnixMs, &TimeZone),
    most: i64,
) -> Result<i64, StoreError> {
    let mut statement = Statement::new();
    statement.push("SELECT COUNT(*) FROM (SELECT 1 AS one");
    found(&mut statement, scope, filter, now, zone);
    statement.push(" LIMIT ").number(most).push(") AS found");
    Ok(statement.fetch::<(i64,)>(conn).await?.first().map_or(0, |(n,)| *n))
}

fn found(statement: &mut Statement, scope: &Scope, filter: &Filter, now: UnixMs, zone: &TimeZone) {
    let (from, to) = scope.subtree();
    statement.keep_number(scope.tenant().0).keep_text(from).keep_text(to);
    statement.push(" FROM accounts WHERE tenant_id = $1 AND path >= $2 AND path < $3 AND path <> ''");
    push_filter(statement, filter, now, zone, means, &["name_key", "COALESCE(email_key, '')", "COALESCE(full_name_key, '')"]);
}

fn means(field: &str) -> Means {
    match field {
        "role" => Means::Word("role"),
        "suspended" => Means::Sign(
            "EXISTS (SELECT 1 FROM accounts s WHERE s.tenant_id = $1 AND s.suspended_at IS NOT NULL AND substr(accounts.path, 1, length(s.path)) = s.path)",
        ),
        "secondfactor" => Means::Sign("totp_at IS NOT NULL"),
        "below" => Means::Among(
            "EXISTS (SELECT 1 FROM accounts b WHERE b.tenant_id = $1 AND b.path >= $2 AND b.path < $3 AND substr(accounts.path, 1, length(b.path)) = b.path \
             AND b.name_key IN (",
            account_key,
            "))",
        ),
        "name" => Means::Text("name_key"),
        "fullname" => Means::Text("full_name_key"),
        "email" => Means::Text("email_key"),
        "phone" => Means::Text("phone"),
        _ => Means::Instant("created_at"),
    }
}
