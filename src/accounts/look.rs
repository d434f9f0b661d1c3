//! Looking at one account's standing.

use super::{AccountError, Scope, Standing, sql};
use crate::store::Conn;
use crate::units::{AccountId, UnixMs};

/// What an account that the scope sees holds now; `None` if it does not see such a one.
pub async fn account_standing(conn: &mut Conn, scope: &Scope, id: AccountId, now: UnixMs) -> Result<Option<Standing>, AccountError> {
    if sql::find_account_by_id(conn, scope, id).await?.is_none() {
        return Ok(None);
    }
    Ok(sql::find_standing(conn, id, now).await?)
}
