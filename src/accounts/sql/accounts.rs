//! SQL of `accounts` under a scope. A subtree is a range of paths, which the index `accounts_by_path` serves on both databases.

use crate::accounts::account::full_name_key;
use crate::accounts::capability::Menu;
use crate::accounts::{Account, AccountPath, Preferences, Role, Scope, account_key};
use crate::q;
use crate::store::{Conn, StoreError};
use crate::units::{AccountId, TenantId, UnixMs};

/// The columns of an [`AccountRow`]; `$1` is the tenant.
macro_rules! account_columns {
    () => {
        "id, tenant_id, path, name, email, full_name, phone, role, disabled_menus, suspended_at, suspended_reason, \
        password IS NOT NULL AS has_password, totp_at IS NOT NULL AS has_second_factor, EXISTS (SELECT 1 FROM accounts s WHERE s.tenant_id = $1 AND s.suspended_at IS NOT NULL \
        AND substr(accounts.path, 1, length(s.path)) = s.path) AS is_suspended, created_at, updated_at"
    };
}
pub(super) use account_columns;

#[derive(sqlx::FromRow)]
pub(super) struct AccountRow {
    id: i64,
    tenant_id: i64,
    path: String,
    name: String,
    email: Option<String>,
    full_name: String,
    phone: String,
    role: String,
    disabled_menus: String,
    suspended_at: Option<i64>,
    suspended_reason: String,
    has_password: bool,
    has_second_factor: bool,
    is_suspended: bool,
    created_at: i64,
    updated_at: i64,
}

impl AccountRow {
    pub(super) fn into_account(row: AccountRow) -> Result<Account, StoreError> {
        Ok(Account {
            id: AccountId(row.id),
            tenant_id: TenantId(row.tenant_id),
            path: read_path(row.id, &row.path)?,
            role: read_role(row.id, &row.role)?,
            disabled_menus: read_menus(&row.disabled_menus),
            name: row.name,
            email: row.email,
            full_name: row.full_name,
            phone: row.phone,
            suspended_at: row.suspended_at,
            suspended_reason: row.suspended_reason,
            has_password: row.has_password,
            has_second_factor: row.has_second_factor,
            is_suspended: row.is_suspended,
            created_at: row.created_at,
            updated_at: row.updated_at,
        })
    }
}

pub(in crate::accounts) fn read_path(id: i64, text: &str) -> Result<AccountPath, StoreError> {
    AccountPath::read(text).filter(|p| p.depth() > 0).ok_or_else(|| StoreError::Unexpected(format!("account {id}: path {text:?}")))
}

pub(in crate::accounts) fn read_role(id: i64, text: &str) -> Result<Role, StoreError> {
    text.parse().map_err(|e: String| StoreError::Unexpected(format!("account {id}: {e}")))
}

/// A menu group that this program does not know denies nothing, since nothing stands behind it.
pub(in crate::accounts) fn read_menus(text: &str) -> Vec<Menu> {
    text.split_whitespace().filter_map(|word| word.parse().ok()).collect()
}

/// What a new account's row holds.
pub(in crate::accounts) struct NewAccountRow<'a> {
    pub id: AccountId,
    pub parent: Option<AccountId>,
    pub path: AccountPath,
    pub name: &'a str,
    pub email: Option<&'a str>,
    pub full_name: &'a str,
    pub phone: &'a str,
    pub role: Role,
}

/// Adds an account. Its name and its e-mail address are free.
pub(in crate::accounts) async fn insert_account(
    conn: &mut Conn,
    tenant: TenantId,
    new: &NewAccountRow<'_>,
    now: UnixMs,
) -> Result<u64, StoreError> {
    q!(exec conn, "INSERT INTO accounts (id, tenant_id, parent_id, path, name, name_key, email, email_key, full_name, full_name_key, phone, role, created_at, \
        updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $13)",
        new.id.0, tenant.0, new.parent.map(|p| p.0), new.path.as_str(), new.name, account_key(new.name), new.email, new.email.map(account_key),
        new.full_name, full_name_key(new.full_name), new.phone, new.role.as_str(), now)
}

