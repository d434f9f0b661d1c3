//! Views that people keep: a name for a filter, an order and columns. One's own, or for the team: everyone below whoever kept it.

mod error;
#[cfg(test)]
mod scope_tests;
mod sql;

use crate::accounts::Scope;
use crate::store::{AuditEntry, Conn, Db, IdMaker};
use crate::units::UnixMs;

pub use error::ViewError;

const MOST_CHARS: usize = 60;
const MOST_QUERY_OCTETS: usize = 4_000;
/// Views of one account in one list.
const MOST_VIEWS: i64 = 50;

/// What is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewView {
    /// Which list, such as `customers`.
    pub list: &'static str,
    /// Its name.
    pub name: String,
    /// The query of its address, without `?`.
    pub query: String,
    /// Whether everyone below sees it too.
    pub is_team: bool,
}

/// What was kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SavedView {
    /// Its id.
    pub id: i64,
    /// Its name.
    pub name: String,
    /// The query of its address.
    pub query: String,
    /// Whether everyone below whoever kept it sees it too.
    pub is_team: bool,
    /// Whether whoever asks kept it.
    pub is_own: bool,
}

/// The views of a list that whoever asks sees: his own and those of the accounts above him for their teams, by name.
pub async fn list_views(conn: &mut Conn, scope: &Scope, list: &str) -> Result<Vec<SavedView>, ViewError> {
    Ok(sql::list_views(conn, scope, list).await?)
}

/// Keeps a view. One of the same name of one's own is replaced.
pub async fn add_view(db: &Db, ids: &IdMaker, scope: &Scope, new: &NewView, now: UnixMs) -> Result<i64, ViewError> {
    let name = new.name.trim();
    if name.is_empty() || name.chars().count() > MOST_CHARS || name.chars().any(char::is_control) {
        return Err(ViewError::BadField(format!("a view's name has 1 to {MOST_CHARS} characters")));
    }
    if new.query.len() > MOST_QUERY_OCTETS {
        return Err(ViewError::BadField("this filter is too long to keep".to_owned()));
    }
    let owner = scope.acting().ok_or_else(|| ViewError::BadField("views are kept by accounts".to_owned()))?;
    let mut tx = db.begin().await?;
    sql::delete_view_of_name(&mut tx, scope, owner, new.list, name).await?;
    if sql::count_views(&mut tx, scope, owner, new.list).await? >= MOST_VIEWS {
        return Err(ViewError::BadField(format!("you keep {MOST_VIEWS} views of this list: remove one first")));
    }
    let id = ids.next(now);
    sql::insert_view(&mut tx, scope, id, owner, &NewView { name: name.to_owned(), ..new.clone() }, now).await?;
    let entry = AuditEntry::new(scope.tenant().0, "view.add", "saved_views", id, name).owned_by(Some(owner.0));
    tx.audit(entry.note("query", &new.query).note("is_team", new.is_team));
    tx.commit(now).await?;
    Ok(id)
}

/// Removes a view of one's own.
pub async fn remove_view(db: &Db, scope: &Scope, id: i64, now: UnixMs) -> Result<(), ViewError> {
    let owner = scope.acting().ok_or(ViewError::Unknown)?;
    let mut tx = db.begin().await?;
    let name = sql::delete_view(&mut tx, scope, owner, id).await?.ok_or(ViewError::Unknown)?;
    tx.audit(AuditEntry::new(scope.tenant().0, "view.remove", "saved_views", id, &name).owned_by(Some(owner.0)));
    tx.commit(now).await?;
    Ok(())
}
