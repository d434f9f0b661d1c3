//! Who has what only one customer of a tenant may have.

use crate::accounts::Scope;
use crate::store::{Conn, StoreError};
use crate::units::CustomerId;
use crate::{is_seen, q};

/// What is looked for: each of them, if it is said.
#[derive(Debug, Clone, Copy, Default)]
pub(in crate::customers) struct Wanted<'a> {
    /// The key under which a username is looked up.
    pub key: Option<&'a str>,
    /// A code.
    pub code: Option<&'a str>,
    /// A static address.
    pub address: Option<&'a str>,
}

/// Another customer who has one of them.
#[derive(sqlx::FromRow)]
pub(in crate::customers) struct Holder {
    pub id: i64,
    pub username: String,
    pub username_key: String,
    pub code: String,
    /// Whether the scope sees him: else nothing of him is told.
    pub is_seen: bool,
}

/// Another customer of the tenant with the same lookup key, code or static address, whoever owns him; the one with the same key first.
pub(in crate::customers) async fn find_holder(
    conn: &mut Conn,
    scope: &Scope,
    other_than: CustomerId,
    wanted: &Wanted<'_>,
) -> Result<Option<Holder>, StoreError> {
    let (from, to) = scope.owners();
    q!(opt conn, Holder, concat!("SELECT id, username, username_key, code, ", is_seen!("owner_id", "$6", "$7"), " AS is_seen FROM customers \
        WHERE tenant_id = $1 AND id <> $2 AND (username_key = $3 OR code = $4 OR static_ipv4 = $5) \
        ORDER BY CASE WHEN username_key = $3 THEN 0 ELSE 1 END LIMIT 1"),
        scope.tenant().0, other_than.0, wanted.key, wanted.code, wanted.address, from, to)
}