/// Which accounts to list.
#[derive(Debug, Clone, Default)]
pub struct AccountFilter {
    /// Only this role.
    pub role: Option<Role>,
    /// Only this subtree, itself included; what the scope does not see stays out.
    pub below: AccountPath,
    /// Only those whose name, full name or e-mail address holds this, whatever the case of its letters; empty for all.
    pub text: String,
    /// Only those directly below this account.
    pub parent: Option<AccountId>,
}

/// The accounts that the scope sees, in the order of the tree, after a path, at most `limit`.
pub async fn list_accounts(
    conn: &mut Conn,
    scope: &Scope,
    filter: &AccountFilter,
    after: &AccountPath,
    limit: i64,
) -> Result<Vec<Account>, StoreError> {
    let (from, to) = scope.subtree();
    let (below, until) = filter.below.range();
    let role = filter.role.map_or("", Role::as_str);
    let like = like_pattern(&filter.text);
    let rows = q!(all conn, AccountRow, concat!("SELECT ", account_columns!(), " FROM accounts \
        WHERE tenant_id = $1 AND path >= $2 AND path < $3 AND path > $4 AND path >= $5 AND path < $6 AND ($7 = '' OR role = $7) \
        AND ($8 = '' OR name_key LIKE $8 ESCAPE '!' OR email_key LIKE $8 ESCAPE '!' OR full_name_key LIKE $8 ESCAPE '!') \
        AND ($9 = 0 OR parent_id = $9) ORDER BY path LIMIT $10"),
        scope.tenant().0, from, to, after.as_str(), below, until, role, like, filter.parent.map_or(0, |p| p.0), limit)?;
    rows.into_iter().map(AccountRow::into_account).collect()
}

/// `text` anywhere, its own `%` and `_` taken as they are.
fn like_pattern(text: &str) -> String {
    let text = full_name_key(text.trim());
    if text.is_empty() {
        return String::new();
    }
    let plain = text.chars().flat_map(|c| if matches!(c, '%' | '_' | '!') { vec!['!', c] } else { vec![c] }).collect::<String>();
    format!("%{plain}%")
}

/// The account of this name or e-mail address, if the scope sees it.
pub async fn find_account_by_name(conn: &mut Conn, scope: &Scope, name: &str) -> Result<Option<Account>, StoreError> {
    let (from, to) = scope.subtree();
    let row = q!(opt conn, AccountRow, concat!("SELECT ", account_columns!(), " FROM accounts \
        WHERE tenant_id = $1 AND path >= $2 AND path < $3 AND path <> '' AND (name_key = $4 OR email_key = $4)"),
        scope.tenant().0, from, to, account_key(name))?;
    row.map(AccountRow::into_account).transpose()
}

/// The account of this id, if the scope sees it.
pub async fn find_account_by_id(conn: &mut Conn, scope: &Scope, id: AccountId) -> Result<Option<Account>, StoreError> {
    let (from, to) = scope.subtree();
    let row = q!(opt conn, AccountRow, concat!("SELECT ", account_columns!(), " FROM accounts \
        WHERE tenant_id = $1 AND path >= $2 AND path < $3 AND path <> '' AND id = $4"),
        scope.tenant().0, from, to, id.0)?;
    row.map(AccountRow::into_account).transpose()
}

/// Writes what people may change of an account.
pub(in crate::accounts) async fn update_account(conn: &mut Conn, scope: &Scope, a: &Account, now: UnixMs) -> Result<u64, StoreError> {
    let menus = a.disabled_menus.iter().map(|m| m.as_str()).collect::<Vec<_>>().join(" ");
    q!(exec conn, "UPDATE accounts SET name = $3, name_key = $4, email = $5, email_key = $6, full_name = $7, phone = $8, role = $9, \
        disabled_menus = $10, suspended_at = $11, suspended_reason = $12, updated_at = $13, full_name_key = $14 WHERE tenant_id = $1 AND id = $2",
        scope.tenant().0, a.id.0, &a.name, account_key(&a.name), &a.email, a.email.as_deref().map(account_key), &a.full_name, &a.phone,
        a.role.as_str(), menus, a.suspended_at, &a.suspended_reason, now, full_name_key(&a.full_name))
}

