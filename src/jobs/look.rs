//! Looking: whether the server's own jobs are for somebody.

use super::sql;
use crate::accounts::Scope;
use crate::accounts::capability::Capability;
use crate::store::{Conn, StoreError};

/// Whether somebody may ask for the server's own jobs.
pub async fn may_run_server_jobs(conn: &mut Conn, scope: &Scope) -> Result<bool, StoreError> {
    Ok(scope.may(Capability::SettingsEdit) && scope.require_himself().is_ok() && sql::sees_server(conn, scope).await?)
}
