//! What a customer was charged, day by day, for people.

use super::policy::UsageDay;
use super::sql;
use crate::accounts::Scope;
use crate::accounts::capability::Capability;
use crate::sessions::SessionError;
use crate::store::Conn;
use crate::units::{CustomerId, UnixMs};

/// What a customer was charged per local day in buckets that begin at or after an instant, the oldest first.
pub async fn list_usage_days(conn: &mut Conn, scope: &Scope, id: CustomerId, since: UnixMs) -> Result<Vec<UsageDay>, SessionError> {
    scope.require(Capability::SessionsView)?;
    Ok(sql::list_usage_days(conn, scope, id, since).await?)
}