/// Accounts whose full name is not written as it is looked for, at most `limit`.
// cross-tenant: what a migration leaves to the program
pub(in crate::accounts) async fn list_unfolded(conn: &mut Conn, limit: i64) -> Result<Vec<(i64, i64, String)>, StoreError> {
    q!(all conn, (i64, i64, String), "SELECT id, tenant_id, full_name FROM accounts WHERE full_name_key IS NULL ORDER BY id LIMIT $1", limit)
}

/// Writes it so.
pub(in crate::accounts) async fn update_full_name_key(
    conn: &mut Conn,
    tenant: TenantId,
    id: AccountId,
    key: &str,
) -> Result<u64, StoreError> {
    q!(exec conn, "UPDATE accounts SET full_name_key = $3 WHERE tenant_id = $1 AND id = $2", tenant.0, id.0, key)
}

/// What an account chose for its pages.
pub async fn find_preferences(conn: &mut Conn, tenant: TenantId, id: AccountId) -> Result<Preferences, StoreError> {
    let row = q!(opt conn, (Option<String>, Option<i64>), "SELECT language, page_rows FROM accounts WHERE tenant_id = $1 AND id = $2", tenant.0, id.0)?;
    let (language, rows) = row.unwrap_or_default();
    Ok(Preferences { language, page_rows: rows.and_then(|rows| u32::try_from(rows).ok()) })
}

/// Keeps what an account chose for its pages.
pub(in crate::accounts) async fn update_preferences(
    conn: &mut Conn,
    tenant: TenantId,
    id: AccountId,
    p: &Preferences,
) -> Result<u64, StoreError> {
    q!(exec conn, "UPDATE accounts SET language = $3, page_rows = $4 WHERE tenant_id = $1 AND id = $2", tenant.0, id.0, &p.language, p.page_rows.map(i64::from))
}

/// Gives an account another one above it.
pub(in crate::accounts) async fn update_parent(
    conn: &mut Conn,
    scope: &Scope,
    id: AccountId,
    parent: AccountId,
    now: UnixMs,
) -> Result<u64, StoreError> {
    q!(exec conn, "UPDATE accounts SET parent_id = $3, updated_at = $4 WHERE tenant_id = $1 AND id = $2", scope.tenant().0, id.0, parent.0, now)
}

/// Moves a subtree to another place: every path that begins with the old one begins with the new one.
pub(in crate::accounts) async fn update_paths(
    conn: &mut Conn,
    scope: &Scope,
    old: &AccountPath,
    new: &AccountPath,
) -> Result<u64, StoreError> {
    let (from, to) = old.range();
    q!(exec conn, "UPDATE accounts SET path = $4 || substr(path, $5) WHERE tenant_id = $1 AND path >= $2 AND path < $3",
        scope.tenant().0, from, to, new.as_str(), old.as_str().len() as i32 + 1)
}

/// How many accounts stand in a subtree, and the greatest depth of their paths.
pub(in crate::accounts) async fn count_subtree(conn: &mut Conn, scope: &Scope, path: &AccountPath) -> Result<(i64, i64), StoreError> {
    let (from, to) = path.range();
    q!(one conn, (i64, i64), "SELECT COUNT(*), CAST(COALESCE(MAX(length(path)), 0) / 19 AS BIGINT) FROM accounts WHERE tenant_id = $1 AND path >= $2 AND path < $3",
        scope.tenant().0, from, to)
}

/// The roles of the accounts directly below one.
pub(in crate::accounts) async fn list_children_roles(conn: &mut Conn, scope: &Scope, id: AccountId) -> Result<Vec<Role>, StoreError> {
    let rows =
        q!(all conn, (String,), "SELECT DISTINCT role FROM accounts WHERE tenant_id = $1 AND parent_id = $2", scope.tenant().0, id.0)?;
    rows.iter().map(|(role,)| read_role(id.0, role)).collect()
}
