//! SQL of standings: an account and all above it, with what the standing depends on.

use std::collections::BTreeMap;

use super::accounts::{read_menus, read_role};
use super::roles::{PermissionRow, list_role_book};
use crate::accounts::{Link, RoleBook, Standing};
use crate::q;
use crate::store::{Conn, StoreError};
use crate::units::{AccountId, TenantId, UnixMs};

#[derive(sqlx::FromRow)]
struct LinkRow {
    id: i64,
    tenant_id: i64,
    name: String,
    role: String,
    suspended: bool,
    disabled_menus: String,
}

/// The standing of an account as it is now; `None` if there is no such account.
// cross-tenant: the account acts, and its row says of which tenant it is
pub(in crate::accounts) async fn find_standing(conn: &mut Conn, id: AccountId, now: UnixMs) -> Result<Option<Standing>, StoreError> {
    Ok(find_standing_and_book(conn, id, now).await?.map(|(standing, _)| standing))
}

/// The same with the roles of its tenant, by which it was judged.
// cross-tenant: the account acts, and its row says of which tenant it is
pub(in crate::accounts) async fn find_standing_and_book(
    conn: &mut Conn,
    id: AccountId,
    now: UnixMs,
) -> Result<Option<(Standing, RoleBook)>, StoreError> {
    // the depth is a guard: a ring in the table must not hold up a request
    let rows = q!(all conn, LinkRow, "WITH RECURSIVE up (id, parent_id, depth) AS (\
        SELECT id, parent_id, 0 FROM accounts WHERE id = $1 \
        UNION ALL SELECT a.id, a.parent_id, up.depth + 1 FROM accounts a JOIN up ON a.id = up.parent_id WHERE up.depth < 20) \
        SELECT a.id, a.tenant_id, a.name, a.role, a.suspended_at IS NOT NULL AS suspended, a.disabled_menus \
        FROM up JOIN accounts a ON a.id = up.id ORDER BY up.depth DESC", id.0)?;
    let permissions = q!(all conn, PermissionRow, "WITH RECURSIVE up (id, parent_id, depth) AS (\
        SELECT id, parent_id, 0 FROM accounts WHERE id = $1 \
        UNION ALL SELECT a.id, a.parent_id, up.depth + 1 FROM accounts a JOIN up ON a.id = up.parent_id WHERE up.depth < 20) \
        SELECT p.account_id, p.capability, p.resource, p.granter_id, p.granted_by, p.granted_at, p.expires_at \
        FROM up JOIN account_permissions p ON p.account_id = up.id", id.0)?;
    let Some(tenant) = rows.last().map(|row| TenantId(row.tenant_id)) else { return Ok(None) };
    let mut by_account: BTreeMap<i64, Vec<_>> = BTreeMap::new();
    for row in permissions {
        let account = row.account_id;
        by_account.entry(account).or_default().extend(row.into_permission());
    }
    let mut chain = Vec::with_capacity(rows.len());
    for row in rows {
        chain.push(Link {
            id: AccountId(row.id),
            role: read_role(row.id, &row.role)?,
            name: row.name,
            suspended: row.suspended,
            disabled_menus: read_menus(&row.disabled_menus),
            permissions: by_account.remove(&row.id).unwrap_or_default(),
        });
    }
    let book = list_role_book(conn, tenant).await?;
    Ok(Standing::of(tenant, &chain, &book, now).map(|standing| (standing, book)))
}
