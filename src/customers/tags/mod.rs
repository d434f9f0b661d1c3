//! Tags: words that staff put on customers, to find them by. In lower case, any number of them on a customer.

#[cfg(test)]
mod scope_tests;
mod sql;

use super::CustomerError;
use super::list::require_of;
use crate::accounts::Scope;
use crate::accounts::capability::Capability;
use crate::store::{AuditEntry, Conn, Db, StoreError, Tx};
use crate::units::{CustomerId, UnixMs};

const MOST_CHARS: usize = 40;
/// Tags of one customer.
const MOST_TAGS: usize = 20;

/// All tags on customers that the scope sees, in order.
pub async fn list_tags(conn: &mut Conn, scope: &Scope) -> Result<Vec<String>, CustomerError> {
    Ok(sql::list_tags(conn, scope).await?)
}

/// The tags of one customer, in order.
pub async fn list_tags_of(conn: &mut Conn, scope: &Scope, id: CustomerId) -> Result<Vec<String>, CustomerError> {
    require_of(conn, scope, Capability::CustomersView, id).await?;
    Ok(sql::list_tags_of(conn, scope, id).await?)
}

/// Tags as people write them: between commas.
pub fn parse_tags(text: &str) -> Result<Vec<String>, CustomerError> {
    let mut tags: Vec<String> = text.split(',').map(|tag| tag.trim().to_lowercase()).filter(|tag| !tag.is_empty()).collect();
    tags.sort_unstable();
    tags.dedup();
    if let Some(tag) = tags.iter().find(|tag| tag.chars().count() > MOST_CHARS || tag.chars().any(|c| c.is_control() || c == '"')) {
        return Err(CustomerError::BadField(format!("{tag:?} is no tag: it has at most {MOST_CHARS} characters and no quotation marks")));
    }
    if tags.len() > MOST_TAGS {
        return Err(CustomerError::BadField(format!("a customer has at most {MOST_TAGS} tags")));
    }
    Ok(tags)
}

/// The tags of one customer whom the caller has found under the scope.
pub(super) async fn tags_of(conn: &mut Conn, scope: &Scope, id: CustomerId) -> Result<Vec<String>, CustomerError> {
    Ok(sql::list_tags_of(conn, scope, id).await?)
}

/// Gives a customer these tags instead of those he has: of `instead_of` if that is said, else of whatever they are. Returns those he had.
pub async fn set_tags(
    db: &Db,
    scope: &Scope,
    id: CustomerId,
    tags: &[String],
    instead_of: Option<&[String]>,
    now: UnixMs,
) -> Result<Vec<String>, CustomerError> {
    let mut tx = db.begin().await?;
    let before = set_tags_in(&mut tx, scope, id, tags, instead_of, now).await?;
    if before != tags {
        tx.commit(now).await?;
    }
    Ok(before)
}

/// The same within a transaction, which the caller commits if anything changed.
pub(super) async fn set_tags_in(
    tx: &mut Tx,
    scope: &Scope,
    id: CustomerId,
    tags: &[String],
    instead_of: Option<&[String]>,
    now: UnixMs,
) -> Result<Vec<String>, CustomerError> {
    require_of(tx, scope, Capability::CustomersEdit, id).await?;
    let unknown = || CustomerError::Unknown(id.to_string());
    let customer = super::sql::find_customer_by_id(tx, scope, id).await?.ok_or_else(unknown)?;
    if !super::sql::update_lock_customer_by_id(tx, scope, id, None, now).await? {
        return Err(unknown());
    }
    let before = sql::list_tags_of(tx, scope, id).await?;
    if instead_of.is_some_and(|wanted| before != wanted) {
        return Err(CustomerError::Outdated);
    }
    if before == tags {
        return Ok(before);
    }
    for gone in before.iter().filter(|tag| !tags.contains(tag)) {
        sql::delete_tag(tx, scope, id, gone).await?;
    }
    for new in tags.iter().filter(|tag| !before.contains(tag)) {
        if sql::insert_tag(tx, scope, id, new).await? == 0 {
            return Err(StoreError::Unexpected(format!("customer {id}: the tag {new:?} is there already")).into());
        }
    }
    let shape = |tags: &[String]| serde_json::json!({ "tags": tags.join(", "), "owner_id": customer.owner_id.to_string() });
    let entry = AuditEntry::new(scope.tenant().0, "customer.set", "customers", id.0, &customer.username);
    tx.audit(entry.before(&shape(&before)).after(&shape(tags)));
    Ok(before)
}
