//! Looking: at one account's standing, at the tenants that a scope may know of.

use super::{AccountError, Scope, Standing, Tenant, sql};
use crate::store::{Conn, StoreError};
use crate::units::{AccountId, TenantId, UnixMs};

/// What an account that the scope sees holds now; `None` if it does not see such a one.
pub async fn account_standing(conn: &mut Conn, scope: &Scope, id: AccountId, now: UnixMs) -> Result<Option<Standing>, AccountError> {
    if sql::find_account_by_id(conn, scope, id).await?.is_none() {
        return Ok(None);
    }
    Ok(sql::find_standing(conn, id, now).await?)
}

/// The tenants that the scope may know of, by name: its own, or for a Developer all of the server.
pub async fn list_seen_tenants(conn: &mut Conn, scope: &Scope) -> Result<Vec<Tenant>, StoreError> {
    if scope.sees_all_tenants() {
        return sql::list_tenants(conn).await;
    }
    Ok(sql::find_tenant_by_id(conn, scope.tenant()).await?.into_iter().collect())
}

/// One of them; another is as if absent.
pub async fn find_seen_tenant(conn: &mut Conn, scope: &Scope, id: TenantId) -> Result<Option<Tenant>, StoreError> {
    match scope.sees_all_tenants() || scope.tenant() == id {
        true => sql::find_tenant_by_id(conn, id).await,
        false => Ok(None),
    }
}

/// For work that goes on after its request: what whoever asked for it may see and do by now in the tenant; `None` if he is gone or suspended. What no account asked for
/// was asked for on the server itself.
pub async fn scope_of_asker(conn: &mut Conn, tenant: TenantId, asker: Option<AccountId>, now: UnixMs) -> Result<Option<Scope>, StoreError> {
    let Some(asker) = asker else { return Ok(Some(Scope::administrator(tenant))) };
    let standing = sql::find_standing(conn, asker, now).await?.filter(|standing| standing.suspended_by.is_none());
    Ok(standing.and_then(|standing| standing.scope_in(tenant)))
}
