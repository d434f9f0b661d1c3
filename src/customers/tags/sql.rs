//! SQL of tags.

use crate::accounts::Scope;
use crate::store::{Conn, StoreError};
use crate::units::CustomerId;
use crate::{customer_is_seen, q};

pub(super) async fn list_tags(conn: &mut Conn, scope: &Scope) -> Result<Vec<String>, StoreError> {
    let (from, to) = scope.owners();
    let rows = q!(all conn, (String,), concat!("SELECT DISTINCT t.tag FROM customer_tags t WHERE t.tenant_id = $1 AND ",
        customer_is_seen!("t.customer_id", "$2", "$3"), " ORDER BY t.tag LIMIT 500"), scope.tenant().0, from, to)?;
    Ok(rows.into_iter().map(|(tag,)| tag).collect())
}

pub(super) async fn list_tags_of(conn: &mut Conn, scope: &Scope, id: CustomerId) -> Result<Vec<String>, StoreError> {
    let (from, to) = scope.owners();
    let rows = q!(all conn, (String,), concat!("SELECT tag FROM customer_tags WHERE tenant_id + 0 = $1 AND customer_id = $4 AND ",
        customer_is_seen!("$4", "$2", "$3")), scope.tenant().0, from, to, id.0)?;
    // as Rust orders them: databases differ
    let mut tags: Vec<String> = rows.into_iter().map(|(tag,)| tag).collect();
    tags.sort_unstable();
    Ok(tags)
}

/// 0 if it is there already, or the scope does not see him.
pub(super) async fn insert_tag(conn: &mut Conn, scope: &Scope, id: CustomerId, tag: &str) -> Result<u64, StoreError> {
    let (from, to) = scope.owners();
    q!(exec conn, concat!("INSERT INTO customer_tags (tenant_id, customer_id, tag) SELECT c.tenant_id, c.id, $5 FROM customers c WHERE c.tenant_id = $1 AND c.id = $4 AND ",
        customer_is_seen!("$4", "$2", "$3"), " ON CONFLICT DO NOTHING"), scope.tenant().0, from, to, id.0, tag)
}

pub(super) async fn delete_tag(conn: &mut Conn, scope: &Scope, id: CustomerId, tag: &str) -> Result<u64, StoreError> {
    let (from, to) = scope.owners();
    q!(exec conn, concat!("DELETE FROM customer_tags WHERE tenant_id + 0 = $1 AND customer_id = $4 AND tag = $5 AND ", customer_is_seen!("$4", "$2", "$3")),
        scope.tenant().0, from, to, id.0, tag)
}
