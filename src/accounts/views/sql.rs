//! SQL of `saved_views`.

use super::{NewView, SavedView};
use crate::accounts::Scope;
use crate::q;
use crate::store::{Conn, StoreError};
use crate::units::{AccountId, UnixMs};

#[derive(sqlx::FromRow)]
struct ViewRow {
    id: i64,
    name: String,
    query: String,
    is_team: bool,
    owner_id: i64,
}

/// Views of whoever asks, and those for teams of accounts whose paths are beginnings of his.
pub(super) async fn list_views(conn: &mut Conn, scope: &Scope, list: &str) -> Result<Vec<SavedView>, StoreError> {
    let own = scope.acting().map_or(0, |id| id.0);
    let rows = q!(all conn, ViewRow, "SELECT v.id, v.name, v.query, v.is_team, v.owner_id FROM saved_views v JOIN accounts a ON a.id = v.owner_id \
        WHERE v.tenant_id = $1 AND v.list = $2 AND (v.owner_id = $3 OR (v.is_team AND substr($4, 1, length(a.path)) = a.path)) ORDER BY v.name, v.id",
        scope.tenant().0, list, own, scope.subtree().0)?;
    let view = |row: ViewRow| SavedView { id: row.id, name: row.name, query: row.query, is_team: row.is_team, is_own: row.owner_id == own };
    Ok(rows.into_iter().map(view).collect())
}

pub(super) async fn count_views(conn: &mut Conn, scope: &Scope, owner: AccountId, list: &str) -> Result<i64, StoreError> {
    let (n,) = q!(one conn, (i64,), "SELECT COUNT(*) FROM saved_views WHERE tenant_id = $1 AND owner_id = $2 AND list = $3",
        scope.tenant().0, owner.0, list)?;
    Ok(n)
}

pub(super) async fn insert_view(
    conn: &mut Conn,
    scope: &Scope,
    id: i64,
    owner: AccountId,
    new: &NewView,
    now: UnixMs,
) -> Result<u64, StoreError> {
    q!(exec conn, "INSERT INTO saved_views (id, tenant_id, owner_id, list, name, query, is_team, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        id, scope.tenant().0, owner.0, new.list, &new.name, &new.query, new.is_team, now)
}

pub(super) async fn delete_view_of_name(
    conn: &mut Conn,
    scope: &Scope,
    owner: AccountId,
    list: &str,
    name: &str,
) -> Result<u64, StoreError> {
    q!(exec conn, "DELETE FROM saved_views WHERE tenant_id = $1 AND owner_id = $2 AND list = $3 AND name = $4", scope.tenant().0, owner.0, list, name)
}

/// The name of the view that was removed.
pub(super) async fn delete_view(conn: &mut Conn, scope: &Scope, owner: AccountId, id: i64) -> Result<Option<String>, StoreError> {
    let row = q!(opt conn, (String,), "DELETE FROM saved_views WHERE tenant_id = $1 AND owner_id = $2 AND id = $3 RETURNING name",
        scope.tenant().0, owner.0, id)?;
    Ok(row.map(|(name,)| name))
}
